"""Whether reminders were read: the platform is asked within its 24 hours, as often as the day's budget allows.

Once some hours after sending and once before the platform forgets; only about calls with people in them who are still
unfinished. Not while the brake is on. Knows one platform's question and nothing of what is made of the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.channels import DeliveryError, Later
from bot.config import Config
from bot.foundation import Foundation
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from storage import brakes, cases, read_states
from storage.database import Database
from storage.read_states import Batch

log = logging.getLogger(__name__)

FIRST, LAST = timedelta(hours=2), timedelta(hours=21)
"""When a call is asked about: after this, people have had the time; and once more before the answer is gone."""
_EVERY = 60.0
_AT_ONCE = 100


Ask = Callable[[str], Awaitable[dict[str, bool]]]
"""Who of the people of a call has read it, by their ids there."""


class ReadStates:
    def __init__(
        self,
        *,
        ask: Ask,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        a_day: int,
        every: float = _EVERY,
    ) -> None:
        """`ask` is the platform's question by receipt, `a_day` so many of them; 0 asks nothing."""
        self._ask, self._a_day, self._every = ask, a_day, every
        self._database, self._campaigns, self._thread, self._now = database, campaigns, thread, now

    @classmethod
    def of(
        cls, config: Config, ask: Ask, base: Foundation, thread: DatabaseThread, now: Callable[[], datetime]
    ) -> "ReadStates":
        """As the settings say."""
        a_day = config.read_calls if config.has_dingtalk else 0
        return cls(ask=ask, database=base.database, campaigns=base.campaigns, thread=thread, now=now, a_day=a_day)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.round()
            except Exception:
                log.exception("asking what was read failed; trying again", extra={"action": "read.trouble"})

    async def round(self) -> int:
        """Everything that may be asked now; how many calls were made."""
        made = 0
        for batch in await self._thread.run(self._due):
            if not await self._thread.run(lambda batch=batch: self._take(batch)):  # type: ignore[misc]
                continue
            try:
                told = await self._ask(batch.receipt)
            except Later as error:
                await self._thread.run(lambda batch=batch: self._give_back(batch))  # type: ignore[misc]
                log.info("what was read is asked later: %s", error, extra={"action": "read.later"})
                return made
            except DeliveryError as error:
                log.warning("the platform does not say what was read: %s", error, extra={"action": "read.refused"})
            else:
                await self._thread.run(lambda batch=batch, told=told: self._learn(batch, told))  # type: ignore[misc]
            made += 1
        return made

    def _due(self) -> list[Batch]:
        """Within what is left of the day's budget."""
        now = self._now()
        with self._database.session() as session:
            read_states.forget(session, now)
            if not self._a_day or brakes.holding(session, now, read_states.PLATFORM):
                return []
            left = min(self._a_day - read_states.spent(session, self._today(now)), _AT_ONCE)
            found: list[Batch] = []
            for campaign in self._campaigns:
                most = left - len(found)
                if most > 0:
                    found += read_states.due(session, campaign.id, now, first=FIRST, last=LAST, most=most)
            return found

    def _take(self, batch: Batch) -> bool:
        """Counts the call before it is made: a killed process does not ask for more than the budget."""
        now = self._now()
        with self._database.session() as session:
            if read_states.spent(session, self._today(now)) >= self._a_day:
                return False
            taken = read_states.take(session, batch, at=now)
            if taken:
                cases.next_number(session, read_states.budget(self._today(now)))
            return taken

    def _give_back(self, batch: Batch) -> None:
        with self._database.session() as session:
            read_states.give_back(session, batch)

    def _learn(self, batch: Batch, told: dict[str, bool]) -> None:
        with self._database.session() as session:
            read = read_states.learn(session, batch, told)
        log.info("%d of %d have read it", read, len(told), extra={"action": "read.known"})

    def _today(self, now: datetime) -> str:
        return f"{now.astimezone(self._campaigns[0].zone):%Y-%m-%d}"
