"""How rows of a table fall on pages: each as high as its tallest text, one too tall cut between lines, none alone.

Must not know what the table is about.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import NamedTuple

from handlers.papers.text_fit import chunks, count_lines, half_characters

LINE_POINTS, CELL_POINTS = 17.5, 9.0
# A row of more lines is cut: Excel shows none taller than 409 points, and this much still fits on page 1.
MOST_LINES = 18
CONTINUED = "（续）"


class Strip(NamedTuple):
    """One row of the sheet: a row of the table, or the part of a tall one that fits."""

    unit: str
    texts: tuple[str, ...]
    height: float
    line: str = ""
    record: str = ""
    new_page: bool = False


class Strips:
    """Cuts rows for columns of these widths, the unit's the first, and deals them out to pages: `first` points on the
    first one, `room` on the others; `keep` points below the last row."""

    def __init__(self, widths: Sequence[float], *, room: float, first: float, keep: float) -> None:
        self._first, *self._others = (half_characters(width) for width in widths)
        self._across = half_characters(sum(widths[1:]))
        self._room, self.left, self._keep = room, first, keep

    @staticmethod
    def height_of(texts: Sequence[str], widths: Sequence[float]) -> float:
        """The points that show all texts in cells of these widths."""
        return _points(max(count_lines(text, half_characters(w)) for text, w in zip(texts, widths, strict=True)))

    def cut(
        self, unit: str, texts: tuple[str, ...], *, line: str = "", record: str = "", new_page: bool = False
    ) -> Iterator[Strip]:
        """The row as it is, or in even parts where it is too tall for one."""
        # The unit's own cell is merged downwards, but it has to fit when its row stands alone.
        lines = count_lines(unit, self._first)
        if lines > MOST_LINES:
            unit, lines = chunks(unit, self._first, MOST_LINES)[0], MOST_LINES
        if line:
            height = _points(max(lines, count_lines(line, self._across)))
            yield Strip(unit=unit, texts=(), height=height, line=line, record=record, new_page=new_page)
            return
        tallest = max(map(count_lines, texts, self._others))
        if tallest <= MOST_LINES:
            yield Strip(unit, texts, _points(max(lines, tallest)), "", record, new_page)
            return
        # Even parts, so that no page ends up with a last line alone.
        most = ceil(tallest / ceil(tallest / MOST_LINES))
        parts = [chunks(text, room, most) for text, room in zip(texts, self._others, strict=True)]
        for number in range(max(len(part) for part in parts)):
            shown = [part[number] if number < len(part) else "" for part in parts]
            if number:
                shown[0] = shown[0] or parts[0][0] + CONTINUED
            height = _points(max(lines, *map(count_lines, shown, self._others)))
            starts = new_page and number == 0
            yield Strip(unit=unit, texts=tuple(shown), height=height, record=record, new_page=starts)

    def pages(self, strips: Iterable[Strip]) -> Iterator[list[Strip]]:
        """The strips of each page. What stands below them gets company: it does not stand alone on the last one."""
        page: list[Strip] = []
        for strip in strips:
            if page and (strip.new_page or strip.height > self.left):
                yield page
                page, self.left = [], self._room
            page.append(strip)
            self.left -= strip.height
        if self.left < self._keep and len(page) > 1:
            yield page[:-1]
            page = page[-1:]
            self.left = self._room - page[0].height
        if page:
            yield page


def _points(lines: int) -> float:
    return lines * LINE_POINTS + CELL_POINTS
