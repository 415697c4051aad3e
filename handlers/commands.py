"""The words that are commands rather than answers, and what they are called. Exact words only: a sentence that merely
contains one is an answer."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    GO_ON = "go_on"
    BACK = "back"
    EDIT = "edit"
    PAUSE = "pause"
    PROGRESS = "progress"
    HELP = "help"
    EXPLAIN = "explain"
    RESTART = "restart"
    RESTART_SURE = "restart_sure"
    NAMES = "names"
    NUDGE = "nudge"
    EXPORT = "export"
    EXPORT_PLEDGES = "export_pledges"
    BIND = "bind"
    ADMIT = "admit"
    TURN_AWAY = "turn_away"
    OTHER_UNIT = "other_unit"


@dataclass(frozen=True, slots=True)
class Command:
    word: Word
    rest: str = ""


_WORDS: dict[Word, tuple[str, ...]] = {
    Word.GO_ON: ("你好", "您好", "开始", "继续", "自查", "在吗", "hi", "hello", "接着答", "继续自查", "开始自查"),
    Word.BACK: ("上一步", "上一题", "返回", "回上一步"),
    Word.PAUSE: ("暂停", "退出", "没空", "不填了", "稍后", "稍后再填", "等会", "等一下", "先这样"),
    Word.HELP: ("帮助", "help", "菜单", "怎么用", "命令"),
    Word.EXPLAIN: ("?", "说明"),
    Word.RESTART: ("重新开始", "从头再来", "重来"),
    Word.RESTART_SURE: ("确定重新开始",),
    Word.OTHER_UNIT: ("换单位", "重选单位"),
}
_WITH_REST: dict[Word, re.Pattern[str]] = {
    Word.EDIT: re.compile(r"(?:修改|更改)(?:第)?\s*(\d{1,2})?\s*[项题条]?"),
    Word.PROGRESS: re.compile(r"(?:进度|查进度|进展)(?:[ :]+(.{1,40}))?"),
    Word.NAMES: re.compile(r"(?:名单|未完成名单|未完成|谁没填)(?:[ :]+(.{1,40}))?"),
    Word.NUDGE: re.compile(r"(?:催办|催一下|提醒)(?:[ :]+(.{1,40}))?"),
    Word.EXPORT_PLEDGES: re.compile(r"导出\s*(?:承诺书|附件1)(?:[ :]+(.{1,40}))?"),
    Word.EXPORT: re.compile(r"导出(?:\s*(?:反馈表|附件2|表))?(?:[ :]+(.{1,40}))?|反馈表"),
    Word.BIND: re.compile(r"绑定(?:[ :]+(.{1,40}))?"),
    Word.ADMIT: re.compile(r"同意加入\s*(\d{1,9})"),
    Word.TURN_AWAY: re.compile(r"不同意加入\s*(\d{1,9})"),
}
_BY_TEXT = {text: word for word, texts in _WORDS.items() for text in texts}

SPOKEN = {
    Word.PROGRESS: "进度",
    Word.NAMES: "名单",
    Word.NUDGE: "催办",
    Word.EXPORT: "导出 反馈表",
    Word.EXPORT_PLEDGES: "导出 承诺书",
    Word.BIND: "绑定",
}
"""How a command is said with a unit behind it."""

FOR_COORDINATORS = frozenset(
    {Word.NAMES, Word.NUDGE, Word.EXPORT, Word.EXPORT_PLEDGES, Word.BIND, Word.ADMIT, Word.TURN_AWAY}
)


def parse(said: str) -> Command | None:
    """The command somebody typed, None for anything else."""
    text = unicodedata.normalize("NFKC", said).strip().lstrip("/").rstrip("。.!~ ").strip()
    bare = text.casefold()
    if word := _BY_TEXT.get(bare):
        return Command(word)
    if bare.startswith("?"):
        return Command(Word.EXPLAIN)
    for word, pattern in _WITH_REST.items():
        if found := pattern.fullmatch(text):
            rest = next((group for group in found.groups() if group), "")
            return Command(word, rest.strip())
    return None
