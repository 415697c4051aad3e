"""Tables and charts one under another on pages A4 across: what belongs together is not parted by the end of a page.

Must not know what the figures mean.
"""

from collections.abc import Sequence

from handlers.papers.proof import Proof
from handlers.papers.text_fit import count_lines, half_characters
from handlers.papers.workbook import HEITI, XIAOBIAOSONG, Chart, Look, NewBook, Page

MARGINS_MM = (15.0, 15.0, 18.0, 16.0)
# Points of height a page offers, less a little, because programs differ in where they end a page.
_PAGE_POINTS = 176 / 25.4 * 72 * 0.96
_TITLE = Look(face=XIAOBIAOSONG, size=20, across="center")
_SUB = Look(size=11, across="right")
_HEAD = Look(face=HEITI, size=11, across="center", boxed=True, fill="EDEDED")
_SECTION = Look(face=HEITI, size=13)
LINE, HEAD, SECTION = 20.0, 32.0, 26.0
_TEXT_LINE, _TEXT_EXTRA = 16.5, 4.0

Cell = tuple[str | float, Look]


class Flow:
    """One sheet, written from the top down."""

    def __init__(self, book: NewBook, name: str, widths: Sequence[float], *, foot: str, proof: Proof) -> None:
        self.page: Page = book.page(name)
        self._widths, self._proof = widths, proof
        self.page.widths(widths)
        self.page.paper_a4(margins=MARGINS_MM)
        self.page.page_numbers(foot, proof.footer)
        self.row, self._used = 0, 0.0

    def title(self, title: str, below: str) -> None:
        self._line(36)
        self.page.across(self.row, len(self._widths), title, _TITLE)
        self._line(LINE)
        self.page.across(self.row, len(self._widths), below, _SUB)
        self._says(title, below)

    def section(self, title: str, points: float) -> None:
        """A heading that stays together with `points` of what follows."""
        if self._used:
            self._line(LINE / 2)
        if self._used + SECTION + points > _PAGE_POINTS:
            self.page.break_before(self.row + 1)
            self._used = 0.0
        self._line(SECTION)
        self.page.across(self.row, len(self._widths), title, _SECTION)
        self._says(title)

    def headings(self, names: Sequence[str]) -> int:
        """Answers the row."""
        self._line(HEAD)
        for column, name in enumerate(names, start=1):
            self.page.put(self.row, column, name, _HEAD)
        self._says(*names)
        return self.row

    def cells(self, cells: Sequence[Cell]) -> int:
        """One row of texts and figures, as high as its texts need; answers the row."""
        lines = max(
            (count_lines(cell, half_characters(width)) for (cell, _), width in zip(cells, self._widths, strict=False)
             if isinstance(cell, str)),
            default=1,
        )  # fmt: skip
        self._line(max(LINE, lines * _TEXT_LINE + _TEXT_EXTRA))
        for column, (cell, look) in enumerate(cells, start=1):
            if isinstance(cell, str):
                self.page.put(self.row, column, cell, look)
            else:
                self.page.number(self.row, column, cell, look)
        self._says(*(f"{cell}" for cell, _ in cells))
        return self.row

    def nothing(self, text: str, columns: int, look: Look) -> None:
        self._line(LINE)
        self.page.across(self.row, columns, text, look)
        self._says(text)

    def chart(self, chart: Chart) -> None:
        """Below what was written, on one page."""
        self._line(LINE / 2)
        if self._used + points(chart) > _PAGE_POINTS:
            self.page.break_before(self.row + 1)
            self._used = 0.0
        top = self.row + 1
        self._down(points(chart))
        self.page.chart(top, 1, chart)

    def chart_beside(self, top: int, column: int, chart: Chart) -> None:
        """Beside a table that began in row `top`; what follows stands below both."""
        self.page.chart(top, column, chart)
        written = HEAD + (self.row - top) * LINE
        self._down(points(chart) - written)

    def finish(self) -> None:
        """The rows so far will not change."""
        self.page.finish(self.row)

    def end(self, *, header_row: int = 0) -> None:
        self.page.print_rows(header_row=header_row, columns=len(self._widths), last_row=self.row)

    def _down(self, height: float) -> None:
        while height > 0:
            self._line(min(LINE, height))
            height -= LINE

    def _line(self, height: float) -> None:
        self.row += 1
        self.page.height(self.row, height)
        self._used = height if self._used + height > _PAGE_POINTS else self._used + height

    def _says(self, *texts: str) -> None:
        self._proof.says(*texts)


def points(chart: Chart) -> float:
    """The height of a chart with a little air."""
    return chart.height_cm / 2.54 * 72 + 6
