"""Forward from every released schema with data in place: a row in every table of that time, whatever it may be.

Nothing here knows a table: rows are made from what the database says of its columns, so that a new revision is tried
without a new test.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, LargeBinary, Table, UniqueConstraint, insert, select, text
from sqlalchemy import types as sql

from storage import copying, database
from storage.database import Database


def revisions() -> list[str]:
    """All of them, the first one first."""
    walked = ScriptDirectory.from_config(database._alembic()).walk_revisions()
    return [one.revision for one in walked][::-1]


def value(column: Any, number: int) -> Any:
    """Something the column takes, the `number`-th of its kind."""
    match column.type:
        case sql.Boolean():
            return bool(number % 2)
        case sql.Integer():
            return number
        case sql.Float() | sql.Numeric():
            return number + 0.5
        case sql.DateTime():
            return datetime(2022, 5, 18, 9, number, tzinfo=UTC).replace(tzinfo=None)
        case sql.Date():
            return date(2022, 5, number)
        case LargeBinary():
            return b"sealed %d" % number
        case sql.JSON():
            return {"n": number}
        case _ if column.table.name == "unit" and column.name == "path":
            return f"/{number}/"
        case _:
            return f"甲{number}"[: getattr(column.type, "length", None) or 100]


def fill(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Two rows in every table, the second referring to the second of others; returns what was put in."""
    put: dict[str, list[dict[str, Any]]] = {}
    for table in copying.tables(connection):
        put[table.name] = [row(table, number) for number in (1, 2)]
        connection.execute(insert(table), put[table.name])
    return put


def row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value(column, number) for column in table.columns}


def rows(connection: Connection) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for table in copying.tables(connection):
        found = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        yield table.name, [dict(one) for one in found]


def test_there_are_released_revisions() -> None:
    assert revisions()[:2] == ["0001", "0002"]


@pytest.mark.parametrize("revision", revisions())
def test_forward_with_data_in_place(database_url: str, revision: str) -> None:
    base = Database(database_url)
    try:
        base.migrate(revision)
        assert base.revision()[0] == revision
        with base.engine.begin() as connection:
            put = fill(connection)
        assert len(put) > 10
        base.migrate()
        at, newest = base.revision()
        assert at == newest
        with base.snapshot() as connection:
            found = dict(rows(connection))
        for table, lines in put.items():
            assert table in found, f"{table} is gone"
            for line in lines:
                kept = [{name: one[name] for name in line if name in one} for one in found[table]]
                left = {name: content for name, content in line.items() if name in kept[0]}
                assert left in kept, f"a row of {table} was changed"
        base.migrate()  # again: nothing to do
    finally:
        base.close()


def test_keys_and_constraints_stay(database_url: str) -> None:
    """After the way from the first revision the constraints of the newest hold as if it had begun there."""
    base = Database(database_url)
    try:
        base.migrate(revisions()[0])
        base.migrate()
        with base.engine.begin() as connection:
            tables = copying.tables(connection)
            assert any(isinstance(one, UniqueConstraint) for table in tables for one in table.constraints)
            if base.is_sqlite:
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    finally:
        base.close()
