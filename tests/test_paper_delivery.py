"""Papers on their way: made when their letter is sent, whatever their size and however long it takes."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from bot import intake
from bot.channels import Attachment
from handlers.messages import Address, ChatKind, Choice, Document, Letter
from handlers.papers import documents
from storage import delivery, roster
from tests.conftest import Worlds
from tests.test_delivery import Platform, carry, states
from tests.world import World


def promise(world: World, code: str = "") -> None:
    """A city's 反馈表 is on its way to somebody."""
    with world.database.session() as session:
        unit = next(unit for unit in roster.units(session) if unit.code == "3311")
        about = {"campaign": world.campaign.id, "unit": str(unit.id), "as_of": world.now.isoformat(), "code": code}
        to = Address("dingtalk", ChatKind.DIRECT, "zhou")
        letter = Letter(
            to=to, body=Document("表.xlsx", "feedback_table", about), topic="export", key="paper", bulk=True
        )
        intake.post(session, [letter], now=world.now)


async def test_a_paper_is_carried_as_a_file_that_is_gone_afterwards(new_world: Worlds) -> None:
    world, platform = new_world(), Platform()
    promise(world)
    await carry(world, platform)
    (body,) = platform.bodies
    assert isinstance(body, Attachment)
    assert body.name == "表.xlsx"
    assert body.content.closed


async def test_a_paper_too_large_for_the_platform_is_offered_in_parts(new_world: Worlds) -> None:
    world, platform = new_world(), Platform()
    platform.largest = 1_000
    promise(world)
    await carry(world, platform)
    (body,) = platform.bodies
    assert isinstance(body, Choice)
    assert "超过钉钉一个文件" in body.markdown
    assert [option.label for option in body.options] == ["莲都区", "青田县", "云和县"]
    assert body.options[0].send == "导出 反馈表 331102 截至2022-05-18 09:00"
    assert states(world) == {"sent": 1}


async def test_a_paper_is_not_made_for_a_platform_that_carries_none(new_world: Worlds) -> None:
    world, platform = new_world(), Platform()
    platform.largest = None
    promise(world)
    await carry(world, platform)
    (body,) = platform.bodies
    assert isinstance(body, Attachment)
    assert body.name == "表.xlsx"


async def test_a_paper_that_takes_long_is_not_taken_for_lost(
    new_world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is being made its lease is prolonged, however often that must be."""
    world, platform = new_world(), Platform()
    monkeypatch.setattr("bot.carrier.LEASE", timedelta(seconds=0.03))
    prolonged = threading.Event()
    prolong, write = delivery.prolong, documents.write

    def noted(*args: Any) -> None:
        prolong(*args)
        prolonged.set()

    def slowly(*args: Any) -> str:
        assert prolonged.wait(60)
        return write(*args)

    monkeypatch.setattr("storage.delivery.prolong", noted)
    monkeypatch.setattr("handlers.papers.documents.write", slowly)
    promise(world)
    await carry(world, platform)
    assert isinstance(platform.bodies[0], Attachment)
    assert states(world) == {"sent": 1}
