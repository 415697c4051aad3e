"""Counts what the platform bills, in memory, and writes it down every few seconds; warns before the month's quota ends.

A killed process loses the count of its last seconds, three thousand at most, and nothing else. Must not know what is
sent.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from bot.threads import DatabaseThread
from handlers import quota as talk
from handlers.campaign.definition import Campaign
from handlers.means import Means
from handlers.messages import Content, Inbound
from handlers.months import month_of
from handlers.quota import Account
from handlers.texts import quota as texts
from storage import quota
from storage.database import Database
from storage.quota import Unit

log = logging.getLogger(__name__)

_EVERY = 2.0
"""Seconds between two writes."""
MOST = 3_000
"""So many are written down at once, however few seconds they took: more a kill must not cost."""


class Quota:
    """`count` from the event loop; `run` writes until it is cancelled, and once more then."""

    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        means: Means,
        warn_at: float,
        alarm: Callable[[str], None],
    ) -> None:
        """`warn_at`: the share of a quota that is told to the operator; the end of it is told in any case."""
        self._database, self._thread, self._now = database, thread, now
        self._zone, self._means, self._alarm = campaigns[0].zone, means, alarm
        self._percents = sorted({int(warn_at * 100), 100})
        self._counted: Counter[Unit] = Counter()
        self._many = asyncio.Event()

    def count(self, unit: Unit) -> None:
        self._counted[unit] += 1
        if self._counted.total() >= MOST:
            self._many.set()

    def received(self, inbound: Inbound) -> None:
        """What the platform pushes it bills, copies included; a message it withheld the text of is an alarm."""
        if inbound.chat.channel != talk.CHANNEL:
            return
        self.count(Unit.INBOUND)
        if inbound.content is Content.WITHHELD:
            self.count(Unit.WITHHELD)
            self._alarm(texts.WITHHELD)

    async def run(self) -> None:
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY):
                        await self._many.wait()
                self._many.clear()
                if not await self.flush():
                    await asyncio.sleep(_EVERY)
        finally:
            await self.flush()

    async def flush(self) -> bool:
        """Writes down what was counted. False if it cannot be written; it is counted still."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return True
        try:
            await self._thread.run(lambda: self._write(counted))
            counted = Counter()
            month, low = await self._thread.look(self._low)
            told = await self._thread.run(lambda: self._warn(month, low)) if low else []
        except Exception:
            log.exception("the quota's count could not be written; trying again", extra={"action": "quota.trouble"})
            self._counted.update(counted)
            return False
        for account in told:
            log.warning("%s: %d of %d", account.name, account.used, account.limit, extra={"action": "quota.low"})
            self._alarm(texts.low(account))
        return True

    def _month(self) -> str:
        return month_of(self._now(), self._zone)

    def _write(self, counted: Counter[Unit]) -> None:
        with self._database.session() as session:
            quota.add(session, self._month(), talk.CHANNEL, counted)

    def _low(self) -> tuple[str, list[tuple[Account, Unit, int]]]:
        """The month; its accounts that are low and not told of so far, and the percentage they have reached."""
        with self._database.reading() as session:
            this = talk.month(session, self._means, self._now(), self._month())
            warned = quota.warned(session, this.month, talk.CHANNEL)
        found = []
        for account, unit in ((this.api, Unit.API), (this.stream, Unit.INBOUND)):
            reached = max((at for at in self._percents if account.percent >= at), default=0)
            if reached > warned.get(unit, 0):
                found.append((account, unit, reached))
        return this.month, found

    def _warn(self, month: str, low: list[tuple[Account, Unit, int]]) -> list[Account]:
        """Those of them nobody else has told of."""
        with self._database.session() as session:
            return [
                account for account, unit, reached in low if quota.warn(session, month, talk.CHANNEL, unit, reached)
            ]
