"""考核表: the level below and every reporting unit in points, and on a sheet of its own what each number comes from.

Units only. Receipts and numbers of records stand for the records; nobody is named.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from handlers import assessment
from handlers.assessment import Assessed, Books
from handlers.campaign.assessing import Score
from handlers.campaign.checks import Assessment
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.papers import MAKER
from handlers.papers.ledger import Column, Ledger, write_sheet
from handlers.papers.request import Request
from handlers.papers.workbook import NewBook
from handlers.texts import scoring
from storage import roster
from storage.assessment import DRAWN, FINDING, HANDED_IN, INCIDENT, MISSING, RETURN, Record
from storage.models import Unit
from storage.subtree import ids

_BEHIND: dict[str, tuple[str, ...]] = {
    "on_time_people": (HANDED_IN, MISSING),
    "complete_people": (HANDED_IN, MISSING),
    "pledges": (HANDED_IN,),
    "on_time_return": (RETURN,),
    "spot_check": (DRAWN,),
    "findings": (FINDING,),
    "findings_open": (FINDING,),
    "incidents": (INCIDENT,),
}
"""The kinds of record behind each measure."""
_LONGEST = 30_000
"""Characters of one cell; Excel takes 32,767."""


def make_assessment_table(request: Request, out: BinaryIO) -> None:
    """The assessment of a unit with all below it, as of the request's moment."""
    session, campaign, chapter = request.session, request.campaign, request.campaign.assessment
    if chapter is None:
        raise LookupError("the campaign has no assessment")
    books = assessment.books(session, campaign, chapter, request.unit, request.as_of)
    name = full_name(roster.chain(session, request.unit))
    parts = [books.of(request.unit), *(books.of(unit) for unit in books.below(request.unit))]
    alone = books.each(request.unit)
    book = NewBook(title=chapter.title, maker=MAKER, created=request.as_of, proof=request.proof)
    stamp = f"截至{request.as_of.astimezone(campaign.zone):%Y-%m-%d %H:%M}"

    def sheet(title: str, columns: tuple[Column, ...], rows: Sequence[tuple[str, ...]], notes: Sequence[str]) -> None:
        ledger = Ledger(
            title=title,
            unit_name=name,
            columns=columns,
            rows=rows,
            empty="没有可以考核的单位。",
            as_of=request.as_of,
            footer=f"{stamp}，共{len(rows)}行。",
            notes=tuple(notes),
        )
        write_sheet(book, ledger, request.proof, name=title)

    head = (Column("序号", 6, middle=True), Column("单位", 26), *_items(chapter), Column("得分", 9, middle=True))
    columns = (*head, Column("满分", 9, middle=True))
    rules = [f"{item.name}（{scoring.points(item.points)}分）：{item.rule}" for item in chapter.items]
    naming, own = _names(books, request.unit), _names(books, request.unit, own=True)
    sheet(chapter.title, columns, [_row(n, one, naming) for n, one in enumerate(parts, 1)], (*rules, *chapter.notes))
    sheet("各上报单位", columns, [_row(n, one, own) for n, one in enumerate(alone, 1)], chapter.notes)
    sheet("依据", _SOURCES, [row for one in alone for row in _sources(one, own, campaign)], [_READ])
    for record in (record for one in alone for record in one.records if record.name):
        book.source(naming(books.chart.units[record.unit_id]), f"{record.kind} {record.name}")
    book.save(out)


_SOURCES = (
    Column("单位", 26),
    Column("考核项目", 14),
    Column("得分", 10, middle=True),
    Column("数量", 16, middle=True),
    Column("记录（编号和日期）", 60),
)
_READ = "“各上报单位”表的每个数在这里有记录；考核表的各级数由所含单位的记录相加后按同一规则计算。"


def _items(chapter: Assessment) -> tuple[Column, ...]:
    return tuple(Column(f"{item.name}\n（{scoring.points(item.points)}分）", 13, middle=True) for item in chapter.items)


def _row(number: int, one: Assessed, naming: Callable[[Unit], str]) -> tuple[str, ...]:
    scores = (_cell(score) for score in one.result.scores)
    return (f"{number}", naming(one.unit), *scores, scoring.points(one.result.points), scoring.points(one.result.most))


def _cell(score: Score) -> str:
    told = scoring.DASH if score.points is None else scoring.points(score.points)
    return f"{told}\n（{scoring.counts(score)}）"


def _names(books: Books, top: Unit, *, own: bool = False) -> Callable[[Unit], str]:
    """A unit with those above it, from below the paper's own unit; `own`: where only its own part is meant."""

    def name(unit: Unit) -> str:
        chain = [books.chart.units[i] for i in ids(unit.path)]
        below = [above.name for above in chain if above.path.startswith(top.path)]
        return " ".join(below[1:] or below) + ("（本级）" if own and assessment.whole(unit) else "")

    return name


def _sources(one: Assessed, naming: Callable[[Unit], str], campaign: Campaign) -> Iterator[tuple[str, ...]]:
    for score in one.result.scores:
        kinds = _BEHIND[score.item.measure]
        behind = [record for record in one.records if record.kind in kinds]
        if score.item.measure == "pledges":
            behind = [record for record in behind if record.touched]
        told = "、".join(filter(None, (_record(record, score.item.measure, campaign) for record in behind)))
        points = scoring.DASH if score.points is None else scoring.points(score.points)
        text = told if len(told) <= _LONGEST else f"{told[:_LONGEST]}……"
        yield naming(one.unit), score.item.name, points, scoring.counts(score), text or "没有记录"


def _record(record: Record, measure: str, campaign: Campaign) -> str:
    """«ZC-0518-0042（5月18日）», with what it counts against where it does."""
    day = f"{record.at.astimezone(campaign.zone):%m-%d}" if record.at else ""
    match record.kind:
        case "missing":
            return f"未提交{record.count}人"
        case "handed_in":
            flaw = {"on_time_people": not record.good, "pledges": not record.pledged}.get(measure, False)
            why = {"on_time_people": "，逾期", "pledges": "，未签"}.get(measure, "") if flaw else ""
            return f"{record.name}（{day}{why}）"
        case "return":
            return f"上报{record.name}（{day}{'' if record.good else '，逾期'}）" if record.at else "未上报"
        case "drawn":
            return f"抽查{record.name}（{day}，{'一致' if record.good else '不一致'}）"
        case "finding":
            return f"整改{record.name}（{day}，{'已完成' if record.good else '未完成'}）"
        case _:
            return f"事件{record.name}（{day}）"
