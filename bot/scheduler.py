"""The metronome: every few seconds, what is due? The only importer of apscheduler, which remembers nothing here: the
keys in the database are the memory, so restarts and second instances fire nothing twice."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.intake import post
from bot.threads import DatabaseThread
from handlers import reminders
from handlers.campaign.definition import Campaign
from storage import inbox
from storage.database import Database

log = logging.getLogger(__name__)

KEEP_INBOX = timedelta(days=30)
"""How long the key of a message is remembered; the longest redelivery seen is hours (DingTalk facts §1.4)."""


class Metronome:
    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        channel: str,
        thread: DatabaseThread,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        every: float,
    ) -> None:
        self._database, self._campaign, self._channel = database, campaign, channel
        self._thread, self._now, self._wake = thread, now, wake
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(self._tick, "interval", seconds=every, max_instances=1, coalesce=True)
        self._scheduler.add_job(self._tidy, "interval", hours=6, max_instances=1, coalesce=True)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        try:
            if await self._thread.run(self.tick):
                self._wake()
        except asyncio.CancelledError:
            return  # the stop; what the thread has begun it finishes, and the firing is recorded with its letters
        except Exception:
            log.exception("looking for reminders failed", extra={"action": "reminder.trouble"})

    def tick(self) -> int:
        """Posts the letters of every moment that is due and was not dealt with; returns how many."""
        now, posted = self._now(), 0
        for moment in reminders.due(self._campaign, now):
            with self._database.session() as session:
                letters = reminders.fire(session, self._campaign, moment, now=now, channel=self._channel)
                if letters is None:
                    continue
                new = post(session, letters, now=now)
            posted += new
            log.info("reminder %s: %d letters", moment.rule.id, new, extra={"action": "reminder.fired"})
        return posted

    async def _tidy(self) -> None:
        def work() -> int:
            with self._database.session() as session:
                return inbox.forget_before(session, self._now() - KEEP_INBOX)

        try:
            await self._thread.run(work)
        except Exception:
            log.exception("tidying the inbox failed", extra={"action": "inbox.trouble"})
