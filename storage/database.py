"""The door to the database: opening, settings of the dialect, transactions, schema.

SQLite by default, PostgreSQL for several instances. Everything here is synchronous; the machine calls it from its
database threads. Must not know what is stored.
"""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from storage import append_only, running_counts, servers

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

log = logging.getLogger(__name__)

_NO_ADDRESS = "ZICHA_DATABASE_URL is not a database address (sqlite:///FILE or postgresql+psycopg://…)"

_IN_USE = 0x7A69636861
"""The advisory lock of PostgreSQL that stands for a running bot."""

_USED_AT = "used at"
_UNUSED = 1.0
"""Seconds."""

_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c lock_timeout=10s",
}
"""How long a server is waited for that is away, silent or busy with somebody else's row; what the address itself says
goes first. A message that could not be stored is not acked and comes again."""

DatabaseFailure = OperationalError
"""What a database that fails at work raises: locked for too long, full, gone."""


StatementFailure = SQLAlchemyError
"""Whatever a statement may raise: the database's fault, or that of what it was given."""


class DatabaseError(Exception):
    """The database cannot be used; the message says which setting to look at."""


def _look_after(engine: Engine) -> None:
    """A connection that lay unused is asked whether it still lives, and replaced where not. One that was just used is
    not: a transaction of a few statements would cost a quarter more (`pool_pre_ping` asks every time)."""

    @event.listens_for(engine, "checkin")
    def put_away(_connection: "DBAPIConnection | None", record: "ConnectionPoolEntry") -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def take_out(connection: "DBAPIConnection", record: "ConnectionPoolEntry", _: "PoolProxiedConnection") -> None:
        if time.monotonic() - record.info.get(_USED_AT, math.inf) > _UNUSED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool makes another


class Database:
    """One database. `session()` is a transaction: it commits at the end or leaves no trace."""

    def __init__(self, url: str, *, busy_timeout_ms: int = 4_000) -> None:
        try:
            self.url = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise DatabaseError(_NO_ADDRESS) from error
        if self.url.drivername not in ("sqlite", "postgresql+psycopg"):
            raise DatabaseError(_NO_ADDRESS)
        self.info: dict[str, Any] = {}
        """What every session carries along (`Session.info`)."""
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.is_shareable = not self.is_sqlite or self.url.database not in (None, "", ":memory:")
        """Whether another process may open it too."""
        if self.is_sqlite and self.url.database:
            _make_file(Path(self.url.database))
        self.engine = self._sqlite(busy_timeout_ms) if self.is_sqlite else self._server()

    def _sqlite(self, busy_timeout_ms: int) -> Engine:
        engine = create_engine(self.url, connect_args={"check_same_thread": False}, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def settings(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves, below
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")  # acked means stored, power cuts included
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute(f"PRAGMA busy_timeout={int(busy_timeout_ms)}")
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            # the writer's lock at the start: two instances wait for each other instead of failing half-way
            reading = connection.get_execution_options().get("reading")
            connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

        return engine

    def _server(self) -> Engine:
        try:
            patience = {name: value for name, value in _PATIENCE.items() if name not in self.url.query}
            url = self.url.set(drivername=servers.DRIVER)
            engine = create_engine(url, hide_parameters=True, connect_args=patience, use_native_hstore=False)
        except ModuleNotFoundError as error:
            raise DatabaseError("PostgreSQL needs the extra «postgres»: pip install 'zicha[postgres]'") from error
        _look_after(engine)
        return engine

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False, info=self.info) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads: a snapshot, however long it takes, and nobody waits for it."""
        with Session(self.engine.execution_options(reading=True), expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Below the sessions: a connection that reads one moment of the whole database, on either kind."""
        options: dict[str, Any] = {"reading": True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def migrate(self, to: str = "head") -> None:
        """Brings the schema forward to the newest revision, or to another. Raises `DatabaseError` if the database
        cannot be reached."""
        from alembic import command  # takes eight megabytes, and only whoever opens the database first needs it

        config = _alembic()
        try:
            with self.engine.connect() as connection, connection.begin():
                _check(connection)
                config.attributes["connection"] = connection
                before = _current(connection)
                command.upgrade(config, to)
                unguarded = append_only.guard(connection) if to == "head" else []
                if to == "head":
                    running_counts.keep(connection)
                if unguarded and before == _scripts(config).get_current_head():
                    log.warning(
                        "somebody took the guards off %s; they are back, run «zicha verify»",
                        ", ".join(unguarded),
                        extra={"action": "database.unguarded"},
                    )
        except SQLAlchemyError as error:
            raise DatabaseError(
                f"the database cannot be opened: {_reason(error)}; check ZICHA_DATABASE_URL and ZICHA_DATA"
            ) from error

    def revision(self) -> tuple[str | None, str | None]:
        """The schema's revision in the database, and the newest one known to this program."""
        newest = _scripts(_alembic()).get_current_head()
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
                return _current(connection), newest
        except SQLAlchemyError as error:
            raise DatabaseError(f"the database cannot be opened: {_reason(error)}; check ZICHA_DATABASE_URL") from error

    @staticmethod
    def knows(revision: str) -> bool:
        """Whether this program has the migrations up to a revision."""
        return revision in {one.revision for one in _scripts(_alembic()).walk_revisions()}

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Says to every other process, for the time of the block, that the bot runs. A SQLite file has one process
        anyhow, which the command's lock sees to."""
        with self._held("SELECT pg_advisory_lock_shared(:lock)"):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else runs the bot on this database meanwhile. Raises `DatabaseError` where somebody does."""
        with self._held("SELECT pg_try_advisory_lock(:lock)") as got:
            if got is False:
                raise DatabaseError("a zicha is running on this database; stop it on every machine first")
            yield

    @contextmanager
    def _held(self, how: str) -> Iterator[object]:
        if self.is_sqlite:
            yield None
            return
        with self.engine.connect() as connection:
            got = connection.scalar(text(how), {"lock": _IN_USE})
            connection.commit()
            try:
                yield got
            finally:
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
                connection.commit()

    def close(self) -> None:
        self.engine.dispose()


def _make_file(file: Path) -> None:
    """An empty file that only its owner reads; SQLite's journals take over its mode."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise DatabaseError(
            f"the database {file} cannot be made ({error.strerror}); check ZICHA_DATA and ZICHA_DATABASE_URL"
        ) from error


def _alembic() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("storage").joinpath("migrations")))
    return config


def _scripts(config: "Config") -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config)


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _check(connection: Connection) -> None:
    """A server that follows Oracle keeps no empty text: what has none would be refused, or not be found again."""
    if connection.scalar(text("SELECT '' IS NULL")):
        raise DatabaseError(
            "the database takes an empty text for NULL, as Oracle does; make another: DBCOMPATIBILITY 'PG' (openGauss),"
            " --dbmode=pg (KingbaseES); and name it in ZICHA_DATABASE_URL"
        )


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
