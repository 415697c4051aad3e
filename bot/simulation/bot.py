"""The bot of a simulation, a process of its own: the one of `zicha run`, whose clock is the gateway's.

Must not know that what it talks with is a simulation.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from threading import Thread

from bot import logs
from bot.alone import alone, lock_file
from bot.app import App, lay_foundation
from bot.config import Config, load
from bot.demo.show import FileClock
from bot.demo.zhezhengding import settings as without_zhezhengding
from bot.signals import stop_when, until_signal
from bot.simulation.matters import CAMPAIGN
from bot.simulation.town import CORP

CLIENT_ID, CLIENT_SECRET = "dingsimulation", "simulation-only-not-a-secret"
CLOCK = "clock.json"
_PLENTY = 5_000_000
"""What an add-on package has a month: how much is used is told, not whether it is enough."""
_QPS = 1000.0
"""The platform's 20 calls a second would be waited for in real time; how long they take is reckoned."""


def settings(folder: Path, url: str, tick_seconds: float = 1.0) -> Config:
    """All of them said, so that nothing of the machine comes in."""
    return load(
        **without_zhezhengding("", ""),
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        robot=CLIENT_ID,
        corp_id=CORP,
        openapi_endpoint=url,
        oapi_endpoint=url,
        data=folder,
        database=f"sqlite:///{folder / 'zicha.sqlite3'}",
        key=folder / "zicha.key",
        key_text="",
        alarm_staff="",
        campaign=CAMPAIGN,
        deadline=None,
        tick_seconds=tick_seconds,
        reply_by="webhook",
        qps=_QPS,
        quota_api=_PLENTY,
        quota_stream=_PLENTY,
        http_timeout=5.0,
    )


def serve(config: Config) -> None:
    logs.set_up("WARNING")
    with alone(lock_file(config)):
        app = App(config, lay_foundation(config), FileClock(config.data / CLOCK))
        app.talk.move_out()
        Thread(target=_end_with_us, daemon=True).start()

        async def work(stop: asyncio.Event) -> None:
            stopper = asyncio.create_task(stop_when(stop, app))
            await app.run()
            stopper.cancel()

        asyncio.run(until_signal(work))


def _end_with_us() -> None:
    """When whoever started this is gone, their end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.simulation.bot", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--tick-seconds", type=float, required=True)
    options = parser.parse_args()
    logs.guard_process()
    serve(settings(options.data, options.gateway, options.tick_seconds))


if __name__ == "__main__":
    main()
