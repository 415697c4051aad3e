"""A bar chart as a picture for a phone: 1080 points wide, a bar per unit, Chinese labels. The door to Pillow.

Must not know what the bars are about; every word comes as an argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from handlers.papers import fonts

_WIDTH, _MARGIN = 1080, 56
_LABEL, _NUMBERS, _SHARE = 290, 176, 84
_ROW, _BAR = 76, 40
_GAP = 22
_INK, _SOFT, _FAINT = "#1f2a37", "#5b6776", "#8a94a2"
_PAPER, _TRACK, _FILLED, _FULL, _LINE = "#ffffff", "#e9eef3", "#4f84b8", "#5a9c86", "#dfe5eb"
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Bar:
    """A unit: so much done of so much; `numbers` and `percent` stand behind it."""

    name: str
    done: int
    of: int
    numbers: str
    percent: str

    @property
    def share(self) -> float:
        return min(self.done / self.of, 1.0) if self.of else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The whole picture, from top to bottom."""

    title: str
    lines: Sequence[str]
    bars: Sequence[Bar]
    legend: str
    footer: str


def usable(file: Path | None) -> bool:
    """Whether a font can be read and has Chinese signs."""
    if file is None:
        return False
    try:
        font = _face(file, 20)
        return bytes(font.getmask("涉")) != bytes(font.getmask("\U000f1234"))
    except (OSError, ValueError):
        return False


def draw(chart: Chart, out: BinaryIO) -> None:
    """Writes the chart as a PNG. Raises `LookupError` where no font is there."""
    file = fonts.found()
    if not usable(file) or file is None:
        raise LookupError(f"no Chinese font on this machine; install {fonts.INSTALL}")
    page = _Page(file, chart)
    page.head()
    page.rows()
    page.foot()
    page.image.save(out, "PNG", optimize=True)


class _Page:
    """The picture while it is painted; `_y` is how far down it is."""

    def __init__(self, file: Path, chart: Chart) -> None:
        self._file, self._chart = file, chart
        self._title = _wrapped(chart.title, _face(fonts.bold(file), 46), _WIDTH - 2 * _MARGIN)
        height = 52 + 62 * len(self._title) + 46 * len(chart.lines) + 92 + _ROW * len(chart.bars) + 96
        self.image = Image.new("RGB", (_WIDTH, height), _PAPER)
        self._pen, self._y = ImageDraw.Draw(self.image), 52
        longest = max((_face(file, 34).getlength(bar.name) for bar in chart.bars), default=0)
        self._label = min(_LABEL, max(round(longest), 120))

    def head(self) -> None:
        for line in self._title:
            self._pen.text((_MARGIN, self._y), line, font=_face(fonts.bold(self._file), 46), fill=_INK)
            self._y += 62
        for line in self._chart.lines:
            self._pen.text((_MARGIN, self._y + 6), line, font=_face(self._file, 31), fill=_SOFT)
            self._y += 46
        self._y += 28
        self._pen.line((_MARGIN, self._y, _WIDTH - _MARGIN, self._y), fill=_LINE, width=2)
        font, right = _face(self._file, 26), _WIDTH - _MARGIN
        self._pen.text((right, self._y + 32), self._chart.legend, font=font, fill=_FAINT, anchor="rm")
        self._y += 64

    def rows(self) -> None:
        for bar in self._chart.bars:
            self._row(bar)
            self._y += _ROW

    def _row(self, bar: Bar) -> None:
        middle = self._y + _ROW // 2
        self._name(bar.name, middle)
        left, right = _MARGIN + self._label + _GAP, _WIDTH - _MARGIN - _SHARE - _NUMBERS - 2 * _GAP
        top, bottom = middle - _BAR // 2, middle + _BAR // 2
        self._pen.rounded_rectangle((left, top, right, bottom), radius=8, fill=_TRACK)
        if bar.done:
            end = left + max(round((right - left) * bar.share), 10)
            full = bar.share == 1
            end = end if full else min(end, right - 5)  # 99% is seen not to be all
            radius = min(8, (end - left) // 2)
            self._pen.rounded_rectangle((left, top, end, bottom), radius=radius, fill=_FULL if full else _FILLED)
        numbers, font = _fitted(self._file, bar.numbers, _NUMBERS, 29)
        self._pen.text((right + _GAP + _NUMBERS, middle), numbers, font=font, fill=_SOFT, anchor="rm")
        self._pen.text((_WIDTH - _MARGIN, middle), bar.percent, font=_face(self._file, 32), fill=_INK, anchor="rm")

    def _name(self, name: str, middle: int) -> None:
        """In one line, a long one in two smaller ones."""
        right, large, small = _MARGIN + self._label, _face(self._file, 34), _face(self._file, 27)
        if large.getlength(name) <= self._label:
            self._pen.text((right, middle), name, font=large, fill=_INK, anchor="rm")
            return
        lines = _wrapped(name, small, self._label)
        for number, line in enumerate(lines[:2]):
            if number == 1 and len(lines) > 2:
                line, _ = _fitted(self._file, line + _ELLIPSIS * 2, self._label, 27)
            at = middle + (-17 if number == 0 else 17) if len(lines) > 1 else middle
            self._pen.text((right, at), line, font=small, fill=_INK, anchor="rm")

    def foot(self) -> None:
        bottom = self.image.height - 52
        self._pen.line((_MARGIN, bottom - 30, _WIDTH - _MARGIN, bottom - 30), fill=_LINE, width=2)
        self._pen.text((_MARGIN, bottom), self._chart.footer, font=_face(self._file, 26), fill=_FAINT, anchor="lm")


@cache
def _face(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """The face of a file in a size; of a collection the one for simplified Chinese."""
    first = ImageFont.truetype(str(file), size)
    for number in range(1, 10) if file.suffix.lower() in (".ttc", ".otc") else ():
        try:
            face = ImageFont.truetype(str(file), size, index=number)
        except OSError:
            break
        if (face.getname()[0] or "").endswith(" SC"):
            return face
    return first


def _fitted(file: Path, text: str, width: int, size: int = 34) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text in the largest size that fits, cut short where none does."""
    for smaller in range(size, 25, -2):
        if _face(file, smaller).getlength(text) <= width:
            return text, _face(file, smaller)
    font = _face(file, 26)
    while text and font.getlength(text + _ELLIPSIS) > width:
        text = text[:-1]
    return text + _ELLIPSIS, font


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for sign in text:
        if font.getlength(lines[-1] + sign) > width:
            lines.append("")
        lines[-1] += sign
    return [line.strip() for line in lines]
