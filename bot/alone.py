"""One bot to a SQLite file: two would each send the same letters. The only importer of filelock.

The lock lies beside the database, whatever the data folder is, and the system takes it back from a killed process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.config import Config


class NotAlone(Exception):
    """Another process holds the lock, or there can be none; the message says what to do."""


def lock_file(config: Config) -> Path | None:
    """The lock of a SQLite file; None for PostgreSQL, which any number of processes may share."""
    return lock_of(config.sqlite_file)


def lock_of(file: Path | None) -> Path | None:
    """The lock of a SQLite file, wherever it lies."""
    return file.resolve().with_name(f"{file.name}.lock") if file else None


@contextmanager
def alone(lock: Path | None) -> Iterator[None]:
    """Holds the lock. Raises `NotAlone` at once where somebody else does."""
    if lock is None:
        yield
        return
    held = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except Timeout as error:
        raise NotAlone(
            f"another zicha is running on this data ({lock}); stop it first, or use another data folder"
        ) from error
    except OSError as error:
        raise NotAlone(
            f"the lock {lock} cannot be made ({error.strerror}); check ZICHA_DATA and ZICHA_DATABASE_URL"
        ) from error
    try:
        yield
    finally:
        held.release()


def is_held(lock: Path | None) -> bool:
    """Whether a bot is running on the file."""
    try:
        with alone(lock if lock and lock.exists() else None):
            return False
    except NotAlone:
        return True
