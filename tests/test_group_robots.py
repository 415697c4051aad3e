"""Custom robots of groups: the gateway's guards, the channel that signs, what groups hear from them, the commands."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.channels import DeliveryError, Later, Parcel, Refused, TooFast
from bot.channels.webhook import GroupRobots, signed
from bot.command_line import cli
from handlers.messages import Address, ChatKind, Text, from_json
from handlers.papers.roster_form import write_roster
from storage import group_robots, roster
from storage.group_robots import Robot
from tests.bot_process import CITY, GROUP, OTHER_GROUP, furnished, running, seen, settings, talk
from tests.sandbox_process import SandboxProcess, sandbox
from tests.test_reminders import at, everybody_is_done, read
from tests.world import World, small_roster

SECRET, TOKEN = "SEC0a1b2c3d4e5f", "robottoken0001"
NOW = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
ROBOTS = [
    {"token": TOKEN, "conversationId": OTHER_GROUP, "name": "鹤城提醒", "secret": SECRET},
    {"token": "keywordrobot", "conversationId": GROUP, "name": "紫金提醒", "keywords": ["自查"]},
    {"token": "iprobotrobot", "conversationId": GROUP, "name": "外网", "ips": ["203.0.113.9"]},
    {"token": "leduforcounty", "conversationId": GROUP, "name": "莲都提醒", "secret": SECRET},
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("robots")
    world = CITY | {"customRobots": ROBOTS}
    with sandbox(world, folder, clock_start="2022-05-18T09:00:00+08:00", glide_seconds=0.01) as process:
        yield process


def text(words: str, **more: object) -> dict[str, object]:
    return {"msgtype": "markdown", "markdown": {"title": "自查", "text": words}, **more}


def send(
    box: SandboxProcess, body: object, token: str = TOKEN, *, secret: str = SECRET, late: int = 0
) -> tuple[int, str]:
    """As the platform's page tells to do it, by hand."""
    stamp = str(int(datetime.fromisoformat(box.clock()).timestamp() * 1000) - late)
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    query = {"access_token": token, "timestamp": stamp, "sign": base64.b64encode(digest).decode()}
    answer = box.http.post("/robot/send", params=query, json=body).json()
    return int(answer["errcode"]), str(answer["errmsg"])


# ---------------------------------------------------------------- the gateway


def test_the_gateway_checks_signature_keyword_and_address(box: SandboxProcess) -> None:
    assert send(box, text("你好")) == (0, "ok")
    assert send(box, text("你好"), secret="SECwrong") == (310000, "sign not match")
    assert send(box, text("你好"), late=3_700_000) == (310000, "invalid timestamp")
    assert send(box, text("通知"), "keywordrobot") == (0, "ok"), "the title holds the word"
    assert send(box, {"msgtype": "text", "text": {"content": "通知"}}, "keywordrobot")[0] == 310000
    assert send(box, text("你好"), "iprobotrobot")[1].startswith("ip 127.0.0.1 not in whitelist")
    assert send(box, text("你好"), "nosuchtoken") == (300001, "token is not exist")
    assert send(box, text("长" * 7_000)) == (460101, "message too long, exceed 20000 bytes")
    assert send(box, {"msgtype": "sticker"})[0] == 400105


def test_a_repeated_key_is_said_once_and_people_are_called(box: SandboxProcess) -> None:
    before = len(box.messages("sun", OTHER_GROUP))
    for _ in range(2):
        assert send(box, text("请看 @sun", at={"atUserIds": ["sun"]}, msgUuid="one")) == (0, "ok")
    shown = box.messages("sun", OTHER_GROUP)[before:]
    assert [(one["fromName"], one["text"], one["atNames"]) for one in shown] == [
        ("鹤城提醒", "请看 @孙文静", ["孙文静"])
    ]


def test_more_than_twenty_a_minute_mutes_for_ten(box: SandboxProcess) -> None:
    box.clock(advance=61)
    assert {send(box, text(f"{n}"), "leduforcounty")[0] for n in range(20)} == {0}
    assert send(box, text("zu viel"), "leduforcounty") == (130101, "send too fast, exceed 20 times per minute")
    box.clock(advance=70)
    assert send(box, text("noch stumm"), "leduforcounty")[0] == 410100
    box.clock(advance=540)
    assert send(box, text("wieder"), "leduforcounty") == (0, "ok")


# ---------------------------------------------------------------- the channel


def robot(token: str = TOKEN, *, secret: str = SECRET, keyword: str = "", box: SandboxProcess | None = None) -> Robot:
    address = f"{box.url if box else 'https://oapi.dingtalk.com'}/robot/send?access_token={token}"
    return Robot(id=1, name="x", address=address, secret=secret, keyword=keyword)


def parcel(words: str, key: str = "key", *, called: tuple[str, ...] = ()) -> Parcel:
    to = (Address("robot", ChatKind.GROUP, "1"),)
    return Parcel(key=key, to=to, body=Text(words, "自查", called), reply=False)


async def deliver(box: SandboxProcess, folder: Path, speaker: Robot | None, *parcels: Parcel) -> list[DeliveryError]:
    async def found(number: str) -> Robot | None:
        assert number == "1"
        return speaker

    now = datetime.fromisoformat(await asyncio.to_thread(box.clock))
    channel = GroupRobots(settings(box, folder), found, lambda: now)
    troubles = []
    try:
        for one in parcels:
            try:
                await channel.deliver(one)
            except DeliveryError as error:
                troubles.append(error)
    finally:
        await channel.close()
    return troubles


def test_the_signature_is_that_of_the_platforms_page() -> None:
    """HMAC-SHA256 over «timestamp, newline, key» with the key, base64, in the address."""
    url = signed(robot().address, SECRET, NOW)
    digest = hmac.new(SECRET.encode(), f"1652835600000\n{SECRET}".encode(), hashlib.sha256).digest()
    assert "timestamp=1652835600000" in url
    assert f"access_token={TOKEN}" in url
    assert base64.b64encode(digest).decode() in url.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    assert signed(robot().address, "", NOW) == robot().address


async def test_it_speaks_calls_and_repeats_a_key_without_saying_it_twice(box: SandboxProcess, tmp_path: Path) -> None:
    await asyncio.to_thread(box.clock, advance=700)
    before = len(box.messages("sun", OTHER_GROUP))
    one = parcel("鹤城街道：未完成 2 人 @sun", "k1", called=("sun",))
    assert await deliver(box, tmp_path, robot(box=box), one, one) == []
    (shown,) = box.messages("sun", OTHER_GROUP)[before:]
    assert (shown["atNames"], shown["text"]) == (["孙文静"], "鹤城街道：未完成 2 人 @孙文静")


async def test_a_keyword_is_added_where_it_is_missing(box: SandboxProcess, tmp_path: Path) -> None:
    speaker = robot("keywordrobot", secret="", keyword="自查", box=box)
    plain = Parcel(key="k2", to=(Address("robot", ChatKind.GROUP, "1"),), body=Text("通知", "通知"), reply=False)
    assert await deliver(box, tmp_path, speaker, plain) == []
    assert box.messages("wang", GROUP)[-1]["text"].endswith("自查")


async def test_each_refusal_says_what_to_do(box: SandboxProcess, tmp_path: Path) -> None:
    for speaker, told in (
        (robot(secret="SECwrong", box=box), "keyword, signature or IP list"),
        (robot("nosuchtoken", box=box), "not in its group any more"),
        (None, "was removed"),
    ):
        (trouble,) = await deliver(box, tmp_path, speaker, parcel("x", told))
        assert isinstance(trouble, Refused)
        assert told in str(trouble)


async def test_its_own_pace_keeps_it_from_being_muted(box: SandboxProcess, tmp_path: Path) -> None:
    await asyncio.to_thread(box.clock, advance=700)
    before = len(box.messages("sun", OTHER_GROUP))
    troubles = await deliver(box, tmp_path, robot(box=box), *(parcel(f"{n}", f"pace{n}") for n in range(23)))
    assert len(box.messages("sun", OTHER_GROUP)) - before == 20
    assert [type(one) for one in troubles] == [Later] * 3, "ours, not the platform's"
    assert [one.delay for one in troubles if isinstance(one, Later) and not 0 < one.delay <= 62] == []
    # another process has used the minute up: the platform's word holds this one back for ten minutes
    await asyncio.to_thread(box.clock, advance=30)
    first, second = await deliver(box, tmp_path, robot(box=box), parcel("a", "muted1"), parcel("b", "muted2"))
    assert isinstance(first, TooFast)
    assert isinstance(second, Later)
    assert second.delay > 500


# ---------------------------------------------------------------- what groups hear


def with_robot(world: World, name: str, code: str) -> None:
    with world.database.session() as session:
        unit = next(unit for unit in roster.units(session) if unit.code == code)
        group_robots.add(
            session,
            world.vault,
            name=name,
            unit_id=unit.id or 0,
            address=robot().address,
            secret=SECRET,
            keyword="",
            at=world.now,
        )


def test_a_robot_calls_the_coordinators_whose_units_are_missing(world: World) -> None:
    """Names of units and those in office there; never somebody who has yet to fill in."""
    with_robot(world, "莲都群", "331102")
    everybody_is_done(world, "chen")
    world.now = at("2022-05-23 09:30")
    world.tick()
    (letter,) = [letter for letter in world.due() if letter.lane.startswith("robot:")]
    body = from_json(letter.body)
    assert isinstance(body, Text)
    assert "- 紫金街道：未完成 3 人（应填 3 人），反馈表 1 份没上报 @wang" in body.markdown
    assert "- 岩泉街道：反馈表 1 份没上报 @chen" in body.markdown
    assert body.at == ("wang", "chen")
    assert not any(row.name in body.markdown for row in small_roster().people)
    assert not any(f"@{who}" in body.markdown for who in ("zhang", "li"))


def test_where_a_group_is_bound_as_well_the_robot_speaks(world: World) -> None:
    world.person("sun").says_in("cid1", "绑定")
    with_robot(world, "工作群", "331121100")
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    said = read(world)
    assert "cid1" not in said
    assert "鹤城街道" in said["1"]


def test_nobody_of_another_platform_is_called(world: World) -> None:
    with_robot(world, "莲都群", "331102")
    with world.database.session() as session:
        wang = roster.person(session, "wang")
        assert wang is not None
        wang.staff_id = "zzd-77"
        session.add(wang)
    world.now = at("2022-05-23 09:30")
    world.tick()
    (letter,) = [letter for letter in world.due() if letter.lane.startswith("robot:")]
    body = from_json(letter.body)
    assert isinstance(body, Text)
    assert body.at == ("chen",)


async def test_from_the_schedule_to_the_phone(tmp_path: Path) -> None:
    """The whole way, through the wire: both groups hear their figures, one by the API, one by its robot."""
    world = CITY | {"customRobots": ROBOTS}
    with sandbox(world, tmp_path / "box", clock_start="2022-05-23T09:29:00+08:00", glide_seconds=0.01) as box:
        config = settings(box, tmp_path)
        base = furnished(config)
        with base.database.session() as session:
            unit = next(unit for unit in roster.units(session) if unit.code == "331121")
            group_robots.add(
                session,
                base.vault,
                name="青田群",
                unit_id=unit.id or 0,
                address=f"{box.url}/robot/send?access_token={TOKEN}",
                secret=SECRET,
                keyword="",
                at=NOW,
            )
        base.database.close()
        shift = datetime.fromisoformat("2022-05-23T09:29:00+08:00") - datetime.now(UTC)
        moved = [shift]
        async with running(box, tmp_path, clock=lambda: datetime.now(UTC) + moved[0]):
            await talk(box, "wang", "@自查 绑定", GROUP)
            moved[0] += timedelta(minutes=2)
            await asyncio.to_thread(box.clock, advance=120)
            (shown,) = await seen(lambda: [m for m in box.messages("sun", OTHER_GROUP) if "还有7天" in m["text"]])
            assert (shown["fromName"], shown["atNames"]) == ("鹤城提醒", ["孙文静"])
            assert "鹤城街道：未完成 2 人（应填 2 人），反馈表 1 份没上报 @孙文静" in shown["text"]
            await seen(lambda: [m for m in box.replies("wang", GROUP) if "还有7天" in m["text"]])
        assert box.ledger("violation") == []


# ---------------------------------------------------------------- the commands


def test_a_robot_is_added_tried_listed_and_removed(
    box: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZICHA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DINGTALK_OAPI_ENDPOINT", box.url)
    with Path("roster.xlsx").open("wb") as file:
        write_roster(small_roster(), file)
    run = CliRunner()
    assert run.invoke(cli, ["roster", "import", "roster.xlsx"]).exit_code == 0
    assert "还没有群" in run.invoke(cli, ["groups", "list"]).output
    address = f"{box.url}/robot/send?access_token=keywordrobot"
    wanted = ["groups", "add", "紫金群", "--unit", "331102001", "--keyword", "自查", "--from", "-"]
    for given, told in (
        ("https://example.org/hook", "Webhook 地址要像"),
        (f"{address}\nGEHEIM", "加签密钥以 SEC 开头"),
        ("", "Webhook 地址要像"),
    ):
        refused = run.invoke(cli, wanted, input=given)
        assert refused.exit_code == 1
        assert told in refused.output
    assert "没有编码是 999 的单位" in run.invoke(cli, [*wanted[:4], "999", *wanted[5:]], input=address).output
    added = run.invoke(cli, wanted, input=f"{address}\n")
    assert added.exit_code == 0, added.output
    assert "zicha groups test 紫金群" in added.output
    assert "已经有叫「紫金群」" in run.invoke(cli, wanted, input=address).output
    listed = run.invoke(cli, ["groups", "list"]).output
    assert "紫金群  莲都区 紫金街道（331102001）  机器人，能@联络员" in listed
    assert "keywordrobot" not in added.output + listed
    assert all(b"keywordrobot" not in file.read_bytes() for file in (tmp_path / "data").glob("zicha.sqlite3*"))
    with monkeypatch.context() as clock:
        then = datetime.fromisoformat(box.clock())
        clock.setattr("bot.group_commands.composition.real_clock", lambda: then)
        tried = run.invoke(cli, ["groups", "test", "紫金群"])
    assert tried.exit_code == 0, tried.output
    assert "这个群已经接好" in box.messages("wang", GROUP)[-1]["text"]
    assert run.invoke(cli, ["groups", "test", "别的群"]).exit_code == 1
    assert run.invoke(cli, ["groups", "remove", "紫金群"]).exit_code == 0
    assert "没有叫「紫金群」" in run.invoke(cli, ["groups", "remove", "紫金群"]).output
