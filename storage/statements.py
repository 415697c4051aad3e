"""The one statement the two dialects spell alike but SQLAlchemy does not: insert unless the key is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel

_CHUNK = 500


def insert_new(session: Session, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """True if the row is new; False, and nothing changed, if its key was there."""
    return insert_many_new(session, table, [values]) == 1


def insert_many_new(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> int:
    """How many of the rows were new."""
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    added = 0
    for start in range(0, len(rows), _CHUNK):
        chunk = [dict(row) for row in rows[start : start + _CHUNK]]
        statement = insert(table).values(chunk).on_conflict_do_nothing()
        options = {"preserve_rowcount": True}  # PostgreSQL answers an insert with rows, not only their number
        added += session.connection().execute(statement, execution_options=options).rowcount
    return added
