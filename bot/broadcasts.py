"""Broadcasts that were agreed to: their letters are posted in short transactions, their askers told how it went.

Any number of processes may do so at once, and be killed: keys and moments in the database are the memory.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from bot.dispatch import Dispatch, Posted
from bot.intake import post
from bot.threads import DatabaseThread
from handlers.broadcasts import report
from handlers.broadcasts.letters import Mark
from handlers.campaign.definition import Campaign
from storage import broadcasts
from storage.database import Database
from storage.models import Broadcast

log = logging.getLogger(__name__)

_EVERY = 0.5
_AGAIN = 15.0
"""Seconds until another try, where something failed."""

Watch = Callable[[int], None]
"""Told how many letters are in the outbox."""


class Broadcasts:
    """`run` works until cancelled. `write_all` and `report` are its two halves, synchronous."""

    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        post_slice: Callable[[int, Mark], Awaitable[Posted | None]] | None = None,
    ) -> None:
        """`post_slice` is `Talk.post_slice`, where somebody talks meanwhile."""
        self._here = Dispatch(campaigns=campaigns, now=now)
        self._post_slice = post_slice or self._put_in_the_thread
        self._database, self._campaigns = database, {campaign.id: campaign for campaign in campaigns}
        self._thread, self._now, self._wake = thread, now, wake

    async def run(self) -> None:
        while True:
            pause = _EVERY
            try:
                if planned := await self._thread.look(self.next):
                    await self._write(planned)
                told = await self._thread.run(self.report) if await self._thread.look(self._over) else 0
                if told:
                    self._wake()
            except Exception:
                log.exception("a broadcast could not be written", extra={"action": "broadcast.trouble"})
                pause = _AGAIN
            await asyncio.sleep(pause)

    async def _write(self, planned: Broadcast) -> None:
        """Slice by slice: what people say meanwhile is answered in between."""
        mark: Mark | None = Mark(self._now())
        while mark:
            posted = await self._post_slice(planned.id or 0, mark)
            if posted is None:
                return
            mark = posted.following
            self._wake()
        await self._thread.run(lambda: self.done(planned))

    def next(self) -> Broadcast | None:
        """The oldest one with letters still to be posted, of a campaign that is open here."""
        with self._database.reading() as session:
            found = broadcasts.to_post(session)
        return found if found and found.campaign in self._campaigns else None

    async def _put_in_the_thread(self, number: int, mark: Mark) -> Posted | None:
        return await self._thread.run(lambda: self._post(number, mark))

    def _post(self, number: int, mark: Mark) -> Posted | None:
        with self._database.session() as session:
            return self._here.post_slice(session, number, mark)

    def done(self, planned: Broadcast) -> None:
        with self._database.session() as session:
            broadcasts.posted(session, planned.id or 0, at=self._now())
        log.info("broadcast %d is in the outbox", planned.id, extra={"action": "broadcast.posted"})

    def write_all(self, planned: Broadcast, watch: Watch) -> bool:
        """All at once, for the command line; False where it was stopped meanwhile."""
        count = 0
        mark: Mark | None = Mark(self._now())
        while mark:
            posted = self._post(planned.id or 0, mark)
            if posted is None:
                return False
            watch(count := count + posted.new)
            mark = posted.following
        self.done(planned)
        return True

    def report(self) -> int:
        """Tells the askers of those that are over; how many."""
        return sum(self._report(one) for one in self._over())

    def _over(self) -> Sequence[Broadcast]:
        with self._database.reading() as session:
            return broadcasts.finished(session)

    def _report(self, over: Broadcast) -> bool:
        campaign, now = self._campaigns.get(over.campaign), self._now()
        if campaign is None:
            return False
        with self._database.session() as session:
            if not broadcasts.reported(session, over.id or 0, at=now):
                return False
            fates = broadcasts.fates(session, over.id or 0)
            told = "broadcast %d is over: %d sent, %d refused, %d doubtful"
            log.info(told, over.id, fates.sent, fates.refused, fates.doubtful, extra={"action": "broadcast.over"})
            if not over.report_to:
                return False
            return post(session, [report.letter(session, campaign, over, now)], now=now) > 0
