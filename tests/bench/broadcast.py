"""One text to a whole city: calls, time against calls ÷ QPS, replies meanwhile, and what kills in the middle cost.

The bot is `zicha run`, the platform refuses more than QPS calls in any second. The baseline is arithmetic: ceil(N / 20)
calls take at least calls ÷ QPS seconds, whoever makes them.
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from bot.config import load
from bot.foundation import lay_foundation, real_clock
from handlers.broadcasts.plan import Audience, Kind, Route
from storage import broadcasts, roster
from storage.broadcasts import Fates
from storage.database import Database
from storage.models import Broadcast
from tests.bench import report
from tests.bench.receivers import TEXT
from tests.bench.turns import cpu, furnish, process, resident, settings
from tests.bot_process import bare_environment

_TOGETHER = 20


@dataclass
class Bot:
    """`zicha run`, killed and started anew at will."""

    environment: dict[str, str]
    data: Path
    process: subprocess.Popen[bytes] | None = None
    memory: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], env={**bare_environment(), **self.environment}, cwd=self.data
        )

    def kill(self) -> None:
        if self.process is None:
            return
        self.memory = max(self.memory, resident(self.process.pid))
        self.process.kill()
        self.process.wait()
        self.process = None


class Platform:
    """The receivers' process, asked a line at a time."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running
        self.url = self._line()

    def ask(self, word: str) -> Any:
        assert self._running.stdin
        self._running.stdin.write(word + "\n")
        self._running.stdin.flush()
        said = self._line()
        return json.loads(said) if said[:1] in "{0123456789" else said

    def connected(self, wanted: int = 1, within: float = 60.0) -> None:
        until = time.monotonic() + within
        while self.ask("connected") < wanted:
            assert time.monotonic() < until, "the bot did not connect"
            time.sleep(0.01)

    def disconnected(self) -> None:
        """The platform has noticed that the bot is gone."""
        while self.ask("connected"):
            time.sleep(0.01)

    def _line(self) -> str:
        assert self._running.stdout
        return self._running.stdout.readline().strip()


def at_any_hour(folder: Path) -> Path:
    """The shipped campaign without quiet hours: a measurement runs when it is started."""
    shipped = resources.files("handlers.campaign").joinpath("definitions/lishui-2022-69.toml").read_text("utf-8")
    head, _, rest = shipped.partition("[manners]\n")
    manners, _, tail = rest.partition("\n\n")
    always = {"from": "00:00:00", "until": "23:59:59", "working_days_only": "false"}
    kept = [line for line in manners.splitlines() if line.partition(" ")[0] not in always]
    said = "\n".join([*(f"{name} = {value}" for name, value in always.items()), *kept])
    file = folder / "campaign.toml"
    file.write_text(f"{head}[manners]\n{said}\n\n{tail}", encoding="utf-8")
    return file


@contextmanager
def city(folder: Path, people: int, qps: int, database: str) -> Iterator[tuple[Platform, Bot, Database]]:
    data = folder / "data"
    data.mkdir()
    furnish(data, people, database)
    campaign = at_any_hour(folder)
    with ExitStack() as stack:
        running = stack.enter_context(process(["tests.bench.receivers", "--qps", str(qps)], {}, folder))
        platform = Platform(running)
        environment = settings(platform.url, data, database) | {
            "ZICHA_QPS": str(qps),
            "ZICHA_CAMPAIGN": str(campaign),
            "ZICHA_QUOTA_API": "5000000",
            "ZICHA_QUOTA_STREAM": "5000000",
        }
        bot = Bot(environment, data)
        base = lay_foundation(load(data=data, database=database, campaign=str(campaign), deadline=None))
        stack.callback(base.database.close)
        bot.start()
        stack.callback(bot.kill)
        platform.connected()
        yield platform, bot, base.database


def agreed(database: Database, campaign: str, text: str) -> int:
    """What the button of the coordinator does."""
    with database.session() as session:
        top = roster.units(session)[0]
        planned = Broadcast(
            campaign=campaign,
            unit_id=top.id or 0,
            audience=Audience.EVERYONE,
            kind=Kind.WORDS,
            text=text,
            asker="operator",
            asked_at=real_clock(),
        )
        number = broadcasts.keep(session, planned)
        broadcasts.agree(session, number, route=Route.CHAT, at=real_clock())
    return number


def watched(
    database: Database, number: int, bot: Bot, platform: Platform, kills: int, expected: float
) -> dict[str, Any]:
    """Until the last letter is settled; the bot is killed so often at random moments meanwhile."""
    began = time.monotonic()
    moments = sorted(random.Random(7).uniform(0.0, expected * 0.9) for _ in range(kills))
    planned, fates = 0.0, Fates()
    while True:
        with database.reading() as session:
            row = broadcasts.numbered(session, number)
            fates = broadcasts.fates(session, number)
        if row and row.posted_at and not planned:
            planned = time.monotonic() - began
        if planned and not fates.waiting:
            with database.reading() as session:
                listed = {one.lane.rpartition(":")[2] for one in broadcasts.unreached(session, number)}
            return {"began": began, "planned": planned, "fates": fates, "listed": listed}
        if moments and time.monotonic() - began > moments[0]:
            moments.pop(0)
            bot.kill()
            bot.start()
            platform.connected()
        time.sleep(0.1)


def measure(people: int, qps: int, kills: int, database: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, city(Path(folder), people, qps, database) as (platform, bot, there):
        platform.ask("chat")
        time.sleep(2.0)
        least = math.ceil(people / _TOGETHER)
        before = len(platform.ask("report")["replies"])
        assert bot.process
        used = cpu(bot.process.pid)
        number = agreed(there, "lishui-2022-69", TEXT)
        seen = watched(there, number, bot, platform, kills, least / qps)
        platform.ask("quiet")
        said = platform.ask("report")
        assert bot.process
        memory, used = max(bot.memory, resident(bot.process.pid)), cpu(bot.process.pid) - used
    times = [at for at, _ in said["calls"]]
    fates: Fates = seen["fates"]
    replies = said["replies"][before:]
    return {
        "people": people,
        "QPS": qps,
        "kills": kills,
        "calls": len(times),
        "least": least,
        "403": said["refused"],
        "baseline s": round(least / qps, 1),
        "sending s": round(times[-1] - times[0], 1),
        "ratio": round((times[-1] - times[0]) / (least / qps), 3),
        "ratio from the button": round((times[-1] - seen["began"]) / (least / qps), 3),
        "planned s": round(seen["planned"], 2),
        "reply p50 ms": round(report.percentile(replies, 0.5) * 1e3, 1),
        "reply p99 ms": round(report.percentile(replies, 0.99) * 1e3, 1),
        "replies": len(replies),
        "twice": said["twice"],
        "doubtful": fates.doubtful,
        "forgotten": people - len({*said["people"], *seen["listed"]}),
        "bot CPU ms/call": round(used / len(times) * 1e3, 1) if not kills else "-",
        "MB": round(memory),
    }


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench broadcast")
    parser.add_argument("--quick", action="store_true", help="a smoke run of some seconds")
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--qps", type=int, action="append", help="may be given several times; 20 and 60 where not")
    parser.add_argument("--kills", type=int, default=0, help="kill the bot so often in the middle")
    parser.add_argument("--database", default="", help="SQLAlchemy address; a SQLite file where empty")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    people = 1_000 if options.quick else options.people
    rates = options.qps or ([60] if options.quick else [20, 60])
    rows = [measure(people, qps, options.kills, options.database) for qps in rates]
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    report.keep(options.json, "broadcast", {"rows": rows})
