"""The guard at the door: personal data of others must not come to rest in a bot that checks for it.

Looks at a text before anything is stored or logged. Keeps nothing; says only what kind and how much was seen.
"""

import re
import unicodedata
from dataclasses import dataclass

from handlers.campaign import id_number

_RUN = re.compile(r"(?<![\dA-Za-z])(\d{17}[\dXx]|\d{15})(?![\dA-Za-z])")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
MANY_PHONES = 3
"""So many mobile numbers in one message are a list; one or two are a contact."""


@dataclass(frozen=True, slots=True)
class Leak:
    id_numbers: int
    phones: int


def look(text: str) -> Leak | None:
    """What must not be kept in this text; None where there is nothing."""
    folded = unicodedata.normalize("NFKC", text)
    ids = sum(id_number.plausible(run) for run in _RUN.findall(folded))
    ids = ids or int(id_number.find(folded) is not None)
    phones = len(_MOBILE.findall(folded))
    if ids or phones >= MANY_PHONES:
        return Leak(ids, phones if phones >= MANY_PHONES else 0)
    return None


def mask_phones(text: str) -> str:
    """Mobile numbers with their middle starred: all that is shown of one in a chat or a paper sent there."""
    folded = "".join(unicodedata.normalize("NFKC", c) if c.isdigit() else c for c in text)  # all else stays as written
    return _MOBILE.sub(lambda found: f"{found[0][:3]}＊＊＊＊{found[0][-4:]}", folded)


def has_phone(text: str) -> bool:
    return _MOBILE.search(unicodedata.normalize("NFKC", text)) is not None
