"""What comes from outside: however it is made, it does no harm, stops nothing and gets a clear answer."""

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bot.channels.incoming import parse
from bot.throttle import Throttle, Verdict
from handlers import door, file_kinds
from handlers.inert import inert
from handlers.messages import Address, ChatKind, Content, FileRef, Inbound
from handlers.papers import roster_book, roster_words
from handlers.papers.archive import Unreadable
from handlers.papers.workbook import NewBook, reading
from handlers.returns import scan_pages
from tests.test_returns import JPEG, NIL, png
from tests.world import MORNING, World, small_roster

NASTY = (
    "\x00\x07\x1b[31m红",
    "\u202e文书\u202c",
    "\u200b零\u200d宽\ufeff",
    "\ud83d",
    "👨‍👩‍👧‍👦" * 50,
    "字" * 10_000,
    "[点我](http://evil.example.com)",
    "![x](http://evil.example.com/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "dtmd://dingtalkclient/sendMessage?content=上报",
    "=HYPERLINK(\"http://evil.example.com\")",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE person; --",
    "{{7*7}}${7*7}%s%n{0}",
    "\n" * 500,
    "\u0335" * 3000,
    "../../../etc/passwd",
    "1" * 5000,
)  # fmt: skip


# ---------------------------------------------------------------- text


def test_nothing_said_stops_the_bot(world: World) -> None:
    li = world.person("li")
    for said in NASTY:
        for place in ("确定重新开始", "2", "手机 微信", "1", "1", said):
            heard = li.says(place)
            assert heard, place
            assert "E-" not in heard, f"{said[:20]!r} broke it"
        for harm in ("\x00", "](http", "<img", "<script"):
            assert harm not in heard
        assert li.says("继续")


def test_behind_a_command_it_does_no_harm_either(world: World) -> None:
    wang = world.person("wang")
    for said in NASTY:
        for word in ("名单", "免填 张三丰：", "更正 1 存在问题：", "资料有误 "):
            heard = wang.says(f"{word} {said}")
            assert "E-" not in heard, f"{word} {said[:20]!r} broke it"
            assert "](http" not in heard
            assert "<img" not in heard
    for one in world.people.values():
        told = "\n".join(one.hears())
        assert "](http" not in told
        assert "<script" not in told


def test_a_nick_and_a_group_are_words_and_nothing_else(world: World) -> None:
    stranger = world.person("new", "[点我](http://evil.com)<b>")
    for said in ("你好", "紫金街道", "1", "**[点我](http://evil.com)**"):
        assert "](http" not in stranger.says(said)
    told = "\n".join(world.person("wang").hears()) + world.person("wang").says("待办")
    assert "](" not in told
    assert "<b>" not in told
    world.person("wu").says_in("群", "绑定", title="[x](http://evil.com)")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("[点我](http://evil.com)", "［点我］(http：／／evil．com)"),
        ("www.evil.cn/x", "www．evil．cn/x"),
        ("**粗** _斜_ `码` # 题", "＊＊粗＊＊ ＿斜＿ ｀码｀ ＃ 题"),
        ("javascript:alert(1)", "javascript：alert(1)"),
        ("表格.xlsx 3.5%，9:30", "表格.xlsx 3.5%，9:30"),
        ("张三", "张三"),
    ],
)
def test_words_are_made_inert(said: str, left: str) -> None:
    assert inert(said) == left
    assert inert(left) == left


# ---------------------------------------------------------------- the door


def message(**fields: Any) -> Inbound:
    known = {
        "robot": "robot",
        "msg_id": "m1",
        "sender_id": "zhang",
        "sender_name": "张三",
        "chat": Address("dingtalk", ChatKind.DIRECT, "zhang"),
        "received_at": MORNING,
        "text": "你好",
    }
    return Inbound(**{**known, **fields})


def test_what_is_fit_goes_through_as_it_is() -> None:
    files = (FileRef(code="c", name="扫描件 1.pdf", kind=Content.FILE),)
    fit = message(text="第一行\n第二行\t第二格\t👨‍👩‍👧", files=files, chat_title="工作群")
    assert door.received(fit) == fit


def test_ids_too_long_stay_apart(world: World) -> None:
    one, two = (door.received(message(msg_id="x" * 500 + end, sender_id="y" * 500 + end)) for end in "ab")
    assert len({one.msg_id, two.msg_id, one.sender_id, two.sender_id}) == 4
    assert world.intake.take(message(msg_id="x" * 500, sender_id="\x00" * 300, sender_name="n" * 9000))
    assert not world.intake.take(message(msg_id="x" * 500, sender_id="\x00" * 300))


def test_more_than_anybody_sends_is_cut() -> None:
    many = tuple(FileRef(code=f"{n}", name="n" * 9000, kind=Content.FILE) for n in range(500))
    cut = door.received(message(text="字" * 2_000_000, files=many, chat_title="\u202eabc\n" + "t" * 5000))
    assert len(cut.text) == door.MOST_TEXT
    assert len(cut.files) == door.MOST_FILES
    assert len(cut.files[0].name) == 200
    assert len(cut.chat_title) == 64


DEEP: Any = "x"
for _ in range(500):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "odd",
    [
        {"content": {"richText": 3}},
        {"content": {"richText": [{"text": DEEP}, 7, None]}},
        {"text": "no object"},
        {"text": {"content": {"a": 1}}},
        {"senderNick": ["x"], "createAt": "soon"},
        {"createAt": 10**40},
        {"conversationType": {}, "msgtype": [1]},
        {"content": DEEP, "msgtype": "file"},
        {"senderCorpId": {"a": "b"}},
    ],
)
def test_odd_frames_are_taken_or_left(odd: dict[str, Any]) -> None:
    whole = {"msgId": "m", "conversationId": "c", "senderStaffId": "s", "msgtype": "richText", "text": {}, **odd}
    found = parse(whole, robot="r", corp_id="corp")
    assert found is None or door.received(found)


# ---------------------------------------------------------------- too many


def test_who_sends_too_much_is_told_once_and_answered_again_later() -> None:
    now = [0.0]
    throttle = Throttle(60, clock=lambda: now[0])
    said = [throttle.admit("spammer", f"m{n}") for n in range(100)]
    assert said == [Verdict.ANSWER] * 60 + [Verdict.TELL] + [Verdict.SILENCE] * 39
    assert throttle.admit("somebody else", "m100") is Verdict.ANSWER
    now[0] += 1
    assert throttle.admit("spammer", "m101") is Verdict.ANSWER
    assert throttle.admit("spammer", "m102") is Verdict.SILENCE, "said once for the whole burst"
    now[0] += 60
    assert [throttle.admit("spammer", f"later{n}") for n in range(61)][-1] is Verdict.TELL


def test_a_message_whose_turn_is_tried_again_is_counted_once() -> None:
    throttle = Throttle(2, clock=lambda: 0.0)
    said = [throttle.admit("somebody", message) for message in ("m1", "m1", "m2", "m1", "m3", "m3", "m4")]
    assert said == [*[Verdict.ANSWER] * 4, Verdict.TELL, Verdict.TELL, Verdict.SILENCE]


def test_it_does_not_remember_everybody_for_ever() -> None:
    throttle = Throttle(60, clock=lambda: 0.0)
    for n in range(30_000):
        throttle.admit(f"{n}", f"m{n}")
    assert len(throttle._left) <= 20_001


def test_too_many_messages_are_told_politely(world: World) -> None:
    world.intake._throttle = Throttle(5, clock=lambda: 0.0)
    zhang = world.person("zhang")
    told = [zhang.says("继续") for _ in range(8)]
    assert all(told[:5])
    assert "等一分钟" in told[5]
    assert told[6:] == ["", ""]
    assert world.redeliver() == 0, "what was not answered is not pushed again"


# ---------------------------------------------------------------- workbooks


def xlsx(parts: dict[str, bytes] | None = None) -> bytes:
    """A small workbook, with parts put in or replaced."""
    plain, out = io.BytesIO(), io.BytesIO()
    book = Workbook()
    assert book.active is not None
    book.active["A1"] = "姓名"
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in (parts or {}):
                target.writestr(name, source.read(name))
        for name, content in (parts or {}).items():
            target.writestr(name, content)
    return out.getvalue()


def read(content: bytes) -> list[Any]:
    with reading(io.BytesIO(content)) as book:
        return [line.cells for sheet in book.sheet_names for line in book.lines(sheet)]


LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
SHEET = "xl/worksheets/sheet1.xml"
NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(head: str, text: str) -> bytes:
    rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{NS}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def in_utf_16(xml: bytes) -> bytes:
    return xml.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16")


ATTACKS = {
    "billion laughs": {SHEET: sheet(f'<!DOCTYPE x [<!ENTITY l0 "lol">{LOL}]>', "&l8;")},
    "laughs in shared strings": {"xl/sharedStrings.xml": sheet(f'<!DOCTYPE x [<!ENTITY l0 "lol">{LOL}]>', "&l8;")},
    "external entity": {SHEET: sheet('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;")},
    "external dtd": {SHEET: sheet('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "x")},
    "utf-16": {SHEET: in_utf_16(sheet('<!DOCTYPE x [<!ENTITY e "y">]>', "&e;"))},
    "macros": {"xl/vbaProject.bin": b"x"},
    "old macros": {"xl/macrosheets/sheet1.xml": b"<x/>"},
    "macros by type": {"[Content_Types].xml": b'<Types><Override ContentType="x.macroEnabled.main+xml"/></Types>'},
    "embedded": {"xl/embeddings/oleObject1.bin": b"x"},
    "active": {"xl/activeX/activeX1.bin": b"x"},
    "bomb": {SHEET: b"<a>" + b" " * 70_000_000},
    "many parts": {f"xl/media/{n}.txt": b"" for n in range(6000)},
    "nested": {SHEET: b"<a>" * 200_000},
    "no xml": {SHEET: b"\x00\xff" * 500},
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_a_workbook_made_to_harm_is_refused_in_words(name: str) -> None:
    content = xlsx(ATTACKS[name])
    tracemalloc.start()
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    assert "passwd" not in str(refused.value)
    assert len(str(refused.value)) > 8


def test_an_ordinary_workbook_is_read() -> None:
    assert read(xlsx()) == [("姓名", *[""] * 31)]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "=cmd|' /C calc'!A0", "＝1+1"])
def test_what_begins_like_a_formula_stays_text(sign: str) -> None:
    out = io.BytesIO()
    book = NewBook(title="x", maker="y")
    page = book.page("表")
    page.put(1, 1, f"{sign}HYPERLINK(1)")
    page.finish(1)
    book.save(out)
    cell = load_workbook(out)["表"]["A1"]
    assert cell.data_type in ("s", "inlineStr")
    assert cell.quotePrefix or sign == "＝1+1"


# ---------------------------------------------------------------- pictures and scans


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\x01\x11\x00" * 3
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 9 + frame + b"\xff\xd9"


@pytest.mark.parametrize("picture", [huge_png(60_000, 60_000), huge_png(2**31 - 1, 1), jpeg(65_000, 65_000)])
def test_a_picture_that_would_burst_its_viewer_is_told_by_its_head(picture: bytes) -> None:
    assert file_kinds.trouble(picture) == file_kinds.TOO_MANY_PIXELS


@pytest.mark.parametrize("picture", [png(), huge_png(8000, 6000), jpeg(4000, 3000), JPEG])
def test_a_phones_picture_is_none(picture: bytes) -> None:
    assert file_kinds.trouble(picture) == ""


@pytest.mark.parametrize("head", [png(), JPEG, b"%PDF-1.4\n%%EOF"])
def test_a_file_that_is_two_things_is_neither(head: bytes) -> None:
    assert file_kinds.trouble(head + xlsx()) == file_kinds.TWO_THINGS
    assert file_kinds.trouble(b"<html><script>x</script>" + b"%PDF-1.4\n%%EOF") == file_kinds.TWO_THINGS


def test_it_is_said_and_nothing_is_kept(world: World) -> None:
    for who in ("li", "zhang", "wang"):
        for said in NIL:
            world.person(who).says(said)
    wang = world.person("wang")
    wang.says("确认反馈表")
    for bad in (huge_png(60_000, 60_000), png() + xlsx()):
        assert "没有保存" in wang.sends_file("盖章.png", bad, "picture")
    assert world.facts()["scans"] == []
    assert "收到" in wang.sends_file("盖章.png", png(), "picture")


def test_packed_parts_of_a_pdf_do_not_fill_the_memory() -> None:
    part = b"<</Type /ObjStm>> stream\n" + zlib.compress(b"\0" * 4_000_000) + b"\nendstream\n"
    content = b"%PDF-1.5\n" + part * 400
    tracemalloc.start()
    assert scan_pages.pages_of("pdf", content) == 0
    assert tracemalloc.get_traced_memory()[1] < 120_000_000
    tracemalloc.stop()


def test_letters_go_out_as_json_whatever_they_say(world: World) -> None:
    world.person("li").says("你好\ud800\x00")
    assert all(json.loads(letter.body) for letter in world.letters(world.person("li").address))


def test_a_roster_brings_no_markup_into_anybodys_chat(world: World) -> None:
    small = small_roster()
    units = [replace(unit, name=f"{unit.name}[点](http://evil.com)") for unit in small.units]
    people = [replace(person, name=f"{person.name}<b>") for person in small.people]
    out = io.BytesIO()
    book = Workbook()
    heads = (roster_words.UNIT_COLUMNS, roster_words.PEOPLE_COLUMNS)
    for title, head in zip((roster_words.UNIT_SHEET, roster_words.PEOPLE_SHEET), heads, strict=True):
        book.create_sheet(title).append(head)
    for unit in units:
        kind = roster_words.KIND_NAMES[unit.kind]
        book[roster_words.UNIT_SHEET].append((unit.code, unit.name, unit.parent_code, kind, unit.division))
    for person in people:
        roles = roster_words.role_names(person.roles)
        book[roster_words.PEOPLE_SHEET].append((person.staff_id, person.name, person.unit_code, roles, person.phone))
    book.save(out)
    world.import_roster(roster_book.read_roster(out))
    for who, said in (("zhang", "你好"), ("wang", "名单"), ("zhou", "进度"), ("wang", "待办")):
        heard = world.person(who).says(said)
        assert "张三丰＜b＞" in heard or "］" in heard
        assert "](" not in heard
        assert "<b>" not in heard
