"""A roster of so many people: read and checked, imported, imported once more.

The baseline is reading the same cells with openpyxl's read-only mode, in the same process.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import openpyxl

from bot.config import load
from bot.foundation import lay_foundation
from bot.rosters import Wish, import_file
from bot.starting import keep_pauses_short
from handlers.papers.roster_form import write_roster
from storage.rows import PersonRow, Role, Roster, UnitKind
from tests.bench import city, report
from tests.world import MORNING


def big_roster(people: int) -> Roster:
    units = city.units(max(20, city.UNITS * people // 50_000))
    villages = [unit.code for unit in units if unit.kind is UnitKind.VILLAGE]
    somebody = (
        PersonRow(
            staff_id=f"u{n}",
            name=f"某{n % 9_000}",
            unit_code=villages[n % len(villages)],
            roles=frozenset({Role.STAFF}),
            phone=f"199{n:08}",
        )
        for n in range(people)
    )
    return Roster(units=units, people=tuple(somebody))


def measure(people: int, folder: Path) -> dict[str, Any]:
    file = folder / "roster.xlsx"
    with file.open("wb") as out:
        write_roster(big_roster(people), out)
    base = lay_foundation(load(data=folder / "data", database="", campaign=city.CAMPAIGN, deadline=None))
    seconds: dict[str, float] = {}
    keep_pauses_short()  # as the command does

    def clocked(name: str, *, dry_run: bool = False) -> Any:
        began = time.perf_counter()
        done = import_file(base, file, Wish(dry_run=dry_run), at=MORNING, stage=lambda *_: None)
        seconds[name] = time.perf_counter() - began
        return done.changes

    clocked("check", dry_run=True)
    clocked("import")
    again = clocked("again")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    base.database.close()
    began = time.perf_counter()
    book = openpyxl.load_workbook(file, read_only=True)
    for sheet in book.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    book.close()
    reading = time.perf_counter() - began
    return {
        "people": people,
        "read and checked s": round(seconds["check"], 2),
        "openpyxl reading s": round(reading, 2),
        "ratio": round(seconds["check"] / reading, 2),
        "imported s": round(seconds["import"], 2),
        "again s": round(seconds["again"], 2),
        "changed again": str(again),
        "peak MB": round(peak),
    }


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench rosters")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        row = measure(1_000 if options.quick else options.people, Path(folder))
    for name, value in row.items():
        print(f"{name:20} {value}")
    report.keep(options.json, "rosters", row)
