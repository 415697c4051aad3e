"""Large papers, each made in a process of its own: the city's 反馈表 with all its rows, fully styled, and everybody's
pledges.

The baseline of the table is openpyxl's write-only mode with the same cells and no styles, in a process of its own, in
the same run; both write from rows that come one after another.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.database import Database
from tests.bench import city, report
from tests.bot_process import bare_environment
from tests.world import KEY, MORNING

PLEDGES = 50_000
"""So many are made in bulk at the most."""
_ABOUT = {"campaign": city.CAMPAIGN, "as_of": (MORNING + timedelta(days=12)).isoformat()}


def in_a_process(*words: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.making", *words]
    done = subprocess.run(command, env=bare_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def made(file: Path, out: Path, paper: str, **more: str) -> dict[str, float]:
    return in_a_process("ours", str(file), str(out), KEY.hex(), paper, json.dumps({**_ABOUT, **more}))


def table(file: Path, people: int, rounds: int) -> dict[str, Any]:
    folder = file.parent
    out, cells, plain = folder / "table.xlsx", folder / "cells", folder / "plain.xlsx"
    ratios, cpu, mine, base, rows = [], [], {}, {}, 0.0
    for _ in range(rounds):
        mine = made(file, out, "feedback_table")
        rows = rows or in_a_process("laid_aside", str(out), str(cells))["rows"]
        base = in_a_process("theirs", str(cells), str(plain))
        ratios.append(mine["seconds"] / base["seconds"])
        cpu.append(mine["cpu"] / base["cpu"])
    return {
        "people": people,
        "rows": int(rows),
        "ours s": round(mine["seconds"], 2),
        "openpyxl bare s": round(base["seconds"], 2),
        "ratio": round(statistics.median(ratios), 2),
        "CPU s": round(mine["cpu"], 2),
        "CPU ratio": round(statistics.median(cpu), 2),
        "peak MB": round(mine["MB"]),
        "openpyxl peak MB": round(base["MB"]),
        "file MB": round(mine["file MB"], 1),
    }


def pledges(file: Path, people: int) -> list[dict[str, Any]]:
    """As one file, and as a zip with a file for everybody."""
    found = []
    for name, more in (("one file", {}), ("a file each", {"each": "1"})):
        mine = made(file, file.parent / "pledges", "pledges", **more)
        found.append(
            {
                "pledges": people,
                "as": name,
                "s": round(mine["seconds"], 1),
                "peak MB": round(mine["MB"]),
                "file MB": round(mine["file MB"], 1),
            }
        )
    return found


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench papers")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--people", type=int, action="append", help="sizes; otherwise 50,000 and 500,000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    sizes = options.people or ([1_000] if options.quick else [50_000, 500_000])
    rows, signed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for people in sizes:
            file = Path(folder) / f"{people}.sqlite3"
            database = Database(f"sqlite:///{file}")
            city.build(database, people, half=0.0, lines=False)
            city.sign(database, min(people, PLEDGES))
            database.close()
            rows.append(table(file, people, 1 if options.quick else options.rounds))
            signed += pledges(file, min(people, PLEDGES)) if people == sizes[0] else []
            file.unlink()
    report.table(rows)
    report.table(signed)
    report.keep(options.json, "papers", {"rows": rows, "pledges": signed})
