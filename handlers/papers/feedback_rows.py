"""附件2 of a unit with all below it: the rows as of a moment, units that have nothing to report, units still silent.

Must not know how the table looks on the page.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from handlers.papers.feedback_table import FeedbackRow, FeedbackTable, TableColumn, write_feedback_table
from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.returns.rows import ReturnRow, rows_by_unit, still_since
from handlers.texts import plain
from storage import oversight, papers
from storage.oversight import Tally

_NAMED = 20
"""So many silent units are named one by one; more are counted by the level below."""


def make_feedback_table(request: Request, out: BinaryIO) -> None:
    """The table as far as it has come."""
    write_feedback_table(feedback_table(request), out)


def make_blank_table(request: Request, out: BinaryIO) -> None:
    """The empty form with the notice's own example rows, to be filled in by hand."""
    paper, width = request.campaign.feedback_table, len(request.campaign.feedback_table.columns)
    rows = tuple(
        FeedbackRow(unit=unit, texts=tuple(texts)[: width - 1] + ("",) * (width - 1 - len(texts)))
        for unit, *texts in paper.examples
    )
    footer = f"空白表，{plain.stamp(request.as_of, request.campaign)} 生成。"
    write_feedback_table(_table(request, Places(request.session, request.unit), rows, (), "", footer, blank=True), out)


def feedback_table(request: Request) -> FeedbackTable:
    """What the records held at the request's moment."""
    campaign, paper, places = request.campaign, request.campaign.feedback_table, Places(request.session, request.unit)
    moment = still_since(request.session, campaign, request.unit, request.as_of) or request.as_of
    figures = oversight.by_unit(request.session, campaign.id, places.top.path, moment)
    total = sum(figures.values(), Tally())
    counts = {
        "expected": total.expected,
        "finished": total.finished,
        "nil": total.nil,
        "as_of": plain.stamp(moment, campaign),
    }
    alone = len(places.units) == 1
    return _table(
        request,
        places,
        _rows(request, places, {} if alone else figures),
        () if alone else _silent(request, places, figures),
        (paper.nil_line if total.finished else paper.empty_line).format(**counts),
        paper.footer.format(**counts),
    )


def _table(
    request: Request,
    places: Places,
    rows: Sequence[FeedbackRow] | Iterator[FeedbackRow],
    silent: Sequence[str],
    nil_line: str,
    footer: str,
    *,
    blank: bool = False,
) -> FeedbackTable:
    paper = request.campaign.feedback_table
    return FeedbackTable(
        annex=paper.annex,
        title=paper.title,
        stamp_line=paper.stamp_line,
        unit_name=places.title,
        columns=tuple(TableColumn(column.name, column.width, column.middle) for column in paper.columns),
        notes=(*paper.notes, *silent),
        rows=rows,
        nil_line=nil_line,
        as_of=request.as_of,
        footer=footer,
        page_per_unit=request.params.get("pages") == "unit",
        to_fill_in=blank,
        proof=request.proof,
    )


def _rows(request: Request, places: Places, figures: Mapping[int, Tally]) -> Iterator[FeedbackRow]:
    """Unit by unit in the order of their codes; one whose people reported nothing has a line of its own."""
    fields = request.campaign.feedback_table.fields
    total = len(places.units)
    session, campaign, top = request.session, request.campaign, request.unit
    found = rows_by_unit(session, campaign, top, places.units, request.as_of, request.unmask)
    for done, (unit, rows) in enumerate(found, start=1):
        name, tally = places.below(unit), figures.get(unit.id or 0, Tally())
        if not rows and tally.finished:
            yield FeedbackRow(unit=name, line=_nil(tally))
        for row in rows:
            yield FeedbackRow(name, tuple([row.cells.get(field, "") for field in fields]), record=_record(row))
        request.progress(done, total)


def _nil(tally: Tally) -> str:
    """All of a unit's people who handed in reported nothing; how many that are, where it is not everybody."""
    return "零报告" if not tally.missing else f"零报告（应填{tally.expected}人，已提交{tally.finished}人）"


def _record(row: ReturnRow) -> str:
    said = "；".join([f"submission {submission_id} row {number}" for _, number, submission_id in row.sources])
    return f"{said}；corrected {' '.join(sorted(row.corrected))}" if row.corrected else said


def _silent(request: Request, places: Places, figures: Mapping[int, Tally]) -> tuple[str, ...]:
    """The units of which nobody has handed in yet: none is missing without being named or counted."""
    quiet = [
        (unit, tally.expected)
        for unit in places.units
        if (tally := figures.get(unit.id, Tally())).expected and not tally.finished
    ]
    wanted = [unit.id for unit, _ in quiet]
    heard = papers.heard_of(request.session, request.campaign.id, wanted, request.as_of)
    quiet = [(unit, count) for unit, count in quiet if unit.id not in heard]
    if not quiet:
        return ()
    people = sum(count for _, count in quiet)
    head = f"尚未提交的单位{len(quiet)}个、{people}人："
    if len(quiet) <= _NAMED:
        return (head + "、".join(f"{places.below(unit)}（{count}人）" for unit, count in quiet) + "。",)
    by_part: dict[str, list[int]] = {}
    for unit, count in quiet:
        by_part.setdefault(places.part(unit).name, []).append(count)
    return (head + "、".join(f"{name}{len(counts)}个（{sum(counts)}人）" for name, counts in by_part.items()) + "。",)
