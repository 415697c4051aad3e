"""Files on their way from a person to the room that reads them: what is fetched, what is not, what is said of it."""

import io
import zipfile

import pytest
from openpyxl import Workbook
from sqlmodel import Session, select

from bot.fetcher import Counter
from handlers import files
from handlers.desk import Desk
from handlers.file_kinds import JPEG, OLD_OFFICE, OTHER, OTHER_PICTURE, PDF, PNG, XLSX, expected, kind_of
from handlers.messages import Content, FileRef, Letter, ReceivedFile
from storage import errands
from storage.models import Errand, Person
from storage.models import Inbound as InboundRow
from tests.conftest import Worlds
from tests.world import World, group_chat

JPEG_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 40
NOT_HERE = "这里不用发文件和图片"


def table(*lines: tuple[str, ...]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(out)
    return out.getvalue()


def packed(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def under_way(world: World) -> list[Errand]:
    with world.database.reading() as session:
        return list(session.exec(select(Errand)).all())


# ---------------------------------------------------------------- what a file is


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (JPEG_PICTURE, JPEG),
        (b"\x89PNG\r\n\x1a\n....", PNG),
        (b"%PDF-1.7\n", PDF),
        (b"\xef\xbb\xbf\n%PDF-1.4", PDF),
        (b"x" * 2000 + b"%PDF-1.4", OTHER),
        (table(("a",)), XLSX),
        (packed("[Content_Types].xml", "word/document.xml"), OTHER),
        (packed("xl/workbook.xml"), OTHER),
        (packed("readme.txt"), OTHER),
        (b"PK\x03\x04 and then nothing", OTHER),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", OLD_OFFICE),
        (b"\x00\x00\x00\x18ftypheic", OTHER_PICTURE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", OTHER_PICTURE),
        (b"GIF89a", OTHER_PICTURE),
        (b"", OTHER),
        ("名单".encode(), OTHER),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("反馈表.XLSX", XLSX), ("a.b.jpg", JPEG), ("扫描.PDF ", PDF), ("旧.xls", OLD_OFFICE), ("没有", ""), ("a.xyz", "")],
)
def test_its_name_only_says_what_to_expect(name: str, kind: str) -> None:
    assert expected(name) == kind


# ---------------------------------------------------------------- what is fetched


def test_a_picture_nobody_asked_for_is_not_fetched(world: World) -> None:
    zhang = world.person("zhang")
    zhang.says("你好")
    said = zhang.sends_file("", JPEG_PICTURE, kind="picture")
    assert NOT_HERE in said
    assert "[1 都没有]" in said, "the question at hand comes again"
    assert under_way(world) == []


def test_a_table_goes_to_the_room_that_reads_tables(world: World) -> None:
    zhang = world.person("zhang")
    zhang.says("你好")
    assert "没有找到表头" in zhang.sends_file("表.xlsx", table(("随便", "写的")))
    assert [errand.state for errand in under_way(world)] == [errands.State.DONE]


def test_what_is_expected_but_turns_out_to_be_something_else_is_said(world: World) -> None:
    said = world.person("zhang").sends_file("表.xlsx", b"not a table at all")
    assert "没有保存" in said
    assert ".xlsx" in said


def test_a_file_of_a_kind_nobody_reads_is_not_fetched(world: World) -> None:
    zhang = world.person("zhang")
    for name in ("说明.docx", "旧表.xls", "打包.zip"):
        said = zhang.sends_file(name, b"anything")
        assert "没有保存" in said, name
        assert ".xlsx" in said, "what can be sent instead is said"
    assert under_way(world) == []


def test_a_coordinator_hears_when_a_scan_would_be_taken(world: World) -> None:
    assert "确认以后再发扫描件" in world.person("wang").sends_file("", JPEG_PICTURE, kind="picture")
    assert "确认以后再发扫描件" in world.person("wang").sends_file("没有后缀", b"%PDF-1.4")


def test_a_file_in_a_group_is_not_fetched(world: World) -> None:
    zhang = world.person("zhang")
    ref = FileRef(code="c", name="表.xlsx", kind=Content.FILE)
    zhang.sends("", group_chat("cid"), content=Content.FILE, files=(ref,))
    assert under_way(world) == []


def test_somebody_in_no_roster_gets_no_file_through(world: World) -> None:
    stranger = world.person("nobody")
    assert "没有" in stranger.sends_file("表.xlsx", table(("a",)))
    assert under_way(world) == []


def test_the_code_is_sealed_and_gone_with_the_files_name_when_done(world: World) -> None:
    zhang = world.person("zhang")
    ref = FileRef(code="open-sesame", name="张三丰的表.xlsx", kind=Content.FILE)
    assert "sesame" not in repr(ref)
    assert "张三丰" not in repr(ref)
    zhang.sends("", content=Content.FILE, files=(ref,))
    waiting = under_way(world)[0]
    assert "sesame" not in waiting.code_sealed
    world.fetch(table(("a",)))
    done = under_way(world)[0]
    assert (done.code_sealed, done.name) == ("", "")
    assert b"open-sesame" not in world.on_disk()


def test_nothing_is_said_ahead_of_an_answer_that_comes_at_once(world: World) -> None:
    zhang = world.person("zhang")
    said = zhang.sends_file("表.xlsx", table(("a",)))
    assert "正在看" not in said
    assert all("正在看" not in letter.body for letter in world.arriving())


def test_somebody_who_waits_longer_hears_that_it_is_being_read(world: World) -> None:
    zhang = world.person("zhang")
    ref = FileRef(code="c", name="表.xlsx", kind=Content.FILE)
    zhang.sends("", content=Content.FILE, files=(ref,))
    assert world.arriving() == []
    zhang.world.now += files._SILENCE
    assert ["正在看" in letter.body for letter in world.arriving()] == [True]


def test_each_message_brings_its_file_once(new_world: Worlds) -> None:
    world = new_world(twice=True, rebuild=True)
    zhang = world.person("zhang")
    zhang.sends_file("表.xlsx", table(("a",)))
    assert world.redeliver() == 0
    assert len(under_way(world)) == 1
    assert zhang.hears() == []


# ---------------------------------------------------------------- a file that breaks its reader


def test_a_file_that_breaks_its_reader_costs_an_apology_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
        person.name = "gone wrong"
        desk.session.add(person)
        desk.session.flush()
        raise RuntimeError("a bomb")

    bad = files.Reader(name="table", takes=frozenset({XLSX}), wanted=lambda desk, person: True, read=breaks)
    monkeypatch.setattr(files, "_READERS", (bad,))
    zhang = world.person("zhang")
    said = zhang.sends_file("表.xlsx", table(("a",)))
    assert "编号" in said
    with world.database.reading() as session:
        assert session.exec(select(Person).where(Person.staff_id == "zhang")).one().name == "张三丰"
        faults = [row.fault for row in session.exec(select(InboundRow)).all() if row.fault]
    assert faults[0] in said
    monkeypatch.undo()
    assert "您好" in zhang.says("你好")


def test_a_file_that_does_not_come_is_asked_for_again(world: World) -> None:
    zhang = world.person("zhang")
    zhang.sends("", content=Content.FILE, files=(FileRef(code="c", name="表.xlsx", kind=Content.FILE),))
    counter, errand = _claimed(world)
    assert counter.give_up(errand, files.lost)
    assert not counter.give_up(errand, files.lost)
    assert not counter.hand_in(errand, counter.look(errand, table(("a",))))
    assert "请再发一次" in "\n".join(zhang.hears())
    assert [errand.state for errand in under_way(world)] == [errands.State.LOST]


def test_somebody_who_left_meanwhile_is_told_nothing(world: World) -> None:
    zhang = world.person("zhang")
    zhang.sends("", content=Content.FILE, files=(FileRef(code="c", name="表.xlsx", kind=Content.FILE),))
    with world.database.session() as session:
        person = session.exec(select(Person).where(Person.staff_id == "zhang")).one()
        person.active = False
        session.add(person)
    assert world.fetch(table(("a",))) == 1
    assert zhang.hears() == []


def test_a_lease_that_ends_brings_the_errand_back_and_the_first_to_hand_in_wins(world: World) -> None:
    zhang = world.person("zhang")
    zhang.sends("", content=Content.FILE, files=(FileRef(code="c", name="表.xlsx", kind=Content.FILE),))
    counter, first = _claimed(world)
    with world.database.session() as session:
        assert _claim(world, session) == []
    world.now += 2 * files._SILENCE * 100
    with world.database.session() as session:
        (second,) = _claim(world, session)
    assert (second.id, second.attempts) == (first.id, 2)
    assert counter.hand_in(second, counter.look(second, table(("a",))))
    assert not counter.hand_in(first, counter.look(first, table(("a",))))


def test_files_of_a_person_are_read_in_their_order(world: World) -> None:
    zhang, li = world.person("zhang"), world.person("li")
    for somebody, code in ((zhang, "1"), (zhang, "2"), (li, "3")):
        somebody.sends("", content=Content.FILE, files=(FileRef(code=code, name="表.xlsx", kind=Content.FILE),))
    with world.database.session() as session:
        assert [errand.code for errand in _claim(world, session)] == ["1", "3"]


def _claim(world: World, session: Session) -> list[errands.Claimed]:
    lease = world.now + files._SILENCE
    return errands.claim(session, world.vault, real_now=world.now, limit=9, leased_until=lease)


def _claimed(world: World) -> tuple[Counter, errands.Claimed]:
    counter = Counter(database=world.database, campaigns=world.campaigns, vault=world.vault, now=lambda: world.now)
    with world.database.session() as session:
        return counter, _claim(world, session)[0]


# ---------------------------------------------------------------- pictures between words


def test_words_with_a_picture_nobody_wants_are_read_as_words(world: World) -> None:
    zhang = world.person("zhang")
    zhang.says("你好")
    zhang.sends("都没有", files=(FileRef(code="c", kind=Content.PICTURE),))
    assert "都看过，没有" in "\n".join(zhang.hears())
    assert under_way(world) == []


def test_several_pictures_in_one_message_are_all_fetched_and_the_words_are_said_to_be_left(world: World) -> None:
    sun = world.person("sun")
    for who in ("qian", "sun"):
        for said in ("你好", "1", "1", "4"):
            world.person(who).says(said)
    sun.says("确认反馈表")
    pictures = (FileRef(code="a", kind=Content.PICTURE), FileRef(code="b", kind=Content.PICTURE))
    sun.sends("这是盖章的", files=pictures)
    assert "写在一起的字没有看" in "\n".join(sun.hears())
    assert [errand.kind for errand in under_way(world)] == ["picture", "picture"]
    assert world.fetch(JPEG_PICTURE) == 2
    assert "这是什么" in "\n".join(sun.hears())
