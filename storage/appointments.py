"""Offices passed on: to a deputy for a time, or to a successor for good. Must not know who may do so."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, select

from storage import reporting_terms
from storage.models import Appointment, Person, Unit
from storage.models.columns import Moment
from storage.prepared import Prepared


def held(session: Session, person_id: int) -> list[tuple[Appointment, Unit]]:
    """The offices somebody holds for good, the widest first; not those they stand in for."""
    rows = session.exec(
        select(Appointment, Unit)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(Appointment.person_id == person_id, col(Appointment.deputy_of).is_(None))
    ).all()
    return sorted(rows, key=lambda row: (len(row[1].path), row[1].path, row[0].role))


def deputies(session: Session, person_id: int, now: datetime) -> list[tuple[Appointment, Person, Unit]]:
    """Who stands in for somebody now, and for which unit."""
    rows = session.exec(
        select(Appointment, Person, Unit)
        .join(Person, col(Person.id) == Appointment.person_id)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(Appointment.deputy_of == person_id, col(Appointment.until) > now)
        .order_by(col(Person.id), col(Unit.path))
    )
    return list(rows.all())


def standing_in(session: Session, person_id: int, now: datetime) -> list[tuple[Appointment, Person, Unit]]:
    """For whom somebody stands in now, and for which unit."""
    rows = session.exec(
        select(Appointment, Person, Unit)
        .join(Person, col(Person.id) == Appointment.deputy_of)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(Appointment.person_id == person_id, col(Appointment.until) > now)
        .order_by(col(Unit.path))
    )
    return list(rows.all())


def in_whose_stead(session: Session, person_id: int, unit_code: str, now: datetime) -> list[str]:
    """The staff ids of those for whom somebody acts on a unit as a deputy; none where they may do so themselves. An
    unknown unit is taken for one of the terms'."""
    if not _TERMS.rows(session, {"person": person_id, "now": now}):
        return []  # nearly everybody, at every step
    terms = standing_in(session, person_id, now)
    path = session.exec(select(Unit.path).where(Unit.code == unit_code)).first()
    own = [unit.path for _, unit in held(session, person_id)]
    if any(path is None or path.startswith(top) for top in own):
        return []
    return sorted({giver.staff_id for _, giver, unit in terms if path is None or path.startswith(unit.path)})


_TERMS = Prepared(
    select(col(Appointment.deputy_of))
    .where(col(Appointment.person_id) == bindparam("person"), col(Appointment.deputy_of).is_not(None))
    .where(col(Appointment.until) > bindparam("now", type_=Moment()))
)


def depute(
    session: Session, giver: Person, deputy: Person, offices: Sequence[Appointment], *, until: datetime, at: datetime
) -> list[Appointment]:
    """The offices the deputy now stands in for until a moment; those they hold for good, or stand in for somebody
    else, stay as they are."""
    given = []
    for office in offices:
        key = (deputy.id, office.unit_id, office.role)
        there = session.get(Appointment, key)
        if there is not None and there.deputy_of is None:
            continue
        if there is not None and there.deputy_of != giver.id and there.until is not None and there.until > at:
            continue
        if there is None:
            there = Appointment(person_id=deputy.id or 0, unit_id=office.unit_id, role=office.role)
        there.until, there.deputy_of = until, giver.id
        session.add(there)
        given.append(there)
    session.flush()
    reporting_terms.settle(session, at)
    return given


def end(session: Session, terms: Sequence[Appointment], *, at: datetime) -> None:
    """These terms of deputies are over."""
    for term in terms:
        session.delete(term)
    session.flush()
    reporting_terms.settle(session, at)


def hand_over(
    session: Session, giver: Person, successor: Person, offices: Sequence[Appointment], *, at: datetime
) -> None:
    """The offices are the successor's from now on; who stood in for the giver does so no more."""
    for office in offices:
        there = session.get(Appointment, (successor.id, office.unit_id, office.role))
        if there is None:
            there = Appointment(person_id=successor.id or 0, unit_id=office.unit_id, role=office.role)
        there.until, there.deputy_of = None, None
        session.add(there)
        session.delete(office)
    session.flush()
    session.exec(delete(Appointment).where(col(Appointment.deputy_of) == giver.id))
    session.flush()
    reporting_terms.settle(session, at)
