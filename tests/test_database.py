"""Connections to a server: one that died while it lay unused is replaced, unseen; nothing is asked before every use."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import database
from storage.database import Database, DatabaseFailure
from tests.databases import KINDS


@pytest.fixture
def url(tmp_path: Path) -> str:
    return KINDS["postgresql"].new(tmp_path)


@pytest.fixture
def ours(url: str) -> Iterator[Database]:
    with closing(Database(url)) as one:
        yield one


def backend(one: Database) -> int:
    with one.session() as session:
        return int(session.scalars(text("SELECT pg_backend_pid()")).one())


def kill(url: str, pid: int) -> None:
    """As a server does that is started anew; returns when it is gone."""
    with closing(Database(url)) as administrator, administrator.session() as session:
        assert session.scalars(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid}).one()


def test_a_connection_that_died_unused_is_replaced(url: str, ours: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_UNUSED", 0.0)
    before = backend(ours)
    kill(url, before)
    assert backend(ours) != before


def test_one_that_was_just_used_is_not_asked_and_fails_once(
    url: str, ours: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was to be stored is not acked and comes again."""
    monkeypatch.setattr(database, "_UNUSED", 60.0)
    before = backend(ours)
    assert backend(ours) == before, "it is used again"
    kill(url, before)
    with pytest.raises(DatabaseFailure):
        backend(ours)
    assert backend(ours) != before
