"""The guard at the door: what is a list of persons, what is a contact, what is nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.leak_guard import Leak, has_phone, look, mask_phones
from tests.world import World, id_number

PHONE = "19900005678"


def row(n: int) -> str:
    return f"{n}\t某某{n}\t1990000{n:04}\t{id_number(f'{n:03}')}\t阳光小区{n}栋"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\n".join(map(row, range(1, 13))), Leak(12, 12)),
        (id_number(), Leak(1, 0)),
        (f"{id_number()}，{id_number('085')}", Leak(2, 0)),
        ("".join(chr(ord(c) + 0xFEE0) for c in id_number()), Leak(1, 0)),
        (f"{id_number()[:6]} {id_number()[6:14]} {id_number()[14:]}", Leak(1, 0)),
        (id_number()[:-1] + "x", Leak(1, 0)),  # a slip in the check digit is still somebody's number
        ("332501" + "660307" + "084", Leak(1, 0)),
        (f"{PHONE} 19900005679 199-0000-5680", Leak(0, 3)),
        (f"{id_number()} {PHONE}", Leak(1, 0)),
    ],
)
def test_what_must_not_be_kept(text: str, seen: Leak) -> None:
    assert look(text) == seen


@pytest.mark.parametrize(
    "text",
    ["", "1", "密接人员清单，约12人", "2022-05-18 10:21", PHONE, f"李四 {PHONE}、19900005679", "0578-2123456",
     "丽控办〔2022〕69号", "订单 123456789012345678", "20220518093000123", "第1、3、5项", "😀" * 30],
)  # fmt: skip
def test_what_may_pass(text: str) -> None:
    assert look(text) is None


@given(st.text(max_size=100))
def test_no_text_makes_it_fail(text: str) -> None:
    look(text)
    mask_phones(text)


@given(st.integers(13_000_000_000, 19_999_999_999))
def test_of_a_telephone_only_both_ends_are_shown(number: int) -> None:
    shown = mask_phones(f"李四{number}。")
    assert str(number) not in shown
    assert str(number)[:3] in shown
    assert str(number)[-4:] in shown
    assert not has_phone(shown)


def test_masking_leaves_the_rest_as_it_was_written() -> None:
    assert mask_phones(f"李四，{PHONE}（办公室）") == "李四，199＊＊＊＊5678（办公室）"


def test_a_pasted_list_leaves_no_trace_and_one_line_of_audit(world: World) -> None:
    li = world.person("li", "李小四")
    li.says("你好")
    li.says("2")
    before = world.facts()["cases"]
    told = li.says("\n".join(map(row, range(1, 13))))
    assert "12" in told
    assert world.facts()["cases"] == before
    assert [line[2] for line in world.facts()["audit"]] == ["leak"]
    on_disk = world.on_disk()
    for n in range(1, 13):
        assert id_number(f"{n:03}").encode() not in on_disk
        assert f"1990000{n:04}".encode() not in on_disk
        assert f"阳光小区{n}栋".encode() not in on_disk


def test_ones_own_number_passes_only_where_it_is_asked_for(world: World) -> None:
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "现在签"):
        qian.says(said)
    assert "没有保存" in qian.says(f"{id_number()} {id_number('085')}"), "two are a list"
    assert "没有保存" in world.person("qian").says_in("工作群", f"钱大海 {id_number()}")
    assert "没有保存" not in qian.says(f"钱大海 {id_number()}")
    qian.says("确认")
    assert "没有保存" in qian.says(id_number())


def test_nobody_outside_the_roster_is_listened_to_either(world: World) -> None:
    stranger = world.person("stranger", "陌生人")
    assert "没有保存" in stranger.says(f"我是{id_number()}")
    assert id_number().encode() not in world.on_disk()
