"""The books of a simulation see what does not agree: each fault is planted into accounts that agree without it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time

import pytest

from bot.simulation.believed import Belief, Beliefs, Confirmed, Reminded
from bot.simulation.books import Accounts, Platform, Rules, close
from bot.simulation.kept import Kept, KeptReturn, Lane
from bot.simulation.temper import ZONE, Character, Hand, Matter, Temper

VILLAGE, TOWNSHIP = "331121001001", "331121001"
NIL = {"contact": ("none",), "traces": ("clean",), "pledge_nil": ("unneeded",)}
SIGNED = {"contact": ("work",), "places": ("phone", "wechat"), "items.1.usage": ("电话排摸",), "pledge": ("sign",)}


def day(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2022, 5, number, hour, minute, tzinfo=ZONE)


def reminded(at: datetime, *, place: int, rule: str = "d7", audience: str = "unfinished") -> Reminded:
    return Reminded(at=at, rule=rule, audience=audience, place=place)


def somebody(staff_id: str, temper: Temper, **more: object) -> Belief:
    character = Character(temper=temper, matter=Matter.NIL, hand=Hand.TAPS, begins=None, stops=False)
    belief = Belief(staff_id=staff_id, name="某某", unit=VILLAGE, officer=False, character=character)
    return replace(belief, **more)  # type: ignore[arg-type]


def tallied(own: int, whole: int) -> dict[str, object]:
    return {"own": {"expected": own + 1, "finished": own}, "figures": {"expected": whole + 1, "finished": whole}}


def accounts() -> Accounts:
    """A prompt one, a reminded one who signed, and one who never answers; the return of their village, and above it."""
    prompt = somebody(
        "zhang",
        Temper.PROMPT,
        receipt="ZC-1",
        finished_at=day(19, 10),
        finished_place=3,
        settled=dict(NIL),
        said=["m1", "m2", "m3"],
        heard=3,
    )
    second = somebody(
        "li",
        Temper.REMINDED,
        receipt="ZC-2",
        finished_at=day(23, 11),
        finished_place=4,
        settled=dict(SIGNED),
        signed=True,
        said=["m4", "m5", "m6"],
        heard=4,
        reminded=[reminded(day(23, 9, 30), place=1)],
    )
    silent = somebody("wang", Temper.NEVER, heard=1, reminded=[reminded(day(23, 9, 30), place=1)])
    below = tallied(2, 2)
    upper = tallied(0, 2) | {"below": [{"unit": VILLAGE, "digest": "d1", "figures": below["figures"]}]}
    upper["figures"] = {"expected": 4, "finished": 2}
    return Accounts(
        beliefs=Beliefs(
            people={one.staff_id: one for one in (prompt, second, silent)},
            confirmed={
                VILLAGE: Confirmed(unit=VILLAGE, expected=3, finished=2, at_least=2, at_most=2),
                TOWNSHIP: Confirmed(unit=TOWNSHIP, expected=4, finished=2, at_least=0, at_most=0),
            },
            handed_up={VILLAGE, TOWNSHIP},
            figures=(2, 3),
        ),
        kept=Kept(
            receipts={"zhang": "ZC-1", "li": "ZC-2"},
            answers={"zhang": dict(NIL), "li": dict(SIGNED)},
            signed={"li"},
            taken=Counter(f"m{n}" for n in range(1, 7)),
            replies=Counter(f"m{n}" for n in range(1, 7)),
            lanes={"zhang": Lane(sent=3), "li": Lane(sent=4), "wang": Lane(sent=1)},
            returns={
                VILLAGE: KeptReturn(state="accepted", digest="d1", content=below | {"below": []}),
                TOWNSHIP: KeptReturn(state="accepted", digest="d2", content=upper),
            },
            quota={"inbound": 6, "webhook": 6, "api": 2},
        ),
        platform=Platform(pushed=6, lost=0, webhook=6, api=2),
        rules=Rules(most=12, begins=time(8, 30), ends=time(18, 30)),
        reporting=frozenset({VILLAGE, TOWNSHIP}),
    )


def differences(them: Accounts) -> dict[str, tuple[str, ...]]:
    return {page.title: page.differences for page in close(them) if page.differences}


def test_accounts_that_agree_have_no_differences() -> None:
    assert differences(accounts()) == {}
    assert len(close(accounts())) == 8


def _lost_answer(them: Accounts) -> None:
    del them.kept.answers["li"]["places"]


def _other_answer(them: Accounts) -> None:
    them.kept.answers["zhang"]["contact"] = ("work",)


def _lost_receipt(them: Accounts) -> None:
    del them.kept.receipts["li"]


def _receipt_of_another(them: Accounts) -> None:
    them.kept.receipts["li"] = "ZC-1"


def _finished_unawares(them: Accounts) -> None:
    them.kept.receipts["wang"] = "ZC-3"


def _other_figures(them: Accounts) -> None:
    them.beliefs.figures = (3, 3)


def _unsigned(them: Accounts) -> None:
    them.kept.signed.clear()


def _evidence(them: Accounts) -> None:
    them.kept.troubles.append("问题 pledge 1：内容和登记时不一样")


def _taken_twice(them: Accounts) -> None:
    them.kept.taken["m5"] += 1


def _never_taken(them: Accounts) -> None:
    del them.kept.taken["m5"]


def _unanswered(them: Accounts) -> None:
    del them.kept.replies["m5"]


def _failed(them: Accounts) -> None:
    them.kept.faults["m5"] = "E-1234"


def _invented(them: Accounts) -> None:
    them.kept.taken["m99"] += 1


def _heard_twice(them: Accounts) -> None:
    them.people["zhang"].heard += 1


def _never_heard(them: Accounts) -> None:
    them.people["zhang"].heard -= 1


def _left(them: Accounts) -> None:
    them.kept.left.append("lishui-2022-69/remind/p1（waiting）")


def _reminded_twice(them: Accounts) -> None:
    them.people["li"].reminded.append(reminded(day(23, 9, 31), place=2))


def _reminded_after_finishing(them: Accounts) -> None:
    them.people["zhang"].reminded.append(reminded(day(23, 9, 30), place=4))


def _reminded_at_night(them: Accounts) -> None:
    them.people["wang"].reminded.append(reminded(day(24, 20), place=2, rule="x", audience="unsigned"))


def _reminded_on_a_sunday(them: Accounts) -> None:
    them.people["wang"].reminded.append(reminded(day(22, 10), place=2, rule="x", audience="unsigned"))


def _reminded_too_often(them: Accounts) -> None:
    many = [reminded(day(24, 10), place=2 + n, rule=f"x{n}", audience="unsigned") for n in range(12)]
    them.people["wang"].reminded.extend(many)


def _forgotten(them: Accounts) -> None:
    them.people["wang"].reminded.clear()


def _not_received(them: Accounts) -> None:
    them.kept.returns[VILLAGE] = replace(them.kept.returns[VILLAGE], state="submitted")


def _sum_too_small(them: Accounts) -> None:
    them.kept.returns[TOWNSHIP].content["figures"]["finished"] = 1


def _another_return_below(them: Accounts) -> None:
    them.kept.returns[TOWNSHIP].content["below"][0]["digest"] = "old"


def _colleagues_missing(them: Accounts) -> None:
    told = them.beliefs.confirmed[VILLAGE]
    them.beliefs.confirmed[VILLAGE] = replace(told, at_least=3, at_most=3)


def _not_handed_up(them: Accounts) -> None:
    them.beliefs.accepted.add("331121002")


def _told_otherwise(them: Accounts) -> None:
    told = them.beliefs.confirmed[VILLAGE]
    them.beliefs.confirmed[VILLAGE] = replace(told, finished=1)


def _not_done(them: Accounts) -> None:
    them.beliefs.troubles.append("“上报”没有得到回答")


def _counted_too_much(them: Accounts) -> None:
    them.kept.quota["api"] = 3


def _counted_too_little(them: Accounts) -> None:
    them.kept.quota["inbound"] = 5


PLANTED: dict[Callable[[Accounts], None], tuple[str, str]] = {
    _lost_answer: ("回答", "li"),
    _other_answer: ("回答", "zhang"),
    _lost_receipt: ("提交", "li"),
    _receipt_of_another: ("提交", "li"),
    _finished_unawares: ("提交", "wang"),
    _other_figures: ("提交", "3/3"),
    _unsigned: ("承诺书", "li"),
    _evidence: ("承诺书", "pledge 1"),
    _taken_twice: ("消息", "m5"),
    _never_taken: ("消息", "m5"),
    _unanswered: ("消息", "m5"),
    _failed: ("消息", "E-1234"),
    _invented: ("消息", "m99"),
    _heard_twice: ("发件箱", "zhang"),
    _never_heard: ("发件箱", "zhang"),
    _left: ("发件箱", "waiting"),
    _reminded_twice: ("提醒", "li 在 2022-05-23 收到 2 次"),
    _reminded_after_finishing: ("提醒", "zhang 已经提交"),
    _reminded_at_night: ("提醒", "05-24 20:00"),
    _reminded_on_a_sunday: ("提醒", "05-22 10:00"),
    _reminded_too_often: ("提醒", "wang 被提醒 13 次"),
    _forgotten: ("提醒", "wang"),
    _not_received: ("上报", VILLAGE),
    _sum_too_small: ("上报", TOWNSHIP),
    _another_return_below: ("上报", VILLAGE),
    _colleagues_missing: ("上报", VILLAGE),
    _not_handed_up: ("上报", "331121002 以为已上报"),
    _told_otherwise: ("上报", VILLAGE),
    _not_done: ("上报", "没有得到回答"),
    _counted_too_much: ("额度", "api"),
    _counted_too_little: ("额度", "inbound"),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_fault_is_seen_and_named(plant: Callable[[Accounts], None]) -> None:
    them = accounts()
    plant(them)
    title, named = PLANTED[plant]
    assert any(named in line for line in differences(them)[title])


def test_what_a_fault_of_the_platform_explains_is_listed_and_no_difference() -> None:
    them = accounts()
    them.kept.lanes["wang"] = Lane(sent=1, doubtful=1)
    them.kept.receipts["wang"] = "ZC-3"
    them.beliefs.figures = (3, 3)
    them.people["li"].unanswered.append("m6")
    them.kept.quota["inbound"] = 5
    them = replace(them, platform=replace(them.platform, kills=1))
    assert differences(them) == {}
    far_off = replace(them, platform=replace(them.platform, pushed=6_000))
    assert {*differences(far_off)} == {"额度"}, "a kill explains some seconds, not hours"
    explained = {page.title: page.explained for page in close(them) if page.explained}
    assert {*explained} == {"提交", "消息", "发件箱", "额度"}
    assert "wang" in explained["提交"][0]
    assert "m6" in explained["消息"][0]
