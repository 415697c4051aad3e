"""Who reports for whom: which units have somebody in office, whose people a return covers, where it goes.

Must not know what stands in a return.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from storage.lists import near
from storage.models import Appointment, Case, Exemption, Person, Unit, UnitReturn
from storage.roster import in_term
from storage.rows import Role
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
_REPORTS = frozenset({Role.UNIT.value, Role.COUNTY.value})


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
    mine = _near(unit, below=below)
    units = {other.id or 0: other for other in session.exec(select(Unit).where(mine)).all()}
    rows = session.exec(
        select(UnitReturn)
        .join(Unit, col(Unit.id) == UnitReturn.unit_id)
        .where(mine, UnitReturn.campaign == campaign)
        .options(defer(UnitReturn.content))  # type: ignore[arg-type]
    ).all()
    returns = {row.unit_id: row for row in rows}
    states = {i: row.state for i, row in returns.items()}
    these = col(Unit.id).in_(units) if len(units) <= _FEW else mine
    return Chart(units, _reporting(session, unit, these, states, now), returns)


class Reporters(NamedTuple):
    """What of a chart papers read: the units that report, and those that have a return."""

    reporting: frozenset[int]
    returns: frozenset[int]


def reporters(session: Session, campaign: str, unit: Unit, now: datetime) -> Reporters:
    """The units above and below one, by their ids alone."""
    mine = _near(unit, below=True)
    rows = session.exec(
        select(UnitReturn.unit_id, UnitReturn.state)
        .join(Unit, col(Unit.id) == UnitReturn.unit_id)
        .where(mine, UnitReturn.campaign == campaign)
    ).all()
    states = dict(rows)
    return Reporters(_reporting(session, unit, mine, states, now), frozenset(states))


def _near(unit: Unit, *, below: bool) -> ColumnElement[bool]:
    near = col(Unit.id).in_(ids(unit.path))
    return or_(near, col(Unit.path).startswith(unit.path)) if below else near


def _reporting(
    session: Session, unit: Unit, mine: ColumnElement[bool], states: Mapping[int, str], now: datetime
) -> frozenset[int]:
    """Of these units those with somebody in office, and those whose return (`states`) stands still."""
    held = session.exec(
        select(Appointment.unit_id)
        .join(Person, col(Person.id) == Appointment.person_id)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(mine, col(Person.active).is_(True), col(Appointment.role).in_(_REPORTS))
        .where(in_term(now))
        .distinct()
    ).all()
    still = {i for i, state in states.items() if state in FROZEN}
    return frozenset({*held, *still} - {ids(unit.path)[0]})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """People whose self-check is wanting in a return; `waiting` for the coordinator's countersign."""

    people: Sequence[tuple[Person, Unit]]
    waiting: Sequence[tuple[Person, Unit]]


def unfinished(session: Session, campaign: str, unit_ids: Sequence[int]) -> Unfinished:
    """Everybody active and not exempt who has not handed in, where they are; or who is asked again, where they did."""
    counts_at = case((col(Case.submitted_at).is_not(None), Case.unit_id), else_=Person.unit_id)
    exempt = select(Exemption.person_id).where(Exemption.campaign == campaign, col(Exemption.ended_at).is_(None))
    found: list[tuple[Person, Unit, bool | None]] = []
    for start in range(0, len(unit_ids), 500):
        some = unit_ids[start : start + 500]
        found += session.exec(
            select(Person, Unit, Case.countersign)
            .outerjoin(Case, (col(Case.person_id) == Person.id) & (col(Case.campaign) == campaign))
            .join(Unit, col(Unit.id) == counts_at)
            .where(
                near(campaign, some),
                col(Unit.id).in_(some),
                col(Person.active).is_(True),
                col(Person.id).not_in(exempt),
                or_(col(Case.submitted_at).is_(None), col(Case.asked_again).is_(True)),
            )
            .order_by(col(Unit.code), col(Person.id))
        ).all()
    return Unfinished(
        [(person, unit) for person, unit, waits in found if not waits],
        [(person, unit) for person, unit, waits in found if waits],
    )


def in_office(session: Session, unit: Unit, now: datetime) -> list[Person]:
    """Those who hold an office for exactly this unit."""
    return list(
        session.exec(
            select(Person)
            .join(Appointment, col(Appointment.person_id) == Person.id)
            .where(Appointment.unit_id == unit.id, col(Person.active).is_(True))
            .where(in_term(now))
            .order_by(col(Person.id))
            .distinct()
        ).all()
    )
