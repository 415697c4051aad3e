"""Who answers, where and when: all the engine may know of the world."""

from dataclasses import dataclass
from datetime import date

from handlers.campaign.shapes import Filled


@dataclass(frozen=True, slots=True)
class Typical:
    """A row colleagues have handed in, offered as an option: its words, and the answers by column."""

    label: str
    cells: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`person` is the one answered for."""

    today: date
    person: str
    unit: str
    area: str = ""
    filled: Filled = "self"
    typical: tuple[Typical, ...] = ()
    """Rows of the unit, the most frequent first."""
