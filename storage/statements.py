"""Statements beyond the everyday: insert unless the key is there, which the two dialects spell alike but SQLAlchemy
does not; and one statement for many rows."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel

from storage.prepared import Prepared
from storage.servers import is_opengauss

_MANY = 5_000


def insert_new(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """True if the row is new; False, and nothing changed, if its key was there."""
    statement = _unless_there(table, session.get_bind().dialect.name)
    return statement.run(session, values) == 1


@cache
def _unless_there(table: type[SQLModel], dialect: str) -> Prepared:
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    return Prepared(insert(table).on_conflict_do_nothing().inline())  # nobody asks for the new row's number


def insert_many_new(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """How many of the rows were new."""
    if not rows:
        return 0
    statement = _unless_there(table, session.get_bind().dialect.name)
    # one short statement for each row: spelling all values out in one takes twenty times as long to put together
    return statement.each(session, rows)


def new_keys(
    session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]
) -> set[tuple[Any, ...]]:
    """Inserts the rows whose key is not there; returns the keys of those that were new."""
    dialect = session.get_bind().dialect
    if is_opengauss(dialect):  # it tells how many were new, not which
        return {tuple([row[name] for name in key]) for row in rows if insert_new(session, table, row)}
    return {tuple(row) for row in _told(table, key, dialect.name).rows_of_each(session, rows)}


@cache
def _told(table: type[SQLModel], key: tuple[str, ...], dialect: str) -> Prepared:
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    columns = [getattr(table, name) for name in key]
    return Prepared(insert(table).on_conflict_do_nothing().returning(*columns))


def run_many(session: Session, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same statement for many rows, past the objects the session holds: flush before, expire after."""
    connection = session.connection()
    for start in range(0, len(rows), _MANY):
        connection.execute(statement, rows[start : start + _MANY])
