"""Rows are entered in the transaction that writes them: whatever a session flushes and `kinds` names.

The keyed mark says that this program wrote the row: somebody who only has the database cannot add one. Needs the vault,
which `begin` gives to every session of a database; rows written without it are told apart when the chain is checked.
"""

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import event, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import UOWTransaction
from sqlmodel import Session, SQLModel, col

from storage import answer_log, put_off
from storage.database import Database
from storage.evidence import around, kinds
from storage.evidence.kinds import BY_TABLE, KINDS, Kind
from storage.evidence.links import canonical, entry_mark, leaf_of, new_salt
from storage.models import Entry, Setting
from storage.prepared import Prepared
from storage.statements import insert_new
from storage.vault import Vault

_ENTRY = Prepared(insert(Entry))
_VAULT = "vault"
_SINCE = "evidence"
"""The setting that says that the rows of before were taken in."""


def begin(database: Database, vault: Vault) -> None:
    """From now on every session of this database enters what it writes."""
    database.info[_VAULT] = vault


@event.listens_for(AnySession, "after_flush")
def _enter_flushed(session: AnySession, _context: UOWTransaction) -> None:
    vault = session.info.get(_VAULT)
    if vault is None:
        return
    entries = [
        entry
        for written, new in ((session.new, True), (session.dirty, False))
        for instance in written
        if (kind := BY_TABLE.get(type(instance))) and kind.only(instance)
        if (entry := _entered(session, vault, kind, instance, new=new))
    ]
    if entries:
        _ENTRY.each(session, entries)


def enter(session: Session, instance: Any) -> None:
    """Enters a row that was written past the session's objects."""
    vault = session.info.get(_VAULT)
    if vault is not None:
        entry = _entered(session, vault, BY_TABLE[type(instance)], instance, new=True)
        _ENTRY.each(session, [entry] if entry else [])


def write(session: Session, table: type[SQLModel], campaign: str, values: Mapping[str, Any]) -> int:
    """Inserts a row past the session's objects and enters it, with others of the same commit; its number. Of what the
    session holds it must not need anything that is not flushed."""
    number = _new(table).insert(session, values)
    kind, vault = BY_TABLE[table], session.info.get(_VAULT)
    row = SimpleNamespace(id=number, **values)
    if vault is not None and kind.only(row):
        put_off.put_off(session, _ENTRY, [_of_row(session, vault, kind, row, campaign)])
    return number


@cache
def _new(table: type[SQLModel]) -> Prepared:
    return Prepared(insert(table))


def announce(session: Session, vault: Vault, kind: str, row: str, campaign: str, told: Mapping[str, Any]) -> None:
    """Enters a fact that has no row: what it says stands in the entry itself."""
    about = canonical(told)
    put_off.write(session, _ENTRY)  # in the order of writing
    _ENTRY.run(session, _entry(vault, kind, row, campaign, about, about, new_salt()))


def take_in(session: Session, vault: Vault) -> int:
    """Enters the rows of a database that had no evidence yet, once; returns how many. Never where there is a chain:
    then a row without an entry was not written by this program."""
    fresh = insert_new(session, Setting, {"name": _SINCE, "value": "1"})
    if not fresh or session.connection().scalar(select(func.count()).select_from(Entry)):
        return 0
    connection, taken = session.connection(), 0
    for kind in KINDS:
        for row, campaign in list(kinds.rows(connection, kind)):
            _ENTRY.run(session, _of_row(session, vault, kind, row, campaign))
            taken += 1
    return taken


def _entered(session: AnySession, vault: Vault, kind: Kind, instance: Any, *, new: bool) -> dict[str, Any] | None:
    """The entry of a row; None where it was changed and says the same."""
    connection, campaign = session.connection(), kinds.campaign_of(session, kind, instance)
    put_off.write(session, _ENTRY)  # in the order of writing
    if not new and _says_the_same(connection, kind, instance, campaign):
        return None
    return _of_row(session, vault, kind, instance, campaign)


def _says_the_same(connection: Connection, kind: Kind, instance: Any, campaign: str) -> bool:
    """It was changed where nothing is digested."""
    newest = (
        select(col(Entry.salt), col(Entry.leaf), col(Entry.about))
        .where(col(Entry.kind) == kind.name, col(Entry.row) == kind.row(instance))
        .order_by(col(Entry.id).desc())
    )
    known = connection.execute(newest.limit(1)).first()
    return known is not None and known.leaf == leaf_of(known.salt, kind.content(instance, campaign, known.about))


def _of_row(session: AnySession, vault: Vault, kind: Kind, row: Any, campaign: str) -> dict[str, Any]:
    answer_log.write(session)  # what was handed in is entered with the lines behind it
    salt = new_salt()
    about = around.of(session, vault, kind, row, salt)
    return _entry(vault, kind.name, kind.row(row), campaign, about, kind.content(row, campaign, about), salt)


def _entry(vault: Vault, kind: str, row: str, campaign: str, about: str, content: str, salt: str) -> dict[str, Any]:
    leaf = leaf_of(salt, content)
    return {
        "kind": kind,
        "row": row,
        "campaign": campaign,
        "about": about,
        "salt": salt,
        "leaf": leaf,
        "mark": entry_mark(vault, kind, row, campaign, leaf),
        "head": "",
        "head_mark": "",
    }
