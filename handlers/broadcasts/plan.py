"""The call budget of a broadcast: people, groups, calls, minutes, share of the month; and cheaper ways where there are.

Reads only; nothing is kept here.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from handlers import quota, reaching
from handlers.broadcasts import departments
from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from handlers.means import Means
from handlers.messages import Address, ChatKind, Letter
from handlers.months import month_of
from handlers.reminders import groups
from storage import burden, recipients
from storage.models import Broadcast, Unit
from storage.recipients import Part, Recipient

PEOPLE_A_CALL = 20
"""userIds of one batchSend (A/0714)."""
NOTICES_A_CALL = 100
"""userIds of one 工作通知 (A/0769)."""
NOTICES = "zhezhengding"
"""The channel of 浙政钉's work notices."""
WORK_NOTICE = "work_notice"
"""The channel of DingTalk's 工作通知."""


class Audience(StrEnum):
    UNFINISHED = "unfinished"
    EVERYONE = "everyone"
    COORDINATORS = "coordinators"
    GROUPS = "groups"


class Kind(StrEnum):
    WORDS = "words"
    NUDGE = "nudge"


class Route(StrEnum):
    CHAT = "chat"
    WORK_NOTICE = WORK_NOTICE
    DEPARTMENTS = "departments"
    """Work notices for whole departments of the platform."""


@dataclass(frozen=True, slots=True)
class Meant:
    """To whom a broadcast goes: people and where each is reached; groups, or departments with so many `within`; how
    many have no account."""

    people: tuple[tuple[Recipient, Address], ...]
    groups: tuple[Address, ...]
    no_account: int
    within: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to say it, and what it costs."""

    route: Route
    audience: Audience
    calls: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    people: int
    groups: int
    no_account: int
    had_enough: int
    """So many have had the campaign's most already and are left out."""
    calls: int
    minutes: int
    percent: float
    """Share of the month's calls."""
    left: int
    """Calls that are left of the month."""
    starts_at: datetime
    notices: int = 0
    """So many of the people are on 浙政钉: a work notice calls them."""
    notice_calls: int = 0
    notice_minutes: int = 0
    """From the first call to the last of a day."""
    notice_days: int = 1
    cheaper: tuple[Way, ...] = ()


def meant(
    session: Session, campaign: Campaign, planned: Broadcast, unit: Unit, now: datetime, part: Part | None = None
) -> Meant:
    """Whoever asked is not written to. With a part, only those of it who are reached."""
    match planned.audience:
        case Audience.GROUPS:
            return Meant((), tuple(group.to for group in groups.below(session, unit)), 0)
        case Audience.EVERYONE if planned.route == Route.DEPARTMENTS:
            there = departments.calls(session, unit)
            calls = tuple(Address(WORK_NOTICE, ChatKind.DEPARTMENT, call) for call in there.departments)
            return Meant((), calls, there.no_account, there.people)
        case Audience.EVERYONE:
            found = recipients.everyone(session, unit.path, part)
        case Audience.COORDINATORS:
            found = recipients.coordinators(session, unit.path, now, part)
        case _:
            found = recipients.unfinished(session, campaign.id, unit.path, part)
    asker, route = planned.by, Route(planned.route)
    others = [one for one in found if one.id != asker]
    reached = [(one, _address(one, route)) for one in others if one.account]
    return Meant(tuple(reached), (), len(others) - len(reached))


def plan(session: Session, campaign: Campaign, planned: Broadcast, unit: Unit, means: Means, now: datetime) -> Plan:
    """What the broadcast takes if it is agreed to now."""
    found = meant(session, campaign, planned, unit, now)
    lanes = [str(address) for _, address in found.people]
    borne = burden.borne(session, campaign.id, lanes)
    bearing = [
        pair for pair, lane in zip(found.people, lanes, strict=True) if borne.get(lane, 0) < campaign.manners.most
    ]
    calls = _calls(planned, bearing) + len(found.groups)
    notices = sum(address.channel == NOTICES for _, address in bearing)
    month = quota.month(session, means, now, month_of(now, campaign.zone))
    return Plan(
        people=len(bearing) + found.within,
        groups=0 if found.within else len(found.groups),
        no_account=found.no_account,
        had_enough=len(found.people) - len(bearing),
        calls=calls,
        minutes=_minutes(means, Route(planned.route), calls, len(bearing)),
        percent=calls * 100 / means.api_a_month,
        left=month.api.left,
        starts_at=next_polite(campaign, now),
        notices=notices,
        notice_calls=means.notice_calls(notices),
        notice_minutes=means.notice_minutes(notices) if notices else 0,
        notice_days=means.notice_days(notices),
        cheaper=tuple(_cheaper(session, planned, unit, means, calls, bearing)),
    )


def calls_of(letters: Sequence[Letter]) -> int:
    """How many calls of DingTalk letters make that are not a broadcast: the same words to twenty persons are one."""
    people = (letter for letter in letters if letter.to.channel == quota.CHANNEL)
    by_words = Counter(letter.body if letter.to.kind is ChatKind.DIRECT else letter.to for letter in people)
    return sum(math.ceil(count / PEOPLE_A_CALL) for count in by_words.values())


def _address(one: Recipient, route: Route) -> Address:
    where = reaching.address(one)
    if route is Route.WORK_NOTICE and where.channel == quota.CHANNEL:
        return Address(WORK_NOTICE, ChatKind.DIRECT, where.id)
    return where


def _calls(planned: Broadcast, people: Sequence[tuple[Recipient, Address]]) -> int:
    """Calls of DingTalk; 浙政钉's notices are counted by day and hour, not by month."""
    by_text = Counter((address.channel, one.begun if planned.kind == Kind.NUDGE else False) for one, address in people)
    most = {quota.CHANNEL: PEOPLE_A_CALL, WORK_NOTICE: NOTICES_A_CALL}
    return sum(math.ceil(count / most[channel]) for (channel, _), count in by_text.items() if channel in most)


def _minutes(means: Means, route: Route, calls: int, people: int) -> int:
    """Work notices reach so many people a minute and no more, however few calls it takes (A/0769)."""
    if route is Route.DEPARTMENTS:
        return calls
    if route is Route.WORK_NOTICE:
        return max(math.ceil(people / departments.MOST_PEOPLE), 1)
    return means.minutes(calls)


def _cheaper(
    session: Session,
    planned: Broadcast,
    unit: Unit,
    means: Means,
    calls: int,
    people: Sequence[tuple[Recipient, Address]],
) -> list[Way]:
    """Other ways that take fewer calls, the cheapest first."""
    if planned.kind != Kind.WORDS or planned.audience == Audience.GROUPS or planned.route != Route.CHAT:
        return []
    found: list[tuple[int, Route, Audience]] = []
    here = sum(address.channel == quota.CHANNEL for _, address in people)
    if means.work_notices:
        # each call is asked about once more: a work notice that was not taken says so only then
        found.append((math.ceil(here / NOTICES_A_CALL) * 2, Route.WORK_NOTICE, Audience(planned.audience)))
    if planned.audience == Audience.EVERYONE:
        if means.work_notices and here == len(people):
            count = len(departments.calls(session, unit).departments)
            found.append((count, Route.DEPARTMENTS, Audience.EVERYONE))
        found.append((len(groups.below(session, unit)), Route.CHAT, Audience.GROUPS))
    return [
        Way(route=route, audience=audience, calls=count, minutes=_minutes(means, route, count, here))
        for count, route, audience in sorted(found)
        if 0 < count < calls
    ]
