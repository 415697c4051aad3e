"""Copies of a message after seconds, minutes and days, before and after a restart; and messages in the wrong order.

What was taken is not taken again and gets no second answer; whoever repeats an answer is told the same.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.metrics import Metrics
from bot.reception import Reception
from bot.scheduler import KEEP_INBOX
from bot.threads import DatabaseThread
from handlers.texts import asks
from storage import inbox
from tests.world import Somebody, World, talk

LATER = [timedelta(seconds=16), timedelta(seconds=60), timedelta(hours=48)]


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


@pytest.fixture
def qian(world: World) -> Somebody:
    """Somebody who has handed in, and whose answers have all gone out."""
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "不需要"):
        qian.says(said)
    world.due()
    return qian


@pytest.mark.parametrize("later", LATER, ids=str)
@pytest.mark.parametrize("restarted", [False, True])
def test_everything_comes_once_more(world: World, qian: Somebody, later: timedelta, *, restarted: bool) -> None:
    before = world.facts()
    world.now += later
    with world.database.session() as session:  # the bot tidies every few hours
        inbox.forget_before(session, world.now - KEEP_INBOX)
    if restarted:
        world.restart()
    assert world.redeliver() == 0
    assert qian.hears() == []
    assert world.facts() == before


@pytest.mark.parametrize("later", LATER, ids=str)
def test_a_copy_from_the_middle_of_the_form(world: World, later: timedelta) -> None:
    """«1» comes again when «1» would be an answer to the next question."""
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    qian.says("1", msg_id="first")
    before = world.facts()
    world.now += later
    assert not world.intake.take(world.delivered[-1])
    assert world.facts() == before


def test_the_same_answer_again_is_told_the_same(world: World, qian: Somebody) -> None:
    """A button pressed twice, a word sent twice: two messages, one answer, the same word back."""
    first = qian.says("不需要")
    assert "ZC-0518-0001" in first
    assert qian.says("不需要") == first
    assert world.facts()["counters"] == [next(one for one in world.facts()["counters"] if one[1] == 1)]


def test_a_button_of_an_earlier_question_pressed_again(world: World) -> None:
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    pressed = qian.button("都没有")
    asked = qian.says(pressed)
    again = qian.says(pressed)
    assert asked.split("\n\n")[-1] in again, "the question that stands is asked again"
    assert qian.says(pressed) == again
    assert [key for key, *_ in world.facts()["cases"]["qian"]["answers"]] == ["contact"]


async def test_what_waits_is_taken_in_the_order_it_was_said(world: World, thread: DatabaseThread) -> None:
    """Pushed the last one first; each counts for its own question."""
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    template = world.delivered[-1]
    said = [
        replace(template, msg_id=f"m{n}", text=text, received_at=template.received_at + timedelta(seconds=n))
        for n, text in enumerate(("都没有", "都看过，没有", "不需要"), 1)
    ]
    reception = Reception(intake=talk(world, thread), most=100, metrics=Metrics())
    assert await asyncio.gather(*(reception.receive(one) for one in reversed(said))) == [True, True, True]
    assert [key for key, *_ in world.facts()["cases"]["qian"]["answers"]] == ["contact", "traces", "pledge_nil"]
    assert world.facts()["cases"]["qian"]["submitted_at"] is not None


def test_what_comes_after_a_newer_message_answers_nothing(world: World) -> None:
    """The newer one is stored already: the older one is told that it came late, and the question is asked again."""
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    qian.says("1")
    late = replace(world.delivered[-1], msg_id="late", received_at=world.delivered[0].received_at)
    before = world.facts()["cases"]
    assert world.intake.take(late)
    assert asks.CAME_LATE in "\n".join(qian.hears())
    assert world.facts()["cases"] == before
    assert not world.intake.take(late)
