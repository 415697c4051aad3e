"""Where messages are taken and their replies claimed and settled: in the thread of the database, or in a process of its
own (`apart.py`), so that neither that work nor the event loop waits for the other's turn at the interpreter.

There is one writer as before: while the other process works, the thread rests. It is sent what is asked for without
waiting for what it is at, until the thread is wanted. Must not know what is said.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import cast

from bot.apart import Apart, Gone, packed
from bot.config import Config
from bot.dispatch import Carried, Dispatch, Posted
from bot.foundation import Foundation
from bot.intake import Intake
from bot.threads import DatabaseThread, ThreadClosed
from bot.workers import Request, Workers, failure
from handlers.broadcasts.letters import Mark
from handlers.messages import Inbound
from storage.database import Database, DatabaseFailure
from storage.delivery import Claimed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    packed: bytes
    done: asyncio.Future[object] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Talk:
    """An intake and a dispatch, and where they work. Where the other process ends in the middle, `DatabaseFailure`:
    nobody knows what it did. Cancelling the wait does not cancel what was asked for."""

    def __init__(self, intake: Intake, dispatch: Dispatch, database: Database, thread: DatabaseThread) -> None:
        self._workers = Workers(intake, dispatch, database)
        self._database, self._thread = database, thread
        self.apart: Apart | None = None
        self._waiting: deque[_Asked] = deque()
        self._sent: deque[_Asked] = deque()
        """Not answered yet: as long as there is any, the thread rests."""
        self._talking: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, config: Config, base: Foundation, thread: DatabaseThread, now: Callable[[], datetime]) -> "Talk":
        """As the settings want it; in the thread still."""
        intake = Intake(
            database=base.database,
            campaigns=base.campaigns,
            vault=base.vault,
            now=now,
            max_text=config.max_text,
            per_minute=config.per_minute,
            means=config.means,
        )
        dispatch = Dispatch(campaigns=base.campaigns, now=now)
        return cls(intake, dispatch, base.database, thread)

    def move_out(self) -> None:
        """Into a process of its own, where the system has `fork` and the database is one that two can open. To be
        called before there is an event loop or a thread."""
        if hasattr(os, "fork") and self._database.is_shareable:
            self._database.close()  # a fork must not share a connection
            self.apart = Apart(self._workers.serve)

    async def take_all(self, inbounds: Sequence[Inbound]) -> list[bool | Exception]:
        """As `Intake.take_all`."""
        request = Request("intake", "take_all", (inbounds,), people=len(inbounds))
        return cast(list[bool | Exception], await self._done(request))

    async def excuse(self, inbounds: Sequence[Inbound]) -> int:
        """As `Intake.excuse`."""
        return cast(int, await self._ask("intake", "excuse", inbounds))

    async def claim_replies(
        self, channel: str, until: datetime, room: int, ours: Sequence[str] | None = None
    ) -> list[Claimed]:
        """As `Dispatch.claim_replies`."""
        return cast(list[Claimed], await self._claimed(channel, until, "claim_replies", room, ours))

    async def claim_bulk(self, channel: str, until: datetime, parcels: int, most: int) -> list[list[Claimed]]:
        """As `Dispatch.claim_bulk`."""
        return cast(list[list[Claimed]], await self._claimed(channel, until, "claim_bulk", parcels, most))

    async def _claimed(self, channel: str, until: datetime, what: str, *about: object) -> object:
        before = self.apart
        try:
            return await self._ask("dispatch", what, channel, until, *about)
        except DatabaseFailure:
            if self.apart is not before:  # it may have been claimed when the process ended
                await self._thread.run(partial(self._workers.do, Request("dispatch", "let_go", (channel, until))))
            raise

    async def post_slice(self, number: int, mark: Mark) -> Posted | None:
        """As `Dispatch.post_slice`."""
        return cast(Posted | None, await self._ask("dispatch", "post_slice", number, mark))

    async def settle(self, parcels: Sequence[Carried]) -> list[str]:
        """As `Dispatch.settle`."""
        return cast(list[str], await self._ask("dispatch", "settle", parcels))

    async def refresh_keys(self) -> None:
        """As `Intake.refresh_keys`; in both, for this one makes papers."""
        await self._thread.run(self._workers.intake.refresh_keys)
        if self.apart:
            await self._ask("intake", "refresh_keys")

    async def answered(self) -> None:
        """What was asked for so far is done."""
        while asked := [one.done for one in (*self._sent, *self._waiting)]:
            await asyncio.wait(asked)

    def end(self) -> None:
        """Lets the other process go."""
        gone, self.apart = self.apart, None
        if gone:
            gone.end()

    async def _ask(self, whom: str, what: str, *about: object) -> object:
        return await self._done(Request(whom, what, about))

    async def _done(self, request: Request) -> object:
        if self.apart is None:
            return await self._thread.run(partial(self._workers.do, request))
        asked = _Asked(packed(request))
        self._waiting.append(asked)
        if self._sent and not self._thread.is_wanted:
            self._send(self.apart)
        elif self._talking is None:
            self._talking = asyncio.create_task(self._until_nothing_waits())
        return await asyncio.shield(asked.done)

    async def _until_nothing_waits(self) -> None:
        why: Exception = ThreadClosed()
        try:
            while self._waiting and self.apart:
                await self._turn(self.apart)
        except ThreadClosed:
            pass
        except Exception as error:
            if self.apart:  # else it was let go
                why = failure("the process of the talk has ended")
                log.critical(
                    "the process of the talk has ended; it goes on in this one, more slowly: restart when it suits",
                    exc_info=None if isinstance(error, Gone) else error,
                    extra={"action": "talk.ended"},
                )
                self.end()
        finally:
            self._talking = None
            self._give_up(why)  # whatever of it is still open

    async def _turn(self, apart: Apart) -> None:
        """All that waits is done, and what comes meanwhile, until the thread is wanted."""
        async with self._thread.resting():
            await apart.open()
            self._send(apart)
            while self._sent:
                done, error = await apart.answer()
                asked = self._sent.popleft()
                if error:
                    asked.done.set_exception(error)
                else:
                    asked.done.set_result(done)

    def _send(self, apart: Apart) -> None:
        while self._waiting:
            asked = self._waiting.popleft()
            self._sent.append(asked)
            apart.send(asked.packed)

    def _give_up(self, why: Exception) -> None:
        for asked in (*self._sent, *self._waiting):
            asked.done.set_exception(why)
        self._sent.clear()
        self._waiting.clear()
