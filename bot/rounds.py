"""A postman's round: one channel's replies, or its bulk. Claims what may go, has it carried, looks again.

Replies have rounds and hands of their own, so that nothing that happens to a broadcast holds up somebody who waits for
an answer. Bulk is claimed only when its call is about to begin. Must not know what a platform is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from bot.carrier import LEASE, Carrier
from bot.channels import Channel
from bot.settling import Settling
from storage.delivery import Claimed

log = logging.getLogger(__name__)

REPLIES_AT_ONCE = 64
"""Replies at the platform per channel: as many as three commits write (`reception.TOGETHER`). With 24, people at a rush
hour waited three times as long for their answer as for the ack. As many again may wait to be settled, so that nobody's
answer waits for that; all of these are in doubt where the process is killed in the middle."""
REPLIES_OF_SEVERAL = 24
"""The same where several bots carry from one outbox: together they have about as many there."""
_AHEAD, _AT_LAST = 0.05, 0.02
"""Seconds bulk is claimed before its call may begin: a claim takes about as long, and every call would be late by it.
At the last so many before the next call, and all calls with it that begin until then."""
_POLL = 1.0

Claim = Callable[[datetime, int], Awaitable[list[list[Claimed]]]]
"""At most so many parcels, claimed until the moment given."""


class Round:
    """`run` carries until it is cancelled; then it waits for what is under way."""

    def __init__(
        self,
        *,
        channel: Channel,
        claim: Claim,
        bulk: bool,
        most: int,
        carrier: Carrier,
        settling: Settling,
        real_now: Callable[[], datetime],
        wake_replies: Callable[[], None],
    ) -> None:
        """`most`: replies at the platform. `wake_replies` is called when a broadcast has left a chat."""
        self.channel = channel.name
        self._channel, self._claim, self.bulk, self._carrier, self._most = channel, claim, bulk, carrier, most
        self._settling, self._real_now, self._wake_replies = settling, real_now, wake_replies
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        """Until they are settled."""
        self._there = 0
        """How many of them are at the platform."""
        self._claiming: set[asyncio.Task[int]] = set()
        self._asked = 0
        """How many may come of the claims under way."""
        self._missed = 0
        """How many replies that were expected are not claimed yet: there was no room, or their chat was busy."""
        self._trust = 1
        """So much bulk is under way at the most: one call until the first comes back well, one more for each that does,
        half for each that does not. A process killed while the platform is silent leaves few in doubt."""
        self._running = False

    def wake(self) -> None:
        self._wake.set()

    def expect(self, replies: int) -> None:
        """So many are being written just now: they are claimed right behind, whatever else is asked for meanwhile."""
        if (room := min(replies, self._room())) > 0 and self._running:
            self._begin(room, expected=replies)
        else:
            self._missed += replies

    async def run(self, last_deliveries: float) -> None:
        """`last_deliveries`: seconds a stop waits for letters under way, so that a clean stop leaves none doubtful."""
        self._running = True
        try:
            while True:
                self._wake.clear()
                if (room := self._room()) <= 0:
                    self._missed = max(self._missed, 1)  # nobody knows what waits
                if room <= 0 or await self._begin(room) < room:
                    await self._rest()
        finally:
            self._running = False
            for claiming in self._claiming:
                claiming.cancel()
            await asyncio.gather(*self._claiming, return_exceptions=True)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=last_deliveries)

    def _room(self) -> int:
        """How many parcels may begin now."""
        if not self.bulk:
            return min(self._most - self._there, 2 * self._most - len(self._under_way)) - self._asked
        if self._channel.pace.pause(_AT_LAST):
            return 0
        return min(self._channel.pace.room(_AHEAD), self._trust - len(self._under_way))

    def _begin(self, room: int, *, expected: int = 0) -> "asyncio.Task[int]":
        """Starts at most so many deliveries, and tells how many."""
        self._asked += room
        self._claiming.add(claiming := asyncio.create_task(self._claimed(room, expected)))
        claiming.add_done_callback(self._claiming.discard)
        return claiming

    async def _claimed(self, room: int, expected: int) -> int:
        until = self._real_now() + LEASE
        claiming = asyncio.ensure_future(self._claim(until, room))
        try:
            parcels = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            for letters in await claiming:  # what is claimed meanwhile is not forgotten
                await self._carrier.release(letters)
            raise
        except Exception:
            log.exception("the outbox cannot be read; trying again", extra={"action": "outbox.trouble"})
            parcels = []
        finally:
            self._asked -= room
        self._missed = max(self._missed + expected - len(parcels), 0)
        if not (expected or parcels or self._under_way):
            self._missed = 0  # nothing waits: a copy of a message gets no reply
        for letters in parcels:
            task = asyncio.create_task(self._carry(letters))
            self._under_way.add(task)
            self._there += 1
            task.add_done_callback(partial(self._arrived, letters))
        return len(parcels)

    async def _carry(self, letters: Sequence[Claimed]) -> None:
        try:
            if not self._running:
                await self._carrier.release(letters)
                return
            back = await self._carrier.carry(self._channel, letters)
        finally:
            self._there -= 1
        if self._there == self._most - 1:
            self.wake()  # the next of those that had no room
        await self._settling.settle(back)
        if back.well:
            self._trust = min(self._trust + 1, self._channel.pace.whole)
        else:
            self._trust = max(self._trust // 2, 1)

    def _arrived(self, letters: Sequence[Claimed], task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self.bulk or self._missed or any(letter.more for letter in letters):
            self.wake()
        if self.bulk:
            self._wake_replies()
        if not task.cancelled() and (error := task.exception()):
            log.error("a delivery could not be settled", exc_info=error, extra={"action": "outbox.trouble"})

    async def _rest(self) -> None:
        """Until woken, until the pace allows the next call, a second at most."""
        pause = min(self._channel.pace.pause(_AT_LAST) or _POLL, _POLL) if self.bulk else _POLL
        try:
            async with asyncio.timeout(pause):  # wait_for of Python 3.11 swallows a cancel that meets the wake
                await self._wake.wait()
        except TimeoutError:
            return
