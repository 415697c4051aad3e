"""What groups hear: the totals of their unit and of the units directly below it. No person's figures and no ranking.

A group bound in the chat gets names of units only, for the API cannot @ anybody (G/0079). A custom robot calls the
coordinators of the units something is missing from; where both are in one group, the robot speaks.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import reaching
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.messages import Address, ChatKind, Text
from handlers.texts import digests
from storage import accounts, audiences, group_robots, roster
from storage.models import Unit
from storage.outstanding import Left, Outstanding, outstanding

MOST_CALLED = 50
"""So many people one message calls (A/0699)."""


@dataclass(frozen=True, slots=True)
class Told:
    to: Address
    body: Text


@dataclass(frozen=True, slots=True)
class Group:
    """A group and the unit it belongs to."""

    to: Address
    title: str
    unit: Unit
    calls: str = ""
    """By the ids of which platform it can @ people; empty where it cannot."""


def everywhere(session: Session) -> list[Group]:
    """All groups that are written to."""
    robots = [
        Group(Address(group_robots.CHANNEL, ChatKind.GROUP, str(robot.id)), robot.name, unit, robot.platform)
        for robot, unit in group_robots.everywhere(session)
    ]
    spoken = {(robot.title, robot.unit.id) for robot in robots}
    bound = [
        Group(Address(group.channel, ChatKind.GROUP, group.conversation_id), group.title, unit)
        for group, unit in roster.groups(session)
        if (group.title, unit.id) not in spoken
    ]
    return [*robots, *bound]


def below(session: Session, unit: Unit) -> list[Group]:
    """Those of a unit and all below it."""
    return [group for group in everywhere(session) if group.unit.path.startswith(unit.path)]


def told(
    session: Session,
    campaign: Campaign,
    words: str,
    when: Mapping[str, str],
    now: datetime,
    as_of: datetime | None = None,
) -> Iterator[Told]:
    """A message for every group whose unit has something missing."""
    groups = everywhere(session)
    if not groups:
        return
    left = outstanding(session, campaign.id, now, as_of)
    officers = {one: _officers(session, now, one) for one in {group.calls for group in groups} if one}
    for group in groups:
        here = left.of(group.unit.id or 0)
        if here.people.missing or here.returns_missing:
            head = _head(here, full_name(left.chain(group.unit.id or 0)), words, when)
            below, called = _below(left, group.unit, officers.get(group.calls, {}))
            yield Told(group.to, Text("\n".join(filter(None, [head, below])), campaign.name, tuple(called)))


def _officers(session: Session, now: datetime, platform: str) -> Mapping[int, Sequence[str]]:
    """Who is in office at each unit, by the id a platform knows them by; others cannot be called there."""
    officers = audiences.officers(session, now)
    known = accounts.ids_on(session, platform, [officer.id for officer in officers])
    found: defaultdict[int, list[str]] = defaultdict(list)
    for officer in officers:
        home = reaching.home(officer.staff_id)
        called = home.id if home.channel == platform else known.get(officer.id)
        if called:
            for _, unit_id in officer.offices:
                found[unit_id].append(called)
    return found


def _head(here: Left, name: str, words: str, when: Mapping[str, str]) -> str:
    people = here.people
    if not people.missing:
        return digests.people_done(name, here.returns_missing)
    return words.format(
        unit=name,
        expected=people.expected,
        finished=people.finished,
        missing=people.missing,
        percent=f"{people.percent}%",
        **when,
    )


def _below(left: Outstanding, unit: Unit, officers: Mapping[int, Sequence[str]]) -> tuple[str, list[str]]:
    """The level below in the order of the roster, and who is called in it."""
    parts = left.below(unit.id or 0)
    wanting = [(below, part) for below, part in parts if part.people.missing or part.returns_missing]
    done = [below.name for below, part in parts if part.people.expected and (below, part) not in wanting]
    lines: list[str] = []
    called: list[str] = []
    for below, part in wanting[: digests.MOST_LINES]:
        mine = [who for who in officers.get(below.id or 0, ()) if who not in called][: MOST_CALLED - len(called)]
        called += mine
        missing = part.people.missing
        lines.append(digests.unit_line(below.name, missing, part.people.expected, part.returns_missing, mine))
    return digests.below(lines, done, len(wanting) - len(lines)), called
