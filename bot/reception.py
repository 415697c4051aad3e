"""Where messages wait for their turn: a bounded room, everybody's own messages in the order they were said.

Several people's turns make one commit. Where there is no room, the message is not acked, so that it comes again, and
its sender is told; that word goes through the outbox too. Must not know what is said nor where it comes from.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice

from bot.channels import NoRoom
from bot.metrics import Metrics
from bot.talk import Talk
from bot.threads import ThreadClosed
from handlers.messages import Inbound

log = logging.getLogger(__name__)

TOGETHER = 20
"""People whose turns make one commit: enough to share a slow disk, few enough that nobody waits for many."""
_STEPS_IN = 6
"""Rounds of the event loop from a connection's socket to the queue: frame, line, turnstile, and some to spare."""
_LOOK = 0.02
"""Seconds until it is asked again, where nobody's turn may begin."""
_MANY = 10
"""So many people who wait are given to the intake while it is at the batch before: it goes on at once."""
_MOMENT, _JUST_NOW = 0.05, 0.2
"""Seconds. Where several processes share the work, each sees a part of what comes and would make many small commits,
each with its dozen of questions to the server: so soon after a batch the next one waits a moment for company."""
OF_ONE = 20
"""Messages of one person that may wait: nobody fills the room for the others."""


@dataclass(slots=True, order=True)
class _Waiting:
    said_at: datetime
    number: int
    inbound: Inbound = field(compare=False)
    stored: asyncio.Future[bool] = field(compare=False)


class Reception:
    def __init__(
        self,
        *,
        intake: Talk,
        most: int,
        metrics: Metrics,
        are_first: Callable[[Sequence[Inbound]], Awaitable[Sequence[bool]]] | None = None,
        given: Callable[[Sequence[Inbound]], None] = lambda inbounds: None,
        is_alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`most` messages may wait. `are_first` says for each whether its turn may begin; those that must wait are
        asked about again. `given` is told which the intake has just been given: their replies are about to be there.
        `is_alone`: no other process shares the work."""
        self._are_first, self._given, self._is_alone = are_first, given, is_alone
        self._intake, self._most, self._metrics = intake, most, metrics
        self._queues: OrderedDict[str, list[_Waiting]] = OrderedDict()
        self._waiting = self._numbers = 0
        self._turned_away: dict[str, Inbound] = {}
        self._many = asyncio.Event()
        self._done_at = 0.0
        """When the last batch was."""
        self._being_stored: set[str] = set()
        """Whose message is: their next one waits for that."""
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    async def receive(self, inbound: Inbound) -> bool:
        """Returns when the message is stored for good; False for a copy. Raises `NoRoom`, or what the database raised:
        then it must not be acked."""
        whose = _whose(inbound)
        if self._waiting >= self._most or len(self._queues.get(whose, ())) >= OF_ONE:
            self._turn_away(inbound)
            raise NoRoom
        stored = asyncio.get_running_loop().create_future()
        self._numbers += 1
        heappush(self._queues.setdefault(whose, []), _Waiting(inbound.received_at, self._numbers, inbound, stored))
        self._count(+1)
        if len(self._queues) >= _MANY:
            self._many.set()
        self._work()
        return await asyncio.shield(stored)

    def close(self) -> None:
        """No more are given to the intake. What still waits is not acked: the platform pushes it again."""
        self._closed = True

    def _turn_away(self, inbound: Inbound) -> None:
        self._metrics.turned_away.inc()
        if not self._turned_away:
            log.warning("more than %d messages wait; turned away", self._most, extra={"action": "reception.full"})
        self._turned_away[str(inbound.chat)] = inbound
        self._work()

    def _work(self) -> None:
        if self._working is None:
            self._working = asyncio.create_task(self._until_empty())

    async def _until_empty(self) -> None:
        before: asyncio.Task[bool] | None = None
        try:
            while not self._closed and (self._queues or self._turned_away or before):
                await self._gathered()
                batch = await self._sifted(self._next())
                away = list(self._turned_away.values())
                self._turned_away.clear()
                storing = asyncio.create_task(self._stored(batch, away)) if batch or away else None
                if before and not await before:
                    return
                before = storing
                if storing:
                    await self._done_or_many(storing)
        finally:
            self._working = None

    async def _done_or_many(self, storing: asyncio.Task[bool]) -> None:
        """Until these are stored, or others wait who are worth a batch of their own."""
        many = asyncio.create_task(self._many.wait())
        await asyncio.wait((storing, many), return_when=asyncio.FIRST_COMPLETED)
        many.cancel()

    async def _gathered(self) -> None:
        """What came over several connections at the same moment is all here before the first of it is taken: each has
        its own order only."""
        for _ in range(_STEPS_IN):
            await asyncio.sleep(0)
        if not self._is_alone() and asyncio.get_running_loop().time() < self._done_at + _JUST_NOW:
            with suppress(TimeoutError):
                async with asyncio.timeout(_MOMENT):
                    await self._many.wait()

    def _next(self) -> list[_Waiting]:
        """One message of each of the first people in the queue; who has more goes to its end."""
        batch = []
        free = (whose for whose in self._queues if whose not in self._being_stored)
        for whose in list(islice(free, TOGETHER)):
            theirs = self._queues.pop(whose)
            batch.append(heappop(theirs))
            if theirs:
                self._queues[whose] = theirs
        self._count(-len(batch))
        if len(self._queues) < _MANY:
            self._many.clear()
        # every process locks people in the same order: two that share a database never wait for each other in a ring
        return sorted(batch, key=lambda one: one.inbound.sender_id)

    async def _sifted(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Those whose turn may begin; the others wait on."""
        if self._are_first is None or not batch:
            return batch
        verdicts = await self._are_first([one.inbound for one in batch])
        back = [one for one, first in zip(batch, verdicts, strict=True) if not first]
        for one in back:
            heappush(self._queues.setdefault(_whose(one.inbound), []), one)
        self._count(len(back))
        if len(back) == len(batch):
            await asyncio.sleep(_LOOK)
        return [one for one, first in zip(batch, verdicts, strict=True) if first]

    async def _stored(self, batch: Sequence[_Waiting], away: Sequence[Inbound]) -> bool:
        """False where nothing is stored any more: what still waits is not acked, as after `close`."""
        whose = {_whose(one.inbound) for one in batch}
        self._being_stored |= whose
        try:
            await self._store(batch)
            await self._excuse(away)
        except ThreadClosed:
            return False
        finally:
            self._being_stored -= whose
            self._done_at = asyncio.get_running_loop().time()
        return True

    async def _store(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        inbounds = [one.inbound for one in batch]
        taking = asyncio.gather(self._intake.take_all(inbounds), return_exceptions=True)
        self._given(inbounds)
        (taken,) = await taking
        if isinstance(taken, ThreadClosed):
            raise taken
        verdicts = taken if isinstance(taken, list) else [taken] * len(batch)
        for one, verdict in zip(batch, verdicts, strict=True):
            if one.stored.cancelled():
                continue
            if isinstance(verdict, BaseException):
                one.stored.set_exception(verdict)
            else:
                one.stored.set_result(verdict)
                self._metrics.copies.inc(not verdict)

    async def _excuse(self, away: Sequence[Inbound]) -> None:
        if not away:
            return
        excusing = asyncio.ensure_future(self._intake.excuse(away))
        self._given(away)
        try:
            await excusing
        except ThreadClosed:
            raise
        except Exception:
            log.exception("people who were turned away could not be told", extra={"action": "reception.trouble"})
            for inbound in away:
                self._turned_away.setdefault(str(inbound.chat), inbound)
            await asyncio.sleep(1.0)

    def _count(self, change: int) -> None:
        self._waiting += change
        self._metrics.waiting.set(self._waiting)


def _whose(inbound: Inbound) -> str:
    return inbound.sender_id or str(inbound.chat)
