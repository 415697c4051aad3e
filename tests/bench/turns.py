"""Form turns a second: inbox, lock, answers, outbox, commit, ack, reply over HTTP, many people at once.

The baseline is an echo through the same SDK frames, HTTP client and gateway (`echo.py`); where the extra `[bench]` is
there, the nearest peer is measured too (`peer.py`). The bot is `zicha run`. With `--fsync-ms 2` it is run a second time
on a disk whose every fsync takes so much longer (a C compiler is needed).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import lay_foundation
from bot.config import load
from bot.simulation.processes import cpu, resident
from storage import roster_import
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.bench import peer, report
from tests.bot_process import bare_environment, far_deadline
from tests.world import MORNING, small_roster

PER_VILLAGE = 25
"""50,000 people in some 2,000 villages."""


@dataclass(frozen=True, kw_only=True)
class Load:
    people: int
    seconds: float
    at_once: int = 64
    rate: float = 0.0
    twice: bool = False
    pairs: int = 0
    """So many people say two things at once, and nothing else is said."""


def settings(url: str, data: Path, database: str) -> dict[str, str]:
    return {
        "DINGTALK_CLIENT_ID": "dingsandbox",
        "DINGTALK_CLIENT_SECRET": "sandbox-secret",
        "DINGTALK_OPENAPI_ENDPOINT": url,
        "DINGTALK_OAPI_ENDPOINT": url,
        "ZICHA_DATA": str(data),
        "ZICHA_DATABASE_URL": database,
        "ZICHA_DEADLINE": far_deadline(),
        "ZICHA_QPS": "1000",
        "ZICHA_STREAM_CONNECTIONS": "1",
        "ZICHA_LOG_LEVEL": "ERROR",
    }


def furnish(data: Path, people: int, database: str = "") -> None:
    """A database with so many people, u0, u1, …, in villages of a county without special rules."""
    somebody = []
    villages = {}
    for n in range(people):
        code = f"331121100{n // PER_VILLAGE:03}"
        villages[code] = UnitRow(
            code=code, name=f"{n // PER_VILLAGE}村", parent_code="331121100", kind=UnitKind.VILLAGE, division=""
        )
        somebody.append(
            PersonRow(staff_id=f"u{n}", name=_name(n), unit_code=code, roles=frozenset({Role.STAFF}), phone="")
        )
    units = (*small_roster().units, *villages.values())
    base = lay_foundation(load(data=data, database=database, campaign="lishui-2022-69", deadline=None))
    with base.database.session() as session:
        roster_import.import_roster(session, Roster(units=units, people=tuple(somebody)), base.vault, at=MORNING)
    base.database.close()


def _name(n: int) -> str:
    """Nobody's like another's: what is known of one helps with nobody else."""
    return f"某{chr(0x4E00 + n // 1_000)}{chr(0x4E00 + n % 1_000)}"


@contextmanager
def process(words: list[str], environment: Mapping[str, str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A program of ours that is ended at the end; what it says on standard error is shown."""
    running = subprocess.Popen(
        [sys.executable, "-m", *words],
        env={**bare_environment(), **environment},
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()


def slow_disk(folder: Path, ms: float) -> dict[str, str]:
    """The environment of a process whose every fsync takes `ms` longer."""
    library = folder / "slow_disk.so"
    source = Path(__file__).with_name("slow_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "ZICHA_FSYNC_MS": str(ms)}


def measure(
    bot: list[str],
    load_: Load,
    *,
    data: Path,
    database: str = "",
    bots: int = 1,
    environment: Mapping[str, str] | None = None,
    beside: Callable[[], float] = lambda: 0.0,
) -> dict[str, Any]:
    """One run of the crowd against so many processes of a bot. `beside` tells the processor time of what works for them
    elsewhere."""
    words = ["tests.bench.crowd", "--people", str(load_.people), "--seconds", str(load_.seconds)]
    words += ["--at-once", str(load_.at_once), "--rate", str(load_.rate), "--connections", str(bots)]
    words += ["--pairs", str(load_.pairs)]
    with ExitStack() as stack:
        crowd = stack.enter_context(process(words + ["--twice"] * load_.twice, {}, data))
        assert crowd.stdin
        assert crowd.stdout
        url = crowd.stdout.readline().strip()
        whole = [{**settings(url, data, database), **(environment or {})} for _ in range(bots)]
        running = [stack.enter_context(process(bot, one, data)) for one in whole]
        assert crowd.stdout.readline() == "ready\n", "a bot did not connect"
        before, elsewhere = [cpu(one.pid) for one in running], beside()
        crowd.stdin.write("go\n")
        crowd.stdin.flush()
        result = json.loads(crowd.stdout.readline())
        used = sum(cpu(one.pid) - b for one, b in zip(running, before, strict=True))
        elsewhere = beside() - elsewhere
        memory = max(resident(one.pid) for one in running)
    return result | {"cpu": used, "beside": elsewhere, "memory": memory}


def figures(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a run."""
    turns = max(result["turns"], 1)
    return {
        "what": name,
        "turns/s": round(result["turns"] / result["seconds"], 1),
        "ack p50 ms": round(report.percentile(result["acks"], 0.5) * 1e3, 1),
        "ack p99 ms": round(report.percentile(result["acks"], 0.99) * 1e3, 1),
        "reply p50 ms": round(report.percentile(result["replies"], 0.5) * 1e3, 1),
        "reply p99 ms": round(report.percentile(result["replies"], 0.99) * 1e3, 1),
        "bot CPU ms/turn": round(result["cpu"] / turns * 1e3, 3),
        "MB": round(result["memory"]),
        "finished": result["finished"],
    }


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench turns")
    parser.add_argument("--quick", action="store_true", help="a smoke run of some seconds")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3, help="pairs of baseline and bot")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.0, help="open loop: so many turns a second")
    parser.add_argument("--fsync-ms", type=float, default=0.0, help="once more with a slower disk")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    seconds, rounds = (2.0, 1) if options.quick else (options.seconds, options.rounds)
    people = int(max(300, seconds * 250))
    load_ = Load(people=people, seconds=seconds, at_once=options.at_once, rate=options.rate)
    rows: list[dict[str, Any]] = []
    ratios: list[float] = []
    kept: list[float] = []
    others: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            echo = figures("echo", measure(["tests.bench.echo"], load_, data=Path(folder)))
            form = _form(Path(folder) / f"{number}", load_)
            rows += [echo, form]
            ratios.append(form["turns/s"] / echo["turns/s"])
            if peer.installed():
                rows.append({"what": "aiogram_dialog"} | peer.measure(seconds, options.at_once))
                others.append(form["turns/s"] / rows[-1]["turns/s"])
            if options.fsync_ms:
                slow = slow_disk(Path(folder), options.fsync_ms)
                rows.append(_form(Path(folder) / f"{number}-slow", load_, slow) | {"what": "form, slow disk"})
                kept.append(rows[-1]["turns/s"] / form["turns/s"])
    report.table(rows)
    print("form turns / echo turns:", ", ".join(f"{ratio:.2f}" for ratio in ratios))
    if others:
        print("form turns / turns of aiogram_dialog on Redis:", ", ".join(f"{ratio:.2f}" for ratio in others))
    if kept:
        print(f"kept with {options.fsync_ms} ms more for every fsync:", ", ".join(f"{share:.2f}" for share in kept))
    report.keep(options.json, "turns", {"rows": rows, "ratios": ratios, "kept on a slow disk": kept, "peer": others})


def _form(data: Path, load_: Load, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    data.mkdir()
    furnish(data, load_.people)
    return figures("form", measure(["bot", "run"], load_, data=data, environment=environment))
