"""What is left to do in every unit and all below it, gathered once for all offices and groups. Must not know who is
told.

A handful of queries over everything, added up along the tree: asking for each of two thousand offices by itself would
take minutes. Of a past moment, only people and returns are told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, func, or_, select

from storage import oversight, return_counts
from storage.models import Applicant, Appointment, Case, Finding, Person, Unit
from storage.oversight import Tally
from storage.reporting import ACCEPTED, OPEN, SUBMITTED
from storage.roster import in_term
from storage.subtree import ids
from storage.todo import WAITING

_UP = frozenset({SUBMITTED, ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The figures of a unit. `people` with all below it; `state` is that of its own return, empty where it hands none
    up; `absent` units should hand up to it and have not, `to_receive` have. Findings with all below it."""

    people: Tally
    returns_missing: int
    """Returns not handed up, its own and all below it."""
    state: str
    absent: int
    to_receive: int
    applicants: int
    countersigns: int
    findings_to_answer: int
    findings_to_close: int

    @property
    def to_hand_up(self) -> bool:
        return self.state not in ("", *_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    units: Mapping[int, Unit]
    _people: Mapping[int, Tally]
    _states: Mapping[int, str]
    _numbers: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def of(self, unit_id: int) -> Left:
        count = {name: numbers.get(unit_id, 0) for name, numbers in self._numbers.items()}
        return Left(people=self._people.get(unit_id, Tally()), state=self._states.get(unit_id, ""), **count)

    def below(self, unit_id: int) -> list[tuple[Unit, Left]]:
        """The units directly below one, by code."""
        found = [unit for unit in self.units.values() if unit.parent_id == unit_id]
        return [(unit, self.of(unit.id or 0)) for unit in sorted(found, key=lambda unit: unit.code)]

    def chain(self, unit_id: int) -> list[Unit]:
        """The unit and those above it, from the root down."""
        return [self.units[i] for i in ids(self.units[unit_id].path)]


def outstanding(
    session: Session, campaign: str, now: datetime, as_of: datetime | None = None, *, top: str = "/"
) -> Outstanding:
    """Of the unit with the path `top` and all below it; of everything where none is named."""
    here = or_(col(Unit.path).startswith(top), col(Unit.id).in_(ids(top)))
    units = {unit.id or 0: unit for unit in session.exec(select(Unit).where(here)).all()}
    stands = return_counts.stands(session, campaign, top, as_of, now)
    states = {unit_id: stand.state if stand else OPEN for unit_id, stand in stands.items()}
    people: defaultdict[int, Tally] = defaultdict(Tally)
    for unit_id, tally in oversight.by_unit(session, campaign, top, as_of).items():
        for i in ids(units[unit_id].path):
            people[i] += tally
    missing = {unit_id: 1 for unit_id, state in states.items() if state not in _UP}
    numbers = {
        "returns_missing": _rolled(units, missing),
        "absent": _moved(units, missing, lambda path: _receiver(path, states)),
        "to_receive": _moved(
            units,
            {unit_id: 1 for unit_id, state in states.items() if state == SUBMITTED},
            lambda path: _receiver(path, states),
        ),
    }
    numbers |= _of_now(session, campaign, units, states, now) if as_of is None else {name: {} for name in _NOW}
    return Outstanding(units=units, _people=people, _states=states, _numbers=numbers)


_NOW = ("applicants", "countersigns", "findings_to_answer", "findings_to_close")


def _of_now(
    session: Session, campaign: str, units: Mapping[int, Unit], states: Mapping[int, str], now: datetime
) -> dict[str, Mapping[int, int]]:
    waiting = select(Applicant.unit_id, func.count()).where(Applicant.stage == WAITING).group_by(col(Applicant.unit_id))
    filled = (
        select(Person.unit_id, func.count())
        .join(Case, col(Case.person_id) == Person.id)
        .where(Case.campaign == campaign, col(Case.countersign).is_(True))
        .group_by(col(Person.unit_id))
    )
    open_ones = select(Finding.unit_id, func.count()).where(
        Finding.campaign == campaign, col(Finding.closed_at).is_(None), col(Finding.answered_at).is_(None)
    )
    answered = select(Finding.office_id, func.count()).where(
        Finding.campaign == campaign, col(Finding.closed_at).is_(None), col(Finding.answered_at).is_not(None)
    )
    held = _held(session, now)
    return {
        "applicants": _moved(units, _read(session, units, waiting), lambda path: _nearest(path, held)),
        "countersigns": _moved(units, _read(session, units, filled), lambda path: _nearest(path, states)),
        "findings_to_answer": _rolled(units, _read(session, units, open_ones.group_by(col(Finding.unit_id)))),
        "findings_to_close": _rolled(units, _read(session, units, answered.group_by(col(Finding.office_id)))),
    }


def _read(session: Session, units: Mapping[int, Unit], counted) -> dict[int, int]:  # type: ignore[no-untyped-def]
    return {unit_id: number for unit_id, number in session.exec(counted).all() if unit_id in units}


def _held(session: Session, now: datetime) -> set[int]:
    """The units with anybody in office."""
    return set(
        session.exec(
            select(Appointment.unit_id)
            .join(Person, col(Person.id) == Appointment.person_id)
            .where(col(Person.active).is_(True))
            .where(in_term(now))
            .distinct()
        ).all()
    )


# ---------------------------------------------------------------- along the tree


def _rolled(units: Mapping[int, Unit], numbers: Mapping[int, int]) -> Mapping[int, int]:
    """Each number counts for its unit and all above it."""
    found: defaultdict[int, int] = defaultdict(int)
    for unit_id, number in numbers.items():
        for i in ids(units[unit_id].path):
            found[i] += number
    return found


def _moved(
    units: Mapping[int, Unit], numbers: Mapping[int, int], whose: Callable[[list[int]], int]
) -> Mapping[int, int]:
    """Each number counts for the one unit it concerns."""
    found: defaultdict[int, int] = defaultdict(int)
    for unit_id, number in numbers.items():
        found[whose(ids(units[unit_id].path))] += number
    return found


def _nearest(path: list[int], those: Iterable[int]) -> int:
    """The unit itself, or the nearest above it, that is among those; else the root."""
    return next((i for i in reversed(path) if i in those), path[0])


def _receiver(path: list[int], reporting: Mapping[int, str]) -> int:
    """Where a return goes."""
    return _nearest(path[:-1] or path, reporting)
