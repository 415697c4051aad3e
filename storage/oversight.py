"""Counting people over a unit and all below it, exact as of now and as of any past moment. Must not know who asks.

Everybody counts in one place: once they have handed in, for good in the unit where they did; before that where they
are. Who left without handing in is not counted. How the numbers are got stands in `running_counts.py`, for the past in
`head_counts.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from storage import head_counts, running_counts, subtree
from storage.counting_triggers import FIGURES
from storage.models import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Figures of people. `expected` have to hand in (应填): the `finished` and the `missing`. `nil`, `late`, `touched`
    and `pledged` are parts of the finished, `started` of the missing. The `exempt` are counted beside them."""

    expected: int = 0
    finished: int = 0
    nil: int = 0
    late: int = 0
    started: int = 0
    touched: int = 0
    pledged: int = 0
    exempt: int = 0

    @property
    def missing(self) -> int:
        return self.expected - self.finished

    @property
    def on_time(self) -> int:
        return self.finished - self.late

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 only when everybody has finished."""
        return self.finished * 100 // self.expected if self.expected else 100

    @property
    def on_time_percent(self) -> int:
        """按时率: who finished in time, of all who have to."""
        return self.on_time * 100 // self.expected if self.expected else 100

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})


def _tally(numbers: Sequence[int]) -> Tally:
    return Tally(**dict(zip(FIGURES, numbers, strict=True)))


def by_unit(session: Session, campaign: str, path: str, as_of: datetime | None = None) -> dict[int, Tally]:
    """Figures of each unit below `path` on its own (not rolled up), by unit id."""
    inside = subtree.below(session, path)
    found = _counts(session, campaign, path, as_of)
    return {unit_id: _tally(numbers) for unit_id, numbers in found.items() if unit_id in inside}


def rolled_up(
    session: Session, campaign: str, top: Unit, as_of: datetime | None = None
) -> tuple[Tally, list[tuple[Unit, Tally]]]:
    """The figures of a unit, then of its own people and of each unit directly below it with all that one holds: the
    parts add up to the whole."""
    if as_of is None:
        total, parts = running_counts.rolled_up(session, campaign, top)
    else:
        total, parts = subtree.rolled_up(session, top, _counts(session, campaign, top.path, as_of), [0] * len(FIGURES))
    listed = [
        (unit, parts[unit.id or 0]) for unit in subtree.children(session, top) if any(parts.get(unit.id or 0, ()))
    ]
    if listed and any(mine := parts.get(top.id or 0, [])):
        listed = [(top, mine), *listed]
    return _tally(total), [(unit, _tally(part)) for unit, part in listed]


def _counts(session: Session, campaign: str, path: str, as_of: datetime | None) -> Mapping[int, Sequence[int]]:
    """The numbers of a `Tally` in its order, by unit."""
    if as_of is None:
        return running_counts.counted(session, campaign, path)
    return head_counts.added_up(session, head_counts.past(campaign, path, as_of))
