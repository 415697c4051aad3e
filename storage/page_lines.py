"""What stands on somebody's page: the letters to their chat, numbered as they came; none is lost or shown twice.

A letter belongs on the page once its time has come, whatever else is done to bring it to its reader; what was withdrawn
or has expired before does not. Must not know what a letter says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, func, or_, select

from storage.models import Outgoing, PageLine
from storage.outbox import State
from storage.statements import insert_new

_UNDER_WAY = (State.WAITING, State.SENDING)
_NEVER = (State.WITHDRAWN, State.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    number: int
    at: datetime
    letter: str
    """The letter's key: of a reply it begins with the message it answers."""
    topic: str
    body: str = field(repr=False)


def arrived(session: Session, lanes: Sequence[str], *, at: datetime, under_way: bool = False) -> list[tuple[str, int]]:
    """Letters that have come to these chats and have no number yet; `under_way`: of those the postman is not done with,
    which are few however many chats there are."""
    placed = exists().where(col(PageLine.letter_id) == Outgoing.id)
    come = or_(col(Outgoing.not_before) <= at, col(Outgoing.attempts) > 0)  # one put off has been on its way
    state = col(Outgoing.state).in_(_UNDER_WAY) if under_way else col(Outgoing.state).not_in(_NEVER)
    found = session.exec(
        select(Outgoing.lane, Outgoing.id)
        .where(col(Outgoing.lane).in_(lanes), state, come, ~placed)
        .order_by(col(Outgoing.id))
    ).all()
    return [(lane, letter_id or 0) for lane, letter_id in found]


def gather(session: Session, lanes: Sequence[str], *, at: datetime) -> set[str]:
    """Puts them down; the chats there were any for. Two instances at once: a letter gets one number, and a number one
    letter."""
    new = arrived(session, lanes, at=at)
    for lane, letter_id in new:
        _place(session, lane, letter_id, at)
    return {lane for lane, _ in new}


def _place(session: Session, lane: str, letter_id: int, at: datetime) -> None:
    """Tried again where somebody else took the number; nothing to do where somebody else placed the letter."""
    while session.exec(select(PageLine.id).where(PageLine.letter_id == letter_id)).first() is None:
        values = {"lane": lane, "number": newest(session, lane) + 1, "letter_id": letter_id, "at": at}
        insert_new(session, PageLine, values)


def newest(session: Session, lane: str) -> int:
    """The number of the last line; 0 where there is none."""
    return session.exec(select(func.max(PageLine.number)).where(PageLine.lane == lane)).one() or 0


def newest_of(session: Session, lanes: Sequence[str]) -> dict[str, int]:
    """The numbers of the last lines of several chats."""
    rows = session.exec(
        select(PageLine.lane, func.max(PageLine.number)).where(col(PageLine.lane).in_(lanes)).group_by(PageLine.lane)
    ).all()
    return dict(rows)


def after(session: Session, lane: str, number: int, *, limit: int) -> list[Line]:
    """The lines after the one with this number, oldest first."""
    return _lines(session, lane, col(PageLine.number) > number, limit)


def before(session: Session, lane: str, number: int, *, limit: int) -> list[Line]:
    """The last lines ahead of the one with this number, oldest first."""
    return _lines(session, lane, col(PageLine.number) < number, limit, newest_first=True)[::-1]


def one(session: Session, lane: str, number: int) -> Line | None:
    return next(iter(_lines(session, lane, col(PageLine.number) == number, 1)), None)


def _lines(
    session: Session, lane: str, which: ColumnElement[bool], limit: int, *, newest_first: bool = False
) -> list[Line]:
    rows = session.exec(
        select(PageLine, Outgoing)
        .join(Outgoing, col(Outgoing.id) == PageLine.letter_id)
        .where(PageLine.lane == lane, which)
        .order_by(col(PageLine.number).desc() if newest_first else col(PageLine.number))
        .limit(limit)
    ).all()
    return [
        Line(number=line.number, at=line.at, letter=letter.key, topic=letter.topic, body=letter.body)
        for line, letter in rows
    ]
