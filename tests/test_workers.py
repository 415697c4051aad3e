"""What the process of the talk does in one commit, and what it does alone."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import event

from bot import workers
from bot.apart import Answer, Line
from bot.channels import Refused
from bot.dispatch import Carried, Dispatch
from bot.intake import Intake
from bot.workers import Request, Workers
from handlers import router
from handlers.messages import Address, ChatKind, Inbound
from storage import outbox
from storage.database import DatabaseFailure, StatementFailure
from tests.world import MORNING, World


class Waiting:
    """A line on which all of it waits to be read, to its end."""

    def __init__(self, *requests: Request) -> None:
        self._requests = deque(requests)
        self.answers: list[Sequence[Answer]] = []
        """By commit."""

    def read(self, *, wait: bool = True) -> Request | None:
        return self._requests.popleft() if self._requests else None

    def answer(self, answers: Sequence[Answer]) -> None:
        self.answers.append(answers)


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """On a server turns have their commit for themselves."""
    return str(request.param)


@pytest.fixture
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Two people are many."""
    monkeypatch.setattr(workers, "_MANY", 2)
    return Workers(world.intake, Dispatch(campaigns=world.campaigns, now=lambda: world.now), world.database)


@pytest.fixture
def commits(world: World) -> list[None]:
    told: list[None] = []
    event.listen(world.database.engine, "commit", lambda _connection: told.append(None))
    return told


def said(*whose: str, words: str = "你好") -> list[Inbound]:
    return [
        Inbound(
            robot="ding",
            msg_id=f"{who}-{words}",
            sender_id=who,
            sender_name="某",
            chat=Address("dingtalk", ChatKind.DIRECT, who),
            text=words,
            received_at=MORNING,
        )
        for who in whose
    ]


def turns(*whose: str, words: str = "你好") -> Request:
    return Request("intake", "take_all", (said(*whose, words=words),), people=len(whose))


def claim(world: World) -> Request:
    return Request("dispatch", "claim_replies", ("dingtalk", world.now + timedelta(minutes=1), 64))


def served(here: Workers, *requests: Request) -> list[Sequence[Answer]]:
    line = Waiting(*requests)
    here.serve(cast(Line, line))
    return line.answers


def test_in_the_rush_turns_share_a_commit_with_what_waits_behind_them(
    world: World, here: Workers, commits: list[None]
) -> None:
    answers = served(here, turns("zhang", "li"), claim(world), Request("dispatch", "settle", ([],)))
    assert len(commits) == 1
    ((taken, claimed, settled),) = answers
    assert (taken, settled) == (([True, True], None), ([], None))
    assert [letter.lane for letter in cast(Any, claimed[0])] == ["dingtalk:direct:zhang", "dingtalk:direct:li"]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_on_a_server_claims_never_share_the_commit_of_turns(world: World, here: Workers, commits: list[None]) -> None:
    """Another process would wait for a letter it cannot see; what is settled it need not see."""
    answers = served(here, turns("zhang", "li"), claim(world), Request("dispatch", "settle", ([],)))
    assert [len(of_one_commit) for of_one_commit in answers] == [1, 2]
    assert len(commits) == 2
    assert len(cast(Any, answers[1][0][0])) == 2


def test_a_few_peoples_turns_wait_for_nothing_else(world: World, here: Workers, commits: list[None]) -> None:
    answers = served(here, claim(world), turns("zhang"), claim(world))
    assert [len(of_one_commit) for of_one_commit in answers] == [1, 1, 1]
    assert len(commits) == 3
    assert len(cast(Any, answers[2][0][0])) == 1


def test_turns_begin_a_commit(world: World, here: Workers, commits: list[None]) -> None:
    answers = served(here, turns("zhang", "li"), turns("sun", "chen"), claim(world), turns("qian", "wang"))
    assert [len(of_one_commit) for of_one_commit in answers] == [1, 2, 1]
    assert len(commits) == 3


def test_what_fails_costs_what_shares_its_commit_nothing(
    world: World, here: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    together, behind = served(here, turns("zhang", "li"), Request("dispatch", "settle", (None,)), claim(world))
    taken, nothing = together
    assert taken == ([True, True], None)
    assert isinstance(nothing[1], workers.TalkError)
    assert "TypeError" in str(nothing[1])
    assert len(cast(Any, behind[0][0])) == 2
    assert len(world.person("li").hears()) == 1
    assert [one.action for one in caplog.records] == ["talk.trouble"]  # type: ignore[attr-defined]


def test_whose_talk_fails_costs_the_letters_that_are_settled_with_it_nothing(
    world: World, here: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = router.answer

    def picky(desk: Any, *more: Any) -> Any:
        if desk.inbound.sender_id == "li":
            raise ValueError("the talk fails")
        return answer(desk, *more)

    served(here, turns("zhang", "sun"))
    letters = cast(Any, served(here, claim(world))[0][0][0])
    back = Carried("dingtalk", False, letters, dict.fromkeys((letter.id for letter in letters), None), "r")
    monkeypatch.setattr(router, "answer", picky)
    (taken,), (settled,) = served(here, turns("zhang", "li"), Request("dispatch", "settle", ([back],)))
    assert (taken, settled) == (([False, True], None), ([], None))
    assert "E-" in world.person("li").hears()[-1]
    with world.database.reading() as session:
        assert outbox.counts(session)["sent"] >= 2


def test_what_the_database_refuses_is_told_to_each(
    world: World, here: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise DatabaseFailure("", {}, Exception("database is locked"))

    monkeypatch.setattr(Intake, "taken", locked)
    monkeypatch.setattr(Dispatch, "claim_replies", locked)
    (taken,), (claimed,) = served(here, turns("zhang", "li"), claim(world))
    assert all(isinstance(verdict, StatementFailure) for verdict in cast(Any, taken[0]))
    assert isinstance(claimed[1], DatabaseFailure)


def test_where_the_database_takes_nothing_nobody_tries_again(here: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try waits for seconds, and everybody behind it."""
    tried: list[None] = []

    def locked(*_: object, **__: object) -> None:
        tried.append(None)
        raise DatabaseFailure("", {}, Exception("database is locked"))

    monkeypatch.setattr(Intake, "taken", locked)
    monkeypatch.setattr(Intake, "takes_anything", lambda _intake: False)
    (((verdicts, error),),) = served(here, turns("zhang", "li"))
    assert error is None
    assert [type(verdict) for verdict in cast(Any, verdicts)] == [DatabaseFailure] * 2
    assert len(tried) == 1


def test_what_became_of_letters_is_written_down_with_the_next_turns(world: World, here: Workers) -> None:
    served(here, turns("zhang", "li"))
    (claimed,) = served(here, claim(world))
    letters = cast(Any, claimed[0][0])
    fates = {letters[0].id: None, letters[1].id: Refused("not a friend")}
    back = Request("dispatch", "settle", ([Carried("dingtalk", False, letters, fates, "r")],))
    ((taken, settled),) = served(here, turns("zhang", "li", words="1"), back)
    assert (settled, taken) == (([], None), ([True, True], None))
    with world.database.reading() as session:
        assert dict(outbox.counts(session)) == {"sent": 1, "refused": 1, "waiting": 2}


def test_an_answer_is_taken_whole_from_the_session_it_shares(world: World, here: Workers) -> None:
    """Nothing read ahead for some is left for others: the second batch finds what the first wrote."""
    people = ("zhang", "li")
    served(here, turns(*people), claim(world))
    served(here, turns(*people, words="1"), claim(world))
    assert [len(world.facts()["cases"][who]["answers"]) for who in people] == [1, 1]
    assert served(here, turns(*people, words="1")) == [[([False, False], None)]]
