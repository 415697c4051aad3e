"""The gateway stand-in keeps the platform's rules: checked from outside, over real sockets."""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest

from bot.demo import show
from bot.sandbox.__main__ import loopback, read_settings
from bot.sandbox.masking import masked
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, JSON, ROOT, WORLD, SandboxProcess, sandbox

pytestmark = pytest.mark.wire

TOPIC = "/v1.0/im/bot/messages/get"
BOT = [{"type": "CALLBACK", "topic": TOPIC}]
START = "2022-05-18T09:00:00+08:00"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(scope="module")
def shared() -> Iterator[SandboxProcess]:
    """One gateway for the tests that only ask; they use different people."""
    with sandbox(clock_start=START, qps=10_000, ping_seconds=60) as box:
        yield box


# a client of the stream protocol, no more than the tests need


class Wire:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def frame(self, timeout: float = 60.0) -> JSON:
        frame = json.loads(await asyncio.wait_for(self.socket.receive_str(), timeout))
        assert isinstance(frame["data"], str)
        return {**frame, "data": json.loads(frame["data"])}

    async def silent(self, seconds: float = 0.25) -> bool:
        try:
            await self.frame(seconds)
        except TimeoutError:
            return True
        return False

    async def ack(self, frame: JSON, code: int = 200) -> None:
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        answer = {"code": code, "headers": headers, "message": "OK", "data": '{"response": null}'}
        await self.socket.send_str(json.dumps(answer))

    async def hears(self, text: str) -> JSON:
        frame = await self.frame()
        assert frame["data"]["text"]["content"] == text
        await self.ack(frame)
        return frame


def ticket(box: SandboxProcess, subscriptions: list[JSON] | None = None) -> str:
    body = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "subscriptions": subscriptions or BOT}
    answer = box.http.post("/v1.0/gateway/connections/open", json=body, headers={"Accept": "application/json"})
    return str(answer.raise_for_status().json()["ticket"])


@asynccontextmanager
async def wire(
    box: SandboxProcess, subscriptions: list[JSON] | None = None, *, with_ticket: str | None = None
) -> AsyncIterator[Wire]:
    url = f"{box.url}/connect?ticket={with_ticket or ticket(box, subscriptions)}"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield Wire(socket)


def send(box: SandboxProcess, key: str, param: JSON | str, **more: Any) -> httpx.Response:
    body = {
        "robotCode": CLIENT_ID,
        "userIds": ["zhang"],
        "msgKey": key,
        "msgParam": param if isinstance(param, str) else json.dumps(param),
    }
    return box.call("/v1.0/robot/oToMessages/batchSend", body | more)


def upload(box: SandboxProcess, kind: str, name: str, content: bytes, token: str | None = None) -> JSON:
    if token is None:
        token = box.get("/gettoken", appkey=CLIENT_ID, appsecret=CLIENT_SECRET)["access_token"]
    query = {"access_token": token, "type": kind}
    answer = box.http.post("/media/upload", params=query, files={"media": (name, content)})
    return dict(answer.raise_for_status().json())


async def pushed(box: SandboxProcess, who: str, text: str = "在吗", chat: str = "direct") -> JSON:
    """The push data of something said, confirmed."""
    async with wire(box) as bot:
        box.say(who, text, chat)
        frame = await bot.frame()
        while text not in frame["data"]["text"]["content"]:  # left over by another test
            await bot.ack(frame)
            frame = await bot.frame()
        await bot.ack(frame)
        box.until(lambda: box.messages(who, chat)[-1]["read"])
    return dict(frame["data"])


# the official SDK, unmodified

ECHO_BOT = """
import dingtalk_stream
from dingtalk_stream import AckMessage

class EchoTextHandler(dingtalk_stream.ChatbotHandler):
    async def process(self, callback: dingtalk_stream.CallbackMessage):
        incoming_message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        self.reply_text('echo: ' + incoming_message.text.content.strip(), incoming_message)
        return AckMessage.STATUS_OK, 'OK'

credential = dingtalk_stream.Credential('{client_id}', '{client_secret}')
client = dingtalk_stream.DingTalkStreamClient(credential)
client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, EchoTextHandler())
client.start_forever()
"""


def test_the_official_sdk_answers() -> None:
    with sandbox(ping_seconds=0.1) as box:
        code = ECHO_BOT.format(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        environment = {**os.environ, "DINGTALK_OPENAPI_ENDPOINT": box.url, "NO_PROXY": "127.0.0.1"}
        bot = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            box.say("zhang", "你好")
            box.say("wang", "有人吗", "cidgroup")
            box.say("wai", "外单位的人")
            direct = box.until(lambda: box.replies("zhang"))
            group = box.until(lambda: box.replies("wang", "cidgroup"))
            outside = box.until(lambda: box.replies("wai"))
            box.until(lambda: box.messages("zhang")[0]["read"])
            box.until(lambda: box.ledger("ping"))
        finally:
            bot.kill()
            bot.wait()
        assert [m["text"] for m in direct + group + outside] == [
            "echo: 你好",
            "echo: 有人吗",
            "echo: 外单位的人",
        ]
        assert box.ledger("violation") == []


# opening


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"clientSecret": "wrong"}, 401, "authFailed"),
        ({"clientId": ""}, 400, "MissingclientId"),
        ({"subscriptions": []}, 400, "Missingsubscriptions"),
        ({"subscriptions": [{"type": "CALLBACK"}]}, 400, "Missingsubscriptions"),
    ],
)
def test_a_bad_open_is_refused(shared: SandboxProcess, change: JSON, status: int, code: str) -> None:
    body = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "subscriptions": BOT} | change
    answer = shared.http.post("/v1.0/gateway/connections/open", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "requestid"}


def test_without_accept_the_answer_is_xml(shared: SandboxProcess) -> None:
    body = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "subscriptions": BOT}
    answer = shared.http.post("/v1.0/gateway/connections/open", json=body)
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<ticket>" in answer.text


async def test_a_ticket_serves_one_connection(shared: SandboxProcess) -> None:
    good = ticket(shared)
    async with wire(shared, with_ticket=good):
        pass
    for bad in (good, "invented"):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            async with wire(shared, with_ticket=bad):
                pass


async def test_a_ticket_grows_stale() -> None:
    with sandbox(ticket_seconds=0.05) as box:
        old = ticket(box)
        await asyncio.sleep(0.1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with wire(box, with_ticket=old):
                pass


# pushes


async def test_a_push_has_the_platforms_shape(shared: SandboxProcess) -> None:
    async with wire(shared) as bot:
        shared.say("zhang", "你好")
        frame = await bot.frame()
        await bot.ack(frame)
    headers, data = frame["headers"], frame["data"]
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    assert set(headers) == {"appId", "connectionId", "contentType", "messageId", "time", "topic"}
    assert isinstance(headers["time"], str)
    assert headers["topic"] == TOPIC
    assert data["text"] == {"content": "你好"}
    assert (data["msgtype"], data["conversationType"]) == ("text", "1")
    assert (data["senderStaffId"], data["senderNick"]) == ("zhang", "张三")
    assert data["robotCode"] == CLIENT_ID
    assert isinstance(data["createAt"], int)
    assert 0 <= data["sessionWebhookExpiredTime"] - data["createAt"] - 5_400_000 < 240
    assert data["sessionWebhook"].startswith(f"{shared.url}/robot/sendBySession?session=")


async def test_in_a_group_only_what_ats_the_bot_is_pushed(shared: SandboxProcess) -> None:
    async with wire(shared) as bot:
        shared.say("zhang", "大家好", "cidgroup", at=False)
        shared.send_file("zhang", "表.xlsx", b"x", "application/vnd.ms-excel", "cidgroup", at="1")
        shared.say("zhang", "在没有机器人的群里", "cidalone")
        shared.say("zhang", "@自查 进度", "cidgroup")
        data = (await bot.hears(" 进度"))["data"]
        assert await bot.silent()
    assert (data["conversationType"], data["conversationId"]) == ("2", "cidgroup")
    assert data["isInAtList"] is True
    assert data["atUsers"][0]["dingtalkId"] == data["chatbotUserId"]


async def test_an_outsider_has_no_staff_id(shared: SandboxProcess) -> None:
    data = await pushed(shared, "wai")
    assert "senderStaffId" not in data
    assert data["senderCorpId"] != data["chatbotCorpId"]


async def test_files_are_fetched_by_code(shared: SandboxProcess) -> None:
    async with wire(shared) as bot:
        shared.send_file("zhang", "盖章 扫描.pdf", b"%PDF stamped", "application/pdf")
        shared.send_file("zhang", "章.png", PNG, "image/png")
        shared.send_file("zhang", "章.png", PNG, "image/png", text="这是章")
        shared.send_file("zhang", "声.amr", b"#!AMR", "audio/amr", recognition="没有数据", duration="1500")
        frames = [await bot.frame() for _ in range(4)]
        for frame in frames:
            await bot.ack(frame)
    by_type = {frame["data"]["msgtype"]: frame["data"]["content"] for frame in frames}
    assert by_type["file"]["fileName"] == "盖章 扫描.pdf"
    assert by_type["picture"]["downloadCode"] == by_type["picture"]["pictureDownloadCode"]
    assert [item.get("text") for item in by_type["richText"]["richText"]] == ["这是章", None]
    assert (by_type["audio"]["recognition"], by_type["audio"]["duration"]) == ("没有数据", 1500)

    code = by_type["file"]["downloadCode"]
    path = "/v1.0/robot/messageFiles/download"
    answer = shared.call(path, {"downloadCode": code, "robotCode": CLIENT_ID}).json()
    assert "Expires=" in answer["downloadUrl"]
    assert shared.http.get(answer["downloadUrl"]).content == b"%PDF stamped"
    wrong = shared.call(path, {"downloadCode": "x", "robotCode": CLIENT_ID})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalidParameter.robotCode.downloadCode")
    shown = shared.messages("zhang")[-4]
    assert (shown["kind"], shown["media"]["name"]) == ("file", "盖章 扫描.pdf")
    page = shared.http.get(shown["media"]["url"])
    assert page.content == b"%PDF stamped"
    assert "%E7%9B%96" in page.headers["content-disposition"]


def test_a_sample_lies_ready_for_visitors(tmp_path: Path) -> None:
    (tmp_path / "ready.png").write_bytes(PNG)
    ready = {"章（样张）.png": str(tmp_path / "ready.png"), "没有.png": str(tmp_path / "gone.png")}
    with sandbox({**WORLD, "samples": ready}) as box:
        assert box.get("/sandbox/world")["samples"] == list(ready)
        assert box.http.get("/sandbox/sample/章（样张）.png").content == PNG
        for name in ("没有.png", "world.json", "..%2Fworld.json"):
            assert box.http.get(f"/sandbox/sample/{name}").status_code == 404


async def test_a_code_may_expire_and_a_file_get_lost_on_the_way(shared: SandboxProcess) -> None:
    async with wire(shared) as bot:
        shared.send_file("zhang", "表.xlsx", b"PK", "application/octet-stream")
        frame = await bot.frame()
        await bot.ack(frame)
    asked = {"downloadCode": frame["data"]["content"]["downloadCode"], "robotCode": CLIENT_ID}
    path = "/v1.0/robot/messageFiles/download"
    shared.fault("expired_code")
    assert shared.call(path, asked).json()["code"] == "invalidParameter.robotCode.downloadCode"
    url = shared.call(path, asked).json()["downloadUrl"]
    shared.fault("lost_file")
    assert shared.http.get(url).status_code == 502
    assert shared.http.get(url).content == b"PK"


async def test_unconfirmed_is_pushed_again_with_the_same_msg_id() -> None:
    with sandbox(redeliver_seconds=0.2, first_redeliver_seconds=0.1, redeliver_times=2) as box:
        async with wire(box) as bot:
            box.say("zhang", "第一条")
            first, second = await bot.frame(), await bot.frame()
            assert first["data"]["msgId"] == second["data"]["msgId"]
            assert first["headers"]["messageId"] != second["headers"]["messageId"]
            await bot.ack(second, code=500)  # not a confirmation either
            third = await bot.frame()
            await bot.ack(third)
            assert await bot.silent(0.3)
            box.say("zhang", "第二条")
            assert len({(await bot.frame())["headers"]["messageId"] for _ in range(3)}) == 3
            assert await bot.silent(0.4)  # given up
        assert [m["read"] for m in box.messages("zhang")] == [True, False]


async def test_a_dead_socket_hands_its_messages_on(shared: SandboxProcess) -> None:
    async with wire(shared) as doomed:
        shared.say("zhang", "还在吗")
        first = await doomed.frame()
    async with wire(shared) as bot:
        second = await bot.hears("还在吗")
    assert first["data"]["msgId"] == second["data"]["msgId"]


async def test_messages_wait_for_a_connection_in_order(shared: SandboxProcess) -> None:
    for number in range(5):
        shared.say("zhang" if number % 2 else "wang", str(number))
    async with wire(shared) as bot:
        for number in range(5):
            await bot.hears(str(number))


async def test_several_connections_share_and_topics_are_kept(shared: SandboxProcess) -> None:
    async with (
        wire(shared) as one,
        wire(shared) as two,
        wire(shared, [{"type": "EVENT", "topic": "*"}]) as events,
    ):
        for number in range(30):
            shared.say("zhang", str(number))
        heard = [0, 0]

        async def hears(number: int, bot: Wire) -> None:
            while True:
                await bot.frame()
                heard[number] += 1

        both = [asyncio.create_task(hears(number, bot)) for number, bot in enumerate((one, two))]
        async with asyncio.timeout(60):
            while sum(heard) < 30:
                await asyncio.sleep(0.01)
        assert await events.silent(0.05)
        for task in both:
            task.cancel()
        await asyncio.wait(both)
        assert sum(heard) == 30
        assert min(heard) > 2
    async with wire(shared) as bot:
        for _ in range(30):
            await bot.ack(await bot.frame())


async def test_after_disconnect_nothing_is_delivered_and_the_socket_closes() -> None:
    with sandbox(disconnect_seconds=3.0) as box:
        async with wire(box) as old:
            box.fault("disconnect")
            goodbye = await old.frame()
            assert (goodbye["type"], goodbye["headers"]["topic"]) == ("SYSTEM", "disconnect")
            box.say("zhang", "有新连接吗")
            assert await old.silent(0.15)
            async with wire(box) as new:
                await new.hears("有新连接吗")
            message = await asyncio.wait_for(old.socket.receive(), 60)
            assert message.type is aiohttp.WSMsgType.CLOSE


async def test_a_ping_wants_its_opaque_back() -> None:
    with sandbox(ping_seconds=0.1) as box:
        async with wire(box) as bot:
            ping = await bot.frame()
            assert ping["headers"]["topic"] == "ping"
            await bot.ack(ping)
            box.until(lambda: box.ledger("violation"))
        assert "opaque" in box.ledger("violation")[0]["summary"]


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        '{"headers": {}}',
        '{"code": 200, "headers": {"contentType": "application/json"}, "data": "{}"}',
        '{"code": 200, "headers": {"messageId": "x"}, "data": "{}"}',
        '{"code": 200, "headers": {"messageId": "x", "contentType": "application/json"}, "data": {}}',
        '{"code": 200, "headers": {"messageId": "x", "contentType": "application/json"}, "data": "{}"}',
    ],
)
async def test_a_malformed_ack_is_noted(shared: SandboxProcess, bad: str) -> None:
    before = shared.latest()
    async with wire(shared) as bot:
        await bot.socket.send_str(bad)
        shared.until(lambda: [entry for entry in shared.ledger(after=before) if entry["kind"] == "violation"])


# tokens


def test_a_token_stays_the_same_until_it_expires(shared: SandboxProcess) -> None:
    login = {"appKey": CLIENT_ID, "appSecret": CLIENT_SECRET}
    first = shared.post("/v1.0/oauth2/accessToken", login)
    assert first == shared.post("/v1.0/oauth2/accessToken", login)
    assert first["expireIn"] == 7200
    wrong = shared.http.post("/v1.0/oauth2/accessToken", json=login | {"appSecret": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalidClientIdOrSecret")
    assert shared.get("/gettoken", appkey="x", appsecret="y")["errcode"] != 0
    shared.token = ""
    assert send(shared, "sampleText", {"content": "一"}).status_code == 200
    shared.fault("token_expire")
    expired = send(shared, "sampleText", {"content": "二"})
    assert (expired.status_code, expired.json()["code"]) == (400, "InvalidAuthentication")
    assert upload(shared, "image", "a.png", PNG, token="stale")["errcode"] == 40014
    shared.token = ""
    assert send(shared, "sampleText", {"content": "三"}).status_code == 200


# sending

CARD = {"title": "第一题", "text": "有没有？"}
LONG = {"content": "字" * 5_001}


def card(buttons: int) -> JSON:
    pairs = ((f"actionTitle{n}", f"actionURL{n}") for n in range(1, buttons + 1))
    return CARD | {name: "dtmd://dingtalkclient/sendMessage?content=1" for pair in pairs for name in pair}


@pytest.mark.parametrize(
    ("key", "param", "kind", "buttons"),
    [
        ("sampleText", {"content": "字" * 2_400}, "text", 0),
        ("sampleMarkdown", {"title": "t", "text": "**x**"}, "markdown", 0),
        ("sampleImageMsg", {"photoURL": "https://example.com/a.png"}, "image", 0),
        (
            "sampleLink",
            {
                "title": "t",
                "text": "x",
                "picUrl": "https://example.com/p",
                "messageUrl": "https://example.com",
            },
            "link",
            1,
        ),
        (
            "sampleActionCard",
            CARD | {"singleTitle": "开始", "singleURL": "https://example.com"},
            "actionCard",
            1,
        ),
        *((f"sampleActionCard{n}", card(n), "actionCard", n) for n in range(2, 6)),
        (
            "sampleActionCard6",
            CARD
            | {
                "buttonTitle1": "是",
                "buttonUrl1": "https://a",
                "buttonTitle2": "否",
                "buttonUrl2": "https://b",
            },
            "actionCard",
            2,
        ),
    ],
)
def test_each_kind_arrives(shared: SandboxProcess, key: str, param: JSON, kind: str, buttons: int) -> None:
    answer = send(shared, key, param, userIds=["p000"])
    assert answer.status_code == 200, answer.text
    shown = shared.messages("p000")[-1]
    assert (shown["kind"], len(shown["buttons"])) == (kind, buttons)
    assert shown["singleLine"] is (key == "sampleActionCard6")


@pytest.mark.parametrize(
    ("key", "param", "more", "code"),
    [
        ("sampleText", {}, {}, "miss.param.contentOfText"),
        ("sampleText", {"content": "x"}, {"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ("sampleText", {"content": "x"}, {"robotCode": None}, "invalidParameter.robotCode.empty"),
        ("sampleText", {"content": "x"}, {"userIds": []}, "invalidParameter.userIds.empty"),
        ("sampleText", {"content": "x"}, {"userIds": ["u"] * 21}, "invalidParameter.userIds.overMax"),
        ("sampleText", {"content": "x"}, {"msgParam": {"content": "x"}}, "invalidParameter.msgParam.invalid"),
        ("sampleText", "not json", {}, "invalidParameter.msgParam.invalid"),
        ("sampleText", LONG, {}, "invalidParameter.msgParam.tooLong"),
        ("sampleFeedCard", {}, {}, "invalidParameter.msgKey.invalid"),
        ("sampleActionCard3", card(2), {}, "miss.param.actionCardTobtnsTotitle"),
        ("sampleActionCard2", card(3), {}, "invalidParameter.param.invalid"),
        (
            "sampleFile",
            {"mediaId": "@x", "fileName": "a.pdf", "fileType": "pdf"},
            {},
            "invalidParameter.param.invalid",
        ),
        ("sampleImageMsg", {"photoURL": "@x"}, {}, "invalidParameter.param.invalid"),
    ],
)
def test_each_bad_send_has_its_code(shared: SandboxProcess, key: str, param: JSON | str, more: JSON, code: str) -> None:
    if isinstance(param, dict) and param is LONG:
        param = json.dumps(param, ensure_ascii=False)
    answer = send(shared, key, param, **more)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_200_may_hide_those_not_reached(shared: SandboxProcess) -> None:
    shared.fault("flow_control", 1)
    answer = send(shared, "sampleText", {"content": "提醒"}, userIds=["p001", "p002", "nobody", "wai"]).json()
    assert answer["flowControlledStaffIdList"] == ["p001"]
    assert answer["invalidStaffIdList"] == ["nobody", "wai"]
    assert answer["filteredStaffIdList"] == []
    assert [len(shared.messages(who)) for who in ("p001", "p002")] == [0, 1]


@pytest.mark.parametrize(
    ("conversation", "code"),
    [
        ("nowhere", "invalid.openConversationId"),
        ("cidalone", "invalidParameter.robotCode.notExsit"),
        (None, "miss.openConversationId"),
    ],
)
def test_a_group_must_have_the_robot(shared: SandboxProcess, conversation: str | None, code: str) -> None:
    body = {"robotCode": CLIENT_ID, "msgKey": "sampleText", "msgParam": '{"content": "x"}'}
    answer = shared.call("/v1.0/robot/groupMessages/send", body | {"openConversationId": conversation})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_group_read_state_and_recall(shared: SandboxProcess) -> None:
    here = {"robotCode": CLIENT_ID, "openConversationId": "cidgroup"}
    body = here | {"msgKey": "sampleText", "msgParam": '{"content": "通知"}'}
    key = shared.call("/v1.0/robot/groupMessages/send", body).json()["processQueryKey"]
    asked = here | {"processQueryKey": key, "maxResults": 1}
    shared.read("wang", "cidgroup")
    shared.read("zhang", "cidgroup")
    first = shared.call("/v1.0/robot/groupMessages/query", asked).json()
    assert (first["readUserIds"], first["hasMore"], first["sendStatus"]) == (["wang"], True, "SUCCESS")
    rest = shared.call("/v1.0/robot/groupMessages/query", asked | {"nextToken": first["nextToken"]}).json()
    assert (rest["readUserIds"], rest["hasMore"]) == (["zhang"], False)
    assert shared.messages("zhang", "cidgroup")[-1]["readCount"] == 2
    recalled = shared.call("/v1.0/robot/groupMessages/recall", here | {"processQueryKeys": [key]}).json()
    assert recalled == {"successResult": [key], "failedResult": {}}
    assert shared.messages("zhang", "cidgroup")[-1]["recalled"] is True


def test_read_state_and_recall_end_after_a_day() -> None:
    with sandbox(clock_start=START, glide_seconds=0.02) as box:
        key = send(box, "sampleText", {"content": "提醒"}, userIds=["zhang", "wang"]).json()["processQueryKey"]
        asked = {"robotCode": CLIENT_ID, "processQueryKey": key}
        path = "/v1.0/robot/oToMessages/readStatus"
        box.read("wang")
        state = box.call(path, asked, method="GET").json()
        people = {one["userId"]: one["readStatus"] for one in state["messageReadInfoList"]}
        assert (state["sendStatus"], people) == ("SUCCESS", {"zhang": "UNREAD", "wang": "READ"})
        box.clock(advance=24 * 3600 + 60)
        assert box.call(path, asked, method="GET").json()["code"] == "processQueryKey.expireTime"
        body = {"robotCode": CLIENT_ID, "processQueryKeys": [key]}
        recalled = box.call("/v1.0/robot/otoMessages/batchRecall", body).json()
        assert recalled["failedResult"] == {key: "robot.processQueryKey.expired"}


def test_twenty_calls_a_second() -> None:
    with sandbox() as box:
        answers = [send(box, "sampleText", {"content": "x"}) for _ in range(25)]
        refused = [answer for answer in answers if answer.status_code == 403]
        assert len(refused) == 5
        assert refused[0].json()["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
        assert len(box.messages("zhang")) == 20


def test_unknown_paths_and_broken_json(shared: SandboxProcess) -> None:
    answer = shared.http.post("/v1.0/robot/nothing", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "InvalidAction.NotFound")
    broken = shared.http.post("/v1.0/oauth2/accessToken", content=b"{")
    assert (broken.status_code, broken.json()["code"]) == (400, "invalidParameter.msgBody.invalid")


# sessionWebhook

BUTTON = {"title": "是", "actionURL": "dtmd://dingtalkclient/sendMessage?content=Q1%3DA"}


async def test_webhook_bodies(shared: SandboxProcess) -> None:
    link = {"title": "t", "text": "x", "messageUrl": "https://a", "picUrl": "https://p"}
    feed = {"links": [{"title": "t", "messageURL": "https://a", "picURL": "https://p"}]}
    bodies: list[JSON] = [
        {"msgtype": "text", "text": {"content": "@zhang 请完成"}, "at": {"atUserIds": ["zhang", "wang"]}},
        {"msgtype": "markdown", "markdown": {"title": "t", "text": "**x**"}},
        {"msgtype": "link", "link": link},
        {"msgtype": "actionCard", "actionCard": CARD | {"singleTitle": "好", "singleURL": "https://a"}},
        {"msgtype": "actionCard", "actionCard": CARD | {"btnOrientation": "1", "btns": [BUTTON, BUTTON]}},
        {"msgtype": "feedCard", "feedCard": feed},
        {"msgtype": "empty"},
    ]
    hook = (await pushed(shared, "zhang", "进度", "cidgroup"))["sessionWebhook"]
    before = len(shared.messages("zhang", "cidgroup"))
    for body in bodies:
        assert shared.http.post(hook, json=body).json() == {"errcode": 0, "errmsg": "ok"}
    shown = shared.messages("zhang", "cidgroup")[before:]
    kinds = ["text", "markdown", "link", "actionCard", "actionCard", "feedCard"]
    assert [message["kind"] for message in shown] == kinds
    assert (shown[0]["text"], shown[0]["atNames"]) == ("@张三 请完成", ["张三"])
    assert (shown[4]["singleLine"], len(shown[4]["buttons"])) == (True, 2)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (None, 40035),
        ({"msgtype": "image"}, 400105),
        ({"msgtype": "text"}, 40035),
        ({"msgtype": "text", "text": {"content": " "}}, 40035),
        ({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": ["u"] * 51}}, 40035),
        ({"msgtype": "actionCard", "actionCard": CARD}, 40035),
        ({"msgtype": "actionCard", "actionCard": CARD | {"btns": [{"title": "是"}]}}, 40035),
    ],
)
async def test_a_bad_webhook_body_is_a_200_with_an_errcode(
    shared: SandboxProcess, body: JSON | None, errcode: int
) -> None:
    hook = (await pushed(shared, "zhang"))["sessionWebhook"]
    answer = shared.http.post(hook, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errcode"]) == (200, errcode)


async def test_a_repeated_msg_uuid_is_not_shown_twice(shared: SandboxProcess) -> None:
    hook = (await pushed(shared, "p003"))["sessionWebhook"]
    body = {"msgtype": "text", "text": {"content": "一次"}, "msgUuid": "u-1"}
    assert [shared.http.post(hook, json=body).json()["errcode"] for _ in range(2)] == [0, 0]
    assert len(shared.replies("p003")) == 1


async def test_a_session_ends_after_ninety_minutes() -> None:
    with sandbox(clock_start=START, glide_seconds=0.02) as box:
        hook = (await pushed(box, "zhang"))["sessionWebhook"]
        body = {"msgtype": "text", "text": {"content": "好"}}
        assert box.http.post(hook, json=body).json()["errcode"] == 0
        box.clock(advance=89 * 60)
        assert box.http.post(hook, json=body).json()["errcode"] == 0
        box.clock(advance=2 * 60)
        answer = box.http.post(hook, json=body)
        assert (answer.status_code, answer.json()) == (200, {"errcode": 300001, "errmsg": "session 不存在"})
        unknown = box.http.post("/robot/sendBySession?session=x", json=body).json()
        assert unknown["errcode"] == 300001


def test_a_button_the_client_would_ignore_is_noted(shared: SandboxProcess) -> None:
    before = shared.latest()
    param = CARD | {"singleTitle": "是", "singleURL": "dtmd://dingtalkClient/sendMessage?content=1"}
    assert send(shared, "sampleActionCard", param).status_code == 200
    assert any("dingtalkClient" in e["summary"] for e in shared.ledger("violation", after=before))


# media


def test_an_uploaded_file_can_be_sent(shared: SandboxProcess) -> None:
    answer = upload(shared, "file", "反馈表.xlsx", b"PK sheet")
    assert (answer["errcode"], answer["type"]) == (0, "file")
    param = {"mediaId": answer["media_id"], "fileName": "紫金街道反馈表.xlsx", "fileType": "xlsx"}
    assert send(shared, "sampleFile", param, userIds=["p004"]).status_code == 200
    media = shared.messages("p004")[-1]["media"]
    assert (media["name"], media["size"]) == ("紫金街道反馈表.xlsx", 8)
    assert shared.http.get(media["url"]).content == b"PK sheet"


def test_an_uploaded_picture_is_shown_by_its_media_id(shared: SandboxProcess) -> None:
    answer = upload(shared, "image", "进度图.png", b"PNG")
    assert send(shared, "sampleImageMsg", {"photoURL": answer["media_id"]}, userIds=["p004"]).status_code == 200
    shown = shared.messages("p004")[-1]
    assert shown["kind"] == "image"
    assert shared.http.get(shown["media"]["url"]).content == b"PNG"


@pytest.mark.parametrize(
    ("kind", "name", "size", "errcode"),
    [
        ("file", "a.exe", 1, 40005),
        ("image", "a.pdf", 1, 40005),
        ("film", "a.mp4", 1, 40004),
        ("voice", "a.amr", (2 << 20) + 1, 40006),
        ("file", "a.pdf", (20 << 20) + 1, 40006),
        ("file", "a.pdf", 0, 40006),
    ],
)
def test_media_limits(shared: SandboxProcess, kind: str, name: str, size: int, errcode: int) -> None:
    assert upload(shared, kind, name, b"0" * size)["errcode"] == errcode


# weather


async def test_duplicates_and_lost_acks() -> None:
    with sandbox(redeliver_seconds=0.2) as box:
        async with wire(box) as bot:
            box.fault("duplicate")
            box.say("zhang", "一")
            one, two = await bot.frame(), await bot.frame()
            assert one["data"] == two["data"]
            assert one["headers"]["messageId"] != two["headers"]["messageId"]
            await bot.ack(one)
            await bot.ack(two)
            box.fault("drop_ack")
            box.say("zhang", "二")
            await bot.hears("二")
            await bot.hears("二")
            assert await bot.silent(0.4)


async def test_held_deliveries_arrive_late_but_in_order() -> None:
    with sandbox() as box:
        async with wire(box) as bot:
            box.fault("no_delivery", seconds=0.5)
            box.say("zhang", "一")
            box.say("wang", "二")
            assert await bot.silent(0.2)
            await bot.hears("一")
            await bot.hears("二")


def test_bad_weather_for_calls() -> None:
    with sandbox() as box:
        box.fault("throttle")
        assert send(box, "sampleText", {"content": "x"}).status_code == 403
        box.fault("http_500", path="/v1.0/robot")
        broken = send(box, "sampleText", {"content": "x"})
        assert (broken.status_code, broken.headers["content-type"].split(";")[0]) == (502, "text/html")
        assert box.messages("zhang") == []
        box.fault("http_500", after=True)
        assert send(box, "sampleText", {"content": "sent all the same"}).status_code == 502
        box.fault("hang", seconds=2.0)
        impatient = httpx.Timeout(60, read=0.1)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{box.url}/v1.0/oauth2/accessToken", json={}, timeout=impatient, trust_env=False)
        assert len(box.messages("zhang")) == 1
        listed = {fault["name"] for fault in box.get("/sandbox/fault")["faults"]}
        assert {"duplicate", "disconnect", "drop_ack", "throttle", "token_expire"} <= listed
        assert box.http.post("/sandbox/fault", json={"name": "rain"}).status_code == 400


# clock, memory, page


def test_the_clock_glides_forward_only(tmp_path: Path) -> None:
    offset = tmp_path / "clock-offset.json"
    with sandbox(data=tmp_path / "box", clock_start=START, clock_file=offset) as box:
        asked = box.post("/sandbox/clock", {"to": "2022-05-18T12:30:00+08:00"})
        assert asked["running"] is True
        assert asked["now"] < "2022-05-18T11:00"
        assert box.clock() >= "2022-05-18T12:30:00+08:00"
        back = box.http.post("/sandbox/clock", json={"to": START})
        assert back.status_code == 400
        assert "时间只能向前走" in back.json()["error"]
        shown = datetime.now().astimezone() + timedelta(seconds=json.loads(offset.read_text())["offset"])
        assert abs(shown - datetime.fromisoformat(box.clock())) < timedelta(seconds=30)
    with sandbox(data=tmp_path / "box", clock_start=START) as box:
        assert "2022-05-18T12:30:00" <= box.clock() < "2022-05-18T12:31:00"


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with sandbox(data=tmp_path) as box:
        box.send_file("zhang", "a.png", PNG, "image/png")
        send(box, "sampleText", {"content": "提醒"}, userIds=["zhang"])
        box.read("zhang")
        last = box.latest()
    with sandbox(data=tmp_path) as box:
        picture, reminder = box.messages("zhang")
        assert box.http.get(picture["media"]["url"]).content == PNG
        assert reminder["read"] is True
        async with wire(box) as bot:
            frame = await bot.frame()
            await bot.ack(frame)
        assert frame["data"]["sessionWebhook"].startswith(box.url)
        assert box.http.post(frame["data"]["sessionWebhook"], json={"msgtype": "empty"}).json()["errcode"] == 0
        assert box.ledger(after=last)


def test_the_pages_lists(shared: SandboxProcess) -> None:
    world = shared.get("/sandbox/world")
    assert [p["staffId"] for p in world["personas"]] == ["zhang", "wang"]
    assert (world["peopleCount"], world["robot"]["name"]) == (33, "自查")
    found = shared.http.get("/sandbox/people", params={"q": "群众", "limit": 3}).json()
    assert len(found) == 3
    send(shared, "sampleMarkdown", {"title": "明天截止", "text": "x"}, userIds=["p005"])
    direct = shared.http.get("/sandbox/chats", params={"as": "p005"}).json()[0]
    assert (direct["chat"], direct["lastText"], direct["unread"]) == ("direct", "明天截止", 1)
    shared.read("p005")
    assert shared.http.get("/sandbox/chats", params={"as": "p005"}).json()[0]["unread"] == 0
    assert shared.http.get("/sandbox/chats", params={"as": "nobody"}).status_code == 404
    assert shared.http.get("/page/%2e%2e/app.py").status_code == 404


def test_a_person_may_recall_only_what_they_said(shared: SandboxProcess) -> None:
    row = shared.say("p006", "说错了", at=False)
    assert shared.http.post("/sandbox/recall", json={"as": "p007", "id": row}).status_code == 400
    shared.post("/sandbox/recall", {"as": "p006", "id": row})
    message = shared.messages("p006")[-1]
    assert (message["text"], message["recalled"]) == ("", True)


async def test_a_page_hears_what_happens(shared: SandboxProcess) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{shared.url}/sandbox/events?as=p008&ledger=1"
        async with session.get(url) as stream:
            send(shared, "sampleText", {"content": "看得见"}, userIds=["p008", "p009"])
            shared.read("p008")
            heard: list[tuple[str, JSON]] = []
            while not any(name == "update" for name, _ in heard):
                block = (await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 60)).decode()
                name, data = block.strip().split("\n")
                heard.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    by_name = dict(heard)
    assert set(by_name) >= {"clock", "message", "update", "ledger"}
    assert (by_name["message"]["chat"], by_name["message"]["text"]) == ("direct", "看得见")
    assert (by_name["message"]["read"], by_name["update"]["read"]) == (False, True)
    assert len([name for name, _ in heard if name == "message"]) == 1


async def test_the_ledger_shows_no_secret_and_no_personal_number(shared: SandboxProcess) -> None:
    before = shared.latest()
    data = await pushed(shared, "zhang", "身份证332501199001011234，电话13812345678")
    send(shared, "sampleText", {"content": "33250119900101123X"}, userIds=["p010"])
    shown = json.dumps(shared.ledger(after=before), ensure_ascii=False)
    session = urlsplit(data["sessionWebhook"]).query.removeprefix("session=")
    for secret in (
        session,
        CLIENT_SECRET,
        shared.token,
        "332501199001011234",
        "13812345678",
        "33250119900101123X",
    ):
        assert secret not in shown
    assert "138****5678" in shown


def test_masking_is_by_name_and_by_shape() -> None:
    seen = masked({"accessToken": "abc", "n": 13812345678, "createAt": 1652835600000, "u": "x?ticket=1-2&a=b"})
    assert seen == {
        "accessToken": "***",
        "n": "138****5678",
        "createAt": 1652835600000,
        "u": "x?ticket=***&a=b",
    }


# process


def test_only_loopback() -> None:
    assert loopback("127.0.0.1") == "127.0.0.1"
    with pytest.raises(argparse.ArgumentTypeError):
        loopback("0.0.0.0")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "10.0.0.1", "8.8.8.8"])
def test_it_does_not_start_on_another_address(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--data", str(tmp_path), "--world", str(tmp_path / "w"), "--host", host])
    assert "loopback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--client-id", "ding" + "a1b2c3d4" * 2),
        ("--client-secret", "Aa1_" * 16),
        ("--robot-code", "ding" + "z9y8x7w6" * 2),
        ("--zzd-app-secret", "q1W2" * 10),
    ],
)
def test_it_refuses_credentials_that_look_real(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--data", str(tmp_path), "--world", str(tmp_path / "w"), option, value])
    told = capsys.readouterr().err
    assert "real credential" in told
    assert value not in told


def test_the_demo_leaves_credentials_of_the_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment holds, the demo goes to its own gateway with its own invented names."""
    real = {
        "DINGTALK_CLIENT_ID": "ding" + "a1b2c3d4" * 2,
        "DINGTALK_CLIENT_SECRET": "Aa1_" * 16,
        "DINGTALK_ROBOT_CODE": "ding" + "a1b2c3d4" * 2,
        "DINGTALK_CORP_ID": "ding" + "9" * 30,
        "DINGTALK_OPENAPI_ENDPOINT": "https://api.dingtalk.com",
        "ZICHA_DATABASE_URL": "postgresql+psycopg://u:pass@db/real",
        "ZICHA_KEY": "not for the demo",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    config = show.settings(tmp_path, "http://127.0.0.1:1")
    held = [config.client_id, config.client_secret.reveal(), config.robot_code, config.corp_id]
    held += [config.openapi_endpoint, config.oapi_endpoint, config.database_url, config.key_text.reveal()]
    assert not set(held) & set(real.values())
    assert config.openapi_endpoint == config.oapi_endpoint == "http://127.0.0.1:1"


def test_it_stops_when_asked_or_left_alone() -> None:
    with sandbox() as box:
        box.process.send_signal(signal.SIGTERM)
        assert box.process.wait(timeout=60) == 0
    with sandbox() as box:
        assert box.process.stdin
        box.process.stdin.close()
        assert box.process.wait(timeout=60) == 0


def test_it_shares_no_code_with_the_bot() -> None:
    looked = 0
    for path in (ROOT / "bot" / "sandbox").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots = {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, path
                roots = {(node.module or "").split(".")[0]} if node.level == 0 else set()
            else:
                continue
            looked += 1
            assert roots <= {*sys.stdlib_module_names, "aiohttp"}, path
    assert looked > 50
