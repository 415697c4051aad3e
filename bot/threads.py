"""The way from the event loop to the database: one thread, in the order of asking.

One writer is all SQLite has, and first come first served keeps the messages of a person in order. Must not know what is
done in the thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class ThreadClosed(RuntimeError):
    """Asked for after the end: it was not begun."""


class DatabaseThread:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._lookers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="looking")
        self._turn, self._wanted = asyncio.Lock(), 0
        self.closed = False

    @property
    def is_wanted(self) -> bool:
        """Somebody waits for a turn."""
        return self._wanted > 0

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in the thread. Cancelling the wait does not cancel what was asked for."""
        return await asyncio.shield(asyncio.ensure_future(self._do(work)))

    async def look(self, work: Callable[[], T]) -> T:
        """The result of `work` that only reads: it needs no turn, and nobody waits for it."""
        if self.closed:
            raise ThreadClosed
        return await asyncio.get_running_loop().run_in_executor(self._lookers, work)

    async def _do(self, work: Callable[[], T]) -> T:
        async with self.resting():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Nothing is done in the thread meanwhile: another process has its turn to write."""
        self._wanted += 1
        try:
            await self._turn.acquire()
        finally:
            self._wanted -= 1
        try:
            if self.closed:
                raise ThreadClosed
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Waits for what was begun; nothing more is taken."""
        self.closed = True
        self._pool.shutdown(wait=True)
        self._lookers.shutdown(wait=True)


class Together(Generic[T]):
    """Work of one kind, done as it comes: what came while some was done is done in one go, so that it shares a
    commit."""

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[None]], *, most: int) -> None:
        self._do, self._most = do, most
        self._waiting: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def run(self, one: T) -> None:
        """Returns when it is done. Raises what the go it was part of raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, done))
        if self._working is None:
            self._working = asyncio.create_task(self._until_empty())
        await asyncio.shield(done)

    async def _until_empty(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                (failed,) = await asyncio.gather(self._do([one for one, _ in batch]), return_exceptions=True)
                for _, done in batch:
                    if failed is None:
                        done.set_result(None)
                    else:
                        done.set_exception(failed)
        finally:
            self._working = None
