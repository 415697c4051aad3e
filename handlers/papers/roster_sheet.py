"""A sheet of the roster workbook as cleaned cells under known column names, and the errors found in it.

Must not know what units and people are: it finds columns, cleans texts and names cells.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from handlers.inert import inert
from handlers.papers.cell_text import clean_code, clean_name, unshortened
from handlers.papers.roster_words import EXAMPLE, PEOPLE_COLUMNS, PEOPLE_SHEET, UNIT_COLUMNS, UNIT_SHEET
from handlers.papers.workbook import Area, Line, Oddity, OpenBook, address

_ODD = {
    Oddity.DATE: "这一格是日期，请把这一列设为文本格式后重填",
    Oddity.ERROR: "这一格是公式错误，请直接填写文字",
    Oddity.FORMULA: "这一格是公式，还没有算出结果，请直接填写内容",
    Oddity.LONG_NUMBER: "数字超过15位，末尾已被表格软件改成0，请把这一列设为文本格式后重填",
}
_MERGED = "{corner} 到 {end} 合并成了一格，只有第一格算数，请取消合并，每一格都填上"
_HEADER_WITHIN = 5
_MOST_MERGED = 100
"""So many merged areas are named at once; the file is not taken while there is one."""
_OTHER = {
    UNIT_SHEET: (PEOPLE_SHEET, [name for name in PEOPLE_COLUMNS if name != "账号"]),
    PEOPLE_SHEET: (UNIT_SHEET, UNIT_COLUMNS),
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TELL_EVERY = 500
_SHORTENED = "数字已被缩写成“1.23E+10”这样，后几位丢失，请把这一列设为文本格式后重填"


@dataclass(frozen=True, slots=True)
class CellError:
    """One thing to mend: the sheet, the cell as Excel names it (empty for a whole sheet), what to do."""

    sheet: str
    cell: str
    problem: str


class Errors(list[CellError]):
    """What was found in one sheet, in the order it was found."""

    def __init__(self, sheet: str) -> None:
        super().__init__()
        self._sheet = sheet

    def note(self, cell: str, problem: str) -> None:
        self.append(CellError(self._sheet, cell, problem))

    def sorted(self) -> list[CellError]:
        """From the top of the sheet down."""
        return sorted(self, key=lambda error: int(error.cell.lstrip(_LETTERS) or 0))


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its number, its texts and where its columns stand, by column name."""

    row: int
    texts: Mapping[str, str]
    places: Mapping[str, int]

    def cell(self, name: str) -> str:
        """The cell of a column as Excel names it."""
        return address(self.places[name] + 1, self.row)


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a column whatever it means: is it a code, must it be filled, how long may it be."""

    code: bool
    required: bool
    longest: int = 64
    optional: bool = False
    """The whole column may be missing."""


class Sheet:
    """Reads one sheet by its rules. A cell that breaks a rule is noted and read as empty."""

    def __init__(self, name: str, rules: Mapping[str, Rule]) -> None:
        self.name = name
        self.errors = Errors(name)
        self._rules = rules
        self._places: Mapping[str, int] = {}

    def cell(self, name: str, row: int) -> str:
        """The cell of a column as Excel names it; the first of the row where the column is missing."""
        return address(self._places.get(name, 0) + 1, row)

    def records(self, book: OpenBook, progress: Callable[[int], None] | None = None) -> Iterator[Record]:
        """`progress` is told the number of the row now and then."""
        if self.name not in book.sheet_names:
            self.errors.note("", f"缺少工作表“{self.name}”，请用模板填写，不要改工作表的名称")
            return
        lines = book.lines(self.name)
        header = self._header(lines)
        self._places = places = self._found(header)
        last = 0
        for line in lines if places else ():
            if progress and line.number % _TELL_EVERY == 0:
                progress(line.number)
            record = self._record(line, places)
            if record is not None:
                last = record.row
                yield record
        if header and last:
            self._unmerge(book.merged(self.name), header.number + 1, last)

    def _header(self, lines: Iterator[Line]) -> Line | None:
        """The line with the column names: the first, or one close below a title that was put above it."""
        first = next(lines, None)
        wanted = {name for name, rule in self._rules.items() if not rule.optional}
        if first is None or wanted <= _headings(first):
            return first
        return next((line for line in islice(lines, _HEADER_WITHIN - 1) if wanted <= _headings(line)), first)

    def _unmerge(self, areas: Sequence[Area], first: int, last: int) -> None:
        """Merged cells among the rows are named, instead of all the cells under them that look empty."""
        ours = [area for area in areas if any(area.holds(p + 1, area.top) for p in self._places.values())]
        ours = [area for area in ours if area.bottom >= first and area.top <= last][:_MOST_MERGED]
        outside = [error for error in self.errors if not any(area.covers(error.cell) for area in ours)]
        self.errors[:] = outside
        for area in ours:
            self.errors.note(area.corner, _MERGED.format(corner=area.corner, end=area.end))

    def _found(self, header: Line | None) -> dict[str, int]:
        """The column of each name, from 0; nothing if one is missing, for then no row can be read."""
        names = [_heading(cell) for cell in header.cells] if header else []
        row = header.number if header else 1
        other, columns = _OTHER[self.name]
        if not set(self._rules) <= set(names) and set(columns) <= set(names):
            self.errors.note(address(1, row), f"这张表里是“{other}”的内容，两张工作表的名称可能对调了，请改回来")
            return {}
        complete = True
        for name, rule in self._rules.items():
            if name not in names and not rule.optional:
                self.errors.note(address(1, row), f"第 {row} 行缺少“{name}”列，请补上列名")
                complete = False
            elif names.count(name) > 1:
                again = names.index(name, names.index(name) + 1)
                self.errors.note(address(again + 1, row), f"“{name}”列出现了两次，请删去一列")
                complete = False
        return {name: names.index(name) for name in self._rules if name in names} if complete else {}

    def _record(self, line: Line, places: Mapping[str, int]) -> Record | None:
        """The row as texts; None for a row with nothing in the known columns and for an example."""
        raw = {name: line.cells[place] for name, place in places.items()}
        if not any(isinstance(cell, Oddity) or clean_name(cell) for cell in raw.values()):
            return None
        first = raw[next(iter(self._rules))]
        if isinstance(first, str) and clean_name(first).startswith(EXAMPLE):
            return None
        texts = {}
        for name, cell in raw.items():
            texts[name], problem = self._text(name, cell)
            if problem:
                self.errors.note(address(places[name] + 1, line.number), problem)
        return Record(line.number, texts, places)

    def _text(self, name: str, raw: str | Oddity) -> tuple[str, str]:
        """The cleaned text and nothing, or nothing and what is wrong with it."""
        rule = self._rules[name]
        if isinstance(raw, Oddity):
            return "", _ODD[raw]
        text = unshortened(clean_code(raw)) if rule.code else inert(clean_name(raw))
        if text is None:
            return "", _SHORTENED
        if not text and rule.required:
            return "", f"“{name}”没有填写"
        if len(text) > rule.longest:
            return "", f"“{name}”超过 {rule.longest} 个字，请缩短"
        return text, ""


def _headings(line: Line) -> set[str]:
    return {_heading(cell) for cell in line.cells}


def _heading(cell: str | Oddity) -> str:
    """A column name without marks like * or （必填）, which people add to headers."""
    if isinstance(cell, Oddity):
        return ""
    return clean_name(cell).replace(" ", "").replace("*", "").split("(")[0].split("（")[0]
