"""What tired people type, and what it is taken for. The tables are the specification."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.campaign import loading
from handlers.campaign.definition import Option
from handlers.campaign.matching import clean, day, number, pick_many, pick_one, plain

CAMPAIGN = loading.load("lishui-2022-69")
CONTACT = CAMPAIGN.by_id["contact"].options
PLACES = CAMPAIGN.by_id["places"].options
PLEDGE = [o for o in CAMPAIGN.by_id["pledge"].options if o.when != [{"filled": ["proxy"]}]]
THREE = [Option(id=id_, label=label) for id_, label in (("a", "电脑"), ("b", "手机"), ("c", "微信"))]
WEDNESDAY = date(2022, 5, 18)


def one(options: list[Option], said: str) -> str | None:
    picked = pick_one(options, said)
    return picked.values[0] if picked else None


def many(options: list[Option], said: str, *, free: bool = False) -> tuple[str, ...] | None:
    picked = pick_many(options, said, free=free)
    return picked.values if picked else None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", 1), ("１", 1), ("②", 2), ("三", 3), ("两", 2), ("第2个", 2), ("选2", 2), ("选择 2", 2),
        ("2.", 2), ("2。", 2), ("3项", 3), (" 4 ", 4), ("11", 11), ("十", 10),
        ("135", None), ("1 3", None), ("1、3", None), ("5月25日", None), ("一份", None), ("", None), ("2个人", None),
    ],
)  # fmt: skip
def test_numbers_in_every_dress(said: str, meant: int | None) -> None:
    assert number(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1", "none"), ("１", "none"), ("①", "none"), ("一", "none"), ("第2个", "personal"), ("4", "both"),
        ("都没有", "none"), ("都没有。", "none"), ("1 都没有", "none"), ("1.都没有", "none"), ("没有接触", "none"),
        ("我都没有接触", "none"), ("没有", "none"), ("无", "none"), ("两类都有", "both"), ("都有", "both"),
        ("只有个人信息", "personal"), ("个人信息", "personal"), ("工作信息", "work"), ("3 工作信息", "work"),
        ("2 工作信息", "work"),  # the words win over a number from an older message
        ("5", None), ("0", None), ("99", None), ("", None), ("？！", None), ("好的", None), ("有", None),
    ],
)  # fmt: skip
def test_one_of_several(said: str, meant: str | None) -> None:
    assert one(CONTACT, said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "有没有名单模板",
        "没有时间填",
        "我没有时间",
        "现在没有网",
        "没有看懂",
        "个人信息没有",
        "不是都没有",
        "没有个人信息",
        "不会没有吧",
        "没有工作信息",
        "都没有吗？怎么会",
        "都没有吗",
        "是不是没有就行",
    ],
)
def test_a_word_inside_other_words_is_not_an_answer(said: str) -> None:
    """«没有» stands in half of what people say; a nil return must not come of it."""
    assert one(CONTACT, said) is None


@pytest.mark.parametrize("said", ["1 2", "2 3", "1、2", "2，3", "1,2", "2和3", "23"])
def test_two_numbers_are_no_answer_to_a_question_for_one(said: str) -> None:
    """«2 3» to «which of the two?» means both, or nothing that could be known."""
    assert one(CONTACT, said) is None


@pytest.mark.parametrize(
    ("said", "option", "note"),
    [("2 微信没删", "b", "微信没删"), ("1，昨晚删的", "a", "昨晚删的"), ("3. 老李发的", "c", "老李发的")],
)
def test_a_number_and_a_remark(said: str, option: str, note: str) -> None:
    picked = pick_one(THREE, said)
    assert picked is not None
    assert (picked.values, picked.note) == ((option,), note)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("1 3 5", ("computer", "tablet", "paper")),
        ("1、3、5", ("computer", "tablet", "paper")),
        ("１，３", ("computer", "tablet")),
        ("135", ("computer", "tablet", "paper")),
        ("1和3", ("computer", "tablet")),
        ("11", ("other",)),
        ("12", ("nowhere",)),
        ("2 7", ("phone", "wechat")),
        ("7 2 7", ("wechat", "phone")),
        ("手机 微信", ("phone", "wechat")),
        ("手机、微信、浙政钉", ("phone", "wechat", "zhezhengding")),
        ("电脑和U盘", ("computer", "usb")),
        ("微信群", ("wechat",)),
        ("weixin ipad", ("wechat", "tablet")),
        ("2 手机", ("phone",)),
        ("没存过", ("nowhere",)),
        ("0", None), ("99", None), ("13 20", None), ("", None), ("。。", None), ("1-3", None),
        ("፩", None),
    ],
)  # fmt: skip
def test_several_at_once(said: str, meant: tuple[str, ...] | None) -> None:
    assert many(PLACES, said) == meant


def test_digits_run_together_count_only_where_no_such_number_is_offered() -> None:
    assert many(THREE, "12") == ("a", "b")
    assert many(PLACES, "12") == ("nowhere",)
    assert many(THREE, "14") is None
    assert many(THREE, "11") is None


def test_own_words_count_where_they_are_wanted() -> None:
    assert many(PLACES, "手机 飞书", free=True) == ("phone", "=飞书")
    assert many(PLACES, "其他 飞书", free=True) == ("=飞书",)
    assert many(PLACES, "飞书", free=True) is None
    assert many(PLACES, "手机 20", free=True) is None
    assert many(THREE, "飞书 手机") is None
    picked = pick_many(THREE, "2 还在用", free=False)
    assert picked is not None
    assert (picked.values, picked.note) == (("b",), "还在用")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("签过，今年签的", "this_year"), ("今年签过", "this_year"), ("去年签的", "before"), ("没签过", "sign"),
        ("还没签", "sign"), ("没有签过", "sign"), ("现在签", "sign"), ("3", "sign"),
        ("签过", None),  # which of the two is not known
    ],
)  # fmt: skip
def test_signed_and_not_signed_are_never_confused(said: str, meant: str | None) -> None:
    assert one(PLEDGE, said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("5月25日", date(2022, 5, 25)), ("5月25号", date(2022, 5, 25)), ("５月２５日", date(2022, 5, 25)),
        ("5.25", date(2022, 5, 25)), ("5/25", date(2022, 5, 25)), ("5-25", date(2022, 5, 25)),
        ("25号", date(2022, 5, 25)), ("25日前", date(2022, 5, 25)), ("2022-05-25", date(2022, 5, 25)),
        ("2022年5月25日", date(2022, 5, 25)), ("2021.12.1", date(2021, 12, 1)),
        ("今天", date(2022, 5, 18)), ("今晚", date(2022, 5, 18)), ("明天", date(2022, 5, 19)),
        ("明天下午", date(2022, 5, 19)), ("后天", date(2022, 5, 20)), ("大后天", date(2022, 5, 21)),
        ("周五", date(2022, 5, 20)), ("星期五前", date(2022, 5, 20)), ("周三", date(2022, 5, 18)),
        ("周一", date(2022, 5, 23)), ("下周一", date(2022, 5, 23)), ("下周五", date(2022, 5, 27)),
        ("礼拜天", date(2022, 5, 22)), ("周日", date(2022, 5, 22)),
        ("5月32日", None), ("13月1日", None), ("2月30日", None), ("31号", date(2022, 5, 31)),
        ("过几天", None), ("节后", None), ("调休以后", None), ("端午", None), ("", None), ("尽快", None),
        ("12345", None),
    ],
)  # fmt: skip
def test_days_in_the_words_people_use(said: str, meant: date | None) -> None:
    assert day(said, WEDNESDAY) == meant


def test_invisible_characters_are_taken_off() -> None:
    assert clean("\u200b1\u202e\x00 ") == "1"
    assert clean("一\n二") == "一\n二"
    assert clean("\ufeff") == ""
    assert clean("👩\u200d⚕️") == "👩\u200d⚕️"


def test_width_case_and_punctuation_make_no_difference() -> None:
    assert plain("Ｕ盘") == plain("u盘！") == plain(" U 盘 ")
    assert plain("。，！") == ""


@given(st.text(max_size=40) | st.text("0123456789①፩٣一二 、,第个没有都", max_size=8))
def test_nothing_makes_it_fail(said: str) -> None:
    number(said)
    day(said, WEDNESDAY)
    for options in (CONTACT, PLACES, THREE):
        found = [pick_one(options, said), *(pick_many(options, said, free=free) for free in (True, False))]
        for picked in found:
            offered = {option.id for option in options}
            assert picked is None or all(value in offered or value.startswith("=") for value in picked.values)


@given(st.lists(st.sampled_from(range(1, 13)), min_size=1, max_size=6, unique=True), st.sampled_from(" 、，,;"))
def test_any_numbers_of_the_list_are_taken_in_any_order(numbers: list[int], between: str) -> None:
    assert many(PLACES, between.join(map(str, numbers))) == tuple(PLACES[n - 1].id for n in numbers)
