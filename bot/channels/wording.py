"""Our bodies in DingTalk's shapes: pure functions, one for the webhook (A/0699 §webhook), one for the OpenAPI (A/0714).

Buttons are `dtmd://` quick replies: host in lower case, content percent-encoded (DingTalk facts §3.9). An action card
carries at most five; more options, or long ones, become links in the text. Typing the number always works as well.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from handlers.messages import Choice, Reply, Text

MOST_BUTTONS = 5
_LONGEST_BUTTON = 16
_SHORT_LINK = 12
_DTMD = "dtmd://dingtalkclient/sendMessage?content="


@lru_cache(maxsize=256)
def webhook(body: Text | Choice) -> Mapping[str, Any]:
    """The body for sessionWebhook and custom robots. The same question goes to many."""
    if isinstance(body, Choice) and _fits_card(body):
        buttons = [{"title": reply.label, "actionURL": action(reply)} for reply in body.options]
        card = {"title": body.title, "text": lines(body.markdown), "btnOrientation": "0", "btns": buttons}
        return {"msgtype": "actionCard", "actionCard": card}
    shown: dict[str, Any] = {"msgtype": "markdown", "markdown": {"title": body.title, "text": _text(body)}}
    called = list(body.at) if isinstance(body, Text) else []
    return shown | {"at": {"atUserIds": called}} if called else shown


def openapi(body: Text | Choice) -> tuple[str, str]:
    """`msgKey` and `msgParam` (a string holding JSON) for batchSend and groupMessages."""
    if isinstance(body, Choice) and _fits_card(body):
        param = {"title": body.title, "text": lines(body.markdown)}
        if len(body.options) == 1:
            param |= {"singleTitle": body.options[0].label, "singleURL": action(body.options[0])}
            return "sampleActionCard", _json(param)
        for n, reply in enumerate(body.options, 1):
            param |= {f"actionTitle{n}": reply.label, f"actionURL{n}": action(reply)}
        return f"sampleActionCard{len(body.options)}", _json(param)
    return "sampleMarkdown", _json({"title": body.title, "text": _text(body)})


def file(media_id: str, name: str) -> tuple[str, str]:
    """`msgKey` and `msgParam` of an uploaded file."""
    return "sampleFile", _json({"mediaId": media_id, "fileName": name, "fileType": name.rsplit(".", 1)[-1]})


def picture(media_id: str) -> tuple[str, str]:
    """`msgKey` and `msgParam` of an uploaded picture: `photoURL` takes a media id as well (A/0699)."""
    return "sampleImageMsg", _json({"photoURL": media_id})


def is_picture(name: str) -> bool:
    return name.rsplit(".", 1)[-1].lower() in ("png", "jpg", "jpeg")


def action(reply: Reply) -> str:
    return _DTMD + quote(reply.send, safe="")


def lines(markdown: str) -> str:
    """Line breaks as DingTalk wants them: two blanks on both sides of a single one that starts no list or paragraph
    (faq-robot, A/0791)."""
    return re.sub(r"(?<!\n)\n(?!\n|- |\d+\. |> )", "  \n  ", markdown)


def _fits_card(body: Choice) -> bool:
    return len(body.options) <= MOST_BUTTONS and all(len(reply.label) <= _LONGEST_BUTTON for reply in body.options)


def _text(body: Text | Choice) -> str:
    if isinstance(body, Text):
        return lines(body.markdown)
    links = [f"[{reply.label}]({action(reply)})" for reply in body.options]
    short = all(len(reply.label) <= _SHORT_LINK for reply in body.options)
    return lines(body.markdown) + "\n\n" + ("  ".join(links) if short else "\n".join(f"- {link}" for link in links))


def _json(value: dict[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False)
