"""Where «进度» reads: never through the whole of what grows with people, whichever office asks; said by the database
itself (EXPLAIN), at a size at which it would rather read everything than look up a good part of it.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, event, func, insert, text
from sqlmodel import col, select

from storage import head_counts
from storage.database import Database
from storage.models import Appointment, Inbound, Outgoing, Person, Unit
from storage.rows import Role
from tests.bench import city
from tests.bench.progress import Offices
from tests.world import MORNING

PEOPLE = 2_000
GROWING = {"person", "membership", "self_check", "answer", "submission", "outgoing", "inbound"}
"""A row or more for each person, and they are filled here; in smaller tables a look at every row is the quick way."""
OFFICES = {"city": Role.CITY, "county": Role.COUNTY, "township": Role.UNIT}

_BY_WHAT_IS_BELOW = {"Bitmap Heap Scan", "ModifyTable"}
"""Steps of PostgreSQL that touch the rows another step has found."""

Read = tuple[str, Any]
"""A statement and its values, as the driver got them."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as database:
        city.build(database, PEOPLE)
        with database.engine.begin() as connection:
            _talk_of_days(connection)
            _offices(connection)
            connection.execute(text("ANALYZE"))
        yield database


def _talk_of_days(connection: Connection) -> None:
    for n in range(0, PEOPLE * 5, 1_000):
        numbers = range(n, n + 1_000)
        letters = [
            {"key": f"k{i}", "lane": f"dingtalk:direct:u{i % PEOPLE}", "channel": "dingtalk", "topic": "reply"}
            | {"body": "{}", "state": "sent", "not_before": MORNING, "settled_at": MORNING}
            for i in numbers
        ]
        connection.execute(insert(Outgoing), letters)
        said = [
            {"robot": "ding", "msg_id": f"m{i}", "sender": f"u{i % PEOPLE}", "received_at": MORNING} for i in numbers
        ]
        connection.execute(insert(Inbound), said)


def _offices(connection: Connection) -> None:
    """Somebody in every village, as it is in a city."""
    villages = connection.execute(sa.select(Person.unit_id, func.min(Person.id)).group_by(col(Person.unit_id))).all()
    held = [{"person_id": person, "unit_id": unit, "role": Role.UNIT.value} for unit, person in villages]
    connection.execute(insert(Appointment), held)


def read(database: Database, do: Callable[[], object]) -> list[Read]:
    """What was read meanwhile."""
    statements: list[Read] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            statements.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return statements


def whole_tables(database: Database, statements: list[Read]) -> list[str]:
    """Which statements read a growing table from end to end, its index from end to end included."""
    scans = _sqlite_scans if database.is_sqlite else _postgres_scans
    with database.engine.connect() as connection:
        return [
            f"{table}: {statement}"
            for statement, values in statements
            for table in scans(connection, statement, values)
            if table in GROWING
        ]


def _sqlite_scans(connection: Connection, statement: str, values: Any) -> Iterator[str]:
    for *_, detail in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
        # of the campaign there is: that is everything
        if found := re.match(r"SCAN (\w+)|SEARCH (\w+) .*\(campaign=\?\)$", detail):
            yield re.sub(r"_\d+$", "", found[1] or found[2])


def _postgres_scans(connection: Connection, statement: str, values: Any) -> Iterator[str]:
    said = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    plans = [entry["Plan"] for entry in (json.loads(said) if isinstance(said, str) else said)]
    while plans:
        plan = plans.pop()
        plans += plan.get("Plans", ())
        if "Relation Name" in plan and "Index Cond" not in plan and plan["Node Type"] not in _BY_WHAT_IS_BELOW:
            yield plan["Relation Name"]


def test_progress_reads_no_table_of_people_from_end_to_end(database: Database) -> None:
    offices = Offices(database)
    with database.reading() as session:
        codes = {kind: session.exec(select(Unit.code).where(Unit.kind == kind)).first() or "" for kind in OFFICES}
    for kind, role in OFFICES.items():
        who = offices.appoint(codes[kind], role)
        offices.ask(who, "进度")  # the first time knows nobody yet
        statements = read(database, lambda who=who: offices.ask(who, "进度"))  # type: ignore[misc]
        assert any("FROM head_count" in statement for statement, _ in statements), "the figures were read"
        assert whole_tables(database, statements) == [], kind


@pytest.mark.parametrize("kind", ["sqlite"])  # at two thousand people PostgreSQL would rather read them all
@pytest.mark.parametrize("word", ["名单", "催办", "核对", "待办"])
def test_a_village_is_looked_after_without_reading_the_city(database: Database, word: str) -> None:
    """What a coordinator says every day; where somebody counts is an expression, which no index knows."""
    offices = Offices(database)
    with database.reading() as session:
        code = session.exec(select(Unit.code).where(Unit.kind == "village")).first() or ""
    who = offices.appoint(code, Role.UNIT)
    offices.ask(who, word)
    statements = read(database, lambda: offices.ask(who, word))
    assert statements
    assert whole_tables(database, statements) == []


def test_counting_everybody_anew_would_be_seen(database: Database) -> None:
    """The test above can tell."""

    def anew() -> None:
        with database.reading() as session:
            head_counts.added_up(session, [head_counts.THERE, *head_counts.present(city.CAMPAIGN)])

    tables = {found.partition(":")[0] for found in whole_tables(database, read(database, anew))}
    assert {"person", "self_check"} <= tables


def test_whoever_leaves_is_counted_out_without_reading_everybody(database: Database) -> None:
    """What the counting triggers look up at each change of a person."""
    theirs: Read = ("SELECT campaign FROM self_check WHERE person_id = 1", ())
    assert whole_tables(database, [theirs]) == []
