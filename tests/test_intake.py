"""One message, one transaction: what happens when something breaks in the middle."""

import asyncio
import logging
import re
from collections.abc import Iterator
from typing import NoReturn

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.threads import DatabaseThread
from handlers import pledge, router
from handlers.messages import Content
from tests.conftest import Worlds
from tests.world import Somebody, World, id_number


@pytest.fixture
def qian(world: World) -> Somebody:
    """Somebody with one answer given."""
    somebody = world.person("qian", "钱大海")
    somebody.says("你好")
    somebody.says("都没有")
    return somebody


class Broken(Exception):
    pass


def breaks(*_: object, **__: object) -> NoReturn:
    raise Broken("the talk fails")


def answered(world: World) -> list[str]:
    return [key for key, *_ in world.facts()["cases"]["qian"]["answers"]]


def test_a_fault_in_the_talk_is_an_apology_with_a_reference(
    world: World, qian: Somebody, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(router, "answer", breaks)
        told = qian.says("都看过，没有", msg_id="broken")
    reference = re.search(r"E-[0-9A-F]{4}", told)
    assert reference, "the person gets something to tell the operator"
    assert ("broken", "qian", reference[0]) in world.facts()["inbox"]
    assert reference[0] in caplog.text
    assert "都看过" not in caplog.text, "not even the log holds what was said"


def test_earlier_answers_stay_and_later_messages_work(
    world: World, qian: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(router, "answer", breaks)
        qian.says("都看过，没有")
    assert answered(world) == ["contact"]
    qian.says("都看过，没有")
    qian.says("不需要")
    assert world.facts()["cases"]["qian"]["submitted_at"] is not None


def test_nothing_half_done_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault comes after the answers were written: they go with it."""
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有"):
        qian.says(said)
    before = world.facts()["cases"]
    with monkeypatch.context() as patch:
        patch.setattr(pledge, "settle", breaks)
        qian.says("不需要")
    assert world.facts()["cases"] == before
    assert world.facts()["counters"] == [], "no receipt was given out"
    assert "ZC-0518-0001" in qian.says("不需要")


def test_a_copy_of_a_message_that_failed_is_still_a_copy(
    world: World, qian: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(router, "answer", breaks)
        qian.says("都看过，没有", msg_id="again")
    assert qian.says("都看过，没有", msg_id="again") == ""
    assert answered(world) == ["contact"]


@pytest.mark.parametrize("statement", ["INSERT INTO inbound", "INSERT INTO answer", "INSERT INTO outgoing", "COMMIT"])
def test_a_database_that_fails_is_not_acked_and_nothing_is_stored(world: World, qian: Somebody, statement: str) -> None:
    """Wherever it fails: the message is as if it had never come, and its next copy is the first."""
    before = world.facts()
    with _failing(world, statement) as failing, pytest.raises(OperationalError):
        failing.says("都看过，没有", msg_id="once more")
    assert world.facts() == before
    assert qian.says("都看过，没有", msg_id="once more")
    assert answered(world) == ["contact", "traces"]


class _failing:  # noqa: N801
    """A database that refuses a kind of statement, for a while."""

    def __init__(self, world: World, statement: str) -> None:
        self.world, self.statement = world, statement

    def __enter__(self) -> Somebody:
        if self.statement == "COMMIT":
            event.listen(self.world.database.engine, "commit", self._at_commit)
        else:
            event.listen(self.world.database.engine, "before_cursor_execute", self._at_execute)
        return self.world.person("qian")

    def __exit__(self, *_: object) -> None:
        if self.statement == "COMMIT":
            event.remove(self.world.database.engine, "commit", self._at_commit)
        else:
            event.remove(self.world.database.engine, "before_cursor_execute", self._at_execute)

    def _at_execute(self, _c: object, _cur: object, statement: str, *_: object) -> None:
        if statement.startswith(self.statement):
            raise OperationalError(statement, {}, Exception("disk I/O error"))

    def _at_commit(self, _connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk is full"))


def test_the_same_words_twice_are_two_messages(world: World, qian: Somebody) -> None:
    """«1» and «1» are two answers; the key is the message's id and never its text."""
    qian.says("1")
    qian.says("1")
    assert answered(world) == ["contact", "traces", "pledge_nil"]


def test_one_id_from_two_robots_is_two_messages(new_world: Worlds) -> None:
    world = new_world()
    qian = world.person("qian", "钱大海")
    qian.says("你好", msg_id="m1")
    first = world.delivered[-1]
    other = type(first)(**{name: getattr(first, name) for name in first.__slots__} | {"robot": "another"})
    assert world.deliver(other)
    assert not world.deliver(first)


def test_a_message_without_its_text_is_reported_to_the_operator(
    world: World, qian: Somebody, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        qian.says("", content=Content.WITHHELD)
    assert [getattr(record, "action", "") for record in caplog.records] == ["quota.withheld"]


def test_the_log_holds_no_number_even_when_signing_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "现在签"):
        qian.says(said)
    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG):
        patch.setattr(pledge, "keep_draft", breaks)
        assert "E-" in qian.says(f"钱大海 {id_number()}")
    for record in caplog.records:
        assert id_number() not in record.getMessage()
    assert id_number() not in caplog.text
    assert id_number().encode() not in world.on_disk()


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


async def test_messages_of_many_people_at_once_are_each_taken_once(world: World, thread: DatabaseThread) -> None:
    """Every message twice, all at the same time, through the one way in."""
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "不需要"):
        qian.says(said)
    inbounds = [
        type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"sender_id": who, "msg_id": f"{who}{n}"})
        for who in ("zhang", "li", "sun", "chen")
        for n, one in enumerate(world.delivered)
    ]
    taken = await asyncio.gather(*(world.intake.receive(one, thread) for one in inbounds for _ in range(2)))
    assert sum(taken) == len(inbounds)
    cases = world.facts()["cases"]
    receipts = [case["receipt"] for case in cases.values()]
    assert len(set(receipts)) == 5
    assert all(case["submitted_at"] for case in cases.values())
