"""Units, people, roles, groups: who is who and where. Must not know what people are asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage import at_hand, memberships
from storage.models import Applicant, Appointment, ChatGroup, Person, Unit
from storage.models.columns import Moment
from storage.prepared import Prepared
from storage.rows import Role

CHAINS = "chains"
"""At hand by the unit's id."""
OFFICES = "offices"
"""At hand by the person's id and the moment, once they were asked for: a turn asks several times."""


def has_people(session: Session) -> bool:
    return session.exec(select(Person.id).limit(1)).first() is not None


def unit(session: Session, unit_id: int) -> Unit:
    chain: list[Unit] | None = at_hand.see(session, CHAINS, unit_id)
    return chain[-1] if chain else session.scalars(_UNIT, {"unit_id": unit_id}).one()


def units(session: Session) -> Sequence[Unit]:
    return session.exec(select(Unit).order_by(col(Unit.path))).all()


def units_numbered(session: Session, unit_ids: Iterable[int]) -> dict[int, Unit]:
    """By their ids."""
    return {unit.id or 0: unit for unit in session.scalars(_UNITS, {"units": list(unit_ids)})}


def called(session: Session, said: str) -> Sequence[Unit]:
    """Those with exactly this name or code."""
    wanted = or_(col(Unit.code) == said, col(Unit.name) == said)
    return session.exec(select(Unit).where(wanted).order_by(col(Unit.path))).all()


def coded(session: Session, code: str) -> Unit | None:
    return session.exec(select(Unit).where(Unit.code == code)).one_or_none()


def below(session: Session, path: str) -> Sequence[Unit]:
    """The unit with this path and all below it."""
    return session.exec(select(Unit).where(col(Unit.path).startswith(path)).order_by(col(Unit.code))).all()


def directly_below(session: Session, unit: Unit) -> Sequence[Unit]:
    """By code."""
    return session.exec(select(Unit).where(Unit.parent_id == unit.id).order_by(col(Unit.code))).all()


def chain(session: Session, unit: Unit) -> list[Unit]:
    """The unit and those above it, from the root down."""
    return chain_of(session, unit.id or 0)


def chain_of(session: Session, unit_id: int) -> list[Unit]:
    """The unit of this id and those above it, from the root down."""
    found: list[Unit] | None = at_hand.see(session, CHAINS, unit_id)
    if found is None:
        found = list(session.scalars(_CHAIN, {"unit_id": unit_id}))
        at_hand.put(session, CHAINS, {unit_id: found})
    return list(found)


def _chain() -> SelectOfScalar[Unit]:
    up = select(Unit.id, Unit.parent_id).where(Unit.id == bindparam("unit_id")).cte("up", recursive=True)
    up = up.union_all(select(Unit.id, Unit.parent_id).join(up, col(Unit.id) == up.c.parent_id))
    return select(Unit).join(up, col(Unit.id) == up.c.id).order_by(func.length(Unit.path))


_CHAIN = _chain()
_UNIT = select(Unit).where(Unit.id == bindparam("unit_id"))
_UNITS = select(Unit).where(col(Unit.id).in_(bindparam("units", expanding=True)))


def person(session: Session, staff_id: str) -> Person | None:
    return session.exec(select(Person).where(Person.staff_id == staff_id)).one_or_none()


def person_numbered(session: Session, person_id: int) -> Person | None:
    return session.exec(select(Person).where(Person.id == person_id)).one_or_none()


def named(session: Session, name: str, paths: Sequence[str]) -> Sequence[Person]:
    """The people of this name (or staff id) below any of these units who have not left."""
    below = or_(*(col(Unit.path).startswith(path) for path in paths))
    return session.exec(
        select(Person)
        .join(Unit, col(Unit.id) == Person.unit_id)
        .where(or_(col(Person.name) == name, col(Person.staff_id) == name), below, col(Person.active).is_(True))
        .order_by(col(Person.id))
    ).all()


def appointments(session: Session, person_id: int, now: datetime) -> list[tuple[Role, Unit]]:
    """The roles somebody holds now, the widest first; a deputy's term may be over."""
    found: list[tuple[Role, Unit]] | None = at_hand.see(session, OFFICES, (person_id, now))
    if found is None:
        session.flush()
        held = _APPOINTMENTS.rows(session, {"person": person_id, "now": now})
        units = units_numbered(session, {unit_id for _, unit_id in held}) if held else {}
        found = [(Role(role), units[unit_id]) for role, unit_id in held]
        found.sort(key=lambda one: (len(one[1].path), one[1].path))
        at_hand.put(session, OFFICES, {(person_id, now): found})
    return list(found)


def in_term(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Appointments that hold at a moment."""
    return or_(col(Appointment.until).is_(None), col(Appointment.until) > now)


_APPOINTMENTS = Prepared(
    select(Appointment.role, Appointment.unit_id).where(
        Appointment.person_id == bindparam("person"), in_term(bindparam("now", type_=Moment()))
    )
)


def coordinators(session: Session, unit: Unit, now: datetime) -> list[Person]:
    """Those who look after a unit: its own coordinators, else those of the nearest unit above that has any."""
    for above in reversed(chain(session, unit)):
        found = session.exec(
            select(Person)
            .join(Appointment, col(Appointment.person_id) == Person.id)
            .where(Appointment.unit_id == above.id, col(Person.active).is_(True), in_term(now))
            .order_by(col(Person.id))
            .distinct()
        ).all()
        if found:
            return list(found)
    return []


def add_person(session: Session, *, staff_id: str, name: str, unit_id: int, at: datetime) -> Person:
    """Takes a confirmed applicant into the roster; somebody who had left is back."""
    known = person(session, staff_id)
    if known is None:
        known = Person(staff_id=staff_id, name=name, unit_id=unit_id)
        session.add(known)
        session.flush()
        memberships.came(session, [(known.id or 0, unit_id)], at)
    elif not known.active:
        memberships.moved(session, known, unit_id, at)
    session.flush()
    return known


def applicant(session: Session, staff_id: str) -> Applicant | None:
    return session.exec(select(Applicant).where(Applicant.staff_id == staff_id)).one_or_none()


def applicant_numbered(session: Session, number: int) -> Applicant | None:
    return session.exec(select(Applicant).where(Applicant.id == number)).one_or_none()


def group(session: Session, conversation_id: str) -> ChatGroup | None:
    return session.exec(select(ChatGroup).where(ChatGroup.conversation_id == conversation_id)).one_or_none()


def groups(session: Session) -> Sequence[tuple[ChatGroup, Unit]]:
    return session.exec(select(ChatGroup, Unit).join(Unit, col(Unit.id) == ChatGroup.unit_id)).all()


def bind_group(
    session: Session, *, conversation_id: str, channel: str, title: str, unit_id: int, by: int, at: datetime
) -> None:
    bound = group(session, conversation_id)
    if bound is None:
        bound = ChatGroup(
            conversation_id=conversation_id, channel=channel, title=title, unit_id=unit_id, bound_by=by, bound_at=at
        )
    bound.title, bound.unit_id, bound.bound_by, bound.bound_at = title, unit_id, by, at
    session.add(bound)
