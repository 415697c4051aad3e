"""The whole way: people at the gateway, the real SDK and sockets, the real bot, its database. In bad weather too."""

import asyncio
import io
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook
from sqlmodel import update

from bot import outbox_commands
from bot.app import lay_foundation
from bot.channels import Parcel, Receipt
from bot.channels.pace import Pace
from bot.demo.show import FileClock
from bot.dispatch import Carried, Dispatch
from bot.intake import Intake
from bot.postman import Postman
from bot.rounds import REPLIES_AT_ONCE
from bot.talk import Talk
from bot.threads import DatabaseThread
from handlers.campaign import loading
from handlers.messages import Address, ChatKind, Text, to_json
from handlers.texts import guards, guide, newcomers
from storage import outbox
from storage.database import Database
from storage.models import Outgoing
from storage.vault import Vault
from tests.bot_process import (
    CITY,
    GROUP,
    HELLO,
    NIL_WALK,
    OTHER_GROUP,
    START,
    connections_made,
    enrolled,
    environment,
    heard,
    quiet,
    running,
    seen,
    settings,
    stop,
    talk,
    zicha,
    zicha_run,
)
from tests.sandbox_process import CLIENT_SECRET, SandboxProcess, sandbox
from tests.world import KEY, id_number

pytestmark = pytest.mark.wire

RECEIPT = re.compile(r"ZC-\d{4}-\d{4}")
TOUCHED_WALK = (HELLO, "2", "手机 微信", "1", "1", "1", "1", "1", "1", "1", "1")
COLUMNS = (
    "单位名称",
    "数据名称",
    "采集、共享、传输方式",
    "应用场景及数据使用范围",
    "存在安全问题或风险",
    "整改落实情况",
    "联系人及联系方式",
)


@contextmanager
def gateway(folder: Path, **options: Any) -> Iterator[SandboxProcess]:
    """The gateway on the morning of the notice; the bot in `folder` lives by its clock."""
    defaults: dict[str, Any] = {
        "clock_start": START,
        "clock_file": folder / "clock.json",
        "glide_seconds": 0.01,
        "redeliver_seconds": 0.4,
        "disconnect_seconds": 0.5,
    }
    with sandbox(CITY, folder / "gateway", **(defaults | options)) as box:
        yield box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with gateway(tmp_path) as running_gateway:
        yield running_gateway


def spoken(box: SandboxProcess, who: str, chat: str = "direct") -> list[str]:
    return [message["text"] for message in box.replies(who, chat)]


def rows(folder: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "zicha.sqlite3")) as database:
        return database.execute(question).fetchall()


def at(moment: str) -> Callable[[], datetime]:
    return lambda: datetime.fromisoformat(moment)


# ---------------------------------------------------------------- fair weather


async def test_from_the_greeting_to_the_receipt(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        said = [await talk(box, "qian", words) for words in NIL_WALK]
        assert "钱大海您好" in said[0]
        assert "零报告" in said[-1]
        assert RECEIPT.search(said[-1])
        assert "已提交" in await talk(box, "qian", HELLO)
        replies = box.replies("qian")
    assert [reply["kind"] for reply in replies[:4]] == ["actionCard", "actionCard", "actionCard", "markdown"]
    assert all(message["read"] for message in box.messages("qian") if message["mine"])
    assert box.ledger("violation") == []
    assert {entry["detail"]["status"] for entry in box.ledger("webhook", "api", "open")} == {200}


async def test_somebody_signs_and_the_number_is_nowhere(box: SandboxProcess, tmp_path: Path) -> None:
    number = id_number("147")
    async with running(box, tmp_path):
        for words in (*TOUCHED_WALK[:-2], "现在签"):
            await talk(box, "li", words)
        await heard(box, "li", len(TOUCHED_WALK) - 2 + 3)  # the pledge in two pieces, then the question
        received = await talk(box, "li", f"李小四 {number}")
        assert number[-2:] in received
        assert number not in received
        assert "承诺书已签署" in await talk(box, "li", "1")
    assert not any(number in text for text in spoken(box, "li"))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("zicha.sqlite3*"))
    assert number.encode() not in kept
    assert box.ledger("violation") == []


async def test_the_coordinator_gets_the_workbook(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        for words in TOUCHED_WALK:
            await talk(box, "li", words)
        for words in NIL_WALK:
            await talk(box, "zhang", words)
        assert "已完成 **2** 人" in await talk(box, "wang", "进度")
        box.say("wang", "导出 反馈表")
        card = (await heard(box, "wang", 3))[-1]  # figures, a word, the file
    assert card["kind"] == "file"
    assert card["media"]["name"].endswith(".xlsx")
    content = box.http.get(card["media"]["url"]).content
    assert len(content) == card["media"]["size"]
    book = load_workbook(io.BytesIO(content))
    sheet = book.active
    assert sheet is not None
    lines = [[str(cell or "").replace("\n", "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert any("涉疫数据使用安全自查情况反馈表" in line for line in lines)
    header = next(number for number, line in enumerate(lines) if line[0] == COLUMNS[0])
    assert tuple(lines[header][:7]) == COLUMNS
    row = lines[header + 1]
    assert row[0] == "紫金街道"
    assert row[1] == "密接人员清单"
    assert "微信" in row[2]
    assert row[6] == "李小四（单位通讯录）"
    assert any("应填3人，已提交2人，其中零报告1人" in "".join(line) for line in lines[header + 2 :])


async def test_two_quick_messages_are_answered_in_order(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        for words in NIL_WALK:
            box.say("qian", words)
        said = [reply["text"] for reply in await heard(box, "qian", 4)]
        assert await quiet(box, "qian", 4, seconds=0.5)
    assert "您好" in said[0]
    assert "没有接触的也请看一眼" in said[1]
    assert "承诺书" in said[2]
    assert RECEIPT.search(said[3])


async def test_many_at_once_each_get_their_own(box: SandboxProcess, tmp_path: Path) -> None:
    people = ["zhang", "li", "wang", "chen", "zhou", "wu", "qian", "sun"]
    async with running(box, tmp_path):
        for words in NIL_WALK:
            for who in people:
                box.say(who, words)
        for who in people:
            await heard(box, who, 4)
    receipts = [RECEIPT.findall(spoken(box, who)[3]) for who in people]
    assert len({receipt for found in receipts for receipt in found}) == len(people)
    assert box.ledger("violation") == []


async def test_a_group_is_answered_in_the_group_and_the_person_in_private(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        told = await talk(box, "zhang", "@自查 你好", GROUP)
        assert told == guide.SELF_CHECK_IS_DIRECT
        assert "张三丰您好" in (await heard(box, "zhang", 1))[0]["text"]
        assert "名单、进度和导出由单位联络员负责" in await talk(box, "zhang", "@自查 进度", GROUP)
        assert "应填 **3** 人" in await talk(box, "wang", "@自查 进度", GROUP)
        box.say("zhang", "大家记得填", GROUP, at=False)
        assert await quiet(box, "zhang", 3, GROUP, seconds=0.4)
    assert box.ledger("violation") == []


async def test_somebody_from_outside_is_told_so(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        assert await talk(box, "wai", HELLO) == newcomers.NO_STAFF_ID
    assert rows(tmp_path, "select count(*) from applicant") == [(0,)]


async def test_somebody_in_no_roster_is_let_in_by_the_coordinator(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        await talk(box, "new", HELLO)
        offer = await talk(box, "new", "zijin")
        assert "是下面哪个单位" in offer
        assert "请回复您的姓名" in await talk(box, "new", "1")
        assert "请稍等" in await talk(box, "new", "周新来")
        request = (await heard(box, "wang", 1))[0]
        assert "周新来" in request["text"]
        admit = request["buttons"][0]["url"]
        assert admit.startswith("dtmd://dingtalkclient/sendMessage?content=")
        number = rows(tmp_path, "select id from applicant")[0][0]
        await talk(box, "wang", f"同意加入 {number}")
        assert "周新来您好" in (await heard(box, "new", 5))[-1]["text"]
    assert box.ledger("violation") == []


@pytest.mark.parametrize(
    ("name", "content", "kind", "told"),
    [
        ("盖章.pdf", b"%PDF", "application/pdf", guards.FILE_NOT_WANTED),
        ("章.png", b"\x89PNG\r\n\x1a\n0", "image/png", guards.FILE_NOT_WANTED),
        ("声.amr", b"#!AMR", "audio/amr", guards.CANNOT_READ),
    ],
)
async def test_files_pictures_and_unheard_voices(
    box: SandboxProcess, tmp_path: Path, name: str, content: bytes, kind: str, told: str
) -> None:
    async with running(box, tmp_path):
        await talk(box, "qian", HELLO)
        box.send_file("qian", name, content, kind)
        said = (await heard(box, "qian", 2))[-1]["text"]
    assert said.startswith(told)
    assert "接触或使用过" in said  # the question stands below


async def test_what_was_spoken_counts_as_written(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        await talk(box, "qian", HELLO)
        box.send_file("qian", "声.amr", b"#!AMR", "audio/amr", recognition="都没有。")
        assert "没有接触的也请看一眼" in (await heard(box, "qian", 2))[-1]["text"]


# ---------------------------------------------------------------- the same message again


@pytest.mark.parametrize("fault", ["duplicate", "drop_ack"])
async def test_every_message_twice_makes_one_form(tmp_path: Path, fault: str) -> None:
    with gateway(tmp_path, redeliver_seconds=0.15) as box:
        box.fault(fault, count=100)
        async with running(box, tmp_path):
            for words in TOUCHED_WALK:
                await talk(box, "li", words)
            await seen(lambda: len(box.ledger("redeliver")) >= len(TOUCHED_WALK))
            assert await quiet(box, "li", len(TOUCHED_WALK), seconds=0.4)
        said = spoken(box, "li")
    assert len(said) == len(TOUCHED_WALK)
    assert RECEIPT.search(said[-1])
    assert rows(tmp_path, "select count(*), count(distinct msg_id) from inbound") == [(11, 11)]
    assert rows(tmp_path, "select count(*) from submission") == [(1,)]
    assert rows(tmp_path, "select count(*) from outgoing where state = 'sent'") == [(11,)]


# ---------------------------------------------------------------- bad weather


async def test_an_expired_token_is_fetched_anew(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, reply_by="openapi"):
        await talk(box, "qian", HELLO)
        box.fault("token_expire")
        await talk(box, "qian", "1")
        await talk(box, "qian", "1")
    tokens = [entry for entry in box.ledger("api") if entry["detail"]["path"].endswith("/accessToken")]
    refused = [entry for entry in box.ledger("api") if entry["detail"]["status"] == 400]
    assert (len(tokens), len(refused), len(box.replies("qian"))) == (2, 1, 3)


async def test_an_expired_token_at_an_upload(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        box.say("wang", "导出 反馈表")
        assert (await heard(box, "wang", 2))[-1]["kind"] == "file"
        box.fault("token_expire")
        box.say("wang", "导出 反馈表")
        assert (await heard(box, "wang", 4))[-1]["kind"] == "file"
        assert await quiet(box, "wang", 4, seconds=0.4)


async def test_throttled_letters_arrive_later_once_and_in_order(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, reply_by="openapi"):
        box.fault("throttle", count=1, path="/v1.0/robot/")
        for words in NIL_WALK:
            box.say("qian", words)
        said = [reply["text"] for reply in await heard(box, "qian", 4)]
        assert await quiet(box, "qian", 4, seconds=0.4)
    assert "您好" in said[0]
    assert RECEIPT.search(said[3])
    assert [entry["detail"]["status"] for entry in box.ledger("api")].count(403) == 1


async def test_a_person_who_is_flow_controlled_waits_and_others_do_not(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, reply_by="openapi"):
        box.fault("flow_control")
        box.say("qian", HELLO)
        await seen(lambda: rows(tmp_path, "select 1 from outgoing where state = 'waiting' and attempts = 1"))
        assert "您好" in await talk(box, "zhang", HELLO)
        assert spoken(box, "qian") == []
        box.clock(advance=60)
        await heard(box, "qian", 1)


async def test_a_disconnect_loses_nothing(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        for words in NIL_WALK[:2]:
            box.fault("disconnect")
            box.say("qian", words)
        await heard(box, "qian", 2)
        box.say("qian", NIL_WALK[2])
        box.fault("disconnect")
        box.say("qian", NIL_WALK[3])
        said = [reply["text"] for reply in await heard(box, "qian", 4)]
        await seen(lambda: connections_made(box) >= 3)  # the old sockets are hung up
        assert await quiet(box, "qian", 4, seconds=0.6)
    assert RECEIPT.search(said[3])
    assert box.ledger("violation") == []
    assert {message["read"] for message in box.messages("qian") if message["mine"]} == {True}


async def test_the_gateway_restarts(tmp_path: Path) -> None:
    with gateway(tmp_path) as first:
        port = urlsplit(first.url).port
        bot = running(first, tmp_path)
        await bot.__aenter__()
        await talk(first, "qian", HELLO)
        await asyncio.to_thread(first.http.close)
    try:
        with gateway(tmp_path, port=port) as again:
            again.say("qian", "1")
            assert "没有接触的也请看一眼" in (await heard(again, "qian", 2))[-1]["text"]
            assert "承诺书" in await talk(again, "qian", "1")
            assert await quiet(again, "qian", 3, seconds=0.4)
    finally:
        await bot.__aexit__(None, None, None)


@pytest.mark.parametrize("reply_by", ["webhook", "openapi"])
@pytest.mark.parametrize("fault", ["http_500", "hang"])
async def test_no_answer_is_doubtful_and_not_repeated(
    box: SandboxProcess, tmp_path: Path, fault: str, reply_by: str
) -> None:
    path = {"webhook": "/robot/sendBySession", "openapi": "/v1.0/robot/oToMessages"}[reply_by]
    options = {"http_500": {"after": True}, "hang": {"seconds": 4.0}}[fault]
    async with running(box, tmp_path, reply_by=reply_by, http_timeout=2.0 if fault == "hang" else 30.0):
        box.fault(fault, path=path, **options)
        box.say("qian", HELLO)
        await seen(lambda: rows(tmp_path, "select 1 from outgoing where state = 'doubtful'"))
        assert "可能没有送到" in await talk(box, "qian", "1")  # the question first: perhaps nobody saw it
        assert "没有接触的也请看一眼" in await talk(box, "qian", "1")  # the chat goes on
    async with running(box, tmp_path, reply_by=reply_by):
        assert await quiet(box, "qian", 3, seconds=0.5)  # it had arrived; nothing is said twice
    base = lay_foundation(settings(box, tmp_path))
    lines = outbox_commands.lines(base)
    base.database.close()
    assert "存疑 1" in lines[0]
    assert "已发 2" in lines[0]
    assert "no answer" in lines[1] or "HTTP 502" in lines[1]
    assert "钱大海" not in "".join(lines)


async def test_the_lane_goes_on_after_a_letter_that_is_refused(box: SandboxProcess, tmp_path: Path) -> None:
    """The stranger's session is over when the answer goes out: there is no other way to them."""
    with gateway(tmp_path / "short", session_minutes=0, clock_file=tmp_path / "clock.json") as short:
        async with running(short, tmp_path):
            short.say("wai", HELLO)
            await seen(lambda: rows(tmp_path, "select 1 from outgoing where state = 'refused'"))
            assert "您好" in await talk(short, "qian", HELLO)
        assert spoken(short, "wai") == []


async def test_an_expired_session_falls_back_to_the_openapi(tmp_path: Path) -> None:
    """The platform says 300001 although the bot thought that the session lived."""
    with gateway(tmp_path) as box:
        box.fault("no_delivery", seconds=60)
        box.say("qian", HELLO)
        box.say("zhang", "@自查 你好", GROUP)
        box.clock(advance=2 * 3600)
        box.fault("no_delivery", seconds=0)
        async with running(box, tmp_path, clock=at(START)):
            box.say("li", HELLO)
            await heard(box, "qian", 1)
            await heard(box, "zhang", 1, GROUP)
            await heard(box, "li", 1)
            assert await quiet(box, "qian", 1, seconds=0.3)
        over = [entry for entry in box.ledger("webhook") if "300001" in entry["summary"]]
        assert len(over) == 2


async def test_a_session_known_to_be_over_is_not_tried(tmp_path: Path) -> None:
    with gateway(tmp_path, session_minutes=0.5) as box:
        async with running(box, tmp_path):
            await talk(box, "qian", HELLO)
            assert box.ledger("webhook") == []
            assert [entry for entry in box.ledger("api") if "batchSend" in entry["detail"]["path"]]


# ---------------------------------------------------------------- reminders


async def test_reminders_arrive_once_whatever_happens(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        await talk(box, "wang", "@自查 绑定", GROUP)
        await talk(box, "sun", "@自查 绑定", OTHER_GROUP)
        for words in NIL_WALK:
            await talk(box, "qian", words)
        await talk(box, "zhang", HELLO)
        before = {who: len(box.replies(who)) for who in ("zhang", "li", "qian", "sun", "wang")}
        await asyncio.to_thread(box.clock, to="2022-05-19T09:31:00+08:00")
        assert "开始了" in (await heard(box, "li", 2, GROUP))[-1]["text"]
        await asyncio.to_thread(box.clock, to="2022-05-23T09:29:00+08:00")
        assert await quiet(box, "li", 0, seconds=0.4)
        await asyncio.to_thread(box.clock, to="2022-05-23T09:31:00+08:00")
        assert "还有一周截止" in (await heard(box, "li", 1))[-1]["text"]
        begun = (await heard(box, "zhang", before["zhang"] + 1))[-1]
        assert "接着答" in begun["text"]
        assert [button["title"] for button in begun["buttons"]] == ["1 继续"]
        group = (await heard(box, "li", 3, GROUP))[-1]["text"]
        assert "应填3人，已完成0人" in group
        assert "应填2人，已完成1人" in (await heard(box, "sun", 3, OTHER_GROUP))[-1]["text"]
        assert await quiet(box, "li", 1, seconds=0.5)
        assert len(box.replies("qian")) == before["qian"]
    async with running(box, tmp_path):
        await asyncio.to_thread(box.clock, advance=3600)
        assert await quiet(box, "li", 1, seconds=0.5)
        assert len(box.replies("li", GROUP)) == 3
        # whoever finishes between two reminders hears nothing of the second
        for words in ("继续", *NIL_WALK[1:]):
            await talk(box, "li", words)
        await asyncio.to_thread(box.clock, to="2022-05-25T09:31:00+08:00")
        assert "还有5天" in (await heard(box, "zhang", before["zhang"] + 2))[-1]["text"]
        await asyncio.to_thread(box.clock, to="2022-05-27T09:31:00+08:00")
        assert "还有3天" in (await heard(box, "li", 4, GROUP))[-1]["text"]
        await asyncio.to_thread(box.clock, to="2022-05-27T15:01:00+08:00")
        assert "5月30日就截止了" in (await heard(box, "zhang", before["zhang"] + 3))[-1]["text"]
        assert await quiet(box, "li", 5, seconds=0.4)
    fired = "select distinct rule, day from reminder_moment where done_at is not null order by day, at"
    assert [rule for rule, _ in rows(tmp_path, fired)] == ["d11", "d7", "d5", "d3", "d1"]
    assert box.ledger("violation") == []


async def test_a_bot_that_slept_through_the_day_does_not_remind_late(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        await talk(box, "zhang", HELLO)
    await asyncio.to_thread(box.clock, to="2022-05-24T12:00:00+08:00")
    async with running(box, tmp_path):
        assert await quiet(box, "zhang", 1, seconds=0.6)
    assert FileClock(tmp_path / "clock.json")().isoformat() > "2022-05-24"


# ---------------------------------------------------------------- stopping


class Slow:
    """A platform that takes its time, and notes whom it was told to write to."""

    name, keyed, most_together, largest = "dingtalk", False, 1, None

    def __init__(self, seconds: float) -> None:
        self.seconds, self.told, self.pace = seconds, list[str](), Pace(1000)

    async def deliver(self, parcel: Parcel) -> Receipt:
        self.told.append(parcel.to[0].id)
        await asyncio.sleep(self.seconds)
        return Receipt("ok")


@pytest.fixture
def outgoing(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'zicha.sqlite3'}")
    database.migrate()
    yield database
    database.close()


def postman(database: Database, platform: Slow) -> Postman:
    campaigns, thread = (loading.load("lishui-2022-69"),), DatabaseThread()
    dispatch = Dispatch(campaigns=campaigns, now=at(START))
    return Postman(
        database=database,
        campaigns=campaigns,
        vault=Vault(KEY),
        channels={platform.name: platform},
        talk=Talk(cast(Intake, None), dispatch, database, thread),
        thread=thread,
        now=at(START),
        real_now=at(START),
    )


def put(database: Database, count: int, *, bulk: bool = False) -> None:
    letters = [
        outbox.Post(
            key=f"k{n}",
            lane=str(Address("dingtalk", ChatKind.DIRECT, f"p{n}")),
            topic="reply",
            body=to_json(Text("好的。", "自查")),
            not_before=datetime.fromisoformat(START),
            bulk=bulk,
        )
        for n in range(count)
    ]
    with database.session() as session:
        outbox.post(session, letters)


def states(folder: Path) -> Counter[str]:
    return Counter(state for (state,) in rows(folder, "select state from outgoing"))


@pytest.mark.parametrize("turns", range(5))
async def test_the_postman_stops_even_when_just_woken(outgoing: Database, turns: int) -> None:
    """The end of a delivery wakes him in the very moment he is told to stop."""
    man = postman(outgoing, Slow(0))
    running_man = asyncio.create_task(man.run())
    await asyncio.sleep(0.1)
    man.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    running_man.cancel()
    done, _ = await asyncio.wait([running_man], timeout=60)
    running_man.cancel()
    assert done


async def test_a_broadcast_that_has_begun_is_not_waited_for(
    outgoing: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.rounds._POLL", 300.0)
    platform = Slow(0)
    man = postman(outgoing, platform)
    async with asyncio.timeout(60):
        running_man = asyncio.create_task(man.run())
        await asyncio.sleep(0.1)
        put(outgoing, 3, bulk=True)
        man.wake_all()
        await seen(lambda: len(platform.told) == 3)
    running_man.cancel()
    await asyncio.wait([running_man], timeout=60)


async def test_a_stop_leaves_nothing_claimed_that_was_not_begun(
    outgoing: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no call was made for is not doubtful after the restart: it still waits."""
    monkeypatch.setattr("bot.postman._LAST_DELIVERIES", 60.0)
    put(outgoing, 60)
    platform = Slow(1.0)
    running_man = asyncio.create_task(postman(outgoing, platform).run())
    await seen(lambda: platform.told)
    running_man.cancel()
    await asyncio.wait([running_man], timeout=60)
    assert running_man.done()
    left = states(tmp_path)
    assert left["sending"] == 0, f"{left}, though only {len(platform.told)} calls were made"
    assert left["sent"] == len(platform.told)


async def test_a_stop_in_the_middle_of_a_claim_forgets_no_letter(outgoing: Database, tmp_path: Path) -> None:
    """The database thread finishes what it began; what it claimed must then be sent, or wait again."""
    platform = Slow(0)
    put(outgoing, 60)
    for _ in range(15):
        with outgoing.session() as session:
            session.exec(update(Outgoing).values(state="waiting", leased_until=None))
        platform.told.clear()
        running_man = asyncio.create_task(postman(outgoing, platform).run())
        await asyncio.sleep(random.uniform(0, 0.02))
        running_man.cancel()
        await asyncio.wait([running_man], timeout=60)
        assert running_man.done()
        await seen(lambda: states(tmp_path)["sending"] == 0)


async def test_nobodys_answer_waits_until_the_others_are_settled(
    outgoing: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are out, and it is only not written down yet: up to a bound, for all of them are doubtful after a kill."""
    free, settle = asyncio.Event(), Talk.settle

    async def slowly(talk: Talk, parcels: Sequence[Carried]) -> list[str]:
        await free.wait()
        return await settle(talk, parcels)

    monkeypatch.setattr(Talk, "settle", slowly)
    put(outgoing, 3 * REPLIES_AT_ONCE)
    platform = Slow(0)
    running_man = asyncio.create_task(postman(outgoing, platform).run())
    await seen(lambda: len(platform.told) == 2 * REPLIES_AT_ONCE)
    await asyncio.sleep(0.2)
    assert len(platform.told) == 2 * REPLIES_AT_ONCE
    free.set()
    await seen(lambda: len(platform.told) == 3 * REPLIES_AT_ONCE)
    running_man.cancel()
    await asyncio.wait([running_man], timeout=60)


# ---------------------------------------------------------------- as a process


@pytest.fixture
def real_time(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A gateway by the real clock, for `zicha run`."""
    with sandbox(CITY, tmp_path / "gateway", redeliver_seconds=1.0, redeliver_times=100, disconnect_seconds=0.5) as box:
        yield box


def test_sigterm_ends_it_cleanly_and_nothing_is_lost(real_time: SandboxProcess, tmp_path: Path) -> None:
    box, data = real_time, tmp_path / "data"
    enrolled(box, data)
    number = id_number("149")
    with zicha_run(box, data, ZICHA_LOG_LEVEL="DEBUG") as process:
        box.say("li", f"号码 {number} 13800001234")
        for words in NIL_WALK[:2]:
            box.say("qian", words)
        box.until(lambda: box.replies("qian"))
        box.fault("hang", seconds=0.5, path="/robot/")  # an answer is under way when the end comes
        box.say("zhang", HELLO)
        box.until(lambda: any(m["read"] for m in box.messages("zhang")))
        assert stop(process) == 0
        second = zicha("outbox", cwd=data, env=environment(box, data))
        assert "存疑" not in second.stdout, second.stdout
    box.say("qian", NIL_WALK[2])
    with zicha_run(box, data) as process:
        box.say("qian", NIL_WALK[3])
        box.until(lambda: len(box.replies("qian")) >= 4)
        box.until(lambda: box.replies("zhang"))
        assert stop(process) == 0
    assert RECEIPT.search(spoken(box, "qian")[3])
    assert (len(box.replies("qian")), len(box.replies("zhang"))) == (4, 1)
    log = (data / "log.txt").read_text()
    assert "Traceback" not in log
    for secret in ("钱大海", number, "13800001234", CLIENT_SECRET, "session=", "ticket="):
        assert not [line for line in log.splitlines() if secret in line and "****" not in line]


def test_a_second_process_on_the_same_database_says_so(real_time: SandboxProcess, tmp_path: Path) -> None:
    """However the SQLite file was named: two bots on one are two bots on one."""
    box, data = real_time, tmp_path / "data"
    named = {"ZICHA_DATABASE_URL": f"sqlite:///{data / 'zicha.sqlite3'}"}
    with zicha_run(box, data, **named):
        second = zicha("run", cwd=data, env=environment(box, data))  # a bot that runs does not end by itself
        assert second.returncode == 1
        assert "another zicha is running on this data" in second.stderr
        assert "Traceback" not in second.stderr
        looked = zicha("outbox", cwd=data, env=environment(box, data, **named))
        assert looked.returncode == 0  # looking is allowed meanwhile
