"""The pure engine: what can be said at each point, where it leads, and that nothing said can break it."""

from dataclasses import dataclass, field, replace
from datetime import date
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import sitting
from handlers.campaign import loading
from handlers.campaign.answers import Answers, Change, Given, fold, restart
from handlers.campaign.explore import explore
from handlers.campaign.progress import back, finished, is_nil, reopen_entry, signed_before, signs_now, touched
from handlers.campaign.questionnaire import Problem, Turn, picking, take
from handlers.campaign.walk import Setting, Step, Walk, walk
from tests.world import id_number

CAMPAIGN = loading.load("lishui-2022-69")
TODAY = date(2022, 5, 18)
SETTING = Setting(today=TODAY, person="李小四", unit="莲都区 紫金街道")
COMPREHENSIVE = replace(SETTING, area="comprehensive")


@dataclass
class Person:
    """Somebody answering, without a bot around them."""

    setting: Setting = SETTING
    log: list[Change] = field(default_factory=list)

    @property
    def answers(self) -> Answers:
        return fold(self.log)

    @property
    def path(self) -> Walk:
        return walk(CAMPAIGN, self.answers, self.setting)

    @property
    def at(self) -> str:
        place = self.path.place
        return place.key if place else ""

    def say(self, said: str, *, tapped: bool = False) -> Turn:
        turn = take(CAMPAIGN, self.answers, self.setting, said, tapped=tapped)
        self.log += turn.changes
        return turn

    def say_all(self, *said: str) -> "Person":
        for text in said:
            turn = self.say(text)
            assert turn.problem is None, f"«{text}» at {self.at}: {turn.problem}"
        return self

    def cells(self, row: int = 1) -> dict[str, str]:
        columns = dict(self.path.rows())[row]
        return {step.question.id: self.path.cell(step.question.id, row) for step in columns}


def one_data_set() -> Person:
    return Person().say_all("2", "手机 微信", "都清理了", "1", "1", "1")


def submitted() -> Person:
    person = one_data_set().say_all("对", "看过了", "今年签过", "提交")
    assert finished(person.path)
    return person


# ---------------------------------------------------------------- every path


def test_every_path_of_the_campaign_takes_its_own_answers_and_ends() -> None:
    report = explore(CAMPAIGN)
    assert report.problems == []
    assert report.endings > 10
    assert report.shortest == 3, "a nil return takes three answers after the greeting"


def _states() -> list[Person]:
    """One person at each question there is."""
    found: dict[str, Person] = {}
    todo = [Person(), Person(COMPREHENSIVE)]
    while todo:
        person = todo.pop()
        place = person.path.place
        if place is None or (place.key, person.setting.area) in found or place.row > 2:
            continue
        found[(place.key, person.setting.area)] = person  # type: ignore[index]
        for said in _sayings(person.path, place):
            following = Person(person.setting, list(person.log))
            following.say(said)
            todo.append(following)
    return list(found.values())


def _sayings(path: Walk, place: Step) -> list[str]:
    said = [option.label for option in path.choices(place.question, place.row)]
    if place.question.kind == "multi":
        said += ["1 2", "其他 手机"]
    return [*said, "5月25日", "自己写的一句话", f"李小四 {id_number()}"]


STATES = _states()


def test_there_is_somebody_at_every_question() -> None:
    reached = {person.at.rpartition(".")[2] for person in STATES}
    assert reached >= {q.id for q in CAMPAIGN.singles} - {"risk", "rectification", "contact_person", "fix"}


@pytest.mark.parametrize("person", STATES, ids=lambda person: person.at + person.setting.area[:1])
def test_every_offered_answer_is_taken_by_label_by_number_and_by_button(person: Person) -> None:
    place = person.path.place
    assert place is not None
    for number, option in enumerate(person.path.choices(place.question, place.row), 1):
        for said in (option.label, str(number), f"{number} {option.label}", f"第{number}个", f" {number}。"):
            turn = take(CAMPAIGN, person.answers, person.setting, said)
            if option.write:
                assert turn.problem is Problem.WRITE
            elif option.id == "edit":
                assert turn.problem is Problem.EDIT_WHICH
            else:
                assert turn.problem is None, f"«{said}» at {place.key}"
                given_ = next((c.given for c in turn.changes if c.key == place.key), None)
                assert place.question.kind == "fix" or (given_ is not None and option.id in given_.values)


@pytest.mark.parametrize("person", STATES, ids=lambda person: person.at + person.setting.area[:1])
@given(said=st.text(max_size=60) | st.sampled_from(["", "\x00", "1" * 300, "#", "=1+1", "👍", "1 99", "改", "5月99日"]))
@settings(max_examples=8, deadline=None)
def test_nothing_that_is_said_breaks_the_talk(person: Person, said: str) -> None:
    """It never raises; a refused answer changes nothing; a taken one leads to a place that can be shown."""
    for tapped in (False, True):
        turn = take(CAMPAIGN, person.answers, person.setting, said, tapped=tapped)
        assert bool(turn.changes) != bool(turn.problem)
        path = walk(CAMPAIGN, fold([*person.log, *turn.changes]), person.setting)
        for step in path.steps:
            path.cell(step.question.id, step.row)
            path.fill(step.question.ask, step.row)


SAYINGS = st.lists(
    st.sampled_from(
        ["1", "2", "3", "4", "5", "1 2", "2 3", "135", "手机 微信", "其他", "明天", "好", "还有", "改一项",
         "删掉这一份", "没有", "自己写的一句话", "飞书", "上一步", "修改 1", "修改 2", "修改 4", "修改 5",
         "签过 3月15日", f"李小四 {id_number()}"]
    ),
    max_size=40,
)  # fmt: skip


@given(SAYINGS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_whatever_way_somebody_wanders_they_can_still_finish(said: list[str], comprehensive: bool) -> None:
    """After any walk back and forth, answering question by question ends in a submission, soon."""
    person = Person(COMPREHENSIVE if comprehensive else SETTING)
    for text in said:
        if text == "上一步":
            person.log += back(person.path)
        elif text.startswith("修改"):
            person.log += reopen_entry(person.path, int(text[-1]))
        else:
            person.say(text)
    for _ in range(120):
        place = person.path.place
        if place is None:
            break
        person.say(_simplest(person.path, place))
    assert finished(person.path)
    assert is_nil(person.path) != touched(person.path)
    assert [row for row, _ in person.path.rows()] == list(range(1, len(list(person.path.rows())) + 1))


def _simplest(path: Walk, place: Step) -> str:
    match place.question.kind:
        case "text":
            return "一句话"
        case "id_number":
            return id_number()
        case _:
            return "1"


@given(SAYINGS)
@settings(max_examples=60, deadline=None)
def test_the_log_alone_says_where_somebody_is(said: list[str]) -> None:
    """Folding the written log anew gives the same place: nothing is remembered elsewhere."""
    person = Person()
    for text in said:
        person.say(text)
    reread = [Change(c.key, Given.from_json(c.given.to_json()) if c.given else None) for c in person.log]
    again = walk(CAMPAIGN, fold(reread), SETTING)
    assert [(s.key, s.given, s.asked) for s in again.steps] == [(s.key, s.given, s.asked) for s in person.path.steps]


# ---------------------------------------------------------------- the paths of the notice


def test_nobody_skips_the_look_through_the_carriers() -> None:
    for setting in (SETTING, COMPREHENSIVE):
        person = Person(setting).say_all("都没有")
        assert person.at == "traces"
        person.say_all("都看过，没有")
        assert person.at == "pledge_nil"
        person.say_all("不需要")
        assert finished(person.path)
        assert is_nil(person.path)


def test_who_finds_a_list_after_all_goes_the_long_way() -> None:
    person = Person().say_all("都没有", "有，要处理")
    assert person.at == "places"
    assert touched(person.path)
    assert not is_nil(person.path)


def test_the_row_is_written_from_what_was_said_before() -> None:
    row = one_data_set().cells()
    assert row["data_name"] == "密接人员清单"
    assert "微信" in row["ways"]
    assert "微信" in row["risk"]
    assert "手机" in row["risk"]
    assert "5月18日" in row["rectification"]
    assert row["contact_person"].startswith("李小四")


def test_only_official_channels_leave_no_risk() -> None:
    row = Person().say_all("2", "浙政钉", "都清理了", "1", "1", "1").cells()
    assert row["risk"] == "未发现"
    assert "浙政钉" in row["ways"]


def test_what_is_not_cleaned_yet_is_a_risk_with_a_day() -> None:
    person = Person().say_all("2", "电脑 微信", "有的还没有", "微信", "5月25日", "1", "1", "1")
    row = person.cells()
    assert "未及时删除" in row["risk"]
    assert "电脑" in row["rectification"].split("；")[0]
    assert "5月25日" in row["rectification"]


def test_what_was_cleaned_on_the_spot_is_no_risk_any_more() -> None:
    row = Person().say_all("2", "电脑 微信", "有的还没有", "微信", "好了", "1", "1", "1").cells()
    assert "未及时删除" not in row["risk"]
    assert "电脑" in row["rectification"]
    assert "微信" in row["rectification"]


def test_what_work_still_needs_stands_with_its_reason() -> None:
    row = Person().say_all("2", "电脑 微信", "3", "电脑", "每日排查还在用", "1", "1", "1").cells()
    assert "每日排查还在用" in row["rectification"]


def test_nothing_kept_means_nothing_to_clean() -> None:
    person = Person().say_all("2", "没有存过")
    assert person.at == "items.1.data_name"
    person.say_all("1", "1", "1")
    assert person.cells()["rectification"] == "无需整改"
    assert person.cells()["risk"] == "未发现"


def test_only_one_place_needs_no_question_which_one() -> None:
    person = Person().say_all("2", "微信", "有的还没有")
    assert person.at == "pending_until"


def test_another_place_is_asked_for_by_name_and_then_called_so() -> None:
    person = Person().say_all("2", "手机 其他")
    assert person.at == "other_place"
    person.say_all("单位共享文件夹")
    assert person.path.label("places") == "手机、单位共享文件夹"


def test_data_kinds_follow_the_contact() -> None:
    def offered(contact: str) -> set[str]:
        person = Person().say_all(contact, "没有存过")
        place = person.path.place
        assert place is not None
        return {option.id for option in person.path.choices(place.question, 1)}

    assert "close" in offered("只有个人信息") - offered("只有工作信息")
    assert "figures" in offered("只有工作信息") - offered("只有个人信息")
    assert offered("两类都有") == offered("只有个人信息") | offered("只有工作信息")


# ---------------------------------------------------------------- several data sets


def test_a_second_data_set_follows_the_first_and_keeps_its_own_words() -> None:
    person = one_data_set().say_all("还有一份数据")
    assert person.at == "items.2.data_name"
    person.say_all("社区重点人员台账", "自己汇总的", "社区值班用", "对")
    assert person.at == "training"
    assert person.cells(1)["data_name"] == "密接人员清单"
    assert person.cells(2)["data_name"] == "社区重点人员台账"


@pytest.mark.parametrize(("row", "kept"), [(1, ["乙", "丙"]), (2, ["甲", "丙"]), (3, ["甲", "乙"])])
def test_any_of_three_data_sets_can_be_taken_away(row: int, kept: list[str]) -> None:
    person = Person().say_all("2", "手机", "1")
    for name, after in (("甲", "还有一份数据"), ("乙", "还有一份数据"), ("丙", "对")):
        person.say_all(f"{name}清单", "1", "1", after)
    person.log += reopen_entry(person.path, 3 + row)
    person.say_all("删掉这一份")
    assert [person.cells(n)["data_name"][0] for n, _ in person.path.rows()] == kept
    assert person.at == "training"


def test_the_last_data_set_cannot_be_taken_away() -> None:
    person = one_data_set().say_all("改一项")
    place = person.path.place
    assert place is not None
    assert "delete" not in {option.id for option in person.path.choices(place.question, 1)}
    assert person.say("删掉这一份").problem


def test_a_column_is_asked_again_with_its_old_answer_in_hand() -> None:
    person = one_data_set().say_all("改一项", "存在安全问题或风险")
    place = person.path.place
    assert place is not None
    assert place.key == "items.1.risk"
    assert place.given is not None
    assert "微信" in place.given.values[0]
    person.say_all("没有按时删除")
    assert person.at == "items.1.review"
    assert person.cells()["risk"] == "没有按时删除"


@pytest.mark.parametrize("said", ["1、2", "135", "。。。", "99", "👍", "12"])
def test_figures_and_signs_are_no_name_for_data(said: str) -> None:
    assert Person().say_all("2", "手机", "1").say(said).problem is Problem.UNCLEAR


# ---------------------------------------------------------------- tapping several


def test_taps_add_up_until_enough_is_said() -> None:
    person = Person().say_all("2")
    person.say("2 手机", tapped=True)
    person.say("7 微信", tapped=True)
    assert person.at == "places"
    place = person.path.place
    assert place is not None
    assert picking(place) == ("phone", "wechat")
    person.say("选好了", tapped=True)
    assert person.path.values("places") == ("phone", "wechat")
    assert person.at == "cleaned"


def test_a_typed_answer_after_taps_completes_them() -> None:
    person = Person().say_all("2")
    person.say("2 手机", tapped=True)
    person.say("7")
    assert person.path.values("places") == ("phone", "wechat")


def test_an_exclusive_tap_is_the_whole_answer() -> None:
    person = Person().say_all("2")
    person.say("12 没有存过", tapped=True)
    assert person.at == "items.1.data_name"
    assert Person().say_all("2").say("手机 没有存过").problem is Problem.UNCLEAR


# ---------------------------------------------------------------- back and edit


def test_back_goes_one_question_at_a_time_and_stops_at_the_first() -> None:
    person = one_data_set()
    seen = []
    while changes := back(person.path):
        person.log += changes
        seen.append(person.at)
    assert seen == ["items.1.usage", "items.1.ways", "items.1.data_name", "cleaned", "places", "contact"]


def test_edit_of_a_submitted_check_asks_that_question_and_the_confirmation() -> None:
    person = submitted()
    person.log += reopen_entry(person.path, 3)
    assert person.at == "cleaned"
    person.say_all("都清理了")
    assert person.at == "submit"
    person.say_all("提交")
    assert finished(person.path)


def test_edit_of_a_number_that_is_not_there_changes_nothing() -> None:
    for number in (0, 99):
        assert reopen_entry(submitted().path, number) == ()
    assert reopen_entry(Person().path, 1) == ()


def test_edit_of_the_name_and_number_asks_for_these() -> None:
    """On the nil path too, where the pledge's question itself may submit."""
    person = Person().say_all("都没有", "都看过，没有", "现在签", f"李小四 {id_number()}")
    assert person.at == "sign_submit"
    person.log += reopen_entry(person.path, 4)
    assert person.at == "id_number"


def test_a_change_of_mind_about_contact_keeps_what_was_entered() -> None:
    person = submitted()
    person.log += reopen_entry(person.path, 1)
    person.say_all("都没有", "都看过，没有", "不需要")
    assert finished(person.path)
    assert is_nil(person.path)
    person.log += reopen_entry(person.path, 1)
    person.say_all("只有个人信息")
    assert person.at == "submit", "what was answered before is still there"
    assert person.cells()["data_name"] == "密接人员清单"


def test_who_asks_for_another_entry_gets_that_one() -> None:
    """«修改 2», second thoughts, «修改 5»: the entry named last is the one that is asked."""
    person = submitted()
    for entry, key in ((2, "places"), (5, "training"), (4, "items.1.fix"), (6, "pledge"), (3, "cleaned")):
        person.log += reopen_entry(person.path, entry)
        assert person.at == key


def test_starting_over_forgets_all_and_keeps_the_log() -> None:
    person = submitted()
    lines = len(person.log)
    person.log.append(restart())
    assert person.at == "contact"
    assert person.answers == {}
    assert len(person.log) == lines + 1


# ---------------------------------------------------------------- dates and the pledge


@pytest.mark.parametrize(
    ("said", "problem"),
    [("5月17日", Problem.PAST_DATE), ("2021-05-25", Problem.PAST_DATE), ("节后", Problem.BAD_DATE)],
)
def test_days_that_cannot_be(said: str, problem: Problem) -> None:
    person = Person().say_all("2", "微信", "有的还没有")
    assert person.say(said).problem is problem
    assert person.say("今天").problem is None


def _pledged(said: str) -> tuple[str, date | None] | None:
    person = one_data_set().say_all("对", "看过了", said)
    return signed_before(person.path)


def test_the_day_of_an_earlier_pledge_is_kept() -> None:
    assert _pledged("签过 3月15日") == ("this_year", date(2022, 3, 15))
    assert _pledged("签过，2021年12月1日") == ("before", date(2021, 12, 1))
    assert _pledged("1 3月15日") == ("this_year", date(2022, 3, 15))
    assert _pledged("今年签过") == ("this_year", None)
    assert _pledged("现在签") is None


@pytest.mark.parametrize("said", ["签过 5月30日", "没签过 3月15日的", "3月15日"])
def test_a_day_alone_or_to_come_is_no_pledge(said: str) -> None:
    person = one_data_set().say_all("对", "看过了")
    turn = person.say(said)
    assert signed_before(person.path) is None
    assert turn.problem or signs_now(person.path)


def test_the_number_is_handed_over_and_never_an_answer() -> None:
    person = one_data_set().say_all("对", "看过了", "现在签")
    turn = person.say(f"我叫李四光，身份证号{id_number()}")
    assert turn.signer is not None
    name, number = turn.signer
    assert (name, number.value) == ("李四光", id_number())
    assert id_number() not in str(person.log)
    assert id_number()[:17] not in str(person.log)


@pytest.mark.parametrize(
    ("said", "problem"),
    [("稍等", Problem.NO_ID_NUMBER), ("332501", Problem.NO_ID_NUMBER), (id_number()[:17], Problem.BAD_ID_NUMBER)],
)
def test_what_is_no_number_is_said_to_be_none(said: str, problem: Problem) -> None:
    person = one_data_set().say_all("对", "看过了", "现在签")
    assert person.say(said).problem is problem


# ---------------------------------------------------------------- a campaign that changes on the way


def test_a_question_added_meanwhile_is_the_only_one_asked() -> None:
    person = submitted()
    shipped = resources.files("handlers.campaign").joinpath("definitions", "lishui-2022-69.toml")
    source = shipped.read_text(encoding="utf-8")
    extra = """[[questions]]
id = "drill"
name = "演练"
kind = "choice"
when = [{ is = ["touched"] }]
ask = "参加过演练吗？"
options = [{ id = "yes", label = "参加过" }, { id = "no", label = "没参加" }]

"""
    marker = '[[questions]]\nid = "pledge"\n'
    assert marker in source
    newer = loading.parse(source.replace(marker, extra + marker), "newer.toml")
    path = walk(newer, person.answers, SETTING)
    assert [step.key for step in path.steps if not step.answered] == ["drill"]


def test_an_option_taken_away_meanwhile_breaks_nothing() -> None:
    log = [*submitted().log, Change("places", Given(values=("phone", "fax"), at=TODAY))]
    path = walk(CAMPAIGN, fold(log), SETTING)
    assert path.label("places") == "手机、fax"


def test_nothing_and_too_much_are_told_apart() -> None:
    assert Person().say("\u200b").problem is Problem.EMPTY
    assert Person().say("长" * 300).problem is Problem.TOO_LONG
    assert submitted().say("1").problem is Problem.UNCLEAR


@pytest.mark.parametrize("_again", [1, 2])
def test_a_path_that_is_kept_is_that_of_its_file_and_its_setting(_again: int) -> None:
    """The same answers at another unit, on another day, under another deadline."""
    log = tuple(Person().say_all("2", "2 7", "1", "1").log)
    later = CAMPAIGN.with_deadline(CAMPAIGN.deadline.replace(month=6))
    for campaign in (CAMPAIGN, later):
        for setting in (SETTING, COMPREHENSIVE, replace(SETTING, today=date(2022, 5, 19), unit="青田县")):
            kept, fresh = sitting._path_of(campaign, log, setting, None), walk(campaign, fold(log), setting)
            assert kept.campaign is campaign
            assert (kept.setting, kept.steps, kept.live) == (setting, fresh.steps, fresh.live)
