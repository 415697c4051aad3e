"""DingTalk's APIs from our side: the token, what each answer means, how our bodies are worded. No sockets."""

import asyncio
import io
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from bot.channels import (
    Attachment,
    DeliveryError,
    Doubtful,
    Later,
    Parcel,
    Receipt,
    Refused,
    TooLarge,
    outcomes,
    wording,
)
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.downloads import checked, is_inside
from bot.config import load
from handlers.messages import Address, ChatKind, Choice, Reply, Text

JSON = dict[str, Any]
NOW = datetime(2022, 5, 18, 9, 0, tzinfo=UTC)
LI, ZHANG = (Address("dingtalk", ChatKind.DIRECT, who) for who in ("li", "zhang"))
GROUP = Address("dingtalk", ChatKind.GROUP, "cidZijin==")
HELLO = Text("您好", "自查")
BAD_TOKEN = httpx.Response(400, json={"code": "InvalidAuthentication", "message": "不合法的access_token"})
TAKEN = {"processQueryKey": "q+1/2="}
SEND, GROUP_SEND = "/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/groupMessages/send"
LOGIN, UPLOAD = "/v1.0/oauth2/accessToken", "/media/upload"
DOWNLOAD, FILE = "/v1.0/robot/messageFiles/download", "http://files.example/a?Expires=1"

Answer = httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


class Platform:
    """Answers from a list for each path, the last one for ever, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.answers: dict[str, list[Answer]] = {}

    def will(self, path: str, *answers: Answer) -> "Platform":
        self.answers[path] = list(answers)
        return self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        waiting = self.answers.get(request.url.path)
        if waiting:
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(answer, Exception):
                raise answer
            if callable(answer):
                return await answer(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        if request.url.path == LOGIN:
            self.tokens += 1
            await asyncio.sleep(0.01)
            return httpx.Response(200, json={"accessToken": f"token{self.tokens}", "expireIn": 7200})
        if request.url.path == UPLOAD:
            return httpx.Response(200, json={"errcode": 0, "media_id": "@lA1"})
        return httpx.Response(200, json=TAKEN)

    def bodies(self, path: str) -> list[JSON]:
        return [json.loads(request.content) for request in self.asked if request.url.path == path]

    def count(self, path: str) -> int:
        return sum(request.url.path == path for request in self.asked)


def channel(platform: Platform, sessions: Sessions | None = None, **settings: object) -> DingTalk:
    values: dict[str, object] = {
        "client_id": "dingapp",
        "client_secret": "secret",
        "robot": "",
        "openapi_endpoint": "https://api.example",
        "oapi_endpoint": "https://oapi.example",
        "reply_by": "webhook",
        "qps": 1000,
    }
    config = load(**(values | settings))
    return DingTalk(config, sessions or Sessions(), lambda: NOW, transport=httpx.MockTransport(platform))


def parcel(body: Any = HELLO, *to: Address, reply: bool = True) -> Parcel:
    return Parcel(key="robot/msg1#0", to=to or (LI,), body=body, reply=reply)


async def deliver(
    platform: Platform, *letters: Parcel, sessions: Sessions | None = None, **settings: object
) -> list[Receipt]:
    api = channel(platform, sessions, **settings)
    try:
        return [await api.deliver(letter) for letter in letters or (parcel(),)]
    finally:
        await api.close()


# ---------------------------------------------------------------- the token


async def test_one_token_serves_many() -> None:
    platform = Platform()
    await deliver(platform, *[parcel()] * 3)
    assert (platform.tokens, platform.count(SEND)) == (1, 3)
    assert json.loads(platform.asked[0].content) == {"appKey": "dingapp", "appSecret": "secret"}
    assert {request.headers["x-acs-dingtalk-access-token"] for request in platform.asked[1:]} == {"token1"}


async def test_many_at_once_fetch_one_token() -> None:
    platform = Platform()
    api = channel(platform)
    await asyncio.gather(*(api.deliver(parcel()) for _ in range(12)))
    await api.close()
    assert (platform.tokens, platform.count(SEND)) == (1, 12)


async def test_a_refused_token_is_fetched_anew_once() -> None:
    platform = Platform().will(SEND, BAD_TOKEN, httpx.Response(200, json=TAKEN))
    assert (await deliver(platform))[0].id == TAKEN["processQueryKey"]
    assert (platform.tokens, platform.count(SEND)) == (2, 2)
    assert platform.asked[-1].headers["x-acs-dingtalk-access-token"] == "token2"
    assert platform.asked[-1].content == platform.asked[1].content


async def test_many_at_once_with_an_expired_token_fetch_one_new_one() -> None:
    platform = Platform()
    api = channel(platform)
    await api.deliver(parcel())

    async def only_the_second(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.01)
        good = request.headers["x-acs-dingtalk-access-token"] == "token2"
        return httpx.Response(200, json=TAKEN) if good else BAD_TOKEN

    platform.will(SEND, only_the_second)
    await asyncio.gather(*(api.deliver(parcel()) for _ in range(10)))
    await api.close()
    assert platform.tokens == 2


async def test_a_token_refused_again_is_no_loop() -> None:
    platform = Platform().will(SEND, BAD_TOKEN)
    with pytest.raises(Later):
        await deliver(platform)
    assert (platform.tokens, platform.count(SEND)) == (2, 2)


async def test_wrong_credentials_name_the_settings() -> None:
    wrong = httpx.Response(400, json={"code": "invalidClientIdOrSecret", "message": "x"})
    platform = Platform().will(LOGIN, wrong)
    with pytest.raises(Later, match=r"DINGTALK_CLIENT_ID.*DINGTALK_CLIENT_SECRET") as told:
        await deliver(platform)
    assert told.value.delay >= 10
    assert platform.count(SEND) == 0


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(502, text="<html>bad gateway</html>"),
        httpx.Response(200, text=""),
        httpx.ReadTimeout("no answer"),
        httpx.ReadError("reset"),
        httpx.ConnectError("refused"),
    ],
    ids=["502", "empty", "read timeout", "reset", "refused"],
)
async def test_trouble_with_the_token_is_never_doubtful(trouble: Answer) -> None:
    """Nothing was said to anybody yet: the letter goes out later, and nobody has to look into it."""
    platform = Platform().will(LOGIN, trouble)
    with pytest.raises(Later):
        await deliver(platform)
    assert platform.count(SEND) == 0
    with pytest.raises(Later):
        await deliver(platform, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))


async def test_a_token_is_renewed_before_it_ends() -> None:
    short = httpx.Response(200, json={"accessToken": "short", "expireIn": 301})
    platform = Platform().will(LOGIN, short)
    api = channel(platform)
    await api.deliver(parcel())
    await api.deliver(parcel())
    assert platform.count(LOGIN) == 1
    await asyncio.sleep(1.05)
    await api.deliver(parcel())
    await api.close()
    assert platform.count(LOGIN) == 2


# ---------------------------------------------------------------- what an answer means

JUDGED: list[tuple[int, str | JSON, type[DeliveryError] | None, float | None]] = [
    (200, TAKEN, None, None),
    (200, {"errcode": 0, "errmsg": "ok"}, None, None),
    (200, {"errcode": "0", "errmsg": "ok"}, None, None),  # the docs show a string
    (200, {}, None, None),
    (200, {"processQueryKey": "k", "status": 1}, None, None),
    (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x"}, Later, 1),
    (403, {"Code": "Forbidden.AccessDenied.QpsLimitForApi", "Message": "x"}, Later, 1),
    (403, {"code": "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"}, Later, 20),
    (403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg"}, Later, 3600),
    (403, {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied"}, Refused, None),
    (403, {"code": "Forbidden.AccessDenied.IpNotInWhiteList"}, Refused, None),
    (400, {"code": "send.too.fast"}, Later, 5),
    (400, {"code": "send.byToken.tooFast"}, Later, 5),
    (400, {"code": "too.many.group"}, Later, 5),
    (400, {"code": "too.many.people"}, Later, 5),
    (400, {"code": "InvalidAuthentication"}, Later, 1),
    (400, {"code": "invalidParameter.robotCode.auth"}, Refused, None),
    (400, {"code": "invalid.openConversationId"}, Refused, None),
    (400, {"code": "contain.notAllowed.text"}, Refused, None),
    (400, {"code": "robot.oto.notExist"}, Refused, None),
    (404, {"code": "InvalidAction.NotFound"}, Refused, None),
    (429, {"code": "system.busy"}, Later, 2),
    (429, {"code": "systemBusy"}, Later, 2),
    (429, {}, Later, 2),
    (500, {"code": "system.error"}, Later, 5),
    (500, {"code": "ServiceUnavailable"}, Later, 5),
    (503, {"code": "ServiceUnavailable"}, Later, 5),
    (500, {}, Doubtful, None),
    (502, {"code": "odd"}, Doubtful, None),
    (504, {}, Doubtful, None),
    (200, {"errcode": 90018, "errmsg": "x"}, Later, 1),
    (200, {"errcode": "90002"}, Later, 2),
    (200, {"errcode": 90020}, Later, 3600),
    (200, {"errcode": 90030}, Later, 3600),
    (200, {"errcode": 40014}, Later, 1),
    (200, {"errcode": 42001}, Later, 1),
    (200, {"errcode": 88, "sub_code": "40014", "sub_msg": "x"}, Later, 1),
    (200, {"errcode": 88, "sub_code": "90018", "sub_msg": "x"}, Later, 1),
    (200, {"errcode": 88, "sub_code": "60011", "sub_msg": "x"}, Refused, None),
    (200, {"errcode": 130101}, Later, 600),
    (200, {"errcode": 410100}, Later, 600),
    (200, {"errcode": -1}, Later, 2),
    (200, {"errcode": 300001, "errmsg": "session 不存在"}, Refused, None),
    (200, {"errcode": 60020}, Refused, None),
    (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}, Later, 300),
    (403, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, Later, 300),
    (200, "<html>您的访问过于频繁</html>", Later, 300),
    (403, "<html>blocked</html>", Later, 300),
    (200, "", Doubtful, None),
    (200, "null", Doubtful, None),
    (502, "<html>502 Bad Gateway</html>", Doubtful, None),
    (503, "", Doubtful, None),
    (504, "<html></html>", Doubtful, None),
]


@pytest.mark.parametrize(("status", "answer", "meaning", "delay"), JUDGED, ids=str)
def test_every_answer_is_judged_by_its_code(
    status: int, answer: str | JSON, meaning: type[DeliveryError] | None, delay: float | None
) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    if meaning is None:
        assert outcomes.read(status, text) == answer
        return
    with pytest.raises(DeliveryError) as told:
        outcomes.read(status, text)
    assert isinstance(told.value, meaning)
    if isinstance(told.value, Later):
        assert told.value.delay == delay


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"errcode": 0, "errmsg": "成功"}'.encode(), "application/json"),
        ('{"errcode": 0, "errmsg": "成功"}'.encode("gbk"), "application/json;charset=GBK"),
        (b'{"errcode": 0, "errmsg": "\xff"}', "application/json"),
    ],
    ids=["UTF-8", "as its header says", "with a byte that is none"],
)
def test_what_was_taken_is_taken_in_whatever_letters_it_is_said(content: bytes, kind: str) -> None:
    answer = httpx.Response(200, content=content, headers={"Content-Type": kind})
    assert outcomes.of(answer)["errcode"] == 0


@pytest.mark.parametrize(
    ("trouble", "meaning"),
    [
        (httpx.ConnectError("refused"), Later),
        (httpx.ConnectTimeout("slow"), Later),
        (httpx.PoolTimeout("full"), Later),
        (httpx.ReadTimeout("no answer"), Doubtful),
        (httpx.WriteTimeout("stuck"), Doubtful),
        (httpx.ReadError("reset"), Doubtful),
        (httpx.RemoteProtocolError("closed without an answer"), Doubtful),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
@pytest.mark.parametrize("by", ["webhook", "openapi"])
async def test_the_network_is_judged_by_what_may_have_been_taken(
    trouble: Exception, meaning: type[DeliveryError], by: str
) -> None:
    platform = Platform().will(SEND, trouble).will("/robot/sendBySession", trouble)
    sessions = Sessions()
    sessions.remember(LI, "https://oapi.example/robot/sendBySession?session=s1", NOW + timedelta(hours=1))
    with pytest.raises(DeliveryError) as told:
        await deliver(platform, reply_by=by, sessions=sessions)
    assert type(told.value) is meaning
    assert "session=" not in str(told.value)


# ---------------------------------------------------------------- whom it reached


async def test_a_batch_says_who_was_left_out() -> None:
    answer = {
        **TAKEN,
        "invalidStaffIdList": ["gone"],
        "filteredStaffIdList": ["filtered"],
        "flowControlledStaffIdList": ["busy"],
    }
    platform = Platform().will(SEND, httpx.Response(200, json=answer))
    people = tuple(Address("dingtalk", ChatKind.DIRECT, who) for who in ("li", "gone", "filtered", "busy"))
    receipt = (await deliver(platform, parcel(HELLO, *people, reply=False)))[0]
    assert platform.bodies(SEND)[0]["userIds"] == ["li", "gone", "filtered", "busy"]
    untaken = {address.id: type(error) for address, error in receipt.untaken.items()}
    assert untaken == {"gone": Refused, "filtered": Refused, "busy": Later}
    assert receipt.id == TAKEN["processQueryKey"]


async def test_no_more_than_twenty_at_once() -> None:
    assert DingTalk.most_together == 20


async def test_private_and_group_go_their_ways() -> None:
    platform = Platform()
    await deliver(platform, parcel(HELLO, LI), parcel(HELLO, GROUP))
    private, group = platform.bodies(SEND)[0], platform.bodies(GROUP_SEND)[0]
    assert private["userIds"] == ["li"]
    assert "openConversationId" not in private
    assert group["openConversationId"] == "cidZijin=="
    assert "userIds" not in group
    assert private["robotCode"] == group["robotCode"] == "dingapp"
    assert json.loads(private["msgParam"]) == {"title": "自查", "text": "您好"}


async def test_the_robot_code_can_be_another_one() -> None:
    platform = Platform()
    await deliver(platform, robot="dingrobot")
    assert platform.bodies(SEND)[0]["robotCode"] == "dingrobot"


# ---------------------------------------------------------------- sessions

HOOK = "https://oapi.example/robot/sendBySession?session=s1"


def remembered(minutes: float = 90, chat: Address = LI) -> Sessions:
    sessions = Sessions()
    sessions.remember(chat, HOOK, NOW + timedelta(minutes=minutes))
    return sessions


async def test_a_reply_goes_by_the_session_without_a_token() -> None:
    platform = Platform().will("/robot/sendBySession", httpx.Response(200, json={"errcode": 0}))
    assert (await deliver(platform, sessions=remembered()))[0] == Receipt("webhook")
    assert [request.url.path for request in platform.asked] == ["/robot/sendBySession"]
    sent = platform.bodies("/robot/sendBySession")[0]
    assert sent["msgUuid"] == "robot/msg1#0"
    assert sent["markdown"] == {"title": "自查", "text": "您好"}


@pytest.mark.parametrize("letter", [parcel(reply=False), parcel(HELLO, ZHANG), parcel(HELLO, GROUP)])
async def test_reminders_and_other_chats_do_not_use_it(letter: Parcel) -> None:
    platform = Platform()
    await deliver(platform, letter, sessions=remembered())
    assert platform.count("/robot/sendBySession") == 0


@pytest.mark.parametrize("minutes", [-1, 0, 0.5, 1])
async def test_a_session_at_its_end_is_not_used(minutes: float) -> None:
    platform = Platform()
    await deliver(platform, sessions=remembered(minutes))
    assert platform.count("/robot/sendBySession") == 0


async def test_a_session_that_is_gone_falls_back_and_is_forgotten() -> None:
    gone = httpx.Response(200, json={"errcode": 300001, "errmsg": "session 不存在"})
    platform = Platform().will("/robot/sendBySession", gone)
    receipts = await deliver(platform, parcel(), parcel(), sessions=remembered())
    assert [receipt.id for receipt in receipts] == [TAKEN["processQueryKey"]] * 2
    assert (platform.count("/robot/sendBySession"), platform.count(SEND)) == (1, 2)


def test_sessions_are_bounded_and_the_oldest_go_first() -> None:
    sessions = Sessions(most=3)
    chats = [Address("dingtalk", ChatKind.DIRECT, str(n)) for n in range(4)]
    for chat in chats:
        sessions.remember(chat, HOOK, NOW + timedelta(hours=1))
    assert [bool(sessions.find(chat, NOW)) for chat in chats] == [False, True, True, True]


# ---------------------------------------------------------------- files


async def test_a_file_is_uploaded_and_sent_even_as_a_reply() -> None:
    platform = Platform()
    await deliver(platform, parcel(Attachment("反馈表.xlsx", io.BytesIO(b"PK sheet"))), sessions=remembered())
    upload = next(request for request in platform.asked if request.url.path == UPLOAD)
    assert parse_qs(urlsplit(str(upload.url)).query) == {"access_token": ["token1"], "type": ["file"]}
    assert b"PK sheet" in upload.content
    assert b'name="media"' in upload.content
    sent = platform.bodies(SEND)[0]
    assert sent["msgKey"] == "sampleFile"
    assert json.loads(sent["msgParam"]) == {"mediaId": "@lA1", "fileName": "反馈表.xlsx", "fileType": "xlsx"}


@pytest.mark.parametrize("kind", [ChatKind.DIRECT, ChatKind.GROUP])
async def test_a_picture_is_shown_in_the_chat(kind: ChatKind) -> None:
    platform = Platform()
    to = (Address("dingtalk", kind, "li"),)
    await deliver(platform, replace(parcel(Attachment("进度图.png", io.BytesIO(b"PNG"))), to=to))
    upload = next(request for request in platform.asked if request.url.path == UPLOAD)
    assert parse_qs(urlsplit(str(upload.url)).query)["type"] == ["image"]
    sent = platform.bodies(SEND if kind is ChatKind.DIRECT else GROUP_SEND)[0]
    assert sent["msgKey"] == "sampleImageMsg"
    assert json.loads(sent["msgParam"]) == {"photoURL": "@lA1"}


@pytest.mark.parametrize("errcode", [40014, 42001])
async def test_an_upload_with_an_old_token_is_tried_once_more(errcode: int) -> None:
    bad, good = httpx.Response(200, json={"errcode": errcode}), httpx.Response(200, json={"media_id": "@x"})
    platform = Platform().will(UPLOAD, bad, good)
    await deliver(platform, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))
    assert (platform.tokens, platform.count(UPLOAD), platform.count(SEND)) == (2, 2, 1)
    never = Platform().will(UPLOAD, bad)
    with pytest.raises(Later):
        await deliver(never, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))
    assert never.count(UPLOAD) == 2


@pytest.mark.parametrize("trouble", [httpx.ReadTimeout("x"), httpx.Response(502, text="<html>")], ids=["slow", "502"])
async def test_an_upload_without_an_answer_is_for_later(trouble: Answer) -> None:
    """Nobody has been told anything yet."""
    platform = Platform().will(UPLOAD, trouble)
    with pytest.raises(Later):
        await deliver(platform, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))
    assert platform.count(SEND) == 0


async def test_a_file_too_large_is_refused() -> None:
    platform = Platform().will(UPLOAD, httpx.Response(200, json={"errcode": 40006}))
    with pytest.raises(Refused):
        await deliver(platform, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))


# ---------------------------------------------------------------- files people sent


async def fetched(platform: Platform, most: int = 100, **settings: object) -> bytes:
    api = channel(platform, **settings)
    try:
        return await api.fetch("code1", robot="dingreceived", most=most)
    finally:
        await api.close()


def keeping(*answers: Answer, url: str = FILE) -> Platform:
    platform = Platform().will(DOWNLOAD, httpx.Response(200, json={"downloadUrl": url}))
    return platform.will(urlsplit(url).path, *answers)


async def test_a_file_comes_by_its_code_and_the_robot_that_received_it() -> None:
    platform = keeping(httpx.Response(200, content=b"%PDF"))
    assert await fetched(platform) == b"%PDF"
    assert platform.bodies(DOWNLOAD) == [{"downloadCode": "code1", "robotCode": "dingreceived"}]
    asked = platform.asked[-1]
    assert str(asked.url) == FILE
    assert "x-acs-dingtalk-access-token" not in asked.headers, "a token is for the platform alone"
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, headers={"content-length": "101"}, content=b"x" * 101),
        httpx.Response(200, headers={"transfer-encoding": "chunked"}, content=b"x" * 101),
    ],
)
async def test_a_file_that_is_too_large_is_not_read_to_its_end(answer: httpx.Response) -> None:
    with pytest.raises(TooLarge, match="ZICHA_MAX_FILE_MB"):
        await fetched(keeping(answer))
    exact = keeping(httpx.Response(200, content=b"x" * 100))
    assert len(await fetched(exact)) == 100


async def test_an_expired_code_is_refused() -> None:
    gone = httpx.Response(400, json={"code": "invalidParameter.robotCode.downloadCode", "message": "下载码有误"})
    with pytest.raises(Refused, match="downloadCode"):
        await fetched(Platform().will(DOWNLOAD, gone))


@pytest.mark.parametrize(
    "platform",
    [
        keeping(httpx.Response(403, text="Request has expired.")),
        keeping(httpx.Response(502, text="<html>")),
        keeping(httpx.ReadError("cut off")),
        keeping(httpx.ConnectTimeout("nobody there")),
        Platform().will(DOWNLOAD, httpx.ReadTimeout("no answer")),
        Platform().will(DOWNLOAD, httpx.Response(502, text="<html>")),
        Platform().will(DOWNLOAD, httpx.Response(200, json={})),
    ],
)
async def test_everything_else_may_come_later(platform: Platform) -> None:
    with pytest.raises(Later):
        await fetched(platform)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.example/a",
        "file:///etc/passwd",
        "http:///a",
        "http://127.0.0.1/a",
        "http://localhost:8080/a",
        "http://10.0.0.5/a",
        "http://[::1]/a",
        "http://169.254.169.254/latest",
        "http://files.example:port/a",
    ],
)
async def test_a_file_is_not_fetched_from_just_anywhere(url: str) -> None:
    platform = Platform().will(DOWNLOAD, httpx.Response(200, json={"downloadUrl": url}))
    with pytest.raises(Refused):
        await fetched(platform)
    assert platform.asked[-1].url.path == DOWNLOAD


async def test_a_bare_public_address_is_borne_and_so_is_a_gateway_of_ones_own() -> None:
    assert checked("http://8.134.254.49:30000/a?Expires=1", inside=False)
    assert checked("http://127.0.0.1:8000/files/a", inside=True)
    assert is_inside("http://127.0.0.1:8000")
    assert not is_inside("https://api.dingtalk.com")


async def test_a_file_that_has_moved_is_followed_but_not_inside_and_not_for_ever() -> None:
    moved = httpx.Response(302, headers={"location": "https://files.example/b"})
    platform = keeping(moved).will("/b", httpx.Response(200, content=b"there"))
    assert await fetched(platform) == b"there"
    for place in ("http://127.0.0.1/b", "file:///etc/passwd"):
        with pytest.raises(Refused):
            await fetched(keeping(httpx.Response(302, headers={"location": place})))
    with pytest.raises(Refused, match="place to another"):
        await fetched(keeping(httpx.Response(302, headers={"location": FILE})))


# ---------------------------------------------------------------- wording


def choice(count: int, label: str = "{n} 选项") -> Choice:
    options = tuple(Reply(label.format(n=n), f"{n} 选项 #题") for n in range(1, count + 1))
    return Choice("自查", "第一行\n第二行\n\n- 甲\n- 乙", options)


def said_by(url: str) -> str:
    """What a tap says; the host in lower case, everything after it escaped."""
    head = "dtmd://dingtalkclient/sendMessage?content="
    assert url.startswith(head)
    content = url.removeprefix(head)
    assert re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+", content), content
    return unquote(content)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_up_to_five_buttons_make_a_card(count: int) -> None:
    body = choice(count)
    key, param = wording.openapi(body)
    assert isinstance(param, str)
    card = json.loads(param)
    if count == 1:
        assert key == "sampleActionCard"
        assert set(card) == {"title", "text", "singleTitle", "singleURL"}
        assert said_by(card["singleURL"]) == "1 选项 #题"
    else:
        assert key == f"sampleActionCard{count}"
        numbered = {f"{name}{n}" for name in ("actionTitle", "actionURL") for n in range(1, count + 1)}
        assert set(card) == {"title", "text"} | numbered
        assert said_by(card[f"actionURL{count}"]) == f"{count} 选项 #题"
        assert card[f"actionTitle{count}"] == f"{count} 选项"
    hook = wording.webhook(body)
    assert hook["msgtype"] == "actionCard"
    assert set(hook["actionCard"]) == {"title", "text", "btnOrientation", "btns"}
    assert hook["actionCard"]["btnOrientation"] == "0"
    assert [set(button) for button in hook["actionCard"]["btns"]] == [{"title", "actionURL"}] * count
    assert all(isinstance(value, str) for value in card.values())


@pytest.mark.parametrize("body", [choice(6), choice(12), choice(3, "{n} 用于密接人员排查工作；供本单位网格员使用")])
def test_more_or_longer_options_become_links(body: Choice) -> None:
    key, param = wording.openapi(body)
    assert key == "sampleMarkdown"
    text = json.loads(param)["text"]
    assert wording.webhook(body) == {"msgtype": "markdown", "markdown": {"title": "自查", "text": text}}
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", text)
    assert [label for label, _ in links] == [reply.label for reply in body.options]
    assert [said_by(url) for _, url in links] == [reply.send for reply in body.options]


@pytest.mark.parametrize("words", ["1 都没有 #接触", "a&b=c?d#e+f/g", "（全角）“引号”", "100%", "[x](y)", "一\n二"])
def test_whatever_a_button_says_arrives_as_it_was(words: str) -> None:
    assert said_by(wording.action(Reply("按", words))) == words


def test_plain_words() -> None:
    assert wording.openapi(HELLO) == ("sampleMarkdown", '{"title": "自查", "text": "您好"}')
    assert wording.webhook(HELLO) == {"msgtype": "markdown", "markdown": {"title": "自查", "text": "您好"}}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("一\n二", "一  \n  二"),
        ("一\n\n二", "一\n\n二"),
        ("标题：\n- 甲\n- 乙", "标题：\n- 甲\n- 乙"),
        ("标题：\n1. 甲\n2. 乙", "标题：\n1. 甲\n2. 乙"),
        ("一\n二\n三", "一  \n  二  \n  三"),
    ],
)
def test_line_breaks_survive(written: str, sent: str) -> None:
    assert wording.lines(written) == sent


# ---------------------------------------------------------------- opening


async def test_opening_asks_for_json_and_keeps_the_secret_out_of_errors() -> None:
    opened = httpx.Response(200, json={"endpoint": "wss://x.example/connect", "ticket": "t"})
    platform = Platform().will("/v1.0/gateway/connections/open", opened)
    api = channel(platform)
    assert await api.open_stream([{"type": "CALLBACK", "topic": "x"}], "agent/1") == ("wss://x.example/connect", "t")
    asked = platform.asked[0]
    assert asked.headers["accept"] == "application/json"
    assert json.loads(asked.content)["clientSecret"] == "secret"
    assert platform.tokens == 0
    platform.will("/v1.0/gateway/connections/open", httpx.Response(401, json={"code": "authFailed"}))
    with pytest.raises(Refused) as told:
        await api.open_stream([], "agent/1")
    assert "secret" not in str(told.value)
    await api.close()


@pytest.mark.parametrize("answer", [{"endpoint": "wss://x"}, {"ticket": "t"}, {}])
async def test_an_opening_without_an_endpoint_is_an_error_of_ours_to_bear(answer: JSON) -> None:
    """The supervisor waits for `DeliveryError`; anything else would end the bot."""
    platform = Platform().will("/v1.0/gateway/connections/open", httpx.Response(200, json=answer))
    api = channel(platform)
    with pytest.raises(DeliveryError):
        await api.open_stream([], "agent/1")
    await api.close()


async def test_a_login_without_a_token_is_for_later() -> None:
    platform = Platform().will(LOGIN, httpx.Response(200, json={"expireIn": 7200}))
    with pytest.raises(Later):
        await deliver(platform)


async def test_an_upload_without_a_media_id_is_for_later() -> None:
    platform = Platform().will(UPLOAD, httpx.Response(200, json={"errcode": 0}))
    with pytest.raises(DeliveryError):
        await deliver(platform, parcel(Attachment("表.xlsx", io.BytesIO(b"PK"))))
