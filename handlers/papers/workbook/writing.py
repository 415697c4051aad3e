"""Writes workbooks row by row: text that stays text, official looks, print settings, and what proves them.

A page keeps the rows that may still change and lets go of the others (`finish`), so that a long table needs no memory.
What stands around the rows is openpyxl's, the rows themselves are ours (`sheet_xml.py`). Must not know what is written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break

from handlers.papers.cell_text import legal_text
from handlers.papers.proof import Proof
from handlers.papers.workbook.charts import Chart, drawn
from handlers.papers.workbook.looks import PLAIN_TEXT, Look, Looks
from handlers.papers.workbook.packing import Pile, pack
from handlers.papers.workbook.sheet_xml import (
    LETTERS,
    CellForm,
    cell_form,
    inline,
    joined,
    number_cell,
    text_cell,
    whole_row,
)
from handlers.papers.workbook.strangers import SHEET_ROWS, address

_SOURCES = "来源"
_MOST_BREAKS = 1_000


class SheetFull(Exception):
    """A sheet has no room for more rows, and what is written may not go on on another."""


class Page:
    """One sheet being written; rows and columns count from 1."""

    def __init__(self, sheet: Any, looks: Looks) -> None:
        self._sheet, self._looks = sheet, looks
        self._cells: dict[int, dict[int, str]] = {}
        self._heights: dict[int, float] = {}
        self._next = 1
        self._rows, self._joined = Pile(), Pile()
        self._breaks: list[Break] = []

    @property
    def name(self) -> str:
        """The sheet's."""
        return str(self._sheet.title)

    def put(self, row: int, column: int, text: str, look: Look | None = None) -> None:
        """Write text that stays text, whatever it begins with; without a look in plain text format."""
        held, quoted = inline(text)
        style = self._looks.numbers(look)[quoted]
        self._keep(row, column, text_cell(f"{LETTERS[column - 1]}{row}", style, held))

    def number(self, row: int, column: int, value: float, look: Look) -> None:
        """A figure a chart or a sum can use."""
        self._keep(row, column, number_cell(f"{LETTERS[column - 1]}{row}", self._looks.numbers(look)[False], value))

    def _keep(self, row: int, column: int, cell: str) -> None:
        if row < self._next:
            raise ValueError(f"row {row} is written already")
        if row > SHEET_ROWS:
            raise SheetFull(self.name)
        self._cells.setdefault(row, {})[column] = cell

    def styles(self, looks: Sequence[Look | None], *, repeated: bool = True) -> Sequence[CellForm]:
        """What `line` takes, on any page of the book: the looks of a row's cells, and whether their texts are likely to
        come again."""
        numbers = [self._looks.numbers(look) for look in looks]
        return [cell_form(letter, *two, repeated=repeated) for letter, two in zip(LETTERS, numbers, strict=False)]

    def line(self, number: int, texts: Sequence[str], styles: Sequence[CellForm], height: float | None = None) -> None:
        """A whole row, finished at once with all above it: the quick way for a long table."""
        if number > SHEET_ROWS:
            raise SheetFull(self.name)
        self.finish(number - 1)
        cells = [f"{ahead}{number}{behind(text)}" for (ahead, behind), text in zip(styles, texts, strict=True)]
        self._rows.add(whole_row(number, height, "".join(cells)))
        self._next = number + 1

    def across(self, row: int, columns: int, text: str, look: Look, last_row: int = 0, first: int = 1) -> None:
        """One text over `columns` columns from the `first`, and down to `last_row` if it is given."""
        last_row, last = last_row or row, first + columns - 1
        for each in range(row, last_row + 1):
            for column in range(first, last + 1):
                self.put(each, column, text if (each, column) == (row, first) else "", look)
        self.join(row, last_row, first, last)

    def join(self, row: int, last_row: int, first: int, last: int) -> None:
        """Makes one cell of those from column `first` to `last`; nothing where it is one already."""
        if (row, first) != (last_row, last):
            self._joined.add(joined(f"{LETTERS[first - 1]}{row}", f"{LETTERS[last - 1]}{last_row}"))

    def height(self, row: int, points: float) -> None:
        self._heights[row] = points

    def finish(self, last_row: int) -> None:
        """Nothing up to this row will change any more: it leaves the memory."""
        for number in range(self._next, last_row + 1):
            cells, height = self._cells.pop(number, {}), self._heights.pop(number, None)
            if cells or height is not None:
                self._rows.add(whole_row(number, height, "".join(cells[column] for column in sorted(cells))))
        self._next = max(self._next, last_row + 1)

    def close(self) -> tuple[Pile, Pile]:
        """Everything is on the page: its rows, and which cells are joined."""
        self.finish(max([*self._cells, *self._heights], default=0))
        self._sheet.row_breaks.brk = self._breaks  # one by one each would be copied again with the next
        return self._rows, self._joined

    def widths(self, widths: Sequence[float]) -> None:
        for column, width in enumerate(widths, start=1):
            self._sheet.column_dimensions[get_column_letter(column)].width = width

    def text_columns(self, columns: int) -> None:
        """What is typed into these columns later stays text as well: 0012 is not 12."""
        for column in range(1, columns + 1):
            self._sheet.column_dimensions[get_column_letter(column)].number_format = PLAIN_TEXT

    def choices(self, column: int, words: Sequence[str], hint: str, *, strict: bool) -> None:
        """A drop-down list for a column below its header; a strict one refuses other words."""
        rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
        rule.showErrorMessage, rule.error, rule.errorTitle = strict, "请从列表中选择", "填写有误"
        rule.showInputMessage, rule.prompt = True, hint
        rule.add(f"{address(column, 2)}:{address(column, SHEET_ROWS)}")
        self._sheet.data_validations.append(rule)

    def chart(self, at_row: int, at_column: int, chart: Chart) -> None:
        """A chart over cells of this page."""
        self._sheet.add_chart(drawn(self._sheet, chart), address(at_column, at_row))

    def freeze_below(self, row: int) -> None:
        self._sheet.freeze_panes = f"A{row + 1}"

    def break_before(self, row: int) -> None:
        """Excel takes no more than a thousand; behind them pages end where they are full."""
        if len(self._breaks) < _MOST_BREAKS:
            self._breaks.append(Break(id=row - 1))

    def landscape_a4(self, *, header_row: int, columns: int, last_row: int, margins: Sequence[float]) -> None:
        """A4 across, one page wide, the header row on every page; margins in mm: left, right, top, bottom."""
        self.paper_a4(margins=margins)
        self.print_rows(header_row=header_row, columns=columns, last_row=last_row)

    def paper_a4(self, *, margins: Sequence[float]) -> None:
        """A4 across and one page wide. To be said before rows are finished."""
        sheet, setup = self._sheet, self._sheet.page_setup
        setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_options.horizontalCentered = True
        for edge, millimetres in zip(("left", "right", "top", "bottom"), margins, strict=True):
            setattr(sheet.page_margins, edge, millimetres / 25.4)
        sheet.page_margins.header = sheet.page_margins.footer = 8 / 25.4

    def print_rows(self, *, header_row: int, columns: int, last_row: int) -> None:
        """What is printed; the header row on every page, none for 0."""
        if header_row:
            self._sheet.print_title_rows = f"{header_row}:{header_row}"
        self._sheet.print_area = f"A1:{get_column_letter(columns)}{last_row}"

    def page_numbers(self, left: str, right: str = "") -> None:
        """第 n 页 in the middle of the foot, `left` and `right` beside it."""
        # & begins a command and a digit at the beginning would join it.
        foot = self._sheet.HeaderFooter.oddFooter
        for part, text in ((foot.left, left), (foot.right, right)):
            if text:
                part.text = " " + legal_text(text).replace("\n", " ")[:80].replace("&", "&&")
        foot.center.text = "第 &P 页，共 &N 页"
        foot.left.size = foot.center.size = foot.right.size = 9


class NewBook:
    """A workbook being written. With a `proof` it carries code, moment and digest as properties, and a hidden sheet
    that says which records its rows came from."""

    def __init__(self, *, title: str, maker: str, created: datetime | None = None, proof: Proof | None = None) -> None:
        book: Any = Workbook()
        book.remove(book.active)
        self._book = book
        # Column widths count digits of the default font. Arial or its twin is everywhere; Calibri is not.
        self._book._named_styles["Normal"].font = Font(name="Arial", size=10)
        self._book.properties.title = legal_text(title)
        self._book.properties.creator = maker
        if created is not None:
            self._book.properties.created = created.astimezone(UTC).replace(tzinfo=None)
        self._proof, self._looks, self._pages = proof, Looks(book), list[Page]()
        self._sources: list[Page] = []
        self._sourced = 0
        self._plain: Sequence[CellForm] = ()

    def page(self, name: str) -> Page:
        """The sheets follow one another in the order they are asked for."""
        page = Page(self._book.create_sheet(name), self._looks)
        self._pages.append(page)
        return page

    def source(self, place: str, record: str) -> None:
        """Which record a row came from («5», «submission 17 9f86d081»), on a hidden sheet; on one more where it is
        full."""
        if not self._sources or self._sourced == SHEET_ROWS:
            self._begin_sources()
        self._sourced += 1
        self._sources[-1].line(self._sourced, (place, record), self._plain)

    def _begin_sources(self) -> None:
        sheet = self._book.create_sheet(f"{_SOURCES}{len(self._sources) + 1}" if self._sources else _SOURCES)
        sheet.sheet_state = "hidden"
        page = Page(sheet, self._looks)
        self._sources.append(page)
        self._plain, self._sourced = page.styles((None, None), repeated=False), 1
        page.line(1, ("行", "记录"), self._plain)

    def save(self, out: BinaryIO) -> None:
        for page in self._sources:  # behind the pages, whenever they were begun
            self._book.move_sheet(page.name, len(self._book.worksheets))
        for name, text in (self._proof.properties() if self._proof else {}).items():
            self._book.custom_doc_props.append(StringProperty(name=name, value=legal_text(text)))
        pack(self._book, {page.name: page.close() for page in (*self._pages, *self._sources)}, out)
