"""Rows that are only added are put off and written in one go: what several people's turns add in one commit costs one
statement instead of one each.

Whoever reads a table something may be put off for writes that first; the rest is written at the latest before the
commit. Must not know what the rows say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from storage.prepared import Prepared

_WAITING = "put off"


def put_off(session: Session, statement: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
    """In the order given: that of the ids is the order of adding."""
    waiting: dict[Prepared, list[Mapping[str, Any]]] = session.info.setdefault(_WAITING, {})
    waiting.setdefault(statement, []).extend(rows)


def write(session: Session, statement: Prepared | None = None) -> None:
    """What was put off is in the database: all of it, or that of one statement."""
    waiting: dict[Prepared, list[Mapping[str, Any]]] = session.info.get(_WAITING, {})
    for one in list(waiting) if statement is None else [statement]:
        if rows := waiting.pop(one, None):
            one.each(session, rows)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    session.flush()  # what is flushed may put something off
    write(session)


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _transaction: object) -> None:
    """That of a savepoint too: whoever begins one writes before."""
    session.info.pop(_WAITING, None)
