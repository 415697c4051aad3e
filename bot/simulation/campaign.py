"""The whole of it: a town moves in, the days are played, the accounts are fetched and the books closed."""

import asyncio
import json
import random
import time as stopwatch
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot import evidence
from bot.app import lay_foundation
from bot.demo.show import FileClock
from bot.simulation import books, kept, processes
from bot.simulation.agenda import Agenda
from bot.simulation.believed import Beliefs
from bot.simulation.books import Accounts, Page, Platform, Rules
from bot.simulation.bot import CLOCK, settings
from bot.simulation.clockwork import Clockwork, Told, bells
from bot.simulation.gateway import Gateway
from bot.simulation.kept import Kept
from bot.simulation.phone import Switchboard, Timed
from bot.simulation.processes import Bot
from bot.simulation.reading import Reader
from bot.simulation.temper import ZONE, at, is_working_day
from bot.simulation.town import town, world
from bot.simulation.townspeople import Stage, Townspeople
from bot.simulation.weather import Weather
from handlers.campaign.definition import Campaign
from storage import roster_import
from storage.rows import Roster, UnitKind

_OPENS = time(8)
_ENDS = time(9)
_QUIET_WITHIN = 600.0
_PATIENCE = 8.0
"""Seconds people wait for an answer, and more where many talk at once: longer than a restart of the bot."""
_NOWHERE = "http://127.0.0.1:1"
"""The platform's address for what does not talk to it."""
_WEBHOOK = "/robot/sendBySession"
_FREE = frozenset({"/v1.0/gateway/connections/open", "/v1.0/oauth2/accessToken"})
"""Calls the platform does not bill (A/1431)."""
_THROTTLED = ("QpsLimit", "90018")
"""Refusals it does not bill either (A/1430)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    people: int
    days: int
    seed: int
    restarts: int
    faults: int
    at_once: int

    @property
    def tick_seconds(self) -> float:
        """How often the bot looks for reminders: a beat of a large city takes longer."""
        return max(0.5, self.people / 25_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What it took of this machine."""

    seconds: float
    bot_cpu: float
    gateway_cpu: float
    bot_memory: float
    starts: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The days as they were played."""

    beliefs: Beliefs
    platform: Platform
    calls: list[dict[str, Any]]
    machine: Machine
    replies: list[tuple[datetime, float]]
    acks: list[tuple[datetime, float]]
    weather: dict[str, int]
    stopped: int
    """How often the bot was restarted without being killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    plan: Plan
    begins: datetime
    ends: datetime
    units: int
    played: Played
    kept: Kept
    pages: tuple[Page, ...]

    @property
    def good(self) -> bool:
        return not any(page.differences for page in self.pages)


def days_of(campaign: Campaign, days: int) -> tuple[datetime, datetime]:
    """So many days, the deadline the last of them; what the night held back is let out the next morning."""
    first = campaign.deadline - timedelta(days=days - 1)
    return at(first, _OPENS), at(campaign.deadline + timedelta(days=1), _ENDS)


async def simulate(plan: Plan, folder: Path, told: Told) -> Outcome:
    """Plays it in an empty folder. Raises `ProcessError` where a process does not start."""
    people = town(plan.people, plan.seed)
    campaign = _move_in(folder / "data", folder / "gateway", people)
    played = await _play(plan, people, campaign, folder, told)
    begins, ends = days_of(campaign, plan.days)
    stands = kept.read(folder / "data")
    stands.troubles = _verified(folder / "data", ends)
    accounts = Accounts(
        beliefs=played.beliefs,
        kept=stands,
        platform=played.platform,
        rules=Rules(most=campaign.manners.most, begins=campaign.manners.from_, ends=campaign.manners.until),
        reporting=frozenset(unit.code for unit in people.units if unit.kind is not UnitKind.CITY),
    )
    return Outcome(
        plan=plan,
        begins=begins,
        ends=ends,
        units=len(people.units),
        played=played,
        kept=stands,
        pages=books.close(accounts),
    )


async def _play(plan: Plan, people: Roster, campaign: Campaign, folder: Path, told: Told) -> Played:
    began, data = stopwatch.monotonic(), folder / "data"
    begins, ends = days_of(campaign, plan.days)
    with processes.gateway(folder / "gateway", data, begins) as (url, pid):
        switchboard, clock = Switchboard(Reader(campaign)), FileClock(data / CLOCK)
        line = Gateway(url, switchboard.heard, lambda: clock().astimezone(ZONE))
        bot, agenda = Bot(data, line, url, plan.tick_seconds), Agenda(at_once=plan.at_once)
        timed = Timed(patience=_PATIENCE + plan.at_once / 10)
        stage = Stage(
            campaign=campaign,
            begins=begins,
            line=line,
            agenda=agenda,
            switchboard=switchboard,
            timed=timed,
            now=line.now,
        )
        folk = Townspeople(people, stage, random.Random(plan.seed))
        weather = Weather(line, bot)
        chance, hours = random.Random(f"weather {plan.seed}"), _working_hours(begins, campaign)
        weather.forecast(agenda, hours, chance, faults=plan.faults, restarts=plan.restarts)
        clockwork = Clockwork(
            line=line,
            agenda=agenda,
            bells=tuple(bells(campaign, begins, ends)),
            tick=2 * plan.tick_seconds + 0.2,
            quiet=partial(_quiet, data, line, campaign),
            told=told,
        )
        try:
            await line.open()
            await bot.start()
            await clockwork.run(ends)
            await bot.stop()
            totals, violations = await line.totals(), await line.violations()
        finally:
            bot.end()
            await line.close()
        machine = Machine(
            seconds=stopwatch.monotonic() - began,
            bot_cpu=bot.cpu,
            gateway_cpu=processes.cpu(pid),
            bot_memory=bot.memory,
            starts=tuple(bot.starts),
        )
    return Played(
        beliefs=folk.beliefs,
        platform=_platform(totals, violations, line.lost, bot.killed),
        calls=totals["calls"],
        machine=machine,
        replies=timed.replies,
        acks=line.acks,
        weather=dict(weather.faults),
        stopped=bot.stopped - 1,
    )


def _move_in(data: Path, gateway: Path, people: Roster) -> Campaign:
    """The roster, before the first day; and the gateway's world."""
    data.mkdir(parents=True)
    gateway.mkdir()
    (gateway / "world.json").write_text(json.dumps(world(people), ensure_ascii=False), encoding="utf-8")
    base = lay_foundation(settings(data, _NOWHERE))
    try:
        campaign = base.campaigns[0]
        with base.database.session() as session:
            roster_import.import_roster(session, people, base.vault, at=at(campaign.published, _OPENS))
    finally:
        base.database.close()
    return campaign


def _working_hours(begins: datetime, campaign: Campaign) -> list[datetime]:
    """The hours people talk in, the last evening with them."""
    days = [begins.date() + timedelta(days=n) for n in range((campaign.deadline - begins.date()).days + 1)]
    last = [at(campaign.deadline, time(hour)) for hour in range(17, 22)]
    return [at(day, time(hour)) for day in days if is_working_day(day) for hour in range(9, 17)] + last


async def _quiet(data: Path, line: Gateway, campaign: Campaign) -> None:
    """Until everything that is due has gone out and everything said has been taken; what hangs is for the books."""
    manners, until = campaign.manners, stopwatch.monotonic() + _QUIET_WITHIN
    while stopwatch.monotonic() < until:
        now = line.now()
        decent = is_working_day(now.date()) and manners.from_ <= now.time() < manners.until
        waits = await asyncio.to_thread(kept.due, data, now, bulk=decent)
        if not waits and not (await line.weather())["waiting"]:
            return
        await asyncio.sleep(0.05)


def _verified(data: Path, now: datetime) -> list[str]:
    """What `zicha verify` finds wrong."""
    base = lay_foundation(settings(data, _NOWHERE))
    try:
        verdict = evidence.check_all(base, now=lambda: now)
    finally:
        base.database.close()
    return [] if verdict.good else [*verdict.lines]


def _platform(totals: dict[str, Any], violations: list[str], lost: int, killed: int) -> Platform:
    billed = [
        call
        for call in totals["calls"]
        if call["path"] not in _FREE and not any(mark in call["refused"] for mark in _THROTTLED)
    ]
    kinds = totals["kinds"]
    if (more := kinds.get("violation", 0) - len(violations)) > 0:
        violations = [*violations, f"更早的还有 {more} 次"]
    return Platform(
        pushed=kinds.get("push", 0) + kinds.get("redeliver", 0),
        lost=lost,
        webhook=sum(call["count"] for call in billed if call["path"] == _WEBHOOK),
        api=sum(call["count"] for call in billed if call["path"] != _WEBHOOK),
        violations=tuple(violations),
        kills=killed,
    )
