"""The chat page's server on a real socket: one talk, whoever asks, however often, and whatever is cut in between."""

import asyncio
import json
from datetime import timedelta
from unittest.mock import ANY
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot.channels.h5.sweeping import sweep
from storage.models import AuditLine, Person
from tests.conftest import Worlds
from tests.page import Browser, Server, serving
from tests.test_roster_desk import edited, setting, unit_of
from tests.world import World, id_number


async def test_from_login_to_the_receipt(world: World) -> None:
    async with serving(world) as server, server.browser("qian") as qian:
        first = await qian.says("你好")
        assert "钱大海" in first[0]["markdown"]
        assert first[0]["options"][0] == "1 都没有"
        await qian.taps("都没有")
        await qian.taps("都看过，没有")
        told = await qian.taps("不需要")
        assert "ZC-0518-0001" in told[-1]["markdown"]
    assert world.facts()["cases"]["qian"]["receipt"] == "ZC-0518-0001"


async def test_what_was_begun_in_dingtalk_goes_on_here(world: World) -> None:
    chat = world.person("qian", "钱大海")
    chat.says("你好")
    chat.says("都没有")
    async with serving(world) as server, server.browser("qian") as qian:
        _, me = await qian.get("/me")
        assert me["greet"], "the bot speaks first: the page has no line yet"
        (now,) = await qian.says("继续")
        assert "2/" in now["markdown"]
        await qian.taps("都看过，没有")
        world.now += timedelta(minutes=5)
        chat.says("不需要")
        _, me = await qian.get("/me")
        assert me["greet"], "they spoke elsewhere meanwhile: what stands here is not the last"
    assert world.facts()["cases"]["qian"]["receipt"] == "ZC-0518-0001"


# ---------------------------------------------------------------- once, whatever is cut


async def test_a_message_sent_again_is_taken_once_and_gets_the_same_answer(world: World) -> None:
    async with serving(world) as server, server.browser("qian") as qian:
        await qian.says("你好")
        before = await qian.newest()
        body = {"id": "the-same-message", "text": "1", "after": before}
        answers = [await qian.post("/say", body) for _ in range(3)]
        assert len({json.dumps(answer["lines"]) for _, answer in answers}) == 1
        assert await qian.newest() == before + 1
    assert len(world.facts()["cases"]["qian"]["answers"]) == 1


async def test_a_connection_cut_in_the_middle_of_an_answer(world: World) -> None:
    """The request arrives whole, nobody is there any more for the answer; the page asks again and gets it."""
    async with serving(world) as server, server.browser("qian") as qian:
        await qian.says("你好")
        taken, gone = asyncio.Event(), asyncio.Event()
        server.on_taking = lambda: _hold(taken, gone)
        body = {"id": "cut-message", "text": "1", "after": await qian.newest()}
        writer = await _send_raw(server, qian, body)
        await taken.wait()
        writer.close()
        await writer.wait_closed()
        gone.set()
        server.on_taking = None
        status, answer = await qian.post("/say", body)
        assert status == 200
        assert [line["number"] for line in answer["lines"]] == [2]
        assert await qian.newest() == 2
    assert len(world.facts()["cases"]["qian"]["answers"]) == 1


async def _hold(taken: asyncio.Event, gone: asyncio.Event) -> None:
    taken.set()
    await gone.wait()


async def _send_raw(server: Server, browser: Browser, body: object) -> asyncio.StreamWriter:
    """A request without a client behind it."""
    there, content = urlsplit(server.url), json.dumps(body).encode()
    cookies = "; ".join(f"{one.key}={one.value}" for one in browser.http.cookie_jar)
    headers = {"Host": there.netloc, "Cookie": cookies, "Content-Length": str(len(content)), **browser.own}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    _, writer = await asyncio.open_connection(there.hostname, there.port)
    writer.write(f"POST /say HTTP/1.1\r\n{head}\r\n".encode() + content)
    await writer.drain()
    return writer


async def test_a_database_that_fails_is_told_and_the_same_message_is_good_later(world: World) -> None:
    async with serving(world) as server, server.browser("qian") as qian:
        await qian.says("你好")

        async def full() -> None:
            raise OperationalError("COMMIT", {}, Exception("disk is full"))

        server.on_taking = full
        body = {"id": "unlucky-message", "text": "1"}
        status, answer = await qian.post("/say", body)
        assert (status, answer["why"]) == (503, "trouble")
        server.on_taking = None
        status, _ = await qian.post("/say", body)
        assert status == 200
    assert len(world.facts()["cases"]["qian"]["answers"]) == 1


async def test_the_id_of_a_message_is_its_sender_s_own(world: World) -> None:
    """Somebody else who uses up the id takes nothing away."""
    async with serving(world) as server, server.browser("li") as li, server.browser("qian") as qian:
        await li.says("你好", own="one-id-for-two")
        assert "钱大海" in (await qian.says("你好", own="one-id-for-two"))[0]["markdown"]


async def test_what_waited_for_the_network_does_not_answer_a_later_question(world: World) -> None:
    """Typed in a dead spot, sent when the phone is back; meanwhile they went on at the desk."""
    async with serving(world) as server, server.browser("qian") as phone, server.browser("qian") as desk:
        await phone.says("你好")
        world.now += timedelta(minutes=10)
        await desk.taps("都没有")
        (told,) = await phone.says("3", age=540)
        assert "到得晚了" in told["markdown"]
    assert len(world.facts()["cases"]["qian"]["answers"]) == 1


async def test_a_slow_network_puts_nothing_out_of_order(world: World) -> None:
    """Two quick taps on one page; the first took seconds to arrive, the second waited behind it."""
    async with serving(world) as server, server.browser("qian") as qian:
        _, first = await qian.post("/say", {"id": "first-message", "text": "你好", "age": 0})
        more = {"age": 3, "since": first["said"]}
        (told,) = await qian.says("1", **more)
        assert "到得晚了" not in told["markdown"]
        (told,) = await qian.says("1", age="NaN", since="yesterday")
        assert "到得晚了" not in told["markdown"]
    assert len(world.facts()["cases"]["qian"]["answers"]) == 2


# ---------------------------------------------------------------- several at once, and live


async def test_two_browsers_of_one_person_both_hear_everything_once(world: World) -> None:
    async with (
        serving(world) as server,
        server.browser("qian") as phone,
        server.browser("qian") as desk,
        phone.watching() as on_phone,
        desk.watching() as on_desk,
    ):
        await phone.says("你好")
        await desk.taps("都没有")
        heard = [[await events.line() for _ in range(2)] for events in (on_phone, on_desk)]
        assert heard[0] == heard[1]
        assert [line["number"] for line in heard[0]] == [1, 2]
        assert heard[0][1]["tapped"] == {"line": 1, "option": 0}, "the other browser knows which button it was"
        async with desk.watching(**{"Last-Event-ID": "1"}) as again:
            assert (await again.line())["number"] == 2
            await phone.taps("都看过，没有")
            assert (await again.line())["number"] == 3


async def test_many_quick_messages_of_two_browsers_are_each_answered_once(world: World) -> None:
    async with (
        serving(world) as server,
        server.browser("qian") as phone,
        server.browser("qian") as desk,
        phone.watching() as events,
    ):
        await asyncio.gather(*(one.says("帮助") for one in (phone, desk) for _ in range(5)))
        numbers = [(await events.line())["number"] for _ in range(10)]
        assert numbers == list(range(1, 11))


async def test_a_restart_while_the_page_is_open(world: World) -> None:
    """The session and the lines are in the database; the page comes back and misses nothing."""
    async with serving(world) as server, server.browser("qian") as qian:
        await qian.says("你好")
        cookies = qian.http.cookie_jar
        async with qian.watching(after=1) as events:
            await server.stop()
            assert await events.response.content.read() is not None, "the stream ends"
    async with serving(world, port=server.port) as server, server.browser() as again:
        again.http.cookie_jar.update_cookies({one.key: one.value for one in cookies})
        async with again.watching(after=1) as events:
            await again.taps("都没有")
            assert (await events.line())["number"] == 2


async def test_letters_of_others_come_to_an_open_page(world: World) -> None:
    """Somebody in no roster asks to join; the coordinator, looking at the page, lets them in by a tap."""
    async with serving(world, post=True) as server, server.browser("wang") as wang, server.browser("new") as new:
        await wang.says("你好")
        async with wang.watching(after=await wang.newest()) as to_wang, new.watching() as to_new:
            await new.says("你好")
            await new.says("紫金街道")
            await new.taps("紫金街道")
            await new.says("周新来")
            asked = await to_wang.line()
            assert asked["options"][0] == "1 是，加入"
            await wang.taps("是，加入")
            while "周新来您好" not in (line := await to_new.line()).get("markdown", ""):
                pass
            assert line["options"]


async def test_what_is_typed_and_what_is_tapped_is_not_kept(world: World) -> None:
    """Not even sealed: after the talk the database knows the answers, the audit what was refused, nothing else."""
    number = id_number()
    async with serving(world) as server, server.browser("qian") as qian:
        for said in ("你好", "都没有", "都看过，没有", "现在签"):
            await qian.says(said)
        (told,) = await qian.says(f"钱大海 {number}")
        assert "撤回" not in told["markdown"], "there is nothing to take back on a page"
        (told,) = await qian.says("张三 13800001234，李四 13900001234，王五 13700001234")
        assert "撤回" not in told["markdown"]
        assert number not in json.dumps(await qian.lines())
    world.close()
    assert number.encode() not in world.on_disk()
    assert b"13800001234" not in world.on_disk()


# ---------------------------------------------------------------- papers and files


async def test_the_roster_goes_out_and_comes_back_as_a_file(world: World) -> None:
    async with serving(world, post=True) as server, server.browser("wang") as wang, wang.watching() as events:
        await wang.says("名册")
        while (paper := await events.line())["kind"] != "paper":
            pass
        status, content = await wang.get(f"/papers/{paper['number']}")
        assert (status, paper["name"].endswith(".xlsx"), paper["gone"]) == (200, True, False)
        book = edited(content, setting("人员", "li", 1, "李小肆"))
        assert (await wang.sends("../../名册.xlsx", book))[0] == 200
        while "options" not in (told := await events.line()):
            pass
        assert "李小" in told["markdown"]
        await wang.taps("确认")
    with world.database.reading() as session:
        assert session.exec(select(Person.name).where(Person.staff_id == "li")).one() == "李小肆"
        collected = session.exec(select(AuditLine).where(AuditLine.action == "paper.collect")).all()
        assert [(one.actor, one.subject, one.detail) for one in collected] == [("wang", "331102001", "roster")]
    assert unit_of(world, "li") == "紫金街道"


async def test_a_paper_is_for_the_one_it_was_promised_to_and_for_a_while(world: World) -> None:
    async with serving(world) as server, server.browser("wang") as wang, server.browser("chen") as chen:
        await wang.says("导出 反馈表")
        (number,) = [line["number"] for line in await wang.lines() if line["kind"] == "paper"]
        await chen.says("你好")
        await chen.says("帮助")
        assert (await wang.get(f"/papers/{number}"))[0] == 200
        for path in (f"/papers/{number}", f"/papers/{number}/", "/papers/99", "/papers/1", f"/papers/{'9' * 30}"):
            status, _ = await chen.get(path)
            assert status == 404, "another coordinator's number is not theirs"
        assert "重新发" in (await chen.get("/papers/99"))[1].decode()
        world.now += timedelta(hours=23)
        assert (await wang.get(f"/papers/{number}"))[0] == 200
        world.now += timedelta(hours=2)
        assert (await wang.get(f"/papers/{number}"))[0] == 404
        assert [line["gone"] for line in await wang.lines() if line["kind"] == "paper"] == [True]


async def test_who_has_passed_on_the_office_collects_nothing_any_more(world: World) -> None:
    async with serving(world) as server, server.browser("wang") as wang:
        await wang.says("导出 反馈表")
        (number,) = [line["number"] for line in await wang.lines() if line["kind"] == "paper"]
        world.person("wang", "王雅芳").says("移交 李小四")
        world.person("wang", "王雅芳").taps("移交")
        assert (await wang.get(f"/papers/{number}"))[0] == 404


async def test_the_own_table_is_the_person_s_own(world: World) -> None:
    async with serving(world) as server, server.browser("qian") as qian, server.browser("sun") as sun:
        for said in ("你好", "只有个人信息"):
            await qian.says(said)
        lines = await qian.says("我的表")
        (paper,) = [line for line in lines if line["kind"] == "paper"]
        status, content = await qian.get(f"/papers/{paper['number']}")
        assert (status, content[:2]) == (200, b"PK")
        assert (await sun.get(f"/papers/{paper['number']}"))[0] == 404


@pytest.mark.parametrize(
    ("name", "content"), [("名单.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"), ("清单", b"GIF89a moving")]
)
async def test_a_file_is_what_its_content_is(world: World, name: str, content: bytes) -> None:
    async with serving(world, post=True) as server, server.browser("wang") as wang, wang.watching() as events:
        assert (await wang.sends(name, content))[0] == 200
        while "用不上" not in (await events.line())["markdown"]:
            pass


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    async with serving(world) as server, server.browser("wang") as wang:
        for content in (b"x" * 1_000_001, _streamed(b"x" * 100_000, 20)):
            async with wang.http.post(
                "/send", params={"id": "large-file", "name": "a.pdf"}, data=content, headers=wang.own
            ) as response:
                assert response.status == 413
                assert "超过 1 MB" in (await response.json())["words"]
        assert (await wang.sends("a.pdf", b""))[0] == 400
        assert server.taken == []


async def _streamed(chunk: bytes, times: int):  # type: ignore[no-untyped-def]
    for _ in range(times):
        yield chunk


async def test_uploads_lie_sealed_and_not_for_long(new_world: Worlds) -> None:
    world = new_world()
    async with serving(world) as server, server.browser("wang") as wang:
        await wang.sends("a.pdf", b"%PDF-1.7 a secret list")
        assert b"a secret list" not in world.on_disk()
        assert server.uploads() == 1
        server.later(minutes=29)
        await sweep(server.ground)
        assert server.uploads() == 1
        server.later(minutes=2)
        await sweep(server.ground)
        assert server.uploads() == 0, "whether or not anybody else sends a file"
        assert await wang.get("/me") == (401, ANY)


async def test_two_instances_on_one_database(world: World) -> None:
    """What is said by way of one comes to a page that is open on the other, in its order and once."""
    async with (
        serving(world) as here,
        serving(world) as there,
        here.browser("qian") as phone,
        there.browser("qian") as desk,
        phone.watching() as events,
    ):
        for words in ("你好", "1", "1"):
            await desk.says(words)
        assert [(await events.line())["number"] for _ in range(3)] == [1, 2, 3]
