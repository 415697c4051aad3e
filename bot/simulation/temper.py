"""What people are like: when they begin, how they answer, what they have to report. All of it drawn from one seed.

Must not know what anybody is asked; days and hours are those of the campaign.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
ZONE = ZoneInfo("Asia/Shanghai")
_HOLIDAYS = frozenset({date(2022, 6, 3)})  # 端午节; the calendar of the bot is another one


class Temper(StrEnum):
    PROMPT = "prompt"
    """Answers on one of the first days, without being asked."""
    REMINDED = "reminded"
    """Waits for a reminder, and takes their time after it."""
    LAST = "last"
    """Answers in the last hours."""
    TWICE = "twice"
    """Taps everything twice, and thinks better of it afterwards."""
    MUDDLED = "muddled"
    """Old buttons, words nobody asked for, back and forth; stops half-way and goes on another day."""
    NEVER = "never"


class Matter(StrEnum):
    """The three typical persons."""

    NIL = "nil"
    ROW = "row"
    ROWS = "rows"


class Hand(StrEnum):
    """How somebody answers."""

    TAPS = "taps"
    NUMBERS = "numbers"
    WORDS = "words"


_TEMPERS = {
    Temper.PROMPT: 34,
    Temper.REMINDED: 36,
    Temper.LAST: 12,
    Temper.TWICE: 5,
    Temper.MUDDLED: 8,
    Temper.NEVER: 5,
}
_MATTERS = {Matter.NIL: 80, Matter.ROW: 14, Matter.ROWS: 6}
"""One in five touched data: the README reckons with the same."""
_HANDS = {Hand.TAPS: 60, Hand.NUMBERS: 20, Hand.WORDS: 20}
_STOPS = 0.1
"""Of all others, how many stop half-way once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    temper: Temper
    matter: Matter
    hand: Hand
    begins: datetime | None
    """None: not by themselves."""
    stops: bool


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _HOLIDAYS


def character(random: Random, *, first: date, deadline: date, officer: bool) -> Character:
    """Somebody; whoever is in office is prompt."""
    temper = Temper.PROMPT if officer else _drawn(random, _TEMPERS)
    return Character(
        temper=temper,
        matter=_drawn(random, _MATTERS),
        hand=Hand.TAPS if temper is Temper.TWICE else _drawn(random, _HANDS),
        begins=_begins(random, temper, first, deadline),
        stops=not officer and (temper is Temper.MUDDLED or random.random() < _STOPS),
    )


def _begins(random: Random, temper: Temper, first: date, deadline: date) -> datetime | None:
    all_days = (first + timedelta(days=n) for n in range((deadline - first).days))
    days = [day for day in all_days if is_working_day(day)] or [deadline]
    match temper:
        case Temper.NEVER | Temper.REMINDED:
            return None
        case Temper.LAST:
            return at(deadline, time(13)) + timedelta(minutes=random.uniform(0, 170))
        case Temper.PROMPT:
            return office_hour(random, random.choice(days[:2]))
        case _:
            return office_hour(random, random.choice(days[:-1] or days))


def office_hour(random: Random, day: date) -> datetime:
    """Mostly in the morning or the afternoon, some at noon and in the evening."""
    hour = random.choices(range(8, 22), (4, 10, 9, 6, 3, 3, 7, 9, 8, 4, 2, 2, 2, 1))[0]
    return at(day, time(hour)) + timedelta(minutes=random.uniform(0, 60))


def at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, ZONE)


def _drawn(random: Random, shares: dict[T, int]) -> T:
    return random.choices(list(shares), list(shares.values()))[0]
