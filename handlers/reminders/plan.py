"""What the calendar of reminders comes to: every moment, and how many people, letters and calls it would be now.

Reads only. The same letters are made as when the moment comes, and thrown away.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.campaign.reminding import Audience
from handlers.messages import Body, ChatKind, Letter
from handlers.reminders import calendar, firing, letters
from handlers.reminders.calendar import Moment
from handlers.reminders.letters import Round
from storage import group_robots, reminder_moments
from storage.models import ReminderMoment
from storage.reminder_moments import Key


class State(StrEnum):
    COMING = "coming"
    SENT = "sent"
    UNDER_WAY = "under_way"
    MISSED = "missed"
    """Nobody was there to send it while it was due."""
    ADDED_LATE = "added_late"
    """Its moment had passed when it was added to the schedule."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Count:
    """`letters` to people or groups, in so many `calls` of the platform. `enough` have been written to too often,
    `noticed` get a work notice, `calling` are groups whose robot can @ people."""

    letters: int = 0
    calls: int = 0
    enough: int = 0
    noticed: int = 0
    calling: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    moment: Moment
    state: State
    count: Count = field(default=Count())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """For whom a plan is made: the channels of work notices if any, and how many people one call of a channel takes."""

    now: datetime
    notices: frozenset[str] = frozenset()
    together: Callable[[str], int]
    as_of: datetime | None = None
    """The figures of a past moment."""

    @property
    def at(self) -> datetime:
        return self.as_of or self.now


def without_people(campaign: Campaign, now: datetime) -> list[Line]:
    """The calendar alone, where there is no database yet."""
    return [Line(moment, _state(moment, None, now)) for moment in calendar.everything(campaign)]


def plan(session: Session, campaign: Campaign, outlook: Outlook) -> list[Line]:
    known = reminder_moments.all_of(session, campaign.id)
    lines = [
        Line(moment, _state(moment, known.get(firing.key(moment)), outlook.at))
        for moment in calendar.everything(campaign)
    ]
    made = _Made(session, campaign, outlook)
    taken: set[tuple[datetime, str]] = set()
    return [_counted(line, known, made, taken) for line in lines]


def _state(moment: Moment, row: ReminderMoment | None, at: datetime) -> State:
    if moment.dropped:
        return State.DROPPED
    if row is not None and row.done_at and row.done_at <= at:
        return State.SENT
    if row is not None and row.known_at > row.at:
        return State.ADDED_LATE
    if at >= moment.until:
        return State.MISSED
    return State.UNDER_WAY if row is not None and row.upto and at >= moment.at else State.COMING


def _counted(line: Line, known: Mapping[Key, ReminderMoment], made: "_Made", taken: set[tuple[datetime, str]]) -> Line:
    if line.state is State.SENT:
        return replace(line, count=Count(letters=known[firing.key(line.moment)].letters))
    if line.state not in (State.COMING, State.UNDER_WAY):
        return line
    wanted, enough = made.of(line.moment)
    mine = [letter for letter in wanted if (line.moment.at, _reader(letter)) not in taken]
    taken.update((line.moment.at, _reader(letter)) for letter in mine)
    noticed = sum(letter.to.channel in made.outlook.notices for letter in mine) if line.moment.noticed else 0
    calling = sum(letter.to.channel == group_robots.CHANNEL for letter in mine)
    return replace(line, count=Count(len(mine), made.calls(mine), enough, noticed, calling))


def _reader(letter: Letter) -> str:
    return letter.key.rpartition("/")[2]


@dataclass(slots=True)
class _Made:
    """The letters of every audience, made once: the words of other moments differ in the date alone."""

    session: Session
    campaign: Campaign
    outlook: Outlook
    found: dict[tuple[Audience, str], tuple[list[Letter], int]] = field(default_factory=dict)

    def of(self, moment: Moment) -> tuple[list[Letter], int]:
        """The letters, and how many more would be too much for their readers."""
        place = (moment.audience, moment.rule.channel)
        if place not in self.found:
            round_ = Round(
                session=self.session,
                campaign=self.campaign,
                moment=moment,
                now=self.outlook.now,
                notices=self.outlook.notices,
                looking=True,
                as_of=self.outlook.as_of,
            )
            part = letters.cut(round_)
            self.found[place] = (part.letters, part.enough)
        return self.found[place]

    def calls(self, mine: list[Letter]) -> int:
        """The same words to several people make one call, for as many as the channel takes."""
        people: Counter[tuple[str, Body]] = Counter(
            (letter.to.channel, letter.body) for letter in mine if letter.to.kind is ChatKind.DIRECT
        )
        together = self.outlook.together
        direct = sum(-(-number // together(channel)) for (channel, _), number in people.items())
        return direct + sum(letter.to.kind is ChatKind.GROUP for letter in mine)
