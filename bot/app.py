"""The composition root: builds everything from a `Config`, starts it, stops it. Owns the one real clock."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.stream import Stream
from bot.config import Config
from bot.intake import Intake
from bot.postman import Postman
from bot.scheduler import Metronome
from bot.threads import DatabaseThread
from handlers.campaign import loading
from handlers.campaign.definition import Campaign
from handlers.messages import Inbound
from storage import outbox, vault
from storage.database import Database
from storage.vault import Vault

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def real_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every command stands on: the campaign, the database with its schema up to date, the vault."""

    campaign: Campaign
    database: Database
    vault: Vault


def load_campaign(config: Config) -> Campaign:
    campaign = loading.load(config.campaign)
    return campaign.with_deadline(config.deadline) if config.deadline else campaign


def lay_foundation(config: Config) -> Foundation:
    """Opens what is there, makes what is missing. Raises `CampaignError`, `DatabaseError` or `VaultError`."""
    campaign = load_campaign(config)
    database = config.open_database()
    try:
        database.migrate()
        with database.session() as session:
            keys = vault.from_file(config.key_file, create=not vault.in_use(session))
            vault.claim(session, keys)
    except BaseException:
        database.close()
        raise
    return Foundation(campaign, database, keys)


class App:
    """The running bot. `run` returns when `stop` is called or its task is cancelled; nothing acked is lost."""

    def __init__(self, config: Config, foundation: Foundation, clock: Clock = real_clock) -> None:
        self._base, self._clock = foundation, clock
        campaign, database = foundation.campaign, foundation.database
        self._thread = DatabaseThread()
        sessions = Sessions()
        self._api = DingTalk(config, sessions, clock)
        self._intake = Intake(
            database=database, campaign=campaign, vault=foundation.vault, now=clock, max_text=config.max_text
        )
        self._postman = Postman(
            database=database,
            campaign=campaign,
            channels={self._api.name: self._api},
            thread=self._thread,
            now=clock,
            real_now=real_clock,
        )
        self._metronome = Metronome(
            database=database,
            campaign=campaign,
            channel=self._api.name,
            thread=self._thread,
            now=clock,
            wake=self._postman.wake,
            every=config.tick_seconds,
        )
        self.stream = Stream(
            api=self._api, sessions=sessions, robot=config.robot_code, corp_id=config.corp_id, receive=self._receive
        )
        self._stopping = asyncio.Event()

    async def _receive(self, inbound: Inbound) -> None:
        await self._intake.receive(inbound, self._thread)
        self._postman.wake()

    def _settle_orphans(self) -> None:
        """A SQLite file has one process (the command's lock): whatever is being sent was left by a killed one."""
        with self._base.database.session() as session:
            if left := outbox.orphans(session, at=self._clock()):
                told = "%d letters were under way when the last process ended; see «zicha outbox»"
                log.warning(told, left, extra={"action": "outbox.doubtful"})

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        if self._clock() >= self._base.campaign.closes_at:
            log.warning(
                "the deadline %s has passed: answers are marked 逾期 and no reminders go out; ZICHA_DEADLINE moves it",
                self._base.campaign.deadline,
                extra={"action": "app.late"},
            )
        if self._base.database.is_sqlite:
            await self._thread.run(self._settle_orphans)
        self._metronome.start()
        tasks = [asyncio.create_task(self.stream.run()), asyncio.create_task(self._postman.run())]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # a part that ended by itself has failed: say how
        finally:
            self._metronome.stop()
            # no more messages first, then the letters they caused; what stays in the outbox goes out at the next start
            for task in tasks:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            stopping.cancel()
            await self._api.close()
            self._thread.close()
            self._base.database.close()
            log.info("stopped", extra={"action": "app.stopped"})
