"""`zicha backup` and `zicha restore`: from the settings to a sealed file and back. Never over what is there."""

import os
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import app
from bot.config import Config
from handlers import restoring
from handlers.campaign.definition import Campaign
from storage import backup, copying, keyring
from storage.backup import BackupError, Moment
from storage.copying import Watch
from storage.database import Database
from storage.evidence import entering

_JOURNALS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    moment: Moment
    doubtful: int
    """Letters that waited in the backup and were not sent again."""


def back_up(config: Config, file: Path, *, now: datetime, watch: Watch) -> Moment:
    """Makes a backup while the bot runs or not. Raises `BackupError`, `DatabaseError`, `VaultError` or `OSError`."""
    with closing(config.open_database()) as database:
        return backup.make(database, config.keys.read(), file, suite=config.crypto, at=now, watch=watch)


def prove(config: Config, file: Path) -> Moment:
    """Opens a backup beside its file, looks at it whole, and leaves nothing behind."""
    with TemporaryDirectory(prefix=".zicha-restore-", dir=file.parent) as folder:
        inside = Path(folder) / "zicha.sqlite3"
        moment = backup.open_into(file, inside, config.keys.read())
        with closing(Database(f"sqlite:///{inside}")) as database:
            _bring_up(database, moment, config, app.load_campaigns(config), app.real_clock())
    return moment


def restore(config: Config, file: Path, *, now: datetime, watch: Watch) -> Restored:
    """Puts a backup where there is no database. The bot must not run. Raises as `back_up` does, and `CampaignError`;
    then nothing was changed."""
    campaigns, target = app.load_campaigns(config), config.sqlite_file
    _refuse_to_overwrite(config)
    folder = target.parent if target else config.data
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".zicha-restore-", dir=folder) as beside:
        inside = Path(beside) / "zicha.sqlite3"
        moment = backup.open_into(file, inside, config.keys.read())
        with closing(Database(f"sqlite:///{inside}")) as database:
            _bring_up(database, moment, config, campaigns, now)
            with database.session() as session:
                doubtful = restoring.settle(session, campaigns, made_at=moment.at, now=now)
            if target is None:
                _move(database, config, watch)
        if target:
            target.unlink(missing_ok=True)  # an empty one
            os.link(inside, target)
    return Restored(moment=moment, doubtful=doubtful)


def _refuse_to_overwrite(config: Config) -> None:
    if file := config.sqlite_file:
        left = [p for p in (file, *(file.with_name(file.name + end) for end in _JOURNALS)) if p.exists()]
        if any(path.stat().st_size for path in left):
            names = " ".join(path.name for path in left)
            raise BackupError(f"there is a database already; move these files out of {file.parent} first: {names}")
        return
    with closing(config.open_database()) as database, database.snapshot() as connection:
        if copying.tables(connection):
            raise BackupError("the database of ZICHA_DATABASE_URL has tables already; name an empty one")


def _bring_up(
    database: Database, moment: Moment, config: Config, campaigns: tuple[Campaign, ...], now: datetime
) -> None:
    """The schema of this program, and keys that open what is in it."""
    if not database.knows(moment.revision):
        raise BackupError(f"the backup was made by a newer zicha (schema {moment.revision}); restore it with that one")
    database.migrate()
    names = [campaign.id for campaign in campaigns]
    keys = keyring.unlock(database, config.keys, suite=config.crypto, campaigns=names, at=now)
    entering.begin(database, keys)


def _move(source: Database, config: Config, watch: Watch) -> None:
    with closing(config.open_database()) as target:
        target.migrate()
        with source.snapshot() as rows, target.engine.begin() as into:
            copying.copy(rows, into, watch)
