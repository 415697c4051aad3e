"""The bot of the tests against the gateway: in this process (`running`), or as `zicha run` (`zicha_run`).

The people are those of `tests.world.small_roster`, so what they see is small and known. Nothing of the bot is replaced.
"""

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from typer.testing import CliRunner, Result

from bot.app import App, Foundation, lay_foundation
from bot.command_line import cli
from bot.config import Config, load
from bot.demo.show import FileClock
from handlers.papers.roster_book import write_roster
from storage import roster, roster_import
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, JSON, ROOT, SandboxProcess
from tests.world import MORNING, small_roster

T = TypeVar("T")

START = "2022-05-18T09:00:00+08:00"
CORP = "dingcorp0001"
GROUP, OTHER_GROUP = "cidZijin==", "cidQingtian=="
CITY: JSON = {
    "corpId": CORP,
    "robot": {"name": "自查", "avatar": "自"},
    "people": [
        *({"staffId": one.staff_id, "name": one.name, "title": one.unit_code} for one in small_roster().people),
        {"staffId": "new", "name": "周新来", "title": "不在名册"},
        {"staffId": "wai", "name": "外来人", "title": "外单位", "external": True},
    ],
    "groups": [
        {"conversationId": GROUP, "title": "紫金街道工作群", "members": ["zhang", "li", "wang", "new"]},
        {"conversationId": OTHER_GROUP, "title": "鹤城街道工作群", "members": ["qian", "sun"]},
    ],
}

HELLO = "你好"
NIL_WALK = (HELLO, "1", "1", "4")
"""From the greeting to the receipt of somebody who touched nothing: no data, nothing found, no pledge needed."""


def settings(box: SandboxProcess, folder: Path, **changes: object) -> Config:
    """All of them said, so that nothing of the machine the tests run on comes in."""
    values: dict[str, object] = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "robot": "",
        "corp_id": CORP,
        "openapi_endpoint": box.url,
        "oapi_endpoint": box.url,
        "data": folder,
        "database": "",
        "key": None,
        "campaign": "lishui-2022-69",
        "deadline": None,
        "tick_seconds": 0.1,
        "http_timeout": 30.0,
    }
    return load(**(values | changes))


def furnished(config: Config) -> Foundation:
    """The foundation with the small roster in it."""
    base = lay_foundation(config)
    with base.database.session() as session:
        if not roster.has_people(session):
            roster_import.import_roster(session, small_roster(), base.vault, at=MORNING)
    return base


@asynccontextmanager
async def running(
    box: SandboxProcess, folder: Path, *, clock: Callable[[], datetime] | None = None, **changes: object
) -> AsyncIterator[App]:
    """The bot, connected, by the gateway's clock where it has one in `clock.json`."""
    ticking = clock or (FileClock(folder / "clock.json") if (folder / "clock.json").exists() else _real)
    config = settings(box, folder, **changes)
    app = App(config, furnished(config), ticking)
    task = asyncio.create_task(app.run())
    try:
        await asyncio.wait_for(app.stream.connected.wait(), 60)
        yield app
    finally:
        app.stop()
        await asyncio.wait_for(task, 60)


async def seen(look: Callable[[], T | None], timeout: float = 60.0) -> T:
    """What `look` finds, asked again and again without holding up the bot in this process."""
    deadline = asyncio.get_running_loop().time() + timeout
    while not (found := await asyncio.to_thread(look)):
        assert asyncio.get_running_loop().time() < deadline, f"nothing seen in {timeout} s"
        await asyncio.sleep(0.03)
    return found


async def heard(box: SandboxProcess, who: str, count: int, chat: str = "direct", timeout: float = 60.0) -> list[JSON]:
    """The first `count` messages of the bot in a chat, once they are there."""

    def look() -> list[JSON] | None:
        replies = box.replies(who, chat)
        return replies[:count] if len(replies) >= count else None

    return await seen(look, timeout)


async def talk(box: SandboxProcess, who: str, words: str, chat: str = "direct", timeout: float = 60.0) -> str:
    """Says something and waits for what comes back; the text of the newest message of the bot."""
    before = len(await asyncio.to_thread(box.replies, who, chat))
    await asyncio.to_thread(box.say, who, words, chat)
    return str((await heard(box, who, before + 1, chat, timeout))[-1]["text"])


async def quiet(box: SandboxProcess, who: str, count: int, chat: str = "direct", seconds: float = 0.8) -> bool:
    """True if the bot has said exactly `count` things in a chat and adds none for a while."""
    await asyncio.sleep(seconds)
    return len(await asyncio.to_thread(box.replies, who, chat)) == count


def _real() -> datetime:
    return datetime.now(UTC)


# ---------------------------------------------------------------- as a process


def far_deadline() -> str:
    """A deadline with no reminder anywhere near: the processes live in real time."""
    return (datetime.now(UTC).date() + timedelta(days=120)).isoformat()


def bare_environment() -> dict[str, str]:
    """This machine's environment without anybody's settings of the bot."""
    ours = ("DINGTALK_", "ZICHA_", "ZZD_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "COLUMNS": "100", "PYTHONWARNINGS": "ignore"}


def environment(box: SandboxProcess, data: Path, **more: str) -> dict[str, str]:
    return {
        **bare_environment(),
        "DINGTALK_CLIENT_ID": CLIENT_ID,
        "DINGTALK_CLIENT_SECRET": CLIENT_SECRET,
        "DINGTALK_CORP_ID": CORP,
        "DINGTALK_OPENAPI_ENDPOINT": box.url,
        "DINGTALK_OAPI_ENDPOINT": box.url,
        "ZICHA_DATA": str(data),
        "ZICHA_DEADLINE": far_deadline(),
        **more,
    }


def zicha(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """One command to its end, in a folder of its own so that no `.env` of somebody else is read."""
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        command, cwd=cwd, env={**bare_environment(), **(env or {})}, capture_output=True, text=True, timeout=timeout
    )


@contextmanager
def zicha_run(box: SandboxProcess, data: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`zicha run` against the gateway, connected; killed at the end if it still runs."""
    data.mkdir(parents=True, exist_ok=True)
    before = connections_made(box)
    with (data / "log.txt").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=data,
            env=environment(box, data, **more),
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
        )
    try:
        box.until(lambda: connections_made(box) > before or process.poll() is not None)
        assert process.poll() is None, (data / "log.txt").read_text()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=60)


def enrolled(box: SandboxProcess, data: Path) -> None:
    """The small roster by its command, as the operator does it."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "名册.xlsx").open("wb") as file:
        write_roster(small_roster(), file)
    done = zicha("roster", "import", "名册.xlsx", cwd=data, env=environment(box, data))
    assert done.returncode == 0, done.stderr


def moved_in(box: SandboxProcess, data: Path) -> None:
    """The same without the cost of a process."""
    data.mkdir(parents=True, exist_ok=True)
    furnished(settings(box, data)).database.close()


def connections_made(box: SandboxProcess) -> int:
    return len(box.ledger("connect"))


def stop(process: subprocess.Popen[str], within: float = 60.0) -> int:
    """SIGTERM, and the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=within)


# ---------------------------------------------------------------- the demo


@dataclass
class Demo:
    """`zicha demo` as somebody runs it: the address it printed, and its process."""

    url: str
    process: subprocess.Popen[str]

    def end(self, number: int = signal.SIGINT, within: float = 60.0) -> tuple[int, str]:
        """Ctrl-C: the exit code, and what was printed at the end."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=within)
        return self.process.returncode, said


@contextmanager
def zicha_demo(data: Path, *words: str, within: float = 200.0) -> Iterator[Demo]:
    """Started, connected, its page at `url`; ended in the end whatever happened."""
    data.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-u", "-m", "bot", "demo", "--no-browser", "--port", "0", "--data", str(data), *words]
    with (data.parent / "demo-errors.txt").open("a") as errors:
        process = subprocess.Popen(
            command, cwd=data.parent, env=bare_environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout
    killer = threading.Timer(within, process.kill)
    killer.start()
    try:
        lines = iter(process.stdout.readline, "")
        url = next((found[0] for line in lines if (found := re.findall(r"http://[\w.:\[\]]+", line))), "")
        killer.cancel()
        assert url, f"no address within {within} s: {(data.parent / 'demo-errors.txt').read_text()}"
        yield Demo(url, process)
    finally:
        killer.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


# ---------------------------------------------------------------- a command in this process


@contextmanager
def typing_at(folder: Path, **settings: str) -> Iterator[Callable[..., Result]]:
    """`zicha` as typed in `folder` with these settings, without the cost of a process each."""
    root, here = logging.getLogger(), Path.cwd()
    before, level = root.handlers[:], root.level
    unset = {name: None for name in os.environ if name.startswith(("DINGTALK_", "ZICHA_", "ZZD_"))}
    os.chdir(folder)
    try:
        yield lambda *words: CliRunner().invoke(cli, list(words), env={**unset, "COLUMNS": "100", **settings})
    finally:
        os.chdir(here)
        root.handlers[:] = before
        root.setLevel(level)
