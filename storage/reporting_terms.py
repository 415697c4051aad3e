"""From when until when each unit had and has somebody who reports for it: a row for a unit's term, so that whoever
counts need not go through offices and people.

Whoever changes offices calls `settle`, which compares what is with what was written down; the metronome looks at every
beat, in case somebody did not. A deputy's term ends by itself: its end is written down when it begins.
Must not know what a return is.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlmodel import Session, col, select, update

from storage import at_hand
from storage.models import Appointment, Person, ReportingTerm
from storage.roster import in_term
from storage.rows import REPORTING

_Until = datetime | None


def settle(session: Session, at: datetime) -> None:
    """Writes down who reports from now on, until when, and who does not any more. Offices at hand are read anew."""
    at_hand.clear(session)
    ends, begun = _unsettled(session, at)
    for number, until in ends.items():
        session.exec(update(ReportingTerm).where(col(ReportingTerm.id) == number).values(until=until))
    for unit_id in sorted(begun):
        session.add(ReportingTerm(unit_id=unit_id, since=at, until=begun[unit_id]))
    session.flush()


def is_settled(session: Session, at: datetime) -> bool:
    """Whether all of that is written down."""
    return not any(_unsettled(session, at))


def _unsettled(session: Session, at: datetime) -> tuple[dict[int | None, _Until], dict[int, _Until]]:
    """The terms that end otherwise than is written down; the units that have begun to report. Columns, not objects:
    there are thousands, and as a rule nothing has changed."""
    wanted = _in_office(session, at)
    rows = session.exec(select(ReportingTerm.id, ReportingTerm.unit_id, ReportingTerm.until).where(held(at))).all()
    ends = {number: due for number, unit_id, until in rows if until != (due := wanted.get(unit_id, at))}
    return ends, {unit_id: wanted[unit_id] for unit_id in wanted.keys() - {unit_id for _, unit_id, _ in rows}}


def _in_office(session: Session, at: datetime) -> Mapping[int, datetime | None]:
    """The units with somebody in office, as the offices stand, and when the last of these terms ends."""
    endless = func.count(case((col(Appointment.until).is_(None), 1)))
    rows = session.exec(
        select(Appointment.unit_id, endless, func.max(Appointment.until))
        .join(Person, col(Person.id) == Appointment.person_id)
        .where(col(Person.active).is_(True), col(Appointment.role).in_(REPORTING))
        .where(in_term(at))
        .group_by(col(Appointment.unit_id))
    ).all()
    return {unit_id: None if lasting else until for unit_id, lasting, until in rows}


def held(at: datetime) -> ColumnElement[bool]:
    """The condition on a term that it holds at a moment."""
    return and_(col(ReportingTerm.since) <= at, or_(col(ReportingTerm.until).is_(None), col(ReportingTerm.until) > at))
