"""考核: a unit and those below it in points, from recorded facts, now or at a past moment. Units, never persons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import menus
from handlers.asked import Asked, meant
from handlers.campaign import assessing
from handlers.campaign.assessing import Counted, Result
from handlers.campaign.checks import Assessment
from handlers.campaign.definition import Campaign
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.moments import as_of
from handlers.texts import papers as paper_texts
from handlers.texts import scoring
from storage import reporting
from storage.assessment import DRAWN, FINDING, HANDED_IN, INCIDENT, MISSING, RETURN, Record, records
from storage.models import Person, Unit
from storage.reporting import Chart
from storage.rows import UnitKind


@dataclass(frozen=True, slots=True)
class Assessed:
    """A unit with its points and the records behind them."""

    unit: Unit
    result: Result
    records: tuple[Record, ...]


def counted(found: Iterable[Record]) -> dict[str, Counted]:
    """What each measure of a campaign file counts, from records."""
    facts: dict[str, Counted] = {}

    def add(measure: str, part: int, whole: int = 0) -> None:
        facts[measure] = facts.get(measure, Counted()) + Counted(part, whole)

    for record in found:
        if record.kind in (HANDED_IN, MISSING):
            there = record.kind == HANDED_IN
            add("complete_people", there, record.count)
            add("on_time_people", there and record.good, record.count)
            if record.touched:
                add("pledges", record.pledged, 1)
        elif record.kind == RETURN:
            add("on_time_return", record.good, 1)
        elif record.kind == DRAWN:
            add("spot_check", record.good, 1)
        elif record.kind == FINDING:
            add("findings", 1)
            add("findings_open", not record.good)
        elif record.kind == INCIDENT:
            add("incidents", 1)
    return facts


@dataclass(frozen=True, slots=True)
class Books:
    """The records of a unit and all below it at a moment, ready to be summed for any unit inside."""

    chapter: Assessment
    chart: Chart
    by_unit: Mapping[int, Sequence[Record]]

    def of(self, unit: Unit) -> Assessed:
        """A city or county with all below it; any other unit with those that report through it."""
        return self._sum(unit, self._inside(unit) if whole(unit) else self.chart.scope(unit))

    def alone(self, unit: Unit) -> Assessed:
        """What a reporting unit answers for itself, without the units that report to it."""
        return self._sum(unit, self.chart.scope(unit))

    def below(self, top: Unit) -> list[Unit]:
        """The units of the level below that have something to be assessed by."""
        children = (unit for unit in self.chart.units.values() if unit.parent_id == top.id)
        return sorted((unit for unit in children if self._inside_has(unit)), key=lambda unit: unit.code)

    def each(self, top: Unit) -> list[Assessed]:
        """Every unit that reports for itself, by code, and first the top with those nobody reports for: together they
        are all records there are."""
        inside = (unit for unit in self.chart.units.values() if unit.path.startswith(top.path) and unit.id != top.id)
        reporting = sorted((unit for unit in inside if self.chart.reports(unit)), key=lambda unit: unit.code)
        first = self.alone(top)
        return [*([first] if first.records else []), *(self.alone(unit) for unit in reporting)]

    def _sum(self, unit: Unit, ids: Iterable[int]) -> Assessed:
        found = tuple(record for i in ids for record in self.by_unit.get(i, ()))
        return Assessed(unit, assessing.assess(self.chapter.items, counted(found)), found)

    def _inside(self, unit: Unit) -> list[int]:
        return [i for i, other in self.chart.units.items() if other.path.startswith(unit.path)]

    def _inside_has(self, unit: Unit) -> bool:
        return any(i in self.by_unit for i in self._inside(unit))


def whole(unit: Unit) -> bool:
    """Whether a unit is assessed with all below it."""
    return unit.kind in (UnitKind.CITY, UnitKind.COUNTY)


def books(session: Session, campaign: Campaign, chapter: Assessment, top: Unit, at: datetime) -> Books:
    chart = reporting.chart(session, campaign.id, top, at)
    by_unit: dict[int, list[Record]] = {}
    for record in records(session, campaign.id, top.path, at, chart):
        by_unit.setdefault(record.unit_id, []).append(record)
    return Books(chapter, chart, by_unit)


# ---------------------------------------------------------------- the talk


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«考核», «考核 莲都区», «考核 截至 5月30日». In a group as well: it names no person."""
    chapter = desk.campaign.assessment
    if chapter is None:
        return [desk.tell(scoring.NO_CHAPTER)]
    when = as_of(command.rest, desk.now, desk.campaign.zone)
    if when.wrong:
        return [desk.tell(paper_texts.WRONG_MOMENT)]
    unit = meant(desk, person, when.rest, command)
    if not isinstance(unit, Unit):
        return unit
    at = when.at or desk.now
    book = books(desk.session, desk.campaign, chapter, unit, at)
    asked = Asked(desk, person, command, unit)
    parts = [(part.name, book.of(part).result) for part in book.below(unit)]
    told = scoring.assessed(desk.campaign, chapter, asked.name, at, book.of(unit).result, parts)
    if desk.in_group:
        return [desk.tell(told)]
    return [desk.offer(told, menus.numbered((scoring.EXPORT, asked.spoken(scoring.EXPORT))))]
