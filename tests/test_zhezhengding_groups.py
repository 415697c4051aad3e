"""Group robots on 浙政钉: the same webhook at its gateway, people called by the ids it knows them by."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.channels import Parcel
from bot.channels.webhook import GroupRobots
from handlers.messages import Address, ChatKind, Text
from handlers.reminders import groups
from storage import accounts, group_robots, roster
from storage.group_robots import Robot
from storage.quota import Unit as Billed
from tests.bot_process import CITY, GROUP, furnished, settings, typing_at
from tests.sandbox_process import sandbox
from tests.world import World
from tests.zhezhengding import APP_KEY, APP_SECRET, TENANT, zzd_settings

TOKEN, SECRET = "zzdgrouprobot", "SECzzd-group-secret"
ROBOTS = [{"token": TOKEN, "conversationId": GROUP, "name": "浙政钉提醒", "secret": SECRET}]


def test_officers_are_called_by_their_accounts(world: World) -> None:
    with world.database.session() as session:
        qingtian = next(unit for unit in roster.units(session) if unit.code == "331121")
        named = {"unit_id": qingtian.id or 0, "secret": "", "keyword": "", "at": world.now}
        for platform in ("dingtalk", "zhezhengding"):
            address = f"https://{platform}.example/robot/send?access_token=x"
            group_robots.add(session, world.vault, name=platform, address=address, platform=platform, **named)  # type: ignore[arg-type]
        sun = roster.person(session, "sun")
        assert sun
        accounts.link(session, platform="zhezhengding", account_id="77000008", person_id=sun.id or 0, at=world.now)
    with world.database.reading() as session:
        words = "{unit}还有{missing}人"
        told = {one.body.at: one.body.markdown for one in groups.told(session, world.campaign, words, {}, world.now)}
    assert set(told) == {("sun",), ("77000008",)}
    assert "@77000008" in told["77000008",]
    assert "@sun" in told["sun",]


def test_a_robot_of_the_gateway_speaks_signed_and_costs_dingtalk_nothing(tmp_path: Path) -> None:
    billed: list[Billed] = []
    with sandbox(CITY | {"customRobots": ROBOTS}) as box:
        host = box.url.replace("127.0.0.1", "localhost")
        robot = Robot(id=1, name="x", address=f"{host}/robot/send?access_token={TOKEN}", secret=SECRET, keyword="")

        async def find(number: str) -> Robot:
            return robot

        async def main() -> None:
            config = settings(box, tmp_path, **zzd_settings(host))
            channel = GroupRobots(config, find, lambda: datetime.now(UTC), count=billed.append)
            to = (Address("robot", ChatKind.GROUP, "1"),)
            for _ in range(2):
                await channel.deliver(Parcel(key="k1", to=to, body=Text("还有三天", "自查"), reply=False))
            await channel.close()

        asyncio.run(main())
        assert [one["text"] for one in box.messages("zhang", GROUP)] == ["还有三天"]
        assert billed == []


def test_the_operator_adds_one_by_its_address(tmp_path: Path) -> None:
    with sandbox(CITY | {"customRobots": ROBOTS}) as box:
        host = box.url.replace("127.0.0.1", "localhost")
        config = settings(box, tmp_path / "data")
        base = furnished(config)
        told = {
            "ZICHA_DATA": str(config.data),
            "DINGTALK_OAPI_ENDPOINT": "https://oapi.dingtalk.example",
            "ZZD_BASE_URL": host,
            "ZZD_APP_KEY": APP_KEY,
            "ZZD_APP_SECRET": APP_SECRET,
            "ZZD_TENANT_ID": TENANT,
        }
        (tmp_path / "robot.txt").write_text(f"{host}/robot/send?access_token={TOKEN}\n{SECRET}\n", encoding="utf-8")
        (tmp_path / "other.txt").write_text("https://elsewhere.example/robot/send?access_token=x\n", encoding="utf-8")
        with typing_at(tmp_path, **told) as zicha:
            refused = zicha("groups", "add", "紫金群", "--unit", "331102001", "--from", "other.txt")
            assert f"{host}/robot/send?access_token=" in refused.output
            assert zicha("groups", "add", "紫金群", "--unit", "331102001", "--from", "robot.txt").exit_code == 0
            assert "去群里看一眼" in zicha("groups", "test", "紫金群").output
        assert box.messages("zhang", GROUP)
        with base.database.reading() as session:
            robot = group_robots.named(session, "紫金群")
            assert robot
            assert robot.platform == "zhezhengding"
        base.database.close()
