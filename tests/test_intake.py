"""One message, one transaction: what happens when something breaks in the middle."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from bot.metrics import Metrics
from bot.reception import Reception
from bot.threads import DatabaseThread
from handlers import pledge, router
from handlers.messages import Content
from handlers.texts import guards
from storage import put_off
from storage.models import Case, Person
from tests.conftest import Worlds
from tests.world import Somebody, World, id_number, talk


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
    reception = Reception(intake=talk(world, thread), most=1000, metrics=Metrics())
    taken = await asyncio.gather(*(reception.receive(one) for one in inbounds for _ in range(2)))
    assert sum(taken) == len(inbounds)
    cases = world.facts()["cases"]
    receipts = [case["receipt"] for case in cases.values()]
    assert len(set(receipts)) == 5
    assert all(case["submitted_at"] for case in cases.values())


def test_whoever_there_was_no_room_for_is_told_once_and_nothing_else_changes(world: World, qian: Somebody) -> None:
    """Said in passing: the next number still answers the question above it."""
    waiting = world.delivered[-1]
    assert world.intake.excuse([waiting]) == 1
    assert world.intake.excuse([waiting]) == 0, "their message comes again and again while there is no room"
    assert qian.hears() == [guards.NO_ROOM]
    assert "承诺书" in qian.says("1")
    assert answered(world) == ["contact", "traces"]
    world.now += timedelta(minutes=11)
    assert world.intake.excuse([waiting]) == 1


def test_one_turn_the_database_fails_at_costs_the_others_nothing(world: World, qian: Somebody) -> None:
    """Several people in one commit, and a statement that fails for one of them."""
    template = world.delivered[-1]
    others = [replace(template, msg_id=f"m-{who}", sender_id=who, text="你好") for who in ("zhang", "li", "sun")]
    with _failing(world, "INSERT INTO inbound") as _:
        assert all(isinstance(one, OperationalError) for one in world.intake.take_all(others))
    broken = replace(template, msg_id="m-broken", sender_id="chen", received_at=datetime(2022, 5, 18, 9))  # noqa: DTZ001
    verdicts = world.intake.take_all([others[0], broken, *others[1:]])
    assert [verdict for verdict in verdicts if verdict is True] == [True] * 3
    assert isinstance(verdicts[1], Exception)
    assert world.intake.take_all(others) == [False] * 3


def said_at_once(world: World, *messages: tuple[str, str]) -> list[bool | Exception]:
    """What several people say makes one commit."""
    template = world.delivered[-1]
    return world.intake.take_all(
        [
            replace(
                template,
                msg_id=f"at-once-{n}",
                sender_id=who,
                chat=replace(template.chat, id=who),
                text=text,
                received_at=template.received_at + timedelta(seconds=n + 1),
            )
            for n, (who, text) in enumerate(messages)
        ]
    )


def test_one_turn_the_talk_fails_at_costs_the_others_nothing(
    world: World, qian: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    qian.says("都看过，没有")
    zhang = world.person("zhang")
    zhang.says("你好")
    with monkeypatch.context() as patch:
        patch.setattr(pledge, "settle", breaks)
        assert said_at_once(world, ("zhang", "1"), ("qian", "不需要"), ("li", "你好")) == [True] * 3
    assert "E-" in qian.hears()[-1]
    assert world.facts()["cases"]["qian"]["submitted_at"] is None
    assert [key for key, *_ in world.facts()["cases"]["zhang"]["answers"]] == ["contact"]
    assert len(zhang.hears()) == 1
    assert len(world.person("li").hears()) == 1


def test_the_next_turn_of_a_commit_sees_what_the_one_before_changed(world: World, qian: Somebody) -> None:
    """The coordinator lets somebody in while that person speaks up: both messages are stored together."""
    xiaoming = world.person("xiaoming", "赵小明")
    for said in ("你好", "紫金街道", "1", "赵小明"):
        xiaoming.says(said)
    assert said_at_once(world, ("qian", "都看过，没有"), ("wang", "同意加入 1"), ("xiaoming", "继续")) == [True] * 3
    assert "xiaoming" in world.facts()["cases"]
    assert answered(world) == ["contact", "traces"]


def test_who_is_let_in_is_known_at_their_next_word_in_the_same_commit(world: World, qian: Somebody) -> None:
    xiaoming = world.person("xiaoming", "赵小明")
    for said in ("你好", "紫金街道", "1", "赵小明"):
        xiaoming.says(said)
    assert said_at_once(world, ("wang", "同意加入 1"), ("xiaoming", "都没有")) == [True] * 2
    assert [key for key, *_ in world.facts()["cases"]["xiaoming"]["answers"]] == ["contact"]


def test_two_messages_of_one_person_in_one_commit_are_two_turns_in_order(world: World, qian: Somebody) -> None:
    verdicts = said_at_once(world, ("qian", "都看过，没有"), ("li", "你好"), ("qian", "不需要"))
    assert verdicts == [True] * 3
    assert world.facts()["cases"]["qian"]["submitted_at"] is not None
    assert len(qian.hears()) == 2


def test_the_second_of_two_messages_in_one_commit_finds_the_answer_to_the_first(world: World, qian: Somebody) -> None:
    zhang = world.person("zhang")
    zhang.says("你好")
    assert said_at_once(world, ("zhang", "1"), ("qian", "都看过，没有"), ("qian", "不需要")) == [True] * 3
    assert world.facts()["cases"]["qian"]["submitted_at"] is not None
    assert len(qian.hears()) == 2


def test_answers_of_one_commit_are_written_in_one_go_and_read_by_whoever_asks(world: World, qian: Somebody) -> None:
    """Those of «我的数据» too, where it is asked for right behind them."""
    for who in ("zhang", "li", "sun"):
        world.person(who).says("你好")
    written: list[int] = []

    def count(_c: object, _k: object, statement: str, values: Any, _context: object, many: bool) -> None:
        if statement.startswith("INSERT INTO answer "):
            written.append(len(values) if many else 1)

    event.listen(world.database.engine, "before_cursor_execute", count)
    try:
        said_at_once(
            world, ("zhang", "1"), ("li", "1"), ("sun", "都没有"), ("qian", "都看过，没有"), ("qian", "我的数据")
        )
    finally:
        event.remove(world.database.engine, "before_cursor_execute", count)
    assert written == [4]
    assert answered(world) == ["contact", "traces"]
    assert "回答记录 2 条" in "".join(qian.hears())


def test_what_hands_in_writes_the_self_check_once_and_its_evidence_in_one_go(world: World, qian: Somebody) -> None:
    qian.says("都看过，没有")
    for who in ("zhang", "li"):
        for said in ("你好", "都没有", "都看过，没有"):
            world.person(who).says(said)
    written = Counter[str]()

    def count(_c: object, _k: object, statement: str, *_more: object) -> None:
        written[" ".join(statement.split()[:3])] += 1

    event.listen(world.database.engine, "before_cursor_execute", count)
    try:
        said_at_once(world, ("qian", "不需要"), ("zhang", "不需要"), ("li", "不需要"))
    finally:
        event.remove(world.database.engine, "before_cursor_execute", count)
    assert written["UPDATE self_check SET"] == 3
    assert written["INSERT INTO evidence"] == 1
    facts = world.facts()["cases"]
    assert all(facts[who]["submitted_at"] and facts[who]["receipt"] for who in ("qian", "zhang", "li"))


def test_a_line_that_cannot_be_written_costs_one_an_apology_and_the_others_nothing(
    world: World, qian: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason: it is told like any failure of a turn, acked, and does not come again."""
    world.person("zhang").says("你好")
    with world.database.reading() as session:
        of_qian = session.exec(
            select(Case.id).join(Person, col(Person.id) == Case.person_id).where(Person.staff_id == "qian")
        ).one()
    write = put_off.write

    def picky(session: Session, *of: Any) -> None:
        waiting = [row for rows in session.info.get("put off", {}).values() for row in rows]
        if any(row.get("case_id") == of_qian for row in waiting):
            raise ValueError("not of this world")
        write(session, *of)

    monkeypatch.setattr(put_off, "write", picky)
    qian.hears()
    assert said_at_once(world, ("zhang", "1"), ("qian", "都看过，没有")) == [True, True]
    assert answered(world) == ["contact"]
    assert re.search(r"E-[0-9A-F]{4}", "".join(qian.hears()))
    assert [key for key, *_ in world.facts()["cases"]["zhang"]["answers"]] == ["contact"]


def test_whoever_greets_or_answers_costs_nobody_a_second_look(world: World, qian: Somebody) -> None:
    """What all of them look at first is read once for the commit."""
    world.person("zhang").says("你好")
    asked = Counter[str]()

    def count(_c: object, _k: object, statement: str, *_more: object) -> None:
        asked[" ".join(statement.split()[:2])] += "FROM person" in statement and "staff_id IN" in statement

    event.listen(world.database.engine, "before_cursor_execute", count)
    try:
        said_at_once(world, ("li", "你好"), ("qian", "都看过，没有"), ("sun", "继续"), ("zhang", "1"))
    finally:
        event.remove(world.database.engine, "before_cursor_execute", count)
    assert asked.total() == 1
