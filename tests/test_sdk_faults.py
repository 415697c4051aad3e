"""The faults of dingtalk-stream 0.24.3, one by one (DingTalk facts §1.7): none of them reaches us.

The numbers are those of the list there. Real sockets and the real SDK against a platform of a few lines.
"""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, cast

import httpx
import pytest
import requests
import websockets

from bot.channels import Later, Parcel, Refused, stream
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.incoming import parse
from bot.config import load
from bot.dispatch import Dispatch
from bot.intake import Intake
from bot.metrics import Metrics
from bot.reception import Reception
from bot.talk import Talk
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Content, Inbound, Text
from storage.database import Database
from tests.small_platform import ROBOT, TEXT, Platform, Store, connected, platform, said, until
from tests.world import World, talk

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2022, 5, 18, 9, 0, tzinfo=UTC)


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


class Turns:
    """An intake that notes the order of turns, the first of which lasts until `free` is set; `excused` are those it had
    to turn away."""

    def __init__(self) -> None:
        self.taken, self.excused = list[str](), list[str]()
        self.begun, self.free = threading.Event(), threading.Event()

    def take_all(self, inbounds: Sequence[Inbound]) -> list[bool | Exception]:
        self.begun.set()
        assert self.free.wait(60)
        self.taken += [inbound.text for inbound in inbounds]
        return [True] * len(inbounds)

    def excuse(self, inbounds: Sequence[Inbound]) -> int:
        self.excused += [str(inbound.chat) for inbound in inbounds]
        return len(inbounds)


def _talk(turns: Turns, thread: DatabaseThread) -> Talk:
    return Talk(cast(Intake, turns), cast(Dispatch, None), Database("sqlite://"), thread)


class Room(Store):
    """The reception, and how many messages came to it so far."""

    def __init__(self, turns: Turns, thread: DatabaseThread, most: int = 1000) -> None:
        super().__init__()
        self._reception = Reception(intake=_talk(turns, thread), most=most, metrics=Metrics())

    async def receive(self, inbound: Inbound) -> None:
        self.begun += 1
        await self._reception.receive(inbound)


def never(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a blocking call in the loop")


# ---------------------------------------------------------------- 1: blocking calls without a time-out in the loop


async def test_fault_01_nothing_of_the_sdk_that_blocks_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests.Session, "request", never)
    async with platform() as one, connected(one, store := Store()):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await one.system("ping", {"opaque": "x"})
        await until(lambda: len(one.acks) == 2)
        await one.system("disconnect", {"reason": "expired"})
        await until(lambda: len(one.lines) == 2)
    assert len(store.kept) == 1


async def test_fault_01_a_slow_message_does_not_hold_up_the_loop() -> None:
    free = asyncio.Event()
    async with platform() as one, connected(one, store := Store(free=free)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await one.system("ping", {"opaque": "x"})
        await until(lambda: "s1" in one.acked())
        assert (store.begun, store.kept) == (1, [])
        free.set()


async def test_fault_01_an_opening_that_hangs_is_given_up_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_OPENING", 0.2)
    async with platform() as one:
        opens = one.open_stream

        async def hangs_once(*asked: object) -> tuple[str, str]:
            if not one.opens:
                one.opens.append(time.monotonic())
                await asyncio.sleep(3600)
            return await opens(*asked)  # type: ignore[arg-type]

        one.open_stream = hangs_once  # type: ignore[method-assign]
        async with connected(one, Store()):
            await until(lambda: one.lines)


# ---------------------------------------------------------------- 2 and 10: acks and gaps around a reconnect


async def test_fault_02_a_late_ack_goes_to_the_socket_that_delivered() -> None:
    free = asyncio.Event()
    async with platform() as one, connected(one, store := Store(free=free)):
        await until(lambda: one.lines)
        await one.push(TEXT, message_id="late")
        await one.system("disconnect", {"reason": "connection is expired"})
        await until(lambda: len(one.lines) == 2)
        await one.push(said(msgId="m2"), message_id="new")
        await until(lambda: store.begun == 2)
        free.set()
        await until(lambda: {"late", "new"} <= set(one.acked()))
        where = {ack["headers"]["messageId"]: number for number, ack in one.acks}
    assert (where["late"], where["new"]) == (0, 1)
    assert len(store.kept) == 2


@pytest.mark.parametrize("connections", [1, 2])
async def test_fault_10_the_new_connection_stands_before_the_old_one_goes(connections: int) -> None:
    async with platform() as one, connected(one, Store(), connections=connections) as line:
        await until(lambda: len(one.lines) == connections)
        await one.system("disconnect", {"reason": "connection is expired"}, line=0)
        await until(lambda: len(one.lines) == connections + 1)
        assert one.living == one.most_living == connections + 1
        await one.lines[0].close()
        await until(lambda: one.living == connections)
        await asyncio.sleep(0.1)
        assert len(one.opens) == connections + 1
        assert line.alive == connections
        await one.push(TEXT, message_id="after")
        await until(lambda: "after" in one.acked())


async def test_fault_10_messages_at_hand_keep_their_socket() -> None:
    """The SDK closes at once: whatever was being worked on could not be acked any more."""
    free = asyncio.Event()
    async with platform() as one, connected(one, store := Store(free=free)):
        await until(lambda: one.lines)
        for number in range(10):
            await one.push(said(msgId=f"m{number}"), message_id=f"m{number}")
        await one.system("disconnect", {"reason": "connection is expired"})
        await until(lambda: len(one.lines) == 2)
        await until(lambda: store.begun == 10)
        free.set()
        await until(lambda: {f"m{number}" for number in range(10)} <= set(one.acked()))
        assert {number for number, ack in one.acks if ack["headers"].get("messageId", "").startswith("m")} == {0}
    assert len(store.kept) == 10


# ---------------------------------------------------------------- 3 and 4: pauses


def assert_patient(one: Platform) -> None:
    """The shortest pauses there can be: half of one second, half of two."""
    first, second, third = one.opens
    assert second - first >= 0.49
    assert third - second >= 0.99


async def test_fault_03_a_clean_close_is_not_followed_by_a_hot_loop() -> None:
    """437 opens in two seconds."""
    async with platform() as one:
        one.greeting = lambda line: line.close()
        async with connected(one, Store()):
            await until(lambda: len(one.opens) == 3)
    assert_patient(one)


async def test_fault_03_nor_is_a_disconnect_at_once() -> None:
    async with platform() as one:

        async def goodbye(line: websockets.ServerConnection) -> None:
            headers = {"topic": "disconnect", "messageId": "s"}
            await line.send(json.dumps({"type": "SYSTEM", "headers": headers, "data": "{}"}))

        one.greeting = goodbye
        async with connected(one, Store()):
            await until(lambda: len(one.opens) == 3)
    assert_patient(one)


async def pauses(
    monkeypatch: pytest.MonkeyPatch, one: Platform, chance: Callable[[float, float], float]
) -> list[float]:
    """How long it waits between opens that fail."""
    slept: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real_sleep(0)

    with monkeypatch.context() as patch:
        patch.setattr(stream.asyncio, "sleep", sleep)
        patch.setattr(stream.random, "uniform", chance)
        async with connected(one, Store()) as line:
            await asyncio.wait_for(line.connected.wait(), 60)
            patch.undo()
    return [seconds for seconds in slept if seconds >= 0.4]  # what is shorter is the SDK's and the socket's own


async def test_fault_04_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    async with platform() as one:
        one.troubles = [Later("busy"), Refused("HTTP 401 authFailed"), OSError("no network"), TimeoutError()] * 3
        slept = await pauses(monkeypatch, one, lambda _low, _high: 1.0)
    assert slept[:12] == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30]


async def test_fault_04_pauses_differ_from_one_process_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with platform() as one:
        one.troubles = [Later("busy")] * 4
        asked: list[tuple[float, float]] = []

        def chance(low: float, high: float) -> float:
            asked.append((low, high))
            return low if len(asked) % 2 else high

        slept = await pauses(monkeypatch, one, chance)
    assert set(asked) == {(0.5, 1.5)}
    assert slept[:4] == [0.5, 3, 2, 12]


# ---------------------------------------------------------------- 5 and 6: stopping, and what the log says


@pytest.mark.parametrize("when", ["in a pause", "while opening", "while serving", "while a message is stored"])
async def test_fault_05_it_can_be_stopped(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`connected` sees that the task is cancelled, and long before what it waits for would be over."""
    monkeypatch.setattr(stream.random, "uniform", lambda _low, _high: 3600.0)
    async with platform() as one:
        if when == "in a pause":
            one.troubles = [Later("busy")] * 50
        if when == "while opening":
            one.open_stream = lambda *_: asyncio.sleep(3600)  # type: ignore[method-assign, assignment, return-value]
        async with connected(one, store := Store(seconds=3600)):
            if when in ("while serving", "while a message is stored"):
                await until(lambda: one.lines)
            if when.endswith("stored"):
                await one.push(TEXT)
                await until(lambda: store.begun)
            await asyncio.sleep(0.1)
    assert len(one.opens) <= 1


async def test_fault_06_the_log_tells_what_really_happened(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with platform() as one:
        one.troubles = [ValueError("an answer nobody thought of")]
        async with connected(one, Store()):
            await until(lambda: one.lines)
    assert "an answer nobody thought of" in caplog.text
    assert "not all arguments converted" not in capsys.readouterr().err


# ---------------------------------------------------------------- 7: unbounded tasks in no order


async def test_fault_07_a_persons_messages_are_taken_in_their_order(thread: DatabaseThread) -> None:
    """On two connections, the later pushed first: what waits is taken in the order it was said."""
    turns = Turns()
    room = Room(turns, thread)
    async with platform() as one, connected(one, room, connections=2):
        await until(lambda: len(one.lines) == 2)
        for number in (1, 0, 3, 2, 5, 4, 7, 6, 9, 8):
            data = said(msgId=f"m{number}", createAt=1695283635765 + number, text={"content": str(number)})
            await one.push(data, line=number % 2, message_id=f"m{number}")
        await until(lambda: room.begun == 10)
        turns.free.set()
        await until(lambda: len(one.acks) == 10)
    assert sorted(turns.taken[1:]) == turns.taken[1:]  # the first was begun before the others came
    assert len(turns.taken) == 10
    assert {f"m{number}" for number in range(10)} == set(one.acked())


async def test_fault_07_what_waits_is_bounded_and_whoever_is_turned_away_is_told(thread: DatabaseThread) -> None:
    turns = Turns()
    room = Room(turns, thread, most=5)
    async with platform() as one, connected(one, room):
        await until(lambda: one.lines)
        for number in range(12):
            data = said(msgId=f"m{number}", senderStaffId=f"p{number}", text={"content": str(number)})
            await one.push(data, message_id=f"m{number}")
            await until(turns.begun.is_set)  # the first is at hand, the others come while it is
        await until(lambda: room.begun == 12)
        turns.free.set()
        await until(lambda: turns.excused)
        await until(lambda: len(one.acks) == 6)
        left_out = {f"p{number}" for number in range(12) if str(number) not in turns.taken}
        assert len(left_out) == 6
        assert {f"dingtalk:direct:{who}" for who in left_out} == set(turns.excused)
        assert set(one.acked()) == {f"m{number}" for number in turns.taken}
        refused = min(left_out)
        await one.push(said(msgId=f"m{refused[1:]}", senderStaffId=refused), message_id="again")  # the platform's copy
        await until(lambda: "again" in one.acked())


async def test_fault_07_nobody_fills_the_room_for_the_others(thread: DatabaseThread) -> None:
    turns = Turns()
    room = Room(turns, thread)
    async with platform() as one, connected(one, room):
        await until(lambda: one.lines)
        for number in range(40):
            await one.push(said(msgId=f"m{number}", text={"content": f"flood {number}"}), message_id=f"m{number}")
        await one.push(said(msgId="other", senderStaffId="zhang", text={"content": "hello"}), message_id="other")
        await until(lambda: room.begun == 41)
        turns.free.set()
        await until(lambda: "other" in one.acked())
        assert turns.taken.index("hello") <= 2, "somebody else's message waited behind a flood"


async def test_fault_07_a_stop_does_not_wait_for_all_that_waits(
    thread: DatabaseThread, caplog: pytest.LogCaptureFixture
) -> None:
    """What is at hand is finished; the rest is not acked and comes again. Nothing is told as a failure."""
    turns = Turns()
    room = Room(turns, thread)
    async with platform() as one, connected(one, room):
        await until(lambda: one.lines)
        for number in range(200):
            await one.push(said(msgId=f"m{number}", senderStaffId=f"p{number}"), message_id=f"m{number}")
        await until(lambda: room.begun == 200 and turns.begun.is_set())
        turns.free.set()
        thread.close()
        await until(lambda: len(one.acks) == len(turns.taken))
        await asyncio.sleep(0.3)
    assert 0 < len(turns.taken) < 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("rounds", range(15))
async def test_fault_07_a_stop_in_any_round_of_the_loop_is_no_failure(thread: DatabaseThread, rounds: int) -> None:
    """The message is stored, or it waits and is not acked; it never fails."""
    turns = Turns()
    turns.free.set()
    inbound = parse(TEXT, robot=ROBOT, corp_id="")
    assert inbound
    receiving = asyncio.create_task(Room(turns, thread).receive(inbound))
    for _ in range(rounds):
        await asyncio.sleep(0)
    thread.close()
    for _ in range(30):
        await asyncio.sleep(0)
    assert receiving.done() == bool(turns.taken)
    receiving.cancel()
    with suppress(asyncio.CancelledError):
        await receiving


# ---------------------------------------------------------------- 8 and 9: what fails, and pings


async def test_fault_08_what_is_not_stored_is_not_acked_and_the_reason_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with platform() as one, connected(one, store := Store(failures=1)):
        await until(lambda: one.lines)
        await one.push(TEXT, message_id="m1")
        await until(lambda: "not stored" in caplog.text)
        assert one.acks == []
        await one.push(TEXT, message_id="m2")
        await until(lambda: one.acks)
        assert len(store.kept) == 1
    assert one.acked() == ["m2"]
    assert "the disk is full" in caplog.text
    assert "Traceback" in caplog.text
    assert "hello DingTalk" not in caplog.text


async def test_fault_09_a_ping_is_answered_and_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        await one.system("ping", {"opaque": "0d0b"})
        await until(lambda: one.acks)
    assert json.loads(one.acks[0][1]["data"]) == {"opaque": "0d0b"}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


# ---------------------------------------------------------------- 11 and 12: dead sockets, leaks, early failures


async def test_fault_11_a_silent_socket_is_replaced() -> None:
    async with platform() as one, connected(one, store := Store(), silence=0.3):
        await until(lambda: len(one.lines) >= 2)
        while not store.kept:  # each connection is replaced after a moment without a frame
            with suppress(websockets.ConnectionClosed):
                await one.push(TEXT)
            await asyncio.sleep(0.01)


async def test_fault_11_no_task_is_left_by_a_connection_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_SETTLED", 0.0)
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        before = len(asyncio.all_tasks())
        for number in range(1, 7):
            await one.lines[-1].close()
            await until(lambda n=number: len(one.lines) == n + 1)
        await until(lambda: len(asyncio.all_tasks()) <= before)  # else they pile up


def test_fault_12_the_first_failure_may_come_before_the_first_connection() -> None:
    """In an interpreter that has not used websockets yet: cancelled in the first pause, it ends as cancelled."""
    program = """
import asyncio
from bot.channels import Later
from bot.channels.dingtalk import Sessions
from bot.channels.stream import Stream

class Platform:
    async def open_stream(self, *asked):
        raise Later("no network")

async def main():
    line = Stream(api=Platform(), sessions=Sessions(), robot="r", corp_id="", receive=None)
    task = asyncio.create_task(line.run())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.wait([task], timeout=60)
    print("cancelled" if task.cancelled() else task)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "cancelled", done.stderr


# ---------------------------------------------------------------- 13: the token


async def test_fault_13_one_token_for_all_and_a_new_one_after_http_400() -> None:
    asked: list[str] = []
    good = ["old"]

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rsplit("/", 1)[-1])
        await asyncio.sleep(0.01)
        if request.url.path.endswith("accessToken"):
            return httpx.Response(200, json={"accessToken": good[0], "expireIn": 7200})
        if request.headers["x-acs-dingtalk-access-token"] != good[0]:
            return httpx.Response(400, json={"code": "InvalidAuthentication", "message": "不合法的access_token"})
        return httpx.Response(200, json={"processQueryKey": "q"})

    config = load(client_id="app", client_secret="secret", qps=1000.0, reply_by="openapi")
    api = DingTalk(config, Sessions(), lambda: NOW, transport=httpx.MockTransport(answer))
    parcels = [
        Parcel(key=f"k{n}", to=(Address("dingtalk", ChatKind.DIRECT, f"p{n}"),), body=Text("好", "自查"), reply=False)
        for n in range(5)
    ]
    await asyncio.gather(*(api.deliver(parcel) for parcel in parcels))
    assert asked.count("accessToken") == 1
    good[0] = "new"
    await asyncio.gather(*(api.deliver(parcel) for parcel in parcels))
    await api.close()
    assert asked.count("accessToken") == 2


# ---------------------------------------------------------------- 14, 15, 16: frames


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (said(text=...), Content.WITHHELD),
        (said(msgtype="file", text=..., content={"downloadCode": "c", "fileName": "名单.xlsx"}), Content.FILE),
        (said(msgtype="audio", text=..., content={"downloadCode": "c", "recognition": "没有"}), Content.SPEECH),
        (said(msgtype="video", text=..., content={"downloadCode": "c", "duration": "5"}), Content.FILE),
    ],
)
async def test_fault_14_every_kind_of_message_arrives(data: dict[str, object], content: Content) -> None:
    """The SDK's parser raises KeyError for a text without text, and knows no files."""
    async with platform() as one, connected(one, store := Store()):
        await until(lambda: one.lines)
        await one.push(data)
        await until(lambda: one.acks)
    assert [inbound.content for inbound in store.kept] == [content]


async def test_fault_15_a_disconnect_without_an_id_is_taken_like_any_other() -> None:
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        headers = {"topic": "disconnect", "contentType": "application/json"}
        await one.push({"reason": "x"}, type="SYSTEM", headers=headers)
        await until(lambda: len(one.lines) == 2)
        await one.push(TEXT, message_id="after")
        await until(lambda: "after" in one.acked())


async def test_fault_16_a_message_pushed_again_is_acked_and_changes_nothing(
    world: World, thread: DatabaseThread
) -> None:
    """On another socket, under another messageId: what counts is its msgId."""
    world.person("qian", "钱大海").says("你好")
    store = Store()
    metrics = Metrics()
    store.receive = Reception(  # type: ignore[assignment, method-assign]
        intake=talk(world, thread), most=1000, metrics=metrics
    ).receive
    data = said(senderStaffId="qian", senderCorpId=..., text={"content": "都没有"})
    async with platform() as one, connected(one, store, connections=2):
        await until(lambda: len(one.lines) == 2)
        await one.push(data, line=0, message_id="first")
        await until(lambda: "first" in one.acked())
        before = world.facts()
        await one.push(data, line=1, message_id="second")
        await one.push(data, line=0, message_id="third")
        await until(lambda: {"second", "third"} <= set(one.acked()))
    assert world.facts() == before
    assert b"zicha_copies_total 2.0" in metrics.text()


def test_fault_16_what_the_sdk_leaves_open_is_pinned_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = {line.split(">=")[0]: line for line in project["dependencies"]}
    for package in ("dingtalk-stream", "websockets", "aiohttp"):
        assert ",<" in pins[package], f"{package} is open-ended"
