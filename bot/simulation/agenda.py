"""Who does what when: appointments by the campaign's time, worked off an hour at a time, many people at once.

Must not know what is done.
"""

import asyncio
import bisect
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime

Deed = Callable[[], Awaitable[None]]


class Agenda:
    def __init__(self, *, at_once: int) -> None:
        """`at_once` people do something at the same time."""
        self._entries: list[tuple[datetime, int, Deed]] = []
        self._numbers = itertools.count()
        self._room = asyncio.Semaphore(at_once)
        self._milestones: list[datetime] = []

    def milestone(self, at: datetime) -> None:
        """Nothing from then on begins before all that comes before it is done."""
        bisect.insort(self._milestones, at)

    def add(self, at: datetime, deed: Deed) -> None:
        heapq.heappush(self._entries, (at, next(self._numbers), deed))

    @property
    def next(self) -> datetime | None:
        return self._entries[0][0] if self._entries else None

    async def work_off(self, until: datetime) -> int:
        """Everything up to a moment, what is added on the way as well; returns how much that was. What one of them
        raises ends it."""
        done = 0
        while self._entries and self._entries[0][0] < until:
            try:
                done += await self._together(until)
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from failed
        return done

    async def _together(self, until: datetime) -> int:
        """All up to the next milestone, at the same time."""
        first, done = self._entries[0][0], 0
        limit = min((then for then in self._milestones if first < then < until), default=until)
        async with asyncio.TaskGroup() as group:
            while self._entries and self._entries[0][0] < limit:
                await self._room.acquire()
                _, _, deed = heapq.heappop(self._entries)
                group.create_task(self._do(deed))
                done += 1
        return done

    async def _do(self, deed: Deed) -> None:
        try:
            await deed()
        finally:
            self._room.release()
