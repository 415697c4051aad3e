"""A coordinator gets the roster of their subtree, edits it, sends it back; nothing changes before their word."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from openpyxl import Workbook, load_workbook
from sqlmodel import select

from handlers.messages import Document
from storage import roster
from storage.models import AuditLine, Membership, Person, StoredFile, Unit
from storage.rows import PersonRow, Role, Roster
from tests.world import Somebody, World, small_roster

SMALL = small_roster()
Edit = Callable[[Workbook], None]


def download(somebody: Somebody, said: str = "名册") -> bytes:
    somebody.gets()
    somebody.sends(said)
    (document,) = [body for body in somebody.gets() if isinstance(body, Document)]
    return somebody.world.make(document)


def edited(content: bytes, *edits: Edit) -> bytes:
    book = load_workbook(io.BytesIO(content))
    for edit in edits:
        edit(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def setting(sheet: str, row: str, column: int, text: str) -> Edit:
    """Writes a cell of the row that begins with `row`."""

    def edit(book: Workbook) -> None:
        (found,) = [line for line in book[sheet].iter_rows() if line[0].value == row]
        found[column].value = text

    return edit


def adding(sheet: str, *texts: str) -> Edit:
    return lambda book: book[sheet].append(texts)


def removing(*staff_ids: str) -> Edit:
    def edit(book: Workbook) -> None:
        page = book["人员"]
        for number in range(page.max_row, 1, -1):
            if page.cell(number, 1).value in staff_ids:
                page.delete_rows(number)

    return edit


def who(world: World, staff_id: str) -> Person | None:
    with world.database.reading() as session:
        return roster.person(session, staff_id)


def unit_of(world: World, staff_id: str) -> str:
    with world.database.reading() as session:
        return session.exec(select(Unit.name).join(Person).where(Person.staff_id == staff_id)).one()


def offices(world: World, staff_id: str) -> set[tuple[str, str]]:
    with world.database.reading() as session:
        person = roster.person(session, staff_id)
        assert person is not None
        return {(role.value, unit.name) for role, unit in roster.appointments(session, person.id or 0, world.now)}


# ---------------------------------------------------------------- what goes out


def test_the_roster_of_the_own_subtree_comes_with_starred_numbers(world: World) -> None:
    book = load_workbook(io.BytesIO(download(world.person("wang"))))
    units = [row[0] for row in book["单位"].iter_rows(min_row=2, values_only=True)]
    people = {row[0]: row for row in book["人员"].iter_rows(min_row=2, values_only=True)}
    assert units == ["331102001", "331102001001"]
    assert set(people) == {"zhang", "li", "wang"}
    assert people["wang"][3:5] == ("联络员", "199****1234")
    assert "说明" in book.sheetnames


def test_one_unit_below_can_be_asked_for_and_none_beside(world: World) -> None:
    book = load_workbook(io.BytesIO(download(world.person("wang"), "名册 金山社区")))
    assert [row[0] for row in book["人员"].iter_rows(min_row=2, values_only=True)] == ["zhang"]
    assert "看不到" in world.person("wang").says("名册 岩泉街道")
    assert "联络员负责" in world.person("li").says("名册")


def test_sent_back_as_it_was_nothing_is_to_do(world: World) -> None:
    wang = world.person("wang")
    before = world.facts()["people"]
    assert "没有要改的" in wang.sends_file("名册.xlsx", download(wang))
    assert [row[:4] for row in world.facts()["people"]] == [row[:4] for row in before]
    assert not [row for row in stored(world) if row.ended_at is None]


def stored(world: World) -> list[StoredFile]:
    with world.database.reading() as session:
        return list(session.exec(select(StoredFile).where(StoredFile.purpose == "roster")).all())


# ---------------------------------------------------------------- what comes back


def test_a_newcomer_a_mover_and_a_new_number_are_shown_and_then_done(world: World) -> None:
    wang = world.person("wang")
    content = edited(
        download(wang),
        adding("人员", "new1", "孙新来", "331102001001", "", "19900005678", "无"),
        setting("人员", "zhang", 2, "331102001"),
        setting("人员", "li", 4, "19900008888"),
    )
    told = wang.sends_file("名册.xlsx", content)
    assert "新增1人，更新1人，调动1人" in told
    assert "新增 孙新来（金山社区）" in told
    assert "[1 确认导入] [2 不导入]" in told
    assert who(world, "new1") is None, "nothing before the word"
    assert "已导入：新增1人" in wang.taps("确认导入")
    newcomer = who(world, "new1")
    assert newcomer is not None
    assert not newcomer.account
    assert unit_of(world, "zhang") == "紫金街道"
    li = who(world, "li")
    assert li is not None
    assert world.vault.open(li.phone_sealed, "phone/li") == "19900008888"
    zhang = who(world, "zhang")
    assert zhang is not None
    assert world.vault.open(zhang.phone_sealed, "phone/zhang") == "19900001234", "a starred number stays"
    with world.database.reading() as session:
        lines = session.exec(select(AuditLine).where(AuditLine.action == "roster.import")).all()
        assert [(line.actor, line.subject, line.detail) for line in lines] == [
            ("wang", "331102001", "added=1 moved=1 changed=1 unchanged=1")
        ]
    assert "已经处理过" in wang.says("确认导入 1")


def test_what_waits_is_sealed_and_gone_afterwards(world: World) -> None:
    wang = world.person("wang")
    wang.sends_file("名册.xlsx", edited(download(wang), setting("人员", "li", 1, "李小五")))
    (waiting,) = stored(world)
    assert waiting.content[:2] == b"1."
    assert b"PK" not in waiting.content[:16]
    assert "没有导入" in wang.taps("不导入")
    (ended,) = stored(world)
    assert ended.content == b""
    assert ended.ended_at is not None
    li = who(world, "li")
    assert li is not None
    assert li.name == "李小四"


def test_a_newer_file_takes_the_place_of_the_one_that_waits(world: World) -> None:
    wang = world.person("wang")
    plain = download(wang)
    wang.sends_file("名册.xlsx", edited(plain, setting("人员", "li", 1, "李小五")))
    old = wang.button("确认导入")
    wang.sends_file("名册.xlsx", edited(plain, setting("人员", "li", 1, "李小六")))
    assert "已经处理过" in wang.says(old)
    wang.taps("确认导入")
    li = who(world, "li")
    assert li is not None
    assert li.name == "李小六"


def test_who_is_missing_is_kept_unless_they_are_said_to_have_left(world: World) -> None:
    wang = world.person("wang")
    content = edited(download(wang), removing("zhang"), setting("人员", "li", 1, "李小五"))
    told = wang.sends_file("名册.xlsx", content)
    assert "文件里没有的1人：张三丰" in told
    assert "[3 确认导入，文件里没有的1人已离开]" in told
    wang.taps("1 确认导入")
    zhang = who(world, "zhang")
    assert zhang is not None
    assert zhang.active
    told = wang.sends_file("名册.xlsx", content)
    assert "[1 不导入] [2 确认导入，文件里没有的1人已离开]" in told
    assert "离开1人" in wang.taps("已离开")
    zhang = who(world, "zhang")
    assert zhang is not None
    assert not zhang.active
    with world.database.reading() as session:
        (term,) = session.exec(select(Membership).where(Membership.person_id == zhang.id)).all()
        assert term.until == world.now


def test_only_the_units_of_the_file_are_spoken_for(world: World) -> None:
    """The file of one community says nothing about who is missing in the street."""
    wang = world.person("wang")
    content = edited(download(wang, "名册 金山社区"), adding("人员", "new1", "孙新来", "331102001001"))
    told = wang.sends_file("名册.xlsx", content)
    assert "没有的" not in told
    assert "新增1人" in told


def test_a_roster_that_changed_meanwhile_is_shown_again(world: World) -> None:
    wang = world.person("wang")
    wang.sends_file("名册.xlsx", edited(download(wang), removing("zhang")))
    late = PersonRow(staff_id="x", name="晚来的", unit_code="331102001", roles=frozenset({Role.STAFF}), phone="")
    world.import_roster(Roster(units=SMALL.units, people=(*SMALL.people, late)))
    told = wang.taps("已离开")
    assert "有变化" in told
    assert "2人" in told
    zhang = who(world, "zhang")
    assert zhang is not None
    assert zhang.active
    assert "离开2人" in wang.taps("已离开")


def test_the_coordinator_cannot_leave_by_their_own_file(world: World) -> None:
    wang = world.person("wang")
    told = wang.sends_file("名册.xlsx", edited(download(wang), removing("wang", "zhang")))
    assert "没有的1人：张三丰" in told


# ---------------------------------------------------------------- what is not theirs


def faults(world: World, *edits: Edit, staff_id: str = "wang") -> str:
    somebody = world.person(staff_id)
    before = [row[:4] for row in world.facts()["people"]], world.facts()["roles"]
    told = somebody.sends_file("名册.xlsx", edited(download(somebody), *edits))
    assert ([row[:4] for row in world.facts()["people"]], world.facts()["roles"]) == before
    assert "没有导入" in told
    assert not somebody.buttons or "确认导入" not in "".join(somebody.buttons)
    return told


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (adding("人员", "new1", "孙新来", "331102002"), "人员 C5：单位编码"),
        (adding("人员", "new1", "孙新来", "331102"), "人员 C5：这不是您负责的单位"),
        (adding("人员", "chen", "陈明亮", "331102001"), "人员 A5：这个工号已在别处使用"),
        (adding("单位", "331102002", "岩泉街道", "331102001", "乡镇(街道)", ""), "单位 A4：这不是您负责的单位"),
        (adding("单位", "n1", "新社区", "331102", "村(社区)", ""), "单位 C4：上级单位不在您负责的范围里"),
        (adding("单位", "n1", "新区", "331102001", "县(市、区)", ""), "单位 D4：这个单位类别由市里定"),
        (adding("单位", "n1", "新社区", "331102001", "村(社区)", "331121001"), "单位 E4：区划代码要以"),
        (setting("单位", "331102001", 2, "331121"), "单位 C2：上级编码"),
        (setting("单位", "331102001", 4, "331121001"), "单位 E2：您负责的最上一级单位"),
        (setting("单位", "331102001001", 2, "331102"), "单位 C3：上级单位不在您负责的范围里"),
        (setting("人员", "li", 3, "区县大数据中心"), "人员 D2：这个角色要由上级单位给"),
        (setting("人员", "wang", 3, ""), "人员 D3：自己的角色"),
        (setting("人员", "wang", 2, "331102001001"), "人员 C3：自己的角色"),
        (setting("人员", "li", 4, "199****9999"), "人员 E2：带星号的号码和名册里的对不上"),
        (adding("人员", "zhang", "张三丰", "331102001"), "人员 A5：工号与 A4 重复"),
    ],
)
def test_what_is_not_theirs_is_refused_by_cell(world: World, edit: Edit, told: str) -> None:
    assert told in faults(world, edit)


def test_an_equal_or_a_superior_is_not_moved_or_dismissed(world: World) -> None:
    def line(staff_id: str, name: str, *roles: Role, also: frozenset[tuple[str, Role]] = frozenset()) -> PersonRow:
        return PersonRow(
            staff_id=staff_id,
            name=name,
            unit_code="331102001",
            roles=frozenset({Role.STAFF, *roles}),
            phone="",
            also=also,
        )

    equal = line("hua", "华同事", Role.UNIT)
    superior = line("gu", "顾主任", also=frozenset({("331102", Role.COUNTY)}))
    world.import_roster(Roster(units=SMALL.units, people=(*SMALL.people, equal, superior)))
    assert "人员 D4：这个角色要由上级单位" in faults(world, setting("人员", "hua", 3, ""))
    assert "人员 C5：此人还担任上级" in faults(world, setting("人员", "gu", 2, "331102001001"))
    assert "人员 F5：此人还担任上级" in faults(world, setting("人员", "gu", 5, "无"))
    wang = world.person("wang")
    told = wang.sends_file("名册.xlsx", edited(download(wang), removing("hua", "gu", "li")))
    assert "没有的1人：李小四" in told
    wang.taps("已离开")
    assert ("county", "莲都区") in offices(world, "gu")


def test_a_coordinator_appoints_one_for_a_community_and_takes_it_back(world: World) -> None:
    wang = world.person("wang")
    wang.sends_file("名册.xlsx", edited(download(wang), setting("人员", "zhang", 3, "联络员")))
    wang.taps("确认导入")
    assert offices(world, "zhang") == {("unit", "金山社区")}
    wang.sends_file("名册.xlsx", edited(download(wang), setting("人员", "zhang", 3, "")))
    assert "收回角色1个" in wang.taps("确认导入")
    assert offices(world, "zhang") == set()


def test_one_person_may_look_after_another_unit_as_well(world: World) -> None:
    wang = world.person("wang")
    content = edited(download(wang), adding("人员", "li", "李小四", "331102001001", "联络员"))
    assert "新给角色1个" in wang.sends_file("名册.xlsx", content)
    wang.taps("确认导入")
    assert offices(world, "li") == {("unit", "金山社区")}
    assert unit_of(world, "li") == "紫金街道"
    assert "没有要改的" in wang.sends_file("名册.xlsx", download(wang))


def test_offices_elsewhere_are_left_alone(world: World) -> None:
    """Somebody of the street who also looks after a unit of another county, in no way the coordinator's to see."""
    people = tuple(
        replace(row, also=frozenset({("331125", Role.UNIT)})) if row.staff_id == "li" else row for row in SMALL.people
    )
    world.import_roster(Roster(units=SMALL.units, people=people))
    wang = world.person("wang")
    content = download(wang)
    assert "331125" not in str([list(row) for row in load_workbook(io.BytesIO(content))["人员"].values])
    wang.sends_file("名册.xlsx", edited(content, setting("人员", "li", 1, "李小五")))
    wang.taps("确认导入")
    assert offices(world, "li") == {("unit", "云和县")}


def test_many_mistakes_are_counted_after_the_first(world: World) -> None:
    told = faults(world, *(adding("人员", f"n{n}", f"新人{n}", "9999") for n in range(40)))
    assert "共40处要改" in told
    assert "还有25处" in told


def test_rights_are_looked_at_again_when_the_word_comes(world: World) -> None:
    wang = world.person("wang")
    wang.sends_file("名册.xlsx", edited(download(wang), setting("人员", "li", 1, "李小五")))
    people = tuple(replace(r, roles=frozenset({Role.STAFF})) if r.staff_id == "wang" else r for r in SMALL.people)
    world.import_roster(Roster(units=SMALL.units, people=people))
    wang.says("确认导入 1")
    li = who(world, "li")
    assert li is not None
    assert li.name == "李小四"


def test_the_file_of_somebody_else_cannot_be_confirmed(world: World) -> None:
    wang, zhou = world.person("wang"), world.person("zhou")
    wang.sends_file("名册.xlsx", edited(download(wang), setting("人员", "li", 1, "李小五")))
    assert "已经处理过" in zhou.says("确认导入 1")
    assert "已经处理过" in zhou.says("不导入 1")


def test_a_deputy_may_do_so_too_and_not_dismiss_their_principal(world: World) -> None:
    world.person("wang").says("委托 李小四 到5月25日")
    assert "人员 D3：这个角色要由上级单位" in faults(world, setting("人员", "wang", 3, ""), staff_id="li")
    li = world.person("li")
    li.sends_file("名册.xlsx", edited(download(li), setting("人员", "zhang", 1, "张三")))
    li.taps("确认导入")
    assert ("li", "roster.import") in [(actor, action) for _, actor, action, *_ in world.facts()["audit"]]
    assert ("unit", "紫金街道") in offices(world, "li"), "a deputy's term is no role the file could end"


def test_staff_without_an_office_change_nothing_with_such_a_file(world: World) -> None:
    content = edited(download(world.person("wang")), setting("人员", "li", 1, "李小五"))
    world.person("zhang").sends_file("名册.xlsx", content)
    li = who(world, "li")
    assert li is not None
    assert li.name == "李小四"
    assert stored(world) == []
