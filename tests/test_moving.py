"""A campaign under way moves from one database to another, of the same or the other kind, and goes on there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot import moving
from bot.alone import NotAlone, alone, lock_of
from storage import copying, oversight
from storage.database import Database
from tests.bot_process import typing_at
from tests.databases import KINDS
from tests.world import World


def nowhere(_what: str, _done: int, _total: int) -> None:
    """Shows nothing."""


@pytest.fixture(params=list(KINDS))
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    folder = tmp_path / "there"
    folder.mkdir()
    return KINDS[request.param].new(folder)


@pytest.fixture
def there(target: str, tmp_path: Path) -> Iterator[World]:
    """The world on the database that was moved to."""
    world = World(target, tmp_path / "there")
    yield world
    world.close()


@pytest.fixture
def busy(world: World) -> World:
    """Somebody has finished, somebody is in the middle."""
    li, qian = world.person("li", "李小四"), world.person("qian", "钱大海")
    for said in ("你好", "2", "手机 微信", "1", "1", "1", "1", "1", "1", "今年签过", "1"):
        li.says(said)
    for said in ("你好", "1"):
        qian.says(said)
    world.database.close()
    return world


def figures(world: World) -> Any:
    with world.database.reading() as session:
        return oversight.by_unit(session, world.campaign.id, "/")


def test_everything_is_there_and_the_talk_goes_on(busy: World, target: str, tmp_path: Path) -> None:
    before, counted = busy.facts(), figures(busy)
    busy.database.close()
    rows = moving.move(busy.url, target, nowhere)
    assert rows > 30
    there = World(target, tmp_path / "there")
    there.now = busy.now
    assert there.facts() == before
    assert figures(there) == counted
    qian = there.person("qian", "钱大海")
    assert "承诺书" in qian.says("都看过，没有", msg_id="after-the-move")
    assert "回执" in qian.says("不需要", msg_id="and-on")
    there.close()


def test_an_address_may_leave_out_the_driver(busy: World, tmp_path: Path) -> None:
    folder = tmp_path / "pg"
    folder.mkdir()
    url = KINDS["postgresql"].new(folder).replace("postgresql+psycopg:", "postgresql:")
    assert moving.move(busy.url, url, nowhere) > 30


def test_never_over_what_is_there(busy: World, target: str) -> None:
    moving.move(busy.url, target, nowhere)
    with pytest.raises(moving.MoveError, match="name an empty one"):
        moving.move(busy.url, target, nowhere)


def test_a_row_that_differs_is_named_and_nothing_is_kept(
    busy: World, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copying.copy

    def careless(source: Connection, into: Connection, watch: copying.Watch) -> int:
        done = copy(source, into, watch)
        into.execute(text("UPDATE self_check SET receipt = 'ZC-0000' WHERE receipt <> ''"))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(copying, "copy", careless)
        with pytest.raises(moving.MoveError, match=r"self_check: the row id \d+ is another"):
            moving.move(busy.url, target, nowhere)
    database = Database(target)
    with database.snapshot() as connection:
        assert copying.count(connection) == 0
    database.close()
    assert moving.move(busy.url, target, nowhere) > 30, "the next try finds an empty database"


@pytest.mark.parametrize("kind", ["sqlite"])  # only a file has one owner
def test_the_bot_must_not_run(world: World, tmp_path: Path) -> None:
    with alone(lock_of(Path(world.database.url.database or ""))), pytest.raises(NotAlone, match="stop it first"):
        moving.move(world.url, f"sqlite:///{tmp_path / 'new.sqlite3'}", nowhere)


def test_by_its_command(busy: World, tmp_path: Path) -> None:
    new = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    with typing_at(tmp_path) as zicha:
        done = zicha("migrate-database", busy.url, new)
        assert done.exit_code == 0, done.output
        assert "逐行核对一致" in done.output
        missing = zicha("migrate-database", f"sqlite:///{tmp_path / 'nothing.sqlite3'}", new)
        assert missing.exit_code == 1
        assert "there is no database" in missing.output
        assert not (tmp_path / "nothing.sqlite3").exists()
