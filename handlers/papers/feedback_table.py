"""附件2, the feedback table, laid out for A4 across: ready to print and to stamp.

Must not know where the rows come from; every word of the notice comes as an argument.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import ceil
from typing import BinaryIO

from handlers.papers import MAKER
from handlers.papers.text_fit import chunks, width_of, wrap
from handlers.papers.workbook import HEITI, XIAOBIAOSONG, Look, NewBook, Page

# Narrow for names, wide for the texts, as in the notice. Together just under the 257 mm between the margins.
_WIDTHS = (12.5, 14.6, 28.5, 26.5, 21.5, 19.5, 14.6)
_MARGINS_MM = (20.0, 20.0, 18.0, 16.0)
# Points of height a page offers, less a little, because programs differ in where they end a page.
_PAGE_POINTS = 176 / 25.4 * 72 * 0.97
_LINE_POINTS, _CELL_POINTS = 17.5, 9.0
# A row of more lines is cut: Excel shows none taller than 409 points, and this much still fits on page 1.
_MOST_LINES = 18
_ANNEX_POINTS, _TITLE_POINTS, _STAMP_POINTS, _NIL_POINTS, _NOTE_POINTS = 22.0, 42.0, 52.0, 72.0, 17.5
_GAP_POINTS = 8.0
_CONTINUED = "（续）"

_ANNEX = Look(face=HEITI, size=14)
_TITLE = Look(face=XIAOBIAOSONG, size=22, across="center")
_STAMP = Look(size=14)
_HEADER = Look(bold=True, across="center", boxed=True)
_NAME = Look(across="center", boxed=True)
_BODY = Look(boxed=True)
_NOTE = Look(down="bottom")
_FOOTER = Look(size=10, across="right")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    """One line: a unit and one kind of data it used."""

    unit: str
    data_name: str
    ways: str
    usage: str
    risk: str
    rectification: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTable:
    """The whole paper. Rows of one unit stand together; `nil_line` is printed when there are none."""

    title: str
    unit_name: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    rows: tuple[FeedbackRow, ...]
    nil_line: str
    as_of: datetime
    footer: str
    annex: str = "附件2"
    stamp_line: str = "单位盖章："


@dataclass(frozen=True, slots=True)
class _Strip:
    """One row of the sheet: a row of the table, or the part of a tall one that fits."""

    unit: str
    texts: tuple[str, ...]
    height: float


def write_feedback_table(table: FeedbackTable, out: BinaryIO) -> None:
    """Write the table as an .xlsx file."""
    if len(table.columns) != len(_WIDTHS):
        raise ValueError(f"the table has {len(_WIDTHS)} columns, {len(table.columns)} given")
    if table.as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    book = NewBook(title=table.title, maker=MAKER, created=table.as_of)
    page = book.page("反馈表")
    page.widths(_WIDTHS)
    header = _write_head(page, table)
    used = _ANNEX_POINTS + _TITLE_POINTS + _STAMP_POINTS
    if table.rows:
        below = _write_strips(page, table, header, used)
    else:
        page.across(header + 1, len(_WIDTHS), table.nil_line, _NAME)
        page.height(header + 1, max(_NIL_POINTS, _needs((table.nil_line,), (sum(_WIDTHS),))))
        below = header + 2
    last = _write_notes(page, table, below)
    page.freeze_below(header)
    page.landscape_a4(header_row=header, columns=len(_WIDTHS), last_row=last, margins=_MARGINS_MM)
    page.page_numbers(table.unit_name)
    book.save(out)


def _write_head(page: Page, table: FeedbackTable) -> int:
    """Everything above the rows; answers the number of the header row."""
    lines = (
        (table.annex, _ANNEX, _ANNEX_POINTS),
        (table.title, _TITLE, _TITLE_POINTS),
        (table.stamp_line, _STAMP, _STAMP_POINTS),
    )
    for row, (text, look, height) in enumerate(lines, start=1):
        page.across(row, len(_WIDTHS), text, look)
        page.height(row, height)
    header = len(lines) + 1
    for column, text in enumerate(_headings(table), start=1):
        page.put(header, column, text, _HEADER)
    page.height(header, _header_points(table))
    return header


def _header_points(table: FeedbackTable) -> float:
    return max(36.0, _needs(_headings(table), _WIDTHS))


def _headings(table: FeedbackTable) -> list[str]:
    """The column names; one too wide for its column is broken into even lines."""
    headings = []
    for text, width in zip(table.columns, _WIDTHS, strict=True):
        lines = ceil(width_of(text) / _half_characters(width))
        size = ceil(len(text) / max(lines, 1)) or 1
        headings.append("\n".join(text[start : start + size] for start in range(0, len(text), size)))
    return headings


def _write_strips(page: Page, table: FeedbackTable, header: int, used: float) -> int:
    """The rows, page by page; answers the first row below them."""
    strips = [strip for row in table.rows for strip in _strips(row)]
    room = _PAGE_POINTS - _header_points(table)
    row = header + 1
    for number, sheet in enumerate(_pages(strips, room, room - used, _notes_points(table))):
        if number:
            page.break_before(row)
        row = _write_page(page, sheet, row)
    return row


def _strips(row: FeedbackRow) -> Iterator[_Strip]:
    """The row as it is, or cut between lines if it is too tall for one."""
    texts = (row.data_name, row.ways, row.usage, row.risk, row.rectification, row.contact)
    room = [_half_characters(width) for width in _WIDTHS]
    # The unit's own cell is merged downwards, but it has to fit when its row stands alone.
    unit = chunks(row.unit, room[0], _MOST_LINES)[0]
    tallest = max(len(wrap(text, width)) for text, width in zip(texts, room[1:], strict=True))
    # Even parts, so that no page ends up with a last line alone.
    most = ceil(tallest / ceil(tallest / _MOST_LINES))
    parts = [chunks(text, width, most) for text, width in zip(texts, room[1:], strict=True)]
    for number in range(max(len(part) for part in parts)):
        shown = [part[number] if number < len(part) else "" for part in parts]
        if number:
            shown[0] = shown[0] or parts[0][0] + _CONTINUED
        yield _Strip(unit, tuple(shown), _needs((unit, *shown), _WIDTHS))


def _pages(strips: Sequence[_Strip], room: float, first_room: float, notes: float) -> list[list[_Strip]]:
    """The strips of each page. The notes get company: they don't stand alone on the last one."""
    pages: list[list[_Strip]] = [[]]
    left = first_room
    for strip in strips:
        if pages[-1] and strip.height > left:
            pages.append([])
            left = room
        pages[-1].append(strip)
        left -= strip.height
    if left < notes and len(pages[-1]) > 1:
        pages.append([pages[-1].pop()])
    return pages


def _write_page(page: Page, strips: Sequence[_Strip], row: int) -> int:
    """One printed page. Names are merged within a page only, so every page says whose rows it shows."""
    for unit, group in groupby(strips, key=lambda strip: strip.unit):
        first = row
        for strip in group:
            for column, text in enumerate(strip.texts, start=2):
                page.put(row, column, text, _NAME if column == 2 else _BODY)
            page.height(row, strip.height)
            row += 1
        page.across(first, 1, unit, _NAME, last_row=row - 1)
    return row


def _write_notes(page: Page, table: FeedbackTable, row: int) -> int:
    """The notes, one under the other behind their mark, and the footer; answers the last row."""
    for number, text in enumerate(table.notes):
        page.across(row, len(_WIDTHS), text, _NOTE)
        page.height(row, _note_points(text) + (0 if number else _GAP_POINTS))
        row += 1
    page.across(row, len(_WIDTHS), table.footer, _FOOTER)
    page.height(row, _NOTE_POINTS)
    return row


def _notes_points(table: FeedbackTable) -> float:
    return sum(_note_points(text) for text in table.notes) + _GAP_POINTS + _NOTE_POINTS


def _note_points(text: str) -> float:
    return len(wrap(text, _half_characters(sum(_WIDTHS)))) * _NOTE_POINTS


def _needs(texts: Sequence[str], widths: Sequence[float]) -> float:
    """The height in points that shows all texts in cells of these widths."""
    lines = max(len(wrap(text, _half_characters(width))) for text, width in zip(texts, widths, strict=True))
    return lines * _LINE_POINTS + _CELL_POINTS


def _half_characters(width: float) -> int:
    """How many half characters of 12 points, 8 pixels each, a column holds; its unit is 7 pixels."""
    return int((width * 7 - 6) / 8)
