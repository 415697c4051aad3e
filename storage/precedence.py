"""Which messages wait with which process, where several share a server: shared locks of one connection, named after a
person and the moment something was said.

They are the session's, not a transaction's: a process that dies lets go of all of them. Nobody waits for a lock here;
who is ahead is read from the server's list of them. Must not know what waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ARRAY, BigInteger, Connection, Integer, bindparam, text

from storage.database import Database

_HERE = 0x7A63
"""The lock every process holds that takes messages: its first half, the second is 0."""
_ROUND = 2**32
"""Milliseconds, some seven weeks, after which the second half of a message's lock begins anew."""

_KEYS = bindparam("first", type_=ARRAY(Integer)), bindparam("second", type_=ARRAY(Integer))
_PAIRS = "(SELECT unnest(:first) AS a, unnest(:second) AS b) AS t"
"""Not `unnest` of both, which openGauss does not have."""
_OF_OTHERS = (
    "SELECT CAST(classid AS bigint), CAST(objid AS bigint) FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 2 AND pid <> pg_backend_pid()"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND CAST(classid AS bigint) = ANY(:whose)"
)
_WHOSE = bindparam("whose", type_=ARRAY(BigInteger))
_ENTER = text(
    f"SELECT count(pg_advisory_lock_shared(a, b)), NOT EXISTS ({_OF_OTHERS})"  # noqa: S608 - of constants
    f" FROM {_PAIRS}"
).bindparams(*_KEYS, _WHOSE)
_LOOK = text(_OF_OTHERS).bindparams(_WHOSE)
_LEAVE = text(f"SELECT count(pg_advisory_unlock_shared(a, b)) FROM {_PAIRS}").bindparams(*_KEYS)  # noqa: S608


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message. `said_at`: milliseconds."""

    whose: str
    said_at: int


class Precedence:
    """Synchronous, and of one thread: there is one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def enter(self, messages: Sequence[Waiting]) -> bool:
        """Makes messages known to the other processes; True if there are none. Entered twice, one leaves twice."""
        return self._enter(self.open(), [_key(one) for one in messages])

    def are_first(self, messages: Sequence[Waiting]) -> list[bool]:
        """For each whether no other process has an earlier one of the same person."""
        keys = [_key(one) for one in messages]
        others = self.open().execute(_LOOK, {"whose": list({whose for whose, _ in keys})}).all()
        return [
            not any(other == whose and (at - said_at) % _ROUND > _ROUND // 2 for other, at in others)
            for whose, said_at in keys
        ]

    def leave(self, messages: Sequence[Waiting]) -> None:
        self.open().execute(_LEAVE, _halves([_key(one) for one in messages]))

    def drop(self) -> None:
        """Of everything at once. The next call begins with a connection of its own."""
        if self._connection is not None:
            self._connection.invalidate()  # closed, not given back: a session that goes on would keep its locks
            self._connection.close()
            self._connection = None

    def open(self) -> Connection:
        """From the first call on the other processes know that there is this one."""
        if self._connection is None:
            engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._connection = engine.connect()
            self._enter(self._connection, [(_HERE, 0)])
        return self._connection

    @staticmethod
    def _enter(connection: Connection, keys: Sequence[tuple[int, int]]) -> bool:
        _, alone = connection.execute(_ENTER, _halves(keys) | {"whose": [_HERE]}).one()
        return bool(alone)


def _key(one: Waiting) -> tuple[int, int]:
    return int.from_bytes(sha256(one.whose.encode()).digest()[:4]), one.said_at % _ROUND


def _halves(keys: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The keys as the server takes them: with a sign."""
    signed = [[half - _ROUND if half >= _ROUND // 2 else half for half in key] for key in keys]
    return {"first": [first for first, _ in signed], "second": [second for _, second in signed]}
