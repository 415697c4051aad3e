"""The restore drill: a backup made while people talk, the machine gone, another one started from it. On both databases,
and from one kind to the other."""

import base64
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot import alone, backups
from bot.config import Config, load
from storage import backup, copying, outbox
from storage.backup import BackupError
from storage.database import Database
from storage.master_keys import VaultError
from storage.models import Outgoing
from tests.bot_process import Result, typing_at
from tests.databases import KINDS
from tests.world import KEY, MORNING, World, id_number


def nobody(_done: int, _total: int) -> None:
    """Watches nothing."""


def settings(folder: Path, database: str, key: bytes = KEY) -> Config:
    folder.mkdir(exist_ok=True)
    file = folder / "zicha.key"
    file.write_text(base64.b64encode(key).decode())
    return load(data=folder, database=database, key=file, campaign="lishui-2022-69", client_id="", crypto="aes")


@pytest.fixture
def config(world: World, tmp_path: Path) -> Config:
    """Of a world in the middle of its work: one has finished, one has begun, one letter waits for the morning."""
    number = id_number("151")
    li, qian = world.person("li", "李小四"), world.person("qian", "钱大海")
    for said in ("你好", "2", "手机 微信", "1", "1", "1", "1", "1", "1", "现在签", f"李小四 {number}", "1"):
        li.says(said)
    for said in ("你好", "1"):
        qian.says(said)
    world.due()
    world.person("zhang", "张三丰").says("你好")
    return settings(tmp_path / "first", world.url)


@pytest.fixture
def file(config: Config, world: World, tmp_path: Path) -> Path:
    made = tmp_path / "one.backup"
    backups.back_up(config, made, now=world.now, watch=nobody)
    return made


@pytest.fixture(params=list(KINDS))
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """An empty place of either kind."""
    folder = tmp_path / "second"
    folder.mkdir()
    return settings(folder, KINDS[request.param].new(folder))


def at_home(config: Config, world: World) -> World:
    """The world that goes on from a restored database."""
    again = World(config.database_url, config.data)
    again.now, again.sent = world.now, world.sent
    return again


def test_the_drill(config: Config, world: World, file: Path, elsewhere: Config) -> None:
    before = world.facts()
    # life goes on after the backup, and then the machine burns
    qian = world.person("qian")
    qian.says("1")
    receipt = qian.says("4")
    assert "ZC-0518-0002" in receipt
    world.due()

    done = backups.restore(elsewhere, file, now=world.now, watch=nobody)
    assert done.doubtful == 1
    again = at_home(elsewhere, world)
    try:
        after = again.facts()
        for name in ("cases", "inbox", "people", "roles", "returns", "return steps", "scans", "groups"):
            assert after[name] == before[name], name
        assert [line[3] for line in after["audit"] if line[2] == "restore"] == [""]
        # what waited in the backup did go out after it: not again by itself
        waited = [key for key, *_, state, _, _ in before["outbox"] if state == "waiting"]
        assert [key for key, *_, state, _, _ in after["outbox"] if state == "doubtful"] == waited
        assert again.due() == []
        # what 钱大海 did since is gone: asked from there, and the receipt given out is not given to another
        qian = again.person("qian", "钱大海")
        assert "没有接触的也请看一眼" in qian.says("4")
        assert "ZC-0518-1002" in qian.says("1") + qian.says("4")
    finally:
        again.close()


def test_a_reminder_that_went_out_since_does_not_go_out_again(
    config: Config, world: World, file: Path, elsewhere: Config
) -> None:
    world.now = MORNING.replace(day=23, hour=9, minute=31)
    assert world.tick() > 0
    world.due()
    world.now += timedelta(minutes=20)
    backups.restore(elsewhere, file, now=world.now, watch=nobody)
    again = at_home(elsewhere, world)
    try:
        assert again.tick() == 0
        again.now = MORNING.replace(day=27, hour=9, minute=31)
        assert again.tick() > 0, "the next one comes"
    finally:
        again.close()


def test_running_numbers_go_on(config: Config, world: World, file: Path, elsewhere: Config) -> None:
    """PostgreSQL gives them from sequences, which a copy of rows does not move."""
    backups.restore(elsewhere, file, now=world.now, watch=nobody)
    again = at_home(elsewhere, world)
    try:
        again.person("sun", "孙文静").says("你好")
        again.join("neu", "周新来", "紫金街道")
        assert "周新来您好" in again.person("neu").says("你好")
    finally:
        again.close()


def test_what_is_in_it_cannot_be_read_and_only_the_owner_has_it(file: Path) -> None:
    content = file.read_bytes()
    assert b"SQLite" not in content
    assert "李小四".encode() not in content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in file.parent.iterdir() if path.name.startswith(".")) == []


def test_one_moment_while_people_talk(config: Config, world: World, tmp_path: Path) -> None:
    """Messages taken during the backup are in it whole or not at all."""
    taken: list[int] = []

    def meanwhile(_done: int, _total: int) -> None:
        if len(taken) < 3:
            taken.append(len(world.person("zhang").says("1")))

    made = backups.back_up(config, tmp_path / "busy.backup", now=world.now, watch=meanwhile)
    inside = tmp_path / "inside.sqlite3"
    backup.open_into(tmp_path / "busy.backup", inside, config.keys.read())
    with closing(Database(f"sqlite:///{inside}")) as database, database.snapshot() as connection:
        assert copying.count(connection) == made.rows


def test_nothing_is_overwritten(config: Config, world: World, file: Path) -> None:
    before, content = world.facts(), file.read_bytes()
    with pytest.raises(BackupError, match=r"move these files|name an empty one"):
        backups.restore(config, file, now=world.now, watch=nobody)
    with pytest.raises(BackupError, match="is there already"):
        backups.back_up(config, file, now=world.now, watch=nobody)
    assert world.facts() == before
    assert file.read_bytes() == content


@pytest.mark.parametrize(("kind", "elsewhere"), [("sqlite", "sqlite")], indirect=True)
@pytest.mark.parametrize("harm", ["cut", "changed", "longer", "empty", "other"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    config: Config, world: World, file: Path, elsewhere: Config, harm: str
) -> None:
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(
        {
            "cut": content[:middle],
            "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "longer": content + b"more",
            "empty": b"",
            "other": b"SQLite format 3\0" * 100,
        }[harm]
    )
    there = sorted(path.name for path in elsewhere.data.iterdir())
    with pytest.raises((BackupError, VaultError)):
        backups.restore(elsewhere, file, now=world.now, watch=nobody)
    assert sorted(path.name for path in elsewhere.data.iterdir()) == there
    with closing(elsewhere.open_database()) as database:
        assert database.revision()[0] is None


def test_without_the_key_of_its_time_it_stays_closed(file: Path, world: World, tmp_path: Path) -> None:
    other = settings(tmp_path / "third", f"sqlite:///{tmp_path / 'third.sqlite3'}", b"another key of thirty-two bytes.")
    with pytest.raises(VaultError, match="master key"):
        backups.restore(other, file, now=world.now, watch=nobody)
    assert not (tmp_path / "third.sqlite3").exists()


@pytest.mark.parametrize(("kind", "elsewhere"), [("sqlite", "sqlite")], indirect=True)
def test_a_backup_of_a_later_version_is_refused(
    config: Config, world: World, file: Path, elsewhere: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "knows", staticmethod(lambda revision: False))
    with pytest.raises(BackupError, match="newer zicha"):
        backups.restore(elsewhere, file, now=world.now, watch=nobody)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Any]:
    with typing_at(tmp_path) as command:
        yield command


def test_by_command(empty: Any, tmp_path: Path) -> None:
    def typed(*words: str) -> Result:
        result: Result = empty(*words)
        return result

    nothing = typed("backup")
    assert nothing.exit_code == 1
    assert "key" in nothing.output or "nothing to back up" in nothing.output
    typed("roster", "template", "名册.xlsx")
    assert typed("outbox").exit_code == 0  # the first command makes the tables
    made = typed("backup", "--to", "一.backup")
    assert made.exit_code == 0, made.output
    assert "已备份到 一.backup" in made.output
    assert "完好" in typed("restore", "一.backup", "--check").output
    refused = typed("restore", "一.backup")
    assert refused.exit_code == 1
    assert "zicha.sqlite3" in refused.output
    for path in (tmp_path / "zicha-data").glob("zicha.sqlite3*"):
        path.unlink()
    done = typed("restore", "一.backup")
    assert done.exit_code == 0, done.output
    for words in ("已恢复到备份时的样子", "没有再发，列为存疑", "zicha check --offline"):
        assert words in done.output
    assert typed("outbox").exit_code == 0


def test_not_while_the_bot_runs(empty: Any, tmp_path: Path) -> None:
    assert empty("outbox").exit_code == 0
    assert empty("backup", "--to", "one.backup").exit_code == 0, "a backup may be made meanwhile"
    data = tmp_path / "zicha-data"
    for path in data.glob("zicha.sqlite3*"):
        path.unlink()
    with alone.alone(data / "zicha.sqlite3.lock"):
        refused = empty("restore", "one.backup")
    assert refused.exit_code == 1
    assert "another zicha is running" in refused.output


@pytest.mark.parametrize(("kind", "elsewhere"), [("sqlite", "sqlite")], indirect=True)
def test_a_restored_letter_may_be_looked_at(config: Config, world: World, file: Path, elsewhere: Config) -> None:
    backups.restore(elsewhere, file, now=world.now, watch=nobody)
    with closing(elsewhere.open_database()) as database, database.reading() as session:
        (letter,) = session.exec(select(Outgoing).where(Outgoing.state == outbox.State.DOUBTFUL)).all()
        assert letter.trouble == "restored from a backup"
