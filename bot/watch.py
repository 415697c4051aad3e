"""The watch: looks round every few seconds, writes the pulse, tells systemd that the bot lives, and raises alarms.

Alive means that the event loop turns and the thread of the database answers. Must not know what is said in chats.
"""

import asyncio
import logging
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.alarms import Alarms, Kind
from bot.channels.stream import Stream
from bot.config import Config
from bot.metrics import Metrics
from bot.pulse import NAME, Pulse, write
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.texts import alarms as texts
from storage import vitals
from storage.database import Database
from storage.vitals import Lately

log = logging.getLogger(__name__)

EVERY = 5.0
_ALARMS_EVERY = 3
"""The alarms' figures are looked at every third time."""
_LATELY = timedelta(hours=1)
_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """What is watched."""

    config: Config
    database: Database
    campaigns: tuple[Campaign, ...]
    thread: DatabaseThread
    stream: Stream
    hears: bool
    """Whether there is a stream."""
    alarms: Alarms
    metrics: Metrics
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]

    def connections(self) -> int:
        """Those that deliver; -1 without a stream."""
        return self.stream.alive if self.hears else -1

    def down_for(self) -> float:
        """Seconds without any connection."""
        return self.stream.down_for() if self.hears else 0.0


class Watch:
    """`run` watches until cancelled."""

    def __init__(self, ward: Ward) -> None:
        self._ward, self._config, self._metrics = ward, ward.config, ward.metrics
        self._away = self._unstored = 0.0
        """What had been turned away and not stored at the last look."""

    async def run(self) -> None:
        started, rounds = self._ward.real_now(), 0
        notify(self._config.notify_socket, "READY=1")
        while True:
            try:
                await self._beat(started)
                if rounds % _ALARMS_EVERY == 0:
                    await self._look()
            except Exception:
                log.exception("the watch could not look round", extra={"action": "watch.trouble"})
            rounds += 1
            await asyncio.sleep(EVERY)

    async def _beat(self, started: datetime) -> None:
        await self._ward.thread.run(lambda: None)
        notify(self._config.notify_socket, "WATCHDOG=1")
        pulse = Pulse(
            at=self._ward.real_now(),
            started_at=started,
            pid=os.getpid(),
            connections=self._ward.connections(),
            wanted=self._config.stream_connections,
            opened=int(self._metrics.value(self._metrics.opened)),
            waiting=int(self._metrics.value(self._metrics.waiting)),
        )
        await asyncio.to_thread(write, self._config.data / NAME, pulse)

    async def _look(self) -> None:
        """Raises what has to be raised."""
        alarms, config = self._ward.alarms, self._config
        if (down := self._ward.down_for()) >= config.alarm_stream:
            alarms.raise_(Kind.STREAM, texts.stream_down(int(down // 60) or 1))
        free = (await asyncio.to_thread(shutil.disk_usage, config.data)).free // _MB
        if free < config.alarm_disk_mb:
            alarms.raise_(Kind.DISK, texts.disk_low(free))
        away, unstored = (self._metrics.value(of) for of in (self._metrics.turned_away, self._metrics.unstored))
        if away > self._away:
            alarms.raise_(Kind.QUEUE, texts.queue_full(int(away - self._away), config.queue))
        if unstored > self._unstored:
            alarms.raise_(Kind.DATABASE, texts.unstored(int(unstored - self._unstored)))
        self._away, self._unstored = away, unstored
        lately = await self._ward.thread.run(self._lately)
        if lately.doubtful >= config.alarm_doubtful:
            alarms.raise_(Kind.DOUBTFUL, texts.doubtful(lately.doubtful))
        if lately.faults >= config.alarm_faults:
            alarms.raise_(Kind.FAULTS, texts.faults(lately.faults))

    def _lately(self) -> Lately:
        with self._ward.database.reading() as session:
            return vitals.lately(session, self._ward.now() - _LATELY)


def notify(address: str, state: str) -> None:
    """One word to systemd (sd_notify), where it listens."""
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("systemd does not listen: %s", error, extra={"action": "watch.notify"})
