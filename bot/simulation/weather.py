"""What goes wrong on the way: faults of the platform, kills and restarts of the bot, spread over the working hours.

Must not know who is talking meanwhile.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from bot.simulation.agenda import Agenda
from bot.simulation.gateway import Gateway
from bot.simulation.processes import Bot

_REPLIES, _SENDS = "/robot/sendBySession", "/v1.0/robot/oToMessages/batchSend"
FAULTS: tuple[dict[str, Any], ...] = (
    {"name": "duplicate", "count": 20},
    {"name": "drop_ack", "count": 10},
    {"name": "disconnect"},
    {"name": "hang", "count": 3, "seconds": 1.0, "path": _REPLIES},
    {"name": "http_500", "count": 2, "path": _REPLIES},
    {"name": "http_500", "count": 1, "path": _REPLIES, "after": True},
    {"name": "throttle", "count": 5},
    {"name": "token_expire"},
    {"name": "no_delivery", "seconds": 1.0},
    {"name": "flow_control", "count": 20},
    {"name": "http_500", "count": 1, "path": _SENDS},
    {"name": "lost_file", "count": 1},
)


class Weather:
    def __init__(self, line: Gateway, bot: Bot) -> None:
        self._line, self._bot = line, bot
        self.faults: Counter[str] = Counter()
        self._restarting = asyncio.Lock()

    def forecast(self, agenda: Agenda, hours: list[datetime], random: Random, *, faults: int, restarts: int) -> None:
        """`hours`: the beginnings of those in which people talk. Every second restart is a kill -9."""
        for number in range(faults):
            fault = FAULTS[number % len(FAULTS)]
            agenda.add(_sometime(random, hours), partial(self._fault, fault))
        for number in range(restarts):
            agenda.add(_sometime(random, hours), partial(self._restart, kill=number % 2 == 0))

    async def _fault(self, fault: dict[str, Any]) -> None:
        self.faults[fault["name"]] += 1
        await self._line.fault(**fault)

    async def _restart(self, *, kill: bool) -> None:
        async with self._restarting:
            await (self._bot.kill() if kill else self._bot.stop())
            await self._bot.start()


def _sometime(random: Random, hours: list[datetime]) -> datetime:
    return random.choice(hours) + timedelta(minutes=random.uniform(0, 59))
