"""附件1: what is kept of a signature, what is not, and when it counts."""

from typing import Any

import pytest
from sqlmodel import select

from storage.models import Pledge
from tests.world import Somebody, World, id_number

TO_NUMBER = ("你好", "都没有", "都看过，没有", "现在签")
OTHER = id_number("085")
STATE, VERSION, DIGEST, NAME, MASK, PRINT, TOLD, AT, NUMBER = range(9)


@pytest.fixture
def qian(world: World) -> Somebody:
    somebody = world.person("qian", "钱大海")
    for said in TO_NUMBER:
        somebody.says(said)
    return somebody


def pledges(world: World) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = world.facts()["cases"]["qian"]["pledges"]
    return found


def test_the_number_is_sealed_at_once_and_signed_on_confirmation(world: World, qian: Somebody) -> None:
    qian.says(f"钱大海 {id_number()}")
    (draft,) = pledges(world)
    assert (draft[STATE], draft[NAME], draft[NUMBER]) == ("draft", "钱大海", id_number())
    assert not world.facts()["cases"]["qian"]["pledged"]
    qian.says("确认")
    (signed,) = pledges(world)
    assert (signed[STATE], signed[NUMBER]) == ("signed", id_number())
    assert (signed[VERSION], signed[DIGEST]) == (world.campaign.pledge.version, world.campaign.pledge.digest)
    assert signed[AT] == world.now
    assert world.facts()["cases"]["qian"]["pledged"]


def test_what_is_shown_of_the_number_is_its_end(world: World, qian: Somebody) -> None:
    told = qian.says(f"钱大海 {id_number()}") + qian.says("确认") + qian.says("修改")
    assert id_number()[-2:] in told
    assert id_number()[6:14] not in told
    (signed,) = pledges(world)
    assert signed[MASK].endswith(id_number()[-2:])
    assert sum(c.isdigit() for c in signed[MASK]) <= 2


def test_a_corrected_number_takes_the_place_of_the_first(world: World, qian: Somebody) -> None:
    qian.says(f"钱大海 {id_number()}")
    qian.says("修改 4")
    qian.says(f"钱大海 {OTHER}")
    (draft,) = pledges(world)
    assert draft[NUMBER] == OTHER
    qian.says("确认")
    assert [p[NUMBER] for p in pledges(world)] == [OTHER]


def test_a_number_given_and_not_signed_with_is_not_kept(world: World, qian: Somebody) -> None:
    for leave in (("修改 3", "不需要"), ("确定重新开始",)):
        qian.says(f"钱大海 {id_number()}")
        assert [p[STATE] for p in pledges(world)] == ["draft"]
        for said in leave:
            qian.says(said)
        assert pledges(world) == []
        for said in ("确定重新开始", *TO_NUMBER[1:]):
            qian.says(said)


def test_a_signature_stays_what_it_was_when_answers_change(world: World, qian: Somebody) -> None:
    qian.says(f"钱大海 {id_number()}")
    qian.says("确认")
    signed = pledges(world)
    for said in ("修改 1", "只有个人信息", "没有存过", "1", "1", "1", "1", "1", "今年签过", "提交"):
        qian.says(said)
    assert pledges(world)[0] == signed[0]


def test_signing_again_adds_and_never_overwrites(world: World, qian: Somebody) -> None:
    qian.says(f"钱大海 {id_number()}")
    qian.says("确认")
    first = pledges(world)
    qian.says("修改 4")
    qian.says(f"钱大海 {OTHER}")
    qian.says("确认")
    assert pledges(world)[0] == first[0]
    assert [(p[STATE], p[NUMBER]) for p in pledges(world)] == [("signed", id_number()), ("signed", OTHER)]


@pytest.mark.parametrize(
    ("said", "told"), [("今年签过", "this_year"), ("签过 3月15日", "2022-03-15"), ("签过 2021年12月1日", "2021-12-01")]
)
def test_signed_on_another_occasion(world: World, said: str, told: str) -> None:
    qian = world.person("qian", "钱大海")
    for text in ("你好", "2", "手机", "1", "1", "1", "1", "1", "1", said, "提交"):
        qian.says(text)
    assert [(p[STATE], p[TOLD], p[NUMBER]) for p in pledges(world)] == [("earlier", told, "")]
    assert world.facts()["cases"]["qian"]["pledged"]


def test_who_touched_nothing_need_not_sign(world: World, qian: Somebody) -> None:
    qian.says("修改 3")
    qian.says("不需要")
    assert pledges(world) == []
    case = world.facts()["cases"]["qian"]
    assert (case["nil"], case["pledged"]) == (True, False)


def test_a_name_other_than_the_roster_has_is_taken_from_the_message(world: World, qian: Somebody) -> None:
    qian.says(f"我叫钱海，身份证号{id_number()}")
    assert pledges(world)[0][NAME] == "钱海"
    qian.says("修改 4")
    qian.says(id_number())
    assert pledges(world)[0][NAME] == "钱大海", "no name in it: the roster's"


def test_equal_numbers_have_equal_prints_and_different_seals(world: World, qian: Somebody) -> None:
    li = world.person("li", "李小四")
    for said in (*TO_NUMBER, id_number(), "确认"):
        li.says(said)
    qian.says(id_number())
    qian.says("确认")
    with world.database.reading() as session:
        one, two = session.exec(select(Pledge)).all()
    assert one.number_print == two.number_print
    assert one.number_sealed != two.number_sealed


def test_the_number_wanted_in_private_is_not_taken_in_a_group(world: World, qian: Somebody) -> None:
    qian.says_in("工作群", f"钱大海 {id_number()}")
    assert pledges(world) == []
    assert id_number().encode() not in world.on_disk()
