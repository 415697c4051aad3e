"""汇总表: a county's or the city's workbook with figures of every part, every return, what data there was, and native
charts over them.

Must not know where the figures come from (`summary_figures.py`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO

from handlers.papers import MAKER, summary_figures
from handlers.papers.flow import HEAD, LINE, Cell, Flow, points
from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.papers.summary_figures import STATES, Part, Return
from handlers.papers.workbook import HEITI, Chart, Look, NewBook, Series
from handlers.texts import plain
from storage import returns
from storage.oversight import Tally

_TEXT, _MIDDLE = Look(size=11, boxed=True), Look(size=11, boxed=True, across="center")
_COUNT = Look(size=11, boxed=True, across="center", form="0")
_SHARE = Look(size=11, boxed=True, across="center", form="0.0%")
_TOTAL = Look(face=HEITI, size=11, boxed=True, across="center")
_TOGETHER = 390.0
"""So many points stay together at most: they still fit below the title of a sheet."""
_SHOWN_TEXTS, _CHARTED_TEXTS = 15, 8

Figure = tuple[str, Look, Callable[[Tally], float]]
_FIGURES: tuple[Figure, ...] = (
    ("应填", _COUNT, lambda tally: tally.expected),
    ("已提交", _COUNT, lambda tally: tally.finished),
    ("完成率", _SHARE, lambda tally: _share(tally.finished, tally.expected)),
    ("按时率", _SHARE, lambda tally: _share(tally.on_time, tally.expected)),
    ("未完成", _COUNT, lambda tally: tally.missing),
    ("其中已开始", _COUNT, lambda tally: tally.started),
    ("逾期提交", _COUNT, lambda tally: tally.late),
    ("零报告", _COUNT, lambda tally: tally.nil),
    ("接触过数据", _COUNT, lambda tally: tally.touched),
    ("其中已签", _COUNT, lambda tally: tally.pledged),
    ("免填", _COUNT, lambda tally: tally.exempt),
)
_SHARE_COLUMN = 4
_PARTS_WIDTHS = (24.0, *(10.8 for _ in _FIGURES))
_RETURNS = (
    "序号",
    "单位",
    "报送到",
    "状态",
    "应填",
    "已提交",
    "零报告",
    "确认",
    "盖章",
    "上报",
    "接收",
    "退回次数",
    "逾期",
)
_RETURNS_WIDTHS = (6.0, 30.0, 16.0, 10.0, 8.0, 8.0, 8.0, 13.0, 13.0, 13.0, 13.0, 9.0, 7.0)
_STEPS = (returns.CONFIRM, returns.STAMP, returns.SUBMIT, returns.ACCEPT)
_TEXTS_WIDTHS = (8.0, 96.0, 14.0, 24.0)


def _share(count: int, of: int) -> float:
    """Cut, not rounded: 100% only when it is everybody."""
    return count * 1000 // of / 1000 if of else 1.0


def make_summary(request: Request, out: BinaryIO) -> None:
    """The workbook of a unit with all below it."""
    places = Places(request.session, request.unit)
    title = f"{request.campaign.name}汇总表"
    below = f"{places.title}，截至 {plain.stamp(request.as_of, request.campaign)}"
    book = NewBook(title=title, maker=MAKER, created=request.as_of, proof=request.proof)

    def sheet(name: str, widths: Sequence[float], heading: str) -> Flow:
        flow = Flow(book, name, widths, foot=places.title, proof=request.proof)
        flow.title(heading, below)
        return flow

    found = summary_figures.returns(request, places)
    _overview(request, sheet("概况", _PARTS_WIDTHS, title), found)
    _units(request, sheet("单位", _RETURNS_WIDTHS, "报送单位"), found)
    _texts(request, sheet("数据", _TEXTS_WIDTHS, "反馈表里的数据"))
    book.source("概况", "self-checks, submissions and the roster as of the moment")
    for number, each in enumerate(found, start=1):
        book.source(f"单位 {number}", f"return of {each.code}")
    book.save(out)


def _overview(request: Request, flow: Flow, found: Sequence[Return]) -> None:
    """The parts, the state of the returns, the days: each a table with a chart."""
    total, parts = summary_figures.parts(request)
    head = flow.headings(("单位", *(name for name, _, _ in _FIGURES)))
    for part in parts:
        flow.cells(_figures(part, _MIDDLE))
    last = flow.row
    flow.cells(_figures(Part("合计", total), _TOTAL))
    if parts:
        chart = Chart(
            kind="bar",
            title="各单位完成率",
            names=1,
            series=(Series(column=_SHARE_COLUMN),),
            first=head + 1,
            last=last,
            form="0%",
            highest=1.0,
            height_cm=7,
        )
        flow.chart(chart)
    if found:
        _states(flow, found)
    _days(request, flow)
    flow.end()


def _figures(part: Part, look: Look) -> list[Cell]:
    return [(part.name, look), *((figure(part.tally), form) for _, form, figure in _FIGURES)]


def _states(flow: Flow, found: Sequence[Return]) -> None:
    chart = Chart(
        kind="pie",
        title="报送单位的状态",
        names=1,
        series=(Series(column=2),),
        first=0,
        last=0,
        width_cm=15,
        height_cm=7,
    )
    flow.section(f"上报状态（{len(found)}个报送单位）", points(chart))
    head = flow.headings(("状态", "单位数"))
    for name, count in summary_figures.states(found):
        flow.cells(((name, _MIDDLE), (count, _COUNT)))
    flow.chart_beside(head, 4, chart.over(head + 1, flow.row))


def _days(request: Request, flow: Flow) -> None:
    found = summary_figures.days(request)
    chart = Chart(
        kind="line",
        title="累计提交人数",
        names=1,
        series=(Series(column=2, colour="C00000"),),
        first=0,
        last=0,
        width_cm=17,
        height_cm=7,
    )
    flow.section("每日累计提交", max(points(chart), HEAD + min(len(found), 8) * LINE))
    head = flow.headings(("日期", "累计提交"))
    for day, count in found:
        flow.cells(((plain.day(day), _MIDDLE), (count, _COUNT)))
    if len(found) > 1:
        flow.chart_beside(head, 4, chart.over(head + 1, flow.row))


# ---------------------------------------------------------------- 单位


def _units(request: Request, flow: Flow, found: Sequence[Return]) -> None:
    head = flow.headings(_RETURNS)
    flow.page.freeze_below(head)
    for number, each in enumerate(found, start=1):
        flow.cells(_return(request, number, each))
        flow.finish()
    if not found:
        flow.nothing("还没有报送单位：没有一个单位设了联络员。", len(_RETURNS), _MIDDLE)
    flow.end(header_row=head)


def _return(request: Request, number: int, each: Return) -> list[Cell]:
    tally, reported = each.tally, each.reported

    def when(at: datetime | None) -> str:
        return f"{at.astimezone(request.campaign.zone):%m-%d %H:%M}" if at else ""

    return [
        (number, _COUNT),
        (each.name, _TEXT),
        (each.receiver, _MIDDLE),
        (STATES.get(reported.state, reported.state), _MIDDLE),
        *((count, _COUNT) for count in (tally.expected, tally.finished, tally.nil)),
        *((when(reported.steps.get(step)), _MIDDLE) for step in _STEPS),
        (reported.sent_back, _COUNT),
        ("是" if reported.late else "", _MIDDLE),
    ]


# ---------------------------------------------------------------- 数据


def _texts(request: Request, flow: Flow) -> None:
    """How many rows of the table say what, column by column, each with a chart of the most frequent."""
    for name, counts in summary_figures.texts(request):
        shown, others = counts[:_SHOWN_TEXTS], counts[_SHOWN_TEXTS:]
        charted = min(len(shown), _CHARTED_TEXTS)
        chart = Chart(
            kind="bars",
            title=f"{name}（行数）",
            names=2,
            series=(Series(column=3),),
            first=0,
            last=0,
            form="0",
            height_cm=2.6 + 0.75 * charted,
        )
        room = HEAD + (len(shown) + 1) * LINE + LINE
        flow.section(name, min(room + (points(chart) if charted > 1 else 0), _TOGETHER))
        head = flow.headings(("序号", "内容", "行数"))
        for number, (text, count) in enumerate(shown, start=1):
            flow.cells(((number, _COUNT), (text, _TEXT), (count, _COUNT)))
        if others:
            rest = f"其他{len(others)}种"
            flow.cells((("", _MIDDLE), (rest, _TEXT), (sum(count for _, count in others), _COUNT)))
        if not counts:
            flow.nothing("没有。", 3, _MIDDLE)
        if charted > 1:
            flow.chart(chart.over(head + 1, head + charted))
    flow.end()
