"""The stream: what becomes of each kind of frame, and a connection that survives what the platform does to it.

`parse` is pure. The supervision is tried against a platform of a few lines: real sockets, the real SDK, frames and
acks on the wire.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets

from bot.channels import Later, Refused, stream
from bot.channels.dingtalk import Sessions
from bot.channels.stream import SUBSCRIPTIONS, Stream, parse
from handlers.messages import Address, ChatKind, Content, Inbound

JSON = dict[str, Any]
CORP = "ding6741"
TEXT: JSON = {
    "conversationId": "cide4g=",
    "chatbotCorpId": CORP,
    "chatbotUserId": "$:LWCPihY/",
    "msgId": "msgYPw==",
    "senderNick": "张三",
    "isAdmin": True,
    "senderStaffId": "042297",
    "sessionWebhookExpiredTime": 1695289035996,
    "createAt": 1695283635765,
    "senderCorpId": CORP,
    "conversationType": "1",
    "senderId": "$:LWCPA==",
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=79b484d4b",
    "robotCode": "dingc6gk",
    "msgtype": "text",
    "text": {"content": "hello DingTalk!"},
}
"""The official sample of a 1:1 text (facts §2.3), shortened ids."""


def said(**changes: Any) -> JSON:
    return {name: value for name, value in (TEXT | changes).items() if value is not ...}


def other(msgtype: str, **content: Any) -> JSON:
    return said(msgtype=msgtype, text=..., content=content)


def parsed(data: JSON, corp_id: str = CORP) -> Inbound:
    inbound = parse(data, robot="dingfallback", corp_id=corp_id)
    assert inbound is not None
    return inbound


# ---------------------------------------------------------------- kinds of messages


def test_a_text_in_private() -> None:
    assert parsed(TEXT) == Inbound(
        robot="dingc6gk",
        msg_id="msgYPw==",
        sender_id="042297",
        sender_name="张三",
        chat=Address("dingtalk", ChatKind.DIRECT, "042297"),
        chat_title="",
        content=Content.TEXT,
        text="hello DingTalk!",
        received_at=datetime(2023, 9, 21, 8, 7, 15, 765000, tzinfo=UTC),
    )


def test_a_text_in_a_group_has_a_leading_blank() -> None:
    group = said(conversationType="2", conversationTitle="测试群", isInAtList=True, text={"content": " 你好"})
    inbound = parsed(group)
    assert (inbound.text, inbound.chat_title) == ("你好", "测试群")
    assert inbound.chat == Address("dingtalk", ChatKind.GROUP, "cide4g=")
    assert inbound.sender_id == "042297"


@pytest.mark.parametrize(
    ("data", "content", "text"),
    [
        (other("picture", downloadCode="c", pictureDownloadCode="p"), Content.PICTURE, ""),
        (other("richText", richText=[{"text": "这是"}, {"type": "picture", "downloadCode": "c"}, {"text": "章"}]),
         Content.TEXT, "这是章"),
        (other("richText", richText=[{"text": "一"}, {"text": "\n"}, {"text": "二"}]), Content.TEXT, "一\n二"),
        (other("richText", richText=[{"type": "picture", "downloadCode": "c"}]), Content.PICTURE, ""),
        (other("richText", richText=[{"text": "\n"}, {"type": "picture"}]), Content.PICTURE, ""),
        (other("richText", richText=None), Content.PICTURE, ""),
        (other("richText", richText=["odd", None]), Content.PICTURE, ""),
        (other("audio", downloadCode="c", recognition="没有数据", duration=4000), Content.SPEECH, "没有数据"),
        (other("audio", downloadCode="c", recognition="", duration=4000), Content.OTHER, ""),
        (other("audio", downloadCode="c", duration="4"), Content.OTHER, ""),
        (other("video", downloadCode="c", videoType="mp4", duration="5"), Content.FILE, ""),
        (other("file", downloadCode="c", fileName="名单.xlsx", fileId="117848"), Content.FILE, ""),
        (other("unknownMsgType", unknownMsgType="用户发送了一条消息，机器人暂不支持接收。"), Content.OTHER, ""),
        (other("sticker", anything=1), Content.OTHER, ""),
        (said(msgtype=..., text=..., content={"x": 1}), Content.OTHER, ""),
        (said(text={"content": None}), Content.TEXT, ""),
        (said(text={}), Content.WITHHELD, ""),
        (said(text={"content": "  两边有空格 "}), Content.TEXT, "两边有空格"),
    ],
)  # fmt: skip
def test_every_kind(data: JSON, content: Content, text: str) -> None:
    inbound = parsed(data)
    assert (inbound.content, inbound.text) == (content, text)


@pytest.mark.parametrize("msgtype", ["text", "picture", "audio", ...])
@pytest.mark.parametrize("names", [("errorCode", "errorMessage"), ("errCode", "errMsg")])
def test_the_quota_is_used_up(msgtype: str, names: tuple[str, str]) -> None:
    """No text and no content (facts §2.5); the SDK's own parser dies of this with a KeyError."""
    told = dict(zip(names, (20001, "受调用量超量影响，当前我的消息服务已经暂停。"), strict=True))
    inbound = parsed(said(msgtype=msgtype, text=..., **told))
    assert (inbound.content, inbound.text) == (Content.WITHHELD, "")


# ---------------------------------------------------------------- who and where


def test_somebody_without_a_staff_id_is_answered_by_the_session_only() -> None:
    inbound = parsed(said(senderStaffId=..., senderCorpId="dingother"))
    assert inbound.sender_id == ""
    assert inbound.chat == Address("dingtalk", ChatKind.DIRECT, "outside-cide4g=")


def test_another_organisation_counts_as_outside_even_with_a_staff_id() -> None:
    """Staff ids are the organisation's own: the same one elsewhere is somebody else."""
    assert parsed(said(senderCorpId="dingother")).sender_id == ""
    assert parsed(said(senderCorpId=...)).sender_id == "042297"
    assert parsed(said(senderCorpId="dingother"), corp_id="").sender_id == "042297"
    group = parsed(said(senderCorpId="dingother", conversationType="2"))
    assert (group.sender_id, group.chat.kind) == ("", ChatKind.GROUP)


@pytest.mark.parametrize("name", ["senderNick", "createAt", "conversationType", "isAdmin", "senderId", "robotCode"])
def test_absent_fields_are_borne(name: str) -> None:
    inbound = parsed(said(**{name: ...}))
    assert inbound.msg_id == "msgYPw=="
    assert inbound.robot == ("dingfallback" if name == "robotCode" else "dingc6gk")


@pytest.mark.parametrize("value", ["", "soon", None, 10**30, -(10**30), [], {}])
def test_an_odd_time_is_borne(value: object) -> None:
    assert parsed(said(createAt=value)).received_at.tzinfo is UTC


@pytest.mark.parametrize("name", ["msgId", "conversationId"])
def test_without_an_id_it_cannot_be_told_whose_it_is(name: str) -> None:
    assert parse(said(**{name: ...}), robot="r", corp_id="") is None
    assert parse(said(**{name: ""}), robot="r", corp_id="") is None
    assert parse({}, robot="r", corp_id="") is None


def test_a_message_does_not_show_itself_in_a_traceback() -> None:
    shown = repr(parsed(TEXT))
    assert "hello" not in shown
    assert "张三" not in shown


# ---------------------------------------------------------------- a small platform


@dataclass
class Platform:
    """Opens, pushes and hears acks. `troubles` are what the next opens answer instead of a connection; `greeting` is
    what a new connection does."""

    url: str = ""
    opens: list[float] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    asked: list[JSON] = field(default_factory=list)
    lines: list[websockets.ServerConnection] = field(default_factory=list)
    living: int = 0
    most_living: int = 0
    acks: list[tuple[int, JSON]] = field(default_factory=list)
    greeting: Callable[[websockets.ServerConnection], Any] | None = None
    tickets: list[str] = field(default_factory=list)

    async def open_stream(self, subscriptions: list[JSON], agent: str) -> tuple[str, str]:
        self.opens.append(time.monotonic())
        self.asked.append({"subscriptions": subscriptions, "agent": agent})
        if self.troubles:
            raise self.troubles.pop(0)
        return self.url, f"ticket/{len(self.opens)}+="

    async def serve(self, line: websockets.ServerConnection) -> None:
        number = len(self.lines)
        self.lines.append(line)
        self.tickets.append(line.request.path if line.request else "")
        self.living += 1
        self.most_living = max(self.most_living, self.living)
        try:
            if self.greeting:
                await self.greeting(line)
            async for raw in line:
                self.acks.append((number, json.loads(raw)))
        except websockets.ConnectionClosed:
            pass
        finally:
            self.living -= 1

    async def push(self, data: JSON, line: int = -1, message_id: str = "m1", **frame: Any) -> None:
        headers = {"topic": "/v1.0/im/bot/messages/get", "messageId": message_id, "contentType": "application/json"}
        whole = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(data)}
        await self.lines[line].send(json.dumps(whole | frame))

    async def system(self, topic: str, data: JSON, line: int = -1) -> None:
        headers = {"topic": topic, "messageId": "s1", "contentType": "application/json"}
        await self.push(data, line, type="SYSTEM", headers=headers)

    def acked(self) -> list[str]:
        return [ack["headers"].get("messageId", "") for _, ack in self.acks if ack["code"] == 200]


async def until(look: Callable[[], object], timeout: float = 4.0) -> None:
    end = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    one = Platform()
    async with websockets.serve(one.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        one.url = f"ws://{host}:{port}/connect"
        yield one


@dataclass
class Store:
    """What is done with a message: kept, after a while or not at all."""

    kept: list[Inbound] = field(default_factory=list)
    seconds: float = 0.0
    failures: int = 0

    async def receive(self, inbound: Inbound) -> None:
        await asyncio.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the disk is full")
        self.kept.append(inbound)


@asynccontextmanager
async def connected(one: Platform, store: Store) -> AsyncIterator[Stream]:
    line = Stream(api=one, sessions=Sessions(), robot="r", corp_id="", receive=store.receive)  # type: ignore[arg-type]
    task = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        task.cancel()
        began = time.monotonic()
        await asyncio.wait([task], timeout=10)
        assert task.done()
        assert task.cancelled(), "the stream died by itself"
        assert time.monotonic() - began < 6


async def test_stored_then_acked_on_the_same_socket() -> None:
    async with platform() as one, connected(one, store := Store(seconds=0.1)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await asyncio.sleep(0.05)
        assert (store.kept, one.acks) == ([], [])
        await until(lambda: one.acks)
        assert [inbound.text for inbound in store.kept] == ["hello DingTalk!"]
    number, ack = one.acks[0]
    assert (number, ack["code"], ack["headers"]["messageId"]) == (0, 200, "m1")
    assert ack["headers"]["contentType"] == "application/json"
    assert isinstance(ack["data"], str)
    assert one.asked[0] == {"subscriptions": SUBSCRIPTIONS, "agent": stream.AGENT}
    assert one.tickets == ["/connect?ticket=ticket%2F1%2B%3D"]


async def test_a_ping_brings_its_opaque_back() -> None:
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        await one.system("ping", {"opaque": "0d0b"})
        await until(lambda: one.acks)
    ack = one.acks[0][1]
    assert (ack["code"], json.loads(ack["data"])) == (200, {"opaque": "0d0b"})


async def test_what_is_not_stored_is_not_acked_and_its_copy_is(caplog: pytest.LogCaptureFixture) -> None:
    """SDK fault 8: a handler that fails leaves no ack; here the reason is in the log, without the message."""
    async with platform() as one, connected(one, store := Store(failures=1)):
        await until(lambda: one.lines)
        await one.push(TEXT, message_id="m1")
        await asyncio.sleep(0.2)
        assert one.acks == []
        await one.push(TEXT, message_id="m2")
        await until(lambda: one.acks)
        assert len(store.kept) == 1
    assert one.acked() == ["m2"]
    assert "the disk is full" in caplog.text
    assert "hello DingTalk" not in caplog.text


async def test_messages_of_a_person_are_taken_in_their_order() -> None:
    """SDK fault 7: its tasks have no order, the second message finished before the first."""
    taken: list[str] = []
    queue = asyncio.Lock()  # first come first served, as the database thread is

    async def receive(inbound: Inbound) -> None:
        async with queue:
            await asyncio.sleep(0.002)
            taken.append(inbound.text)

    store = Store()
    store.receive = receive  # type: ignore[method-assign]
    async with platform() as one, connected(one, store):
        await until(lambda: one.lines)
        for number in range(60):
            await one.push(said(msgId=f"m{number}", text={"content": str(number)}), message_id=f"m{number}")
        await until(lambda: len(one.acks) == 60)
    assert taken == [str(number) for number in range(60)]
    assert one.acked() == [f"m{number}" for number in range(60)]


async def test_one_slow_message_does_not_hold_up_the_loop() -> None:
    """SDK fault 1: blocking calls in the loop freeze everything, pings too."""
    async with platform() as one, connected(one, Store(seconds=1.0)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await one.system("ping", {"opaque": "x"})
        began = time.monotonic()
        await until(lambda: one.acks)
        assert time.monotonic() - began < 0.5


async def test_after_disconnect_the_new_connection_comes_before_the_old_one_goes() -> None:
    """SDK fault 10; and fault 2: what is at hand is acked on the socket that brought it."""
    async with platform() as one, connected(one, store := Store(seconds=0.4)):
        await until(lambda: one.lines)
        await one.push(TEXT, message_id="late")
        await one.system("disconnect", {"reason": "connection is expired"})
        await until(lambda: len(one.lines) == 2)
        assert one.living == 2
        assert one.most_living == 2
        await one.push(said(msgId="m2"), message_id="new")
        await until(lambda: len(one.acked()) >= 2 and {"late", "new"} <= set(one.acked()))
        where = {ack["headers"]["messageId"]: number for number, ack in one.acks}
        assert (where["late"], where["new"]) == (0, 1)
        await one.lines[0].close()
        await asyncio.sleep(0.1)
        assert (len(one.lines), len(one.opens)) == (2, 2)
        assert len(store.kept) == 2


async def test_a_connection_that_ends_at_once_is_not_reopened_in_a_hot_loop() -> None:
    """SDK fault 3: 437 opens in two seconds."""
    async with platform() as one:
        one.greeting = lambda line: line.close()
        async with connected(one, Store()):
            await asyncio.sleep(2.0)
    assert 2 <= len(one.opens) <= 5


async def test_a_disconnect_at_once_is_no_hot_loop_either() -> None:
    async with platform() as one:

        async def goodbye(line: websockets.ServerConnection) -> None:
            headers = {"topic": "disconnect", "messageId": "s"}
            await line.send(json.dumps({"type": "SYSTEM", "headers": headers, "data": "{}"}))

        one.greeting = goodbye
        async with connected(one, Store()):
            await asyncio.sleep(2.0)
    assert 2 <= len(one.opens) <= 5


async def test_opens_that_fail_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDK fault 4: its pauses are fixed; here they double up to a minute, with some chance in them."""
    slept: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real_sleep(0)

    async with platform() as one:
        one.troubles = [Later("busy"), Refused("HTTP 401 authFailed"), OSError("no network"), TimeoutError()] * 3
        monkeypatch.setattr(stream.asyncio, "sleep", sleep)
        monkeypatch.setattr(stream.random, "uniform", lambda _low, _high: 1.0)
        async with connected(one, Store()) as line:
            await asyncio.wait_for(line.connected.wait(), 3)
            monkeypatch.undo()
    pauses = [seconds for seconds in slept if seconds >= 0.5]  # what follows is the SDK's and the socket's own
    assert pauses[:12] == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30]


async def test_wrong_credentials_are_said_with_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    async with platform() as one:
        one.troubles = [Refused("HTTP 401 authFailed")]
        async with connected(one, Store()):
            await until(lambda: "DINGTALK_CLIENT_ID" in caplog.text)


async def test_a_silent_socket_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """SDK fault 11: it never notices that nothing comes any more."""
    monkeypatch.setattr(stream, "_SILENCE", 0.3)
    async with platform() as one, connected(one, store := Store()):
        await until(lambda: len(one.lines) >= 2)
        await until(lambda: one.living == 1)
        await one.push(TEXT)
        await until(lambda: store.kept)


async def test_it_can_be_stopped_in_a_pause_and_while_opening() -> None:
    """SDK fault 5: a cancelled client goes on."""
    async with platform() as one:
        one.troubles = [Later("busy")] * 50
        async with connected(one, Store()):
            await until(lambda: one.opens)
    assert len(one.opens) == 1


async def test_a_stop_acks_what_is_being_stored() -> None:
    async with platform() as one:
        async with connected(one, store := Store(seconds=0.4)):
            await until(lambda: one.lines)
            await one.push(TEXT)
            await asyncio.sleep(0.1)
        await until(lambda: one.acks)
    assert len(store.kept) == 1
    assert one.acked() == ["m1"]


@pytest.mark.parametrize(
    "raw",
    [
        "not json",
        "[]",
        "{}",
        "null",
        '{"headers": null}',
        '{"headers": {"topic": "x"}, "type": "SURPRISE", "data": "{}"}',
        '{"headers": {"topic": "/v1.0/im/bot/messages/get"}, "type": "CALLBACK", "data": "not json"}',
        '{"headers": {"topic": "/v1.0/im/bot/messages/get"}, "type": "CALLBACK", "data": "[1]"}',
        '{"headers": {"topic": "/v1.0/im/bot/messages/get"}, "type": "CALLBACK"}',
        '{"headers": {"topic": "/v1.0/card/instances/callback", "messageId": "c"}, "type": "CALLBACK", "data": "{}"}',
        '{"headers": {"topic": "*", "eventType": "user_leave_org"}, "type": "EVENT", "data": "{}"}',
        '{"headers": {"topic": "CONNECTED"}, "type": "SYSTEM", "data": "{}"}',
        b"\xff\xfe",
    ],
)
async def test_strange_frames_end_nothing(raw: str | bytes) -> None:
    async with platform() as one, connected(one, store := Store()):
        await until(lambda: one.lines)
        await one.lines[0].send(raw)
        await one.push(TEXT, message_id="good")
        await until(lambda: "good" in one.acked())
        assert len(one.lines) == 1
    assert len(store.kept) == 1


async def test_a_message_without_an_id_is_acked_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing could be done with a second copy either."""
    async with platform() as one, connected(one, store := Store()):
        await until(lambda: one.lines)
        await one.push(said(msgId=""))
        await until(lambda: one.acks)
    assert store.kept == []
    assert "left out" in caplog.text


async def test_an_ack_that_cannot_be_sent_is_no_disaster(caplog: pytest.LogCaptureFixture) -> None:
    async with platform() as one, connected(one, store := Store(seconds=0.2)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await asyncio.sleep(0.05)
        one.lines[0].transport.abort()
        await until(lambda: store.kept)
        await until(lambda: len(one.lines) == 2)
        await one.push(TEXT, message_id="copy")
        await until(lambda: "copy" in one.acked())
    assert "Traceback" not in caplog.text


async def test_the_log_knows_no_ticket_and_no_session(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "dingtalk_stream")
    caplog.set_level(logging.DEBUG, "bot")
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await one.system("ping", {"opaque": "x"})
        await until(lambda: len(one.acks) == 2)
    assert "ticket" not in caplog.text
    assert "79b484d4b" not in caplog.text
    assert "unknown message topic" not in caplog.text  # SDK fault 9
