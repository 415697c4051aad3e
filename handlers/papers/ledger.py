"""A ledger: any list that goes out on paper, laid out for A4 across with a head, a footer and where it comes from.

Must not know what is listed; every word comes as an argument.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from handlers.papers import MAKER
from handlers.papers.proof import Proof
from handlers.papers.text_fit import count_lines, half_characters
from handlers.papers.workbook import HEITI, SHEET_ROWS, XIAOBIAOSONG, Look, NewBook, Page


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and whether its cells stand in the middle."""

    name: str
    width: float
    middle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The whole paper. `rows` may be a generator; `empty` is printed when there are none."""

    title: str
    unit_name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[str, ...]]
    empty: str
    as_of: datetime
    footer: str
    notes: tuple[str, ...] = ()
    stamp_line: str = ""
    """«单位盖章：» where it is to be stamped."""
    sources: Iterable[tuple[str, str]] = field(default=())
    """For the hidden sheet: which records each row came from, as (what, which). Read after the rows."""
    sheet_rows: int = SHEET_ROWS
    """So many fit on a sheet; what is more stands on a further one."""


_TITLE = Look(face=XIAOBIAOSONG, size=20, across="center")
_STAMP = Look(size=14)
_HEADER = Look(face=HEITI, across="center", boxed=True)
_BODY, _MIDDLE = Look(boxed=True), Look(boxed=True, across="center")
_NOTE, _FOOTER = Look(size=11), Look(size=10, across="right")
_MARGINS_MM = (15.0, 15.0, 18.0, 16.0)
# What stands between the margins, in characters of the sheet; wider ledgers are printed smaller.
_PAGE_WIDTH = 142.0
_LINE_POINTS, _CELL_POINTS, _TALLEST = 17.5, 7.0, 409.0
_SHEET_NAME = 31


def write_ledger(ledger: Ledger, out: BinaryIO, proof: Proof | None = None) -> None:
    """Write the ledger as an .xlsx file. `proof` is the request's."""
    book = NewBook(title=ledger.title, maker=MAKER, created=ledger.as_of, proof=proof)
    write_sheet(book, ledger, proof)
    for what, which in ledger.sources:
        book.source(what, which)
    book.save(out)


def write_sheet(book: NewBook, ledger: Ledger, proof: Proof | None = None, name: str = "") -> None:
    """The ledger as one sheet of a workbook, and further ones where Excel has no room for more rows."""
    width, widths, title = len(ledger.columns), _fitted(ledger), (name or ledger.title)[:_SHEET_NAME]
    page, header = _begin(book, ledger, widths, title)
    _says(proof, ledger.title, ledger.unit_name, *(column.name for column in ledger.columns))
    styles = page.styles([_MIDDLE if column.middle else _BODY for column in ledger.columns])
    row, sheets, room = header, 1, ledger.sheet_rows - len(ledger.notes) - 1
    for cells in ledger.rows:
        if row == room:
            _end(page, ledger, proof, header, row)
            sheets += 1
            page, header = _begin(book, ledger, widths, f"{title[: _SHEET_NAME - 3]}{sheets}")
            row = header
        row += 1
        _says(proof, *cells)
        page.line(row, cells, styles, _points(cells, widths))
    if row == header:
        row += 1
        page.across(row, width, ledger.empty, _MIDDLE)
        page.height(row, 36)
        _says(proof, ledger.empty)
    for text, look in (*((note, _NOTE) for note in ledger.notes), (ledger.footer, _FOOTER)):
        row += 1
        page.across(row, width, text, look)
        page.height(row, _points((text,), (sum(widths),)))
        _says(proof, text)
    _end(page, ledger, proof, header, row)


def _begin(book: NewBook, ledger: Ledger, widths: Sequence[float], name: str) -> tuple[Page, int]:
    """A sheet with its head, and the number of its header row."""
    page = book.page(name)
    page.widths(widths)
    page.paper_a4(margins=_MARGINS_MM)
    header = _write_head(page, ledger, widths)
    page.freeze_below(header)
    return page, header


def _end(page: Page, ledger: Ledger, proof: Proof | None, header: int, last: int) -> None:
    page.print_rows(header_row=header, columns=len(ledger.columns), last_row=last)
    page.page_numbers(ledger.unit_name, proof.footer if proof else "")


def _write_head(page: Page, ledger: Ledger, widths: Sequence[float]) -> int:
    """Title, stamp line, headings; answers the number of the header row."""
    page.across(1, len(widths), ledger.title, _TITLE)
    page.height(1, 38)
    header = 2
    if ledger.stamp_line:
        page.across(2, len(widths), ledger.stamp_line, _STAMP)
        page.height(2, 44)
        header = 3
    names = [column.name for column in ledger.columns]
    for number, name in enumerate(names, start=1):
        page.put(header, number, name, _HEADER)
    page.height(header, max(_points(names, widths), 30.0))
    return header


def _fitted(ledger: Ledger) -> list[float]:
    """A narrow ledger fills the page."""
    factor = max(_PAGE_WIDTH / sum(column.width for column in ledger.columns), 1.0)
    return [round(column.width * factor, 2) for column in ledger.columns]


def _points(texts: Sequence[str], widths: Sequence[float]) -> float:
    lines = max(count_lines(text, half_characters(width)) for text, width in zip(texts, widths, strict=True))
    return min(lines * _LINE_POINTS + _CELL_POINTS, _TALLEST)


def _says(proof: Proof | None, *texts: str) -> None:
    if proof:
        proof.says(*texts)
