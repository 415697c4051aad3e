"""What somebody makes of a message: which question it asks, or that it is a reminder, or that they are done.

They read the words and the buttons and nothing else. The words are those of the campaign file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from handlers.campaign.definition import Campaign, Question

_TAP = "dtmd://dingtalkclient/sendMessage?content="
_LINK = re.compile(rf"\[([^\]]+)\]\({re.escape(_TAP)}([^)]*)\)")
_FINISHED = re.compile(r"已提交[^。\n]{0,20}回执 \*\*([^*]+)\*\*")
_SIGNED = re.compile(r"已签署（")
_LOCKED = "本单位的反馈表已经确认"
_NUDGED = re.compile(r"您好，.{1,60}提醒您：.+截止。.*回复“继续”", re.DOTALL)
NUDGE = "nudge"
"""The rule of a reminder somebody in office sent: it does not go to everybody."""
UNFINISHED = "unfinished"
_ROW = re.compile(r"第(\d+)份数据）")
_BLANK = re.compile(r"\{[a-z_]+\}")


class Sort(StrEnum):
    QUESTION = "question"
    FINISHED = "finished"
    LOCKED = "locked"
    """Too late to change: the unit's return is confirmed."""
    REMINDER = "reminder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    """Without its number."""
    number: str
    says: str
    """What tapping it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    sort: Sort
    text: str
    options: tuple[Option, ...] = ()
    question: str = ""
    row: int = 0
    """Of a question about a row: which one."""
    receipt: str = ""
    signed: bool = False
    rule: str = ""
    audience: str = ""

    @property
    def key(self) -> str:
        """The place of the answer."""
        return f"items.{self.row}.{self.question}" if self.row else self.question


class Reader:
    def __init__(self, campaign: Campaign) -> None:
        self._marks = [(mark, one.id) for one in campaign.singles for mark in _marks(one)]
        self._marks.sort(key=lambda pair: -len(pair[0]))
        self._in_rows = frozenset(campaign.group_of)
        self._reminders = [
            (_pattern(words), rule.id, audience) for rule in campaign.reminders for audience, words in rule.say.items()
        ]

    def read(self, text: str, buttons: list[list[str]], *, unasked: bool) -> Reading:
        """`unasked`: it came by another way than replies come."""
        options = tuple(_options(text, buttons))
        if unasked and (reminder := self._reminder(text)):
            rule, audience = reminder
            return Reading(sort=Sort.REMINDER, text=text, options=options, rule=rule, audience=audience)
        if _LOCKED in text:
            return Reading(sort=Sort.LOCKED, text=text, options=options)
        for mark, question in self._marks:
            if mark in text:
                found = _ROW.search(text)
                row = (int(found[1]) if found else 1) if question in self._in_rows else 0
                return Reading(sort=Sort.QUESTION, text=text, options=options, question=question, row=row)
        if done := _FINISHED.search(text):
            signed = bool(_SIGNED.search(text))
            return Reading(sort=Sort.FINISHED, text=text, options=options, receipt=done[1], signed=signed)
        return Reading(sort=Sort.OTHER, text=text, options=options)

    def _reminder(self, text: str) -> tuple[str, str] | None:
        """The rule and the audience of a reminder."""
        for pattern, rule, audience in self._reminders:
            if pattern.match(text):
                return rule, audience
        return (NUDGE, UNFINISHED) if _NUDGED.match(text) else None


def _marks(question: Question) -> Iterator[str]:
    """Words by which a question is known: the longest piece of its first line that is never filled in."""
    for ask in (question.ask, *(variant.ask for variant in question.variants)):
        yield max(_BLANK.split(ask.splitlines()[0]), key=len)


def _pattern(words: str) -> re.Pattern[str]:
    """The words of a reminder, whatever is filled in."""
    return re.compile(".*?".join(map(re.escape, _BLANK.split(words))), re.DOTALL)


def _options(text: str, buttons: list[list[str]]) -> Iterator[Option]:
    shown = [*(map(tuple, buttons)), *((label, _TAP + says) for label, says in _LINK.findall(text))]
    for label, url in shown:
        number, _, bare = label.partition(" ")
        yield Option(bare or number, number, unquote(url.removeprefix(_TAP)))
