"""The resident identity number. All numbers are made here; none is written down."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.campaign.id_number import IdNumber, find, looks_like_one, plausible, valid, without
from tests.world import id_number

NUMBER = id_number()
OLD = "332501" + "660307" + "084"
BORN = st.dates(date(1930, 1, 1), date(2010, 12, 31)).map(lambda d: f"{d:%Y%m%d}")
SERIAL = st.integers(1, 999).map(lambda n: f"{n:03}")
REGION = st.sampled_from(["332501", "332522", "332526", "331102", "331121", "330102", "110101"])


def ending_in_x() -> str:
    return next(n for n in (id_number(f"{serial:03}") for serial in range(1, 999)) if n.endswith("X"))


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


@given(REGION, BORN, SERIAL)
def test_every_number_with_the_right_check_digit_is_taken(region: str, born: str, serial: str) -> None:
    """Also Lishui's codes of 1981 to 2000, 3325xx, whatever the year of birth."""
    number = id_number(serial, region=region, born=born)
    assert valid(number)
    assert find(f"我的号码是{number}，谢谢") == IdNumber(number)


@given(BORN, SERIAL, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(born: str, serial: str, at: int, off: int) -> None:
    number = id_number(serial, born=born)
    assume(number[at].isdigit())
    wrong = number[:at] + str((int(number[at]) + off) % 10) + number[at + 1 :]
    assert not valid(wrong)
    assert find(wrong) is None
    assert looks_like_one(wrong)


@given(BORN, SERIAL, st.integers(0, 15))
def test_two_digits_changing_places_are_noticed(born: str, serial: str, at: int) -> None:
    number = id_number(serial, born=born)
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assume(swapped != number)
    assert find(swapped) is None


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        full_width(NUMBER),
        f"张三丰{NUMBER}",
        f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
        f"{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}",
        f"身份证号：{NUMBER}。",
        f"{NUMBER}\n",
    ],
)
def test_it_is_found_however_it_was_typed(typed: str) -> None:
    found = find(typed)
    assert found is not None
    assert found.value == NUMBER


def test_a_small_x_is_a_large_one() -> None:
    number = ending_in_x()
    for typed in (number, number.lower(), full_width(number.lower())):
        found = find(typed)
        assert found is not None
        assert found.value == number


def test_old_numbers_of_fifteen_digits_are_taken() -> None:
    found = find(f"老证 {OLD}")
    assert found is not None
    assert found.value == OLD
    assert find(OLD[:6] + "661399" + OLD[12:]) is None


@pytest.mark.parametrize("typed", [f"1{NUMBER}", f"{NUMBER}1", NUMBER[:17], NUMBER[1:], "0" * 18, "", "没带身份证"])
def test_neither_more_nor_fewer_digits_make_a_number(typed: str) -> None:
    assert find(typed) is None


def test_the_thirtieth_of_february_is_no_birthday() -> None:
    assert not valid(id_number(born="19900230"))
    assert not valid(id_number(born="18990101"))


def test_a_number_shows_its_last_two_characters_and_no_more() -> None:
    number = IdNumber(NUMBER)
    for shown in (repr(number), str(number), f"{number}", number.masked, f"{[number]}"):
        assert NUMBER not in shown
        assert NUMBER[:-2] not in shown
        assert sum(c.isdigit() for c in shown) <= 2
    assert number.masked.endswith(NUMBER[-2:])


def test_what_is_left_without_the_number_may_be_a_name() -> None:
    assert without(f"张三丰 {NUMBER}").strip() == "张三丰"
    assert without(f"张三丰{NUMBER[:6]} {NUMBER[6:]}").strip() == "张三丰"
    assert "1990" not in without(ending_in_x())


@given(st.integers(10**14, 10**18 - 1))
def test_what_cannot_be_a_date_of_birth_is_not_taken_for_a_number(digits: int) -> None:
    """Order numbers and the like: only those with a date in them are somebody's."""
    text = str(digits)
    if plausible(text):
        born = text[6:14] if len(text) == 18 else f"19{text[6:12]}"
        assert date(1900, 1, 1) <= date(int(born[:4]), int(born[4:6]), int(born[6:])) < date(2100, 1, 1)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    find(text)
    looks_like_one(text)
    without(text)
