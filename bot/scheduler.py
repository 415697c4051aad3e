"""The metronome: every few seconds, what is due? The only importer of apscheduler, which remembers nothing here: the
keys in the database are the memory, so restarts and second instances fire nothing twice."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.intake import post
from bot.threads import DatabaseThread
from handlers import daily
from handlers.campaign.definition import Campaign
from handlers.reminders import firing
from handlers.whose import signed
from storage import inbox, reporting_terms, running_counts
from storage.database import Database
from storage.destruction import fading

log = logging.getLogger(__name__)

KEEP_INBOX = timedelta(days=30)
"""How long the key of a message is remembered; the longest redelivery seen is hours (DingTalk facts §1.4)."""


class Metronome:
    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        every: float,
        notices: frozenset[str] = frozenset(),
    ) -> None:
        """`notices` are the channels that take work notices, where there are any."""
        self._database, self._campaigns = database, campaigns
        self._notices = notices
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
            if not await self._thread.look(self._is_settled):
                await self._thread.run(self._settle)
            posted = await self._thread.run(self._begin)
            while (new := await self._thread.run(self.step)) is not None:
                posted += new  # a slice at a time: whoever speaks meanwhile hardly waits
                self._wake()
            if posted:
                self._wake()
        except asyncio.CancelledError:
            return  # the stop; what the thread has begun it finishes, and the moment is recorded with its letters
        except Exception:
            log.exception("looking for reminders failed", extra={"action": "reminder.trouble"})

    def learn(self) -> None:
        """At the start: takes over the schedules of the campaign files. What has passed by then is never sent."""
        with self._database.session() as session:
            for campaign in self._campaigns:
                firing.learn(session, campaign, self._now())

    def tick(self) -> int:
        """Posts the letters of every moment that is due and was not dealt with; returns how many."""
        self._settle()
        posted = self._begin()
        while (new := self.step()) is not None:
            posted += new
        return posted

    def _is_settled(self) -> bool:
        """Reads of a whole city, at every beat: nobody's message waits for that."""
        with self._database.reading() as session:
            return reporting_terms.is_settled(session, self._now())

    def _settle(self) -> None:
        with self._database.session() as session:
            reporting_terms.settle(session, self._now())

    def _begin(self) -> int:
        """Adds up the running figures, makes the day's round."""
        now = self._now()
        with self._database.session() as session:
            running_counts.fold(session)
        return sum(self._daily(campaign, now) for campaign in self._campaigns)

    def step(self) -> int | None:
        """One transaction: the next slice of a moment that is due; how many letters were new. None where none is."""
        now = self._now()
        for campaign in self._campaigns:
            with self._database.session() as session:
                fired = firing.next_slice(session, campaign, now=now, notices=self._notices)
                if fired is None:
                    continue
                new = post(session, [signed(campaign, letter) for letter in fired.letters], now=now)
                fired.row.letters += new
                if fired.row.done_at:
                    told = "reminder %s to %s: %d letters"
                    said = (fired.moment.rule.id, fired.moment.audience, fired.row.letters)
                    log.info(told, *said, extra={"action": "reminder.fired"})
            return new
        return None

    def _daily(self, campaign: Campaign, now: datetime) -> int:
        with self._database.session() as session:
            letters = daily.fire(session, campaign, now=now)
            return post(session, [signed(campaign, letter) for letter in letters or ()], now=now)

    async def _tidy(self) -> None:
        def work() -> int:
            with self._database.session() as session:
                kept = max(campaign.retention.letters for campaign in self._campaigns)
                fading.fade(session, self._now() - timedelta(days=kept))
                return inbox.forget_before(session, self._now() - KEEP_INBOX)

        try:
            await self._thread.run(work)
        except Exception:
            log.exception("tidying the inbox failed", extra={"action": "inbox.trouble"})
