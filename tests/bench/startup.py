"""From the command to a connected stream: `zicha run` on a database with so many half-filled forms.

The baseline is the same on an empty roster: what the interpreter and the libraries take by themselves.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.config import load
from bot.foundation import lay_foundation
from tests.bench import city, report
from tests.bench.broadcast import Bot, Platform, at_any_hour
from tests.bench.turns import cpu, process, settings

LIMIT = 3.0
FORMS = 50_000


def furnish(data: Path, people: int, *, half: float) -> None:
    """A data folder as `zicha run` leaves it, with a city in its database."""
    data.mkdir()
    base = lay_foundation(load(data=data, database="", campaign=city.CAMPAIGN, deadline=None))
    if people:
        city.build(base.database, people, half=half)
    base.database.close()


@contextmanager
def bots(data: Path, qps: int = 1000) -> Iterator[tuple[Platform, Bot]]:
    """A platform, and a bot that can be started against it."""
    with process(["tests.bench.receivers", "--qps", str(qps)], {}, data) as running:
        platform = Platform(running)
        quota = {"ZICHA_QUOTA_API": "5000000", "ZICHA_QUOTA_STREAM": "5000000"}
        campaign = {"ZICHA_CAMPAIGN": str(at_any_hour(data)), "ZICHA_QPS": str(qps)}
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as an installed program is
        bot = Bot(settings(platform.url, data, "") | quota | campaign | compiled, data)
        try:
            yield platform, bot
        finally:
            bot.kill()


def seconds(platform: Platform, bot: Bot) -> float:
    """Until the bot's stream is connected."""
    began = time.perf_counter()
    bot.start()
    platform.connected()
    return time.perf_counter() - began


def measure(folder: Path, forms: int, rounds: int) -> dict[str, Any]:
    data = folder / str(forms)
    furnish(data, forms, half=1.0)
    took, used = [], []
    with bots(data) as (platform, bot):
        for _ in range(rounds):
            took.append(seconds(platform, bot))
            assert bot.process
            used.append(cpu(bot.process.pid))
            bot.kill()
            platform.disconnected()
    return {
        "half-filled forms": forms,
        "s": round(report.percentile(took, 0.5), 2),
        "best s": round(min(took), 2),
        "CPU s": round(min(used), 2),
        "MB": round(bot.memory),
    }


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench startup")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--forms", type=int, default=FORMS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    forms, rounds = (300, 1) if options.quick else (options.forms, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(Path(folder), count, rounds) for count in (0, forms)]
    report.table(rows)
    ratio = rows[1]["s"] / rows[0]["s"]
    print(f"with {forms:,} half-filled forms {ratio:.2f} of the time without; the limit is {LIMIT:g} s")
    report.keep(options.json, "startup", {"rows": rows, "ratio": ratio})
