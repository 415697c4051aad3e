"""Tables that only grow: the database itself refuses to change or delete what stands in them.

A guard against mistakes and small tampering; whoever may drop a trigger is found by the chain (`storage.evidence`).
Only destruction opens it, within its own transaction. Must not know what the tables hold.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage import triggers

_GROWS = ("audit", "evidence_day", "return_step", "risk_step", "finding_step")
"""Neither change nor delete."""
_CHAINED = "evidence"
"""Its rows are completed once, when they are chained; after that they are like the others."""
TABLES = (*_GROWS, _CHAINED)
_OPEN = "{row}.seq IS NULL AND {new}.leaf = {row}.leaf AND {new}.kind = {row}.kind AND {new}.row = {row}.row"
_FUNCTION = "zicha_append_only"


def guard(connection: Connection) -> list[str]:
    """Sets every guard that is not there (a migration that rebuilds a table takes them off); of which tables."""
    missing = _wanted() - _present(connection)
    if not missing:
        return []
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                "BEGIN RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME; END $$"
            )
        )
    for table, change in sorted(missing):
        connection.execute(text(_spelled(connection, table, change)))
    return sorted({table for table, _ in missing})


@contextmanager
def opened(connection: Connection) -> Iterator[None]:
    """Without guards until the end of the block, inside one transaction: for destruction alone."""
    for table, change in sorted(_present(connection)):
        where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER {_name(table, change)}{where}"))
    yield
    guard(connection)


def _wanted() -> set[tuple[str, str]]:
    return {(table, change) for table in TABLES for change in ("update", "delete")}


def _present(connection: Connection) -> set[tuple[str, str]]:
    known = {_name(*guarded): guarded for guarded in _wanted()}
    return {known[name] for name in triggers.names(connection) if name in known}


def _name(table: str, change: str) -> str:
    return f"zicha_{table}_no_{change}"


def _spelled(connection: Connection, table: str, change: str) -> str:
    loose = table == _CHAINED and change == "update"
    condition = f"WHEN (NOT ({_OPEN.format(row='OLD', new='NEW')})) " if loose else ""
    head = f"CREATE TRIGGER {_name(table, change)} BEFORE {change.upper()} ON {table} FOR EACH ROW {condition}"
    if connection.dialect.name == "postgresql":
        return f"{head}EXECUTE PROCEDURE {_FUNCTION}()"  # as openGauss knows it, too
    return f"{head}BEGIN SELECT RAISE(ABORT, 'append-only: {table}'); END"
