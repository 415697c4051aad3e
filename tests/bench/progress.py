"""进度 for the city, a county and a township, now and at a past moment: from the message to the letters, committed.

The baseline is counting everybody anew, as the figures were got before they were kept while they change.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from bot.intake import Intake
from handlers.campaign import loading
from handlers.messages import Address, ChatKind, Inbound
from storage import head_counts, roster_import
from storage.database import Database
from storage.models import Unit
from storage.rows import PersonRow, Role, Roster
from storage.vault import Vault
from tests.bench import city, report
from tests.world import KEY, MORNING

SIZES = (5_000, 50_000, 500_000)


def best(work: Callable[[], object], times: int) -> float:
    """The shortest of so many runs, ms: what else the machine does only adds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return round(min(found) * 1e3, 1)


class Offices:
    """Somebody in office for a unit, who asks."""

    def __init__(self, database: Database) -> None:
        self.database, self.number = database, 0
        campaign = loading.load(city.CAMPAIGN)
        self.intake = Intake(database=database, campaigns=(campaign,), vault=Vault(KEY), now=lambda: self.now)
        self.now = MORNING + timedelta(days=6)

    def appoint(self, unit_code: str, role: Role) -> str:
        who = f"office-{unit_code}"
        person = PersonRow(staff_id=who, name="某办", unit_code=unit_code, roles=frozenset({role}), phone="")
        with self.database.session() as session:
            roster_import.import_roster(session, Roster(units=(), people=(person,)), Vault(KEY), at=MORNING)
        return who

    def ask(self, who: str, said: str) -> None:
        self.number += 1
        self.now += timedelta(seconds=1)
        taken = self.intake.take(
            Inbound(
                robot="r",
                msg_id=f"ask{self.number}",
                sender_id=who,
                sender_name="某办",
                chat=Address("dingtalk", ChatKind.DIRECT, who),
                text=said,
                received_at=self.now,
            )
        )
        assert taken


def measure(people: int, folder: Path) -> list[dict[str, Any]]:
    database = Database(f"sqlite:///{folder / f'{people}.sqlite3'}")
    city.build(database, people)
    offices = Offices(database)
    with database.reading() as session:
        codes = {
            kind: session.exec(select(Unit.code).where(Unit.kind == kind)).first() for kind in ("county", "township")
        }
    asked = [
        ("city", offices.appoint("3311", Role.CITY)),
        ("county", offices.appoint(str(codes["county"]), Role.COUNTY)),
        ("township", offices.appoint(str(codes["township"]), Role.UNIT)),
    ]

    def anew() -> None:
        with database.reading() as session:
            head_counts.added_up(session, [head_counts.THERE, *head_counts.present(city.CAMPAIGN)])

    counting = best(anew, 3)
    rows = []
    for name, who in asked:
        offices.ask(who, "进度")
        now = best(lambda who=who: offices.ask(who, "进度"), 9)  # type: ignore[misc]
        past = best(lambda who=who: offices.ask(who, "进度 截至 5月21日18:00"), 3)  # type: ignore[misc]
        rows.append({"people": people, "unit": name, "now ms": now, "past ms": past, "counted anew ms": counting})
    size = sum(file.stat().st_size for file in folder.glob(f"{people}.sqlite3*"))
    rows[0]["bytes a person"] = round(size / people)
    for row in rows[1:]:
        row["bytes a person"] = ""
    database.close()
    return rows


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench progress")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--people", type=int, action="append", help="sizes; otherwise 5,000, 50,000 and 500,000")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    sizes = options.people or ([1_000] if options.quick else SIZES)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for people in sizes:
            rows += measure(people, Path(folder))
    report.table(rows)
    slopes = [
        b["now ms"] / a["now ms"] for a, b in zip(rows, rows[3:], strict=False) if a["unit"] == b["unit"] == "city"
    ]
    if slopes:
        print("the city's figures, each size against the one before:", ", ".join(f"{slope:.2f}" for slope in slopes))
    ratios = [round(row["now ms"] / row["counted anew ms"], 2) for row in rows if row["unit"] == "city"]
    print("the city's figures against counting everybody anew:", ratios)
    report.keep(options.json, "progress", {"rows": rows, "slopes": slopes, "ratios": ratios})
