"""What a roster would change: compared line by line with what is there. Reads only; carrying it out is `roster_import`.

Must not know where the roster comes from nor who may change what.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from storage.models import Appointment, Person, Unit
from storage.rows import PersonRow, Role, Roster, UnitRow
from storage.vault import Vault, phone_purpose

_ALL_AT_ONCE = 5_000
"""From so many lines on everybody is looked at: cheaper than asking for each."""
_TOGETHER = 500


class What(StrEnum):
    """What a line of the roster says about somebody, the weightiest first."""

    ADDED = "added"
    RETURNED = "returned"
    MOVED = "moved"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How much an import changes. Each person of the file counts once: added, returned, moved, changed or unchanged;
    those missing in it are kept, or have left."""

    units_added: int = 0
    units_changed: int = 0
    added: int = 0
    returned: int = 0
    moved: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    left: int = 0
    roles_given: int = 0
    roles_taken: int = 0

    @property
    def nothing(self) -> bool:
        return not any(getattr(self, one.name) for one in fields(self) if one.name not in ("unchanged", "kept"))


class Known(NamedTuple):
    """Somebody who is in the roster already."""

    id: int
    staff_id: str
    name: str
    unit_id: int
    phone_sealed: str
    account: bool
    active: bool


class Office(NamedTuple):
    """A role of somebody for a unit; the term of a deputy is none."""

    person_id: int
    unit_id: int
    role: str


@dataclass(slots=True)
class Step:
    """What is done about one person of the file."""

    what: What
    row: PersonRow
    known: Known | None
    phone_sealed: str
    offices: set[tuple[str, str]]
    """Given: unit code and role."""


@dataclass(slots=True, kw_only=True)
class Difference:
    """All that is to be done, in the order of the file."""

    units: dict[str, int]
    """The units there are, code to id."""
    new_units: list[UnitRow] = field(default_factory=list)
    other_units: list[UnitRow] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    """Those with something to do."""
    taken: list[Office] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    unchanged: int = 0

    def changes(self, *, leavers: bool) -> Changes:
        """`leavers`: the missing have left; else they are kept."""
        counts = {what: sum(step.what is what for step in self.steps) for what in What}
        return Changes(
            units_added=len(self.new_units),
            units_changed=len(self.other_units),
            added=counts[What.ADDED],
            returned=counts[What.RETURNED],
            moved=counts[What.MOVED],
            changed=counts[What.CHANGED],
            unchanged=self.unchanged,
            kept=0 if leavers else len(self.missing),
            left=len(self.missing) if leavers else 0,
            roles_given=sum(len(step.offices) for step in self.steps),
            roles_taken=len(self.taken),
        )


def compare(
    session: Session,
    roster: Roster,
    vault: Vault,
    *,
    ours: Sequence[str] | None = None,
    missing_below: Sequence[str] = (),
    protected: frozenset[int] = frozenset(),
    progress: Callable[[int, int], None] | None = None,
) -> Difference:
    """`roster` has parents before children. Roles for units outside the paths `ours` are left alone (None: all are
    ours). Who is below the paths `missing_below` and not in the roster is missing, but for the `protected`."""
    units = session.execute(
        select(col(Unit.id), col(Unit.code), col(Unit.name), col(Unit.parent_id), col(Unit.kind), col(Unit.division))
    ).all()
    codes = {unit_id: code for unit_id, code, *_ in units}
    there = {
        code: UnitRow(code=code, name=name, parent_code=codes.get(parent, ""), kind=kind, division=division)
        for _, code, name, parent, kind, division in units
    }
    found = Difference(units={code: unit_id for unit_id, code in codes.items()})
    for row in roster.units:
        if row.code not in there:
            found.new_units.append(row)
        elif there[row.code] != row:
            found.other_units.append(row)
    known = {one.staff_id: one for one in _people(session, roster.people)}
    held = _offices(session, ours)
    for number, line in enumerate(roster.people):
        _compare_person(found, line, known.get(line.staff_id), held, codes, vault)
        if progress and number % _ALL_AT_ONCE == 0:
            progress(number, len(roster.people))
    named = {line.staff_id for line in roster.people}
    if missing_below:
        below = or_(*(col(Unit.path).startswith(path) for path in missing_below))
        found.missing = [
            one for one in _load(session, below) if one.staff_id not in named and one.active and one.id not in protected
        ]
    return found


def _compare_person(
    found: Difference,
    line: PersonRow,
    known: Known | None,
    held: dict[int, set[tuple[int, str]]],
    codes: dict[int, str],
    vault: Vault,
) -> None:
    wanted = {(unit_code, role.value) for unit_code, role in line.offices}
    if known is None:
        sealed = vault.seal(line.phone, phone_purpose(line.staff_id)) if line.phone and not starred(line.phone) else ""
        found.steps.append(Step(What.ADDED, line, None, sealed, wanted))
        return
    has = {(codes[unit_id], role) for unit_id, role in held.get(known.id, ())}
    sealed = _sealed(line, known, vault)
    if not known.active:
        what = What.RETURNED
    elif codes[known.unit_id] != line.unit_code:
        what = What.MOVED
    elif (known.name, known.account, known.phone_sealed) != (line.name, line.account, sealed) or has != wanted:
        what = What.CHANGED
    else:
        found.unchanged += 1
        return
    found.steps.append(Step(what, line, known, sealed, wanted - has))
    found.taken += [Office(known.id, found.units[code], role) for code, role in sorted(has - wanted)]


def starred(phone: str) -> bool:
    """A masked number that came back: it stays as it is."""
    return "*" in phone


def opened_phone(known: Known, vault: Vault) -> str:
    return vault.open(known.phone_sealed, phone_purpose(known.staff_id)) if known.phone_sealed else ""


def _sealed(line: PersonRow, known: Known, vault: Vault) -> str:
    """The token there is where the number is the same: sealing it anew would look like a change."""
    if starred(line.phone) or line.phone == opened_phone(known, vault):
        return known.phone_sealed
    return vault.seal(line.phone, phone_purpose(line.staff_id)) if line.phone else ""


# ---------------------------------------------------------------- what is there


def _people(session: Session, lines: Sequence[PersonRow]) -> Iterable[Known]:
    if len(lines) > _ALL_AT_ONCE:
        yield from _load(session)
        return
    for start in range(0, len(lines), _TOGETHER):
        some = [line.staff_id for line in lines[start : start + _TOGETHER]]
        yield from _load(session, col(Person.staff_id).in_(some))


def people_named(session: Session, staff_ids: Sequence[str]) -> list[Known]:
    """Those of them who are in the roster, gone or not."""
    found: list[Known] = []
    for start in range(0, len(staff_ids), _TOGETHER):
        found += _load(session, col(Person.staff_id).in_(staff_ids[start : start + _TOGETHER]))
    return found


def _load(session: Session, *conditions: ColumnElement[bool]) -> Iterable[Known]:
    columns = (getattr(Person, name) for name in Known._fields)
    rows = select(*columns).join(Unit, col(Unit.id) == Person.unit_id).where(*conditions).order_by(col(Person.id))
    return (Known(*row) for row in session.execute(rows, execution_options={"yield_per": _TOGETHER}))


def _offices(session: Session, ours: Sequence[str] | None) -> dict[int, set[tuple[int, str]]]:
    """The offices held for good, by person; of the units below `ours` alone."""
    rows = select(col(Appointment.person_id), col(Appointment.unit_id), col(Appointment.role)).where(
        col(Appointment.deputy_of).is_(None)
    )
    if ours is not None:
        below = or_(*(col(Unit.path).startswith(path) for path in ours))
        rows = rows.join(Unit, col(Unit.id) == Appointment.unit_id).where(below)
    held: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for person_id, unit_id, role in session.execute(rows):
        held[person_id].add((unit_id, role))
    return held


def cities_left(session: Session, found: Difference, *, leavers: bool) -> bool:
    """False where the city's office would be nobody's any more, though it is somebody's now."""
    rows = select(col(Appointment.person_id), col(Appointment.unit_id)).where(
        col(Appointment.role) == Role.CITY.value, col(Appointment.deputy_of).is_(None)
    )
    now = {(person_id, unit_id) for person_id, unit_id in session.execute(rows)}
    gone = {one.id for one in found.missing} if leavers else set()
    ended = {(office.person_id, office.unit_id) for office in found.taken if office.role == Role.CITY}
    stays = any(person_id not in gone for person_id, _ in now - ended)
    begins = any(role == Role.CITY for step in found.steps for _, role in step.offices)
    return stays or begins or not now
