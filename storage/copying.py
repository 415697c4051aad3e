"""Every table of one database into another of the same schema, whatever their dialects: for backups and moves.

Tables are read from the database itself, so that an older schema is copied as it is. Rows go in the order of their
references and keep their keys. Must not know what a table holds.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, MetaData, RowMapping, delete, func, insert, select, text
from sqlalchemy import Table as Columns

_CHUNK = 1_000
_NOT_COPIED = {"alembic_version", "head_count"}
"""The schema's own, and what follows from the other tables: its triggers write it while these are copied."""

Watch = Callable[[int, int], None]
"""Told how many rows of how many are done."""


def tables(connection: Connection) -> list[Columns]:
    """The tables of a database, each behind those it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _NOT_COPIED]


def count(connection: Connection) -> int:
    """The rows of all tables."""
    counts = (select(func.count()).select_from(table) for table in tables(connection))
    return sum(connection.execute(one).scalar_one() for one in counts)


def copy(source: Connection, target: Connection, watch: Watch) -> int:
    """Copies all rows and returns how many; what was in the target is gone. Both connections are in a transaction; the
    source's shows one moment (SQLite's always does, PostgreSQL's from REPEATABLE READ on)."""
    into = {table.name: table for table in tables(target)}
    for table in reversed(into.values()):
        target.execute(delete(table))
    done, total = 0, count(source)
    for table in tables(source):
        rows = source.execution_options(yield_per=_CHUNK).execute(select(table)).mappings()
        for chunk in rows.partitions():
            target.execute(insert(into[table.name]), [dict(row) for row in chunk])
            done += len(chunk)
            watch(done, total)
        go_on_counting(target, into[table.name])
    return done


def differences(source: Connection, target: Connection, watch: Watch) -> Iterator[str]:
    """Compares row by row, in the order of the keys; names the first difference of each table."""
    into = {table.name: table for table in tables(target)}
    done, total = 0, count(source)
    for table in tables(source):
        if table.name not in into:
            yield f"{table.name}: there is no such table"
            continue
        with closing(_in_order(source, table)) as rows, closing(_in_order(target, into[table.name])) as copies:
            for row, copied in zip_longest(rows, copies):
                if row is None or copied is None or dict(row) != dict(copied):
                    yield f"{table.name}: {_told(table, row, copied)}"
                    break
                done += 1
                if done % _CHUNK == 0:
                    watch(done, total)
    watch(total, total)


def _told(table: Columns, row: RowMapping | None, copied: RowMapping | None) -> str:
    known: Mapping[Any, Any] = row or copied or {}
    which = ", ".join(f"{column.name} {known[column.name]}" for column in table.primary_key)
    return f"the row {which} {'is missing' if copied is None else 'is too many' if row is None else 'is another'}"


def _in_order(connection: Connection, table: Columns) -> Generator[RowMapping, None, None]:
    """By key, as bytes are ordered: what a server's language thinks of letters must not matter."""
    keys: list[Any] = [
        column.collate("C") if connection.dialect.name == "postgresql" and column.type.python_type is str else column
        for column in table.primary_key
    ]
    asked = connection.execution_options(yield_per=_CHUNK)
    with asked.execute(select(table).order_by(*keys)) as result:
        yield from result.mappings()


def go_on_counting(target: Connection, table: Columns) -> None:
    """PostgreSQL gives running numbers from a sequence, which does not see rows that bring theirs along."""
    if target.dialect.name != "postgresql" or "id" not in table.columns:
        return
    sequence = target.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table.name}"'}).scalar()
    if sequence:
        newest = target.execute(select(func.max(table.columns["id"]))).scalar()
        target.execute(select(func.setval(sequence, newest or 1, newest is not None)))
