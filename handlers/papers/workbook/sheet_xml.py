"""Cells of a sheet as they stand in its file. openpyxl makes objects of every cell, which takes most of the time of a
long table; the frame around the rows stays its work.

Must not know how cells look: a look is a number here.
"""

from collections.abc import Callable
from functools import lru_cache
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from handlers.papers.cell_text import legal_text

LETTERS = tuple(get_column_letter(column) for column in range(1, 100))
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def inline(text: str) -> tuple[str, bool]:
    """A text as a cell holds it, empty for none; and whether it would be a formula after an edit in Excel."""
    text = legal_text(text)
    if not text:
        return "", False
    space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    return f"<is><t{space}>{escape(text)}</t></is>", text.startswith(_FORMULA_SIGNS)


def text_cell(place: str, style: int, held: str) -> str:
    """`held` is what `inline` made of the text."""
    return f'<c r="{place}" s="{style}" t="inlineStr">{held}</c>' if held else f'<c r="{place}" s="{style}"/>'


CellForm = tuple[str, Callable[[str], str]]
"""A column's cell as it will stand in every row: ahead of the row's number, and what a text becomes behind it."""


def cell_form(letter: str, plain: int, quoted: int, *, repeated: bool) -> CellForm:
    """`quoted` is the look of a text that has to stay one, `repeated` whether texts are likely to come again."""

    def behind(text: str) -> str:
        held, guarded = inline(text)
        return f'" s="{quoted if guarded else plain}" t="inlineStr">{held}</c>' if held else f'" s="{plain}"/>'

    return f'<c r="{letter}', lru_cache(maxsize=1024)(behind) if repeated else behind


def number_cell(place: str, style: int, value: float) -> str:
    return f'<c r="{place}" s="{style}"><v>{value!r}</v></c>'


def whole_row(number: int, height: float | None, cells: str) -> str:
    """A row with its cells; `height` in points, None for what the program thinks fit."""
    tall = f' ht="{height:g}" customHeight="1"' if height is not None else ""
    return f'<row r="{number}"{tall}>{cells}</row>'


def joined(first: str, last: str) -> str:
    """One cell out of those between two; it stands behind the rows."""
    return f'<mergeCell ref="{first}:{last}"/>'
