"""The log of answers: it only grows, and the newest line of a key counts.

What several people add in one commit is written in one go (`put_off.py`): before anybody reads of it, before anything
about it is entered as evidence. Must not know the questions.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col, func, select

from storage import at_hand, put_off
from storage.models import AnswerLine, Case
from storage.prepared import Prepared

LINES = "lines"
"""At hand by case."""

_LINES = Prepared(
    select(AnswerLine.key, AnswerLine.given).where(AnswerLine.case_id == bindparam("case")).order_by(col(AnswerLine.id))
)
_LINE = Prepared(insert(AnswerLine))


def append(
    session: Session, case: Case, changes: Sequence[tuple[str, str | None]], *, at: datetime, msg_id: str
) -> None:
    """Adds to the log, in the order given: that of the ids is the order of the log."""
    at_hand.take(session, LINES, case.id)
    lines = [{"case_id": case.id, "key": key, "given": given, "at": at, "msg_id": msg_id} for key, given in changes]
    put_off.put_off(session, _LINE, lines)


def write(session: AnySession) -> None:
    """What was added is in the database: said by whoever reads the table."""
    put_off.write(session, _LINE)


def lines(session: Session, case: Case) -> Sequence[tuple[str, str | None]]:
    """The log, oldest first: key and what was given (None: taken back)."""
    there, found = at_hand.take(session, LINES, case.id)
    if not there:
        write(session)
        found = _LINES.rows(session, {"case": case.id})
    return [(key, given) for key, given in found]


def known_at(session: Session, case: Case, moment: datetime) -> Sequence[tuple[str, str | None]]:
    """The log as it was up to a moment, oldest first."""
    write(session)
    last = select(func.max(AnswerLine.id)).where(AnswerLine.case_id == case.id, AnswerLine.at <= moment)
    return session.exec(
        select(AnswerLine.key, AnswerLine.given)
        .where(AnswerLine.case_id == case.id, col(AnswerLine.id) <= last.scalar_subquery())
        .order_by(col(AnswerLine.id))
    ).all()


def last_line(session: Session, case: Case) -> int:
    """The number of the newest line: it says exactly which answers are meant."""
    write(session)
    return session.exec(select(func.max(AnswerLine.id)).where(AnswerLine.case_id == case.id)).one() or 0


def of_line(session: Session, line: int) -> Case | None:
    """The self-check a line belongs to."""
    write(session)
    found = select(Case).join(AnswerLine, col(AnswerLine.case_id) == Case.id).where(AnswerLine.id == line)
    return session.exec(found).one_or_none()
