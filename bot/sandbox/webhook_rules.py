"""The rules of a webhook body (A/0699, A/0717), pure: JSON in, what to show and whom to @ out.

Mind the spelling: ``messageUrl/picUrl`` in a link, ``messageURL/picURL`` in a feedCard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .content import Button, Content
from .refusals import OldRefusal

MOST_AT = 50
_WITH_AT = frozenset({"text", "markdown", "actionCard"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    content: Content | None  # None: msgtype `empty`, nothing is shown
    at_user_ids: tuple[str, ...] = ()
    at_all: bool = False
    msg_uuid: str = ""


def read(body: object) -> Spoken:
    if not isinstance(body, dict):
        raise _missing("json")
    kind = body.get("msgtype")
    if kind == "empty":
        return Spoken(content=None)
    shape = _SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None or not isinstance(kind, str):
        raise OldRefusal(400105, "不支持的消息类型")
    part = body.get(kind)
    if not isinstance(part, dict):
        raise _missing(kind)
    content = shape(part)
    ids, everyone = _at(body.get("at")) if kind in _WITH_AT else ((), False)
    uuid = body.get("msgUuid", "")
    if not isinstance(uuid, str):
        raise OldRefusal(40035, "不合法的参数 msgUuid")
    return Spoken(content=content, at_user_ids=ids, at_all=everyone, msg_uuid=uuid)


def _at(at: object) -> tuple[tuple[str, ...], bool]:
    if at is None:
        return (), False
    if not isinstance(at, dict):
        raise OldRefusal(40035, "不合法的参数 at")
    ids = at.get("atUserIds") or []
    if not isinstance(ids, list) or len(ids) > MOST_AT:
        raise OldRefusal(40035, f"不合法的参数 atUserIds，最多 {MOST_AT} 人")
    # the official SDK puts null here when the sender has no staff id
    return tuple(str(one) for one in ids if one), bool(at.get("isAtAll"))


def _missing(name: str) -> OldRefusal:
    return OldRefusal(40035, f"缺少参数 {name}")


def _need(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _missing(name)
    return value


def _text(part: Mapping[str, Any]) -> Content:
    return Content(kind="text", text=_need(part, "content"))


def _markdown(part: Mapping[str, Any]) -> Content:
    return Content(kind="markdown", title=_need(part, "title"), text=_need(part, "text"))


def _link(part: Mapping[str, Any]) -> Content:
    title = _need(part, "title")
    return Content(
        kind="link",
        title=title,
        text=_need(part, "text"),
        pic_url=str(part.get("picUrl") or ""),
        buttons=(Button(title=title, url=_need(part, "messageUrl")),),
    )


def _action_card(part: Mapping[str, Any]) -> Content:
    title, text = _need(part, "title"), _need(part, "text")
    if "btns" not in part:
        single = Button(title=_need(part, "singleTitle"), url=_need(part, "singleURL"))
        return Content(kind="actionCard", title=title, text=text, buttons=(single,))
    btns = part["btns"]
    if not isinstance(btns, list) or not btns or not all(isinstance(one, dict) for one in btns):
        raise _missing("btns")
    orientation = str(part.get("btnOrientation", "0"))
    if orientation not in {"0", "1"}:
        raise OldRefusal(40035, "不合法的参数 btnOrientation")
    return Content(
        kind="actionCard",
        title=title,
        text=text,
        buttons=tuple(Button(title=_need(one, "title"), url=_need(one, "actionURL")) for one in btns),
        single_line=orientation == "1",
    )


def _feed_card(part: Mapping[str, Any]) -> Content:
    links = part.get("links")
    if not isinstance(links, list) or not links or not all(isinstance(one, dict) for one in links):
        raise _missing("links")
    buttons = tuple(
        Button(title=_need(one, "title"), url=_need(one, "messageURL"), pic_url=_need(one, "picURL")) for one in links
    )
    return Content(kind="feedCard", title=buttons[0].title, buttons=buttons, pic_url=buttons[0].pic_url)


_SHAPES: dict[str, Callable[[Mapping[str, Any]], Content]] = {
    "text": _text,
    "markdown": _markdown,
    "link": _link,
    "actionCard": _action_card,
    "feedCard": _feed_card,
}
