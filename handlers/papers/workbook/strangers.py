"""Reads strangers' workbooks within limits: values only, cell by cell. Must not know what is in them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO

from openpyxl.utils import get_column_letter
from openpyxl.xml.functions import fromstring

from handlers.papers.archive import BROKEN, Limits, Unreadable, inspect
from handlers.papers.cell_text import unescaped
from handlers.papers.workbook.raw_cells import FORMULA, Area, Cell, Reader, Sheet

SHEET_ROWS = 1_048_576
# Excel keeps 15 digits of a number; beyond that what was typed is lost.
_EXACT = 10**15


class Oddity(Enum):
    """A cell whose content cannot be taken as text without guessing."""

    DATE = "date"
    ERROR = "error"
    FORMULA = "formula"
    LONG_NUMBER = "long number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row that holds something: its number as Excel shows it, and its cells from column A."""

    number: int
    cells: tuple[str | Oddity, ...]


def address(column: int, row: int) -> str:
    """The name of a cell as Excel shows it; columns and rows count from 1."""
    return f"{get_column_letter(column)}{row}"


class OpenBook:
    """A workbook being read; made by `reading`."""

    def __init__(self, book: Any, limits: Limits) -> None:
        self._book = book
        self._limits = limits
        self.sheet_names: tuple[str, ...] = tuple(sheet.title for sheet in book.worksheets)

    def merged(self, sheet: str) -> tuple[Area, ...]:
        """The merged cells of a sheet whose lines have all been read; only the first cell of each holds something."""
        page: Sheet = self._book[sheet]
        return page.merged

    def lines(self, sheet: str) -> Iterator[Line]:
        """The rows of a sheet that hold something, in order."""
        page, found, last = self._book[sheet], 0, 0
        for number, row in _unbroken(page.raw()):
            if number > SHEET_ROWS:
                raise Unreadable("表格的行号超出范围，请把内容复制到一个新的 .xlsx 文件再发")
            if number <= last:
                continue  # a made-up number: every row counts once
            last = number
            cells: list[str | Oddity] = [""] * self._limits.columns
            for cell in row:
                if 0 < cell["column"] <= self._limits.columns and cell["value"] is not None:
                    cells[cell["column"] - 1] = _plain(page, cell)
            if not any(cells):
                continue
            found += 1
            if found > self._limits.rows:
                raise Unreadable(f"工作表“{sheet}”超过 {self._limits.rows} 行，请拆成几个文件")
            yield Line(number=number, cells=tuple(cells))


def _unbroken(rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[tuple[int, list[Cell]]]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except BROKEN as error:
            raise Unreadable("文件内容有损坏，请用表格软件打开后另存为 .xlsx 再发") from error
        yield row


@contextmanager
def reading(source: BinaryIO, limits: Limits | None = None) -> Iterator[OpenBook]:
    """Open a workbook for reading: values only, no macros, links to other files neither followed nor read."""
    limits = limits or Limits()
    inspect(source, limits)
    # Files of other programs make openpyxl warn about styles and extensions that do not concern us.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")
    try:
        opened = Reader(source)
        opened.read()
        book = opened.wb
    except BROKEN as error:
        raise Unreadable("文件打不开，请用表格软件另存为 .xlsx 再发") from error
    try:
        yield OpenBook(book, limits)
    finally:
        book.close()


def _plain(page: Sheet, cell: Cell) -> str | Oddity:
    value = cell["value"]
    if cell["data_type"] == FORMULA:
        return Oddity.FORMULA
    if isinstance(value, str):
        return Oddity.ERROR if cell["data_type"] == "e" else unescaped(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, page.shown_as(cell))
    if isinstance(value, datetime | date | time | timedelta):
        return Oddity.DATE
    return Oddity.ERROR if cell["data_type"] == "e" else unescaped(str(value))


def _number(value: int | float, shown_as: str) -> str | Oddity:
    """A number as its writer saw it: 12345.0 is 12345, and 12 shown as 0012 is 0012."""
    if not abs(value) < _EXACT:
        return Oddity.LONG_NUMBER
    if value != int(value):
        return f"{Decimal(repr(value)):f}"
    zeros = len(shown_as) if shown_as and set(shown_as) == {"0"} else 0
    return str(int(value)).zfill(zeros)


def custom_properties(xml: bytes) -> dict[str, str]:
    """The custom properties of an office file, from the part that holds them."""
    try:
        nodes = fromstring(xml)
        return {node.get("name", ""): "".join(node.itertext()) for node in nodes if node.get("name")}
    except BROKEN as error:
        raise Unreadable("文件打不开，可能已经损坏") from error
