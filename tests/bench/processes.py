"""One, two and four processes of the bot on one PostgreSQL: turns a second, and processor time per turn of bots and
server together. The baseline is the one process of the same run.

Two more runs ask for right answers alone: every message is pushed twice, to a different process each time; and people
say two things at once, each to another process.
"""

import argparse
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from sqlmodel import col, select

from bot.simulation.processes import TICKS
from storage.database import Database
from storage.models import AnswerLine, Case
from tests.bench import report
from tests.bench.turns import Load, figures, furnish, measure
from tests.databases import PostgresServer

PAIRS = 200


def server_cpu(url: str) -> float:
    """Seconds of processor time of the server and all its processes, those that ended among them."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row
        parent = _parent(row[0])
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        family = [pid for pid in pids if pid == parent or _parent(pid) == parent]
        ticks = sum(int(number) for pid in family for number in _stat(pid)[11:13])
        ticks += sum(int(number) for number in _stat(parent)[13:15])
    return ticks / TICKS


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid: int) -> int:
    try:
        return int(_stat(pid)[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def logs(url: str) -> tuple[list[list[str]], list[list[str]]]:
    """What stands in the logs of those who finished, and of those who did not."""
    with closing(Database(url)) as database, database.reading() as session:
        cases = session.exec(select(Case.id, Case.receipt)).all()
        lines: dict[int, list[str]] = {case_id: [] for case_id, _ in cases if case_id}
        for case_id, name, given in session.exec(
            select(AnswerLine.case_id, AnswerLine.key, AnswerLine.given).order_by(col(AnswerLine.id))
        ).all():
            lines[case_id].append(f"{name}={given}")
    whole = [lines[case_id] for case_id, receipt in cases if case_id and receipt]
    return whole, [lines[case_id] for case_id, receipt in cases if case_id and not receipt]


def wrong(url: str) -> int:
    """People whose log is not what all said, in the order in which they said it, each answer once."""
    whole, begun = logs(url)
    model = max(whole, key=whole.count)
    return sum(log != model for log in whole) + sum(log != model[: len(log)] for log in begun)


def one_run(bots: int, load_: Load, server: PostgresServer) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _one_run(Path(folder), bots, load_, server)


def _one_run(data: Path, bots: int, load_: Load, server: PostgresServer) -> dict[str, Any]:
    url = server.new(data)
    furnish(data, load_.people, url)
    result = measure(["bot", "run"], load_, data=data, database=url, bots=bots, beside=lambda: server_cpu(url))
    turns = max(result["turns"], 1)
    mine, servers = result["cpu"] / turns * 1e3, result["beside"] / turns * 1e3
    row = {"processes": bots, "twice": load_.twice, **figures("form", result)}
    row |= {"server CPU ms/turn": round(servers, 3), "CPU ms/turn": round(mine + servers, 3)}
    row |= {"by OpenAPI": result["called"], "doubled": result["doubled"], "wrong": wrong(url)}
    del row["what"], row["bot CPU ms/turn"]
    return row


def _pairs(server: PostgresServer, people: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        return quick_pairs(Path(folder), server, people)


def quick_pairs(data: Path, server: PostgresServer, people: int) -> dict[str, int]:
    """People who say two things at once, to two processes: how many logs hold both answers, how many people were asked
    again because the second was heard before the first, how many logs hold something else."""
    url = server.new(data)
    furnish(data, people + 100, url)
    measure(["bot", "run"], Load(people=people + 100, seconds=0, pairs=people), data=data, database=url, bots=2)
    whole, begun = logs(url)
    model = whole[0]
    return {
        "people": len(begun),
        "both": sum(log == model[:2] for log in begun),
        "asked again": sum(log in (model[:1], []) for log in begun),
        "wrong": wrong(url),
    }


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench processes")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=0, help="instead, so many rounds of two messages at once")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    if options.pairs:
        report.table([_pairs(PostgresServer(), PAIRS) for _ in range(options.pairs)])
        return
    seconds, rounds, counts = (1.0, 1, (1,)) if options.quick else (options.seconds, options.rounds, (1, 2, 4))
    load_ = Load(people=int(max(300, seconds * 200)), seconds=seconds)
    server = PostgresServer()
    rows = [one_run(bots, load_, server) for _ in range(rounds) for bots in counts]
    rows.append(one_run(2, replace(load_, twice=True), server))
    pairs = _pairs(server, PAIRS // 10 if options.quick else PAIRS)
    report.table(rows)
    one = rows[0 : rounds * len(counts) : len(counts)]
    ratios = {}
    for number, bots in enumerate(counts):
        same = rows[number : rounds * len(counts) : len(counts)]
        each = [many["CPU ms/turn"] / alone["CPU ms/turn"] for many, alone in zip(same, one, strict=True)]
        ratios[str(bots)] = round(report.percentile(each, 0.5), 2)
    print("processor time per turn against one process of the same round, median:", ratios)
    print("two messages at once to two processes:", ", ".join(f"{name} {count}" for name, count in pairs.items()))
    report.keep(options.json, "processes", {"rows": rows, "ratios": ratios, "pairs": pairs})
