"""A text as it is meant: one width, no invisible signs, digits of every script as digits. Pure.

Must not know what is looked for.
"""

import re
import unicodedata
from dataclasses import dataclass

_NUMERALS = str.maketrans("〇零○壹一幺弌贰二叁三肆四伍五陆六柒七捌八玖九", "00011112233445566778899")
_LOOKALIKE = re.compile(r"(?<=\d)[OoQ](?=[\dOoXx])|(?<=\d)[lI](?=[\dlIXx])")
_PART = re.compile(r"[前后末尾中]\s?\d{1,2}\s?位(?:数字|数)?")
_RUN = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that stand together: what they are and where."""

    digits: str
    start: int
    end: int


def folded(text: str) -> str:
    """Control characters part words, invisible and combining ones do not; lines stay lines."""
    signs = []
    for sign in text:
        kind = unicodedata.category(sign)
        if sign == "\n":
            signs.append(sign)
        elif kind == "Cc":
            signs.append(" ")
        elif kind not in ("Cf", "Mn", "Me"):
            digit = unicodedata.digit(sign, None) if kind in ("Nd", "No") else None
            signs.append(str(digit) if digit is not None else unicodedata.normalize("NFKC", sign))
    return "".join(signs)


def parts_joined(text: str) -> str:
    """Without «the first 6 digits», «the last 4»: what is said between the parts of one number."""
    return _PART.sub("", text)


def unmasked(text: str) -> str:
    """A folded text with the numbers people spell in Chinese, and letters that pass for digits, as digits."""
    return _LOOKALIKE.sub(lambda found: "0" if found[0] in "OoQ" else "1", text.translate(_NUMERALS))


def runs(text: str) -> list[Run]:
    return [Run(found[0], found.start(), found.end()) for found in _RUN.finditer(text)]
