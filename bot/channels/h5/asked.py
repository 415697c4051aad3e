"""What a page may send, read one by one: what cannot be is refused, what is odd is taken for nothing. Pure."""

from datetime import timedelta

from bot.channels.h5.answers import Stop
from bot.channels.h5.limits import LONGEST_AGE, MESSAGE_ID
from bot.channels.h5.lines import Tap
from handlers.texts import page as texts


def own_id(value: object) -> str:
    if not isinstance(value, str) or not MESSAGE_ID.fullmatch(value):
        raise Stop(400, "message", texts.NOT_UNDERSTOOD)
    return value


def tap(value: object) -> Tap | None:
    if value is None:
        return None
    numbers = (value.get("line"), value.get("option")) if isinstance(value, dict) else ()
    match numbers:
        case (int() as line, int() as option) if 0 <= line < 2**31 and 0 <= option < 2**31:
            return Tap(line, option)
    raise Stop(400, "message", texts.NOT_UNDERSTOOD)


def number(value: object) -> int:
    """A line's number as the page tells it; what is none begins at the beginning."""
    if isinstance(value, int):
        return max(0, min(value, 2**31))
    return min(int(value), 2**31) if isinstance(value, str) and value.isdecimal() and len(value) < 12 else 0


def waited(value: object) -> timedelta:
    """How long a message waited for the network: it is as old as that, and what was said after it goes first."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        seconds = 0.0
    return timedelta(seconds=min(max(seconds, 0.0), LONGEST_AGE) if seconds == seconds else 0.0)
