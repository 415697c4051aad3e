"""From when until when each unit had and has somebody who reports for it: a row for a unit's term, so that whoever
counts need not go through offices and people.

Whoever changes offices calls `settle`, which compares what is with what was written down; the metronome does so at
every beat, in case somebody did not. A deputy's term ends by itself: its end is written down when it begins.
Must not know what a return is.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlmodel import Session, col, select

from storage.models import Appointment, Person, ReportingTerm
from storage.roster import in_term
from storage.rows import Role

_REPORTS = (Role.UNIT.value, Role.COUNTY.value)


def settle(session: Session, at: datetime) -> None:
    """Writes down who reports from now on, until when, and who does not any more."""
    wanted = _in_office(session, at)
    known = {term.unit_id: term for term in session.exec(select(ReportingTerm).where(held(at))).all()}
    for unit_id, term in known.items():
        until = wanted.get(unit_id) if unit_id in wanted else at
        if term.until != until:
            term.until = until
            session.add(term)
    for unit_id in sorted(wanted.keys() - known.keys()):
        session.add(ReportingTerm(unit_id=unit_id, since=at, until=wanted[unit_id]))
    session.flush()


def _in_office(session: Session, at: datetime) -> Mapping[int, datetime | None]:
    """The units with somebody in office, as the offices stand, and when the last of these terms ends."""
    endless = func.count(case((col(Appointment.until).is_(None), 1)))
    rows = session.exec(
        select(Appointment.unit_id, endless, func.max(Appointment.until))
        .join(Person, col(Person.id) == Appointment.person_id)
        .where(col(Person.active).is_(True), col(Appointment.role).in_(_REPORTS))
        .where(in_term(at))
        .group_by(col(Appointment.unit_id))
    ).all()
    return {unit_id: None if lasting else until for unit_id, lasting, until in rows}


def held(at: datetime) -> ColumnElement[bool]:
    """The condition on a term that it holds at a moment."""
    return and_(col(ReportingTerm.since) <= at, or_(col(ReportingTerm.until).is_(None), col(ReportingTerm.until) > at))
