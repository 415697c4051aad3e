"""Alarms to the operator's own chat: few words, never about persons, one of a kind and hour, through the outbox.

Whoever has a transaction open posts with it (`post`); everybody else calls `Alarms.raise_`, from any thread. The key in
the outbox is the memory: several processes and restarts tell the same thing once. Must not know what an alarm is about.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from bot import intake
from bot.logs import scrub
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Letter, Text
from handlers.texts import alarms as texts
from storage import group_robots, outbox
from storage.database import Database

log = logging.getLogger(__name__)

_EVERY = 1.0
_AGAIN = 15.0
"""Seconds until the next try where the database could not take an alarm."""
_KEEP = timedelta(days=1)
"""An alarm that could not be delivered for so long is history."""


class Kind(StrEnum):
    """What an alarm is about; also the end of its log line's `action`."""

    STREAM = "stream"
    QUEUE = "queue"
    DOUBTFUL = "doubtful"
    FAULTS = "faults"
    DISK = "disk"
    DATABASE = "database"
    QUOTA = "quota"
    TAMPERING = "tampering"


def recipients(setting: str, channel: str = "dingtalk") -> tuple[Address, ...]:
    """The chats named in ZICHA_ALARM_STAFF: staff ids, groups by their conversation id (`cid…`), and groups by the
    number of their robot (`robot:3`, as `zicha groups list` tells it)."""
    return tuple(_recipient(name.strip(), channel) for name in setting.split(",") if name.strip())


def _recipient(name: str, channel: str) -> Address:
    robot, _, number = name.partition(":")
    if robot == group_robots.CHANNEL and number:
        return Address(group_robots.CHANNEL, ChatKind.GROUP, number)
    return Address(channel, ChatKind.GROUP if name.startswith("cid") else ChatKind.DIRECT, name)


def post(session: Session, kind: Kind, words: str, *, to: tuple[Address, ...], now: datetime) -> int:
    """Puts an alarm into the outbox with the open transaction; how many letters were new (none within the hour)."""
    told = Text(texts.alarm(scrub(words)), texts.TITLE)
    letters = [
        Letter(
            to=address,
            body=told,
            topic="alarm",
            key=f"{outbox.ASIDE}alarm/{kind}/{now:%Y-%m-%dT%H}/{address}"[:200],
            expires_at=now + _KEEP,
        )
        for address in to
    ]
    return intake.post(session, letters, now=now)


class Alarms:
    """`run` brings what was raised into the outbox, and tries again while the database takes nothing."""

    def __init__(
        self,
        *,
        to: tuple[Address, ...],
        database: Database,
        thread: DatabaseThread,
        now: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._to, self._database, self._thread = to, database, thread
        self._now, self._wake = now, wake
        self._raised: dict[Kind, str] = {}

    def raise_(self, kind: Kind, words: str) -> None:
        """One sentence for the operator: what is wrong and what to do. Logged in any case; no persons, no secrets."""
        log.error("%s", words, extra={"action": f"alarm.{kind}"})
        if self._to:
            self._raised[kind] = words

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_EVERY if await self.flush() else _AGAIN)

    async def flush(self) -> bool:
        """Posts what was raised; False where the database did not take it."""
        raised = dict(self._raised)
        if not raised:
            return True
        try:
            posted = await self._thread.run(lambda: self._post(raised))
        except Exception:
            log.exception("an alarm could not be put into the outbox", extra={"action": "alarm.trouble"})
            return False
        for kind, words in raised.items():
            if self._raised.get(kind) == words:
                del self._raised[kind]
        if posted:
            self._wake()
        return True

    def _post(self, raised: dict[Kind, str]) -> int:
        with self._database.session() as session:
            return sum(post(session, kind, words, to=self._to, now=self._now()) for kind, words in raised.items())
