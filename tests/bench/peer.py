"""The nearest thing there is: aiogram_dialog with its state in Redis, a form of ten questions, so many people at once.

In a process of its own, without a network: updates are fed to its dispatcher, its own test double takes what it says.
It is neither transactional nor safe against copies; Redis writes its log once a second. Needs the extra `[bench]` and
Debian's `redis-server`.
"""

import argparse
import asyncio
import importlib.util
import itertools
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench import report
from tests.bot_process import bare_environment

QUESTIONS = 10


def installed() -> bool:
    there = all(importlib.util.find_spec(name) for name in ("aiogram", "aiogram_dialog", "redis"))
    return there and shutil.which("redis-server") is not None


def measure(seconds: float, at_once: int) -> dict[str, Any]:
    """What the turns bench prints of it, from a process of its own."""
    words = ["-m", "tests.bench.peer", "--seconds", str(seconds), "--at-once", str(at_once)]
    done = subprocess.run([sys.executable, *words], env=bare_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def redis_server() -> Iterator[str]:
    """A server of our own on a free port, as durable as it usually is: its log is written once a second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""]
        server = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        try:
            _answers(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def _answers(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < until, "redis-server did not start"
            time.sleep(0.05)
        else:
            return


async def form_turns(url: str, seconds: float, at_once: int) -> dict[str, Any]:
    from aiogram import Dispatcher
    from aiogram.filters import CommandStart
    from aiogram.fsm.state import State, StatesGroup
    from aiogram.fsm.storage.base import DefaultKeyBuilder
    from aiogram.fsm.storage.redis import RedisStorage
    from aiogram.types import Message
    from aiogram_dialog import Dialog, DialogManager, StartMode, Window, setup_dialogs
    from aiogram_dialog.test_tools import BotClient, MockMessageManager
    from aiogram_dialog.widgets.input import TextInput
    from aiogram_dialog.widgets.text import Const

    states = [State() for _ in range(QUESTIONS)]
    type("Form", (StatesGroup,), {f"q{n}": state for n, state in enumerate(states)})  # the group names its states

    async def answered(message: Message, widget: Any, manager: DialogManager, said: str) -> None:
        manager.dialog_data[widget.widget.widget_id] = said
        heard[said] += 1
        if len(manager.dialog_data) < QUESTIONS:
            await manager.next()
        else:
            await manager.done()

    windows = [
        Window(Const(f"第{n + 1}题"), TextInput(id=f"q{n}", on_success=answered), state=state)
        for n, state in enumerate(states)
    ]
    heard = Counter[str]()
    keys = DefaultKeyBuilder(with_destiny=True, with_bot_id=True)
    dispatcher = Dispatcher(storage=RedisStorage.from_url(url, key_builder=keys))
    dispatcher.include_router(Dialog(*windows))
    said = MockMessageManager()
    setup_dialogs(dispatcher, message_manager=said)

    @dispatcher.message(CommandStart())
    async def start(message: Message, dialog_manager: DialogManager) -> None:
        await dialog_manager.start(states[0], mode=StartMode.RESET_STACK)

    took: list[float] = []
    answers, sent = [f"答{n}" for n in range(QUESTIONS)], Counter[str]()
    numbers = itertools.count(1)

    async def seat(until: float) -> None:
        while time.perf_counter() < until:
            number = next(numbers)
            who = BotClient(dispatcher, user_id=number, chat_id=number)
            for text in ("/start", *answers):
                began = time.perf_counter()
                await who.send(text)
                took.append(time.perf_counter() - began)
                sent[text] += 1
                if time.perf_counter() > until:
                    return
            said.reset_history()

    await asyncio.gather(*(seat(time.perf_counter() + 0.5) for _ in range(at_once)))  # warm
    took.clear()
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(seat(began + seconds) for _ in range(at_once)))
    lasted, used = time.perf_counter() - began, time.process_time() - used
    await dispatcher.storage.close()
    assert heard == {text: count for text, count in sent.items() if text in answers}, "each answer counted once"
    return {
        "turns/s": round(len(took) / lasted, 1),
        "reply p50 ms": round(report.percentile(took, 0.5) * 1e3, 1),
        "reply p99 ms": round(report.percentile(took, 0.99) * 1e3, 1),
        "bot CPU ms/turn": round(used / len(took) * 1e3, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    with redis_server() as url:
        print(json.dumps(asyncio.run(form_turns(url, options.seconds, options.at_once))))


if __name__ == "__main__":
    main()
