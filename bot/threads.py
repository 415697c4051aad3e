"""The way from the event loop to the database: one thread, in the order of asking.

One writer is all SQLite has, and first come first served keeps the messages of a person in order. Must not know what is
done in the thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class DatabaseThread:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self.closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in the thread. Cancelling the wait does not cancel what was begun."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, work))

    def close(self) -> None:
        """Waits for what was begun; nothing more is taken."""
        self.closed = True
        self._pool.shutdown(wait=True)


class Together(Generic[T]):
    """Work of one kind, done in the thread as it comes: what came while the thread was busy is done in one go, so that
    it shares a commit."""

    def __init__(self, thread: DatabaseThread, do: Callable[[Sequence[T]], None], *, most: int) -> None:
        self._thread, self._do, self._most = thread, do, most
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
                work = self._thread.run(partial(self._do, [one for one, _ in batch]))
                (failed,) = await asyncio.gather(work, return_exceptions=True)
                for _, done in batch:
                    if failed is None:
                        done.set_result(None)
                    else:
                        done.set_exception(failed)
        finally:
            self._working = None
