"""`zicha migrate-database`: a campaign under way goes from one database to another, of either kind, row by row.

The bot must not run meanwhile. The source stays as it is; the target is empty before, and empty again where anything
does not fit.
"""

from contextlib import closing
from functools import partial
from pathlib import Path

from bot.alone import alone, lock_of
from bot.terminal import Stage
from storage import copying
from storage.database import Database, StatementFailure


class MoveError(Exception):
    """Nothing was moved; the message says what to do."""


def move(source: str, target: str, stage: Stage) -> int:
    """Copies every row, then compares every row; how many. Raises `MoveError`, `NotAlone` or `DatabaseError`."""
    _refuse_what_is_not_there(source)
    with closing(Database(_spelled(source))) as old, closing(Database(_spelled(target))) as new:
        return _moved(old, new, stage)


def _moved(old: Database, new: Database, stage: Stage) -> int:
    with alone(lock_of(_file(old))), alone(lock_of(_file(new))):
        _refuse_old_schema(old)
        _refuse_to_overwrite(new)
        new.migrate()
        try:
            with old.snapshot() as rows, new.engine.begin() as into:
                copied = copying.copy(rows, into, partial(stage, "复制"))
                wrong = list(copying.differences(rows, into, partial(stage, "逐行核对")))
                if wrong:
                    raise MoveError("what was copied differs, nothing was kept: " + "; ".join(wrong[:5]))
        except StatementFailure as error:
            raise MoveError(f"the rows could not be copied, nothing was kept: {type(error).__name__}") from error
    return copied


def _spelled(url: str) -> str:
    """With the driver in it, which is left out where people write an address."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1) if url.startswith("postgresql://") else url


def _file(database: Database) -> Path | None:
    return Path(database.url.database) if database.is_sqlite and database.url.database else None


def _refuse_what_is_not_there(source: str) -> None:
    """Opening a SQLite file makes it; what is moved must be there before."""
    if not source.startswith("sqlite:"):
        return
    file = Path(source.removeprefix("sqlite:///"))
    if not file.is_file():
        raise MoveError(f"there is no database {file}; the first address is the database to be moved")


def _refuse_old_schema(database: Database) -> None:
    there, newest = database.revision()
    if there != newest:
        raise MoveError(
            f"the database to be moved has the schema {there or 'none'}, this program {newest}: "
            "run «zicha check --offline» on it with this version first"
        )


def _refuse_to_overwrite(database: Database) -> None:
    with database.snapshot() as connection:
        if copying.count(connection):
            raise MoveError("there are rows in the database to be moved to; name an empty one")
