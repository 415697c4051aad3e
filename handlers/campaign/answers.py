"""What a person has answered, as values: one `Given` per key, and the log of changes they are folded from.

The log only grows (nothing entered is ever lost); a later line of a key replaces the earlier one.
Must not know the questions.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

WAIVED = "waived"
"""The note of an answer that stands for none: its question came after the person had handed in (`revision.py`)."""
RESTART = "*"
"""The key of the change that starts anew: all before it is history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer: ids of options, or own words written `=words`; `open` while it is being asked (again)."""

    values: tuple[str, ...]
    at: date
    note: str = ""
    open: bool = False
    sealed: str = ""
    """The whole of an answer of which `values` show only the masked form."""

    @property
    def waived(self) -> bool:
        return self.note == WAIVED and not self.values and not self.open

    def reopened(self) -> "Given":
        return replace(self, open=True, note="" if self.waived else self.note)

    def to_json(self) -> str:
        return to_json(self.to_data()).decode()

    def to_data(self) -> dict[str, Any]:
        """What JSON is made of."""
        data: dict[str, Any] = {"values": self.values, "at": self.at.isoformat(), "note": self.note, "open": self.open}
        return data | {"sealed": self.sealed} if self.sealed else data

    @classmethod
    def from_json(cls, text: str) -> "Given":
        return cls.from_data(json.loads(text))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Given":
        """What `to_json` wrote, parsed."""
        return cls(**{**data, "values": tuple(data["values"]), "at": date.fromisoformat(data["at"])})


Answers = Mapping[str, Given]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log: `given` replaces what was there; None takes it back."""

    key: str
    given: Given | None


@lru_cache(maxsize=4_096)
def written(key: str, given: str | None) -> Change:
    """A line as it was written. The same line is the same change: a log is read at each of its person's messages."""
    return Change(key, Given.from_json(given) if given else None)


def fold(changes: Iterable[Change]) -> dict[str, Given]:
    """The answers after all changes, in order."""
    answers: dict[str, Given] = {}
    for change in changes:
        if change.key == RESTART:
            answers.clear()
        elif change.given is None:
            answers.pop(change.key, None)
        else:
            answers[change.key] = change.given
    return answers


def restart() -> Change:
    return Change(RESTART, None)
