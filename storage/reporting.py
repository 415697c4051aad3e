"""Who reports for whom: which units have somebody in office, whose people a return covers, where it goes.

Must not know what stands in a return.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, case, or_, select
from sqlalchemy.orm import defer
from sqlmodel import Session, col

from storage.lists import near
from storage.models import Appointment, Case, Exemption, Person, Unit, UnitReturn
from storage.models.columns import Moment
from storage.prepared import Prepared
from storage.roster import in_term
from storage.rows import REPORTING, Role
from storage.subtree import InTree, ids

OPEN, CONFIRMED, STAMPED, SUBMITTED, ACCEPTED, SENT_BACK = (
    "open",
    "confirmed",
    "stamped",
    "submitted",
    "accepted",
    "sent_back",
)
FROZEN = frozenset({CONFIRMED, STAMPED, SUBMITTED, ACCEPTED})
"""In these states the content stands still."""
_FEW = 500
"""So many units are named one by one, and their offices found by an index."""


def makes_report(role: Role, unit: Unit) -> bool:
    """Whether whoever holds this office there makes the unit one that reports. The root only receives."""
    return role in REPORTING and unit.parent_id is not None


def covering(path: str, reporting: Set[int]) -> int:
    """Whose return covers the people of a unit: its own, else that of the nearest one above that reports; 0 where there
    is none."""
    return next((i for i in reversed(ids(path)) if i in reporting), 0)


@dataclass(frozen=True, slots=True)
class Chart:
    """The units above and below one, and which of them report: those with somebody in office, and those whose return
    already stands still. The root only receives."""

    units: Mapping[int, Unit]
    reporting: frozenset[int]
    returns: Mapping[int, UnitReturn]

    def reports(self, unit: InTree) -> bool:
        return unit.id in self.reporting

    def reporter(self, unit: Unit) -> Unit | None:
        """The unit `covering` this one."""
        found = covering(unit.path, self.reporting)
        return self.units[found] if found else None

    def receiver(self, unit: InTree) -> Unit:
        """Where its return goes: to the nearest one above that reports, at last to the root."""
        above = ids(unit.path)[:-1]
        return self.units[next((i for i in reversed(above) if i in self.reporting), above[0])]

    def scope(self, unit: Unit) -> list[int]:
        """The unit and those below it that do not report themselves."""
        return [i for i, other in self.units.items() if other.path.startswith(unit.path) and self._covers(unit, other)]

    def _covers(self, unit: Unit, other: Unit) -> bool:
        below = ids(other.path)[len(ids(unit.path)) :]
        return not any(i in self.reporting for i in below)

    def reporting_to(self, unit: Unit) -> list[Unit]:
        """The units whose returns go to this one, by code."""
        found = [
            other
            for i, other in self.units.items()
            if i in self.reporting and i != unit.id and other.path.startswith(unit.path)
        ]
        direct = [other for other in found if self.receiver(other).id == unit.id]
        return sorted(direct, key=lambda other: other.code)

    def state(self, unit: Unit) -> str:
        there = self.returns.get(unit.id or 0)
        return there.state if there else OPEN


def chart(session: Session, campaign: str, unit: Unit, now: datetime, *, below: bool = True) -> Chart:
    """`below` leaves out what only the units under this one are asked for."""
    where = {"line": ids(unit.path), **({"path": unit.path} if below else {})}
    units = {other.id or 0: other for other in session.scalars(_UNITS[below], where)}
    returns = {row.unit_id: row for row in session.scalars(_RETURNS[below], {**where, "campaign": campaign})}
    states = {i: row.state for i, row in returns.items()}
    few = len(units) <= _FEW
    held = _HELD[below and not few].rows(session, {**({"line": [*units]} if few else where), "now": now})
    return Chart(units, _reporting(unit, held, states), returns)


class Reporters(NamedTuple):
    """What of a chart papers read: the units that report, and those that have a return."""

    reporting: frozenset[int]
    returns: frozenset[int]


def reporters(session: Session, campaign: str, unit: Unit, now: datetime) -> Reporters:
    """The units above and below one, by their ids alone."""
    where = {"line": ids(unit.path), "path": unit.path}
    session.flush()
    states = dict(_STATES.rows(session, {**where, "campaign": campaign}))
    held = _HELD[True].rows(session, {**where, "now": now})
    return Reporters(_reporting(unit, held, states), frozenset(states))


def _reporting(unit: Unit, held: Sequence[Any], states: Mapping[int, str]) -> frozenset[int]:
    """Those of these units with somebody in office, and those whose return (`states`) stands still."""
    still = {i for i, state in states.items() if state in FROZEN}
    return frozenset({*(unit_id for (unit_id,) in held), *still} - {ids(unit.path)[0]})


_LINE = col(Unit.id).in_(bindparam("line", expanding=True))
_TREE = or_(_LINE, col(Unit.path).startswith(bindparam("path")))
_NEAR = {False: _LINE, True: _TREE}
"""The units of a line from the root down; and with all that are below its end (`path`)."""
_UNITS = {below: select(Unit).where(near) for below, near in _NEAR.items()}
_RETURNS = {
    below: select(UnitReturn)
    .join(Unit, col(Unit.id) == UnitReturn.unit_id)
    .where(near, col(UnitReturn.campaign) == bindparam("campaign"))
    .options(defer(UnitReturn.content))  # type: ignore[arg-type]
    for below, near in _NEAR.items()
}
_STATES = Prepared(
    select(col(UnitReturn.unit_id), col(UnitReturn.state))
    .join(Unit, col(Unit.id) == UnitReturn.unit_id)
    .where(_TREE, col(UnitReturn.campaign) == bindparam("campaign"))
)
_HELD = {
    below: Prepared(
        select(col(Appointment.unit_id))
        .join(Person, col(Person.id) == Appointment.person_id)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(near, col(Person.active).is_(True), col(Appointment.role).in_(REPORTING))
        .where(in_term(bindparam("now", type_=Moment())))
        .distinct()
    )
    for below, near in _NEAR.items()
}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """People whose self-check is wanting in a return; `waiting` for the coordinator's countersign."""

    people: Sequence[tuple[Person, Unit]]
    waiting: Sequence[tuple[Person, Unit]]


def unfinished(session: Session, campaign: str, unit_ids: Sequence[int]) -> Unfinished:
    """Everybody active and not exempt who has not handed in, where they are; or who is asked again, where they did."""
    found: list[Any] = []
    for start in range(0, len(unit_ids), 500):
        some = unit_ids[start : start + 500]
        found += session.execute(_UNFINISHED, {"campaign": campaign, "units": some})
    return Unfinished(
        [(person, unit) for person, unit, waits in found if not waits],
        [(person, unit) for person, unit, waits in found if waits],
    )


def _unfinished() -> Select[Person, Unit, bool]:
    campaign: BindParameter[str] = bindparam("campaign")
    units: BindParameter[int] = bindparam("units", expanding=True)
    counts_at = case((col(Case.submitted_at).is_not(None), col(Case.unit_id)), else_=col(Person.unit_id))
    in_force = (col(Exemption.campaign) == campaign, col(Exemption.ended_at).is_(None))
    return (
        select(Person, Unit, col(Case.countersign))
        .outerjoin(Case, (col(Case.person_id) == Person.id) & (col(Case.campaign) == campaign))
        .join(Unit, col(Unit.id) == counts_at)
        .where(near(campaign, units), col(Unit.id).in_(units), col(Person.active).is_(True))
        .where(col(Person.id).not_in(select(col(Exemption.person_id)).where(*in_force)))
        .where(or_(col(Case.submitted_at).is_(None), col(Case.asked_again).is_(True)))
        .order_by(col(Unit.code), col(Person.id))
    )


_UNFINISHED = _unfinished()


def in_office(session: Session, unit: Unit, now: datetime) -> list[Person]:
    """Those who hold an office for exactly this unit."""
    return list(session.scalars(_IN_OFFICE, {"unit": unit.id, "now": now}))


_IN_OFFICE = (
    select(Person)
    .join(Appointment, col(Appointment.person_id) == Person.id)
    .where(col(Appointment.unit_id) == bindparam("unit"), col(Person.active).is_(True))
    .where(in_term(bindparam("now", type_=Moment())))
    .order_by(col(Person.id))
    .distinct()
)
