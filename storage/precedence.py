"""Whose messages wait with which process, where several share a server: locks of one connection, named after people.

They are the session's, not a transaction's: a process that dies lets go of all of them. Must not know what waits.
"""

from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import ARRAY, Connection, Integer, bindparam, text

from storage.database import Database

_SPACE = 0x7A63
"""The first half of every lock's key: a space of its own, apart from the locks of one key."""

_KEYS = bindparam("keys", type_=ARRAY(Integer))
_TAKE = text("SELECT pg_try_advisory_lock(:space, k) FROM unnest(:keys) WITH ORDINALITY AS t(k, n) ORDER BY n")
_LET_GO = text("SELECT count(pg_advisory_unlock(:space, k)) FROM unnest(:keys) AS k")


class Precedence:
    """Synchronous, and of one thread: there is one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def take(self, names: Sequence[str]) -> list[bool]:
        """For each name whether this process has it now; taken twice it is let go twice."""
        return list(self._open().scalars(_TAKE.bindparams(_KEYS), {"space": _SPACE, "keys": _keys(names)}))

    def let_go(self, names: Sequence[str]) -> None:
        self._open().execute(_LET_GO.bindparams(_KEYS), {"space": _SPACE, "keys": _keys(names)})

    def drop(self) -> None:
        """Of everything at once. The next call begins with a connection of its own."""
        if self._connection is not None:
            self._connection.invalidate()  # closed, not given back: a session that goes on would keep its locks
            self._connection.close()
            self._connection = None

    def _open(self) -> Connection:
        if self._connection is None:
            engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._connection = engine.connect()
        return self._connection


def _keys(names: Sequence[str]) -> list[int]:
    return [int.from_bytes(sha256(name.encode()).digest()[:4], signed=True) for name in names]
