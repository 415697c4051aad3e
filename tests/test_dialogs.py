"""The users' day as transcripts: `dialogs/*.dialog`, played four ways, always with the same words and the same memory.

A transcript is read from top to bottom:

    # 说明
    @ 2022-05-19 10:00              the clock is moved; what waited till then arrives
    钱大海：1                        somebody says something to the bot
    钱大海：[都没有]                  … taps a button of the latest message; [↑都没有] one further up
    钱大海 @工作群：进度              … @-s the bot in a group
    机器人：记下了                    the answer, in the same chat; further lines of a message are indented
    机器人 → 王雅芳：……               a letter to somebody else; `机器人 @工作群：` to a group
    机器人：…                        anything; a line of a message that is `…` is any lines
    @ 档案 钱大海                     what is remembered of somebody follows, as `档案：` lines

Other directives: `@ 钟` (the metronome beats), `@ 截止 2022-06-05`, `@ 外人 赵小明 zhaoxm` (in no roster; without an
id: of another organisation), `@ 没有账号 李大爷 鹤城街道` (in the roster, without an account), `@ 消息 钱大海 4`
(so many messages it took so far). `‹身份证号›` and its like stand for invented numbers made on the spot: none is
written down.
`（图片）` and its like are messages that are no text; `（表格）甲 | 乙⏎丙 | 丁` is a workbook with these cells.
A folder's name is the campaign its dialogs are about.

`pytest tests/test_dialogs.py --update-dialogs` writes what the bot says now. Read the diff: it is the review.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from handlers.campaign import loading
from handlers.campaign.answers import Change, Given, fold
from handlers.campaign.walk import Setting, walk
from handlers.messages import Address, ChatKind, Choice, Content, Document, FileRef, from_json
from tests.conftest import Worlds
from tests.world import SHANGHAI, Somebody, World, group_chat, id_number, small_roster, words

FOLDER = Path(__file__).parent / "dialogs"
NAMES = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.dialog"))
BOT, FILE, TABLE = "机器人", "档案", "（表格）"
IDS = {row.name: row.staff_id for row in small_roster().people}
_SPOKEN = re.compile(r"(?P<who>[^\s@#：]+)(?: @(?P<group>[^：\s]+))?：(?P<what>.*)")
_KINDS = {
    "（图片）": Content.PICTURE,
    "（文件）": Content.FILE,
    "（表情）": Content.OTHER,
    "（没有内容）": Content.WITHHELD,
    "（空白）": Content.TEXT,
}


# ---------------------------------------------------------------- what stands for a number


def _number_ending_in_x() -> str:
    return next(n for n in (id_number(f"{serial:03}") for serial in range(1, 999)) if n.endswith("X"))


def _one_digit_wrong() -> str:
    number = id_number()
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def _list_of_twelve() -> str:
    rows = [f"{n} 某某{n} 1990000{n:04} {id_number(f'{n:03}')} 阳光小区{n}栋" for n in range(1, 13)]
    return "\n".join(["序号 姓名 电话 证件号 住址", *rows])


STANDS_FOR: dict[str, Callable[[], str]] = {
    "身份证号": id_number,
    "身份证号，末位小写x": lambda: _number_ending_in_x().lower(),
    "身份证号，全角": lambda: _full_width(id_number()),
    "身份证号，分四段": lambda: " ".join([id_number()[:6], id_number()[6:10], id_number()[10:14], id_number()[14:]]),
    "身份证号，15位": lambda: "332501" + "660307" + "084",
    "身份证号，错一位": _one_digit_wrong,
    "手机号": lambda: "1990000" + "5678",
    "手机号，第二个": lambda: "1990000" + "5679",
    "手机号，第三个": lambda: "1990000" + "5680",
    "12人的名单": _list_of_twelve,
}


def meant(text: str) -> str:
    """What is really sent for a line of a transcript."""
    return re.sub("‹(.+?)›", lambda found: STANDS_FOR[found[1]](), text).replace("⏎", "\n")


def _workbook(rows: str) -> bytes:
    """«甲 | 乙⏎丙 | 丁» as a workbook."""
    book, out = Workbook(), io.BytesIO()
    for row in meant(rows).split("\n"):
        book.worksheets[0].append([cell.strip() or None for cell in row.split("|")])
    book.save(out)
    return out.getvalue()


# ---------------------------------------------------------------- the page


@dataclass
class Scene:
    """A line of the transcript, what stands above it, and the messages that follow."""

    above: list[str]
    cue: str
    heard: list[str] = field(default_factory=list)


def read(text: str) -> tuple[list[Scene], list[str]]:
    """The scenes, and the lines below the last."""
    scenes: list[Scene] = []
    above: list[str] = []
    gap = 0
    for line in text.splitlines():
        if not line.strip():
            gap += 1
        elif line.startswith("    "):
            scenes[-1].heard[-1] += "\n" * (gap + 1) + line[4:]
            gap = 0
        elif line.startswith((BOT, FILE)):
            scenes[-1].heard.append(line)
            gap = 0
        else:
            above += [""] * gap
            gap = 0
            if line.startswith("#"):
                above.append(line)
            else:
                scenes.append(Scene(above, line))
                above = []
    return scenes, above


def written(scenes: list[Scene], below: list[str]) -> str:
    lines: list[str] = []
    for scene in scenes:
        lines += [*scene.above, scene.cue]
        for message in scene.heard:
            first, *more = message.split("\n")
            lines += [first, *(f"    {line}" if line else "" for line in more)]
    return "\n".join([*lines, *below]) + "\n"


def fits(expected: list[str], heard: list[str]) -> bool:
    """`…` is anything; all else is exact."""
    if [line.partition("：")[2] for line in expected] == ["…"]:
        return bool(heard)
    return len(expected) == len(heard) and all(map(_fits_one, expected, heard))


def _fits_one(expected: str, heard: str) -> bool:
    lines = [".*" if line == "…" else re.escape(line) for line in expected.replace("：…", "：\n…").split("\n")]
    return re.fullmatch("\n".join(lines).replace("：\n.*", "：.*"), heard, re.DOTALL) is not None


# ---------------------------------------------------------------- the stage


@dataclass
class Stage:
    """Plays a transcript in a world."""

    world: World
    ids: dict[str, str] = field(default_factory=lambda: dict(IDS))
    counted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.ids:
            self.somebody(name)

    def play(self, scenes: list[Scene]) -> list[list[str]]:
        """What the bot says after each line."""
        return [list(self.scene(scene.cue)) for scene in scenes]

    def scene(self, cue: str) -> Iterator[str]:
        if cue.startswith("@"):
            yield from self.direct(*cue.lstrip("@ ").split())
            chat = None
        else:
            spoken = _SPOKEN.fullmatch(cue)
            assert spoken, f"not a line of a dialog: {cue}"
            chat = self.speak(spoken["who"], spoken["group"], spoken["what"])
        for letter in self.world.arriving():
            yield self.arrives(Address.parse(letter.lane), letter.body, chat)

    def somebody(self, name: str) -> Somebody:
        return self.world.person(self.ids[name], name)

    def speak(self, name: str, group: str | None, what: str) -> Address:
        who = self.somebody(name)
        chat = group_chat(group) if group else who.address
        self.counted[name] = self.counted.get(name, 0) + 1
        if what.startswith(TABLE):
            who.sends("", chat, content=Content.FILE, files=(FileRef(code="code", name="表.xlsx", kind=Content.FILE),))
            self.world.fetch(_workbook(what.removeprefix(TABLE)))
            return chat
        content = _KINDS.get(what, Content.TEXT)
        if tap := re.fullmatch(r"\[(↑?)(.+)\]", what):
            text = who.button(tap[2], old=bool(tap[1]))
        else:
            text = "" if what in _KINDS else meant(what)
        who.sends(text, chat, content=content, title=group or "")
        return chat

    def arrives(self, to: Address, letter: str, chat: Address | None) -> str:
        body = from_json(letter)
        if to.kind is ChatKind.GROUP:
            name = f" @{to.id}"
        else:
            reader = next(somebody for somebody in self.world.people.values() if somebody.address == to)
            name = f" → {reader.nick}"
            reader.sees(body)
        return f"{BOT}{'' if to == chat else name}：{self.shown(body)}"

    def shown(self, body: Any) -> str:
        if isinstance(body, Document) and body.name.endswith(".docx"):
            parts = zipfile.ZipFile(io.BytesIO(self.world.make(body)))
            paragraphs = parts.read("word/document.xml").decode().split("</w:p>")
            lines = ("".join(re.findall(r"<w:t[ >][^<]*", p)) for p in paragraphs)
            texts = [re.sub(r"<w:t[^>]*>", "", line) for line in lines]
            return "\n".join([f"<{body.name}>", *filter(None, texts)])
        if isinstance(body, Document):
            sheet = load_workbook(io.BytesIO(self.world.make(body))).active
            rows = ([str(cell).replace("\n", "") for cell in row if cell is not None] for row in sheet.values)
            return "\n".join([f"<{body.name}>", *(" | ".join(row) for row in rows if row)])
        return words(body).replace("\n\n[", "\n[") if isinstance(body, Choice) else words(body)

    # ---- directives

    def direct(self, first: str, *rest: str) -> Iterator[str]:
        match (first, *rest):
            case ("钟",):
                self.world.tick()
            case ("截止", day):
                self.world.move_deadline(date.fromisoformat(day))
            case ("外人", name, *staff_id):
                self.ids[name] = staff_id[0] if staff_id else ""
                self.somebody(name)
            case ("没有账号", name, unit):
                self.ids[name] = self.world.without_account(name, unit)
            case ("消息", name, most):
                assert self.counted.get(name, 0) == int(most), f"{name}: {self.counted.get(name, 0)} messages"
            case ("档案", name):
                yield f"{FILE}：{self.on_file(name)}"
            case (day, hour):
                self.world.now = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=SHANGHAI)
            case _:
                raise AssertionError(f"no such directive: @ {first} {rest}")

    def on_file(self, name: str) -> str:
        case = self.world.facts()["cases"].get(self.ids[name])
        if case is None:
            return "没有"
        changes = [Change(key, given and _given(given)) for key, given, *_ in case["answers"]]
        setting = Setting(today=self.world.now.astimezone(SHANGHAI).date(), person=name, unit="", area="comprehensive")
        path = walk(self.world.campaign, fold(changes), setting)
        marks = {"nil": "零报告", "touched": "接触过", "pledged": "有承诺书", "late": "逾期"}
        flags = [case["receipt"] or "未提交", *(word for flag, word in marks.items() if case[flag])]
        pledges = [f"承诺书 {state} {mask or told}".strip() for state, _, _, _, mask, _, told, *_ in case["pledges"]]
        lines = [" ".join(flags), f"提交 {len(case['submissions'])} 次", *pledges]
        lines += [f"{step.key} = {path.cell(step.question.id, step.row)}" for step in path.steps if step.given]
        return "\n".join(lines)


def _given(given: dict[str, Any]) -> Given:
    return Given(values=tuple(given["values"]), at=date.fromisoformat(given["at"]), open=given["open"])


# ---------------------------------------------------------------- the tests


@dataclass(frozen=True)
class Played:
    """What came of a dialog: words and memory; for the plain way also what came of copies, and every byte on disk."""

    heard: list[list[str]]
    facts: dict[str, Any]
    taken_again: int = 0
    after_copies: dict[str, Any] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    on_disk: bytes = field(default=b"", repr=False)


_plain: dict[tuple[str, str], Played] = {}


def play(name: str, world: World) -> Played:
    scenes, _ = read((FOLDER / f"{name}.dialog").read_text(encoding="utf-8"))
    return Played(Stage(world).play(scenes), world.facts())


def staged(name: str) -> dict[str, Any]:
    """What is open in a dialog's world: its folder names the campaign, or several with «+» between them."""
    folder, slash, _ = name.rpartition("/")
    if not slash:
        return {}
    first, *others = (loading.load(campaign) for campaign in folder.split("+"))
    return {"campaign": first, "others": tuple(others)}


def plain(name: str, kind: str, new_world: Worlds) -> Played:
    """A dialog played plainly, once for all tests; at the end the platform pushes all of it once more."""
    if (name, kind) not in _plain:
        world = new_world(**staged(name))
        first = play(name, world)
        taken_again, after, more = world.redeliver(), world.facts(), world.arriving()
        assert more == []
        world.close()
        _plain[name, kind] = Played(first.heard, first.facts, taken_again, after, _numbers(world), world.on_disk())
    return _plain[name, kind]


def _numbers(world: World) -> frozenset[str]:
    """The numbers of persons that were said, whether taken or refused, and those of the roster."""
    said = unicodedata.normalize("NFKC", "\n".join(inbound.text for inbound in world.delivered))
    found = re.findall(r"(?<!\d)(?:1\d{10}|\d{15}|\d{17}[\dXx])(?!\d)", said)
    return frozenset({*found, *(number.upper() for number in found), "19900001234", id_number()})


@pytest.mark.parametrize("name", NAMES)
def test_the_bot_says_what_the_transcript_says(
    name: str, kind: str, new_world: Worlds, pytestconfig: pytest.Config
) -> None:
    path = FOLDER / f"{name}.dialog"
    scenes, below = read(path.read_text(encoding="utf-8"))
    heard = plain(name, kind, new_world).heard
    if pytestconfig.getoption("--update-dialogs"):
        for scene, said in zip(scenes, heard, strict=True):
            scene.heard = scene.heard if fits(scene.heard, said) else said
        path.write_text(written(scenes, below), encoding="utf-8")
    for number, (scene, said) in enumerate(zip(scenes, heard, strict=True), 1):
        if not fits(scene.heard, said):
            told = "\n".join(said)
            assert told == "\n".join(scene.heard), f"line {number} of {name}: {scene.cue} (or --update-dialogs)"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["rebuild", "twice"])
def test_it_goes_the_same_way(name: str, way: str, kind: str, new_world: Worlds) -> None:
    """With the process made anew before each line; with each line delivered twice."""
    straight, other = plain(name, kind, new_world), play(name, new_world(**{way: True}, **staged(name)))
    assert other.heard == straight.heard
    assert other.facts == straight.facts


@pytest.mark.parametrize("name", NAMES)
def test_copies_that_come_much_later_change_nothing(name: str, kind: str, new_world: Worlds) -> None:
    played = plain(name, kind, new_world)
    assert played.taken_again == 0
    assert played.after_copies == played.facts


@pytest.mark.parametrize("name", NAMES)
def test_no_number_comes_to_rest_in_the_database(name: str, kind: str, new_world: Worlds) -> None:
    """Neither one that anybody said, taken or refused, nor one of the roster's telephones, in any byte of it."""
    played = plain(name, kind, new_world)
    assert len(played.on_disk) > 100_000
    assert [number for number in played.numbers if number.encode() in played.on_disk] == []


def test_every_transcript_reads_back_as_it_was_written() -> None:
    assert NAMES, "no dialogs were found"
    for name in NAMES:
        text = (FOLDER / f"{name}.dialog").read_text(encoding="utf-8")
        assert written(*read(text)) == text, f"{name}: the layout is not the one --update-dialogs writes"


def test_three_dots_stand_for_anything_and_nothing_else_does() -> None:
    assert fits(["机器人：…"], ["机器人：一", "机器人：二"])
    assert fits(["机器人：开头\n…\n结尾", "机器人：二"], ["机器人：开头\n中间\n还有\n结尾", "机器人：二"])
    assert not fits(["机器人：…"], [])
    assert not fits(["机器人：开头\n…"], ["机器人：别的\n开头"])
    assert not fits(["机器人：一"], ["机器人：一", "机器人：二"])
    assert not fits(["机器人 → 张三丰：一"], ["机器人：一"])
