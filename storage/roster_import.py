"""Carrying out what a roster changes, in one transaction and in few large statements.

Must not know where the roster comes from. Nobody is removed: what people did stays in the unit where they did it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col, select

from storage import memberships, reporting_terms, running_counts
from storage.models import Appointment, Person, Unit
from storage.roster_difference import Changes, Difference, Step, What, compare
from storage.rows import Roster
from storage.statements import run_many
from storage.vault import Vault

Progress = Callable[[int, int], None]
_FOLDED = 5_000
"""Lines of the running figures added up in one go; the numbers of their units fit into one statement."""


def import_roster(session: Session, roster: Roster, vault: Vault, *, at: datetime, leavers: bool = False) -> Changes:
    """Adds and changes what differs in the whole roster. With `leavers`, who is not in it has left."""
    tops = spoken_for(session, roster) if leavers else ()
    return carry_out(session, compare(session, roster, vault, missing_below=tops), at=at, leavers=leavers)


def spoken_for(session: Session, roster: Roster) -> tuple[str, ...]:
    """The paths a roster speaks for: of its topmost units. One without units speaks for its lines alone."""
    codes = {unit.code for unit in roster.units}
    tops = [unit.code for unit in roster.units if unit.parent_code not in codes]
    found: list[str] = []
    for start in range(0, len(tops), 500):
        some = select(Unit.path).where(col(Unit.code).in_(tops[start : start + 500])).order_by(col(Unit.path))
        found += session.exec(some).all()
    return tuple(found)


def carry_out(
    session: Session, found: Difference, *, at: datetime, leavers: bool, progress: Progress | None = None
) -> Changes:
    """All of it; `at` is when it happened. The caller's transaction makes it all or nothing."""
    session.flush()
    _units(session, found)
    parts = [found.steps[start : start + 5_000] for start in range(0, len(found.steps), 5_000)]
    for number, part in enumerate(parts):
        _people(session, found, part, at)
        if progress:
            progress(number + 1, len(parts))
    _take(session, found)
    if leavers:
        _leave(session, [one.id for one in found.missing], at)
    session.expire_all()
    reporting_terms.settle(session, at)
    while running_counts.fold(session, most=_FOLDED):
        pass  # a line for everybody who came becomes one for each unit
    return found.changes(leavers=leavers)


# ---------------------------------------------------------------- units


def _units(session: Session, found: Difference) -> None:
    rows = [
        {
            "code": row.code,
            "name": row.name,
            "parent_id": None,
            "kind": row.kind,
            "division": row.division,
            "path": "",
        }
        for row in found.new_units
    ]
    run_many(session, insert(Unit), rows)
    if rows:
        found.units |= {code: unit_id for unit_id, code in session.execute(select(col(Unit.id), col(Unit.code)))}
    known = [
        {
            "which": found.units[row.code],
            "name": row.name,
            "parent_id": found.units[row.parent_code] if row.parent_code else None,
            "kind": row.kind,
            "division": row.division,
        }
        for row in (*found.new_units, *found.other_units)
    ]
    named: dict[str, Any] = {name: bindparam(name) for name in ("name", "parent_id", "kind", "division")}
    run_many(session, update(Unit).where(col(Unit.id) == bindparam("which")).values(**named), known)
    if known:
        _paths(session)


def _paths(session: Session) -> None:
    """Every unit's path anew from its parents: a unit that moved takes all below it along."""
    rows = session.execute(select(col(Unit.id), col(Unit.parent_id), col(Unit.path))).all()
    children: dict[int | None, list[int]] = {}
    for unit_id, parent_id, _ in rows:
        children.setdefault(parent_id, []).append(unit_id)
    paths: dict[int | None, str] = {None: "/"}
    above: list[int | None] = [None]
    while above:
        parent = above.pop()
        for unit_id in children.get(parent, ()):
            paths[unit_id] = f"{paths[parent]}{unit_id}/"
            above.append(unit_id)
    other = [{"which": unit_id, "path": paths[unit_id]} for unit_id, _, path in rows if paths[unit_id] != path]
    run_many(session, update(Unit).where(col(Unit.id) == bindparam("which")).values(path=bindparam("path")), other)
    new = {unit_id for unit_id, _, path in rows if not path}
    if any(one["which"] not in new for one in other):
        running_counts.tree_changed(session)


# ---------------------------------------------------------------- people


def _people(session: Session, found: Difference, steps: Sequence[Step], at: datetime) -> None:
    ids = {step.row.staff_id: step.known.id for step in steps if step.known}
    fresh = [step for step in steps if step.known is None]
    blank = Person(staff_id="", name="", unit_id=0).model_dump(exclude={"id"})
    run_many(session, insert(Person), [blank | {"staff_id": s.row.staff_id} | _facts(found, s) for s in fresh])
    for start in range(0, len(fresh), 500):
        some = [step.row.staff_id for step in fresh[start : start + 500]]
        rows = select(col(Person.staff_id), col(Person.id)).where(col(Person.staff_id).in_(some))
        ids.update((staff_id, person_id) for staff_id, person_id in session.execute(rows))
    known = [{"which": step.known.id, **_facts(found, step)} for step in steps if step.known]
    facts: dict[str, Any] = {name: bindparam(name) for name in ("name", "unit_id", "phone_sealed", "account", "active")}
    run_many(session, update(Person).where(col(Person.id) == bindparam("which")).values(**facts), known)

    def where(*whats: What) -> list[tuple[int, int]]:
        return [(ids[s.row.staff_id], found.units[s.row.unit_code]) for s in steps if s.what in whats]

    memberships.came(session, where(What.ADDED), at)
    memberships.changed(session, where(What.MOVED, What.RETURNED), at)
    _give(session, {(ids[s.row.staff_id], found.units[code], role) for s in steps for code, role in s.offices})


def _facts(found: Difference, step: Step) -> dict[str, object]:
    row = step.row
    return {
        "name": row.name,
        "unit_id": found.units[row.unit_code],
        "phone_sealed": step.phone_sealed,
        "account": row.account,
        "active": True,
    }


def _give(session: Session, offices: set[tuple[int, int, str]]) -> None:
    rows = [
        {"person_id": person_id, "unit_id": unit_id, "role": role, "until": None, "deputy_of": None}
        for person_id, unit_id, role in sorted(offices)
    ]
    _end(session, offices)  # a deputy who gets the office for good is a deputy no more
    run_many(session, insert(Appointment), rows)


def _take(session: Session, found: Difference) -> None:
    """Offices that end, and with them the terms of those who stood in."""
    _end(session, set(found.taken))
    standing_in = delete(Appointment).where(
        col(Appointment.deputy_of) == bindparam("whose"),
        col(Appointment.unit_id) == bindparam("where_"),
        col(Appointment.role) == bindparam("what"),
    )
    rows = [{"whose": person_id, "where_": unit_id, "what": role} for person_id, unit_id, role in found.taken]
    run_many(session, standing_in, rows)


def _end(session: Session, offices: Iterable[tuple[int, int, str]]) -> None:
    one = delete(Appointment).where(
        col(Appointment.person_id) == bindparam("who"),
        col(Appointment.unit_id) == bindparam("where_"),
        col(Appointment.role) == bindparam("what"),
    )
    run_many(session, one, [{"who": person, "where_": unit, "what": role} for person, unit, role in sorted(offices)])


def _leave(session: Session, people: Sequence[int], at: datetime) -> None:
    """They have left: their offices end, and the terms of those who stood in for them."""
    rows = [{"who": person_id} for person_id in people]
    run_many(session, update(Person).where(col(Person.id) == bindparam("who")).values(active=False), rows)
    run_many(session, delete(Appointment).where(col(Appointment.person_id) == bindparam("who")), rows)
    run_many(session, delete(Appointment).where(col(Appointment.deputy_of) == bindparam("who")), rows)
    memberships.went(session, people, at)
