"""A backup: one moment of the database in one sealed file, and the way back. Synchronous; may take minutes.

Inside is always a SQLite database, whatever the original is: made by SQLite's own backup, or table by table from one
snapshot of PostgreSQL, so that no program of the server is needed and either kind of database can be restored from it.
Sealed by the master key; a copy of one moment holds the data keys of that moment. Must not know who asks for one.
"""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from storage import copying
from storage.copying import Watch
from storage.database import Database
from storage.master_keys import MasterKeys, VaultError
from storage.sealed_files import open_stream, seal_stream

_HEAD = 1000


class BackupError(Exception):
    """No backup was made or restored, and nothing was changed; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a backup says of itself."""

    at: str
    """ISO, with its zone."""
    revision: str
    """Of the schema."""
    rows: int
    digest: str
    """SHA-256 of the database inside."""


def make(database: Database, masters: MasterKeys, file: Path, *, suite: str, at: datetime, watch: Watch) -> Moment:
    """Writes a backup of a database that may be in use. Raises `BackupError`, `DatabaseError` or `OSError`; then there
    is no file."""
    if file.exists():
        raise BackupError(f"{file} is there already and stays as it is; name another file")
    revision, _ = database.revision()
    if revision is None:
        raise BackupError("the database has no tables yet; there is nothing to back up")
    if not database.knows(revision):
        raise BackupError(f"the schema {revision} is newer than this program; back up with the program that runs")
    with TemporaryDirectory(prefix=".zicha-backup-", dir=file.parent) as folder:
        copy, packed, sealed = (Path(folder) / name for name in ("copy", "packed", "sealed"))
        rows = _copied(database, revision, copy, watch)
        moment = Moment(at=at.isoformat(), revision=revision, rows=rows, digest=_digest(copy))
        with copy.open("rb") as plain, _private(packed) as out:
            out.write(json.dumps(asdict(moment)).encode() + b"\n")
            with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=5) as narrow:
                shutil.copyfileobj(plain, narrow)
        with packed.open("rb") as content, _private(sealed) as out:
            seal_stream(masters, content, out, suite=suite)
            out.flush()
            os.fsync(out.fileno())
        os.link(sealed, file)  # never over a file that came meanwhile
    return moment


def open_into(file: Path, target: Path, masters: MasterKeys) -> Moment:
    """Opens a backup into a new SQLite file that only its owner reads, and proves it whole. Raises `BackupError`,
    `VaultError` or `OSError`; then there is no such file."""
    packed = target.with_name(f"{target.name}.packed")
    try:
        with file.open("rb") as sealed, _private(packed) as out:
            open_stream(masters, sealed, out)
        with packed.open("rb") as content:
            moment = _moment(content.readline(_HEAD))
            with gzip.GzipFile(fileobj=content) as wide, _private(target) as plain:
                shutil.copyfileobj(wide, plain)
        _prove(target, moment)
    except (BackupError, VaultError, OSError, EOFError):
        target.unlink(missing_ok=True)
        raise
    finally:
        packed.unlink(missing_ok=True)
    return moment


def _copied(database: Database, revision: str, copy: Path, watch: Watch) -> int:
    """Makes the copy of one moment; returns its number of rows."""
    copy.touch(mode=0o600)
    if database.is_sqlite:
        # in one step: readers hold nobody up in WAL mode, and a copy in several begins anew with every write
        with closing(sqlite3.connect(database.url.database or "")) as live, closing(sqlite3.connect(copy)) as target:
            live.backup(target)
        with _opened(copy) as made, made.snapshot() as connection:
            rows = copying.count(connection)
    else:
        with _opened(copy) as made:
            made.migrate(revision)
            with database.snapshot() as source, made.engine.begin() as into:
                rows = copying.copy(source, into, watch)
    with closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    return rows


@contextmanager
def _opened(file: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{file}")
    try:
        yield database
    finally:
        database.close()


def _moment(line: bytes) -> Moment:
    try:
        return Moment(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise BackupError("this is no backup of a database, or one of a later version of zicha") from error


def _prove(file: Path, moment: Moment) -> None:
    if _digest(file) != moment.digest:
        raise BackupError("the backup is damaged: what is inside is not what was put in; take another one")
    with closing(sqlite3.connect(file)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise BackupError(f"the database in the backup is damaged ({verdict}); take another one")


@contextmanager
def _private(file: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner reads."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
