"""The stream: a connection that survives what the platform does to it, tried against a platform of a few lines."""

import asyncio
import json
import logging

import pytest

from bot.channels import Refused, line, stream
from bot.channels.line import AGENT, SUBSCRIPTIONS
from tests.small_platform import TEXT, Store, connected, platform, said, until


async def test_stored_then_acked_on_the_same_socket() -> None:
    free = asyncio.Event()
    async with platform() as one, connected(one, store := Store(free=free)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await until(lambda: store.begun)
        await asyncio.sleep(0.05)
        assert (store.kept, one.acks) == ([], [])
        free.set()
        await until(lambda: one.acks)
        assert [inbound.text for inbound in store.kept] == ["hello DingTalk!"]
    number, ack = one.acks[0]
    assert (number, ack["code"], ack["headers"]["messageId"]) == (0, 200, "m1")
    assert ack["headers"]["contentType"] == "application/json"
    assert isinstance(ack["data"], str)
    assert one.asked[0] == {"subscriptions": SUBSCRIPTIONS, "agent": AGENT}
    assert one.tickets == ["/connect?ticket=ticket%2F1%2B%3D"]


async def test_a_ping_brings_its_opaque_back() -> None:
    async with platform() as one, connected(one, Store()):
        await until(lambda: one.lines)
        await one.system("ping", {"opaque": "0d0b"})
        await until(lambda: one.acks)
    ack = one.acks[0][1]
    assert (ack["code"], json.loads(ack["data"])) == (200, {"opaque": "0d0b"})


async def test_wrong_credentials_are_said_with_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    async with platform() as one:
        one.troubles = [Refused("HTTP 401 authFailed")]
        async with connected(one, Store()):
            await until(lambda: "DINGTALK_CLIENT_ID" in caplog.text)


async def test_a_stop_acks_what_is_being_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (line, stream):
        monkeypatch.setattr(room, "LAST_ACKS", 60.0)
    async with platform() as one:
        async with connected(one, store := Store(seconds=0.4)):
            await until(lambda: one.lines)
            await one.push(TEXT)
            await until(lambda: store.begun)
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
    free = asyncio.Event()
    async with platform() as one, connected(one, store := Store(free=free)):
        await until(lambda: one.lines)
        await one.push(TEXT)
        await until(lambda: store.begun)
        one.lines[0].transport.abort()
        free.set()
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
