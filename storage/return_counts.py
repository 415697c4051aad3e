"""Counting the returns of units over a unit and all below it, as of now and as of any past moment. Must not know who
asks.

A return counts where its unit is; the root only receives. Which units report is read off `reporting_terms`; a return
that stood still counts whoever was in office.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session, col

from storage import reporting_terms, subtree
from storage.models import ReportingTerm, ReturnStep, Unit, UnitReturn
from storage.reporting import ACCEPTED, CONFIRMED, FROZEN, SENT_BACK, STAMPED, SUBMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTally:
    """Figures of returns. `expected` units have to hand one up; `handed_up` have and were not sent back, `accepted`,
    `late` and `nil` are parts of these. `confirmed` and `stamped` are on their way, `sent_back` lie with their unit."""

    expected: int = 0
    confirmed: int = 0
    stamped: int = 0
    handed_up: int = 0
    accepted: int = 0
    sent_back: int = 0
    late: int = 0
    nil: int = 0

    @property
    def missing(self) -> int:
        return self.expected - self.handed_up

    @property
    def on_time(self) -> int:
        return self.handed_up - self.late

    @property
    def on_time_percent(self) -> int:
        """按时率 of returns, rounded down."""
        return self.on_time * 100 // self.expected if self.expected else 100

    def __add__(self, other: "ReturnTally") -> "ReturnTally":
        return ReturnTally(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})


_NAMES = tuple(field.name for field in fields(ReturnTally))
_UP = frozenset({SUBMITTED, ACCEPTED})


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one return stands."""

    state: str
    nil: bool
    late: bool
    handed_up_at: datetime | None


def rolled_up(
    session: Session, campaign: str, top: Unit, as_of: datetime | None, now: datetime
) -> tuple[ReturnTally, dict[int, ReturnTally]]:
    """The figures of a unit's subtree; then, by id, of its own return and of each unit directly below it with all that
    one holds: these add up to the whole."""
    if as_of:
        own = {unit_id: _numbers(stand) for unit_id, stand in stands(session, campaign, top.path, as_of, now).items()}
        total, parts = subtree.rolled_up(session, top, own, [0] * len(_NAMES))
    else:
        parts = _counted(session, campaign, top, now)
        total = subtree.total(parts.values(), [0] * len(_NAMES))
    return _tally(total), {unit_id: _tally(part) for unit_id, part in parts.items()}


def _counted(session: Session, campaign: str, top: Unit, now: datetime) -> dict[int, subtree.Numbers]:
    """The figures of now by unit: of `top` alone, and of each unit directly below it with all that one holds. Counted
    by the database: a large city has twenty thousand returns."""
    part = subtree.nearest_below(session, col(Unit.path), top)
    of_unit = and_(col(UnitReturn.unit_id) == col(Unit.id), col(UnitReturn.campaign) == campaign)
    facts = col(UnitReturn.state), col(UnitReturn.nil), col(UnitReturn.late)
    reporting = select(col(ReportingTerm.unit_id)).where(reporting_terms.held(now))
    rows = session.execute(
        select(part, *facts, func.count())
        .join_from(Unit, UnitReturn, of_unit, isouter=True)
        .where(col(Unit.path).startswith(top.path), col(Unit.parent_id).is_not(None))
        .where(or_(col(Unit.id).in_(reporting), col(UnitReturn.state).in_(FROZEN)))
        .group_by(part, *facts)
    )
    found: dict[int, subtree.Numbers] = {}
    for below, state, nil, late, count in rows:
        numbers = [count * number for number in _numbers(Stand(state, nil, late, None) if state else None)]
        unit_id = int(below or top.id or 0)
        found[unit_id] = subtree.added(found.get(unit_id, [0] * len(_NAMES)), numbers)
    return found


def stands(
    session: Session, campaign: str, path: str, as_of: datetime | None, now: datetime
) -> dict[int, Stand | None]:
    """Every unit below `path` that has to hand up a return, and where that stands; None where nothing was begun."""
    inside = subtree.below(session, path)
    known = _at(session, campaign, path, as_of) if as_of else _now(session, campaign, path)
    reporting = _in_office(session, as_of or now)
    standing_still = {unit_id for unit_id, stand in known.items() if stand.state in FROZEN}
    wanted = {i for i in reporting | standing_still if i in inside and not _is_root(inside[i])}
    return {unit_id: known.get(unit_id) for unit_id in sorted(wanted)}


def _now(session: Session, campaign: str, path: str) -> dict[int, Stand]:
    facts = (col(UnitReturn.state), col(UnitReturn.nil), col(UnitReturn.late), col(UnitReturn.handed_up_at))
    here = (col(UnitReturn.campaign) == campaign, subtree.within(col(UnitReturn.unit_id), path))
    rows = session.execute(select(col(UnitReturn.unit_id), *facts).where(*here)).all()
    return {unit_id: Stand(state, nil, late, at) for unit_id, state, nil, late, at in rows}


def _at(session: Session, campaign: str, path: str, as_of: datetime) -> dict[int, Stand]:
    """That a return came late, and when, is settled when it first goes up."""
    last = select(func.max(col(ReturnStep.id))).where(col(ReturnStep.at) <= as_of).group_by(col(ReturnStep.return_id))
    facts = (col(ReturnStep.state), col(ReturnStep.nil), col(UnitReturn.late), col(UnitReturn.handed_up_at))
    rows = session.execute(
        select(col(UnitReturn.unit_id), *facts)
        .join(UnitReturn, col(UnitReturn.id) == col(ReturnStep.return_id))
        .where(col(UnitReturn.campaign) == campaign, col(ReturnStep.id).in_(last))
        .where(subtree.within(col(UnitReturn.unit_id), path))
    ).all()
    found = {}
    for unit_id, state, nil, late, at in rows:
        up = at is not None and at <= as_of
        found[unit_id] = Stand(state, nil, late and up, at if up else None)
    return found


def _in_office(session: Session, as_of: datetime) -> set[int]:
    return set(session.execute(select(col(ReportingTerm.unit_id)).where(reporting_terms.held(as_of))).scalars())


def _is_root(path: str) -> bool:
    return subtree.whole(path)


def _numbers(stand: Stand | None) -> Sequence[int]:
    if stand is None:
        return _NOTHING_BEGUN
    state = stand.state
    up = state in _UP
    facts = {
        "expected": True,
        "confirmed": state == CONFIRMED,
        "stamped": state == STAMPED,
        "handed_up": up,
        "accepted": state == ACCEPTED,
        "sent_back": state == SENT_BACK,
        "late": up and stand.late,
        "nil": up and stand.nil,
    }
    return [int(facts[name]) for name in _NAMES]


_NOTHING_BEGUN = [int(name == "expected") for name in _NAMES]


def _tally(numbers: Sequence[int]) -> ReturnTally:
    return ReturnTally(**dict(zip(_NAMES, numbers, strict=True)))
