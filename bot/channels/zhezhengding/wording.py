"""Our bodies as messages of a work notice: never more bytes than allowed, never cut inside a character or a link. Pure.

Buttons of a notice open addresses and nothing else (facts §3.3), so there is one: the chat page, where all the letter's
own buttons are. Without a page the words go as plain text.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from datetime import datetime
from typing import Any

from bot.channels import Attachment, Refused
from bot.channels.zhezhengding.signing import BEIJING
from handlers.messages import Choice, Text
from handlers.texts import notices as texts

_WHOLE = re.compile(r"\[[^\]\n]*\]\([^)\n]*\)|https?://[^\s，。；、）)]+|[\U0001F1E6-\U0001F1FF]{2}")
"""What is of no use in part: links, flags."""
_JOINERS = "\u200d\ufe0e\ufe0f"
_TONES = range(0x1F3FB, 0x1F400)
_SENTENCE_END = "\n。；！？"
_LOOK_BACK = 80
"""So many characters are given up for the end of a sentence."""


def message(body: Text | Choice | Attachment, *, page: str, at: datetime, most: int) -> str:
    """The parameter `msg`: JSON of at most `most` bytes in UTF-8. Raises `Refused` where not even a word fits."""
    words = texts.PAPER if isinstance(body, Attachment) else body.markdown
    title = body.name if isinstance(body, Attachment) else body.title
    return message_of(words, title, page=page, at=at, most=most)


def message_of(words: str, title: str, *, page: str, at: datetime, most: int) -> str:
    ending = f"\n\n{texts.when(at.astimezone(BEIJING))}"

    def whole(kept: str) -> str:
        return _json(_card(title, kept + ending, page) if page else _plain(kept + ending))

    if _size(whole(words)) <= most:
        return whole(words)
    more = texts.MORE if page else texts.CUT
    ends = _ends(words)
    fitting = ends[: bisect_right(ends, most, key=lambda end: _size(whole(words[:end] + more)))]
    if not fitting:
        raise Refused(f"a notice of {most} bytes has no room for words: shorten ZICHA_H5_URL or raise ZZD_NOTICE_BYTES")
    return whole(words[: _at_a_sentence(words, fitting)].rstrip() + more)


def _card(title: str, words: str, page: str) -> dict[str, Any]:
    button = {"title": texts.OPEN, "action_url": page}
    card = {"title": title, "markdown": words, "btn_orientation": "1", "btn_json_list": [button]}
    return {"msgtype": "action_card", "action_card": card}


def _plain(words: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": words.replace("**", "")}}


def _ends(words: str) -> list[int]:
    """Where a text may be cut: between characters as people see them, not inside a link."""
    inside = {at for found in _WHOLE.finditer(words) for at in range(found.start() + 1, found.end())}
    return [at for at in range(len(words)) if at not in inside and not (at and _belongs(words[at - 1], words[at]))]


def _belongs(before: str, sign: str) -> bool:
    """Whether a sign makes one character with that before it: accents, emoji joined or toned."""
    joined = sign in _JOINERS or before == "\u200d" or ord(sign) in _TONES
    return joined or unicodedata.combining(sign) != 0


def _at_a_sentence(words: str, fitting: list[int]) -> int:
    last = fitting[-1]
    ends = [end for end in fitting if end > last - _LOOK_BACK and end and words[end - 1] in _SENTENCE_END]
    return ends[-1] if ends else last


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _size(text: str) -> int:
    return len(text.encode())
