"""The places where strangers' bytes are read. Each takes any bytes and may only do what its room promises."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

from openpyxl import Workbook

from bot.channels.incoming import parse
from handlers import commands, door, file_kinds, fill_in, leak_guard
from handlers.campaign import loading, matching, rows
from handlers.campaign.definition import Campaign
from handlers.inert import inert
from handlers.messages import Address, ChatKind, Inbound
from handlers.papers import roster_book
from handlers.papers.archive import Unreadable
from handlers.papers.workbook import reading
from handlers.returns import scan_pages
from tests.world import MORNING

Target = Callable[[bytes], None]


@cache
def campaign() -> Campaign:
    return loading.load("lishui-2022-69")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass") if _whole(data) else data.decode("utf-8", "replace")


def _whole(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def said(data: bytes) -> str:
    """Bytes as a message that came through the door."""
    raw = Inbound(
        robot="r",
        msg_id="m",
        sender_id="s",
        sender_name="n",
        chat=Address("dingtalk", ChatKind.DIRECT, "s"),
        text=_text(data),
        received_at=MORNING,
    )
    return door.received(raw).text


def frames(data: bytes) -> None:
    """A frame is understood or left out; what is understood fits the books. The bytes as a frame, and as what stands
    in one."""
    for frame in (_frame(data), _poured(_text(data))):
        found = frame and parse({"msgId": "m", "conversationId": "c", **frame}, robot="r", corp_id="corp")
        if found:
            fit = door.received(found)
            assert len(fit.msg_id) <= 128
            assert len(fit.sender_id) <= 64
            fit.text.encode()
            assert "\x00" not in fit.text


def _frame(data: bytes) -> dict[str, Any] | None:
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None


FIELDS = ("msgId", "conversationId", "senderStaffId", "senderNick", "robotCode", "senderCorpId", "createAt")
KINDS = ("text", "richText", "picture", "file", "audio", "video", "unknown")


def _poured(text: str) -> dict[str, Any]:
    """A frame whose kind and fields the text decides: its first two characters say which, its lines fill them."""
    kind, which, lines = ord(text[:1] or "0"), ord(text[1:2] or "0"), text[2:].split("\n")
    frame: dict[str, Any] = {name: lines[n % len(lines)] for n, name in enumerate(FIELDS) if which >> n & 1}
    part = {"text": lines[-1], "type": ("picture", "text", None)[which % 3], "downloadCode": lines[0]}
    content: dict[str, Any] = {"richText": [part, lines[0]] if which & 1 else part, "recognition": lines[-1], **part}
    frame["msgtype"] = KINDS[kind % len(KINDS)]
    frame["conversationType"] = str(kind % 3)
    frame["text"] = ({"content": text}, text, None, [text])[which % 4]
    frame["content"] = (content, lines, text, None)[kind % 4]
    return frame


def words(data: bytes) -> None:
    """A message is a command or not, is guarded and quoted, whatever it is."""
    text = said(data)
    commands.parse(text)
    leak_guard.look(text)
    quoted = inert(text)
    assert inert(quoted) == quoted
    assert not any(sign in quoted for sign in ("](", "<", "://"))
    matching.number(text)
    matching.plain(text)


def templates(data: bytes) -> None:
    """A template filled in is read or its mistakes are told."""
    text = said(data)
    assert all(isinstance(found, dict) for found in rows.read(campaign(), text))


def spreadsheets(data: bytes) -> None:
    """A workbook is read within limits or refused in words; first as bytes, then with the bytes as its sheet."""
    for content in (data, _with_sheet(data)):
        fill_in.look(content, campaign())
        file_kinds.kind_of(content)
        file_kinds.trouble(content)
        try:
            with reading(io.BytesIO(content)) as book:
                for name in book.sheet_names:
                    for line in book.lines(name):
                        assert len(line.cells) <= 32
        except Unreadable:
            continue


def rosters(data: bytes) -> None:
    """A roster is read, or every mistake in it is named."""
    try:
        roster_book.read_roster(io.BytesIO(_with_cells(said(data))))
    except (Unreadable, roster_book.RosterErrors):
        return


def scans(data: bytes) -> None:
    """Pages are counted or not; no content stops it."""
    for content in (data, b"%PDF-1.4\n" + data, b"\xff\xd8\xff" + data, b"\x89PNG\r\n\x1a\n" + data):
        file_kinds.trouble(content)
        assert scan_pages.pages_of(file_kinds.kind_of(content), content) >= 0


@cache
def _plain() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def _with_sheet(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_plain())) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, data if name.endswith("sheet1.xml") else source.read(name))
    return out.getvalue()


def _with_cells(text: str) -> bytes:
    book: Any = Workbook()
    for title in ("单位", "人员"):
        sheet = book.create_sheet(title)
        for line in text.split("\n")[:20]:
            sheet.append(["".join(c for c in cell if c.isprintable()) for cell in line.split(",")[:8]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


TARGETS: dict[str, Target] = {
    "frames": frames,
    "words": words,
    "templates": templates,
    "spreadsheets": spreadsheets,
    "rosters": rosters,
    "scans": scans,
}
SEEDS: dict[str, tuple[bytes, ...]] = {
    "frames": (
        b'{"msgtype":"text","text":{"content":"1"},"senderStaffId":"s"}',
        b'{"content":{"richText":[{"text":"x"}]}}',
        "7x123\nc\n张三".encode(),
    ),
    "words": (b"a\tb\tc\r\nd\te\tf", "发现 紫金街道：微信群里还有名单 限6月5日".encode(), b"[x](http://a.cn)", b"2 7"),
    "templates": (
        "名单\t微信传输\t排摸\t无\t已删除\n名册\t微信\t无\t无\t无".encode(),
        "数据1\n数据名称：名单\n采集、共享、传输方式：微信".encode(),
    ),
    "spreadsheets": (b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>9</v></c></row></sheetData></worksheet>',),
    "rosters": ("单位编码,单位名称,上级编码,单位类别\n1,市,,市\n工号,姓名,单位编码,角色".encode(),),
    "scans": (b"<</Type /Page>>", b"<</Type /ObjStm>> stream\n"),
}
