"""Units, people, roles, groups: who is who and where. Must not know what people are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from storage.models import Applicant, Appointment, ChatGroup, Person, Unit
from storage.rows import PersonRow, Role, Roster, UnitRow
from storage.vault import Vault, phone_purpose


@dataclass(slots=True)
class Changes:
    """What an import did."""

    units_added: int = 0
    units_changed: int = 0
    people_added: int = 0
    people_changed: int = 0


def import_roster(session: Session, roster: Roster, vault: Vault) -> Changes:
    """Adds and changes what differs; nobody is removed. `roster` has parents before children."""
    changes = Changes()
    units = {unit.code: unit for unit in session.exec(select(Unit)).all()}
    for row in roster.units:
        _import_unit(session, row, units, changes)
    people = {person.staff_id: person for person in session.exec(select(Person)).all()}
    roles: dict[int, set[tuple[int, str]]] = {}
    for appointment in session.exec(select(Appointment)).all():
        roles.setdefault(appointment.person_id, set()).add((appointment.unit_id, appointment.role))
    fresh: list[tuple[Person, PersonRow]] = []
    for line in roster.people:
        person = people.get(line.staff_id)
        if person is None:
            person = Person(staff_id=line.staff_id, name=line.name, unit_id=_id(units[line.unit_code]))
            person.phone_sealed = _sealed_phone(vault, line)
            session.add(person)
            fresh.append((person, line))
            changes.people_added += 1
        elif _update_person(person, line, units, vault) | _appoint(session, person, line, units, roles):
            session.add(person)
            changes.people_changed += 1
    session.flush()
    for person, line in fresh:
        _appoint(session, person, line, units, roles)
    session.flush()
    return changes


def _import_unit(session: Session, row: UnitRow, units: dict[str, Unit], changes: Changes) -> None:
    parent = units[row.parent_code] if row.parent_code else None
    unit = units.get(row.code)
    wanted = (row.name, parent.id if parent else None, row.kind.value, row.division)
    if unit is None:
        unit = Unit(code=row.code, name=row.name, parent_id=wanted[1], kind=wanted[2], division=row.division)
        changes.units_added += 1
    elif (unit.name, unit.parent_id, unit.kind, unit.division) != wanted:
        unit.name, unit.parent_id, unit.kind, unit.division = wanted
        changes.units_changed += 1
    elif unit.path == f"{parent.path if parent else '/'}{unit.id}/":
        return
    session.add(unit)
    session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    units[row.code] = unit


def _update_person(person: Person, line: PersonRow, units: dict[str, Unit], vault: Vault) -> bool:
    wanted = (line.name, _id(units[line.unit_code]), True)
    changed = (person.name, person.unit_id, person.active) != wanted
    person.name, person.unit_id, person.active = wanted
    known = vault.open(person.phone_sealed, phone_purpose(person.staff_id)) if person.phone_sealed else ""
    if line.phone != known:
        person.phone_sealed, changed = _sealed_phone(vault, line), True
    return changed


def _appoint(
    session: Session, person: Person, line: PersonRow, units: dict[str, Unit], roles: dict[int, set[tuple[int, str]]]
) -> bool:
    """Gives the roles of the line for its unit; roles for the unit that are not in the line end."""
    person_id, unit_id = _id(person), _id(units[line.unit_code])
    wanted = {(unit_id, role.value) for role in line.roles if role is not Role.STAFF}
    held = roles.get(person_id, set())
    for unit, role in held - wanted:
        session.exec(
            delete(Appointment).where(
                col(Appointment.person_id) == person_id, col(Appointment.unit_id) == unit, col(Appointment.role) == role
            )
        )
    for unit, role in wanted - held:
        session.add(Appointment(person_id=person_id, unit_id=unit, role=role))
    return wanted != held


def _sealed_phone(vault: Vault, line: PersonRow) -> str:
    return vault.seal(line.phone, phone_purpose(line.staff_id)) if line.phone else ""


def _id(row: Unit | Person) -> int:
    if row.id is None:
        raise LookupError(f"{type(row).__name__} has not been flushed")
    return row.id


def has_people(session: Session) -> bool:
    return session.exec(select(Person.id).limit(1)).first() is not None


def unit(session: Session, unit_id: int) -> Unit:
    return session.exec(select(Unit).where(Unit.id == unit_id)).one()


def units(session: Session) -> Sequence[Unit]:
    return session.exec(select(Unit).order_by(col(Unit.path))).all()


def chain(session: Session, unit: Unit) -> list[Unit]:
    """The unit and those above it, from the root down."""
    ids = [int(part) for part in unit.path.strip("/").split("/")]
    found = {u.id: u for u in session.exec(select(Unit).where(col(Unit.id).in_(ids))).all()}
    return [found[i] for i in ids]


def person(session: Session, staff_id: str) -> Person | None:
    return session.exec(select(Person).where(Person.staff_id == staff_id)).one_or_none()


def appointments(session: Session, person_id: int) -> list[tuple[Role, Unit]]:
    """The roles somebody holds, the widest first."""
    rows = session.exec(
        select(Appointment.role, Unit)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(Appointment.person_id == person_id)
    ).all()
    return [(Role(role), unit) for role, unit in sorted(rows, key=lambda row: (len(row[1].path), row[1].path))]


def coordinators(session: Session, unit: Unit) -> list[Person]:
    """Those who look after a unit: its own coordinators, else those of the nearest unit above that has any."""
    for above in reversed(chain(session, unit)):
        found = session.exec(
            select(Person)
            .join(Appointment, col(Appointment.person_id) == Person.id)
            .where(Appointment.unit_id == above.id, col(Person.active).is_(True))
            .order_by(col(Person.id))
            .distinct()
        ).all()
        if found:
            return list(found)
    return []


def add_person(session: Session, *, staff_id: str, name: str, unit_id: int) -> Person:
    """Takes a confirmed applicant into the roster."""
    person = Person(staff_id=staff_id, name=name, unit_id=unit_id)
    session.add(person)
    session.flush()
    return person


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
