"""What was deleted leaves the disk as well: the file is written anew without it, the write-ahead log is emptied.

PostgreSQL keeps column statistics with values out of rows; they are forgotten too. What lies outside the database
(its write-ahead log, backups, replicas) is not reached from here. Must not know what was deleted.
"""

from sqlalchemy import String, Text, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from storage.database import Database


def compact(database: Database) -> list[str]:
    """Returns what could not be done, by the database's own words; nothing where all was."""
    return _file(database) if database.is_sqlite else _server(database)


def _file(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.execute("VACUUM")
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        raw.close()
    return ["the write-ahead log is in use by another program"] if busy else []


def _server(database: Database) -> list[str]:
    left: list[str] = []
    tables = SQLModel.metadata.tables
    with database.engine.connect() as connection, connection.begin():
        for name, table in tables.items():
            for column in table.columns:
                if isinstance(column.type, String | Text):
                    # the same type again: the rows stay as they are, the statistics of the column are dropped
                    kind = column.type.compile(connection.dialect)
                    connection.execute(text(f'ALTER TABLE "{name}" ALTER COLUMN "{column.name}" TYPE {kind}'))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in (*tables, "pg_statistic"):
            try:
                connection.execute(text(f'VACUUM FULL "{name}"'))
            except DBAPIError as error:
                left.append(str(error.orig).strip().splitlines()[0])
        try:
            connection.execute(text("CHECKPOINT"))
        except DBAPIError as error:
            left.append(str(error.orig).strip().splitlines()[0])
    return left
