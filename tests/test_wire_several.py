"""Several bots on one server and one app, each a process of its own: what one leaves behind where it is killed, the
others take up."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from storage.database import Database
from storage.models import Case, Inbound, Outgoing
from storage.outbox import State
from tests.bot_process import CITY, NIL_WALK, furnished, settings, zicha_run
from tests.databases import KINDS
from tests.sandbox_process import sandbox

PEOPLE = ("zhang", "li", "wang", "chen", "zhou", "wu", "qian", "sun")
OPEN = (State.WAITING, State.SENDING)
WITHIN = 150.0
"""Seconds: a lease is a minute, what was claimed behind it waits for it too."""

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]


def heard(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Inbound)).one()


def handed_in(session: Session) -> int:
    return session.exec(select(func.count()).where(col(Case.submitted_at).is_not(None))).one()


def under_way(session: Session) -> int:
    return session.exec(select(func.count()).where(col(Outgoing.state) == State.SENDING)).one()


def open_letters(session: Session) -> int:
    return session.exec(select(func.count()).where(col(Outgoing.state).in_(OPEN))).one()


def test_one_of_two_is_killed_in_the_rush(tmp_path: Path) -> None:
    url, data = KINDS["postgresql"].new(tmp_path), tmp_path / "data"
    database = Database(url)

    def count(look: Callable[[Session], int]) -> int:
        with database.reading() as session:
            return look(session)

    options = {"redeliver_seconds": 1.0, "redeliver_times": 100, "disconnect_seconds": 0.5}
    with sandbox(CITY, tmp_path / "gateway", **options) as box:
        data.mkdir()
        furnished(settings(box, data, database=url)).database.close()
        with (
            zicha_run(box, data, ZICHA_DATABASE_URL=url) as one,
            zicha_run(box, data, ZICHA_DATABASE_URL=url) as other,
        ):
            for number, words in enumerate(NIL_WALK, start=1):
                if number == 2:
                    box.fault("hang", count=len(PEOPLE), seconds=3.0, path="/robot/")
                for who in PEOPLE:
                    box.say(who, words)
                if number == 2:  # some of it is pushed to it, some being answered, some under way
                    box.until(lambda: count(under_way))
                    one.kill()
                said = number * len(PEOPLE)
                box.until(lambda said=said: count(heard) == said)  # type: ignore[misc]
            assert count(handed_in) == len(PEOPLE)
            box.until(lambda: count(open_letters) == 0, timeout=WITHIN)
            assert other.poll() is None
        with database.reading() as session:
            letters = session.exec(select(Outgoing.lane, Outgoing.state)).all()
        database.close()
        fates = Counter(state for _, state in letters)
        assert set(fates) <= {State.SENT, State.DOUBTFUL}, "nothing is forgotten"
        for who in PEOPLE:
            theirs = Counter(state for lane, state in letters if lane.endswith(f":{who}"))
            assert theirs[State.SENT] <= len(box.replies(who)) <= theirs.total(), "nothing comes twice"
            assert theirs.total() == len(NIL_WALK)
        assert box.ledger("violation") == []
