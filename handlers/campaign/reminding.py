"""The chapter of a campaign file for reminders: when each comes, to whom, by which way, in which words.

The shape of its table, and what may be wrong in it. On which days the moments fall is worked out elsewhere.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import Field

from handlers.campaign.shapes import Name, Part

if TYPE_CHECKING:
    from handlers.campaign.definition import Campaign

Audience = Literal["digest", "units", "groups", "unfinished", "unsigned"]
"""`digest`: everybody in office with something left to do, one letter with the figures; `units`: those in office at
units whose return has not been handed up; `groups`: chat groups, figures only; `unfinished`: who has yet to hand in;
`unsigned`: who touched data, has handed in and has not signed the pledge."""
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
"""In the order they are written to: somebody meant twice at one moment gets the first of these letters."""
OF_PEOPLE: frozenset[Audience] = frozenset({"digest", "units", "unfinished", "unsigned"})

_WHEN = frozenset({"deadline", "days", "overdue"})
BLANKS: dict[Audience, frozenset[str]] = {
    "digest": _WHEN,
    "units": _WHEN | {"units"},
    "groups": _WHEN | {"unit", "expected", "finished", "missing", "percent"},
    "unfinished": _WHEN | {"state"},
    "unsigned": _WHEN | {"pledge"},
}
"""What may be filled into the words. `days` are left until the deadline, `overdue` have gone by since."""


class Span(Part):
    """So many days or so many hours."""

    days: int | None = Field(default=None, ge=0, le=365)
    hours: int | None = Field(default=None, ge=1, le=720)

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days or 0, hours=self.hours or 0)


class ReminderRule(Part):
    id: Name
    before: Span | None = None
    """So long before the deadline: days count from its date and want `at`, hours from its end."""
    after: Span | None = None
    """So long after it, counted in the same way."""
    on: date | None = None
    """A fixed day; wants `at`."""
    at: time | None = None
    every: int = Field(default=0, ge=0, le=30)
    """Days between two of its moments, where it comes several times."""
    times: int = Field(default=1, ge=1, le=10)
    channel: Literal["direct", "work_notice", "group"] = "direct"
    """How people are written to. `group` says that it is for groups alone: these are always written to as groups."""
    late_by: Span = Span(hours=8)
    """A reminder older than this is not sent any more; none is sent on another day than its own."""
    say: dict[Audience, str] = Field(min_length=1)
    """The words, by audience: whoever has none here is not written to."""

    @property
    def audiences(self) -> tuple[Audience, ...]:
        return tuple(audience for audience in AUDIENCES if audience in self.say)


def problems(campaign: "Campaign") -> Iterator[tuple[str, str]]:
    """What is wrong beyond the shape: the table, and what to mend."""
    for rule in campaign.reminders:
        yield from ((f"reminders.{rule.id}", why) for why in (*_moment(rule), *_ways(campaign, rule)))


def _moment(rule: ReminderRule) -> Iterator[str]:
    said = [name for name in ("before", "after", "on") if getattr(rule, name) is not None]
    if len(said) != 1:
        yield f"says {' and '.join(said) or 'no moment'}; write one of before, after or on"
        return
    for name in ("before", "after", "late_by"):
        span: Span | None = getattr(rule, name)
        if span is not None and (span.days is None) == (span.hours is None):
            yield f"{name}: write either days or hours, for example {name} = {{ days = 3 }}"
    span = rule.before or rule.after
    if span is not None and span.hours is not None:
        if rule.at is not None:
            yield "at: the hour follows from the hours; take at away, or write days"
    elif rule.at is None:
        yield "at is missing; add the time of day, for example at = 09:30:00"
    if rule.after is not None and rule.after.days == 0:
        yield "after: days = 0 is the deadline itself; write before = { days = 0 }, or after = { days = 1 }"
    if (rule.times > 1) != (rule.every > 0):
        yield "every and times belong together: every = 2 and times = 3 comes three times, two days apart"
    if rule.late_by.length <= timedelta():
        yield "late_by: must be longer than nothing; a reminder that may not be late by a minute is never sent"


def _ways(campaign: "Campaign", rule: ReminderRule) -> Iterator[str]:
    if rule.channel == "group" and (people := sorted(OF_PEOPLE & rule.say.keys())):
        yield f"channel: group is for say.groups alone; take {', '.join(people)} away, or write direct"
    if "unsigned" in rule.say and not campaign.has_pledge:
        yield "say.unsigned: there is no table [pledge], nobody has anything to sign; take it away"
