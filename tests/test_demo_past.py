"""The days before the demo: played by the talk itself, so that everything a visitor finds adds up."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.app import Foundation, lay_foundation
from bot.config import load
from bot.demo import answers, schedule
from bot.demo.past import SHANGHAI, Past, StuckError
from bot.demo.roster import demo_roster, personas
from bot.demo.show import START, settle_in
from handlers.campaign.id_number import plausible, valid
from storage import reporting, roster_import
from storage.models import Case, Errand, Inbound, Outgoing, Pledge, Risk, Submission, Unit, UnitReturn
from storage.models import Person as PersonRow
from storage.reporting import ACCEPTED, CONFIRMED, SENT_BACK, SUBMITTED

ROSTER = demo_roster()
WORKER, VILLAGE, TOWNSHIP, COUNTY, CITY = (one.staff_id for one in personas(ROSTER)[:5])
NOW = datetime.fromisoformat(START)


def foundation(folder: Path) -> Foundation:
    return lay_foundation(load(data=folder, database="", key=None, campaign="lishui-2022-69", deadline=None))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foundation]:
    base = foundation(tmp_path_factory.mktemp("played"))
    settle_in(base, ROSTER, NOW)
    yield base
    base.database.close()


@pytest.fixture
def session(played: Foundation) -> Iterator[Session]:
    with played.database.reading() as reading:
        yield reading


def test_nothing_went_wrong_in_those_days(session: Session) -> None:
    assert [row.fault for row in session.exec(select(Inbound)).all() if row.fault] == []
    assert {errand.state for errand in session.exec(select(Errand)).all()} == {"done"}


def test_most_have_handed_in_and_some_have_not(session: Session) -> None:
    cases = session.exec(select(Case)).all()
    done = [case for case in cases if case.submitted_at]
    assert 0.5 < len(done) / len(ROSTER.people) < 0.85
    assert len(cases) > len(done), "somebody stopped half-way"
    assert all(schedule.BEGAN < case.submitted_at < NOW for case in done if case.submitted_at)
    assert 30 < sum(case.touched for case in done) < len(done) / 2
    submissions = session.exec(select(Submission)).all()
    assert len(submissions) == len(done), "nobody is handed in without having handed in"
    receipts = [case.receipt for case in sorted(done, key=lambda case: case.submitted_at or NOW)]
    assert receipts == sorted(receipts), "receipts are given out in the order of time"


def test_the_papers_of_those_days_have_something_to_show(session: Session) -> None:
    signed = [pledge for pledge in session.exec(select(Pledge)).all() if pledge.number_sealed]
    assert len(signed) >= 3
    assert len(session.exec(select(Risk)).all()) >= 3
    given = [submission.answers for submission in session.exec(select(Submission)).all()]
    for name in ("密接", "核酸采样名单", "隔离", "疫情数据统计表"):
        assert any(name in said or _option(name) in said for said in given), name


def _option(name: str) -> str:
    return {"密接": '"close"', "隔离": '"quarantine"', "疫情数据统计表": '"figures"'}.get(name, name)


def test_the_visitors_way_is_free_and_everything_beside_it_is_done(session: Session) -> None:
    campaign = "lishui-2022-69"
    left = reporting.unfinished(session, campaign, [unit.id or 0 for unit in _below(session, "331102")])
    assert [person.staff_id for person, _ in left.people] == [WORKER]
    for code in ("331102001", "331102"):
        unit = _unit(session, code)
        chart = reporting.chart(session, campaign, unit, NOW)
        open_ = [other.code for other in chart.reporting_to(unit) if chart.state(other) != ACCEPTED]
        assert open_ == [{"331102001": "331102001007", "331102": "331102001"}[code]]


def test_returns_stand_at_every_step_somewhere(session: Session) -> None:
    states = Counter(there.state for there in session.exec(select(UnitReturn)).all())
    assert states[ACCEPTED] > 10
    assert states[SUBMITTED] >= 2
    assert states[CONFIRMED] >= 1
    assert states[SENT_BACK] == 1
    city = session.exec(select(UnitReturn).join(Unit, col(Unit.id) == UnitReturn.unit_id).where(Unit.code == "3311B2"))
    assert city.one().state == SUBMITTED, "one waits for the city"


def test_offices_of_those_days_have_finished_themselves(session: Session) -> None:
    for who in (VILLAGE, TOWNSHIP, COUNTY, CITY):
        found = select(Case).join(PersonRow, col(PersonRow.id) == Case.person_id).where(PersonRow.staff_id == who)
        assert session.exec(found).one().submitted_at, who


def test_no_letter_of_those_days_goes_out_now(session: Session) -> None:
    waiting = session.exec(select(Outgoing).where(Outgoing.state == "waiting", Outgoing.not_before <= NOW)).all()
    assert list(waiting) == []


def test_a_later_start_goes_on_where_it_was(played: Foundation) -> None:
    with played.database.reading() as reading:
        before = len(reading.exec(select(Inbound)).all())
    settle_in(played, ROSTER, NOW)
    with played.database.reading() as reading:
        assert len(reading.exec(select(Inbound)).all()) == before


def test_a_past_that_is_stopped_half_way_has_not_happened(tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def told(done: int, total: int) -> None:
        if done == 3:
            raise EnoughError

    base = foundation(tmp_path)
    with pytest.raises(EnoughError):
        settle_in(base, ROSTER, NOW, told)
    with base.database.reading() as reading:
        assert reading.exec(select(PersonRow)).all() == []
        assert reading.exec(select(Case)).all() == []
    base.database.close()


@pytest.mark.parametrize("script", [answers.NIL, answers.NIL_SIGNED_BEFORE, *answers.VILLAGE, *answers.OFFICE])
def test_every_kind_of_answers_leads_to_a_receipt(tmp_path: Path, script: answers.Answers) -> None:
    assert _answered(tmp_path, lambda past: past.answers(WORKER, script, at=NOW))
    assert _answered(tmp_path, lambda past: past.answers(VILLAGE, script, at=NOW, id_number=schedule.id_number(7)))


def test_a_question_nobody_knows_an_answer_to_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StuckError, match="traces"):
        _answered(tmp_path, lambda past: past.answers(WORKER, {"contact": "都没有"}, at=NOW))


def test_the_invented_numbers_are_numbers() -> None:
    assert len({schedule.id_number(serial) for serial in range(1, 50)}) == 49
    numbers = [schedule.id_number(serial) for serial in range(1, 50)]
    assert all(valid(number) and plausible(number) for number in numbers)


def _answered(folder: Path, play: Callable[[Past], bool]) -> bool:
    base = foundation(folder)
    try:
        with base.database.session() as session:
            roster_import.import_roster(session, ROSTER, base.vault, at=datetime(2022, 5, 18, 8, tzinfo=SHANGHAI))
            return play(Past(session, base.campaigns, base.vault))
    finally:
        base.database.close()


def _unit(session: Session, code: str) -> Unit:
    return session.exec(select(Unit).where(Unit.code == code)).one()


def _below(session: Session, code: str) -> list[Unit]:
    return list(session.exec(select(Unit).where(col(Unit.path).startswith(_unit(session, code).path))).all())
