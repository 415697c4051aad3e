"""How a text breaks into lines in a cell of a given width: row heights are set before the file is opened.

Must not know what the text is about nor which file it goes into.
"""

import re
import unicodedata
from functools import lru_cache

# A word or one character, together with the punctuation that may not begin a line.
_PIECE = re.compile(r"(?:[!-~]+|.)[，。；：、！？）】》”’…·]*", re.DOTALL)


class _Widths(dict[str, int]):
    """The width of a character in half characters, looked up once."""

    def __missing__(self, char: str) -> int:
        wide = 2 if unicodedata.east_asian_width(char) in "WFA" else 1
        found = self[char] = 0 if unicodedata.combining(char) else wide
        return found


_WIDTHS = _Widths()


def width_of(text: str) -> int:
    """The width in half characters: a Chinese character is two, and so are “ … × in Chinese fonts."""
    return sum(map(_WIDTHS.__getitem__, text))


def wrap(text: str, width: int) -> list[str]:
    """The lines of `text` at `width` half characters; a line the writer ended keeps its line break.

    Joining the lines gives the text back, so a text too tall for one row can be cut between two of them.
    """
    paragraphs = text.split("\n")
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines += _wrap_paragraph(paragraph, max(width, 2))
        if number < len(paragraphs) - 1:
            lines[-1] += "\n"
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines, line, used = [], "", 0
    for piece in _pieces(paragraph, width):
        size = width_of(piece)
        if line and used + size > width:
            lines.append(line)
            line, used = "", 0
        line += piece
        used += size
    return [*lines, line]


def _pieces(paragraph: str, width: int) -> list[str]:
    """Words stay whole unless they are wider than the whole line."""
    pieces: list[str] = []
    for piece in _PIECE.findall(paragraph):
        pieces += [piece] if width_of(piece) <= width else list(piece)
    return pieces


def chunks(text: str, width: int, most: int) -> list[str]:
    """The text cut into parts of at most `most` lines; a text that fits is returned as it is."""
    lines = wrap(text, width)
    return ["".join(lines[start : start + most]).removesuffix("\n") for start in range(0, len(lines), most)]


def half_characters(width: float) -> int:
    """How many half characters of 12 points, 8 pixels each, a column holds; its unit is 7 pixels."""
    return int((width * 7 - 6) / 8)


def count_lines(text: str, width: int) -> int:
    """How many lines `wrap` makes of it."""
    if 2 * len(text) <= width and "\n" not in text:
        return 1
    return _counted(text, width)


@lru_cache(maxsize=4096)
def _counted(text: str, width: int) -> int:
    return sum(_lines(paragraph, max(width, 2)) for paragraph in text.split("\n"))


def _lines(paragraph: str, width: int) -> int:
    lines, used = 1, 0
    for size in map(_piece_width, _PIECE.findall(paragraph)):
        if size > width:
            return len(_wrap_paragraph(paragraph, width))
        if used and used + size > width:
            lines, used = lines + 1, size
        else:
            used += size
    return lines


_piece_width = lru_cache(maxsize=4096)(width_of)
