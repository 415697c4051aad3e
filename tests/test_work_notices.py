"""工作通知: a hundred people in a call, or whole departments; and who was left out in silence."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels import Attachment, Later, Parcel, Receipt, Refused
from bot.channels.openapi import OpenApi
from bot.channels.work_notices import MOST_BYTES, WorkNotices, message
from handlers.broadcasts import departments
from handlers.messages import Address, Body, ChatKind, Choice, Reply, Text
from storage import roster
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.bot_process import CITY, running, seen, settings, talk
from tests.conftest import Worlds
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.test_broadcasts import letters, with_means, work
from tests.world import MORNING

TOWN: JSON = CITY | {
    "departments": [
        {"deptId": 1, "name": "丽水市", "parentId": 0, "members": ["wu"]},
        {"deptId": 10, "name": "莲都区", "parentId": 1, "members": ["zhou"]},
        {"deptId": 11, "name": "紫金街道", "parentId": 10, "members": ["zhang", "li", "wang"]},
    ]
}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with sandbox(TOWN, tmp_path / "gateway", clock_file=tmp_path / "clock.json") as there:
        yield there


def person(*ids: str) -> tuple[Address, ...]:
    return tuple(Address("work_notice", ChatKind.DIRECT, one) for one in ids)


def give(box: SandboxProcess, folder: Path, *parcels: Parcel, later: timedelta = timedelta()) -> list[Receipt]:
    async def all_() -> list[Receipt]:
        api = OpenApi(settings(box, folder), transport=None, count=lambda unit: None)
        channel = WorkNotices(api, 7, lambda: MORNING + later, settled=0.0)
        try:
            return [await channel.deliver(parcel) for parcel in parcels]
        finally:
            await api.close()

    return asyncio.run(all_())


def parcel(body: Body | Attachment, *to: Address) -> Parcel:
    assert not hasattr(body, "paper")
    return Parcel(key="k", to=to, body=body, reply=False)  # type: ignore[arg-type]


def got(box: SandboxProcess, who: str) -> list[Any]:
    return list(box.get("/sandbox/work-notices", **{"as": who})["notices"])


HELLO = Text("请带反馈表。", "通知")


def test_people_get_it_in_one_call_and_strangers_are_named(box: SandboxProcess, tmp_path: Path) -> None:
    (receipt,) = give(box, tmp_path, parcel(HELLO, *person("zhang", "li", "gone")))
    assert receipt.id == "1"
    assert {to.id: type(error) for to, error in receipt.untaken.items()} == {"gone": Refused}
    assert got(box, "zhang")[0]["markdown"]["text"] == "请带反馈表。\n\n（5月18日09:00）"
    assert len(got(box, "li")) == 1


def test_the_same_words_at_another_minute_are_other_words(box: SandboxProcess, tmp_path: Path) -> None:
    """Twice in one minute is the same letter twice: the platform keeps it, and says so when asked."""
    once, twice = give(box, tmp_path, *[parcel(HELLO, *person("zhang"))] * 2)
    assert not once.untaken
    assert [str(error) for error in twice.untaken.values()] == ["143106: the same words today already"]
    (later,) = give(box, tmp_path, parcel(HELLO, *person("zhang")), later=timedelta(minutes=1))
    assert not later.untaken
    assert len(got(box, "zhang")) == 2


def test_departments_get_it_with_those_below(box: SandboxProcess, tmp_path: Path) -> None:
    (receipt,) = give(box, tmp_path, parcel(HELLO, Address("work_notice", ChatKind.DEPARTMENT, "10,11")))
    assert not receipt.untaken
    assert [len(got(box, who)) for who in ("zhou", "zhang", "wang", "wu")] == [1, 1, 1, 0]


def test_what_it_cannot_carry(box: SandboxProcess, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        give(box, tmp_path, parcel(Attachment("表.xlsx", io.BytesIO(b"PK")), *person("zhang")))
    with pytest.raises(Refused):
        give(box, tmp_path, parcel(HELLO, Address("work_notice", ChatKind.DEPARTMENT, "99")))


@pytest.mark.parametrize("words", ["短", "长" * 3000, "“引号”\n换行" * 400])
def test_it_fits_into_the_bytes_the_platform_takes(words: str) -> None:
    shaped = message(Choice("通知", words, (Reply("1 继续", "继续"),)), MORNING)
    assert len(json.dumps(shaped, ensure_ascii=False).encode()) <= MOST_BYTES
    said = shaped["markdown"]["text"]
    assert said.startswith(words[:200])
    assert said.endswith("（5月18日09:00）"), "never the same words twice a day"
    assert "单聊" in said, "nobody listens in that conversation"


class Silent:
    """The old API, saying what it is told."""

    def __init__(self, result: JSON | Exception) -> None:
        self.result = result

    async def old(self, path: str, **parts: Any) -> JSON:
        if path.endswith("asyncsend_v2"):
            return {"errcode": 0, "task_id": 5}
        if isinstance(self.result, Exception):
            raise self.result
        return {"send_result": self.result}


@pytest.mark.parametrize(
    ("code", "fate"), [("143103", Later), ("143104", Later), ("143105", Refused), ("143106", Refused), ("1", Refused)]
)
async def test_those_left_out_in_silence(code: str, fate: type[Exception]) -> None:
    told = {"forbidden_list": [{"code": code, "count": 1, "userid": "li"}], "unread_user_id_list": ["zhang"]}
    channel = WorkNotices(Silent(told), 7, lambda: MORNING, settled=0.0)  # type: ignore[arg-type]
    receipt = await channel.deliver(parcel(HELLO, *person("zhang", "li")))
    assert {to.id: type(error) for to, error in receipt.untaken.items()} == {"li": fate}


@pytest.mark.parametrize("trouble", [Later("busy", 1.0), Refused("-1")])
async def test_a_result_that_cannot_be_had_changes_nothing(trouble: Exception) -> None:
    channel = WorkNotices(Silent(trouble), 7, lambda: MORNING, settled=0.0)  # type: ignore[arg-type]
    assert (await channel.deliver(parcel(HELLO, *person("zhang")))).untaken == {}


# ---------------------------------------------------------------- departments


def pulled(new_world: Worlds, *sizes: int) -> Any:
    """A world whose roster came from the contacts: a top, and below it departments of so many people."""
    world = new_world()
    units = [UnitRow(code="dd-1", name="全市", parent_code="", kind=UnitKind.CITY, division="")]
    units += [
        UnitRow(code=f"dd-{n + 2}", name=f"部门{n}", parent_code="dd-1", kind=UnitKind.COUNTY, division="")
        for n in range(len(sizes))
    ]
    somebody: Callable[[str, str], PersonRow] = lambda one, unit: PersonRow(  # noqa: E731
        staff_id=one, name="某某", unit_code=unit, roles=frozenset({Role.STAFF}), phone=""
    )
    people = [somebody(f"d{n}.{i}", f"dd-{n + 2}") for n, size in enumerate(sizes) for i in range(size)]
    boss = PersonRow(staff_id="boss", name="陈局", unit_code="dd-1", roles=frozenset({Role.STAFF, Role.CITY}), phone="")
    world.import_roster(Roster(units=tuple(units), people=(*people, boss)))
    return world


def test_departments_are_the_cheapest_way_to_everybody(new_world: Worlds) -> None:
    world = pulled(new_world, 30, 40, 50)
    with_means(world, work_notices=True)
    boss = world.person("boss", "陈局")
    told = boss.says("群发 全员：明天开会")
    assert "调用 6 次" in told
    assert "按部门发工作通知（1次）" in told
    boss.taps("按部门发工作通知（1次）")
    work(world)
    assert [letter.lane for letter in letters(world)] == ["work_notice:department:1"]


def test_a_call_holds_twenty_departments_and_five_thousand_people(
    new_world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = pulled(new_world, *[3] * 25)
    with world.database.session() as session:
        session.connection().execute(text("UPDATE person SET active = false WHERE staff_id = 'boss'"))
        top = next(one for one in roster.units(session) if one.code == "dd-1")
        assert departments.calls(session, top).departments == ("1",)
        monkeypatch.setattr(departments, "MOST_PEOPLE", 70)
        found = departments.calls(session, top)
        assert [call.count(",") + 1 for call in found.departments] == [20, 5]
        assert found.people == 75
        monkeypatch.setattr(departments, "MOST_PEOPLE", 10)
        assert [call.count(",") + 1 for call in departments.calls(session, top).departments] == [3] * 8 + [1]


def test_nobody_in_the_middle_of_the_tree_is_missed(new_world: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departments, "MOST_PEOPLE", 10)
    world = pulled(new_world, 8, 8)
    with world.database.reading() as session:
        top = next(one for one in roster.units(session) if one.code == "dd-1")
        assert departments.calls(session, top).departments == (), "the office itself stands in no department below"
        other = next(one for one in roster.units(session) if one.code == "3311")
        assert departments.calls(session, other).departments == (), "no department of the platform"


# ---------------------------------------------------------------- the whole way


async def test_from_the_button_to_the_notice(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, clock=lambda: MORNING, agent=7, qps=1000.0, broadcast_ask=3):
        await talk(box, "zhou", "群发 全员 紫金街道：明天带反馈表")
        await talk(box, "zhou", "确认群发 1 工作通知")
        await seen(lambda: got(box, "zhang") and got(box, "li") and got(box, "wang"))
        assert "周建国（大数据中心）通知" in got(box, "li")[0]["markdown"]["text"]
        done = await seen(lambda: [one for one in box.replies("zhou") if "结束：送出 3/3" in str(one.get("text"))])
        assert done
    assert box.ledger("violation") == []
