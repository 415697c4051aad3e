"""The room where messages wait: what is given to the intake together, and what waits for what."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest

from bot import reception
from bot.metrics import Metrics
from bot.reception import Reception
from bot.talk import Talk
from handlers.messages import Address, ChatKind, Inbound
from tests.world import MORNING

MANY = reception._MANY


class Given:
    """An intake that stores a batch when it is told to."""

    def __init__(self, *, alone: bool = True) -> None:
        self.batches: list[list[str]] = []
        self._stored: list[asyncio.Future[None]] = []
        self.reception = Reception(intake=cast(Talk, self), most=1000, metrics=Metrics(), is_alone=lambda: alone)
        self.acked: list[str] = []

    async def take_all(self, inbounds: Sequence[Inbound]) -> list[bool]:
        self.batches.append(sorted(one.msg_id for one in inbounds))
        self._stored.append(asyncio.get_running_loop().create_future())
        await self._stored[-1]
        return [True] * len(inbounds)

    async def comes(self, *messages: str) -> None:
        """`who-what`, all of them at the same moment."""
        for number, msg_id in enumerate(messages):
            who = msg_id.partition("-")[0]
            inbound = Inbound(
                robot="ding",
                msg_id=msg_id,
                sender_id=who,
                sender_name="某",
                chat=Address("dingtalk", ChatKind.DIRECT, who),
                text="1",
                received_at=MORNING + timedelta(milliseconds=number),
            )
            asyncio.create_task(self._receive(inbound)).add_done_callback(lambda task: task.result())
        await self._quiet()

    async def stores(self, batch: int) -> None:
        self._stored[batch].set_result(None)
        await self._quiet()

    async def _receive(self, inbound: Inbound) -> None:
        assert await self.reception.receive(inbound)
        self.acked.append(inbound.msg_id)

    @staticmethod
    async def _quiet() -> None:
        for _ in range(50):
            await asyncio.sleep(0)


def crowd(what: str, count: int = MANY) -> list[str]:
    return [f"p{n:02}-{what}" for n in range(count)]


async def test_many_who_wait_are_given_while_others_are_being_stored() -> None:
    intake = Given()
    await intake.comes("zhang-1")
    await intake.comes(*crowd("1"))
    assert intake.batches == [["zhang-1"], crowd("1")]
    await intake.comes(*[f"q{n:02}-1" for n in range(MANY)])
    assert len(intake.batches) == 2, "one batch is under way, one is ready: that is enough"
    await intake.stores(0)
    assert intake.acked == ["zhang-1"]
    assert len(intake.batches) == 3
    await intake.stores(1)
    await intake.stores(2)
    assert len(intake.acked) == 1 + 2 * MANY


async def test_few_who_wait_make_one_batch_when_the_others_are_stored() -> None:
    intake = Given()
    await intake.comes("zhang-1")
    for who in ("li", "sun", "chen"):
        await intake.comes(f"{who}-1")
    assert intake.batches == [["zhang-1"]]
    await intake.stores(0)
    assert intake.batches == [["zhang-1"], ["chen-1", "li-1", "sun-1"]]
    await intake.stores(1)


async def test_a_stop_begins_no_other_batch() -> None:
    """What was begun is acked; the rest the platform pushes again."""
    intake = Given()
    await intake.comes("zhang-1")
    await intake.comes(*crowd("1"))
    await intake.comes(*[f"q{n:02}-1" for n in range(MANY)])
    intake.reception.close()
    await intake.stores(0)
    await intake.stores(1)
    assert len(intake.batches) == 2
    assert intake.acked == ["zhang-1", *crowd("1")]


async def test_what_somebody_says_next_waits_until_the_last_is_stored() -> None:
    intake = Given()
    await intake.comes(*crowd("1"))
    await intake.comes(*crowd("2"), "zhang-1")
    assert intake.batches == [crowd("1"), ["zhang-1"]]
    await intake.comes(*crowd("3"))
    assert len(intake.batches) == 2
    await intake.stores(0)
    assert intake.batches[2:] == [crowd("2")]
    await intake.stores(1)
    await intake.stores(2)
    await intake.stores(3)
    assert intake.batches[3:] == [crowd("3")]
    assert intake.acked == [*crowd("1"), "zhang-1", *crowd("2"), *crowd("3")]


async def test_where_others_share_the_work_a_batch_waits_a_moment_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only right after another: somebody who comes in a quiet hour waits for nobody."""
    monkeypatch.setattr(reception, "_MOMENT", 60.0)
    monkeypatch.setattr(reception, "_JUST_NOW", 60.0)
    intake = Given(alone=False)
    monkeypatch.setattr(intake.reception, "_done_at", -60.0)
    await intake.comes("zhang-1")
    assert intake.batches == [["zhang-1"]]
    await intake.stores(0)
    await intake.comes("li-1")
    assert len(intake.batches) == 1
    await intake.comes(*crowd("1", MANY - 1))
    assert intake.batches[1:] == [sorted(["li-1", *crowd("1", MANY - 1)])]
    await intake.stores(1)


async def test_company_is_waited_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "_JUST_NOW", 60.0)
    intake = Given(alone=False)
    await intake.comes("zhang-1")
    await asyncio.sleep(0.1)
    await intake.stores(0)
    await intake.comes("li-1")
    await asyncio.sleep(0.1)
    assert intake.batches == [["zhang-1"], ["li-1"]]
    await intake.stores(1)
