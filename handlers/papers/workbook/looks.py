"""How cells look: faces, sizes, boxes. Each look is made once for a workbook and then only named by its number."""

from dataclasses import dataclass
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

# The faces official papers are set in (GB/T 9704).
FANGSONG, HEITI, XIAOBIAOSONG = "仿宋_GB2312", "黑体", "方正小标宋简体"
PLAIN_TEXT = "@"


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
    form: str = ""
    """How a number is shown («0.0%»); empty for text."""


Numbers = tuple[int, int]
"""A look's number, and that of the same with the prefix that keeps a text from becoming a formula after an edit in
Excel."""


class Looks:
    """The looks of one workbook, by number."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[int, Numbers] = {}
        self._kept: list[Look | None] = []

    def numbers(self, look: Look | None) -> Numbers:
        """None is text as it is typed."""
        found = self._numbers.get(id(look))  # a look's own hash is slow, and this is asked for every cell
        if found is None:
            self._kept.append(look)  # as long as it is here, nothing else has its id
            sheet = self._book.worksheets[0]
            plain, quoted = (_dressed(sheet, look, quoted=quoted).style_id for quoted in (False, True))
            found = self._numbers[id(look)] = plain, quoted
        return found


def _dressed(sheet: Any, look: Look | None, *, quoted: bool) -> Any:
    cell = WriteOnlyCell(sheet)
    if quoted:
        cell.quotePrefix = True
    if look is None:
        cell.number_format = PLAIN_TEXT
        return cell
    cell.font = Font(name=look.face, size=look.size, bold=look.bold)
    cell.alignment = Alignment(horizontal=look.across, vertical=look.down, wrap_text=not look.form)
    if look.boxed:
        side = Side(style="thin")
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    if look.form:
        cell.number_format = look.form
    return cell
