"""The way from the event loop to the database: one thread, in the order of asking.

One writer is all SQLite has, and first come first served keeps the messages of a person in order. Holds no state of
its own and must not know what is done in the thread.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class DatabaseThread:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in the thread. Cancelling the wait does not cancel what was begun."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, work))

    def close(self) -> None:
        """Waits for what was begun."""
        self._pool.shutdown(wait=True)
