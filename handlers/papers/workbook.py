"""The door to openpyxl: reads strangers' workbooks within limits, and writes papers whose text stays text.

Must not know the notice, the roster or any table; nobody else imports openpyxl.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break

from handlers.papers.archive import BROKEN, Limits, Unreadable, inspect
from handlers.papers.cell_text import legal_text, unescaped

# The faces official papers are set in (GB/T 9704).
FANGSONG, HEITI, XIAOBIAOSONG = "仿宋_GB2312", "黑体", "方正小标宋简体"

_SHEET_ROWS = 1_048_576
# Excel keeps 15 digits of a number; beyond that what was typed is lost.
_EXACT = 10**15


class Oddity(Enum):
    """A cell whose content cannot be taken as text without guessing."""

    DATE = "date"
    ERROR = "error"
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

    def lines(self, sheet: str) -> Iterator[Line]:
        """The rows of a sheet that hold something, in order."""
        found = 0
        for number, row in enumerate(self._raw(sheet), start=1):
            # A made-up row number would let the library invent empty rows without end.
            if number > _SHEET_ROWS:
                raise Unreadable("表格的行号超出范围，请把内容复制到一个新的 .xlsx 文件再发")
            cells = tuple("" if cell.value is None else _plain(cell) for cell in row)
            if not any(cells):
                continue
            found += 1
            if found > self._limits.rows:
                raise Unreadable(f"工作表“{sheet}”超过 {self._limits.rows} 行，请拆成几个文件")
            yield Line(number=number, cells=cells)

    def _raw(self, sheet: str) -> Iterator[Sequence[Any]]:
        page = self._book[sheet]
        # The stated size of a sheet is often wrong and may be a lie.
        page.reset_dimensions()
        rows = iter(page.iter_rows(max_col=self._limits.columns))
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
        book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
    except BROKEN as error:
        raise Unreadable("文件打不开，请用表格软件另存为 .xlsx 再发") from error
    try:
        yield OpenBook(book, limits)
    finally:
        book.close()


def _plain(cell: Any) -> str | Oddity:
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, cell.number_format)
    if isinstance(value, datetime | date | time | timedelta):
        return Oddity.DATE
    return Oddity.ERROR if cell.data_type == "e" else unescaped(str(value))


def _number(value: int | float, shown_as: str) -> str | Oddity:
    """A number as its writer saw it: 12345.0 is 12345, and 12 shown as 0012 is 0012."""
    if not abs(value) < _EXACT:
        return Oddity.LONG_NUMBER
    if value != int(value):
        return f"{Decimal(repr(value)):f}"
    zeros = len(shown_as) if shown_as and set(shown_as) == {"0"} else 0
    return str(int(value)).zfill(zeros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a cell looks."""

    face: str = FANGSONG
    size: float = 12
    bold: bool = False
    across: str = "left"
    down: str = "center"
    boxed: bool = False
    fill: str = ""


class Page:
    """One sheet being written; rows and columns count from 1."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet

    def put(self, row: int, column: int, text: str, look: Look | None = None) -> None:
        """Write text that stays text, whatever it begins with; without a look in plain text format."""
        cell = self._sheet.cell(row, column)
        text = legal_text(text)
        cell.value = text or None
        if text:
            cell.data_type = "s"
        # After an edit in Excel the text would become a formula, were it not for the prefix.
        if text.startswith(("=", "+", "-", "@")):
            cell.quotePrefix = True
        if look is None:
            cell.number_format = "@"
        else:
            _dress(cell, look)

    def across(self, row: int, columns: int, text: str, look: Look, last_row: int = 0) -> None:
        """One text over the first columns, and down to `last_row` if it is given."""
        last_row = last_row or row
        for each in range(row, last_row + 1):
            for column in range(1, columns + 1):
                self.put(each, column, text if (each, column) == (row, 1) else "", look)
        if columns > 1 or last_row > row:
            self._sheet.merge_cells(start_row=row, end_row=last_row, start_column=1, end_column=columns)

    def height(self, row: int, points: float) -> None:
        self._sheet.row_dimensions[row].height = points

    def widths(self, widths: Sequence[float]) -> None:
        for column, width in enumerate(widths, start=1):
            self._sheet.column_dimensions[get_column_letter(column)].width = width

    def text_columns(self, columns: int) -> None:
        """What is typed into these columns later stays text as well: 0012 is not 12."""
        for column in range(1, columns + 1):
            self._sheet.column_dimensions[get_column_letter(column)].number_format = "@"

    def choices(self, column: int, words: Sequence[str], hint: str, *, strict: bool) -> None:
        """A drop-down list for a column below its header; a strict one refuses other words."""
        rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
        rule.showErrorMessage, rule.error, rule.errorTitle = strict, "请从列表中选择", "填写有误"
        rule.showInputMessage, rule.prompt = True, hint
        rule.add(f"{address(column, 2)}:{address(column, _SHEET_ROWS)}")
        self._sheet.add_data_validation(rule)

    def freeze_below(self, row: int) -> None:
        self._sheet.freeze_panes = f"A{row + 1}"

    def break_before(self, row: int) -> None:
        self._sheet.row_breaks.append(Break(id=row - 1))

    def landscape_a4(self, *, header_row: int, columns: int, last_row: int, margins: Sequence[float]) -> None:
        """A4 across, one page wide, the header row on every page; margins in mm: left, right, top, bottom."""
        sheet, setup = self._sheet, self._sheet.page_setup
        setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = f"{header_row}:{header_row}"
        sheet.print_area = f"A1:{get_column_letter(columns)}{last_row}"
        sheet.print_options.horizontalCentered = True
        for edge, millimetres in zip(("left", "right", "top", "bottom"), margins, strict=True):
            setattr(sheet.page_margins, edge, millimetres / 25.4)
        sheet.page_margins.header = sheet.page_margins.footer = 8 / 25.4

    def page_numbers(self, left: str) -> None:
        """第 n 页 in the middle of the foot and `left` beside it."""
        # & begins a command and a digit at the beginning would join it.
        foot = self._sheet.oddFooter
        foot.left.text = " " + legal_text(left).replace("\n", " ")[:80].replace("&", "&&")
        foot.center.text = "第 &P 页，共 &N 页"
        foot.left.size = foot.center.size = 9


class NewBook:
    """A workbook being written."""

    def __init__(self, *, title: str, maker: str, created: datetime | None = None) -> None:
        self._book = _blank()
        self._book.remove(self._book.worksheets[0])
        # Column widths count digits of the default font. Arial or its twin is everywhere; Calibri is not.
        self._book._named_styles["Normal"].font = Font(name="Arial", size=10)
        self._book.properties.title = legal_text(title)
        self._book.properties.creator = maker
        if created is not None:
            self._book.properties.created = created.astimezone(UTC).replace(tzinfo=None)

    def page(self, name: str) -> Page:
        return Page(self._book.create_sheet(name))

    def save(self, out: BinaryIO) -> None:
        self._book.save(out)


def _blank() -> Any:
    return Workbook()


def _dress(cell: Any, look: Look) -> None:
    cell.font = Font(name=look.face, size=look.size, bold=look.bold)
    cell.alignment = Alignment(horizontal=look.across, vertical=look.down, wrap_text=True)
    if look.boxed:
        side = Side(style="thin")
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
