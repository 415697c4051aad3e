"""The guard at the door: what is a list of persons, what is a contact, what is nothing at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlmodel import select

from handlers.leak_guard import Leak, harmless_name, has_phone, look, mask_phones
from storage.models import LeakCount, StoredFile
from tests.world import World, group_chat, id_number

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
        ("护照 EA" + "1234567", Leak(passports=1)),  # no number of a person has fewer digits
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


_BETWEEN = st.text(" -·.,，/_|\u200b\u3000\t）(：*", max_size=2)


@given(st.data(), st.sampled_from(["0123456789X", "０１２３４５６７８９Ｘ", "〇一二三四五六七八九X", "٠١٢٣٤٥٦٧٨٩X"]))
def test_an_id_number_is_seen_however_it_is_written(data: st.DataObject, digits: str) -> None:
    """In any script, with anything small between its signs, whatever stands around it."""
    number = id_number(data.draw(st.from_regex(r"[0-9]{3}", fullmatch=True)))
    spelled = number.translate(str.maketrans("0123456789X", digits))
    joined = "".join(sign + data.draw(_BETWEEN) for sign in spelled[:-1]) + spelled[-1]
    ahead, behind = (
        data.draw(st.sampled_from(["", "身份证", "他的号码是：", "😀"])),
        data.draw(st.sampled_from(["", "，请看", "\n"])),
    )
    seen = look(ahead + joined + behind)
    assert seen is not None
    assert seen.id_numbers == 1


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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("密码：abc12345", "尽快改掉"),
        ("收到一份机密文件", "保密员"),
        ("确诊：张三丰、李小四、王雅芳", "3 人的名单"),
        ("港澳通行证 C4123" + "4567", "通行证"),
    ],
)
def test_what_is_seen_is_named_with_a_way_out(said: str, told: str, world: World) -> None:
    answer = world.person("li", "李小四").says(said)
    assert "没有保存" in answer
    assert "长按 → 撤回" in answer
    assert told in answer
    assert said.encode() not in world.on_disk()


def test_the_units_count_is_kept_and_shown_upward_only(world: World) -> None:
    """By kind, unit and day; the office sees figures of its own units, in a group as well, and no names."""
    li, qian = world.person("li", "李小四"), world.person("qian", "钱大海")
    li.says(f"{id_number()}")
    li.says("密码：abc12345")
    qian.says(f"我的号码{id_number()}")
    world.person("stranger", "陌生人").says(id_number())
    wang = world.person("wang").says("拦截")
    assert "紫金街道" in wang
    assert "2 次" in wang
    assert "身份证号 1，密码 1" in wang
    assert "李小四" not in wang
    zhou = world.person("zhou").says("拦截")
    assert "2 次" in zhou
    assert "紫金街道 2" in zhou
    assert "鹤城" not in zhou
    assert "3 次" in world.person("wu").says("拦截")
    assert "2 次" in world.person("zhou").says_in("工作群", "拦截")
    assert "鹤城" not in world.person("zhou").says("拦截 鹤城街道")
    assert "次" not in li.says("拦截")


def test_a_days_count_adds_up_however_often_it_happens(world: World) -> None:
    for _ in range(3):
        world.person("li").says(id_number())
    with world.database.reading() as session:
        rows = session.exec(select(LeakCount)).all()
    assert [(row.kind, row.place, row.events) for row in rows] == [("id_numbers", "direct", 3)]


@pytest.mark.parametrize(
    "said",
    [
        "免填 李小四：长期病假，家属电话 {phone}",
        "登记事件 紫金街道 5月10日：微信群里转发名单，群主 {phone}",
        "发现 紫金街道：电脑里有名单，联系 {phone}",
    ],
)
def test_a_telephone_in_a_reason_is_kept_with_its_middle_starred(said: str, world: World) -> None:
    zhou = world.person("zhou", "周建国")
    zhou.says(said.format(phone=PHONE))
    assert PHONE.encode() not in world.on_disk()
    assert "＊＊＊＊5678" in world.on_disk().decode("utf-8", "replace")


def test_names_of_files_and_chats_are_looked_at_too(world: World) -> None:
    assert harmless_name("反馈表.pdf") == "反馈表.pdf"
    assert harmless_name(f"张三丰{id_number()}.jpg") == ".jpg"
    assert harmless_name(f"{PHONE}") == ""
    wang = world.person("wang")
    wang.sends("绑定", group_chat("g"), title=f"密接{id_number()}群")
    assert id_number().encode() not in world.on_disk()


def test_a_table_with_columns_it_should_not_have_is_refused_by_cell(world: World) -> None:
    """Wherever they stand, a hidden sheet too; nothing of it is kept, the event is counted."""
    book = Workbook()
    sheet = book.active
    sheet.title = "人员"
    sheet.append(["工号", "姓名", "单位编码", "角色", "手机号", "身份证号", "家庭住址"])
    sheet.append(["li", "李小四", "331102001", "", "19900001234", id_number(), "花园路1号"])
    hidden = book.create_sheet("旧")
    hidden.sheet_state = "hidden"
    hidden.append(["备注", "密码：abc12345"])
    out = io.BytesIO()
    book.save(out)
    for staff_id in ("wang", "li"):
        world.person(staff_id).says("你好")
        answer = world.person(staff_id).sends_file("名册.xlsx", out.getvalue())
        assert "没有保存" in answer
        for cell in ("人员!F1", "人员!G1", "人员!F2", "旧!B1"):
            assert cell in answer
        assert id_number() not in answer
    with world.database.reading() as session:
        assert {row.place for row in session.exec(select(LeakCount)).all()} == {"file"}
        assert session.exec(select(StoredFile)).all() == []
    assert id_number().encode() not in world.on_disk()


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
