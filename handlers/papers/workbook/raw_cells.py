"""openpyxl's own reader of worksheets, without the objects it makes of each text and the extra pass over sheets that do
not state their size: half the time for a large roster. Must not know what cells mean.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

_ITEM, _TEXT, _INLINE = (f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("si", "t", "is"))

Cell = dict[str, Any]
"""A cell as the library's parser tells it: row, column, value, data_type, style_id."""

FORMULA = "f"
"""The data type of a formula without a value: a program wrote the file and no spreadsheet has opened it since."""


class Area(NamedTuple):
    """A rectangle of cells; columns and rows count from 1."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, column: int, row: int) -> bool:
        return self.left <= column <= self.right and self.top <= row <= self.bottom

    def covers(self, cell: str) -> bool:
        """The same for a cell by its name."""
        row, column = coordinate_to_tuple(cell)
        return self.holds(column, row)

    @property
    def corner(self) -> str:
        """The first cell, by its name."""
        return f"{get_column_letter(self.left)}{self.top}"

    @property
    def end(self) -> str:
        return f"{get_column_letter(self.right)}{self.bottom}"


class Reader(ExcelReader):
    """Opens a workbook for reading: values only, links to other files left alone. After `read`, `wb` is the book."""

    def __init__(self, source: Any) -> None:
        super().__init__(source, read_only=True, data_only=True, keep_links=False)

    def read_strings(self) -> None:
        package: Any = self.package
        part = package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = [_shared(node) for _, node in iterparse(source) if node.tag == _ITEM]

    def read_worksheets(self) -> None:
        book: Any = self.wb
        for sheet, where in self.parser.find_sheets():
            if where.target in self.valid_files and "chartsheet" not in where.Type:
                book._sheets.append(Sheet(book, sheet.name, where.target, self.shared_strings))


class Sheet(ReadOnlyWorksheet):
    """Its stated size is not looked at: it is often wrong and may be a lie."""

    merged: tuple[Area, ...] = ()
    """Cells joined into one; known when all rows have been read."""

    def _get_size(self) -> None:
        return

    def raw(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows there are, each with its number."""
        own: Any = self  # what the library keeps to itself is not in its types
        book = own.parent
        with own._get_source() as source:
            parser = _Parser(
                source,
                own._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            yield from parser.parse()
            self.merged = parser.areas()

    def shown_as(self, cell: Cell) -> str:
        """The number format of a cell."""
        return str(ReadOnlyCell(self, **cell).number_format)


class _Parser(WorkSheetParser):
    def parse_cell(self, element: Any) -> Cell:
        """The same, but quicker for a plain text written into its cell."""
        inline = element[0] if len(element) == 1 else None
        coordinate = element.get("r")
        if not coordinate or inline is None or inline.tag != _INLINE or not _plain(inline):
            return self._other(element)
        row, column = coordinate_to_tuple(coordinate)
        self.col_counter = column
        text = inline[0].text or ""
        return {"row": row, "column": column, "value": text, "data_type": "s", "style_id": int(element.get("s", 0))}

    def _other(self, element: Any) -> Cell:
        """As the library reads it; a formula that nobody has worked out yet says so instead of being empty."""
        cell: Cell = super().parse_cell(element)
        if cell["value"] is None and element.get("t") != "str" and element.find(FORMULA_TAG) is not None:
            cell |= {"value": FORMULA, "data_type": FORMULA}
        return cell

    def areas(self) -> tuple[Area, ...]:
        """The merged cells, once the sheet has been read."""
        merged: Any = self.merged_cells
        found = merged.mergeCell if merged is not None else ()
        return tuple(Area(one.min_col, one.min_row, one.max_col, one.max_row) for one in found)


def _plain(node: Any) -> bool:
    """One text and no runs of different looks."""
    return len(node) == 1 and node[0].tag == _TEXT


def _shared(node: Any) -> str:
    """A text as the library reads it: plain, or put together from its runs."""
    runs: Any = None if _plain(node) else Text.from_tree(node)
    text = (node[0].text or "") if runs is None else runs.content
    node.clear()
    return str(text).replace("x005F_", "")
