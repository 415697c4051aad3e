"""复核: those drawn answer a few questions once more; what does not fit is told to the checkers and changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from sqlmodel import col, select

from handlers.campaign import loading, rechecking
from handlers.campaign.answers import Given
from handlers.campaign.checks import Mismatch
from handlers.campaign.loading import CampaignError
from handlers.campaign.walk import Setting, walk
from storage.models import AnswerLine, Draw, Drawn, Outgoing, Person
from tests.test_oversight import TOUCHED, finish
from tests.world import MORNING, Somebody, World

SETTING = Setting(today=MORNING.date(), person="张三", unit="某单位")


@pytest.fixture
def wu(world: World) -> Somebody:
    return world.person("wu", "吴立新")


@pytest.fixture
def li(world: World) -> Somebody:
    """Has touched data (on the phone) and handed in; drawn and asked once more."""
    finish(world, "li", how=TOUCHED)
    draw_everybody(world)
    li = world.person("li")
    li.hears()
    return li


@pytest.fixture
def zhang(world: World) -> Somebody:
    """A nil return; drawn and asked once more."""
    finish(world, "zhang")
    draw_everybody(world)
    zhang = world.person("zhang")
    zhang.hears()
    return zhang


def draw_everybody(world: World) -> None:
    wu = world.person("wu")
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 种子 3186.43")
    world.now += timedelta(hours=1)


def row(world: World, staff_id: str) -> Drawn:
    with world.database.reading() as session:
        found = select(Drawn).join(Person, col(Person.id) == Drawn.person_id).where(Person.staff_id == staff_id)
        return session.exec(found.order_by(col(Drawn.id))).one()


def invitations(world: World) -> list[Outgoing]:
    with world.database.reading() as session:
        return list(session.exec(select(Outgoing).where(Outgoing.topic == "back_check")).all())


def own_case(world: World, staff_id: str) -> Any:
    """What is remembered of somebody's own self-check, without what they answered once more."""
    case = dict(world.facts()["cases"][staff_id])
    case["answers"] = [line for line in case["answers"] if not line[0].startswith("check/")]
    return case


# ---------------------------------------------------------------- the talk


def test_one_polite_letter_and_none_to_who_has_nothing_to_compare(world: World, wu: Somebody) -> None:
    finish(world, "zhang")
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 开始")
    (letter,) = invitations(world)
    assert letter.lane.endswith(":zhang")
    assert letter.not_before.astimezone(MORNING.tzinfo).hour >= 8
    told = wu.says("抽查 1")
    assert "张三丰：等待答复" in told
    assert "李小四：还没提交自查，没有可比的" in told


def test_at_night_the_letter_waits_for_the_morning(world: World, wu: Somebody) -> None:
    finish(world, "zhang")
    world.now = world.now.replace(hour=23)
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 开始")
    (letter,) = invitations(world)
    local = letter.not_before.astimezone(MORNING.tzinfo)
    assert (local.day, local.hour, local.minute) == (19, 8, 30)


def test_who_answers_as_before_is_thanked_and_fits(world: World, wu: Somebody, li: Somebody) -> None:
    before = own_case(world, "li")
    assert "接触或使用过" in li.taps("开始")
    assert "存过、传过" in li.says("2")
    assert "清理干净" in li.says("手机")
    assert "承诺书" in li.says("1")
    told = li.taps("今年签的")
    assert told == "答完了，谢谢您配合。"
    assert row(world, "li").mismatches == ""
    assert "李小四：一致" in wu.says("抽查 1")
    assert own_case(world, "li") == before, "the person's own self-check is as it was"


def test_what_was_not_declared_is_told_to_the_checkers_by_its_kind(world: World, wu: Somebody, li: Somebody) -> None:
    li.taps("开始")
    for said in ("2", "手机 微信", "有的还没有"):
        li.says(said)
    told = li.taps("没签过")
    assert "修改" in told
    assert "漏报" not in told, "the person is not told off"
    seen = wu.says("抽查 1")
    assert "李小四：不一致：漏报载体或渠道、报已清理，实际没清理完、报签过承诺书，实际没签" in seen
    assert "- 漏报载体或渠道：1 人" in seen
    for other in ("zhou", "wang"):
        assert "漏报" not in world.person(other).says("抽查 1")
    assert "哪一项要改" in li.taps("修改")


def test_a_nil_return_that_was_none(world: World, wu: Somebody, zhang: Somebody) -> None:
    zhang.taps("开始")
    zhang.says("都没有")
    zhang.says("有，要处理")
    zhang.says("微信")
    zhang.says("都清理了")
    zhang.says("没签过")
    assert row(world, "zhang").mismatches == "undeclared_traces,undeclared_place"


def test_the_earlier_answers_are_not_shown(li: Somebody) -> None:
    told = li.taps("开始") + li.says("2") + li.says("手机 微信")
    assert "原来的回答" not in told


def test_own_form_half_changed_stays_half_changed(world: World, li: Somebody) -> None:
    """Somebody in the middle of changing their own form: each number answers what was seen last."""
    li.says("修改 2")
    place = li.says("继续")
    before = own_case(world, "li")
    assert "接触或使用过" in li.says("复核")
    li.says("2")
    assert own_case(world, "li") == before
    assert li.says("继续").startswith("（2/"), "«继续» goes on with what was seen last"
    li.says("进度")
    assert li.says("继续") == place, "after something else it is the person's own"
    assert row(world, "li").answered_at is None
    again = li.says("复核")
    assert "存过、传过" in again, "and the second asking goes on where it was"


def test_a_button_says_itself_what_it_answers(world: World, li: Somebody) -> None:
    li.taps("开始")
    button = li.button("只有个人信息")
    li.says("继续")
    li.says("进度")
    assert "存过、传过" in li.says(button)
    assert "已经答过（只有个人信息）" in li.says(button)


def test_back_later_and_how_are_about_the_question_at_hand(world: World, li: Somebody) -> None:
    before = own_case(world, "li")
    li.taps("开始")
    assert "涉疫个人信息" in li.says("？")
    li.says("2")
    assert "接触或使用过" in li.says("上一步")
    assert "发“复核”接着答" in li.says("暂停")
    assert "接触或使用过" in li.taps("复核")
    assert own_case(world, "li") == before


def test_an_answer_that_does_not_fit_is_asked_again(li: Somebody) -> None:
    li.taps("开始")
    assert "没有对上选项" in li.says("好像有吧")
    assert "存过、传过" in li.says("2")


def test_the_same_message_twice_counts_once(world: World, li: Somebody) -> None:
    li.taps("开始")
    for said in ("2", "手机", "1", "今年签过"):
        li.says(said)
    before = world.facts()
    assert world.redeliver() == 0
    assert world.facts() == before


def test_answers_twice_after_the_end_change_nothing(world: World, li: Somebody) -> None:
    li.taps("开始")
    button = li.button("都没有")
    for said in ("2", "手机", "1", "今年签过"):
        li.says(said)
    assert "已经答完了" in li.says(button)
    assert "已经答完了" in li.says("复核")
    assert row(world, "li").mismatches == ""


def test_after_the_last_day_nothing_is_taken(world: World, wu: Somebody, li: Somebody) -> None:
    """Asked on Wednesday 18 May, three working days: Monday the 23rd is the last."""
    li.taps("开始")
    world.now = world.now.replace(day=23, hour=18)
    assert "存过、传过" in li.says("2")
    world.now += timedelta(days=1)
    assert "5月23日为止" in li.says("手机")
    assert "李小四：没有答复" in wu.says("抽查 1")
    with world.database.reading() as session:
        keys = session.exec(select(AnswerLine.key).where(col(AnswerLine.key).startswith("check/"))).all()
    assert keys == ["check/1/contact"]


def test_what_is_changed_after_the_letter_is_no_excuse(world: World, wu: Somebody, li: Somebody) -> None:
    """Compared is what counted when the letter was written."""
    li.says("修改 2")
    li.says("手机 微信")
    for said in ("1", "1", "1", "提交"):
        li.says(said)
    li.says("复核")
    for said in ("2", "手机 微信", "1", "今年签过"):
        li.says(said)
    assert row(world, "li").mismatches == "undeclared_place"


def test_restarting_ones_own_form_does_not_lose_it(world: World, li: Somebody) -> None:
    li.taps("开始")
    li.says("2")
    li.says("重新开始")
    li.says("确定重新开始")
    assert "存过、传过" in li.says("复核")


def test_reminders_once_a_day_and_to_those_asked_late(world: World, wu: Somebody) -> None:
    finish(world, "zhang")
    draw_everybody(world)
    finish(world, "li")
    told = wu.says("抽查 1 催办")
    assert "已提醒 1 人" in told, "李小四 has handed in since and is asked now"
    assert "另有 1 人今天提醒过了" in told, "nobody is reminded on the day they were asked"
    assert len(invitations(world)) == 2
    world.now += timedelta(days=1)
    assert "已提醒 2 人" in wu.says("抽查 1 催办")
    assert "今天都提醒过了" in wu.says("抽查 1 催办")


def test_the_checker_hears_once_when_all_have_answered(world: World, wu: Somebody) -> None:
    finish(world, "zhang")
    wu.says("抽查 金山社区 人员 100%")
    wu.says("抽查 1 开始")
    wu.hears()
    zhang = world.person("zhang")
    zhang.says("复核")
    zhang.says("都没有")
    zhang.says("都看过，没有")
    assert ["都答复了" in said for said in wu.hears()] == [True]


def test_who_was_not_drawn_is_told_so(world: World) -> None:
    assert "没有需要您复核的" in world.person("chen").says("复核")


def test_a_letter_from_two_draws_is_answered_one_after_the_other(world: World, wu: Somebody) -> None:
    finish(world, "zhang")
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 开始")
    wu.says("抽查 金山社区 人员 1")
    wu.says("抽查 2 开始")
    zhang = world.person("zhang")
    zhang.says("复核 2")
    zhang.says("都没有")
    zhang.says("都看过，没有")
    told = zhang.says("复核")
    assert "接触或使用过" in told, "the first draw is still open"
    zhang.says("都没有")
    zhang.says("都看过，没有")
    with world.database.reading() as session:
        answered = session.exec(
            select(Draw.number).join(Drawn, col(Drawn.draw_id) == Draw.id).where(col(Drawn.answered_at).is_not(None))
        ).all()
    assert sorted(answered) == [1, 2]


# ---------------------------------------------------------------- comparing


def _walk(**answers: tuple[str, ...]) -> Any:
    campaign = loading.load("lishui-2022-69")
    given = {key: Given(values=values, at=SETTING.today) for key, values in answers.items()}
    return walk(campaign, given, SETTING)


def _chapter(**rule: Any) -> Any:
    campaign = loading.load("lishui-2022-69")
    assert campaign.spot_check is not None
    one = Mismatch.model_validate({"id": "x", "label": "某种", **rule})
    return campaign.spot_check.model_copy(update={"mismatch": [one]})


BEFORE = {"contact": ("personal",), "places": ("phone", "wechat"), "cleaned": ("all",)}


@pytest.mark.parametrize(
    ("rule", "now", "hit"),
    [
        ({"question": "contact", "kind": "differs"}, {"contact": ("both",)}, True),
        ({"question": "contact", "kind": "differs"}, {"contact": ("personal",)}, False),
        ({"question": "contact", "kind": "differs", "before": ["none"]}, {"contact": ("both",)}, False),
        ({"question": "contact", "kind": "differs", "now": ["both"]}, {"contact": ("both",)}, True),
        ({"question": "places", "kind": "missing"}, {"contact": ("both",), "places": ("phone", "qq")}, True),
        ({"question": "places", "kind": "missing"}, {"contact": ("both",), "places": ("phone",)}, False),
        ({"question": "places", "kind": "missing"}, {"contact": ("both",), "places": ("nowhere",)}, False),
        ({"question": "places", "kind": "extra"}, {"contact": ("both",), "places": ("phone",)}, True),
        ({"question": "places", "kind": "extra"}, {"contact": ("both",), "places": ("phone", "wechat", "qq")}, False),
        ({"question": "places", "kind": "extra", "before": ["phone"]}, {"places": ("phone",)}, False),
        ({"question": "places", "kind": "missing"}, {"contact": ("both",), "places": ("phone", "=共享盘")}, True),
    ],
)
def test_kinds_of_mismatch(rule: dict[str, Any], now: dict[str, tuple[str, ...]], hit: bool) -> None:
    now = {"contact": ("personal",), **now}
    found = rechecking.found(_walk(**BEFORE), _walk(**now), _chapter(**rule))
    assert bool(found) is hit


def _file(change: Callable[[str], str]) -> str:
    source = resources.files("handlers.campaign").joinpath("definitions/lishui-2022-69.toml").read_text("utf-8")
    assert change(source) != source
    return change(source)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('questions = ["contact", "traces"', 'questions = ["kontakt", "traces"', "spot_check.questions"),
        ('questions = ["contact", "traces"', 'questions = ["id_number", "traces"', "spot_check.questions"),
        ('question = "places"\nkind = "missing"', 'question = "submit"\nkind = "missing"', "mismatch.undeclared_place"),
        ('before = ["clean"]', 'before = ["sauber"]', "no option «sauber»"),
        ('kind = "missing"', 'kind = "lost"', "spot_check.mismatch.undeclared_place.kind"),
    ],
)
def test_mistakes_of_the_chapter_name_their_place(old: str, new: str, told: str) -> None:
    with pytest.raises(CampaignError, match=told.replace(".", r"\.")):
        loading.parse(_file(lambda source: source.replace(old, new, 1)), "x.toml")


def test_a_campaign_without_the_chapter_has_no_spot_check(world: World, wu: Somebody) -> None:
    world.campaign = world.campaign.model_copy(update={"spot_check": None})
    world.restart()
    assert "没有设抽查" in wu.says("抽查 人员 3")
