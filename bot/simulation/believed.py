"""What people believe: what they said, what they heard, what they take for done. Their only source is the chat."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bot.simulation.matters import Answers
from bot.simulation.temper import Character


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    at: datetime
    rule: str
    audience: str
    place: int
    """How many messages of the bot they had heard before it."""


@dataclass(slots=True, kw_only=True)
class Belief:
    """One person's."""

    staff_id: str
    name: str
    unit: str
    officer: bool
    character: Character
    answers: Answers = field(default_factory=dict)
    """As they said them last, by question."""
    meant: Answers = field(default_factory=dict)
    """As they would answer."""
    receipt: str = ""
    finished_at: datetime | None = None
    finished_place: int = 0
    """How many messages of the bot they had heard when they finished first."""
    settled: Answers = field(default_factory=dict)
    """The answers they know were handed in."""
    signed: bool = False
    said: list[str] = field(default_factory=list)
    """The platform's ids of their messages, in order."""
    unanswered: list[str] = field(default_factory=list)
    """Of those, the ones no answer came to as long as they waited."""
    heard: int = 0
    by_webhook: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """Calls of the OpenAPI they heard something by."""
    reminded: list[Reminded] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a coordinator was told when they confirmed the return of their unit."""

    unit: str
    expected: int
    finished: int
    at_least: int
    """People of the unit who had finished for certain when it was said…"""
    at_most: int
    """… and when it was answered."""


@dataclass(slots=True)
class Beliefs:
    people: dict[str, Belief]
    confirmed: dict[str, Confirmed] = field(default_factory=dict)
    """By unit, the last one."""
    handed_up: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    """Units whose return the office above was told it has accepted."""
    sent_back: Counter[str] = field(default_factory=Counter)
    figures: tuple[int, int] | None = None
    """What the city was told at the end: finished, expected."""
    troubles: list[str] = field(default_factory=list)
    """What somebody could not get done, in their words."""
