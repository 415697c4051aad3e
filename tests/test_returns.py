"""A return on its way: checked, confirmed, stamped, handed up, accepted or sent back, from the village to the city."""

import hashlib
import io
import json
import re
import struct
import threading
import zlib
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from sqlmodel import col, select

from handlers.campaign.handing_up import UNSTAMPED
from handlers.desk import Desk
from handlers.messages import Document, Inbound
from handlers.returns import lock, scans
from handlers.returns.rows import return_rows
from handlers.returns.scan_pages import pages_of
from storage import files, returns, roster
from storage.models import Appointment, AuditLine, Exemption, ReturnStep, StoredFile, Unit, UnitReturn
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.world import Somebody, World

NIL = ("开始", "1", "1", "4")
WECHAT = ("开始", "2", "手机 微信", "1", "1", "1", "1", "对", "1", "今年签的", "提交")


def hands_in(world: World, who: str, *said: str) -> str:
    return [world.person(who).says(words) for words in (said or WECHAT)][-1]


def everybody(world: World, *people: str, said: tuple[str, ...] = NIL) -> None:
    for who in people:
        assert "回执" in hands_in(world, who, *said)


def unit_of(world: World, code: str) -> Unit:
    with world.database.reading() as session:
        return session.exec(select(Unit).where(Unit.code == code)).one()


def return_of(world: World, code: str) -> UnitReturn:
    with world.database.reading() as session:
        return session.exec(select(UnitReturn).where(UnitReturn.unit_id == unit_of(world, code).id)).one()


def steps_of(world: World, code: str) -> list[tuple[str, str, str]]:
    with world.database.reading() as session:
        there = return_of(world, code)
        return [(step.action, step.state, person.staff_id) for step, person in returns.steps(session, there)]


def stored(world: World) -> list[StoredFile]:
    with world.database.reading() as session:
        return list(session.exec(select(StoredFile).order_by(col(StoredFile.id))).all())


# ---------------------------------------------------------------- what a phone sends


def png(colour: bytes = b"\x00") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" + colour)) + chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 20 + b"\xff\xd9"


def pdf(pages: int) -> bytes:
    leaves = b"".join(b"%d 0 obj <</Type /Page /Parent 2 0 R>> endobj\n" % (3 + n) for n in range(pages))
    return b"%PDF-1.4\n2 0 obj <</Type /Pages /Count 1>> endobj\n" + leaves + b"%%EOF"


def packed_pdf(pages: int) -> bytes:
    leaves = zlib.compress(b"".join(b"<</Type/Page/Parent 2 0 R>>" for _ in range(pages)) + b"<</Type/Pages>>")
    return b"%%PDF-1.5\n9 0 obj <</Type /ObjStm /Length %d>>\nstream\n%s\nendstream" % (len(leaves), leaves)


def sends_scan(world: World, who: str, content: bytes, sort: str = "png") -> str:
    """A picture or a file out of the phone, fetched from the platform and read."""
    picture = sort in ("png", "jpeg")
    return world.person(who).sends_file(f"IMG_1.{sort}", content, kind="picture" if picture else "file")


def wants_scans(world: World, who: str) -> bool:
    return _asks(world, who, lambda desk: desk.person is not None and scans.wanted(desk, desk.person))


def is_locked(world: World, code: str) -> bool:
    return _asks(world, "li", lambda desk: lock.locked(desk, unit_of(world, code).id or 0))


def _asks(world: World, who: str, what: Callable[[Desk], bool]) -> bool:
    with world.database.session() as session:
        inbound = Inbound(
            robot="robot",
            msg_id="",
            sender_id=who,
            sender_name="",
            chat=world.person(who).address,
            received_at=world.now,
        )
        desk = Desk(
            session=session,
            campaign=world.campaign,
            campaigns=(world.campaign,),
            inbound=inbound,
            person=roster.person(session, who),
            now=world.now,
            vault=world.vault,
        )
        return what(desk)


def confirms(world: World, who: str, said: str = "确认反馈表") -> str:
    told = world.person(who).says(said)
    assert "已确认" in told, told
    return told


def stamps(world: World, who: str, content: bytes = b"") -> None:
    assert "这是什么" in sends_scan(world, who, content or png(who.encode()[:1]))
    assert "已盖章" in world.person(who).taps("盖章的反馈表")


def hands_up(world: World, who: str) -> str:
    told = world.person(who).says("上报")
    assert "已上报给" in told, told
    return told


def with_village_coordinator(world: World, *more: PersonRow, units: tuple[UnitRow, ...] = ()) -> None:
    """金山社区 gets a 联络员 of its own: now it reports itself."""
    hua = PersonRow(
        staff_id="hua",
        name="华小梅",
        unit_code="331102001001",
        roles=frozenset({Role.STAFF, Role.UNIT}),
        phone="",
    )
    with world.database.reading() as session:
        known = [
            UnitRow(
                code=unit.code,
                name=unit.name,
                parent_code=next((u.code for u in roster.units(session) if u.id == unit.parent_id), ""),
                kind=UnitKind(unit.kind),
                division=unit.division,
            )
            for unit in roster.units(session)
        ]
    world.import_roster(Roster(units=(*known, *units), people=(hua, *more)))


# ---------------------------------------------------------------- the whole way


def test_one_return_goes_from_the_village_to_the_city(world: World) -> None:
    with_village_coordinator(world)
    everybody(world, "hua", "wang", "li", "chen", "zhou")
    hands_in(world, "zhang", *WECHAT)

    confirms(world, "hua")
    stamps(world, "hua")
    assert "紫金街道" in hands_up(world, "hua")
    wang = world.person("wang")
    (letter,) = [words for words in wang.hears() if "上报了反馈表" in words]
    assert "金山社区" in letter
    assert "华小梅" in letter
    seen = wang.taps("查看")
    assert "<xlsx: feedback_table>" in seen
    assert "<png: scan>" in seen
    assert "已接收" in wang.taps("接收")
    assert "已由**莲都区 紫金街道**接收" in "\n".join(world.person("hua").hears())

    confirms(world, "wang")
    stamps(world, "wang")
    assert "莲都区大数据中心" in hands_up(world, "wang")
    zhou = world.person("zhou")
    assert "上报了反馈表" in "\n".join(zhou.hears())
    assert "已接收" in zhou.taps("接收")

    confirms(world, "chen")
    stamps(world, "chen")
    hands_up(world, "chen")
    assert "1 个单位的反馈表等您接收：岩泉街道" in zhou.says("待办")
    assert "已接收" in zhou.says("接收 岩泉街道")

    confirms(world, "zhou")
    stamps(world, "zhou")
    assert "市大数据局" in hands_up(world, "zhou")
    wu = world.person("wu")
    assert "莲都区" in "\n".join(wu.hears())
    assert "已接收" in wu.taps("接收")

    content = json.loads(return_of(world, "331102").content or "")
    assert [row["unit"] for row in content["rows"]] == ["331102001001"]
    assert {part["unit"] for part in content["below"]} == {"331102001", "331102002"}
    assert content["figures"]["expected"] == content["figures"]["finished"] == 6
    assert [state for _, state, _ in steps_of(world, "331102")] == ["confirmed", "stamped", "submitted", "accepted"]
    past = wu.says("经过 莲都区")
    assert "周建国" in past
    assert "吴立新" in past


def test_a_city_body_reports_straight_to_the_city(world: World) -> None:
    bureau = UnitRow(code="3311B01", name="市卫健委", parent_code="3311", kind=UnitKind.CITY_BODY, division="")
    ma = PersonRow(staff_id="ma", name="马丽", unit_code="3311B01", roles=frozenset({Role.STAFF, Role.UNIT}), phone="")
    with_village_coordinator(world, ma, units=(bureau,))
    everybody(world, "ma", said=("开始", "1", "1", "4"))
    confirms(world, "ma")
    stamps(world, "ma")
    assert "市大数据局" in hands_up(world, "ma")
    assert "市卫健委" in "\n".join(world.person("wu").hears())
    assert "已接收" in world.person("wu").taps("接收")


def test_a_village_without_a_coordinator_is_part_of_the_townships_return(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    assert "没有单独上报" in world.person("wang").says("核对 金山社区")
    confirms(world, "wang")
    content = json.loads(return_of(world, "331102001").content or "")
    assert len(content["submissions"]) == 3
    assert return_of(world, "331102001").nil


# ---------------------------------------------------------------- what is confirmed


def test_what_was_confirmed_can_be_hashed_again(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    told = confirms(world, "wang")
    there = return_of(world, "331102001")
    assert there.content is not None
    assert there.digest == hashlib.sha256(there.content.encode()).hexdigest()
    assert there.digest[:8] in told
    with world.database.reading() as session:
        (step,) = session.exec(select(ReturnStep).where(ReturnStep.action == "confirm")).all()
        assert step.content == there.content
        submissions = returns.submissions(session, world.campaign.id, [u.id or 0 for u in roster.units(session)])
    content = json.loads(there.content)
    assert content["submissions"] == [[s.id, s.digest] for s in submissions]


def test_it_is_refused_while_somebody_is_missing_and_says_who(world: World) -> None:
    everybody(world, "li", "wang")
    wang = world.person("wang")
    told = wang.says("确认反馈表")
    assert "还有 1 人没有完成：张三丰" in told
    assert "马上提醒 1 位" in wang.taps("催办")
    assert not steps_of(world, "331102001")


def test_with_a_gap_only_for_a_reason_that_goes_up(world: World) -> None:
    everybody(world, "li", "wang")
    wang = world.person("wang")
    assert "请写明" in wang.says("带缺口确认")
    assert "缺口：1人休产假" in wang.says("带缺口确认 1人休产假")
    stamps(world, "wang")
    hands_up(world, "wang")
    assert "有缺口：1人休产假" in "\n".join(world.person("zhou").hears())
    assert json.loads(return_of(world, "331102001").content or "")["gaps"] == "1人休产假"


def test_a_gap_is_not_recorded_where_there_is_none(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    assert "缺口" not in confirms(world, "wang", "带缺口确认 怕有人没填")
    assert return_of(world, "331102001").gaps == ""


def test_the_exempt_do_not_hold_it_up(world: World) -> None:
    everybody(world, "li", "wang")
    with world.database.session() as session:
        zhang, wang = roster.person(session, "zhang"), roster.person(session, "wang")
        assert zhang
        assert wang
        session.add(
            Exemption(campaign=world.campaign.id, person_id=zhang.id or 0, reason="援沪", by=wang.id or 0, at=world.now)
        )
    confirms(world, "wang")


def test_a_unit_where_everybody_reported_nothing_is_a_nil_return(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    assert "**零报告**" in confirms(world, "wang")
    assert return_of(world, "331102001").nil


def test_silence_is_not_a_nil_return(world: World) -> None:
    told = confirms(world, "wang", "带缺口确认 都在隔离点，无法填写")
    assert "零报告**" not in told
    assert not return_of(world, "331102001").nil


def test_a_unit_without_people_may_confirm_a_nil_return(world: World) -> None:
    group = UnitRow(code="331102W1", name="综合组", parent_code="331102", kind=UnitKind.WORKING_GROUP, division="")
    with_village_coordinator(world, units=(group,))
    with world.database.session() as session:
        unit = session.exec(select(Unit).where(Unit.code == "331102W1")).one()
        li = roster.person(session, "li")
        assert li
        session.add(Appointment(person_id=li.id or 0, unit_id=unit.id or 0, role=Role.UNIT))
    assert "**零报告**" in confirms(world, "li")


def test_a_return_below_has_to_be_accepted_first(world: World) -> None:
    with_village_coordinator(world)
    everybody(world, "hua", "zhang", "li", "wang")
    assert "下级还有 1 个单位的反馈表没有接收：金山社区（填报中）" in world.person("wang").says("确认反馈表")


def test_the_button_confirms_what_was_read_and_nothing_newer(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    wang = world.person("wang")
    wang.says("核对")
    hands_in(world, "zhang", "修改 1", "2", "手机", "1", "1", "1", "1", "对", "1", "今年签的", "提交")
    assert "又有变化" in wang.taps("确认反馈表")
    wang.taps("核对")
    assert "已确认" in wang.taps("确认反馈表")


# ---------------------------------------------------------------- rows


def test_a_cell_is_put_into_other_words_and_the_persons_own_stay(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    wang = world.person("wang")
    told = wang.says("更正 1 存在安全：通过微信传输名单；已于当日删除。")
    assert "改成：\n通过微信传输名单；已于当日删除。" in told, "the words are kept as they were written"
    assert "原来是：\n通过微信传输相关人员清单" in told
    assert "已更正" in wang.says("核对")
    confirms(world, "wang")
    (row,) = json.loads(return_of(world, "331102001").content or "")["rows"]
    assert row["cells"]["risk"] == "通过微信传输名单；已于当日删除。"
    assert row["corrected"] == ["risk"]
    assert row["from"][0][2] > 0


@pytest.mark.parametrize("column", ["存在问题", "存在安全问题或风险", "风险", "安全问题", "存在问题或风险"])
def test_a_column_may_be_named_as_people_shorten_it(world: World, column: str) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    assert "改成：\n通过微信传过一次" in world.person("wang").says(f"更正 1 {column}：通过微信传过一次")


def test_a_correction_may_name_the_unit_and_another_ones_is_refused(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    wang = world.person("wang")
    assert "改成" in wang.says("更正 紫金街道 1 风险：通过微信传过一次")
    assert "看不到其他单位" in wang.says("更正 鹤城街道 1 风险：无")
    assert "退回" in world.person("zhou").says("更正 紫金街道 1 风险：{无}")


def test_the_own_words_come_back(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    wang = world.person("wang")
    wang.says("更正 1 风险：没有")
    assert "恢复成本人的原话" in wang.taps("恢复原话")
    assert "已更正" not in wang.says("核对")


def test_a_correction_ends_when_the_person_hands_in_other_words(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    wang, li = world.person("wang"), world.person("li")
    wang.says("更正 1 数据名称：密接人员清单（街道）")
    wang.says("更正 1 用途：用于排摸")
    li.says("修改")
    li.says("修改 4")
    li.says("数据名称")
    li.says("隔离人员名单，约12人")
    for said in ("对", "提交"):
        told = li.says(said)
    assert "回执" in told
    told = wang.says("核对")
    assert "隔离人员名单，约12人（本人后来改了这一栏，您的更正不再算数）" in told
    assert "用于排摸（已更正）" in told


def test_equal_rows_become_one_and_every_contact_stays(world: World) -> None:
    everybody(world, "zhang")
    hands_in(world, "li", *WECHAT)
    hands_in(world, "wang", *WECHAT)
    wang = world.person("wang")
    assert "第1、2行除“联系人及联系方式”外都相同" in wang.says("核对")
    assert "现在共 1 行" in wang.says("合并")
    assert "李小四（单位通讯录）、王雅芳（单位通讯录）" in wang.says("核对")
    confirms(world, "wang")
    (row,) = json.loads(return_of(world, "331102001").content or "")["rows"]
    assert row["cells"]["contact_person"] == "李小四（单位通讯录）、王雅芳（单位通讯录）"
    assert len(row["from"]) == 2


def test_rows_are_merged_at_the_confirmation_in_any_case(world: World) -> None:
    everybody(world, "zhang")
    hands_in(world, "li", *WECHAT)
    hands_in(world, "wang", *WECHAT)
    confirms(world, "wang")
    assert len(json.loads(return_of(world, "331102001").content or "")["rows"]) == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("更正", "更正 行号 栏名"),
        ("更正 一下", "更正 行号 栏名"),
        ("更正 9 风险：无", "没有这一行"),
        ("更正 1 天气：无", "没看懂是哪一栏"),
        ("更正 1 风险：" + "长" * 501, "500 字以内"),
    ],
)
def test_a_correction_not_understood_says_how(world: World, said: str, told: str) -> None:
    hands_in(world, "li", *WECHAT)
    assert told in world.person("wang").says(said)


def test_rows_of_a_unit_below_that_reported_itself_are_not_corrected_from_above(world: World) -> None:
    with_village_coordinator(world)
    everybody(world, "hua")
    hands_in(world, "zhang", *WECHAT)
    confirms(world, "hua")
    stamps(world, "hua")
    hands_up(world, "hua")
    wang = world.person("wang")
    wang.says("接收 金山社区")
    assert "金山社区" in wang.says("核对")
    assert "要改请退回它" in wang.says("更正 1 风险：无")


def test_long_tables_come_in_pages_and_as_a_file(world: World) -> None:
    li = world.person("li")
    for said in ("开始", "2", "手机", "1"):
        li.says(said)
    for n in range(7):
        for said in (f"名单{n}", "1", "1", "还有" if n < 6 else "对"):
            li.says(said)
    for said in ("1", "今年签的", "提交"):
        told = li.says(said)
    assert "共7份数据" in told
    wang = world.person("wang")
    first = wang.says("核对")
    assert "第1页，共2页" in first
    assert "<xlsx: feedback_table>" in first
    assert "第6行" not in first
    second = wang.taps("下一页")
    assert "第7行" in second
    assert "xlsx" not in second


# ---------------------------------------------------------------- standing still


def test_answers_stand_still_from_the_confirmation_to_the_sending_back(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    assert not is_locked(world, "331102001001")
    confirms(world, "wang")
    assert is_locked(world, "331102001001")
    world.person("wang").says("取消确认")
    assert not is_locked(world, "331102001001")
    confirms(world, "wang")
    stamps(world, "wang")
    hands_up(world, "wang")
    assert is_locked(world, "331102001")
    assert "请**莲都区大数据中心**退回" in world.person("wang").says("取消确认")
    world.person("zhou").says("退回 紫金街道：第一页没有盖章")
    assert not is_locked(world, "331102001")


def test_the_answers_cannot_be_changed_while_the_return_stands_still(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    before = world.facts()["cases"]["li"]["answers"]
    for said in ("修改 1", "修改", "上一步", "重新开始", "确定重新开始"):
        world.person("li").says(said)
    assert world.facts()["cases"]["li"]["answers"] == before


def test_nothing_is_corrected_in_a_return_that_stands_still(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    confirms(world, "wang")
    for said in ("更正 1 风险：无", "合并"):
        assert "不能改了" in world.person("wang").says(said)


def test_who_hands_in_after_the_confirmation_counts_for_themselves_and_is_shown(world: World) -> None:
    everybody(world, "li", "wang")
    confirms(world, "wang", "带缺口确认 张三丰出差")
    assert "回执" in hands_in(world, "zhang", *WECHAT)
    told = world.person("wang").says("核对")
    assert "确认之后又有 1 人提交" in told
    assert "张三丰" not in told
    assert "又有 1 人提交" in world.person("wang").says("待办")
    world.person("wang").says("取消确认")
    assert "张三丰" in world.person("wang").says("核对")


def test_what_is_exported_is_what_was_confirmed(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    world.person("wang").says("更正 1 风险：改过的话")
    confirms(world, "wang")
    with world.database.reading() as session:
        (row,) = return_rows(session, world.campaign, unit_of(world, "331102001"), world.now)
        (above,) = return_rows(session, world.campaign, unit_of(world, "3311"), world.now)
        assert row.cells["risk"] == above.cells["risk"] == "改过的话"
        assert list(return_rows(session, world.campaign, unit_of(world, "331102001001"), world.now)) == []
    document = Document("x.xlsx", "feedback_table", _about(world, "331102001"))
    texts = [str(c.value) for r in load_workbook(io.BytesIO(world.make(document))).active.iter_rows() for c in r]
    assert "改过的话" in texts


def _about(world: World, code: str) -> dict[str, str]:
    return {"campaign": world.campaign.id, "unit": str(unit_of(world, code).id), "as_of": world.now.isoformat()}


def test_the_rows_of_a_past_moment_are_those_of_then(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    filling = world.now
    world.person("wang").says("更正 1 风险：改过的话")
    confirms(world, "wang")
    confirmed = world.now
    world.person("wang").says("取消确认")
    world.person("wang").says("更正 1 风险：再改的话")
    with world.database.reading() as session:
        unit = unit_of(world, "331102001")

        def risk(at):  # type: ignore[no-untyped-def]
            return next(return_rows(session, world.campaign, unit, at)).cells["risk"]

        assert risk(filling).startswith("通过微信传输相关人员清单")
        assert risk(confirmed) == "改过的话"
        assert risk(world.now) == "再改的话"


def test_masked_numbers_are_opened_for_the_operator_only(world: World) -> None:
    everybody(world, "zhang", "wang")
    li = world.person("li")
    for said in WECHAT[:7]:
        li.says(said)
    for said in ("改一项", "联系人及联系方式"):
        told = li.says(said)
    assert "联系人" in told
    hands = li.says("李小四 1990000" + "5678")
    assert "没有保存" not in hands
    for said in ("对", "1", "今年签的", "提交"):
        li.says(said)
    confirms(world, "wang")
    with world.database.reading() as session:
        unit = unit_of(world, "331102001")
        (masked,) = return_rows(session, world.campaign, unit, world.now)
        (whole,) = return_rows(session, world.campaign, unit, world.now, world.vault)
    assert "1990000" + "5678" not in masked.cells["contact_person"]
    assert "1990000" + "5678" in whole.cells["contact_person"]


# ---------------------------------------------------------------- the stamp


def test_a_scan_is_wanted_only_between_the_confirmation_and_the_handing_up(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    assert not wants_scans(world, "wang")
    confirms(world, "wang")
    assert wants_scans(world, "wang")
    assert not wants_scans(world, "li")
    assert not wants_scans(world, "zhou")
    stamps(world, "wang")
    assert wants_scans(world, "wang")
    hands_up(world, "wang")
    assert not wants_scans(world, "wang")
    assert "没有保存" in sends_scan(world, "wang", png(b"x"))


@pytest.mark.parametrize(
    ("sort", "content", "pages"),
    [("png", png(), 1), ("jpeg", JPEG, 1), ("pdf", pdf(3), 3), ("pdf", packed_pdf(4), 4), ("pdf", b"%PDF-1.4", 0)],
)
def test_pictures_and_pdfs_are_kept_sealed(world: World, sort: str, content: bytes, pages: int) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    told = sends_scan(world, "wang", content, sort)
    assert ("页" in told) == (pages > 1)
    (file,) = stored(world)
    assert (file.kind, file.pages, file.size) == (sort, pages, len(content))
    assert file.digest == hashlib.sha256(content).hexdigest()
    assert content not in world.on_disk()
    with world.database.reading() as session:
        again = files.one(session, file.id or 0)
        assert again
        assert files.opened(world.vault, again) == content


def test_another_kind_of_file_is_refused(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    assert "JPG、PNG" in sends_scan(world, "wang", b"PK", "xlsx")
    assert stored(world) == []


def test_pages_are_counted_without_trusting_the_file() -> None:
    assert pages_of("pdf", b"%PDF /Type /Pages /Type/Page /Type /Page\n") == 2
    assert pages_of("pdf", b"1 0 obj <</Type /ObjStm>>\nstream\nnot packed\nendstream") == 0
    bomb = zlib.compress(b"\x00" * 20_000_000)
    assert pages_of("pdf", b"<</Type/ObjStm>>\nstream\n" + bomb) == 0


def test_several_pictures_are_told_apart_with_one_button(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    wang = world.person("wang")
    for n in (1, 2, 3):
        told = sends_scan(world, "wang", png(bytes([n])))
    assert "共 3 份" in told
    assert "3 份都是" in wang.taps("签字的承诺书")
    assert "签字的承诺书 3 份（共 3 页）" in wang.says("扫描件")
    assert return_of(world, "331102001").state == "confirmed"
    sends_scan(world, "wang", png(b"t"))
    wang.taps("盖章的反馈表")
    assert return_of(world, "331102001").state == "stamped"
    assert [file.purpose for file in stored(world)] == ["scan.pledges"] * 3 + ["scan.table"]


def test_what_is_on_a_scan_and_what_a_step_said_is_not_read_for_every_word(world: World) -> None:
    """Scans may be sixty of megabytes each, a county's content thousands of rows, and one writer reads them."""
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    wang = world.person("wang")
    for n in (1, 2):
        sends_scan(world, "wang", png(bytes([n])))
    read: list[str] = []

    def listen(_c: object, _k: object, statement: str, *_more: object) -> None:
        read.append(statement.partition("FROM")[0])

    event.listen(world.database.engine, "before_cursor_execute", listen)
    try:
        assert "2 份都是" in wang.says("扫描件 反馈表")
        assert "2 份" in wang.says("扫描件")
        assert "已上报" in wang.says("上报")
    finally:
        event.remove(world.database.engine, "before_cursor_execute", listen)
    assert any("stored_file" in statement for statement in read)
    assert not any("stored_file.content" in statement or "return_step.content" in statement for statement in read)


def test_second_thoughts_about_a_scan(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    stamps(world, "wang")
    wang = world.person("wang")
    (file,) = stored(world)
    wang.says(f"扫描件 {file.id} 承诺书")
    assert return_of(world, "331102001").state == "confirmed"
    assert "还差盖章的反馈表" in wang.says("上报")


def test_the_same_picture_twice_is_recognised(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    sends_scan(world, "wang", png())
    assert "已经收到过了" in sends_scan(world, "wang", png())
    assert len(stored(world)) == 1


def test_all_scans_start_over(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    stamps(world, "wang")
    assert "1 份扫描件都不算数了" in world.person("wang").says("清空扫描件")
    assert return_of(world, "331102001").state == "confirmed"
    assert "还差盖章" in world.person("wang").says("上报")
    stamps(world, "wang")
    hands_up(world, "wang")


def test_a_scan_nobody_has_said_what_it_is_is_asked_about_before_handing_up(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    wang = world.person("wang")
    sends_scan(world, "wang", png())
    assert "还有 1 份没说是什么" in wang.says("上报"), "rather than that no stamped table has come"
    wang.taps("盖章的反馈表")
    sends_scan(world, "wang", pdf(2), "pdf")
    assert "还有 1 份没说是什么" in wang.says("上报")
    wang.taps("签字的承诺书")
    hands_up(world, "wang")
    with world.database.reading() as session:
        step = returns.last(session, return_of(world, "331102001"), "submit")
        assert step
        assert [file["what"] for file in json.loads(step.content or "")] == ["scan.table", "scan.pledges"]


def test_a_scan_of_pledges_never_leaves_by_chat(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    stamps(world, "wang")
    sends_scan(world, "wang", pdf(2), "pdf")
    world.person("wang").taps("签字的承诺书")
    sends_scan(world, "wang", pdf(5), "pdf")
    assert "不会在聊天里转发" in world.person("wang").taps("两样都有")
    hands_up(world, "wang")
    seen = world.person("zhou").says("查看 紫金街道")
    assert seen.count(": scan>") == 1
    assert "不在聊天里发" in seen
    for file in stored(world):
        document = Document("x", "scan", {**_about(world, "331102001"), "file": str(file.id)})
        if file.purpose == "scan.table":
            assert world.make(document) == png(b"w")
        else:
            with pytest.raises(LookupError):
                world.make(document)
    elsewhere = Document("x", "scan", {**_about(world, "331102002"), "file": str(stored(world)[0].id)})
    with pytest.raises(LookupError):
        world.make(elsewhere)


def test_a_stranger_does_not_sort_others_scans(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    sends_scan(world, "wang", png())
    (file,) = stored(world)
    for who in ("chen", "zhou", "sun"):
        assert "没有找到这份扫描件" in world.person(who).says(f"扫描件 {file.id} 反馈表")
    assert stored(world)[0].purpose == "scan"


# ---------------------------------------------------------------- accepted, sent back


def submitted(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    confirms(world, "wang")
    stamps(world, "wang")
    hands_up(world, "wang")


def test_a_return_is_sent_back_for_a_row_and_reaches_the_person_too(world: World) -> None:
    submitted(world)
    zhou = world.person("zhou")
    assert "请写明退回" in zhou.says("退回 紫金街道")
    told = zhou.says("退回 紫金街道 第1行：没有写清给谁用。")
    assert "已退回" in told
    assert "告诉了填这一行的人" in told
    heard = "\n".join(world.person("wang").hears())
    assert "没有写清给谁用" in heard
    assert "第1行，紫金街道李小四的“密接人员清单”" in heard
    li = world.person("li")
    assert "没有写清给谁用" in "\n".join(li.hears())
    assert "修改" in li.buttons["1 修改"]
    assert "1" in li.taps("修改")
    assert "被退回" in world.person("wang").says("核对")
    assert "没有写清给谁用" in world.person("wang").says("待办")
    confirms(world, "wang")
    stamps(world, "wang", png(b"n"))
    hands_up(world, "wang")
    assert "已接收" in zhou.says("接收 紫金街道")
    actions = [action for action, _, _ in steps_of(world, "331102001")]
    assert actions == ["confirm", "stamp", "submit", "send_back", "confirm", "stamp", "submit", "accept"]


def test_a_reason_may_be_tapped_or_written_without_a_colon(world: World) -> None:
    submitted(world)
    zhou = world.person("zhou")
    zhou.says("退回 紫金街道")
    assert "已退回" in zhou.taps("内容不完整")
    assert "内容不完整" in "\n".join(world.person("wang").hears())
    confirms(world, "wang")
    stamps(world, "wang", png(b"n"))
    hands_up(world, "wang")
    assert "已退回" in zhou.says("退回 紫金街道 印章盖在了背面")


def test_the_stamp_of_a_return_sent_back_does_not_count_for_the_next(world: World) -> None:
    submitted(world)
    world.person("zhou").says("退回 紫金街道：内容不完整")
    confirms(world, "wang")
    assert "还差盖章" in world.person("wang").says("上报")
    assert stored(world)[0].ended_at is not None


def test_a_return_that_another_has_taken_up_is_sent_back_from_the_top(world: World) -> None:
    submitted(world)
    zhou, wu = world.person("zhou"), world.person("wu")
    zhou.says("接收 紫金街道")
    everybody(world, "zhou", "chen")
    confirms(world, "zhou", "带缺口确认 岩泉街道还在整改")
    assert "请先取消" in zhou.says("退回 紫金街道：又要改")
    stamps(world, "zhou")
    hands_up(world, "zhou")
    assert "先请**市大数据局**退回" in zhou.says("退回 紫金街道：又要改")
    wu.says("退回 莲都区：少了岩泉街道")
    assert "已退回" in zhou.says("退回 紫金街道：又要改")


def test_only_the_office_above_accepts(world: World) -> None:
    submitted(world)
    assert "看不到其他单位" in world.person("chen").says("接收 紫金街道")
    assert "看不到其他单位" in world.person("chen").says("退回 紫金街道：不行")
    assert "由**莲都区大数据中心**接收和退回" in world.person("wu").says("接收 紫金街道")
    assert "由**莲都区大数据中心**接收和退回" in world.person("wang").says("接收 紫金街道")
    assert "由单位联络员负责" in world.person("li").says("接收 紫金街道")
    assert "看不到其他单位" in world.person("sun").says("查看 紫金街道")
    assert return_of(world, "331102001").state == "submitted"


def test_no_office_takes_the_steps_of_another_unit(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    for said in ("确认反馈表 紫金街道", "取消确认 紫金街道", "上报 紫金街道", "合并 紫金街道", "清空扫描件 紫金街道"):
        assert "自己的联络员来做" in world.person("zhou").says(said)
        assert "看不到其他单位" in world.person("chen").says(said)
    for said in ("核对", "确认反馈表", "上报", "更正 1 风险：无", "经过", "扫描件", "带缺口确认 急"):
        assert "由单位联络员负责" in world.person("li").says(said)
    assert "[1 导出 反馈表]" not in world.person("zhou").says("核对 紫金街道"), "looking is all one above can do"


def test_an_old_button_says_where_the_return_stands_now(world: World) -> None:
    submitted(world)
    zhou = world.person("zhou")
    zhou.hears()
    receive = zhou.button("接收")
    zhou.says("退回 紫金街道：少盖了章")
    assert "现在是**被退回**" in zhou.says(receive)
    confirms(world, "wang", "确认反馈表")
    world.person("wang").says("取消确认")
    world.person("wang").says("更正 1 风险：改过了")
    confirms(world, "wang")
    stamps(world, "wang", png(b"n"))
    hands_up(world, "wang")
    told = zhou.says(receive)
    assert "之前那一次的按钮" in told
    assert return_of(world, "331102001").state == "submitted"
    assert "已接收" in zhou.taps("接收")
    assert "不用再来一次" in zhou.says(receive)


def test_repeats_are_taken_politely_and_write_nothing(world: World) -> None:
    submitted(world)
    wang, zhou = world.person("wang"), world.person("zhou")
    assert "不用再来一次" in wang.says("上报")
    assert "不用再来一次" in wang.says("确认反馈表")
    zhou.says("接收 紫金街道")
    assert "之前已接收（周建国" in zhou.says("接收 紫金街道")
    assert [action for action, _, _ in steps_of(world, "331102001")] == ["confirm", "stamp", "submit", "accept"]
    assert len([w for w in wang.hears() if "已由" in w]) == 1


def test_every_step_is_audited_without_anybodys_words(world: World) -> None:
    submitted(world)
    world.person("zhou").says("退回 紫金街道 第1行：李小四没写清")
    with world.database.reading() as session:
        lines = session.exec(select(AuditLine).where(col(AuditLine.action).startswith("return."))).all()
    assert {line.action for line in lines} >= {
        "return.confirm",
        "return.scan",
        "return.sort",
        "return.submit",
        "return.send_back",
    }
    assert "李小四" not in "".join(f"{line.subject}{line.detail}" for line in lines)


def test_handed_up_after_the_deadline_is_recorded_once(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    stamps(world, "wang")
    world.now = world.now.replace(month=6, day=1)
    assert "按逾期记录" in hands_up(world, "wang")
    assert return_of(world, "331102001").late
    assert "首次上报已过截止时间" in world.person("zhou").says("查看 紫金街道")


def test_in_time_stays_in_time_though_it_was_sent_back(world: World) -> None:
    submitted(world)
    world.now = world.now.replace(month=6, day=1)
    world.person("zhou").says("退回 紫金街道：少盖了章")
    confirms(world, "wang")
    stamps(world, "wang", png(b"n"))
    hands_up(world, "wang")
    assert not return_of(world, "331102001").late


def test_a_campaign_without_the_chapter_needs_no_stamp(world: World) -> None:
    world.campaign = world.campaign.model_copy(update={"returns": UNSTAMPED})
    world.restart()
    everybody(world, "zhang", "li", "wang")
    assert "下一步：上报" in confirms(world, "wang")
    assert not wants_scans(world, "wang")
    hands_up(world, "wang")
    assert "已接收" in world.person("zhou").says("接收 紫金街道")


def test_asked_in_a_group_it_is_told_in_private(world: World) -> None:
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    wang = world.person("wang")
    wang.hears()
    told = wang.says_in("工作群", "核对")
    assert "李小四" not in told
    assert "私聊" in told
    assert "李小四" in "\n".join(wang.hears())


# ---------------------------------------------------------------- at once, and killed


def test_two_coordinators_at_once_take_one_step(world: World) -> None:
    deputy = PersonRow(
        staff_id="he", name="何晓东", unit_code="331102001", roles=frozenset({Role.STAFF, Role.UNIT}), phone=""
    )
    with_village_coordinator(world, deputy)
    with world.database.session() as session:
        hua = roster.person(session, "hua")
        assert hua
        hua.active = False
    everybody(world, "zhang", "li", "wang", "he")
    told: dict[str, str] = {}
    people: list[Somebody] = [world.person("wang"), world.person("he")]
    for somebody in people:
        somebody.hears()
    threads = [threading.Thread(target=lambda s=s: told.update({s.staff_id: s.says("确认反馈表")})) for s in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("不用再来一次" in words for words in told.values()) == [False, True]
    assert [action for action, _, _ in steps_of(world, "331102001")] == ["confirm"]


def test_every_message_twice_and_a_process_made_anew_before_each(new_world: Callable[..., World]) -> None:
    plain, hard = new_world(), new_world(twice=True, rebuild=True)
    told = []
    for world in (plain, hard):
        submitted(world)
        world.person("zhou").says("退回 紫金街道：少盖了章")
        confirms(world, "wang")
        stamps(world, "wang", png(b"n"))
        hands_up(world, "wang")
        world.person("zhou").says("接收 紫金街道")
        told.append(re.sub(r"\d\d:\d\d", "", world.person("wang").says("经过")))
        assert return_of(world, "331102001").state == "accepted"
    assert told[0] == told[1]
    assert hard.redeliver() == 0
    assert len(steps_of(hard, "331102001")) == 8


def test_a_reason_is_kept_as_it_was_written(world: World) -> None:
    everybody(world, "li", "wang")
    assert "缺口：张三丰住院，下周补；已联系家属" in confirms(
        world, "wang", "带缺口确认：张三丰住院，下周补；已联系家属"
    )
    stamps(world, "wang")
    hands_up(world, "wang")
    world.person("zhou").says("退回 紫金街道：缺一页（第2页），请补")
    assert "缺一页（第2页），请补" in world.person("wang").says("经过")


def test_figures_on_the_paper_are_of_the_confirmation(world: World) -> None:
    everybody(world, "li", "wang")
    confirms(world, "wang", "带缺口确认 张三丰出差")
    hands_in(world, "zhang", *WECHAT)
    document = Document("x.xlsx", "feedback_table", _about(world, "331102001"))
    sheet = load_workbook(io.BytesIO(world.make(document))).active
    assert "已提交2人" in "".join(str(c.value) for r in sheet.iter_rows() for c in r)


def test_a_gap_names_the_units_that_are_not_in_it(world: World) -> None:
    submitted(world)
    everybody(world, "zhou")
    zhou = world.person("zhou")
    zhou.says("接收 紫金街道")
    told = confirms(world, "zhou", "带缺口确认 岩泉街道联络员调走，下周补")
    assert "不含没有接收的 1 个单位：岩泉街道" in told


def test_what_is_accepted_after_the_confirmation_is_not_in_it_and_that_is_said(world: World) -> None:
    submitted(world)
    everybody(world, "zhou", "chen")
    zhou = world.person("zhou")
    confirms(world, "zhou", "带缺口确认 等不及了")
    assert "**莲都区**的反馈表在这之前就确认了，这一份不在里面" in zhou.says("接收 紫金街道")
    assert json.loads(return_of(world, "331102").content or "")["below"] == []
    assert "已退回" in zhou.says("退回 紫金街道：还要改"), "it is not in the one above"


# ---------------------------------------------------------------- 催报


def test_an_office_reminds_the_units_that_have_not_reported_once_a_day(world: World) -> None:
    submitted(world)
    zhou, chen = world.person("zhou"), world.person("chen")
    told = zhou.says("催报")
    assert "提醒 1 个还没上报的单位的联络员：岩泉街道" in told
    assert "**莲都区 岩泉街道**的反馈表还没有上报（填报中），5月30日截止" in "\n".join(chen.hears())
    assert "自己的自查还没有开始" in chen.taps("待办")
    assert not any("还没有上报" in words for words in world.person("wang").hears())
    assert "今天已经催过了" in zhou.says("催报")
    assert chen.hears() == []


def test_a_reminder_to_report_waits_for_a_decent_hour_and_is_taken_back(world: World) -> None:
    everybody(world, "zhang", "li", "wang")
    confirms(world, "wang")
    stamps(world, "wang")
    world.now = world.now.replace(hour=22)
    assert "会提醒" in world.person("zhou").says("催报 紫金街道")
    hands_up(world, "wang")
    world.now = world.now.replace(day=19, hour=9)
    world.arriving()
    assert not any("还没有上报" in words for words in world.person("wang").hears())


def test_where_nothing_is_wanting_nobody_is_reminded(world: World) -> None:
    assert "都上报了" in world.person("chen").says("催报")
    assert "看不到其他单位" in world.person("chen").says("催报 紫金街道")
    assert "由单位联络员负责" in world.person("li").says("催报")
    assert "没有还没上报" in world.person("wu").says("催报 岩泉街道"), "the county reminds its own"
