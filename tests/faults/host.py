"""A process that starts bots quickly: everything is imported once, and each bot is a process forked from it.

Orders come as lines of JSON on stdin, what happens goes out as lines on stdout. A bot is what `zicha run` makes, with
the gateway's clock in place of the real one and, if ordered, a named step at which it dies.
"""

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from bot import config as configuration
from bot import logs
from bot.alone import alone, lock_file
from bot.app import App, lay_foundation, real_clock
from bot.demo.show import FileClock
from bot.signals import stop_when, until_signal
from tests.faults.steps import arm


def bot(order: dict[str, Any]) -> None:
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    if step := order.get("step"):
        arm(step, order["passage"])
    config = configuration.load()
    logs.set_up(config.log_level)
    with alone(lock_file(config)):
        clock_file = Path(order["clock"]) if order.get("clock") else None
        app = App(config, lay_foundation(config), FileClock(clock_file) if clock_file else real_clock)

        async def work(stop: asyncio.Event) -> None:
            stopper = asyncio.create_task(stop_when(stop, app))
            await app.run()
            stopper.cancel()

        asyncio.run(until_signal(work))


def start(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        bot(order)
        code = 0
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return 0


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    living: set[int] = set()
    while True:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], 0.02)
        if ready:
            line = sys.stdin.readline()
            if not line:
                break
            living.add(pid := start(json.loads(line)))
            print(json.dumps({"started": pid}), flush=True)
        for pid in list(living):
            if os.waitpid(pid, os.WNOHANG)[0]:
                living.discard(pid)
                print(json.dumps({"ended": pid}), flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
