"""On which days the moments of a campaign's reminders fall, and what is due now. Pure.

A moment on a day off or in quiet hours moves: before the deadline to an earlier decent hour, after it to a later one
(the notice's deadline, 30 May 2022, is a Monday: what belongs to the two days before comes on Friday the 27th).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from handlers.campaign.definition import Campaign
from handlers.campaign.reminding import AUDIENCES, OF_PEOPLE, Audience, ReminderRule
from handlers.manners import is_known, next_polite_day, polite_day

_ROOM = timedelta(hours=1)
"""What would fall into the quiet hours of an evening comes so long before they begin: it still has to get through."""


class Moved(StrEnum):
    """Why a moment is not where its rule alone would put it."""

    NOT = ""
    DAY_OFF = "day_off"
    QUIET = "quiet"


class Dropped(StrEnum):
    """Why a moment does not come at all."""

    NOT = ""
    BEFORE_PUBLISHED = "before_published"
    LAST_DAY_OFF = "last_day_off"
    """What is said on the last day is said on no other."""
    TWICE = "twice"
    """Moved to a day on which the same rule comes anyway."""
    NEARER = "nearer"
    """Another rule says something to the same people at the same moment, and belongs nearer to the deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment of a rule for one audience. After `until` it is not sent any more; `wanted` is where the rule alone
    would put it."""

    rule: ReminderRule
    audience: Audience
    at: datetime
    until: datetime
    wanted: datetime
    moved: Moved = Moved.NOT
    dropped: Dropped = Dropped.NOT

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def noticed(self) -> bool:
        """Whether the rule wants a work notice for it."""
        return self.rule.channel == "work_notice" and self.audience in OF_PEOPLE


def calendar(campaign: Campaign) -> list[Moment]:
    """Every moment that comes, in the order in which they are dealt with."""
    return [moment for moment in everything(campaign) if not moment.dropped]


def due(campaign: Campaign, now: datetime) -> list[Moment]:
    """The moments that have come and are not too late."""
    return [moment for moment in calendar(campaign) if moment.at <= now < moment.until]


def unknown_years(campaign: Campaign) -> list[int]:
    """Years of the calendar whose holidays this program does not know: there the working days are guessed."""
    years = {moment.at.year for moment in everything(campaign)} | {campaign.deadline.year}
    return sorted(year for year in years if campaign.manners.working_days_only and not is_known(year))


def everything(campaign: Campaign) -> list[Moment]:
    """The same with those that are dropped, each with the reason."""
    found = [
        Moment(
            rule=rule,
            audience=audience,
            at=at,
            until=_until(campaign, rule, at),
            wanted=wanted,
            moved=moved,
            dropped=dropped,
        )
        for rule in campaign.reminders
        for at, wanted, moved, dropped in _days(campaign, rule)
        for audience in rule.audiences
    ]
    order = sorted(found, key=lambda moment: (moment.at, AUDIENCES.index(moment.audience), _distance(campaign, moment)))
    return list(_one_each(order))


def _one_each(moments: list[Moment]) -> Iterator[Moment]:
    """Rules that meet in one moment for one audience are one reminder: that of the nearer deadline."""
    taken: set[tuple[datetime, Audience]] = set()
    for moment in moments:
        place = (moment.at, moment.audience)
        if not moment.dropped and place in taken:
            yield replace(moment, dropped=Dropped.NEARER)
            continue
        if not moment.dropped:
            taken.add(place)
        yield moment


def _distance(campaign: Campaign, moment: Moment) -> timedelta:
    return abs(moment.wanted - campaign.closes_at)


# ---------------------------------------------------------------- one rule


def _days(campaign: Campaign, rule: ReminderRule) -> Iterator[tuple[datetime, datetime, Moved, Dropped]]:
    """Its moments: where each comes, where it was wanted, why it moved, why it is dropped."""
    taken: set[date] = set()
    for turn in range(rule.times):
        wanted = _wanted(campaign, rule) + timedelta(days=turn * rule.every)
        at, moved = _decent(campaign, wanted)
        yield at, wanted, moved, _dropped(campaign, wanted, at, taken)
        taken.add(at.date())


def _wanted(campaign: Campaign, rule: ReminderRule) -> datetime:
    """The first moment of a rule, wherever it falls, in the campaign's zone."""
    span = rule.before or rule.after
    if span is None or span.hours is None:
        away = span.length if span else timedelta()
        day = rule.on or (campaign.deadline - away if rule.before else campaign.deadline + away)
        return datetime.combine(day, rule.at or time(), campaign.zone)
    over = campaign.closes_at
    return over - span.length if rule.before else over + span.length


def _decent(campaign: Campaign, wanted: datetime) -> tuple[datetime, Moved]:
    manners, early = campaign.manners, wanted < campaign.closes_at
    day, hour, moved = wanted.date(), wanted.time(), Moved.NOT
    if hour < manners.from_:
        hour, moved = manners.from_, Moved.QUIET
    elif hour >= manners.until:
        moved = Moved.QUIET
        hour = _evening(campaign) if early else manners.from_
        day += timedelta(days=0 if early else 1)
    decent = polite_day(campaign, day) if early else next_polite_day(campaign, day)
    return datetime.combine(decent, hour, campaign.zone), moved if decent == day else Moved.DAY_OFF


def _evening(campaign: Campaign) -> time:
    """The last hour somebody is written to in good time; the first one where the decent hours are short."""
    day = date(2000, 1, 1)
    last = datetime.combine(day, campaign.manners.until) - _ROOM
    return max(last, datetime.combine(day, campaign.manners.from_)).time()


def _dropped(campaign: Campaign, wanted: datetime, at: datetime, taken: set[date]) -> Dropped:
    if at.date() < campaign.published:
        return Dropped.BEFORE_PUBLISHED
    if wanted.date() == campaign.deadline and at.date() != wanted.date() and wanted < campaign.closes_at:
        return Dropped.LAST_DAY_OFF
    return Dropped.TWICE if at.date() in taken else Dropped.NOT


def _until(campaign: Campaign, rule: ReminderRule, at: datetime) -> datetime:
    """A reminder speaks of its own day («今天», «还有3天») and not into the night: with the decent hours it ends."""
    return min(at + rule.late_by.length, datetime.combine(at.date(), campaign.manners.until, campaign.zone))
