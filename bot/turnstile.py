"""In front of the reception, where several processes share a server: a person's messages wait with one process at a
time, so that what was said first is answered first, whichever process the platform pushed it to.

Nothing depends on it: the database keeps one turn of a person at a time and refuses copies by itself. Whoever waits too
long, or cannot ask, goes in. Must not know what is said.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.threads import DatabaseThread, Together
from handlers.messages import Inbound
from storage.database import Database, StatementFailure
from storage.precedence import Precedence

log = logging.getLogger(__name__)

_LOOK = 0.02
"""Seconds between two looks whether the other process is done with somebody."""
_PATIENCE = 5.0
"""Longer than the messages before take. Meanwhile the platform may push once more: the inbox knows copies."""
_MOST = 200


@dataclass(slots=True)
class _Asked:
    whose: str
    in_: bool
    """To come in, or to leave."""
    got: bool = True


class Turnstile:
    def __init__(self, database: Database, receive: Callable[[Inbound], Awaitable[bool]]) -> None:
        self._receive, self._needed = receive, not database.is_sqlite
        self._precedence = Precedence(database)
        self._thread = DatabaseThread()
        self._asking = Together(self._thread, self._ask, most=_MOST)
        self._inside: dict[str, int] = {}
        """How many messages of a person this process has."""
        self._entering: dict[str, asyncio.Task[bool]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def receive(self, inbound: Inbound) -> bool:
        """What the reception returns or raises."""
        if not self._needed:
            return await self._receive(inbound)
        whose = inbound.sender_id or str(inbound.chat)
        self._inside[whose] = self._inside.get(whose, 0) + 1
        if whose not in self._entering:
            self._entering[whose] = asyncio.create_task(self._enter(whose))
        entering = self._entering[whose]
        try:
            await asyncio.shield(entering)
            return await self._receive(inbound)
        finally:
            self._inside[whose] -= 1
            if not self._inside[whose]:
                del self._inside[whose], self._entering[whose]
                leaving = asyncio.create_task(self._leave(whose, entering))  # the ack does not wait for it
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)

    async def _enter(self, whose: str) -> bool:
        """Whether there is something to leave afterwards."""
        until = asyncio.get_running_loop().time() + _PATIENCE
        asked = _Asked(whose, in_=True)
        while True:
            await self._asking.run(asked)
            if asked.got or asyncio.get_running_loop().time() > until:
                return asked.got
            await asyncio.sleep(_LOOK)

    async def _leave(self, whose: str, entering: asyncio.Task[bool]) -> None:
        if await entering:
            await self._asking.run(_Asked(whose, in_=False))

    def _ask(self, asked: Sequence[_Asked]) -> None:
        leaving, entering = ([one for one in asked if one.in_ is in_] for in_ in (False, True))
        try:
            if leaving:
                self._precedence.let_go([one.whose for one in leaving])
            if entering:
                for one, got in zip(entering, self._precedence.take([one.whose for one in entering]), strict=True):
                    one.got = got
        except StatementFailure as error:
            log.warning("people come in unasked: %s", type(error).__name__, extra={"action": "turnstile.trouble"})
            self._precedence.drop()
            for one in entering:
                one.got = True

    async def close(self) -> None:
        """Nobody is let in any more."""
        await asyncio.gather(*self._leaving)
        await self._thread.run(self._precedence.drop)
        self._thread.close()
