"""Every figure at a tenth of a city, at a city and at ten, with its slope: the exponent of its growth with people, 0 of
what stays and 1 of what grows as they do. The baseline of each size is the one before it.

The parts are those of the other benches; here each is measured once on one city after the other. What runs in this
process is told in processor time, so that the slopes hold on a busy machine too.
"""

import argparse
import itertools
import math
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from bot.intake import Intake
from handlers.campaign import loading
from handlers.messages import Address, ChatKind, Document, Inbound
from storage import broadcasts, roster_import
from storage.database import Database
from storage.models import Unit
from storage.rows import PersonRow, Role, Roster
from storage.vault import Vault
from tests.bench import city, report, rosters, startup
from tests.bench.broadcast import agreed
from tests.bench.crowd import WALK
from tests.bench.progress import SIZES, Offices
from tests.bench.receivers import TEXT
from tests.bench.turns import cpu, resident
from tests.world import KEY, MORNING, written

_NEWCOMERS = 20
_ONE_FILE = 200_000
"""A roster of more people than that comes in several files: one is taken up to 60 MB unpacked."""
_CHATTING = 5.0
"""Seconds twenty people say «进度» again and again, to a bot that plans a broadcast meanwhile."""


def best(work: Callable[[], object], times: int) -> float:
    """The least processor time of so many runs, ms."""
    return round(min(spent(work) for _ in range(times)) * 1e3, 1)


def spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def progress(database: Database) -> dict[str, float]:
    """The city's «进度», from message to commit."""
    offices = Offices(database)
    who = offices.appoint("3311", Role.CITY)
    offices.ask(who, "进度")
    return {
        "progress now CPU ms": best(lambda: offices.ask(who, "进度"), 9),
        "progress past CPU ms": best(lambda: offices.ask(who, "进度 截至 5月21日18:00"), 3),
    }


def turns(database: Database) -> dict[str, float]:
    """A form turn of people who have just come into the roster, each a commit of its own."""
    with database.reading() as session:
        village = session.exec(select(Unit.code).where(Unit.kind == "village")).first() or ""
    staff = frozenset({Role.STAFF})
    people = [
        PersonRow(staff_id=f"new{n}", name="某某", unit_code=village, roles=staff, phone="") for n in range(_NEWCOMERS)
    ]
    vault, now = Vault(KEY), MORNING + timedelta(days=1)
    with database.session() as session:
        roster_import.import_roster(session, Roster(units=(), people=tuple(people)), vault, at=MORNING)
    intake = Intake(database=database, campaigns=(loading.load(city.CAMPAIGN),), vault=vault, now=lambda: now)
    took = []
    for person in people:
        for number, said in enumerate(WALK):
            inbound = Inbound(
                robot="r",
                msg_id=f"{person.staff_id}-{number}",
                sender_id=person.staff_id,
                sender_name="某某",
                chat=Address("dingtalk", ChatKind.DIRECT, person.staff_id),
                text=said,
                received_at=now,
            )
            took.append(spent(lambda inbound=inbound: intake.take(inbound)))  # type: ignore[misc]
    return {"form turn CPU ms": round(report.percentile(took, 0.5) * 1e3, 2)}


def table(database: Database) -> dict[str, float]:
    """The 反馈表 of one township."""
    with database.reading() as session:
        township = session.exec(select(Unit).where(Unit.kind == "township")).first()
    assert township
    as_of = (MORNING + timedelta(days=12)).isoformat()
    about = Document("t.xlsx", "feedback_table", {"campaign": city.CAMPAIGN, "unit": str(township.id), "as_of": as_of})

    def make() -> None:
        written(database, (loading.load(city.CAMPAIGN),), about, Vault(KEY))

    return {"a township's table CPU ms": best(make, 2)}


def running(data: Path, database: Database, chatting: float) -> dict[str, float]:
    """`zicha run` beside it: its start, its memory, a broadcast to everybody."""
    with startup.bots(data, qps=20) as (platform, bot):
        took = startup.seconds(platform, bot)
        assert bot.process
        started = cpu(bot.process.pid)
        idle = resident(bot.process.pid)
        platform.ask("chat")
        number, began = agreed(database, city.CAMPAIGN, TEXT), time.perf_counter()
        while not _posted(database, number):
            time.sleep(0.05)
        planned = time.perf_counter() - began
        time.sleep(max(0.0, chatting - planned))
        platform.ask("quiet")
        replies = platform.ask("report")["replies"]
        busy = resident(bot.process.pid)
    return {
        "start-up s": round(took, 2),
        "start-up CPU s": round(started, 2),
        "a broadcast planned s": round(planned, 2),
        "replies meanwhile p99 ms": round(report.percentile(replies, 0.99) * 1e3, 1),
        "idle bot MB": round(idle),
        "busy bot MB": round(busy),
    }


def _posted(database: Database, number: int) -> bool:
    with database.reading() as session:
        row = broadcasts.numbered(session, number)
        return row is not None and row.posted_at is not None


def measure(people: int, folder: Path, chatting: float) -> dict[str, float]:
    data = folder / "data"
    startup.furnish(data, people, half=0.2)
    file = data / "zicha.sqlite3"
    with closing(Database(f"sqlite:///{file}")) as database:
        figures: dict[str, float] = {"bytes a person": round(file.stat().st_size / people)}
        figures |= running(data, database, chatting)  # first: the others leave letters behind
        figures |= progress(database) | turns(database) | table(database)
    if people > _ONE_FILE:
        return figures
    apart = folder / "roster"
    apart.mkdir()
    imported = rosters.measure(people, apart)
    names = {"read and checked s": "roster read s", "imported s": "roster imported s", "again s": "roster again s"}
    return figures | {ours: imported[theirs] for theirs, ours in names.items()}


def slope(few: float, many: float, times: float) -> float:
    return round(math.log(max(many, 1e-9) / max(few, 1e-9)) / math.log(times), 2)


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench growth")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--people", type=int, action="append", help="sizes; otherwise 5,000, 50,000 and 500,000")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    sizes = options.people or ([200, 400] if options.quick else list(SIZES))
    found: dict[int, dict[str, float]] = {}
    for people in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found[people] = measure(people, Path(folder), 2.0 if options.quick else _CHATTING)
    rows = []
    for name in found[sizes[0]]:
        values = {people: found[people][name] for people in sizes if name in found[people]}
        steps = itertools.pairwise(values.items())
        slopes = [slope(few, many, b / a) for (a, few), (b, many) in steps]
        rows.append({"figure": name} | {f"{n:,}": values.get(n, "") for n in sizes} | {"slopes": slopes})
    report.table(rows)
    report.keep(options.json, "growth", {"sizes": sizes, "rows": rows})
