"""What coordinators ask and order about people: 名单, 催办, 绑定. In a group never a person.

Every answer is limited to the asker's own subtree (`access.py`); what lies outside is not even said to exist.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby

from handlers import leak_guard, menus, spoken
from handlers.asked import Asked, meant
from handlers.broadcasts import talk as broadcasts
from handlers.broadcasts.plan import Audience, Kind
from handlers.commands import Command
from handlers.desk import Desk
from handlers.manners import next_polite
from handlers.messages import Choice, Letter
from handlers.reminders.bearing import bearable
from handlers.texts import exempting, figures
from handlers.texts.broadcasts import PRIVATE
from storage import lists, oversight, read_states, roster
from storage.lists import Missing
from storage.models import Person, Unit
from storage.outbox import known_keys


def names(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """Who is missing; «名单 免填» who is exempt, «名单 逾期» who was late. Asked in a group, the list goes to the asker
    alone."""
    kind, rest = _kind(command.rest)
    unit = meant(desk, person, rest, command, spoken=" ".join(filter(None, ["名单", kind, "{unit}"])))
    if not isinstance(unit, Unit):
        return unit
    asked = Asked(desk, person, Command(command.word, rest), unit)
    letters = {"": _missing, "免填": _exempt, "逾期": _late}[kind](asked)
    return [*letters, desk.tell(figures.NAMES_ARE_DIRECT)] if desk.in_group else letters


def _kind(said: str) -> tuple[str, str]:
    """Which list, and what else was said."""
    found = spoken.KIND_OF_LIST.search(said)
    return (found[1], " ".join(spoken.KIND_OF_LIST.sub(" ", said, count=1).split())) if found else ("", said)


def _missing(asked: Asked, *, over: bool = False) -> list[Letter]:
    desk = asked.desk
    total = oversight.rolled_up(desk.session, desk.campaign.id, asked.unit)[0].missing
    most = figures.NAMES_SHOWN
    rows = lists.unfinished(desk.session, desk.campaign.id, asked.unit.path, most=most) if total else []
    desk.record("names", subject=asked.unit.code, detail=f"{total}")
    if not rows:
        return [desk.confide(figures.nobody_missing(asked.name))]
    marks = read_states.of_people(desk.session, desk.campaign.id, [row.person.id or 0 for row in rows])
    by_unit = [
        (unit.name, [_called(row, marks) for row in group]) for unit, group in groupby(rows, key=lambda row: row.unit)
    ]
    told = figures.names(asked.name, by_unit, total, over=over, marked=bool(marks))
    return [desk.whisper(Choice(desk.title, told, menus.numbered(("催办", asked.spoken("催办")))))]


def _called(row: Missing, marks: Mapping[int, str]) -> str:
    """The name, and whether they have read the last reminder where that is known."""
    if row.by_others:
        return figures.by_others(row.person.name)
    state = marks.get(row.person.id or 0, read_states.UNKNOWN)
    return figures.marked(row.person.name, read=state == read_states.READ) if state else row.person.name


def _exempt(asked: Asked) -> list[Letter]:
    desk = asked.desk
    rows = lists.exempt(desk.session, desk.campaign.id, asked.unit.path)
    desk.record("names.exempt", subject=asked.unit.code, detail=f"{len(rows)}")
    if not rows:
        return [desk.confide(exempting.nobody(asked.name))]
    by_unit = [
        (unit.name, [(row.person.name, row.reason) for row in group])
        for unit, group in groupby(rows, key=lambda row: row.unit)
    ]
    return [desk.confide(exempting.listed(asked.name, by_unit, len(rows), figures.NAMES_SHOWN))]


def _late(asked: Asked) -> list[Letter]:
    """After the deadline: those who handed in late, then those who have not."""
    desk, campaign = asked.desk, asked.desk.campaign
    if desk.now < campaign.closes_at:
        return [desk.confide(figures.not_over_yet(campaign))]
    rows = lists.late(desk.session, campaign.id, asked.unit.path)
    by_unit = [
        (unit.name, [figures.handed_in_on(row.person.name, row.at, campaign) for row in group])
        for unit, group in groupby(rows, key=lambda row: row.unit)
    ]
    letters = [desk.confide(figures.late(asked.name, by_unit, len(rows)))] if rows else []
    if oversight.rolled_up(desk.session, campaign.id, asked.unit)[0].missing:
        letters += _missing(asked, over=True)
    return letters or [desk.confide(figures.none_late(asked.name))]


def nudge(asked: Asked) -> list[Letter]:
    """Reminds exactly those who are missing, each at most once a day, at a decent hour, and not the asker. Those
    without an account cannot be written to."""
    desk, campaign = asked.desk, asked.desk.campaign
    if oversight.rolled_up(desk.session, campaign.id, asked.unit)[0].missing >= desk.means.ask_above:
        return _plan_nudge(asked)
    missing = lists.unfinished(desk.session, campaign.id, asked.unit.path)
    others = [row for row in missing if row.person.id != asked.person.id]
    rows = [row for row in others if not row.by_others]
    if not rows:
        return [desk.tell(_nobody_to_nudge(asked, bool(missing), len(others)))]
    at = next_polite(campaign, desk.now)
    letters = [_nudge(asked, row.person, row.begun, at) for row in rows]
    again = known_keys(desk.session, [letter.key for letter in letters])
    fresh, enough = bearable(desk.session, campaign, [letter for letter in letters if letter.key not in again])
    desk.record("nudge", subject=asked.unit.code, detail=f"{len(fresh)}")
    when = figures.MOMENT_NOW if at <= desk.now else figures.moment_later(at, campaign)
    told = figures.nudged(asked.name, len(fresh), len(again), when, len(others) - len(rows))
    told += figures.had_enough(enough, campaign.manners.most) if enough else ""
    return [desk.tell(told), *fresh]


def _plan_nudge(asked: Asked) -> list[Letter]:
    """So many are shown with what they cost, and agreed to first."""
    by = figures.signature(asked.person.name, asked.reach.highest)
    shown = broadcasts.propose(asked.desk, asked.person, asked.unit, Audience.UNFINISHED, Kind.NUDGE, by)
    return [asked.desk.whisper(shown), *([asked.desk.tell(PRIVATE)] if asked.desk.in_group else [])]


def _nobody_to_nudge(asked: Asked, missing: bool, without_account: int) -> str:
    if without_account:
        return figures.only_others_fill_in(asked.name, without_account)
    return figures.only_you_missing(asked.name) if missing else figures.nobody_missing(asked.name)


def _nudge(asked: Asked, person: Person, begun: bool, at: datetime) -> Letter:
    campaign = asked.desk.campaign
    by = figures.signature(asked.person.name, asked.reach.highest)
    words = figures.nudge(campaign, figures.state_of(begun=begun), by)
    local = at.astimezone(campaign.zone)
    return Letter(
        to=asked.desk.direct(person),
        body=Choice(campaign.name, words, menus.numbered(("继续", "继续"))),
        topic="nudge",
        key=f"{campaign.id}/nudge/{local:%Y-%m-%d}/{person.id}",
        not_before=at,
        expires_at=local.replace(hour=23, minute=59),
        bulk=True,
    )


def bind(asked: Asked) -> list[Letter]:
    """@bot 绑定 in a group: the group gets the unit's totals before the deadline."""
    desk = asked.desk
    if not desk.in_group:
        return [desk.tell(figures.BIND_IN_GROUP)]
    chat = desk.inbound.chat
    bound = roster.group(desk.session, chat.id)
    if bound and not asked.reach.covers(roster.unit(desk.session, bound.unit_id)):
        return [desk.tell(figures.BOUND_BY_OTHERS)]
    roster.bind_group(
        desk.session,
        conversation_id=chat.id,
        channel=chat.channel,
        title=leak_guard.harmless_name(desk.inbound.chat_title)[:128],
        unit_id=asked.unit.id or 0,
        by=asked.person.id or 0,
        at=desk.now,
    )
    desk.record("bind", subject=asked.unit.code)
    return [desk.tell(figures.bound(asked.name))]
