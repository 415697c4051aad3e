"""Where a unit's return stands and what is still wanting in it, gathered once for whoever talks about it.

Reads only; what is said about it stands elsewhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from handlers.desk import Desk
from handlers.returns.rows import ReturnRow, frozen, live, merged
from storage import oversight, reporting, returns
from storage.models import Unit, UnitReturn
from storage.oversight import Tally
from storage.reporting import ACCEPTED, FROZEN, OPEN, Chart, Unfinished


@dataclass
class Standing:
    """A reporting unit's return at this moment. What is in it while it is filled in is read once, however often it is
    asked for: a step of the return changes none of it."""

    desk: Desk
    unit: Unit
    chart: Chart
    there: UnitReturn | None

    @property
    def state(self) -> str:
        return self.there.state if self.there else OPEN

    @property
    def frozen(self) -> bool:
        return self.state in FROZEN

    @property
    def receiver(self) -> Unit:
        return self.chart.receiver(self.unit)

    @cached_property
    def scope(self) -> list[int]:
        return self.chart.scope(self.unit)

    @cached_property
    def below(self) -> list[Unit]:
        """The units that report to this one."""
        return self.chart.reporting_to(self.unit)

    def not_accepted(self) -> list[tuple[Unit, str]]:
        """Those of them whose return is not here yet, and where it stands."""
        return [(unit, self.chart.state(unit)) for unit in self.below if self.chart.state(unit) != ACCEPTED]

    @cached_property
    def unfinished(self) -> Unfinished:
        return reporting.unfinished(self.desk.session, self.desk.campaign.id, self.scope)

    @cached_property
    def own_figures(self) -> Tally:
        """Of the people this return covers itself."""
        by_unit = oversight.by_unit(self.desk.session, self.desk.campaign.id, self.unit.path)
        return sum((by_unit[i] for i in self.scope if i in by_unit), Tally())

    @cached_property
    def own_rows(self) -> Sequence[ReturnRow]:
        """What its own people have handed in, corrected, not merged."""
        units = [self.chart.units[i] for i in self.scope]
        return list(live(self.desk.session, self.desk.campaign, self.unit, units, self.chart.reporting, self.desk.now))

    @cached_property
    def accepted_contents(self) -> Mapping[int, str]:
        taken = [unit.id or 0 for unit in self.below if self.chart.state(unit) == ACCEPTED]
        return returns.contents(self.desk.session, self.desk.campaign.id, taken, None)

    def rows(self, *, merge: bool) -> list[ReturnRow]:
        """The table as it would be confirmed now; as it was confirmed, once it stands still."""
        if self.frozen and self.there and self.there.content:
            return frozen(self.there.content, self.unit)
        found = merged(self.desk.campaign, self.own_rows) if merge else [*self.own_rows]
        for unit in self.below:
            if said := self.accepted_contents.get(unit.id or 0):
                found += frozen(said, unit)
        order = {unit.id: unit.code for unit in self.chart.units.values()}
        return sorted(found, key=lambda row: order.get(row.unit_id, ""))

    @property
    def merges(self) -> bool:
        """Whether the coordinator has had equal rows merged already."""
        return bool(self.there and returns.last(self.desk.session, self.there, returns.MERGE))

    def came_after(self) -> int:
        """How many have handed in, or handed in anew, since the content was made."""
        if not (self.frozen and self.there and self.there.content):
            return 0
        known = {i for i, _ in _submissions(self.there.content)}
        now = returns.submissions(self.desk.session, self.desk.campaign.id, self.scope)
        return sum((submission.id or 0) not in known for submission in now)


def _submissions(content: str) -> list[tuple[int, str]]:
    return [(i, digest) for i, digest in json.loads(content)["submissions"]]


def standing(desk: Desk, unit: Unit, *, locked: bool = False) -> Standing:
    """`locked` holds the return's row until the end of the message: for whoever changes it."""
    chart = reporting.chart(desk.session, desk.campaign.id, unit, desk.now)
    if locked:
        there: UnitReturn | None = returns.take(desk.session, desk.campaign.id, unit.id or 0)
    else:
        there = returns.find(desk.session, desk.campaign.id, unit.id or 0)
    return Standing(desk, unit, chart, there)
