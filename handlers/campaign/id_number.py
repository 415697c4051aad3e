"""The resident identity number: is it well formed, and how much of it may be shown.

Check digit and date of birth only (GB 11643-1999): the region is not checked, because Lishui's own codes of 1981 to
2000 (3325xx) are unknown to the usual tables and most of the city would be turned away. The only importer of stdnum.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from stdnum.cn import ric

_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{17}[\dXx]|\d{15})(?![0-9A-Za-z])")
_NEAR = re.compile(r"(?<!\d)\d[\d\s\-]{11,22}[\dXx](?!\d)")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked number. Its repr hides it: it must never reach a log."""

    value: str

    def __repr__(self) -> str:
        return f"IdNumber({self.masked})"

    @property
    def masked(self) -> str:
        """All that is ever shown: the last two characters."""
        return f"尾号{self.value[-2:]}"


def find(text: str) -> IdNumber | None:
    """The first valid number in a text, in whatever width it was typed; None where there is none."""
    folded = unicodedata.normalize("NFKC", text)
    for match in _NUMBER.finditer(_joined(folded)):
        if valid(match[1]):
            return IdNumber(match[1].upper())
    return None


def looks_like_one(text: str) -> bool:
    """True for something that was meant as a number, right or wrong."""
    return _NEAR.search(unicodedata.normalize("NFKC", text)) is not None


def without(text: str) -> str:
    """The text with every number-like run taken out: what is left may be a name."""
    folded = _joined(unicodedata.normalize("NFKC", text))
    return re.sub(r"\d{6,}[\dXx]?", " ", folded)


def valid(number: str) -> bool:
    if len(number) == 15:
        return _is_date("19" + number[6:12])
    return len(number) == 18 and _is_date(number[6:14]) and ric.calc_check_digit(number) == number[-1].upper()


def plausible(number: str) -> bool:
    """Like a number in length and date of birth, whatever its check digit: somebody's, perhaps with a slip."""
    return valid(number) or (len(number) == 18 and number[6:8] in ("19", "20") and _is_date(number[6:14]))


def _joined(text: str) -> str:
    """Numbers typed in groups («332501 1990…») are put together."""
    return re.sub(r"(?<=\d)[ \-\u00a0](?=[\dXx])", "", text)


def _is_date(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return 1900 <= born.year < 2100
