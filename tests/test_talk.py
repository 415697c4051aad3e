"""The talk in a process of its own: the same answers, and nothing lost whoever of the two dies."""

import asyncio
import os
import pickle
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import FrozenInstanceError, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.apart import packed
from bot.channels import Later, QuotaGone
from bot.dispatch import Carried, Dispatch, Posted
from bot.simulation.processes import family
from bot.talk import Talk
from bot.threads import DatabaseThread, ThreadClosed
from handlers.broadcasts.letters import Mark
from handlers.messages import Address, ChatKind, Content, FileRef, Inbound, Stranger
from storage import broadcasts
from storage.database import Database, DatabaseFailure, StatementFailure
from storage.delivery import Claimed
from storage.models import Broadcast, Outgoing
from storage.outbox import State
from tests.bot_process import CITY, moved_in, stop, zicha_run
from tests.sandbox_process import SandboxProcess, sandbox
from tests.world import MORNING, World
from tests.world import talk as talk_of

HELLO = Inbound(
    robot="ding",
    msg_id="m1",
    sender_id="zhang",
    sender_name="张三丰",
    chat=Address("dingtalk", ChatKind.DIRECT, "zhang"),
    text="你好",
    received_at=MORNING,
)
OF_LI = replace(HELLO, msg_id="m2", sender_id="li", chat=replace(HELLO.chat, id="li"))
OF_QIAN = replace(HELLO, msg_id="m3", sender_id="qian", chat=replace(HELLO.chat, id="qian"))


A_PICTURE = Inbound(
    **{name: getattr(HELLO, name) for name in ("robot", "msg_id", "sender_id", "sender_name", "chat", "received_at")},
    content=Content.PICTURE,
    files=(FileRef(code="secret", name="图.jpg", kind=Content.PICTURE),),
    stranger=Stranger.ROBOT,
    recallable=False,
)
A_LETTER = Claimed(
    id=7, key="k", lane="dingtalk:direct:li", topic="reply", body="{}", attempts=2, parcel="k~1", more=True
)


@pytest.mark.parametrize(
    "thing",
    [HELLO, A_PICTURE, A_LETTER, Carried("dingtalk", False, [A_LETTER], {7: None}, "r", well=True)],
    ids=["words", "a picture", "a letter", "a parcel that is back"],
)
def test_what_goes_over_the_line_arrives_as_it_was(thing: Any) -> None:
    arrived = pickle.loads(packed(thing)[8:])
    assert arrived == thing
    assert type(arrived) is type(thing)
    with pytest.raises(FrozenInstanceError):  # nobody changes it there either
        setattr(arrived, fields(arrived)[0].name, "another")


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


@pytest.fixture
async def talk(world: World, thread: DatabaseThread) -> AsyncIterator[Talk]:
    """In a process of its own. The fork of a test has other threads beside it, that of the command has none."""
    apart = talk_of(world, thread)
    apart.move_out()
    yield apart
    apart.end()


def pid_of(talk: Talk) -> int:
    assert talk.apart
    return talk.apart.pid


def children(pid: int) -> list[int]:
    return family(pid)[1:]


def gone(pid: int, within: float = 30.0) -> bool:
    until = time.monotonic() + within
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
class TestApart:
    async def test_it_answers_as_it_would_here(self, world: World, talk: Talk) -> None:
        assert pid_of(talk) in children(os.getpid())
        assert await talk.take_all([HELLO, OF_LI]) == [True, True]
        assert await talk.take_all([HELLO, OF_LI]) == [False, False], "copies"
        assert "自查" in world.person("zhang").hears()[0]
        assert await talk.excuse([HELLO]) == 1
        assert await talk.excuse([HELLO]) == 0
        await talk.refresh_keys()

    async def test_it_claims_and_settles_the_answers(self, world: World, talk: Talk) -> None:
        await talk.take_all([HELLO, OF_LI, OF_QIAN])
        claimed = await talk.claim_replies("dingtalk", world.now + timedelta(minutes=1), 10)
        assert [one.lane for one in claimed] == [str(one.chat) for one in (HELLO, OF_LI, OF_QIAN)]
        assert await talk.claim_replies("dingtalk", world.now + timedelta(minutes=1), 10) == []
        sent, later, gone = claimed
        fates = {sent.id: None, later.id: Later("403 QpsLimit", 7.0), gone.id: QuotaGone("the month's calls")}
        alarms = await talk.settle([Carried("dingtalk", False, claimed, fates, "receipt")])
        assert "7天" in alarms[0] or "额度" in alarms[0]
        with world.database.reading() as session:
            rows = {row.id: (row.state, row.not_before - world.now) for row in session.exec(select(Outgoing))}
        assert rows[sent.id][0] == State.SENT
        assert rows[later.id] == (State.WAITING, timedelta(seconds=7))
        assert rows[gone.id][0] == State.WAITING

    async def test_what_is_asked_for_right_behind_finds_what_was_written(self, world: World, talk: Talk) -> None:
        taken, claimed = await asyncio.gather(
            talk.take_all([HELLO, OF_LI]), talk.claim_replies("dingtalk", world.now + timedelta(minutes=1), 10)
        )
        assert taken == [True, True]
        assert [one.lane for one in claimed] == [str(HELLO.chat), str(OF_LI.chat)]

    async def test_the_thread_has_its_turn_however_much_is_asked_for(self, talk: Talk, thread: DatabaseThread) -> None:
        """One of the two writes at a time, and neither waits for the other's last."""
        told: list[str] = []

        async def ask(whose: str) -> None:
            for number in range(6):
                await talk.take_all([replace(HELLO, msg_id=f"{whose}{number}")])
                told.append(whose)

        async def work() -> None:
            while not told:
                await asyncio.sleep(0)
            await thread.run(lambda: told.append("thread"))

        await asyncio.gather(ask("a"), ask("b"), work())
        assert sorted(told) == ["a"] * 6 + ["b"] * 6 + ["thread"]
        assert told.index("thread") <= 4

    async def test_what_cannot_be_sent_is_told_and_nothing_else_goes_wrong(self, talk: Talk) -> None:
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
            await talk._ask("intake", "take_all", [lambda: None])
        assert await asyncio.gather(talk.take_all([HELLO]), talk.excuse([OF_LI])) == [[True], 1]

    async def test_it_posts_and_claims_a_broadcast(self, world: World, talk: Talk) -> None:
        campaign = world.campaigns[0].id
        planned = Broadcast(campaign=campaign, unit_id=1, audience="everyone", kind="words", text="请看", asker="wang")
        planned.asked_at = world.now
        with world.database.session() as session:
            number = broadcasts.keep(session, planned)
            broadcasts.agree(session, number, route="chat", at=world.now)
        first = await talk.post_slice(number, Mark(world.now))
        assert first
        assert first.new > 1
        assert await talk.post_slice(number, Mark(world.now)) == Posted(0, None), "the same slice again, after a kill"
        (parcel,) = await talk.claim_bulk("dingtalk", world.now + timedelta(minutes=1), 5, 20)
        assert len(parcel) == first.new
        with world.database.session() as session:
            broadcasts.stop(session, number, at=world.now)
        assert await talk.post_slice(number, Mark(world.now)) is None

    async def test_where_it_is_killed_over_a_claim_the_answers_wait_again(
        self, world: World, thread: DatabaseThread, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim = Dispatch.claim_replies

        def claimed_and_killed(*words: Any, **more: Any) -> None:
            claim(*words, **more)
            os.kill(os.getpid(), signal.SIGKILL)

        until = world.now + timedelta(minutes=1)
        with monkeypatch.context() as patch:
            patch.setattr(Dispatch, "claim_replies", claimed_and_killed)
            talk = talk_of(world, thread)
            talk.move_out()
            await talk.take_all([HELLO])
            with pytest.raises(DatabaseFailure, match="has ended"):
                await talk.claim_replies("dingtalk", until, 10)
        (letter,) = await talk.claim_replies("dingtalk", until, 10)
        assert letter.attempts == 1

    async def test_where_it_is_killed_what_is_known_of_a_letter_is_written_down_here(
        self, world: World, talk: Talk
    ) -> None:
        await talk.take_all([HELLO])
        claimed = await talk.claim_replies("dingtalk", world.now + timedelta(minutes=1), 10)
        back = Carried("dingtalk", False, claimed, {claimed[0].id: None}, "receipt")
        os.kill(pid_of(talk), signal.SIGKILL)
        with pytest.raises(DatabaseFailure, match="has ended"):
            await talk.settle([back])
        assert await talk.settle([back]) == []

    async def test_it_ends_with_what_began_it(self, talk: Talk) -> None:
        pid = pid_of(talk)
        talk.end()
        assert gone(pid)
        talk.end()

    async def test_a_signal_to_all_is_not_for_it(self, talk: Talk) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid_of(talk), number)
        assert await talk.take_all([HELLO]) == [True]

    async def test_where_it_is_killed_nobody_is_acked_and_the_talk_goes_on_here(
        self, talk: Talk, caplog: pytest.LogCaptureFixture
    ) -> None:
        os.kill(pid_of(talk), signal.SIGKILL)
        with pytest.raises(StatementFailure):
            await talk.take_all([HELLO])
        assert [one.action for one in caplog.records] == ["talk.ended"]  # type: ignore[attr-defined]
        assert await talk.take_all([HELLO]) == [True]

    async def test_where_the_system_buries_children_by_itself_nobody_waits_for_ever(self, talk: Talk) -> None:
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            os.kill(pid_of(talk), signal.SIGKILL)
            with pytest.raises(DatabaseFailure, match="has ended"):
                await asyncio.wait_for(talk.take_all([HELLO]), 30)
            assert await talk.take_all([HELLO]) == [True]
        finally:
            signal.signal(signal.SIGCHLD, before)

    async def test_what_was_asked_for_is_done_before_it_is_let_go(
        self, talk: Talk, thread: DatabaseThread, caplog: pytest.LogCaptureFixture
    ) -> None:
        taking = [asyncio.ensure_future(talk.take_all([replace(HELLO, msg_id=f"m{n}")])) for n in range(3)]
        await asyncio.sleep(0)
        await talk.answered()
        talk.end()
        assert await asyncio.gather(*taking) == [[True]] * 3
        thread.close()
        with pytest.raises(ThreadClosed):
            await talk.take_all([OF_LI])
        assert caplog.records == []

    @pytest.mark.parametrize("kind", ["sqlite"])
    async def test_what_the_database_refuses_is_told(self, world: World, talk: Talk) -> None:
        with sqlite3.connect(str(world.database.url.database), isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            (verdict,) = await talk.take_all([HELLO])
            other.execute("ROLLBACK")
        assert isinstance(verdict, StatementFailure)
        assert "locked" in str(verdict)
        assert await talk.take_all([HELLO]) == [True]

    async def test_a_failure_of_our_own_is_told(self, talk: Talk) -> None:
        with pytest.raises(Exception, match="TypeError"):
            await talk._ask("intake", "take_all", 1, 2, 3)
        assert await talk.take_all([HELLO]) == [True]


async def test_a_database_in_memory_stays_in_one_process(world: World, thread: DatabaseThread) -> None:
    talk = Talk(world.intake, talk_of(world, thread)._workers.dispatch, Database("sqlite://"), thread)
    talk.move_out()
    assert talk.apart is None
    assert await talk.take_all([HELLO]) == [True]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A gateway by the real clock."""
    with sandbox(CITY, tmp_path / "gateway", redeliver_seconds=1.0, redeliver_times=100, disconnect_seconds=0.5) as box:
        yield box


@pytest.mark.wire
class TestRun:
    """`zicha run`."""

    def test_it_has_two_processes_that_end_together(self, box: SandboxProcess, tmp_path: Path) -> None:
        data = tmp_path / "data"
        moved_in(box, data)
        with zicha_run(box, data) as bot:
            (talk,) = children(bot.pid)
            box.say("zhang", "你好")
            box.until(lambda: box.replies("zhang"))
            assert stop(bot) == 0
            assert gone(talk)

    def test_a_killed_bot_takes_it_along_and_another_begins_at_once(self, box: SandboxProcess, tmp_path: Path) -> None:
        data = tmp_path / "data"
        moved_in(box, data)
        with zicha_run(box, data) as bot:
            (talk,) = children(bot.pid)
            bot.kill()
            bot.wait(60)
            with zicha_run(box, data):
                assert gone(talk)
                box.say("zhang", "你好")
                box.until(lambda: box.replies("zhang"))

    def test_a_killed_talk_costs_nobody_an_answer(self, box: SandboxProcess, tmp_path: Path) -> None:
        data = tmp_path / "data"
        moved_in(box, data)
        with zicha_run(box, data) as bot:
            (talk,) = children(bot.pid)
            os.kill(talk, signal.SIGKILL)
            for who in ("zhang", "li"):
                box.say(who, "你好")
            box.until(lambda: box.replies("zhang") and box.replies("li"))
            assert children(bot.pid) == []
        assert "talk.ended" in (data / "log.txt").read_text()

    def test_all_in_one_process(self, box: SandboxProcess, tmp_path: Path) -> None:
        data = tmp_path / "data"
        moved_in(box, data)
        with zicha_run(box, data, ZICHA_TALK_APART="false") as bot:
            assert children(bot.pid) == []
            box.say("zhang", "你好")
            box.until(lambda: box.replies("zhang"))
