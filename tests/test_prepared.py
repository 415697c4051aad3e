"""Statements made ready once do what SQLAlchemy does with them: the same rows, numbers and errors."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, event, func, insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import Session, col, delete, select, update

from storage.database import Database
from storage.models import Inbound, Pledge, Unit
from storage.prepared import Prepared
from storage.rows import UnitKind

NOON = datetime(2022, 5, 20, 4, tzinfo=UTC)
CAME = Prepared(insert(Inbound))
SEEN = Prepared(select(Inbound.msg_id, Inbound.received_at).order_by(col(Inbound.msg_id)))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as one:
        one.migrate()
        yield one


@pytest.fixture(params=["short", "long"])
def session(request: pytest.FixtureRequest, database: Database) -> Iterator[Session]:
    """As it is in the rush, and where somebody listens to what is executed."""
    if request.param == "long":
        event.listen(database.engine, "before_cursor_execute", lambda *_: None)
    with database.session() as one:
        yield one


def message(number: int, **told: object) -> dict[str, object]:
    return {"robot": "r", "msg_id": f"m{number}", "sender": "li", "received_at": NOON, "fault": "", **told}


def test_rows_are_named_and_read_as_their_columns_are_meant(session: Session) -> None:
    assert CAME.run(session, message(1)) == 1
    (row,) = SEEN.rows(session, {})
    assert (row.msg_id, row.received_at) == tuple(row) == ("m1", NOON)


def test_every_row_of_many_is_written_and_counted(session: Session) -> None:
    assert CAME.each(session, [message(n) for n in range(3)]) == 3
    assert CAME.each(session, []) == 0
    assert [row.msg_id for row in SEEN.rows(session, {})] == ["m0", "m1", "m2"]


def test_a_list_may_have_any_length(session: Session) -> None:
    among = Prepared(
        select(Inbound.msg_id)
        .where(col(Inbound.msg_id).in_(bindparam("ids", expanding=True)), col(Inbound.sender) == bindparam("sender"))
        .where(col(Inbound.robot).in_(["r", "s"]))
        .order_by(col(Inbound.msg_id))
    )
    CAME.each(session, [message(n) for n in range(5)])
    for ids in ([], ["m3"], ["m1", "m4"], ["m4", "m1"], ["m0", "m1", "m9"]):
        there = sorted(one for one in ids if one != "m9")
        assert [one for (one,) in among.rows(session, {"ids": ids, "sender": "li"})] == there
    assert not among.rows(session, {"ids": ["m1"], "sender": "wang"})


def test_a_column_left_out_has_what_the_model_says(session: Session) -> None:
    unit = Prepared(insert(Unit)).insert(
        session, {"code": "1", "name": "某村", "kind": UnitKind.VILLAGE, "division": "", "path": "/1/"}
    )
    found = session.get_one(Unit, unit)
    assert (found.code, found.kind, found.parent_id) == ("1", "village", None)


def test_a_new_row_has_its_number(session: Session) -> None:
    add = Prepared(insert(Unit))
    values = {"kind": UnitKind.VILLAGE, "division": "", "path": "/"}
    first, second = (add.insert(session, {"code": code, "name": code, **values}) for code in ("a", "b"))
    assert [first, second] == list(session.scalars(select(Unit.id).order_by(col(Unit.code))))


def test_what_is_changed_is_told_and_counted(session: Session) -> None:
    CAME.each(session, [message(n) for n in range(3)])
    blame = update(Inbound).where(col(Inbound.msg_id) == bindparam("which")).values(fault=bindparam("fault"))
    assert Prepared(blame).run(session, {"which": "m1", "fault": "E-1"}) == 1
    assert Prepared(blame).run(session, {"which": "m9", "fault": "E-1"}) == 0
    told = Prepared(blame.returning(col(Inbound.msg_id), func.upper(col(Inbound.fault)).label("loud")))
    assert [(row.msg_id, row.loud) for row in told.rows(session, {"which": "m2", "fault": "e-2"})] == [("m2", "E-2")]
    assert Prepared(delete(Inbound).where(col(Inbound.fault) != "")).run(session, {}) == 2


def test_what_comes_back_for_each_of_many(database: Database, session: Session) -> None:
    way = sqlite_insert if database.is_sqlite else postgresql_insert
    fresh = Prepared(way(Inbound).on_conflict_do_nothing().returning(col(Inbound.msg_id)))
    CAME.run(session, message(1))
    assert {one for (one,) in fresh.rows_of_each(session, [message(n) for n in range(3)])} == {"m0", "m2"}
    assert not fresh.rows_of_each(session, [])


# ---------------------------------------------------------------- what cannot be done


def test_a_row_that_is_there_already_is_refused(session: Session) -> None:
    CAME.run(session, message(1))
    with pytest.raises(IntegrityError), session.begin_nested():
        CAME.run(session, message(1))
    with pytest.raises(IntegrityError), session.begin_nested():
        CAME.each(session, [message(2), message(2)])
    assert len(SEEN.rows(session, {})) == 1


def test_a_value_that_cannot_be_stored_is_refused(session: Session) -> None:
    naive = message(1, received_at=NOON.replace(tzinfo=None))
    for ask in (lambda: CAME.run(session, naive), lambda: CAME.each(session, [message(2), naive])):
        with pytest.raises(StatementError, match="time zone"), session.begin_nested():
            ask()
    assert not SEEN.rows(session, {})


def test_a_database_that_fails_says_so_without_what_was_to_be_stored(tmp_path_factory: pytest.TempPathFactory) -> None:
    with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('bare')}/bare.db")) as bare, bare.session() as session:
        with pytest.raises(OperationalError, match="no such table") as failed:
            CAME.run(session, message(1, sender="李小四"))
        assert "李小四" not in str(failed.value)
        with pytest.raises(OperationalError, match="no such table"):
            Prepared(select(Pledge.id)).rows(session, {})
