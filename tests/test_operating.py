"""Operating the bot: what the log, `zicha status`, /metrics, /healthz and systemd are told, and when alarms go off."""

import asyncio
import io
import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select, update

from bot import alarms as duty
from bot import logs, pulse, status, watch
from bot.alarms import Alarms
from bot.alone import alone, lock_file
from bot.config import Config, load
from bot.metrics import Metrics
from bot.pulse import Pulse
from bot.threads import DatabaseThread
from bot.watch import Ward, Watch
from handlers.messages import from_json
from storage import outbox
from storage.models import Inbound, Outgoing
from tests.bot_process import CITY, HELLO, heard, running, seen, talk, typing_at
from tests.faults.judge import rows
from tests.sandbox_process import SandboxProcess, sandbox
from tests.test_wire import gateway
from tests.world import World, id_number

# ---------------------------------------------------------------- the log


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    root, out = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    logs.set_up("INFO", out, form="json")
    yield logging.getLogger("bot.somewhere"), out
    root.handlers[:], root.level = before, level


def test_a_line_is_one_object_with_its_action(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = log
    logger.warning("“引号” and\na new line", extra={"action": "stream.down"})
    (line,) = out.getvalue().splitlines()
    told = json.loads(line)
    assert (told["level"], told["action"], told["room"]) == ("WARNING", "stream.down", "bot.somewhere")
    assert told["message"] == "“引号” and\na new line"
    assert datetime.fromisoformat(told["at"]).tzinfo is not None


def test_json_hides_what_text_hides(log: tuple[logging.Logger, io.StringIO]) -> None:
    """Also where quoting has put a sign between: in a traceback, behind a backslash."""
    logger, out = log
    number = id_number("163")
    try:
        raise ValueError(f'access_token="abc" {number}\n{number} 13800001234')
    except ValueError:
        logger.exception('ticket="secret1" session=secret2', extra={"action": "x"})
    assert len(out.getvalue().splitlines()) == 1
    for secret in ("abc", number, "13800001234", "secret1", "secret2"):
        assert secret not in out.getvalue()
    assert "ValueError" in json.loads(out.getvalue())["traceback"]


# ---------------------------------------------------------------- alarms of the watch


class Line:
    """A stream as the watch sees it."""

    alive, down = 1, 0.0

    def down_for(self) -> float:
        return self.down


class Post:
    """A watch over a world, its alarms at hand."""

    def __init__(self, world: World, thread: DatabaseThread, folder: Path, **changes: Any) -> None:
        config = load(data=folder, alarm_staff="ops", **changes)
        self.world, self.line, self.metrics = world, Line(), Metrics()
        self.alarms = Alarms(
            to=duty.recipients("ops"), database=world.database, thread=thread, now=lambda: world.now, wake=lambda: None
        )
        self.watch = Watch(
            Ward(
                config=config,
                database=world.database,
                campaigns=world.campaigns,
                thread=thread,
                stream=self.line,  # type: ignore[arg-type]
                hears=True,
                alarms=self.alarms,
                metrics=self.metrics,
                now=lambda: world.now,
                real_now=lambda: datetime.now(UTC),
            )
        )

    async def look(self) -> list[str]:
        """What the operator has been told, after one look."""
        await self.watch._look()
        await self.alarms.flush()
        with self.world.database.reading() as session:
            letters = session.exec(select(Outgoing).where(Outgoing.topic == "alarm").order_by(Outgoing.id)).all()
        return [getattr(from_json(letter.body), "markdown", "") for letter in letters]


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


@pytest.fixture
def post(world: World, thread: DatabaseThread, tmp_path: Path) -> Post:
    return Post(world, thread, tmp_path, alarm_disk_mb=1, alarm_doubtful=3, alarm_faults=2, alarm_stream=60)


async def test_all_is_well(post: Post) -> None:
    post.world.person("qian", "钱大海").says(HELLO)
    assert await post.look() == []


async def test_the_stream_is_down_for_long(post: Post) -> None:
    post.line.down = 59
    assert await post.look() == []
    post.line.down = 400
    (told,) = await post.look()
    assert "连不上钉钉已经6分钟" in told
    post.line.down = 460
    assert len(await post.look()) == 1, "once an hour"
    post.world.now += timedelta(hours=1)
    assert len(await post.look()) == 2


async def test_the_disk_is_nearly_full(world: World, thread: DatabaseThread, tmp_path: Path) -> None:
    (told,) = await Post(world, thread, tmp_path, alarm_disk_mb=10**9).look()
    assert "MB" in told


async def test_letters_become_doubtful(post: Post) -> None:
    for who in ("qian", "zhang", "li"):
        post.world.person(who, who).says(HELLO)
    with post.world.database.session() as session:
        doubtful = update(Outgoing).values(state=outbox.State.DOUBTFUL, settled_at=post.world.now)
        session.exec(doubtful)  # type: ignore[call-overload]
    (told,) = await post.look()
    assert "3条消息存疑" in told
    post.world.now += timedelta(hours=2)
    assert len(await post.look()) == 1, "those of long ago are history"


async def test_messages_could_not_be_answered(post: Post) -> None:
    for who in ("qian", "zhang"):
        post.world.person(who, who).says(HELLO)
    with post.world.database.session() as session:
        session.exec(update(Inbound).values(fault="E-0001"))  # type: ignore[call-overload]
    (told,) = await post.look()
    assert "2条消息程序没能处理好" in told


async def test_no_room_and_not_stored(post: Post) -> None:
    post.metrics.turned_away.inc(7)
    post.metrics.unstored.inc(2)
    told = "\n".join(await post.look())
    assert "7条没有收下" in told
    assert "2条消息没能存下" in told
    post.world.now += timedelta(hours=1)
    assert len(await post.look()) == 2, "nothing new since"


async def test_nobody_is_named(post: Post) -> None:
    post.world.person("qian", "钱大海").says(HELLO)
    with post.world.database.session() as session:
        session.exec(update(Inbound).values(fault="E-0001"))  # type: ignore[call-overload]
    post.metrics.unstored.inc(2)
    post.line.down = 400
    assert not any("钱大海" in told or "qian" in told for told in await post.look())


def test_systemd_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        watch.notify(str(tmp_path / "notify"), "READY=1")
        assert listening.recv(100) == b"READY=1"
    watch.notify(str(tmp_path / "nobody"), "WATCHDOG=1")
    watch.notify("", "WATCHDOG=1")


# ---------------------------------------------------------------- zicha status


def beat(folder: Path, **changes: Any) -> None:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"at": now, "started_at": now, "pid": 1, "connections": 2, "wanted": 2, "opened": 2}
    pulse.write(folder / pulse.NAME, Pulse(**(said | {"waiting": 0} | changes)))


@pytest.fixture
def config(world: World, tmp_path: Path) -> Config:
    return load(data=tmp_path, database=world.url)


def test_a_bot_that_runs(world: World, config: Config, tmp_path: Path) -> None:
    world.person("qian", "钱大海").says(HELLO)
    world.due()
    beat(tmp_path)
    with alone(lock_file(config)):
        found = status.look(config, datetime.now(UTC))
    assert found.good
    told = "\n".join(status.lines(found))
    for words in ("正在运行", "2/2", "sent 1", "没有要处理的"):
        assert words in told
    said = status.as_json(found)
    assert (said["good"], said["running"], said["connections"], said["outbox"]) == (True, True, 2, {"sent": 1})
    json.dumps(said)
    assert "钱大海" not in told


@pytest.mark.parametrize("gone", ["killed", "hangs", "never started"])
def test_a_bot_that_does_not(world: World, config: Config, tmp_path: Path, gone: str) -> None:
    if gone != "never started":
        beat(tmp_path, at=datetime.now(UTC) - timedelta(minutes=5))
    found = status.look(config, datetime.now(UTC))
    assert not found.good
    assert "没有在运行" in "\n".join(status.lines(found))


def test_what_somebody_should_look_into(world: World, config: Config, tmp_path: Path) -> None:
    world.person("qian", "钱大海").says(HELLO)
    world.person("li", "李小四").says(HELLO)
    now = world.now + timedelta(minutes=20)
    with world.database.session() as session:
        session.exec(update(Inbound).values(fault="E-0001"))  # type: ignore[call-overload]
        of_li = update(Outgoing).where(Outgoing.lane == "dingtalk:direct:li")  # type: ignore[arg-type]
        session.exec(of_li.values(state="doubtful", settled_at=now))  # type: ignore[call-overload]
    beat(tmp_path, at=now, connections=0)
    with alone(lock_file(config)):
        troubles = "\n".join(status.look(config, now).troubles())
    for words in ("没有连上钉钉", "1 条消息早该发了", "1 条消息存疑", "2 条消息程序没处理好"):
        assert words in troubles


def test_by_command(tmp_path: Path) -> None:
    with typing_at(tmp_path) as typed:
        nothing = typed("status")
        assert nothing.exit_code == 1
        assert "没有在运行" in nothing.output
        said = json.loads(typed("status", "--json").output)
        assert (said["good"], said["running"], said["schema"]) == (False, False, None)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 1}', "\0\0"])
def test_a_pulse_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / pulse.NAME).write_text(content)
    assert pulse.read(tmp_path / pulse.NAME) is None


# ---------------------------------------------------------------- over the wire


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with gateway(tmp_path) as running_gateway:
        yield running_gateway


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


@pytest.mark.wire
async def test_metrics_and_health(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, metrics_port=free_port()) as app:
        assert app.health
        await asyncio.wait_for(app.health.ready.wait(), 60)
        await talk(box, "qian", HELLO)
        await seen(lambda: rows(tmp_path, "select 1 from outgoing where state = 'sent'"))
        wanted = {
            "zicha_stream_connections 2.0",
            "zicha_reply_seconds_count 1.0",
            'zicha_outbox{state="sent"} 1.0',
            'zicha_outbox{state="doubtful"} 0.0',
            "zicha_waiting 0.0",
        }
        address = f"http://127.0.0.1:{app.health.port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60) as asking:
            async with asyncio.timeout(60):
                while wanted - {*(told := (await asking.get("/metrics")).text).splitlines()}:
                    await asyncio.sleep(0.05)
            assert "zicha_ack_seconds_count 0.0" not in told
            assert 'zicha_quota_used{unit="inbound"}' in told
            assert "钱大海" not in told
            assert "qian" not in told
            well = await asking.get("/healthz")
            assert (well.status_code, well.json()) == (200, {"ok": True, "wrong": []})
            beaten = pulse.read(tmp_path / pulse.NAME)
            assert beaten
            assert beaten.connections in (0, 1, 2)
            app.stream._alive.clear()
            ill = await asking.get("/healthz")
            assert ill.status_code == 503
            assert "no stream connection" in ill.json()["wrong"][0]


@pytest.mark.wire
async def test_an_alarm_arrives_in_the_operators_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.1)
    with sandbox(CITY, tmp_path / "gateway") as box:
        async with running(box, tmp_path, alarm_staff="wu", alarm_disk_mb=10**9):
            assert "磁盘只剩" in (await heard(box, "wu", 1))[0]["text"]
            await asyncio.sleep(1.5)
            assert len(box.replies("wu")) == 1
