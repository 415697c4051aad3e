"""The guard at the door: personal data of others must not come to rest in a bot that checks for it.

Looks at a text before anything is stored or logged. Keeps nothing; says only what kind and how much was seen. What each
kind looks like stands in `handlers/guard/`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields

from handlers.guard import numbers, persons, words
from handlers.guard.folding import folded, parts_joined, unmasked

_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_OPTIONS = re.compile(rf"[0-9 ]{{1,{numbers.FEWEST_DIGITS - 1}}}")
"""Numbers of options: too short for anything else, and most of what people say."""
MANY_PHONES = 3
"""So many mobile numbers in one message are a list; one or two are a contact."""


@dataclass(frozen=True, slots=True)
class Leak:
    """How many of each kind were seen. The names are also those under which events are counted."""

    id_numbers: int = 0
    phones: int = 0
    passports: int = 0
    cards: int = 0
    passwords: int = 0
    markings: int = 0
    persons: int = 0
    """Told of a list only where no numbers are in it."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(one.name for one in fields(self) if getattr(self, one.name))

    @property
    def told(self) -> str:
        """For the audit log."""
        return " ".join(f"{kind}={getattr(self, kind)}" for kind in self.kinds)

    @property
    def one_id_number(self) -> bool:
        """One ID number and nothing else: fine where somebody's own is asked for."""
        return self.id_numbers == 1 and self.kinds == ("id_numbers",)


def look(text: str) -> Leak | None:
    """What must not be kept in this text; None where there is nothing."""
    if _OPTIONS.fullmatch(text):
        return None
    plain = folded(text)
    spelled = unmasked(plain)
    counted = sum(sign.isdigit() for sign in spelled) >= numbers.FEWEST_DIGITS
    versions = [plain] * counted + [spelled] * (counted and spelled != plain)
    ids = _most(numbers.id_numbers(parts_joined(version)) for version in versions)
    phones = _most(numbers.phones(version) for version in versions)
    phones = phones if phones >= MANY_PHONES else 0
    seen = Leak(
        id_numbers=ids,
        phones=phones,
        passports=numbers.passports(plain) if counted else 0,
        cards=_most(numbers.cards(version) for version in versions),
        passwords=words.passwords(plain),
        markings=words.markings(plain),
        persons=0 if ids or phones else persons.listed(plain),
    )
    return seen if seen.kinds else None


def _most(counts: Iterable[int]) -> int:
    return max(counts, default=0)


def harmless_name(name: str) -> str:
    """The name of a file or a chat as it may be kept: empty, but for a file's ending, where it says too much."""
    if look(name) is None and not has_phone(name):
        return name
    _, dot, ending = name.rpartition(".")
    return f"{dot}{ending}" if dot and ending.isascii() and ending.isalnum() and len(ending) <= 5 else ""


def mask_phones(text: str) -> str:
    """Mobile numbers with their middle starred: all that is shown of one in a chat or a paper sent there."""
    flat = "".join(unicodedata.normalize("NFKC", c) if c.isdigit() else c for c in text)  # all else stays as written
    return _MOBILE.sub(lambda found: f"{found[0][:3]}＊＊＊＊{found[0][-4:]}", flat)


def has_phone(text: str) -> bool:
    return _MOBILE.search(unicodedata.normalize("NFKC", text)) is not None
