"""The roster of a unit and all below it as plain rows, the shape it is imported in. Must not know the file."""

from collections import defaultdict
from collections.abc import Callable

from sqlalchemy import select
from sqlmodel import Session, col

from storage import roster
from storage.models import Appointment, Person, Unit
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from storage.vault import Vault, phone_purpose


def listed(session: Session, top: Unit, vault: Vault, *, shown: Callable[[str], str]) -> Roster:
    """Who belongs there and has not left, with the offices they hold for good for units there; `shown` is what
    becomes of a telephone number."""
    units = sorted(roster.below(session, top.path), key=lambda unit: (unit.path.count("/"), unit.code))
    codes = {unit.id: unit.code for unit in units}
    above = session.get(Unit, top.parent_id) if top.parent_id else None
    parents = {**codes, **({above.id: above.code} if above else {})}
    inside = col(Unit.path).startswith(top.path)
    held: dict[int, set[tuple[str, Role]]] = defaultdict(set)
    offices = (
        select(col(Appointment.person_id), col(Appointment.unit_id), col(Appointment.role))
        .join(Unit, col(Unit.id) == col(Appointment.unit_id))
        .where(inside, col(Appointment.deputy_of).is_(None))
    )
    for person_id, unit_id, role in session.execute(offices):
        held[person_id].add((codes[unit_id], Role(role)))
    people = (
        select(Person)
        .join(Unit, col(Unit.id) == col(Person.unit_id))
        .where(inside, col(Person.active).is_(True))
        .order_by(col(Unit.code), col(Person.id))
    )
    rows = []
    for person in session.execute(people, execution_options={"yield_per": 1_000}).scalars():
        phone = vault.open(person.phone_sealed, phone_purpose(person.staff_id)) if person.phone_sealed else ""
        code = codes[person.unit_id]
        theirs = held.get(person.id or 0, set())
        rows.append(
            PersonRow(
                staff_id=person.staff_id,
                name=person.name,
                unit_code=code,
                roles=frozenset({Role.STAFF, *(role for of, role in theirs if of == code)}),
                phone=shown(phone),
                account=person.account,
                also=frozenset((of, role) for of, role in theirs if of != code),
            )
        )
    return Roster(
        units=tuple(
            UnitRow(
                code=unit.code,
                name=unit.name,
                parent_code=parents.get(unit.parent_id, ""),
                kind=UnitKind(unit.kind),
                division=unit.division,
            )
            for unit in units
        ),
        people=tuple(rows),
    )
