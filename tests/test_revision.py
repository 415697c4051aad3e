"""The campaign file changes under half-finished and finished forms: who is asked what, and nothing is lost. Pure."""

import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import pytest

from handlers.campaign.answers import Change, Given, fold
from handlers.campaign.definition import Campaign
from handlers.campaign.progress import finished, reopen_entry
from handlers.campaign.questionnaire import Problem, take
from handlers.campaign.revision import News, Standing, as_before, lifted, news
from handlers.campaign.setting import Setting
from handlers.campaign.walk import Step, Walk, walk
from tests.world import id_number

SOURCE = resources.files("handlers.campaign").joinpath("definitions", "lishui-2022-69.toml").read_text(encoding="utf-8")
SETTING = Setting(today=date(2022, 5, 18), person="李小四", unit="莲都区 紫金街道")
Log = list[Change]


def campaign(*edits: Callable[[dict[str, Any]], None], revision: int = 1) -> Campaign:
    raw = tomllib.loads(SOURCE)
    raw["revision"] = revision
    for edit in edits:
        edit(raw)
    return Campaign.model_validate(raw)


def at(raw: dict[str, Any], id_: str) -> int:
    return next(n for n, question in enumerate(raw["questions"]) if question["id"] == id_)


def question(raw: dict[str, Any], id_: str) -> dict[str, Any]:
    for entry in raw["questions"]:
        for found in (entry, *entry.get("columns", ())):
            if found["id"] == id_:
                return found
    raise LookupError(id_)


def added(after: str, *, material: bool = False, since: int = 2, **more: Any) -> Callable[[dict[str, Any]], None]:
    """A question that came with revision 2, right behind another."""
    new = {
        "id": f"new_{after}",
        "name": f"新题{after}",
        "short": f"新{after}"[:8],
        "kind": "choice",
        "ask": "新的一题？",
    }
    options = [{"id": "a", "label": "甲方案"}, {"id": "b", "label": "乙方案"}]
    whole = {**new, "options": options, "since": since, "material": material, **more}
    return lambda raw: raw["questions"].insert(at(raw, after) + 1, whole)


def new_column(*, material: bool = False, **more: Any) -> Callable[[dict[str, Any]], None]:
    column = {
        "id": "amount",
        "name": "条数",
        "short": "条数",
        "kind": "text",
        "ask": "大约多少条？",
        "since": 2,
        **more,
    }

    def edit(raw: dict[str, Any]) -> None:
        raw["questions"][at(raw, "items")]["columns"].insert(1, {**column, "material": material})

    return edit


def marked(id_: str, **marks: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: question(raw, id_).update(marks)


def removed(id_: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["questions"].pop(at(raw, id_))


V1 = campaign()


# ---------------------------------------------------------------- people who answer


def sayings(path: Walk, step: Step) -> list[str]:
    said = [option.label for option in path.choices(step.question, step.row)]
    match step.question.kind:
        case "review":
            return ["对", "还有一份数据"] if step.row < 2 else ["对"]
        case "text":
            return ["自己写的一句话"]
        case "id_number":
            return [f"李小四 {id_number()}"]
        case "date":
            return [*said, "5月25日"]
        case "submit":
            return said[:1]
        case "multi":
            alone = {option.label for option in path.choices(step.question) if option.exclusive}
            several = [label for label in said if label not in alone]
            return [*said, " ".join(several[:3]), " ".join(several)]
    return said


def answered(form: Campaign, log: Log, dice: random.Random, steps: int = 200, setting: Setting = SETTING) -> Log:
    """The log after some more answers, as somebody might give them."""
    log = list(log)
    for _ in range(steps):
        path = walk(form, fold(log), setting)
        if path.place is None:
            return log
        turn = take(form, fold(log), setting, dice.choice(sayings(path, path.place)))
        if turn.problem in (Problem.WRITE, Problem.EDIT_WHICH):
            continue
        assert turn.problem is None, path.place.key
        log += turn.changes
    return log


def half_finished(number: int = 200) -> Iterator[Log]:
    """Forms left at all kinds of places: every length, both kinds of people, one data set and two."""
    for seed in range(number):
        dice = random.Random(seed)
        whole = answered(V1, [], dice)
        cut = dice.randrange(len(whole))
        yield whole[:cut]


def all_finished(number: int = 60) -> Iterator[Log]:
    for seed in range(number):
        log = answered(V1, [], random.Random(seed))
        assert finished(walk(V1, fold(log), SETTING))
        yield log


@pytest.mark.parametrize(
    "form",
    [
        V1,
        campaign(new_column()),
        campaign(new_column(when=[{"contact": ["!work"]}])),
    ],
    ids=["as it is", "with a column more", "with a column asked on a condition"],
)
def test_a_path_that_goes_on_from_another_is_the_same(form: Campaign) -> None:
    """From the one before the last answer, and from any other of the same person: longer, shorter, taken back."""
    dice = random.Random(7)
    for log in all_finished(25):
        log = [*log, *(Change(change.key, None) for change in dice.choices(log, k=6))]
        walked: list[Walk] = []
        for length in range(len(log) + 1):
            answers = fold(log[:length])
            fresh = walk(form, answers, SETTING)
            for before in (*walked[-1:], dice.choice(walked) if walked else None, None):
                path = walk(form, answers, SETTING, before)
                assert (path.steps, path.live, path.place) == (fresh.steps, fresh.live, fresh.place)
            walked.append(fresh)
        for before in walked:
            path = walk(form, fold(log[:5]), SETTING, before)
            assert (path.steps, path.live) == (walked[5].steps, walked[5].live)


DRAFT = Standing(revision=1, handed_in=False)
DONE = Standing(revision=1, handed_in=True)


def moved(form: Campaign, log: Log, standing: Standing) -> tuple[News, Log]:
    found = news(form, fold(log), SETTING, standing)
    return found, [*log, *found.changes]


# ---------------------------------------------------------------- in the middle

CHANGED = campaign(
    added("contact"),
    added("places", when=[{"is": ["touched"]}]),
    new_column(),
    marked("cleaned", changed=2),
    removed("training"),
    revision=2,
)
NEW = {"new_contact", "new_places", "amount", "cleaned"}


def test_there_are_half_finished_forms_at_every_kind_of_place() -> None:
    places = {path.place.question.id for log in half_finished() if (path := walk(V1, fold(log), SETTING)).place}
    assert len(places) > 16, places
    assert {"contact", "traces", "places", "cleaned", "ways", "review", "training", "pledge", "id_number"} <= places


def test_two_hundred_half_finished_forms_lose_nothing_and_are_asked_only_what_is_new() -> None:
    for log in half_finished():
        before = walk(V1, fold(log), SETTING)
        known = {step.key: step.given.values for step in before.steps if step.given and step.asked}
        _, log_2 = moved(CHANGED, log, DRAFT)
        asked: list[str] = []
        dice = random.Random(7)
        while (place := walk(CHANGED, fold(log_2), SETTING).place) is not None:
            asked.append(place.key)
            log_2 = answered(CHANGED, log_2, dice, steps=1)
        after = walk(CHANGED, fold(log_2), SETTING)
        assert finished(after)
        again = {key for key in asked if key in known}
        assert {key.rsplit(".")[-1] for key in again} <= NEW
        for step in after.steps:
            if step.key in known and step.question.id not in NEW and step.key not in asked:
                assert step.given is not None
                assert step.given.values == known[step.key]


def test_what_is_new_is_asked_at_its_place() -> None:
    log = [Change("contact", Given(values=("both",), at=SETTING.today)), *_given("places", "wechat")]
    found, log_2 = moved(CHANGED, log, DRAFT)
    assert [step.key for step in found.asked][:2] == ["new_contact", "new_places"]
    path = walk(CHANGED, fold(log_2), SETTING)
    assert path.place is not None
    assert path.place.key == "new_contact"
    assert not found.asked_again


def test_a_changed_question_shows_the_old_answer() -> None:
    log = [*_given("contact", "both"), *_given("places", "wechat"), *_given("cleaned", "all")]
    _, log_2 = moved(campaign(marked("cleaned", changed=2), revision=2), log, DRAFT)
    path = walk(V1, fold(log_2), SETTING)
    assert path.place is not None
    assert path.place.key == "cleaned"
    assert path.place.given is not None
    assert path.place.given.values == ("all",)


def test_moving_twice_changes_nothing_more() -> None:
    for log in half_finished(60):
        _, log_2 = moved(CHANGED, log, DRAFT)
        found, log_3 = moved(CHANGED, log_2, replace(DRAFT, revision=2))
        assert found.changes == ()
        assert log_3 == log_2


def test_a_file_with_only_another_revision_asks_nobody_anything() -> None:
    same = campaign(revision=2)
    for log in half_finished(60):
        assert moved(same, log, DRAFT)[0] == News()
    for log in all_finished(30):
        assert moved(same, log, DONE)[0] == News()


def test_a_removed_option_is_asked_again_of_those_who_chose_it_and_of_nobody_else() -> None:
    def without_wechat(raw: dict[str, Any]) -> None:
        places = question(raw, "places")
        places["options"] = [option for option in places["options"] if option["id"] != "wechat"]

    form = campaign(without_wechat, revision=2)
    chose = [*_given("contact", "both"), *_given("places", "wechat", "phone")]
    found, log = moved(form, chose, DRAFT)
    assert found.changes == (Change("places", Given(values=("phone",), at=SETTING.today, open=True)),)
    assert moved(form, [*_given("contact", "both"), *_given("places", "phone")], DRAFT)[0] == News()
    assert walk(form, fold(log), SETTING).place.key == "places"  # type: ignore[union-attr]


def test_an_option_that_is_gone_is_not_offered_and_keeps_its_words() -> None:
    def gone(raw: dict[str, Any]) -> None:
        next(o for o in question(raw, "places")["options"] if o["id"] == "wechat")["gone"] = 2

    form = campaign(gone, revision=2)
    found, log = moved(form, [*_given("contact", "both"), *_given("places", "wechat")], DRAFT)
    assert found == News()
    path = walk(form, fold(log), SETTING)
    assert path.label("places") == "微信"
    assert "微信" not in [option.label for option in path.choices(form.by_id["places"])]


def test_a_new_option_asks_again_only_where_it_is_material() -> None:
    def watch(**marks: Any) -> Callable[[dict[str, Any]], None]:
        return lambda raw: question(raw, "places")["options"].insert(
            0, {"id": "w", "label": "手表", "since": 2, **marks}
        )

    log = [*_given("contact", "both"), *_given("places", "wechat")]
    assert moved(campaign(watch(), revision=2), log, DRAFT)[0] == News()
    found, _ = moved(campaign(watch(material=True), revision=2), log, DRAFT)
    assert [step.key for step in found.asked] == ["places"]


def test_an_answer_said_to_the_old_question_is_still_its_answer() -> None:
    """The new question stands before the one somebody has before them."""
    log = [*_given("contact", "both")]
    assert walk(V1, fold(log), SETTING).place.key == "places"  # type: ignore[union-attr]
    before = as_before(CHANGED, fold(log), SETTING, 1)
    assert walk(CHANGED, before, SETTING).place.key == "places"  # type: ignore[union-attr]
    turn = take(CHANGED, before, SETTING, "微信")
    assert turn.changes[0].key == "places"


# ---------------------------------------------------------------- finished


def test_the_finished_are_left_alone_where_nothing_is_material() -> None:
    for log in all_finished():
        found, log_2 = moved(CHANGED, log, DONE)
        assert found.asked == ()
        assert not found.asked_again
        path = walk(CHANGED, fold(log_2), SETTING)
        assert path.place is None
        assert finished(path)
        old = {step.key: step.given.values for step in walk(V1, fold(log), SETTING).steps if step.given and step.asked}
        kept = {step.key: step.given.values for step in path.steps if step.given and step.asked}
        assert all(kept[key] == values for key, values in old.items() if key in kept)
        assert set(old) - set(kept) <= {"training"}


def test_the_finished_are_asked_what_is_material_and_nothing_else() -> None:
    form = campaign(added("contact", material=True), added("traces"), new_column(), revision=2)
    for log in all_finished():
        found, log_2 = moved(form, log, DONE)
        assert [step.key for step in found.asked] == ["new_contact"]
        assert found.asked_again
        log_3 = answered(form, log_2, random.Random(1), steps=1)
        path = walk(form, fold(log_3), SETTING)
        assert path.place is None, "one answer, and it is handed in once more"
        assert finished(path)


def test_only_those_concerned_are_asked() -> None:
    form = campaign(added("places", material=True, when=[{"places": ["wechat"]}]), revision=2)
    asked = {True: 0, False: 0}
    for log in all_finished(120):
        concerned = "wechat" in walk(V1, fold(log), SETTING).values("places")
        found, _ = moved(form, log, DONE)
        assert found.asked_again is concerned
        asked[concerned] += 1
    assert min(asked.values()) > 3


def test_a_material_column_is_asked_in_every_row() -> None:
    form = campaign(new_column(material=True), revision=2)
    for log in all_finished():
        rows = [row for row, _ in walk(V1, fold(log), SETTING).rows()]
        found, log_2 = moved(form, log, DONE)
        assert [step.key for step in found.asked] == [f"items.{row}.amount" for row in rows]
        path = walk(form, fold(answered(form, log_2, random.Random(2))), SETTING)
        assert finished(path)


def test_a_second_change_before_the_first_was_answered_asks_for_both() -> None:
    two = campaign(added("contact", material=True), revision=2)
    three = campaign(added("contact", material=True), added("traces", since=3), marked("places", changed=3), revision=3)
    loud = campaign(
        added("contact", material=True),
        marked("contact", changed=3, material=True),
        added("training", since=3),
        revision=3,
    )
    for log in all_finished(30):
        _, log_2 = moved(two, log, DONE)
        again = Standing(revision=2, handed_in=True, asked_again=True)
        found, log_3 = moved(three, log_2, again)
        assert [step.key for step in found.asked] == ["new_contact"], (
            "the first is still open, the second is not material"
        )
        assert finished(walk(three, fold(answered(three, log_3, random.Random(3), steps=1)), SETTING))
        found, _ = moved(loud, log_2, again)
        assert [step.key for step in found.asked] == ["contact", "new_contact"]


def test_whoever_changes_a_finished_form_answers_what_was_waived_as_well() -> None:
    form = campaign(added("contact"), revision=2)
    for log in all_finished(30):
        _, log_2 = moved(form, log, DONE)
        path = walk(form, fold(log_2), SETTING)
        log_3 = [*log_2, *lifted(path), *reopen_entry(path, 1)]
        asked = []
        while (place := walk(form, fold(log_3), SETTING).place) is not None:
            asked.append(place.key)
            log_3 = answered(form, log_3, random.Random(4), steps=1)
        assert asked[:2] == ["contact", "new_contact"]
        assert finished(walk(form, fold(log_3), SETTING))


def test_whoever_was_changing_their_form_is_treated_as_in_the_middle() -> None:
    form = campaign(added("contact"), revision=2)
    log = next(log for log in all_finished() if walk(V1, fold(log), SETTING).step("submit"))
    log = [*log, *reopen_entry(walk(V1, fold(log), SETTING), 1)]
    found, log_2 = moved(form, log, DONE)
    assert [step.key for step in found.asked] == ["new_contact"]
    assert not found.asked_again, "what they handed in stands"
    assert finished(walk(form, fold(answered(form, log_2, random.Random(5))), SETTING))


# ---------------------------------------------------------------- the pledge


def pledge(**marks: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["pledge"].update({"version": 2, **marks})


RESIGN = campaign(pledge(resign_from=2), revision=2)


def test_only_those_who_signed_the_old_text_sign_again() -> None:
    asked = {True: 0, False: 0}
    for log in all_finished(120):
        path = walk(V1, fold(log), SETTING)
        signed = path.step("id_number") is not None
        found, log_2 = moved(RESIGN, log, replace(DONE, signed=1 if signed else 0, resign_since=2))
        assert found.signs_again is signed
        assert found.asked_again is signed
        asked[signed] += 1
        if signed:
            place = walk(RESIGN, fold(log_2), SETTING).place
            assert place is not None
            assert place.question.show_pledge
            assert [step.key for step in found.asked] == ["id_number"]
            after = answered(RESIGN, log_2, random.Random(6))
            assert finished(walk(RESIGN, fold(after), SETTING))
    assert min(asked.values()) > 3


def test_who_signed_the_new_text_is_not_asked() -> None:
    log = next(log for log in all_finished() if walk(V1, fold(log), SETTING).step("id_number"))
    assert moved(RESIGN, log, replace(DONE, signed=2, resign_since=2))[0] == News()


def test_those_who_said_they_signed_earlier_are_asked_only_where_the_file_says_so() -> None:
    form = campaign(pledge(resign_from=2, resign_earlier=True), revision=2)
    for log in all_finished(120):
        path = walk(V1, fold(log), SETTING)
        touched, nil = path.values("pledge"), path.values("pledge_nil")
        if {"this_year", "before"} & {*touched, *nil}:
            assert moved(RESIGN, log, replace(DONE, resign_since=2))[0] == News()
            found, log_2 = moved(form, log, replace(DONE, resign_since=2))
            assert found.signs_again
            place = walk(form, fold(log_2), SETTING).place
            assert place is not None
            assert place.key == ("id_number" if touched else "pledge_nil")
            assert moved(form, log, replace(DONE, revision=2, resign_since=2))[0] == News(), "once is enough"


def test_a_number_given_for_the_old_text_is_asked_again_with_the_new_one() -> None:
    log = next(log for log in half_finished() if walk(V1, fold(log), SETTING).step("sign_submit") and _numbered(log))
    found, log_2 = moved(campaign(pledge(), revision=2), log, replace(DRAFT, drafted=1))
    assert found.signs_again
    assert walk(V1, fold(log_2), SETTING).place.key == "id_number"  # type: ignore[union-attr]


def _numbered(log: Log) -> bool:
    step = walk(V1, fold(log), SETTING).step("id_number")
    return step is not None and step.given is not None


def _given(key: str, *values: str) -> Log:
    return [Change(key, Given(values=values, at=SETTING.today))]


@pytest.mark.parametrize("odd", [("x",), ("=freie Worte",), (), ("2022-13-45",)])
def test_odd_old_answers_break_nothing(odd: tuple[str, ...]) -> None:
    for key in (
        "contact",
        "places",
        "pending_until",
        "items.1.data_name",
        "items.9.ways",
        "gone",
        "items.1.gone",
        "a.b",
    ):
        log = [*_given("contact", "both"), *_given(key, *odd)]
        for standing in (DRAFT, DONE, replace(DONE, asked_again=True)):
            _, log_2 = moved(CHANGED, log, standing)
            walk(CHANGED, fold(log_2), SETTING).cell("pending_until", 0)
