"""What the summary workbook tells, as values: figures by part, returns by state, days, how often a text stands.

Must not know the workbook.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.returns.rows import return_rows
from storage import oversight, papers, reporting
from storage.oversight import Tally
from storage.papers import Reported

TO_PART = "；"
"""What stands between the parts of a cell; each is counted for itself."""
MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A unit directly below, with all it holds; or the unit's own people."""

    name: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A reporting unit, where its return stood, and the people it speaks for."""

    code: str
    name: str
    receiver: str
    tally: Tally
    reported: Reported


def parts(request: Request) -> tuple[Tally, list[Part]]:
    """The parts add up to the whole."""
    total, found = oversight.rolled_up(request.session, request.campaign.id, request.unit, request.as_of)
    own = request.unit.id
    return total, [Part("本级" if unit.id == own else unit.name, tally) for unit, tally in found]


def returns(request: Request, places: Places) -> list[Return]:
    """Every unit below that reports, by code."""
    session, campaign, top = request.session, request.campaign, request.unit
    chart = reporting.chart(session, campaign.id, top, request.as_of)
    figures = oversight.by_unit(session, campaign.id, top.path, request.as_of)
    scopes: dict[int, Tally] = {}
    for unit_id, tally in figures.items():
        reporter = chart.reporter(chart.units[unit_id]) if unit_id in chart.units else None
        if reporter:
            scopes[reporter.id or 0] = scopes.get(reporter.id or 0, Tally()) + tally
    mine = [unit for unit in places.units if chart.reports(unit)]
    states = papers.reported(session, campaign.id, top.path, request.as_of)
    return [
        Return(
            code=unit.code,
            name=places.below(unit),
            receiver=chart.receiver(unit).name,
            tally=scopes.get(unit.id or 0, Tally()),
            reported=states.get(unit.id or 0, Reported()),
        )
        for unit in mine
    ]


def days(request: Request) -> list[tuple[date, int]]:
    """How many had handed in by the end of each day, from the first day of the campaign to the moment asked for."""
    campaign = request.campaign
    counts = Counter(
        at.astimezone(campaign.zone).date()
        for at in papers.first_submissions(request.session, campaign.id, request.unit.path, request.as_of)
    )
    last = request.as_of.astimezone(campaign.zone).date()
    first = max(min([campaign.published, *counts]), last - timedelta(days=MOST_DAYS - 1))
    so_far = sum(count for day, count in counts.items() if day < first)
    found = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        so_far += counts[day]
        found.append((day, so_far))
    return found


def texts(request: Request) -> list[tuple[str, list[tuple[str, int]]]]:
    """Of each column that is counted: its name, and how many rows say what, the most frequent first."""
    counted = [column for column in request.campaign.feedback_table.columns if column.counted]
    counts: Mapping[str, Counter[str]] = {column.field: Counter() for column in counted}
    for done, row in enumerate(return_rows(request.session, request.campaign, request.unit, request.as_of), start=1):
        for field, counter in counts.items():
            counter.update(set(filter(None, map(str.strip, row.cells.get(field, "").split(TO_PART)))))
        request.progress(done, 0)
    return [(column.name, _ordered(counts[column.field])) for column in counted]


def _ordered(counter: Counter[str]) -> list[tuple[str, int]]:
    """Equal counts in the order of the words, so that the same records always give the same list."""
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def states(found: Sequence[Return]) -> list[tuple[str, int]]:
    """How many returns stand where, in the order a return goes."""
    counts = Counter(each.reported.state for each in found)
    order = (
        reporting.OPEN,
        reporting.CONFIRMED,
        reporting.STAMPED,
        reporting.SUBMITTED,
        reporting.ACCEPTED,
        reporting.SENT_BACK,
    )
    return [(STATES[state], counts[state]) for state in order]


STATES = {
    reporting.OPEN: "填报中",
    reporting.CONFIRMED: "已确认",
    reporting.STAMPED: "已盖章",
    reporting.SUBMITTED: "已上报",
    reporting.ACCEPTED: "已接收",
    reporting.SENT_BACK: "已退回",
}
