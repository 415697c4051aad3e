"""The days go by in fast time: from one appointment or bell to the next, and nothing is waited for but the bot itself.

A bell is an hour at which the bot does something unasked: decent hours begin, a reminder may be due. Must not know what
anybody does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.simulation.agenda import Agenda
from bot.simulation.gateway import Gateway
from bot.simulation.temper import at, is_working_day
from handlers.campaign.definition import Campaign

AN_HOUR = timedelta(hours=1)
_JUST_AFTER = timedelta(seconds=20)

Told = Callable[[datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    line: Gateway
    agenda: Agenda
    bells: tuple[datetime, ...]
    tick: float
    """Seconds after which the bot has looked at the clock for certain."""
    quiet: Callable[[], Awaitable[None]]
    """Waits until nothing is under way that is due."""
    told: Told
    """Told how far the days are."""

    async def run(self, until: datetime) -> None:
        bells = iter(self.bells)
        bell = next(bells, until)
        while (then := min(bell, self.agenda.next or until)) < until:
            await self.line.turn_clock(then)
            self.told(then)
            if then == bell:
                bell = next(bells, until)
                await self._rest()
            await self.agenda.work_off(min(then + AN_HOUR, bell))
            await self.quiet()
        await self.line.turn_clock(until)
        await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(self.tick)
        await self.quiet()


def bells(campaign: Campaign, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every working day's: the beginning of decent hours, and each hour a reminder is set for."""
    hours = sorted({campaign.manners.from_, *(rule.at for rule in campaign.reminders if rule.at)})
    day = begin.date()
    while day <= end.date():
        for hour in hours:
            if is_working_day(day) and begin <= (then := at(day, hour) + _JUST_AFTER) < end:
                yield then
        day += timedelta(days=1)
