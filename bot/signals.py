"""Running until the operator says stop: Ctrl-C, SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from bot.app import App


async def until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs `work` with an event that SIGINT and SIGTERM set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop.set))
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    await work(stop)


async def stop_when(stop: asyncio.Event, bot: App) -> None:
    await stop.wait()
    bot.stop()
