"""What comes in from outside, whatever the platform: bounded and made plain before anything looks at it.

Text loses control, bidi and zero-width characters and halves of surrogates; ids too long for the books are told apart
by their digest; more than a person can mean to send is cut. Pure; must not know what is said nor who it is.
"""

import hashlib
import unicodedata
from dataclasses import replace
from typing import Any

from handlers.campaign.matching import clean
from handlers.inert import inert
from handlers.messages import Address, FileRef, Inbound

MOST_TEXT = 50_000
"""Characters that are looked at; the talk itself reads far fewer (ZICHA_MAX_TEXT) and says so."""
MOST_FILES = 20
"""Files of one message: a return has fewer pages."""
_NAME, _FILE, _MSG_ID, _ID, _CHAT = 64, 200, 128, 64, 120


def received(inbound: Inbound) -> Inbound:
    """The same message, fit for the books. What was fit stays exactly as it was."""
    fit = {
        "robot": _told_apart(inbound.robot, _ID),
        "msg_id": _told_apart(inbound.msg_id, _MSG_ID),
        "sender_id": _told_apart(inbound.sender_id, _ID),
        "sender_name": _name(inbound.sender_name, _NAME),
        "chat": _chat(inbound.chat),
        "chat_title": _name(inbound.chat_title, _NAME),
        "text": _text(inbound.text[:MOST_TEXT]),
        "files": tuple(_file(ref) for ref in inbound.files[:MOST_FILES]),
    }
    unfit: dict[str, Any] = {name: value for name, value in fit.items() if value != getattr(inbound, name)}
    return replace(inbound, **unfit) if unfit else inbound


def _chat(chat: Address) -> Address:
    number = _told_apart(chat.id, _CHAT)
    return chat if number == chat.id else replace(chat, id=number)


def _text(text: str) -> str:
    """Tabs stay: a table pasted from a spreadsheet has them between its cells."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" not in text:
        return clean(text)
    lines = ("\t".join(clean(cell) for cell in line.split("\t")) for line in text.split("\n"))
    return "\n".join(lines).strip("\n")


def _told_apart(name: str, most: int) -> str:
    """An id as it is, where the books can hold it; else its digest: no two of them become one."""
    if len(name) <= most and name.isprintable():
        return name
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:most]


def _name(text: str, most: int) -> str:
    bare = text[: most * 4]
    if not bare.isprintable():
        bare = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in bare)
    return inert(bare).strip()[:most]


def _file(ref: FileRef) -> FileRef:
    return replace(ref, name=_name(ref.name, _FILE))
