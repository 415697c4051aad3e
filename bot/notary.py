"""Chains what was entered, closes days, tells the city's group, and remembers the end outside the database.

Every few seconds, at the start and at the stop; what a kill left behind is chained next time. Must not know what is
evidence nor how a digest is made.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.intake import post
from bot.threads import DatabaseThread
from handlers import day_roots
from handlers.campaign.definition import Campaign
from handlers.texts import evidence as texts
from storage.database import Database
from storage.evidence import anchor, chaining
from storage.evidence.anchor import AnchorError
from storage.vault import Vault

log = logging.getLogger(__name__)


class Notary:
    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        vault: Vault,
        anchor: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._campaigns, self._vault = database, campaigns, vault
        self._anchor, self._now = anchor, now
        self.alarm: Callable[[str], object] = lambda told: None
        """Told of what looks like tampering."""

    async def run(self, thread: DatabaseThread, wake: Callable[[], None], every: float) -> None:
        """Until it is cancelled; a failure is told and tried again."""
        while True:
            try:
                if await thread.run(self.work):
                    wake()
            except Exception:
                log.exception("chaining the evidence failed", extra={"action": "evidence.trouble"})
            await asyncio.sleep(every)

    def work(self) -> int:
        """Chains everything that waits and closes the days that are over; how many letters that became."""
        now = self._now()
        today = now.astimezone(self._campaigns[0].zone).date()
        with self._database.reading() as session:
            idle = not chaining.waiting(session) and not any(chaining.open_days(session, today))
        if idle:
            return 0
        chained = chaining.TOGETHER
        while chained == chaining.TOGETHER:
            with self._database.session() as session:
                chained = chaining.chain(session, self._vault, today)
        with self._database.session() as session:
            closed = chaining.close_days(session, self._vault, today, now)
            by_id = {campaign.id: campaign for campaign in self._campaigns}
            open_ones = [(by_id[day.campaign], day) for day in closed if day.campaign in by_id]
            letters = [one for campaign, day in open_ones for one in day_roots.letters(session, campaign, day, now)]
            posted = post(session, letters, now=now)
        self._remember()
        return posted

    def _remember(self) -> None:
        """Only forward: an end that is behind the one remembered says that something was cut off, and stays to be seen
        by `zicha verify`."""
        with self._database.reading() as session:
            end = chaining.head(session)
            try:
                seen = anchor.read(self._anchor, self._vault)
                if seen is None or (seen.seq < end.seq and chaining.head_at(session, seen.seq) == seen.digest):
                    anchor.write(self._anchor, self._vault, end)
                elif chaining.head_at(session, seen.seq) != seen.digest:
                    log.error(
                        "the evidence was longer than it is: rows were cut off, or an older copy was put back; "
                        "run «zicha verify»",
                        extra={"action": "evidence.cut_off"},
                    )
                    self.alarm(texts.CUT_OFF)
            except (AnchorError, OSError) as error:
                log.error("the anchor of the evidence: %s", error, extra={"action": "evidence.anchor"})
