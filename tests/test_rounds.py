"""When a round looks into the outbox: replies for what is being written and what could not go before, bulk for what may
go soon."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

import pytest

from bot import rounds
from bot.carrier import Carrier
from bot.channels import Channel
from bot.channels.pace import Pace
from bot.dispatch import Carried
from bot.rounds import Round
from bot.settling import Settling
from storage.delivery import Claimed
from tests.world import MORNING

MOST = 8


class Outbox:
    """Gives out what it is told to, claim after claim; the platform and the settling are as quick as can be."""

    name, keyed = "dingtalk", False

    def __init__(self, *, bulk: bool = False) -> None:
        self.now = 1000.0
        """By the clock of the pace: ten calls a second."""
        self.pace = Pace(10, clock=lambda: self.now)
        self.rooms: list[int] = []
        """What every claim had room for."""
        self.gives: list[list[Claimed]] = []
        self.free = asyncio.Event()
        """Claims are answered."""
        self.free.set()
        self.delivered: list[str] = []
        self.released: list[str] = []
        self.round = Round(
            channel=cast(Channel, self),
            claim=self.claim,
            bulk=bulk,
            most=MOST,
            carrier=cast(Carrier, self),
            settling=cast(Settling, self),
            real_now=lambda: MORNING,
            wake_replies=lambda: None,
        )

    async def claim(self, until: datetime, room: int) -> list[list[Claimed]]:
        self.rooms.append(room)
        found = self.gives.pop(0) if self.gives else []
        await self.free.wait()
        return [[letter] for letter in found]

    async def carry(self, channel: Channel, letters: Sequence[Claimed]) -> Carried:
        self.delivered += [letter.key for letter in letters]
        return Carried("dingtalk", False, letters, {letter.id: None for letter in letters}, well=True)

    async def release(self, letters: Sequence[Claimed]) -> None:
        self.released += [letter.key for letter in letters]

    async def settle(self, carried: Carried) -> None:
        await asyncio.sleep(0)

    @asynccontextmanager
    async def carrying(self) -> AsyncIterator[Round]:
        running = asyncio.create_task(self.round.run(5.0))
        await quiet()
        self.rooms.clear()
        yield self.round
        running.cancel()
        self.free.set()
        await asyncio.wait([running])


async def quiet() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def letter(number: int, *, more: bool = False) -> Claimed:
    key, lane = f"m{number}#0", f"dingtalk:direct:p{number}"
    return Claimed(id=number, key=key, lane=lane, topic="reply", body="{}", attempts=1, parcel=key, more=more)


@pytest.fixture(autouse=True)
def nothing_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "_POLL", 60.0)


@pytest.fixture
async def outbox() -> Outbox:
    return Outbox()


async def test_what_is_being_written_is_claimed_whatever_is_claimed_already(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.free.clear()
        outbox.gives = [[letter(1)], [letter(2), letter(3)]]
        one.expect(1)
        one.expect(2)
        await quiet()
        assert outbox.rooms == [1, 2]
        outbox.free.set()
        await quiet()
        assert sorted(outbox.delivered) == ["m1#0", "m2#0", "m3#0"]


async def test_claims_under_way_share_the_room(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.free.clear()
        outbox.gives = [[letter(n) for n in range(MOST - 1)], [letter(MOST)], [letter(MOST + 1)]]
        one.expect(MOST - 1)
        one.expect(3)
        one.expect(3)
        await quiet()
        assert outbox.rooms == [MOST - 1, 1], "the rest has no room yet"
        outbox.free.set()
        await quiet()
        assert f"m{MOST + 1}#0" in outbox.delivered, "it is claimed as soon as others have arrived"


async def test_an_arrival_asks_for_nothing_where_nothing_waits(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.gives = [[letter(1), letter(2)]]
        one.expect(2)
        await quiet()
        assert outbox.delivered == ["m1#0", "m2#0"]
        assert outbox.rooms == [2]


async def test_a_reply_whose_chat_was_busy_is_claimed_when_another_has_arrived(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.gives = [[letter(1)], [letter(2)]]
        one.expect(2)
        await quiet()
        assert outbox.delivered == ["m1#0", "m2#0"]


async def test_what_waits_behind_a_letter_is_claimed_when_that_has_arrived(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.gives = [[letter(1, more=True)], [letter(2)]]
        one.expect(1)
        await quiet()
        assert outbox.delivered == ["m1#0", "m2#0"]


async def test_copies_that_get_no_reply_are_not_waited_for_for_ever(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.gives = [[], [], [letter(1)], []]
        one.expect(1)
        one.wake()
        await quiet()
        outbox.rooms.clear()
        one.expect(1)
        await quiet()
        assert outbox.delivered == ["m1#0"]
        assert outbox.rooms == [1]


async def test_what_a_stop_finds_being_claimed_waits_again(outbox: Outbox) -> None:
    async with outbox.carrying() as one:
        outbox.free.clear()
        outbox.gives = [[letter(1)]]
        one.expect(1)
        await quiet()
    assert outbox.released == ["m1#0"]
    assert outbox.delivered == []


async def test_bulk_is_claimed_a_moment_before_its_call_may_begin_and_no_sooner() -> None:
    there = Outbox(bulk=True)
    async with there.carrying() as one:
        for _ in range(2):  # as many as go at once: the next may begin a tenth of a second later
            there.pace.begin()
        for seconds, rooms in ((0.06, []), (0.085, [1]), (0.1, [1, 1])):
            there.now = 1000.0 + seconds
            one.wake()
            await quiet()
            assert there.rooms == rooms
