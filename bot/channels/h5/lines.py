"""A letter as the page gets it, and a page's message as the inbox keys it. Pure.

What somebody said is kept nowhere. A tapped button is told by the message's own id, which the key of the answer holds;
of typed words the page shows what its own tab still knows.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handlers.messages import Choice, Document, Text, from_json
from storage.page_lines import Line

ROBOT = "h5"
_ANSWERS = re.compile(rf"{ROBOT}/[0-9a-f]{{16}}-(?P<id>[A-Za-z0-9_-]{{8,64}})(?:\.(?P<line>\d+)\.(?P<option>\d+))?#0")
_PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Tap:
    """A button: the line it stands on and which one it is, from 0."""

    line: int
    option: int


def msg_id(lane: str, own: str, tap: Tap | None) -> str:
    """The key of the inbox: nobody can use up the id of somebody else's message."""
    scope = hashlib.sha256(lane.encode()).hexdigest()[:16]
    return f"{scope}-{own}" + (f".{tap.line}.{tap.option}" if tap else "")


def shown(line: Line, *, now: datetime, paper_hours: int) -> dict[str, Any]:
    """What the page draws: words, labels of buttons, the name of a paper; never what a button says in one's name."""
    body = from_json(line.body)
    told: dict[str, Any] = {"number": line.number, "at": line.at.isoformat(), **_answered(line.letter)}
    match body:
        case Text():
            return {**told, "kind": "text", "markdown": body.markdown}
        case Choice():
            labels = [option.label for option in body.options]
            return {**told, "kind": "choice", "markdown": body.markdown, "options": labels}
        case Document():
            gone = now >= collectable_until(line, paper_hours)
            picture = body.name.lower().endswith(_PICTURES)
            return {**told, "kind": "paper", "name": body.name, "picture": picture, "gone": gone}


def collectable_until(line: Line, paper_hours: int) -> datetime:
    return line.at + timedelta(hours=paper_hours)


def said_by(line: Line, tap: Tap) -> str | None:
    """What a button of a line says in one's name; None where there is no such button."""
    body = from_json(line.body)
    if not isinstance(body, Choice) or not 0 <= tap.option < len(body.options):
        return None
    return body.options[tap.option].send


def _answered(letter: str) -> dict[str, Any]:
    """The message this is the first answer to, and the button it was."""
    found = _ANSWERS.fullmatch(letter)
    if found is None:
        return {}
    if found["line"] is None:
        return {"answers": found["id"]}
    return {"answers": found["id"], "tapped": {"line": int(found["line"]), "option": int(found["option"])}}
