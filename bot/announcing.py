"""`zicha broadcast`: the operator plans a broadcast, agrees to it, watches it, stops it. The work behind the commands.

The letters are put into the outbox here; a running bot sends them.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from bot import foundation
from bot.broadcasts import Broadcasts
from bot.foundation import Foundation
from bot.threads import DatabaseThread
from handlers import leak_guard
from handlers.broadcasts import letters, report
from handlers.broadcasts.plan import Audience, Kind, Plan, Route, plan
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.means import Means
from handlers.texts import broadcasts as texts
from storage import audit, broadcasts, roster
from storage.broadcasts import Fates
from storage.models import Broadcast

OPERATOR = "operator"
_LOOK = 0.5
Watch = Callable[[int, int], None]
"""Told how far it is: done, total."""


class BroadcastError(Exception):
    """The broadcast cannot be; the message says what to change."""


def propose(
    base: Foundation, means: Means, *, to: Audience, unit: str, text: str, campaign: str = "", route: Route = Route.CHAT
) -> tuple[int, str]:
    """Its number and what it takes, in words. Raises `BroadcastError`."""
    opened, now = _campaign(base, campaign), foundation.real_clock()
    if not (words := text.strip()):
        raise BroadcastError("内容是空的：--text 或 --file")
    if leak_guard.look(words):
        raise BroadcastError("内容里像是有身份证号、护照号或成串的电话，去掉再发")
    if route is not Route.CHAT and not means.work_notices:
        raise BroadcastError("没有设置 DINGTALK_AGENT_ID，发不了工作通知")
    with base.database.session() as session:
        there = next((one for one in roster.units(session) if not unit or unit in (one.code, one.name)), None)
        if there is None:
            raise BroadcastError(f"名册里没有单位“{unit}”：写单位编码，或者不写就是最上级单位")
        planned = Broadcast(
            campaign=opened.id,
            unit_id=there.id or 0,
            audience=to,
            kind=Kind.WORDS,
            route=route,
            text=words,
            asker=OPERATOR,
            asked_at=now,
        )
        found, name = plan(session, opened, planned, there, means, now), full_name(roster.chain(session, there))
        if not (found.people or found.groups):
            raise BroadcastError(texts.nobody(to, name, found.no_account))
        planned.people, planned.calls = found.people or found.groups, found.calls
        number = broadcasts.keep(session, planned)
        audit.record(session, at=now, actor=OPERATOR, action="broadcast.plan", subject=there.code, detail=f"{number}")
        return number, texts.planned(number, to, name, words, found, opened, now) + _cheaper(found)


def _cheaper(found: Plan) -> str:
    ways = "、".join(texts.way(way) for way in found.cheaper)
    return f"\n\n更省的办法：{ways}" if ways else ""


def agree(base: Foundation, number: int, watch: Watch) -> None:
    """Puts all letters into the outbox. Raises `BroadcastError`."""
    now = foundation.real_clock()
    with base.database.session() as session:
        planned = _numbered(base, broadcasts.numbered(session, number))
        if not broadcasts.agree(session, number, route=planned.route, at=now):
            raise BroadcastError(texts.NO_LONGER)
        audit.record(session, at=now, actor=OPERATOR, action="broadcast.agree", detail=f"{number}")
    _writer(base).write_all(planned, lambda count: watch(count, planned.people))


def follow(base: Foundation, number: int, watch: Watch) -> Fates:
    """Until the last letter is settled, or Ctrl-C, which stops only the watching."""
    with suppress(KeyboardInterrupt):
        while (fates := look(base, number)).waiting:
            watch(fates.total - fates.waiting, fates.total)
            time.sleep(_LOOK)
    return look(base, number)


def look(base: Foundation, number: int) -> Fates:
    with base.database.reading() as session:
        _numbered(base, broadcasts.numbered(session, number))
        return broadcasts.fates(session, number)


def stop(base: Foundation, number: int) -> str:
    """What waits is withdrawn. Raises `BroadcastError`."""
    now = foundation.real_clock()
    with base.database.session() as session:
        _numbered(base, broadcasts.numbered(session, number))
        withdrawn = broadcasts.stop(session, number, at=now)
        audit.record(session, at=now, actor=OPERATOR, action="broadcast.stop", detail=f"{number} {withdrawn}")
        return texts.stopped(number, withdrawn, broadcasts.fates(session, number))


def again(base: Foundation, number: int) -> str:
    """What was refused or never went waits once more. Raises `BroadcastError`."""
    now = foundation.real_clock()
    with base.database.session() as session:
        found = _numbered(base, broadcasts.numbered(session, number))
        until = letters.expires(_campaign(base, found.campaign), now)
        count = broadcasts.send_again(session, number, at=now, expires_at=until)
        audit.record(session, at=now, actor=OPERATOR, action="broadcast.again", detail=f"{number} {count}")
        return texts.again(number, count)


def listed(base: Foundation, limit: int) -> list[str]:
    """The latest, a line each."""
    with base.database.reading() as session:
        found = broadcasts.newest(session, limit=limit)
        return [
            texts.line(
                one.id or 0,
                one.audience,
                full_name(roster.chain(session, broadcasts.unit_of(session, one))),
                one.agreed_at or one.asked_at,
                broadcasts.fates(session, one.id or 0),
                base.campaigns[0],
            )
            for one in found
        ]


def told(base: Foundation, number: int) -> list[str]:
    """How it goes or went, and whom it did not reach, a line each."""
    with base.database.reading() as session:
        found = _numbered(base, broadcasts.numbered(session, number))
        fates, name = (
            broadcasts.fates(session, number),
            full_name(roster.chain(session, broadcasts.unit_of(session, found))),
        )
        posting = found.posted_at is None and found.stopped_at is None
        stopped = found.stopped_at is not None
        lines = [texts.progress(number, found.audience, name, fates, stopped=stopped, posting=posting)]
        for why, names in report.reasons(session, number):
            lines += [f"{why}：{len(names)}", *(f"  {who}" for who in names if who)]
        return lines


def _writer(base: Foundation) -> Broadcasts:
    return Broadcasts(
        database=base.database,
        campaigns=base.campaigns,
        thread=DatabaseThread(),
        now=foundation.real_clock,
        wake=lambda: None,
    )


def _campaign(base: Foundation, named: str) -> Campaign:
    found = next((one for one in base.campaigns if not named or named == one.id), None)
    if found is None:
        raise BroadcastError(f"没有打开的活动“{named}”：{'、'.join(one.id for one in base.campaigns)}")
    return found


def _numbered(base: Foundation, found: Broadcast | None) -> Broadcast:
    if found is None or found.campaign not in {one.id for one in base.campaigns}:
        raise BroadcastError("没有这一次群发；zicha broadcast list 看最近的")
    return found
