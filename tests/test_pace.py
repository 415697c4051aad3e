"""How often we call, by a clock that moves only when told."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.pace import Call, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def calls(pace: Pace, clock: Clock, count: int, stalls: dict[int, float] | None = None) -> list[float]:
    """When `count` calls begin, made as soon as they may; before some of them we ourselves are late."""
    begun = []
    for n in range(count):
        clock.now += (stalls or {}).get(n, 0.0)
        while not pace.room():
            clock.now += pace.delay()
        assert pace.room() >= 1
        begun.append(clock.now)
        pace.begin().over()
    return begun


def most_in_window(begun: list[float], seconds: float) -> int:
    return max(sum(first <= other < first + seconds for other in begun) for first in begun)


@pytest.mark.parametrize("rate", [1, 5, 20, 60, 0.5])
def test_the_whole_rate_is_used_and_never_more(rate: float) -> None:
    clock = Clock()
    pace = Pace(rate, clock=clock)
    begun = calls(pace, clock, max(int(rate * 20), 10))
    per = 1.0 if rate >= 1 else 1 / rate
    assert most_in_window(begun, per) <= max(rate, 1)
    assert (begun[-1] - begun[0]) <= len(begun) / rate * 1.03


@settings(max_examples=50)
@given(st.dictionaries(st.integers(0, 199), st.floats(0.01, 2.0), max_size=8))
def test_a_stall_is_made_up_for_within_the_limit(stalls: dict[int, float]) -> None:
    clock = Clock()
    pace = Pace(20, clock=clock)
    begun = calls(pace, clock, 200, stalls)
    assert most_in_window(begun, 1.0) <= 20
    assert begun[-1] - begun[0] <= 200 / 20 * 1.03 + sum(stalls.values())


def test_the_gaps_are_even_after_the_first_few() -> None:
    clock = Clock()
    gaps = [b - a for a, b in pairwise(calls(Pace(20, clock=clock), clock, 60))]
    assert gaps[:4] == pytest.approx([0.0] * 4)
    assert all(0 <= gap <= 0.30 for gap in gaps), "nobody who waits for a reply waits longer for a call"


def test_room_is_what_may_begin_at_once() -> None:
    clock = Clock()
    pace = Pace(60, clock=clock)
    assert pace.room() == 15
    for _ in range(15):
        pace.begin()
    assert pace.room() == 0
    clock.now += 0.1
    assert 5 <= pace.room() <= 6


def test_room_ahead_is_what_will_be_room_by_then() -> None:
    clock = Clock()
    pace = Pace(60, clock=clock)
    for _ in range(60):
        clock.now += pace.delay()
        pace.begin().over()
    pause = pace.pause(0.05)
    assert pause == pytest.approx(pace.delay() - 0.05)
    assert pause > 0
    clock.now += pause
    ahead = pace.room(0.05)
    assert ahead >= 1
    clock.now += 0.05
    assert pace.room() == ahead


async def test_those_who_wait_have_their_room() -> None:
    clock = Clock()
    pace = Pace(10, clock=clock)
    for _ in range(2):
        pace.begin()
    waiting = asyncio.create_task(pace.turn())
    await asyncio.sleep(0)
    assert pace.pause(0.0) == pytest.approx(0.2, abs=0.01), "the one after them"
    clock.now += pace.delay()
    assert pace.room() == 0, "it is theirs"
    assert pace.delay() == 0
    clock.now += 0.11
    assert pace.room() == 1
    await waiting
    assert pace.room() == 1


def test_a_group_robot_says_twenty_things_a_minute() -> None:
    clock = Clock()
    begun = calls(Pace(20, 60, burst=20, clock=clock), clock, 61)
    assert begun[19] == begun[0], "the first twenty need not wait"
    assert most_in_window(begun, 60.0) == 20


def test_too_fast_slows_down_and_comes_back() -> None:
    clock = Clock()
    pace = Pace(20, clock=clock)
    calls(pace, clock, 40)
    for _ in range(5):  # those under way together are told the same
        pace.slow_down(1.0)
    assert pace.delay() == pytest.approx(1.0)
    assert pace.share == pytest.approx(0.85)
    for _ in range(4):
        clock.now += 1.0
        pace.slow_down(1.0)
    assert pace.share < 0.65, "the more often it is said, the slower"
    clock.now += 1.0
    slow = calls(pace, clock, 20)
    assert slow[-1] - slow[5] > 14 / 20 * 1.2
    clock.now += 60
    assert pace.share == 1.0
    begun = calls(pace, clock, 40)
    assert begun[-1] - begun[0] <= 40 / 20 * 1.03


def test_it_never_stops_for_good() -> None:
    clock = Clock()
    pace = Pace(20, clock=clock)
    for _ in range(50):
        pace.slow_down(0.5)
        clock.now += 0.6
    assert pace.share >= 0.1


async def test_those_who_wait_go_one_after_the_other() -> None:
    pace = Pace(100)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(36)))
    assert loop.time() - began >= 0.1


@pytest.mark.parametrize(("answer", "slower"), [(0.0, 1.01), (0.005, 1.01), (0.03, 1.01), (0.2, 1.01), (5.0, 1.11)])
def test_slow_answers_cost_little(answer: float, slower: float) -> None:
    """What is equally far away is counted equally late; only what is not answered for a second is waited for."""
    clock = Clock()
    pace = Pace(20, clock=clock)
    begun: list[tuple[float, Call]] = []
    for _ in range(200):
        while not pace.room():
            clock.now += min([pace.delay(), *(at + answer - clock.now for at, call in begun if call.ended > clock.now)])
            for at, call in begun:
                if call.ended > clock.now and at + answer <= clock.now:
                    call.over()
        begun.append((clock.now, pace.begin()))
        if not answer:
            begun[-1][1].over()
    assert most_in_window([at for at, _ in begun], 1.0) <= 20
    assert begun[-1][0] - begun[0][0] <= 200 / 20 * slower


@settings(max_examples=30)
@given(st.lists(st.floats(0.005, 0.08), min_size=60, max_size=60))
def test_however_uneven_the_way_is_the_platform_never_counts_too_many(ways: list[float]) -> None:
    """Each call arrives when its answer comes, less the way back; ways differ from call to call."""
    clock = Clock()
    pace = Pace(20, clock=clock)
    quick = pace.begin()
    clock.now += 0.005
    quick.over()
    clock.now += 2.0
    under_way: list[tuple[float, Call]] = []
    arrived: list[float] = []

    def answer_until(now: float) -> None:
        for ends, call in sorted(under_way, key=lambda one: one[0]):
            if ends <= now:
                clock.now = ends
                call.over()
                under_way.remove((ends, call))
        clock.now = now

    for way in ways:
        while not pace.room():
            first = min((ends for ends, _ in under_way), default=float("inf"))
            answer_until(min(clock.now + max(pace.delay(), 1e-6), max(first, clock.now)))
        arrived.append(clock.now + way - 0.0025)
        under_way.append((clock.now + way, pace.begin()))
    assert most_in_window(sorted(arrived), 1.0) <= 20
