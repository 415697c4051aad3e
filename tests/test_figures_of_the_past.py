"""Figures of a past moment are those that were seen at that moment, whatever happened since; and they add up."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event, Thread

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, col, delete, select, update

from bot.threads import DatabaseThread
from storage import (
    audiences,
    cases,
    exemptions,
    lists,
    memberships,
    oversight,
    reporting_terms,
    return_counts,
    returns,
    running_counts,
    submissions,
)
from storage.database import Database
from storage.models import Appointment, Case, Exemption, Person, Pledge, ReportingTerm, Submission, Unit
from storage.oversight import Tally
from storage.reporting import ACCEPTED, CONFIRMED, SENT_BACK, STAMPED, SUBMITTED
from storage.return_counts import ReturnTally
from tests.bot_process import seen
from tests.world import World, metronome

CAMPAIGN = "c"
DEADLINE = datetime(2022, 5, 31, tzinfo=UTC)


class Town:
    """A tree of units whose people do anything at any time; every moment is written down as it is lived."""

    def __init__(self, random: Random, parents: list[int], people: int, url: str = "sqlite://") -> None:
        self.random, self.now = random, datetime(2022, 5, 18, 9, tzinfo=UTC)
        self.database = Database(url)
        SQLModel.metadata.create_all(self.database.engine)
        with self.database.engine.begin() as connection:
            running_counts.keep(connection)
        with self.database.session() as session:
            for number, parent in enumerate(parents):
                above = session.get(Unit, parent % number + 1) if number else None
                unit = Unit(
                    code=f"u{number}", name=f"单位{number}", parent_id=above.id if above else None, kind="village"
                )
                session.add(unit)
                session.flush()
                unit.path = f"{above.path if above else '/'}{unit.id}/"
            self.units = len(parents)
            for _ in range(people):
                self.comes(session)

    # ---- what may happen

    def comes(self, session: Session) -> None:
        count = len(session.exec(select(Person.id)).all())
        person = Person(staff_id=f"p{count}", name=f"某{count}", unit_id=self.somewhere())
        session.add(person)
        session.flush()
        memberships.came(session, [(person.id or 0, person.unit_id)], self.now)

    def moves(self, session: Session) -> None:
        if person := self.somebody(session):
            memberships.moved(session, person, self.somewhere(), self.now)
            reporting_terms.settle(session, self.now)

    def leaves(self, session: Session) -> None:
        if person := self.somebody(session, active=True):
            memberships.went(session, [person.id or 0], self.now)
            person.active = False
            session.add(person)
            reporting_terms.settle(session, self.now)

    def begins(self, session: Session) -> None:
        person = self.somebody(session, active=True)
        if person and cases.find(session, CAMPAIGN, person.id or 0) is None:
            cases.start(session, campaign=CAMPAIGN, person_id=person.id or 0, unit_id=person.unit_id, at=self.now)

    def hands_in(self, session: Session) -> None:
        person = self.somebody(session, active=True)
        case = cases.find(session, CAMPAIGN, person.id or 0) if person else None
        if person is None or case is None:
            return
        late = self.now >= DEADLINE
        if case.submitted_at is None:
            case.late, case.unit_id = late, person.unit_id
        case.submitted_at, case.asked_again = self.now, False
        case.nil = self.random.random() < 0.5
        case.touched = not case.nil
        case.pledged = case.touched and self.random.random() < 0.5
        session.add(case)
        submissions.hand_in(session, case, "{}", at=self.now, late=late)

    def signs_on_paper(self, session: Session) -> None:
        """As the coordinator says when the paper is there: after it was handed in."""
        person = self.somebody(session, active=True)
        case = cases.find(session, CAMPAIGN, person.id or 0) if person else None
        if case and case.touched and not case.pledged:
            signed = Pledge(case_id=case.id or 0, state=cases.ON_PAPER, text_version=1, text_digest="", at=self.now)
            signed.msg_id, case.pledged = "", True
            session.add_all((signed, case))
            self.now += timedelta(minutes=1)  # what is handed in next says itself whether there is a pledge

    def is_asked_again(self, session: Session) -> None:
        done = session.exec(select(Case).where(Case.submitted_at != None, Case.asked_again == False)).all()  # noqa: E711, E712
        if done:
            cases.ask_again(session, self.random.choice(done), at=self.now)

    def is_exempt(self, session: Session) -> None:
        person = self.somebody(session, active=True)
        case = cases.find(session, CAMPAIGN, person.id or 0) if person else None
        if person and not (case and case.submitted_at and not case.asked_again):
            exemptions.grant(session, CAMPAIGN, person.id or 0, reason="长期病假", by=person.id or 0, at=self.now)

    def is_exempt_no_more(self, session: Session) -> None:
        if person := self.somebody(session):
            exemptions.end(session, CAMPAIGN, person.id or 0, at=self.now)

    def takes_office(self, session: Session) -> None:
        person, unit_id = self.somebody(session, active=True), self.somewhere()
        if person and session.get(Appointment, (person.id, unit_id, "unit")) is None:
            until = self.now + timedelta(hours=self.random.randrange(1, 200)) if self.random.random() < 0.5 else None
            session.add(Appointment(person_id=person.id or 0, unit_id=unit_id, role="unit", until=until))
            session.flush()
            reporting_terms.settle(session, self.now)

    def leaves_office(self, session: Session) -> None:
        if offices := session.exec(select(Appointment)).all():
            session.delete(self.random.choice(offices))
            session.flush()
            reporting_terms.settle(session, self.now)

    def goes_on(self, session: Session) -> None:
        """The return of a unit takes any step."""
        there = returns.take(session, CAMPAIGN, self.somewhere())
        state = self.random.choice((CONFIRMED, STAMPED, SUBMITTED, ACCEPTED, SENT_BACK))
        returns.keep_content(session, there, "{}", nil=self.random.random() < 0.5, gaps="")
        if state in (SUBMITTED, ACCEPTED) and there.handed_up_at is None:
            there.handed_up_at, there.late = self.now, self.now >= DEADLINE
        returns.step(session, there, state, state, by=1, at=self.now)

    def is_tidied(self, session: Session) -> None:
        """The lines of the running figures are added up."""
        running_counts.fold(session, most=self.random.randrange(1, 20))

    def unit_moves(self, session: Session) -> None:
        """With all below it, to another unit that does not lie below it."""
        unit = session.get_one(Unit, self.somewhere())
        above = session.get_one(Unit, self.somewhere())
        if unit.parent_id is None or above.path.startswith(unit.path):
            return
        old, new = unit.path, f"{above.path}{unit.id}/"
        unit.parent_id = above.id
        for one in session.exec(select(Unit).where(col(Unit.path).startswith(old))).all():
            one.path = new + one.path.removeprefix(old)
        session.flush()
        running_counts.tree_changed(session)

    # ---- looking

    def somewhere(self) -> int:
        return self.random.randint(1, self.units)

    def somebody(self, session: Session, *, active: bool = False) -> Person | None:
        people = [person for person in session.exec(select(Person)).all() if person.active or not active]
        return self.random.choice(people) if people else None

    def seen(self, session: Session, as_of: datetime | None = None) -> dict[str, tuple[Tally, ReturnTally, list[str]]]:
        """All figures and lists of every unit, its parts checked against its whole."""
        found = {}
        for unit in session.exec(select(Unit)).all():
            total, parts = oversight.rolled_up(session, CAMPAIGN, unit, as_of)
            up, of_parts = return_counts.rolled_up(session, CAMPAIGN, unit, as_of, self.now)
            assert sum((tally for _, tally in parts), Tally()) == (total if parts else Tally())
            assert sum(of_parts.values(), ReturnTally()) == up
            own = oversight.by_unit(session, CAMPAIGN, unit.path, as_of)
            assert sum(own.values(), Tally()) == total
            assert as_of or running_counts.missing(session, CAMPAIGN, unit.path) == total.missing
            missing = lists.unfinished(session, CAMPAIGN, unit.path, as_of)
            excused = lists.exempt(session, CAMPAIGN, unit.path, as_of)
            late = lists.late(session, CAMPAIGN, unit.path, as_of)
            assert len(missing) == total.missing >= total.started == sum(row.begun for row in missing)
            assert len(excused) == total.exempt
            assert len(late) >= total.late
            assert 0 <= total.nil + total.touched == total.finished <= total.expected
            assert 0 <= up.accepted <= up.handed_up <= up.expected
            names = sorted(f"{row.person.name} {row.unit.code}" for row in (*missing, *excused, *late))
            found[unit.code] = (total, up, names)
        unsigned = audiences.unsigned(session, CAMPAIGN, as_of=as_of)
        found["unsigned"] = (Tally(), ReturnTally(), [meant.staff_id for meant in unsigned])
        return found


THINGS: tuple[Callable[[Town, Session], None], ...] = (
    Town.comes,
    Town.moves,
    Town.leaves,
    Town.begins,
    Town.begins,
    Town.hands_in,
    Town.hands_in,
    Town.hands_in,
    Town.signs_on_paper,
    Town.signs_on_paper,
    Town.is_asked_again,
    Town.is_exempt,
    Town.is_exempt_no_more,
    Town.is_tidied,
    Town.takes_office,
    Town.leaves_office,
    Town.goes_on,
    Town.goes_on,
)


def kept(database: Database) -> dict[str, dict[int, list[int]]]:
    with database.reading() as session:
        return {campaign: running_counts.counted(session, campaign, "/") for campaign in (CAMPAIGN, "another")}


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_kept_are_those_counted_anew(database_url: str, seed: int) -> None:
    """Whatever happens, on either database; and when all is deleted and everybody gone, nothing is left of them."""
    random = Random(seed)
    town = Town(random, [random.randrange(30) for _ in range(4)], 6, database_url)
    for _ in range(60):
        town.now += timedelta(hours=random.randrange(1, 9))
        with town.database.session() as session:
            random.choice((*THINGS, Town.unit_moves, Town.unit_moves, Town.is_tidied))(town, session)
        with town.database.reading() as session:
            town.seen(session)
    running = kept(town.database)
    assert any(any(numbers) for numbers in running[CAMPAIGN].values())
    with town.database.engine.begin() as connection:
        running_counts.recount(connection)
    anew = kept(town.database)
    for campaign, units in running.items():
        assert {unit: n for unit, n in units.items() if any(n)} == {u: n for u, n in anew[campaign].items() if any(n)}
    with town.database.session() as session:
        for table in (Exemption, Submission, Case):
            session.execute(delete(table))
        session.execute(update(Person).values(active=False))
    assert not any(any(numbers) for units in kept(town.database).values() for numbers in units.values())
    town.database.close()


def total_of(database: Database, unit_id: int) -> Tally:
    with database.reading() as session:
        total, parts = oversight.rolled_up(session, CAMPAIGN, session.get_one(Unit, unit_id))
        assert sum((tally for _, tally in parts), Tally()) == (total if parts else Tally())
        return total


def test_figures_read_while_they_are_folded_are_right(database_url: str) -> None:
    """Before the fold is committed and after it."""
    town = Town(Random(3), [0, 0, 1, 2], 9, database_url)
    before = total_of(town.database, 1)
    assert before.expected == 9
    with town.database.session() as session:
        assert running_counts.fold(session, most=5) == 5
        assert total_of(town.database, 1) == before
    assert total_of(town.database, 1) == before
    with town.database.session() as session:
        assert running_counts.fold(session) == 4
        assert running_counts.fold(session) == 0
    assert total_of(town.database, 1) == before
    town.database.close()


@pytest.mark.parametrize("fold_first", [True, False])
def test_a_fold_and_a_move_of_units_wait_for_each_other(database_url: str, fold_first: bool) -> None:
    """In different processes: sums added up along the old tree would never be right again."""
    town = Town(Random(5), [0, 0, 0, 1, 2], 12, database_url)
    others = Database(database_url)

    def folds(session: Session) -> None:
        running_counts.fold(session)

    def moves(session: Session) -> None:
        for number, parent in ((4, 3), (5, 3)):
            unit, above = session.get_one(Unit, number), session.get_one(Unit, parent)
            unit.parent_id, unit.path = above.id, f"{above.path}{unit.id}/"
        session.flush()
        running_counts.tree_changed(session)

    first, second = (folds, moves) if fold_first else (moves, folds)
    begun = Event()

    def beside() -> None:
        begun.set()
        with others.session() as session:
            second(session)

    thread = Thread(target=beside)
    with town.database.session() as session:
        first(session)
        thread.start()
        begun.wait(30)
        time.sleep(0.3)
        assert thread.is_alive(), "it did not wait"
    thread.join(60)
    with town.database.reading() as session:
        town.seen(session)
    with town.database.session() as session:
        folds(session)
    with town.database.reading() as session:
        town.seen(session)
    others.close()
    town.database.close()


@given(st.integers(0, 2**32))
@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_the_past_is_what_was_seen_then(seed: int) -> None:
    """A seed is a whole town's life; a smaller one would not be a simpler life."""
    random = Random(seed)
    parents = [random.randrange(30) for _ in range(random.randint(1, 5))]
    town, lived = Town(random, parents, random.randint(1, 8)), []
    for _ in range(16):
        town.now += timedelta(hours=random.randrange(1, 50))
        with town.database.session() as session:
            for _ in range(random.randrange(1, 7)):
                random.choice(THINGS)(town, session)
        with town.database.reading() as session:
            lived.append((town.now, town.seen(session)))
    with town.database.reading() as session:
        for at, seen in random.sample(lived, 8):
            assert town.seen(session, at) == seen, at
    town.database.close()


def test_somebody_asked_again_and_then_exempt_counts_where_they_handed_in() -> None:
    town = Town(Random(1), [0, 0], 1)
    with town.database.session() as session:
        person = session.exec(select(Person)).one()
        first = person.unit_id
        town.begins(session)
        town.hands_in(session)
        memberships.moved(session, person, 3 - first, town.now)
    steps = (Town.is_asked_again, Town.is_exempt, Town.is_exempt_no_more, Town.hands_in)
    counted = []
    for step in steps:
        town.now += timedelta(hours=1)
        with town.database.session() as session:
            step(town, session)
        with town.database.reading() as session:
            assert town.seen(session, town.now) == town.seen(session)
            own = oversight.by_unit(session, CAMPAIGN, "/")
            tally = own[first]
            counted.append((tally.expected, tally.finished, tally.started, tally.exempt))
            assert own.get(3 - first, Tally()) == Tally()
    assert counted == [(1, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 0), (1, 1, 0, 0)]
    town.database.close()


async def test_a_beat_writes_down_an_office_that_was_changed_behind_its_back(world: World) -> None:
    thread = DatabaseThread()
    beating = metronome(world, thread=thread, every=0.05)

    def is_settled() -> bool:
        with world.database.reading() as session:
            return reporting_terms.is_settled(session, world.now)

    assert is_settled()
    with world.database.session() as session:
        session.exec(update(Appointment).values(until=world.now + timedelta(days=1)))
    assert not is_settled()
    beating.start()
    await seen(is_settled)
    beating.stop()
    await asyncio.to_thread(thread.close)
    world.now += timedelta(days=2)
    assert is_settled(), "a term that is over ends as it was written down"
    with world.database.session() as session:
        assert not session.exec(select(ReportingTerm).where(reporting_terms.held(world.now))).all()
