"""The guard at the door: personal data of others must not come to rest in a bot that checks for it.

Looks at a text before anything is stored or logged. Keeps nothing; says only what kind and how much was seen.
"""

import re
import unicodedata
from dataclasses import dataclass

from handlers.campaign import id_number

_BETWEEN = re.compile(r"(?<=\d)[\s.·,，、;；:：/\\_|\-‐-―－]{1,3}(?=[\dXx])")
"""What people and programs put between the digits of one number."""
_RUN = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z\d])(?:[EGeg]\d{8}|[Ee][A-Za-z]\d{7})(?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
MANY_PHONES = 3
"""So many mobile numbers in one message are a list; one or two are a contact."""


@dataclass(frozen=True, slots=True)
class Leak:
    id_numbers: int
    phones: int


def look(text: str) -> Leak | None:
    """What must not be kept in this text; None where there is nothing."""
    folded = unicodedata.normalize("NFKC", _seen(text))
    joined = _BETWEEN.sub("", folded)
    ids = max(sum(id_number.plausible(run) for run in _RUN.findall(version)) for version in (folded, joined))
    ids += len(_PASSPORT.findall(folded))
    phones = len(_MOBILE.findall(folded))
    if ids or phones >= MANY_PHONES:
        return Leak(ids, phones if phones >= MANY_PHONES else 0)
    return None


def _seen(text: str) -> str:
    """The text as it is seen: control characters part words, invisible ones do not."""
    kinds = ((unicodedata.category(c), c) for c in text)
    return "".join(" " if kind == "Cc" else c for kind, c in kinds if kind != "Cf")


def mask_phones(text: str) -> str:
    """Mobile numbers with their middle starred: all that is shown of one in a chat or a paper sent there."""
    folded = "".join(unicodedata.normalize("NFKC", c) if c.isdigit() else c for c in text)  # all else stays as written
    return _MOBILE.sub(lambda found: f"{found[0][:3]}＊＊＊＊{found[0][-4:]}", folded)


def has_phone(text: str) -> bool:
    return _MOBILE.search(unicodedata.normalize("NFKC", text)) is not None
