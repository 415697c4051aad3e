"""To-dos on 浙政钉's phones: there while there is something to do, gone when it is done, back when it is not."""

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.channels.zhezhengding.todos import Todos
from bot.threads import DatabaseThread
from storage import accounts, exemptions, roster, todos
from storage.models import Person, Todo
from storage.todos import RETURN, SELF_CHECK, Errand
from tests.bot_process import CITY
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.test_reaching import NIL_WALK, ZZD, OnThePage, with_account
from tests.world import World
from tests.zhezhengding import account_of, client, configured

PEOPLE = [one["staffId"] for one in CITY["people"]]
PAGE = "https://zicha.example.gov.cn/h5"


def there(world: World, who: str) -> OnThePage:
    """Somebody who is reached on 浙政钉."""
    page = with_account(world, who, account_of(PEOPLE.index(who)))
    with world.database.session() as session:
        accounts.settle(session, (ZZD, "dingtalk"))
    return page


def wanted(world: World) -> dict[tuple[str, str], str]:
    with world.database.session() as session:
        todos.settle(session, world.campaign.id, platform=ZZD, now=world.now)
        people = {person.id: person.staff_id for person in session.exec(select(Person)).all()}
        return {(people[row.person_id], row.about): row.wanted for row in session.exec(select(Todo)).all()}


def test_who_has_something_to_do_gets_one(world: World) -> None:
    there(world, "zhang")
    there(world, "wang")
    assert wanted(world) == {("zhang", SELF_CHECK): "open", ("wang", SELF_CHECK): "open", ("wang", RETURN): "open"}


def test_finishing_ends_it_and_second_thoughts_open_it_again(world: World) -> None:
    page = there(world, "zhang")
    assert wanted(world)["zhang", SELF_CHECK] == "open"
    for words in NIL_WALK:
        page.says(words)
    assert wanted(world)["zhang", SELF_CHECK] == "done"
    page.says("修改 1")
    assert wanted(world)["zhang", SELF_CHECK] == "open"
    page.says("放弃修改")
    assert wanted(world)["zhang", SELF_CHECK] == "done"


def test_who_is_reached_elsewhere_has_none(world: World) -> None:
    there(world, "zhang")
    assert wanted(world)["zhang", SELF_CHECK] == "open"
    world.person("zhang").says("你好")
    assert wanted(world)["zhang", SELF_CHECK] == "gone"


def test_the_exempt_and_those_who_left_have_none(world: World) -> None:
    there(world, "zhang")
    there(world, "li")
    wanted(world)
    with world.database.session() as session:
        zhang, li = roster.person(session, "zhang"), roster.person(session, "li")
        assert zhang
        assert li
        exemptions.grant(session, world.campaign.id, zhang.id or 0, reason="产假", by=li.id or 0, at=world.now)
        li.active = False
    assert set(wanted(world).values()) == {"gone"}


# ---------------------------------------------------------------- told to the platform


@pytest.fixture
def box() -> Iterator[SandboxProcess]:
    with sandbox(CITY) as process:
        yield process


@asynccontextmanager
async def keeping(world: World, box: SandboxProcess, **changes: Any) -> Any:
    values = {"h5_url": PAGE, "zzd_todo_rate": 100.0, **changes}
    thread = DatabaseThread()
    async with client(box.url, **values) as gateway:
        yield Todos(
            configured(box.url, **values),
            gateway,
            database=world.database,
            campaigns=world.campaigns,
            thread=thread,
            now=lambda: world.now,
        )
    thread.close()


def phone(box: SandboxProcess, who: str) -> list[JSON]:
    return list(box.get("/sandbox/phone", **{"as": who})["todos"])


def states(box: SandboxProcess, who: str) -> list[str]:
    return [one["state"] for one in phone(box, who)]


def test_the_phone_shows_what_is_wanted(world: World, box: SandboxProcess) -> None:
    async def main() -> None:
        page = there(world, "zhang")
        async with keeping(world, box) as keeper:
            assert await keeper.round() == 1
            (todo,) = phone(box, "zhang")
            assert todo["dueTime"] == "2022-05-30 23:59:59"
            assert todo["mobileUrl"] == PAGE
            assert world.campaign.name in todo["subject"]
            assert await keeper.round() == 0
            for words in NIL_WALK:
                page.says(words)
            keeper.wake(page.address)
            assert await keeper.round() == 1
            assert states(box, "zhang") == ["done"]
            page.says("修改 1")
            keeper.wake(page.address)
            await keeper.round()
            assert states(box, "zhang") == ["done", "open"]
            world.person("zhang").says("你好")
            keeper.wake(world.person("zhang").address)
            await keeper.round()
            assert states(box, "zhang") == ["done", "cancelled"]

    asyncio.run(main())


def test_a_to_do_whose_making_got_no_answer_is_found_again(world: World, box: SandboxProcess) -> None:
    async def main() -> None:
        page = there(world, "zhang")
        async with keeping(world, box, http_timeout=2.0) as keeper:
            box.fault("hang", seconds=4.0)
            await keeper.round()
            assert states(box, "zhang") == ["open"]
            for words in NIL_WALK:
                page.says(words)
            keeper.wake(page.address)
            world.now += timedelta(minutes=5)
            await keeper.round()
            assert states(box, "zhang") == ["done"]

    asyncio.run(main())


def test_a_to_do_ended_by_hand_is_no_trouble(world: World, box: SandboxProcess) -> None:
    async def main() -> None:
        page = there(world, "zhang")
        async with keeping(world, box) as keeper:
            await keeper.round()
            await keeper._end(_errand(world))
            assert states(box, "zhang") == ["done"]
            for words in NIL_WALK:
                page.says(words)
            keeper.wake(page.address)
            await keeper.round()
            assert await keeper.round() == 0
            with world.database.reading() as session:
                assert todos.troubled(session, 5) == []

    asyncio.run(main())


def _errand(world: World) -> Errand:
    with world.database.session() as session:
        (row,) = session.exec(select(Todo)).all()
        return Errand(
            id=row.id or 0,
            campaign=row.campaign,
            about=row.about,
            account=row.account,
            unit="",
            wanted="done",
            known="open",
            serial=row.serial,
            task=row.task,
            tries=1,
        )
