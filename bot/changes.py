"""After a start with a changed campaign file: the finished are brought up to it, a few at a time, while people talk.

Any number of processes may do so at once, and be killed: what is done is in the database, what is not is done later.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.intake import post
from bot.threads import DatabaseThread
from handlers import revisions
from handlers.campaign.definition import Campaign
from storage.database import Database

log = logging.getLogger(__name__)

_AGAIN = 5.0
"""Seconds until another look, where somebody could not be brought up because they were just speaking."""


class Changes:
    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database, self._campaigns = database, campaigns
        self._thread, self._now, self._wake = thread, now, wake

    async def run(self) -> None:
        """Returns when nobody is behind."""
        for campaign in self._campaigns:
            if done := await self._bring_up(campaign):
                told = "%s: %d finished forms were brought up to revision %d"
                log.info(told, campaign.id, done, campaign.revision, extra={"action": "revision.done"})

    async def _bring_up(self, campaign: Campaign) -> int:
        """How many were brought up; what fails is told and tried again."""
        wanted, last = await self._thread.run(lambda: self.left(campaign)), 0
        while True:
            left = 1
            try:
                last = await self._thread.run(partial(self.step, campaign, last))
                left = last or await self._thread.run(lambda: self.left(campaign))
            except Exception:
                log.exception("bringing forms up to the campaign file failed", extra={"action": "revision.trouble"})
                last = 0
            if not left:
                return wanted
            await asyncio.sleep(0 if last else _AGAIN)

    def step(self, campaign: Campaign, after: int = 0) -> int:
        """One transaction: the number of the last form brought up; 0 where there was none behind `after`."""
        now = self._now()
        with self._database.session() as session:
            last, letters = revisions.advance(session, campaign, now=now, after=after)
            if post(session, letters, now=now):
                self._wake()
        return last

    def left(self, campaign: Campaign) -> int:
        with self._database.reading() as session:
            return revisions.left(session, campaign)
