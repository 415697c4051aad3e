"""附件2, the feedback table, laid out for A4 across: ready to print and to stamp, page by page.

Must not know where the rows come from; every word of the notice comes as an argument.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import BinaryIO, NamedTuple

from handlers.papers import MAKER
from handlers.papers.proof import Proof
from handlers.papers.table_page import Strip, Strips
from handlers.papers.text_fit import half_characters, width_of, wrap
from handlers.papers.workbook import HEITI, SHEET_ROWS, XIAOBIAOSONG, CellForm, Look, NewBook, Page

# All columns together, in characters of the sheet: just under the 257 mm between the margins.
_WIDTH = 137.7
_MARGINS_MM = (20.0, 20.0, 18.0, 16.0)
# Points of height a page offers, less a little, because programs differ in where they end a page.
_PAGE_POINTS = 176 / 25.4 * 72 * 0.97
_ANNEX_POINTS, _TITLE_POINTS, _STAMP_POINTS, _NIL_POINTS, _NOTE_POINTS = 22.0, 42.0, 52.0, 72.0, 17.5
_GAP_POINTS, _BLANK_POINTS = 8.0, 44.0

_NAME_OF_SHEET = "反馈表"
_ANNEX = Look(face=HEITI, size=14)
_TITLE = Look(face=XIAOBIAOSONG, size=22, across="center")
_STAMP = Look(size=14)
_HEADER = Look(bold=True, across="center", boxed=True)
_NAME = Look(across="center", boxed=True)
_BODY = Look(boxed=True)
_NOTE = Look(down="bottom")
_FOOTER = Look(size=10, across="right")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its heading, its width beside the others', whether its cells stand in the middle."""

    name: str
    width: float
    middle: bool = False


class FeedbackRow(NamedTuple):
    """One line: a unit and one kind of data it used, a text per column behind the unit's. With a `line` instead of
    texts it says one thing across them (零报告)."""

    unit: str
    texts: tuple[str, ...] = ()
    line: str = ""
    record: str = ""
    """Which record it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTable:
    """The whole paper. Rows of one unit stand together, the unit's name in the first column; `nil_line` is printed
    when there are none. `rows` may be a generator."""

    title: str
    unit_name: str
    columns: tuple[TableColumn, ...]
    notes: tuple[str, ...]
    rows: Iterable[FeedbackRow]
    nil_line: str
    as_of: datetime
    footer: str
    annex: str = "附件2"
    stamp_line: str = "单位盖章："
    page_per_unit: bool = False
    """Every unit with data begins a new page."""
    to_fill_in: bool = False
    """Empty rows down to the end of the first page, to be written on."""
    sheet_rows: int = SHEET_ROWS
    """So many fit on a sheet; what is more stands on a further one."""
    proof: Proof | None = field(default=None)

    @property
    def widths(self) -> tuple[float, ...]:
        """Fitted to the page."""
        whole = sum(column.width for column in self.columns)
        return tuple(column.width * _WIDTH / whole for column in self.columns)

    @property
    def looks(self) -> list[Look]:
        """Of the cells of a row."""
        return [_NAME, *(_NAME if column.middle else _BODY for column in self.columns[1:])]


def write_feedback_table(table: FeedbackTable, out: BinaryIO) -> None:
    """Write the table as an .xlsx file: one sheet, and further ones where Excel has no room for more rows."""
    if table.as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    book = NewBook(title=table.title, maker=MAKER, created=table.as_of, proof=table.proof)
    page = _begin(book, table, _NAME_OF_SHEET)
    header = _write_head(page, table)
    page.freeze_below(header)
    page, header, below = _write_rows(book, page, table, header)
    _end(page, table, header, _write_notes(page, table, below))
    book.save(out)


def _begin(book: NewBook, table: FeedbackTable, name: str) -> Page:
    page = book.page(name)
    page.widths(table.widths)
    page.paper_a4(margins=_MARGINS_MM)
    return page


def _end(page: Page, table: FeedbackTable, header: int, last: int) -> None:
    page.print_rows(header_row=header, columns=len(table.columns), last_row=last)
    page.page_numbers(table.unit_name, table.proof.footer if table.proof else "")


def _go_on(book: NewBook, table: FeedbackTable, number: int) -> Page:
    """A further sheet, with the headings only."""
    page = _begin(book, table, f"{_NAME_OF_SHEET}{number}")
    _write_headings(page, table, 1)
    page.freeze_below(1)
    return page


def _write_head(page: Page, table: FeedbackTable) -> int:
    """Everything above the rows; answers the number of the header row."""
    _says(table, table.title, table.unit_name, *(column.name for column in table.columns))
    lines = (
        (table.annex, _ANNEX, _ANNEX_POINTS),
        (table.title, _TITLE, _TITLE_POINTS),
        (table.stamp_line, _STAMP, _STAMP_POINTS),
    )
    for row, (text, look, height) in enumerate(lines, start=1):
        page.across(row, len(table.columns), text, look)
        page.height(row, height)
    header = len(lines) + 1
    _write_headings(page, table, header)
    return header


def _write_headings(page: Page, table: FeedbackTable, row: int) -> None:
    for column, text in enumerate(_headings(table), start=1):
        page.put(row, column, text, _HEADER)
    page.height(row, _header_points(table))


def _header_points(table: FeedbackTable) -> float:
    return max(36.0, Strips.height_of(_headings(table), table.widths))


def _headings(table: FeedbackTable) -> list[str]:
    """The column names; one too wide for its column is broken into even lines."""
    headings = []
    for column, width in zip(table.columns, table.widths, strict=True):
        lines = ceil(width_of(column.name) / half_characters(width))
        size = ceil(len(column.name) / max(lines, 1)) or 1
        headings.append("\n".join(column.name[start : start + size] for start in range(0, len(column.name), size)))
    return headings


def _write_rows(book: NewBook, page: Page, table: FeedbackTable, header: int) -> tuple[Page, int, int]:
    """The rows, page by page, each page leaving the memory; answers the last sheet, its header row and the first row
    below them."""
    used = _ANNEX_POINTS + _TITLE_POINTS + _STAMP_POINTS
    room = _PAGE_POINTS - _header_points(table)
    strips = Strips(table.widths, room=room, first=room - used, keep=_notes_points(table))
    styles = page.styles(table.looks), page.styles([_NAME] * len(table.columns))
    row, sheets, below = header + 1, 1, len(table.notes) + 1
    for number, sheet in enumerate(strips.pages(_cut(strips, table))):
        if row - 1 + len(sheet) + below > table.sheet_rows:
            _end(page, table, header, row - 1)
            sheets += 1
            page, header, row = _go_on(book, table, sheets), 1, 2
        elif number:
            page.break_before(row)
        row = _write_page(book, page, styles, sheet, row)
    if table.to_fill_in:
        for _ in range(max(int((strips.left - _notes_points(table)) / _BLANK_POINTS), 1)):
            for column in range(1, len(table.columns) + 1):
                page.put(row, column, "", _BODY)
            page.height(row, _BLANK_POINTS)
            row += 1
    elif row == header + 1:
        _says(table, table.nil_line)
        page.across(row, len(table.columns), table.nil_line, _NAME)
        page.height(row, max(_NIL_POINTS, Strips.height_of((table.nil_line,), (sum(table.widths),))))
        row += 1
    return page, header, row


def _cut(strips: Strips, table: FeedbackTable) -> Iterator[Strip]:
    """Every row as strips of paper; told to the proof on the way."""
    before: FeedbackRow | None = None
    for row in table.rows:
        _says(table, row.unit, row.line, *row.texts)
        alone = table.page_per_unit and before is not None and before.unit != row.unit
        parted = alone and not (row.line and before and before.line)  # nil returns share a page
        yield from strips.cut(row.unit, row.texts, line=row.line, record=row.record, new_page=parted)
        before = row


def _write_page(
    book: NewBook, page: Page, styles: tuple[Sequence[CellForm], ...], strips: Sequence[Strip], row: int
) -> int:
    """One printed page. Names are merged within a page only, so every page says whose rows it shows."""
    cells, across = styles
    width = len(cells)
    sheet = "" if page.name == _NAME_OF_SHEET else f"{page.name} "
    for unit, group in groupby(strips, key=attrgetter("unit")):
        first, named = row, unit
        for strip in group:
            if strip.line:
                page.line(row, (named, strip.line, *[""] * (width - 2)), across, strip.height)
                page.join(row, row, 2, width)
            else:
                page.line(row, (named, *strip.texts), cells, strip.height)
            if strip.record:
                book.source(f"{sheet}{row}", strip.record)
            row, named = row + 1, ""
        page.join(first, row - 1, 1, 1)
    return row


def _write_notes(page: Page, table: FeedbackTable, row: int) -> int:
    """The notes, one under the other behind their mark, and the footer; answers the last row."""
    _says(table, *table.notes, table.footer)
    for number, text in enumerate(table.notes):
        page.across(row, len(table.columns), text, _NOTE)
        page.height(row, _note_points(text) + (0 if number else _GAP_POINTS))
        row += 1
    page.across(row, len(table.columns), table.footer, _FOOTER)
    page.height(row, _NOTE_POINTS)
    return row


def _says(table: FeedbackTable, *texts: str) -> None:
    if table.proof:
        table.proof.says(*texts)


def _notes_points(table: FeedbackTable) -> float:
    return sum(_note_points(text) for text in table.notes) + _GAP_POINTS + _NOTE_POINTS


def _note_points(text: str) -> float:
    return len(wrap(text, half_characters(_WIDTH))) * _NOTE_POINTS
