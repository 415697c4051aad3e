"""Which triggers a database has. Must not know what any of them is for."""

from sqlalchemy import text
from sqlalchemy.engine import Connection


def names(connection: Connection) -> set[str]:
    """Those that are there and in force."""
    if connection.dialect.name == "postgresql":
        found = connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"))
    else:
        found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    return set(found.scalars())
