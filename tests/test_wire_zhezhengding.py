"""The whole bot on both platforms at once, over real sockets: everybody is reached where they are, once."""

import asyncio
from pathlib import Path

from bot.app import App
from storage import accounts, roster
from tests.bot_process import CITY, START, furnished, running, seen, settings, talk
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.zhezhengding import account_of, zzd_settings

PAGE = "https://zicha.example.gov.cn/h5"
PEOPLE = [one["staffId"] for one in CITY["people"]]


def account(who: str) -> str:
    return account_of(PEOPLE.index(who))


def linked(app: App, *people: str) -> None:
    base = app._base
    with base.database.session() as session:
        for who in people:
            person = roster.person(session, who)
            assert person
            at = person.heard_at or app._clock()
            accounts.link(session, platform="zhezhengding", account_id=account(who), person_id=person.id or 0, at=at)
        accounts.settle(session, app._platforms)


def phone(box: SandboxProcess, who: str) -> JSON:
    return box.get("/sandbox/phone", **{"as": who})


def test_a_nudge_reaches_each_person_where_they_are_and_once(tmp_path: Path) -> None:
    clock = tmp_path / "clock.json"
    with sandbox(CITY, tmp_path / "box", clock_start=START, clock_file=clock) as box:

        async def main() -> None:
            zzd = zzd_settings(box.url, h5_url=PAGE, h5_port=0, platforms="zhezhengding,dingtalk")
            async with running(box, tmp_path, **zzd) as app:
                linked(app, "zhang")
                assert "已" in await talk(box, "wang", "催办")
                notices = await seen(lambda: phone(box, "zhang")["notices"])
                assert len(notices) == 1
                card = notices[0]["message"]["action_card"]
                assert "王雅芳" in card["markdown"]
                assert card["btn_json_list"][0]["action_url"] == PAGE
                assert await seen(lambda: box.replies("li"))
                assert box.replies("zhang") == []
                assert phone(box, "li")["notices"] == []
                assert box.ledger("violation") == []

        asyncio.run(main())


def test_zhezhengding_alone_needs_no_dingtalk(tmp_path: Path) -> None:
    with sandbox(CITY, tmp_path / "box") as box:

        async def main() -> None:
            config = settings(box, tmp_path, client_id="", client_secret="", **zzd_settings(box.url))
            assert config.platforms_in_order == ("zhezhengding",)
            app = App(config, furnished(config))
            task = asyncio.create_task(app.run())
            assert app.zhezhengding
            assert await app.zhezhengding.gateway.token()
            app.stop()
            await asyncio.wait_for(task, 60)
            assert box.ledger("open") == []

        asyncio.run(main())
