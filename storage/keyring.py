"""The data keys of a database: made where one is missing, wrapped anew when the master key changes, destroyed for good.

Every step is one small transaction and may be broken off at any point; the next one goes on from there. The bot may
run meanwhile, in any number of processes (see `vault`). Must not know what is sealed.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from storage.ciphers import AES, SUITES, Suite
from storage.database import Database
from storage.master_keys import KeySource, MasterKeys, VaultError, root_keys
from storage.models import Case, Setting
from storage.models import DataKey as Row
from storage.statements import insert_new
from storage.vault import GENERAL_KINDS, KINDS, DataKey, Keys, Vault

log = logging.getLogger(__name__)

_PRINT = "print"
_ONE_KEY = "vault key"
"""The setting of databases before 0004, which were sealed with the master key itself."""
_CHANGING = "vault change"
"""The row that is locked while the set of master keys changes."""


def in_use(session: Session) -> bool:
    """True once something may have been sealed: then a missing key must not be replaced by a new one."""
    old = session.exec(select(Setting).where(Setting.name == _ONE_KEY)).one_or_none()
    return old is not None or session.exec(select(Row.id).limit(1)).first() is not None


def unlock(database: Database, source: KeySource, *, suite: str, campaigns: Sequence[str], at: datetime) -> Vault:
    """The vault of a database, with a data key for every kind of every campaign. Raises `VaultError` where the master
    key is missing or another one."""
    with database.session() as session:
        masters = source.read(create=not in_use(session))
        _take_over(session, masters, at)
        check(session, masters)
        _complete(session, masters, SUITES[suite], campaigns, at)
        keys = _opened(session, masters, None)
    return Vault(keys=keys, again=_looking_again(database, source, keys))


def check(session: Session, masters: MasterKeys) -> None:
    """Raises `VaultError` where the database was sealed under a master key that is not among these."""
    old = session.exec(select(Setting.value).where(Setting.name == _ONE_KEY)).one_or_none()
    needed = set(session.exec(select(Row.master).distinct()).all()) | ({old} if old else set())
    if missing := sorted(needed - set(masters.ids)):
        raise VaultError(
            f"this database is sealed with key {', '.join(missing)}, the key file holds {', '.join(masters.ids)}; "
            "put the kept copy of that key back, or check ZICHA_KEY_FILE and ZICHA_DATABASE_URL"
        )


def _looking_again(database: Database, source: KeySource, known: Keys) -> Callable[[], Keys]:
    """Reads the table, and the key file too where a master key is new. What cannot be unwrapped here yet, because the
    key file has not come to this machine, is left out: the keys known so far go on sealing."""
    last = known

    def again() -> Keys:
        nonlocal last
        try:
            with database.reading() as session:
                last = _opened(session, source.read(), last)
        except VaultError as error:
            log.error("the data keys cannot be read again: %s", error, extra={"action": "keys.unread"})
        return last

    return again


def _opened(session: Session, masters: MasterKeys, known: Keys | None) -> Keys:
    """What is in the table. A key known before need not be unwrapped again."""
    opening: dict[str, DataKey] = {}
    sealing: dict[tuple[str, str], DataKey] = {}
    for row in session.exec(select(Row)).all():
        key = known.opening.get(row.id) if known else None
        if key is None and known and masters.find(row.master) is None:
            log.error(
                "the data key %s needs the master key %s; copy the key file to this machine, see ZICHA_KEY_FILE",
                row.id,
                row.master,
                extra={"action": "keys.unknown"},
            )
            if row.retired_at is None and (before := known.sealing.get((row.campaign, row.kind))):
                sealing[row.campaign, row.kind] = before
            continue
        opening[row.id] = key or DataKey(
            id=row.id, suite=SUITES[row.suite], secret=masters.unwrap(row.wrapped, _bound(row))
        )
        if row.retired_at is None:
            sealing[row.campaign, row.kind] = opening[row.id]
    return Keys(opening, sealing)


def _bound(row: Row) -> str:
    return f"data key/{row.id}/{row.campaign}/{row.kind}/{row.suite}"


def _complete(session: Session, masters: MasterKeys, suite: Suite, campaigns: Sequence[str], at: datetime) -> None:
    """Makes what is missing. One in another suite is retired, but for the one fingerprints are made with."""
    using = session.exec(select(Row).where(col(Row.retired_at).is_(None))).all()
    there = {(row.campaign, row.kind): row for row in using}
    wanted = [("", kind) for kind in GENERAL_KINDS] + [(name, kind) for name in campaigns for kind in KINDS]
    for campaign, kind in wanted:
        row = there.get((campaign, kind))
        if row and (row.suite == suite.name or kind == _PRINT):
            continue
        if row:
            _retire(session, row, at)
        _make(session, masters, suite, campaign, kind, at)


def _retire(session: Session, row: Row, at: datetime) -> None:
    row.retired_at = at
    session.add(row)
    session.flush()


def _make(
    session: Session,
    masters: MasterKeys,
    suite: Suite,
    campaign: str,
    kind: str,
    at: datetime,
    *,
    id_: str = "",
    secret: bytes = b"",
    retired_at: datetime | None = None,
) -> None:
    """A new data key, unless another process was quicker."""
    row = Row(
        id=id_ or secrets.token_hex(6),
        campaign=campaign,
        kind=kind,
        suite=suite.name,
        master=masters.ids[0],
        wrapped="",
        made_at=at,
        retired_at=retired_at,
    )
    row.wrapped = masters.wrap(secret or suite.new_key(), suite, _bound(row))
    insert_new(session, Row, row.model_dump())


def _take_over(session: Session, masters: MasterKeys, at: datetime) -> None:
    """A database from before 0004: what was derived from its one key becomes data keys, so that all opens as before."""
    old = session.exec(select(Setting).where(Setting.name == _ONE_KEY)).one_or_none()
    if old is None:
        return
    check(session, masters)
    seal, print_ = root_keys(masters.find(old.value) or b"")
    _make(session, masters, AES, "", "everything", at, id_=old.value, secret=seal, retired_at=at)
    for campaign in ("", *session.exec(select(Case.campaign).distinct()).all()):
        _make(session, masters, AES, campaign, _PRINT, at, secret=print_)
    session.delete(old)
    session.flush()


# ---------------------------------------------------------------- rotation


def rotate(database: Database, source: KeySource, *, suite: str, at: datetime) -> tuple[str, int]:
    """A new master key, everything wrapped by it, new data keys from now on; or the end of a rotation that was broken
    off. The id of the newest master key and how many data keys were wrapped."""
    with database.session() as session:
        _lock(session)
        masters = source.read()
        check(session, masters)
        left = select(func.count(col(Row.id))).where(Row.master != masters.ids[0])
        if not session.exec(left).one():
            masters = source.add()  # on the disk before anything needs it
    done = 0
    while _step(database, masters, SUITES[suite], at):
        done += 1
    return masters.ids[0], done


def _step(database: Database, masters: MasterKeys, suite: Suite, at: datetime) -> bool:
    """One data key: wrapped by the newest master key and, where it seals, followed by a new one."""
    with database.session() as session:
        behind = select(Row).where(Row.master != masters.ids[0]).order_by(Row.id).limit(1).with_for_update()
        row = session.exec(behind).first()
        if row is None:
            return False
        wrapped_in = SUITES[row.suite]
        row.wrapped = masters.wrap(masters.unwrap(row.wrapped, _bound(row)), wrapped_in, _bound(row))
        row.master = masters.ids[0]
        session.add(row)
        if row.retired_at is None and row.kind != _PRINT:
            _retire(session, row, at)
            _make(session, masters, suite, row.campaign, row.kind, at)
        return True


def forget(database: Database, source: KeySource, id_: str) -> None:
    """Takes an old master key out of the key file. Raises `VaultError` where something still needs it."""
    with database.session() as session:
        _lock(session)
        masters = source.read()
        if masters.find(id_) is None:
            raise VaultError(f"there is no master key {id_} in the key file")
        needed = session.exec(select(func.count(col(Row.id))).where(Row.master == id_)).one()
        if needed or id_ == masters.ids[0]:
            raise VaultError(f"the master key {id_} is in use ({needed} data keys); rotate first: zicha keys rotate")
        source.drop(id_)


def _lock(session: Session) -> None:
    """One change of the master keys at a time, on whatever machine."""
    insert_new(session, Setting, {"name": _CHANGING, "value": ""})
    session.exec(select(Setting).where(Setting.name == _CHANGING).with_for_update()).one()


def destroy(session: Session, campaign: str, kinds: Sequence[str] = KINDS) -> int:
    """Erases what was sealed of a campaign, of these kinds, by deleting its keys; how many. `vault.refresh()` after the
    commit takes them out of this process; others follow within a tick."""
    doomed = delete(Row).where(col(Row.campaign) == campaign, col(Row.kind).in_(kinds))
    return session.exec(doomed).rowcount


# ---------------------------------------------------------------- status


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    id: str
    newest: bool
    wraps: int
    """Data keys it wraps; an old one that wraps none can be forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    campaign: str
    kind: str
    suite: str
    in_use: bool
    keys: int


def masters_at(session: Session, masters: MasterKeys) -> list[Master]:
    """The master keys that are there, and those that are needed and missing."""
    counted = session.exec(select(Row.master, func.count(col(Row.id))).group_by(Row.master)).all()
    wraps = dict(counted)
    ids = [*masters.ids, *sorted(set(wraps) - set(masters.ids))]
    return [Master(id=id_, newest=id_ == masters.ids[0], wraps=wraps.get(id_, 0)) for id_ in ids]


def sealings(session: Session) -> list[Sealing]:
    """The data keys by campaign, kind, suite and whether they seal."""
    rows = session.exec(select(Row).order_by(Row.campaign, Row.kind, Row.suite)).all()
    counted = Counter((row.campaign, row.kind, row.suite, row.retired_at is None) for row in rows)
    return [
        Sealing(campaign=campaign, kind=kind, suite=suite, in_use=in_use_, keys=n)
        for (campaign, kind, suite, in_use_), n in counted.items()
    ]
