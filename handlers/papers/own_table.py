"""附件2 of one person, to be filled in and sent back: written like the notice's own table, and read however people lay
it out. What is wrong is named by its cell.

Must not know what becomes of the rows.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from handlers import leak_guard
from handlers.campaign.answers import fold, written
from handlers.campaign.chapters import UNIT_FIELD
from handlers.campaign.definition import Campaign
from handlers.campaign.matching import clean, plain
from handlers.campaign.row_changes import Texts, begun, group_of
from handlers.campaign.rows import columns_of, distinct, faults, is_example
from handlers.campaign.walk import Setting, Walk, walk
from handlers.papers.archive import Limits
from handlers.papers.feedback_table import FeedbackRow, FeedbackTable, TableColumn, write_feedback_table
from handlers.papers.request import Request
from handlers.papers.table_page import CONTINUED
from handlers.papers.workbook import Line, Oddity, address, reading
from handlers.texts import filling
from handlers.texts.plain import stamp
from storage import answer_log, cases, roster

_ODD = {
    Oddity.DATE: "这一格是日期，请改成文字，例如“5月18日已删除”",
    Oddity.ERROR: "这一格是公式错误，请直接填写文字",
    Oddity.FORMULA: "这一格是公式，还没有算出结果，请直接填写文字",
    Oddity.LONG_NUMBER: "这一格是一长串数字，请改成文字；证件号、卡号不要写",
}
_LEAK = "这一格里有证件号或一串手机号，请删掉，只写名称和数量"
_LIST = "表里有很多手机号，像是人员名单。请不要发名单，只写数据的名称和数量"
_NO_HEAD = "没有找到表头，请保留“{names}”这一行，或者发“导出 我的表”重新拿一份表"
_NO_COLUMN = "表头里没有“{name}”这一列，请补上，或者发“导出 我的表”重新拿一份表"
_EMPTY = "表里还没有填内容，请在表头下面一份数据填一行"
_NOTES = ("注", "备注", "说明", "填表说明", "截至")
_LIMITS = Limits(unpacked_bytes=20_000_000, rows=5_000, columns=32)
_HEAD_WITHIN = 40
_CELL = re.compile(r"([A-Z]{1,3})(\d+)：")


# ---------------------------------------------------------------- writing


def make_own_table(request: Request, out: BinaryIO) -> None:
    """The rows of the person in `params`, as they stand in their answers now, and empty ones below to write on."""
    campaign, paper = request.campaign, request.campaign.feedback_table
    person = roster.person_numbered(request.session, int(request.params["person"]))
    if person is None:
        raise LookupError("no such person")
    group = group_of(campaign)
    path = _path(request, person.id or 0, person.name)
    unit = "".join(u.name for u in roster.chain(request.session, request.unit)[1:]) or request.unit.name
    rows = [
        FeedbackRow(unit=unit, texts=tuple(path.cell(field, row) for field in paper.fields))
        for row in (begun(path, group) if group else ())
    ]
    write_feedback_table(
        FeedbackTable(
            title=paper.title,
            unit_name=f"{unit} {person.name}",
            columns=tuple(TableColumn(c.name, c.width, c.middle) for c in paper.columns),
            notes=tuple(paper.notes),
            rows=rows or [FeedbackRow(unit=unit, texts=("",) * len(paper.fields))],
            nil_line="",
            as_of=request.as_of,
            footer=f"{person.name} 填，{stamp(request.as_of, campaign)} 导出。填好把这个文件发回来。",
            annex=paper.annex,
            stamp_line=paper.stamp_line,
            to_fill_in=True,
            proof=request.proof,
        ),
        out,
    )


def _path(request: Request, person_id: int, name: str) -> Walk:
    case = cases.find(request.session, request.campaign.id, person_id)
    lines = answer_log.lines(request.session, case) if case else ()
    log = (written(key, given) for key, given in lines)
    today = request.as_of.astimezone(request.campaign.zone).date()
    return walk(request.campaign, fold(log), Setting(today=today, person=name, unit=""))


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTable:
    """What a workbook held: rows as words by column, and what has to be mended, by cell."""

    rows: tuple[Texts, ...]
    problems: tuple[str, ...]


def read_own_table(content: bytes, campaign: Campaign) -> OwnTable:
    """The rows of the first sheet that has the headings. Raises `Unreadable` for what is no workbook."""
    with reading(io.BytesIO(content), _LIMITS) as book:
        for sheet in book.sheet_names:
            lines = book.lines(sheet)
            head, places = _head(lines, campaign)
            if places:
                return _read(head, lines, places, campaign)
    group = group_of(campaign)
    names = "、".join(column.name for column in (group.columns if group else ())[:3])
    return OwnTable(rows=(), problems=(_NO_HEAD.format(names=names),))


def _head(lines: Iterator[Line], campaign: Campaign) -> tuple[int, dict[int, str]]:
    for line in lines:
        if line.number > _HEAD_WITHIN:
            break
        if places := columns_of(campaign, [_text(cell) for cell in line.cells]):
            return line.number, places
    return 0, {}


def _read(head: int, lines: Iterator[Line], places: Mapping[int, str], campaign: Campaign) -> OwnTable:
    group = group_of(campaign)
    columns = group.columns if group else []
    problems = [
        f"{address(1, head)}：{_NO_COLUMN.format(name=column.name)}"
        for column in columns
        if not column.suggest and column.id not in places.values()
    ]
    if group is None or problems:
        return OwnTable(rows=(), problems=tuple(problems))
    rows: list[Texts] = []
    at: list[int] = []
    for line in _until_notes(lines, places):
        texts, wrong = _row(line, places)
        if is_example(campaign, texts):
            continue
        texts = {field: text for field, text in texts.items() if field != UNIT_FIELD}
        if rows and _goes_on(texts, group.columns[0].id):
            rows[-1] = _joined(rows[-1], texts, group.columns[0].id)
            continue
        problems += wrong
        if any(texts.values()) or wrong:
            rows.append(texts)
            at.append(line.number)
    odd = {problem.partition("：")[0] for problem in problems}
    for fault in faults(group, rows):
        place = next(place for place, field in places.items() if field == fault.column.id)
        cell = address(place + 1, at[fault.row - 1])
        if cell not in odd:
            length = len(rows[fault.row - 1].get(fault.column.id, ""))
            problems.append(f"{cell}：{filling.problem(fault, length)}")
    if _lists_people(rows, [column.id for column in columns if not column.suggest]):
        problems.append(_LIST)
    if not rows:
        first = min(place for place, field in places.items() if field != UNIT_FIELD)
        problems.append(f"{address(first + 1, head + 1)}：{_EMPTY}")
    return OwnTable(rows=tuple(distinct(rows)), problems=tuple(sorted(problems, key=_by_cell)))


def _by_cell(problem: str) -> tuple[int, int, str]:
    """Row by row, as one goes through a table; what is about no cell comes last."""
    found = _CELL.match(problem)
    return (int(found[2]), len(found[1]), found[1]) if found else (_LIMITS.rows, 0, "")


def _until_notes(lines: Iterator[Line], places: Mapping[int, str]) -> Iterator[Line]:
    """The lines of the table. The notes below it end it: one cell that begins like a note, and nothing else."""
    for line in lines:
        filled = [_text(cell) or "?" for cell in line.cells if cell]
        if len(filled) == 1 and plain(filled[0]).startswith(_NOTES) and line.cells.index(_first(line)) <= min(places):
            return
        yield line


def _first(line: Line) -> str | Oddity:
    return next(cell for cell in line.cells if cell)


def _row(line: Line, places: Mapping[int, str]) -> tuple[dict[str, str], list[str]]:
    """The cells as words, and what is wrong with those that are none or hold what must not be kept."""
    texts: dict[str, str] = {}
    problems = []
    for place, field in places.items():
        cell = line.cells[place] if place < len(line.cells) else ""
        texts[field] = _text(cell)
        if field == UNIT_FIELD:
            continue
        if isinstance(cell, Oddity):
            problems.append(f"{address(place + 1, line.number)}：{_ODD[cell]}")
        elif leak_guard.look(texts[field]):
            texts[field] = ""
            problems.append(f"{address(place + 1, line.number)}：{_LEAK}")
    return texts, problems


def _goes_on(texts: Texts, first: str) -> bool:
    """The rest of a row that was too tall for one page."""
    return texts.get(first, "").endswith(CONTINUED)


def _joined(before: Texts, rest: Texts, first: str) -> dict[str, str]:
    return {f: text if f == first else text + rest.get(f, "") for f, text in before.items()}


def _lists_people(rows: Sequence[Texts], fields: Sequence[str]) -> bool:
    """Contacts apart, many mobile numbers are a list of people."""
    return leak_guard.look("\n".join(row.get(field, "") for row in rows for field in fields)) is not None


def _text(cell: str | Oddity) -> str:
    return "" if isinstance(cell, Oddity) else " ".join(clean(cell).split())
