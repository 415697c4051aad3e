"""In front of the reception, where several processes share a server: of a person's messages the one said first goes in
first, whichever process the platform pushed it to.

Each waits a moment for earlier ones that another process may not have read yet, the busier the machine the longer; who
is ahead is asked when its turn would begin (`are_first`). Nothing depends on it: the database keeps one turn of a
person at a time and refuses copies by itself. Whoever waits too long, or cannot ask, goes in. Must not know what is
said.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.threads import DatabaseThread, Together
from handlers.messages import Inbound
from storage.database import Database, StatementFailure
from storage.precedence import Precedence, Waiting

log = logging.getLogger(__name__)

_LEAST, _LONGEST = 0.04, 0.5
"""Seconds an earlier message has to show itself, two taps and a little more at least."""
_STEP = 0.02
"""Where there are others, messages are made known to them at such a step of the clock: those that come meanwhile share
a question to the server, and go in together."""
_TRIPS = 4
"""In between it is so many trips to the server as the slowest took of late: what is slow here is slow there."""
_FORGOTTEN = 5.0
"""Seconds after which a slow trip counts half."""
_PATIENCE = 10.0
"""Longer than the messages before take. Meanwhile the platform may push once more: the inbox knows copies."""
_MOST = 200


class _What(Enum):
    OPEN = auto()
    ENTER = auto()
    LOOK = auto()
    LEAVE = auto()


@dataclass(slots=True)
class _Asked:
    what: _What
    one: Waiting
    free: bool = True
    """Nothing is ahead; of somebody who enters, that nothing can be: there is no other process."""


class Turnstile:
    def __init__(self, database: Database, receive: Callable[[Inbound], Awaitable[bool]]) -> None:
        self._receive, self._needed = receive, not database.is_sqlite
        self._precedence = Precedence(database)
        self._thread = DatabaseThread()
        self._asking: Together[_Asked] = Together(lambda asked: self._thread.run(lambda: self._ask(asked)), most=_MOST)
        self._outside: list[Waiting] = []
        """This process's messages that are not in yet."""
        self._patient: dict[str, float] = {}
        """Until when each message lets others go first."""
        self.is_alone = True
        """As far as is known, no other process takes messages."""
        self._leaving: set[asyncio.Task[bool]] = set()
        self._slowest, self._told_at = 0.0, 0.0
        """Seconds the slowest of the last trips took, and when that was reckoned."""

    async def open(self) -> None:
        """From now on the other processes know that there is this one."""
        if self._needed:
            await self._asked(_What.OPEN, Waiting("", 0))

    async def receive(self, inbound: Inbound) -> bool:
        """What the reception returns or raises."""
        if not self._needed:
            return await self._receive(inbound)
        one, key = _waiting(inbound), _key(inbound)
        self._patient[key] = _now() + _PATIENCE
        try:
            self._outside.append(one)
            try:
                await self._enter(one)
            finally:
                self._outside.remove(one)
            return await self._receive(inbound)
        finally:
            self._patient.pop(key, None)
            leaving = asyncio.create_task(self._asked(_What.LEAVE, one))  # the ack does not wait for it
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def are_first(self, inbounds: Sequence[Inbound]) -> Sequence[bool]:
        """For each message whether its turn may begin: whether no earlier one of the same person is known."""
        if self.is_alone:
            return [True] * len(inbounds)
        return await asyncio.gather(*(self._is_first(inbound) for inbound in inbounds))

    async def _enter(self, one: Waiting) -> None:
        if not self.is_alone:
            await asyncio.sleep(_STEP - _now() % _STEP)
        self.is_alone = await self._asked(_What.ENTER, one)
        if not self.is_alone:
            await asyncio.sleep(min(max(_LEAST, _TRIPS * self._slowest), _LONGEST))

    async def _is_first(self, inbound: Inbound) -> bool:
        one = _waiting(inbound)
        if self.is_alone or _now() > self._patient.get(_key(inbound), 0.0):
            return True
        if any(other.whose == one.whose and other.said_at < one.said_at for other in self._outside):
            return False
        return await self._asked(_What.LOOK, one)

    async def _asked(self, what: _What, one: Waiting) -> bool:
        began, asked = _now(), _Asked(what, one)
        await self._asking.run(asked)
        now = _now()
        self._slowest = max(now - began, self._slowest * 0.5 ** ((now - self._told_at) / _FORGOTTEN))
        self._told_at = now
        return asked.free

    def _ask(self, asked: Sequence[_Asked]) -> None:
        entering, looking, leaving = (
            [each for each in asked if each.what is what] for what in (_What.ENTER, _What.LOOK, _What.LEAVE)
        )
        try:
            self._precedence.open()
            if entering:
                alone = self._precedence.enter([each.one for each in entering])
                for each in entering:
                    each.free = alone
            if looking:
                first = self._precedence.are_first([each.one for each in looking])
                for each, free in zip(looking, first, strict=True):
                    each.free = free
            if leaving:
                self._precedence.leave([each.one for each in leaving])
        except StatementFailure as error:
            log.warning("people come in unasked: %s", type(error).__name__, extra={"action": "turnstile.trouble"})
            self._precedence.drop()
            for each in asked:
                each.free = True

    async def close(self) -> None:
        """Nobody is asked about any more."""
        self.is_alone = True
        await asyncio.gather(*self._leaving)
        await self._thread.run(self._precedence.drop)
        self._thread.close()


def _waiting(inbound: Inbound) -> Waiting:
    return Waiting(inbound.sender_id or str(inbound.chat), int(inbound.received_at.timestamp() * 1000))


def _key(inbound: Inbound) -> str:
    return f"{inbound.robot}/{inbound.msg_id}"


def _now() -> float:
    return asyncio.get_running_loop().time()
