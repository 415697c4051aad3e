"""A campaign file with a mistake: the message names the file, the table and the mend."""

from datetime import date, datetime
from importlib import resources
from pathlib import Path

import pytest

from handlers.campaign import loading
from handlers.campaign.loading import CampaignError
from tests.world import SHANGHAI

SOURCE = resources.files("handlers.campaign").joinpath("definitions", "lishui-2022-69.toml").read_text(encoding="utf-8")
CAMPAIGN = loading.parse(SOURCE, "shipped.toml")


def trouble(before: str, after: str) -> str:
    """What is said about the shipped campaign with one thing changed."""
    assert before in SOURCE, f"the campaign no longer holds {before!r}"
    with pytest.raises(CampaignError) as caught:
        loading.parse(SOURCE.replace(before, after, 1), "mine.toml")
    assert all(line.startswith("mine.toml: ") for line in str(caught.value).splitlines())
    return str(caught.value)


def test_the_shipped_campaign_is_the_notice() -> None:
    assert CAMPAIGN.document == "丽控办〔2022〕69号"
    assert CAMPAIGN.deadline == date(2022, 5, 30)
    assert CAMPAIGN.closes_at == datetime(2022, 5, 31, tzinfo=SHANGHAI)
    assert len(CAMPAIGN.feedback_table.columns) == 7


@pytest.mark.parametrize(
    ("division", "comprehensive"),
    [("331102", True), ("331102001001", True), ("331125", True), ("331121", False), ("3311", False), ("", False)],
)
def test_two_counties_check_everything(division: str, comprehensive: bool) -> None:
    assert CAMPAIGN.area_of(division) == ("comprehensive" if comprehensive else "")


def test_the_pledge_is_known_by_its_text() -> None:
    other = loading.parse(SOURCE.replace("民事、行政和刑事责任", "民事和行政责任", 1), "mine.toml")
    assert other.pledge.digest != CAMPAIGN.pledge.digest
    assert loading.parse(SOURCE, "again.toml").pledge.digest == CAMPAIGN.pledge.digest


def test_a_moved_deadline_moves_the_closing_and_nothing_else() -> None:
    later = CAMPAIGN.with_deadline(date(2022, 6, 10))
    assert later.closes_at == datetime(2022, 6, 11, tzinfo=SHANGHAI)
    assert later.pledge is CAMPAIGN.pledge
    assert CAMPAIGN.deadline == date(2022, 5, 30)


def test_not_toml_at_all() -> None:
    with pytest.raises(CampaignError, match=r"^mine\.toml: not valid TOML: .*line 2"):
        loading.parse("a = 1\nb = ?\nc = 3", "mine.toml")


def test_an_unknown_option_in_a_condition() -> None:
    said = trouble('when = [{ cleaned = ["pending"] }]', 'when = [{ cleaned = ["pendign"] }]')
    assert "[questions.pending_where]" in said
    assert "cleaned" in said
    assert "«pendign»" in said


def test_an_unknown_question_in_a_condition() -> None:
    said = trouble('when = [{ places = ["other"] }]', 'when = [{ place = ["other"] }]')
    assert "[questions.other_place]" in said
    assert "«place»" in said


def test_an_unknown_condition() -> None:
    assert "«toucht»" in trouble('is = ["touched"]', 'is = ["toucht"]')


def test_one_id_for_two_questions() -> None:
    said = trouble('id = "needed_reason"', 'id = "needed_where"')
    assert "«needed_where» stands twice" in said
    assert "unique" in said


def test_a_derived_list_called_like_a_question() -> None:
    assert "«needed_reason» too" in trouble("[derived.outside] ", "[derived.needed_reason] ")


def test_a_question_called_like_something_else_in_a_condition() -> None:
    assert "«area» is no name" in trouble('id = "needed_reason"', 'id = "area"')


def test_one_name_for_two_questions() -> None:
    assert "«承诺书» stands twice" in trouble('name = "承诺书和提交"', 'name = "承诺书"')


def test_a_campaign_nobody_could_finish() -> None:
    source = SOURCE.replace('kind = "submit"', 'kind = "choice"')
    with pytest.raises(CampaignError, match=r'mine\.toml: \[questions\] none has kind = "submit"; nobody could finish'):
        loading.parse(source, "mine.toml")


def test_a_choice_without_options() -> None:
    start = SOURCE.index('options_from = "places"')
    with pytest.raises(CampaignError, match=r"\[questions\.pending_where\] has no options"):
        loading.parse(SOURCE[:start] + SOURCE[start:].replace('options_from = "places"', "", 1), "mine.toml")


def test_options_from_nowhere() -> None:
    assert "«palces»" in trouble('options_from = "places"', 'options_from = "palces"')


def test_a_pledge_asked_for_by_nobody() -> None:
    assert "«pledg»" in trouble('question = ["pledge", "pledge_nil"]', 'question = ["pledg"]')


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("deadline = 2022-05-30", 'deadline = "bald"', "[deadline]"),
        ("revision = 1", "revision = 0", "[revision]"),
        ("max_length = 60", "max_length = 0", "questions"),
        ('kind = "multi"', 'kind = "many"', "questions.places"),
        ('id = "contact"', 'id = "contact"\nidd = "x"', "questions.contact.idd"),
        ("before = { days = 7 }", "before = { days = 7 }\nlate_by = { hours = 0 }", "reminders.d7"),
        ("timezone = ", "timezome = ", "timezome"),
    ],
)
def test_a_wrong_value_is_named_in_the_words_of_the_file(before: str, after: str, where: str) -> None:
    assert where in trouble(before, after)


def test_all_mistakes_are_told_at_once() -> None:
    source = SOURCE.replace('["pending"]', '["pendign"]', 1).replace('options_from = "places"', 'options_from = "p"', 1)
    with pytest.raises(CampaignError) as caught:
        loading.parse(source, "mine.toml")
    assert "pendign" in str(caught.value)
    assert "«p»" in str(caught.value)


def test_a_campaign_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    assert loading.load("lishui-2022-69").id == CAMPAIGN.id
    own = tmp_path / "mine.toml"
    own.write_text(SOURCE.replace('id = "lishui-2022-69"', 'id = "mine"', 1), encoding="utf-8")
    assert loading.load(str(own)).id == "mine"
    with pytest.raises(CampaignError, match=r"no campaign is called «lishui»; .*lishui-2022-69"):
        loading.load("lishui")
    with pytest.raises(CampaignError, match=r"cannot be read.*ZICHA_CAMPAIGN"):
        loading.load(str(tmp_path / "nowhere.toml"))
