"""Rows of the table as people send them in one go, read tolerantly: a template filled in, or a table.

Pure: from a text to words by column. Must not know what becomes of them.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from handlers.campaign.chapters import UNIT_FIELD
from handlers.campaign.definition import Campaign, Group, Question
from handlers.campaign.matching import clean, plain, worded
from handlers.campaign.row_changes import Texts, group_of

EXAMPLE = "例"
"""What the notice's example rows begin with."""
_LEAD = r"[\s\-*•·●>＞]*(?:[（(]?\d{1,2}[)）.、．]\s*|[（(]?[一二三四五六七八九十][)）、.．]\s*)?"
_OPEN, _CLOSE = r"[【\[「《*“\"]*", r"[】\]」》*”\"]*"
_HEADED = re.compile(rf"^{_LEAD}{_OPEN}(?P<name>[^：:﹕∶=\n]{{2,24}}?){_CLOSE}\s*[：:﹕∶=]{_CLOSE}\s*(?P<value>.*)$")
_BRACKETED = re.compile(rf"^{_LEAD}[【\[「*]+(?P<name>[^】\]」*]{{2,24}})[】\]」*]+\s*(?P<value>.*)$")
_BARE = re.compile(rf"^{_LEAD}(?P<name>\S{{2,24}})(?:\s+(?P<value>.*))?$")
_BREAK = re.compile(
    r"^\s*(?:[-—–－=_*~]{3,}|(?:第\s*[\d一二三四五六七八九十]{1,3}\s*[份条行个]|数据\s*\d{1,2}|[\d一二三四五六七八九十]{1,3}\s*[、.．)）])"
    r"(?:数据)?)\s*[：:]?\s*$"
)
_NUMBERED = re.compile(r"^\s*第\s*[\d一二三四五六七八九十]{1,3}\s*[份条行个](?:数据)?\s*[：:，,、]?\s*(?=\S)")
_NOTE = re.compile(r"[（(][^（()）]*[)）]|[*＊]")
_FOR_EXAMPLE = re.compile(r"^[（(]?\s*例(?:如|子)?\s*[：:，,]")
_SHORTEST = 6
"""Two headings with something behind each, or three cells under a heading, are longer than this."""
_STRAY = "；;，,、：:﹕ "
"""What is left at the ends of a cell when headings stand in one line, or a colon has slipped into the next."""
_ENDED = re.compile(r"[；;。.，,、：:！!？?]$")


class Fault(StrEnum):
    """What is wrong with a cell."""

    MISSING = "missing"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that cannot be taken: the row from 1, its column, what is wrong."""

    row: int
    column: Question
    fault: Fault


def faults(group: Group, rows: Sequence[Texts]) -> list[Wrong]:
    """Everything that keeps these rows from being whole. What is suggested may be left out."""
    found = []
    for number, texts in enumerate(rows, 1):
        for column in group.columns:
            text = texts.get(column.id, "")
            if len(text) > column.max_length:
                found.append(Wrong(number, column, Fault.TOO_LONG))
            elif not text and not column.suggest:
                found.append(Wrong(number, column, Fault.MISSING))
    return found


def heading(campaign: Campaign, words: str) -> str:
    """The column meant by a heading: its name, its short name, a beginning or a part of it. `unit` for the unit's."""
    bare = plain(_NOTE.sub("", words))
    known = _headings(campaign)
    if len(bare) < 2 or bare in known:
        return known.get(bare, "")
    for fits in (_begins, str.__contains__, _runs_through):
        hits = {field for name, field in known.items() if fits(name, bare)}
        if len(hits) > 1:
            hits -= {UNIT_FIELD}  # «名称» is the data's
        if hits:
            return hits.pop() if len(hits) == 1 else ""
    return ""


def _begins(name: str, said: str) -> bool:
    """The beginning of a heading, or a heading with a word more."""
    return name.startswith(said) or (said.startswith(name) and len(said) <= len(name) + 4)


def _runs_through(name: str, said: str) -> bool:
    """«采集方式» for «采集、共享、传输方式»."""
    rest = iter(name)
    return len(said) > 2 and all(char in rest for char in said)


def _headings(campaign: Campaign) -> dict[str, str]:
    group = group_of(campaign)
    columns = group.columns if group else []
    named = {worded(column.short): column.id for column in columns if len(column.short) > 1}
    named |= {worded(column.name): column.field for column in campaign.feedback_table.columns}
    return named | {worded(column.name): column.id for column in columns}


def columns_of(campaign: Campaign, cells: Sequence[str]) -> dict[int, str]:
    """Where each column stands in a heading row; empty where this is none. The first of two that fit counts."""
    found: dict[int, str] = {}
    for place, cell in enumerate(cells):
        field = heading(campaign, cell) if cell else ""
        if field and field not in found.values():
            found[place] = field
    return found if len([field for field in found.values() if field != UNIT_FIELD]) >= 2 else {}


def is_example(campaign: Campaign, texts: Texts) -> bool:
    """One of the notice's own example rows, copied along."""
    if any(text.startswith(EXAMPLE) and field == UNIT_FIELD for field, text in texts.items()):
        return True
    fields = [column.field for column in campaign.feedback_table.columns]
    mine = {field: plain(text) for field, text in texts.items() if text and field != UNIT_FIELD}
    examples = [dict(zip(fields, map(plain, example), strict=False)) for example in campaign.feedback_table.examples]
    return len(mine) > 1 and any(all(example.get(f) == text for f, text in mine.items()) for example in examples)


def distinct(rows: Sequence[Texts]) -> list[Texts]:
    """Without empty rows and rows that stand there twice."""
    found: dict[tuple[tuple[str, str], ...], Texts] = {}
    for texts in rows:
        if any(texts.values()):
            found.setdefault(tuple(sorted((field, plain(text)) for field, text in texts.items() if text)), texts)
    return list(found.values())


def looks_filled(campaign: Campaign, text: str) -> bool:
    """Whether a message is a template or a table rather than an answer."""
    if len(text) < _SHORTEST or group_of(campaign) is None:
        return False
    if len({field for field, _ in _pieces(campaign, text) if field}) >= 2:
        return True
    return any(len(cells) >= 3 and _placed(campaign, cells) for cells in _table(text))


def read(campaign: Campaign, text: str) -> list[Texts]:
    """The rows in a message, in order; example rows, empty ones and doubles are left out."""
    table = _table(text)
    blocks = _tabled(campaign, table) if any(len(cells) >= 3 for cells in table) else _blocks(campaign, text)
    kept = [texts for texts in blocks if not is_example(campaign, texts)]
    return distinct([{f: t.rstrip(_STRAY) for f, t in texts.items() if f != UNIT_FIELD} for texts in kept])


# ---------------------------------------------------------------- a table


def _table(text: str) -> list[list[str]]:
    """The lines with tabs, as a spreadsheet puts them on the clipboard: a cell of several lines is in quotes."""
    if "\t" not in text:
        return []
    lines = csv.reader(io.StringIO(text), delimiter="\t")
    return [[" ".join(clean(cell).split()) for cell in cells] for cells in lines if len(cells) > 1]


def _tabled(campaign: Campaign, table: list[list[str]]) -> Iterator[Texts]:
    head: dict[int, str] = {}
    for cells in table:
        if columns := columns_of(campaign, cells):
            head = columns
            continue
        places = head or _placed(campaign, cells)
        yield {field: cells[place] for place, field in places.items() if place < len(cells)}


def _placed(campaign: Campaign, cells: list[str]) -> dict[int, str]:
    """Which cell is which where no heading says so: in the order of the paper, with or without the unit."""
    fields = [column.field for column in campaign.feedback_table.columns]
    if len(cells) < len(fields):
        fields = [field for field in fields if field != UNIT_FIELD]
    return dict(enumerate(fields)) if len(cells) <= len(fields) else {}


# ---------------------------------------------------------------- a template


def _blocks(campaign: Campaign, text: str) -> Iterator[Texts]:
    """Rows as blocks of headed lines. A new one begins where the headings begin again."""
    block: dict[str, str] = {}
    at, apart = "", False
    group = group_of(campaign)
    first = group.columns[0].id if group else ""
    for field, value in _pieces(campaign, text):
        if field is None:
            apart, at = True, (at if value == "blank" else "")
            if value == "break" and block:
                yield block
                block = {}
            continue
        if field and (field in block or (apart and field == first and sum(map(bool, block.values())) > 1)):
            yield block
            block = {}
        if field:
            at, block[field] = field, value
        elif at and (value := value.lstrip(_STRAY)):
            before = block[at]
            block[at] = f"{before}{'' if not before or _ENDED.search(before) else '；'}{value}"
        apart = False
    if block:
        yield block


def _pieces(campaign: Campaign, text: str) -> Iterator[tuple[str | None, str]]:
    """Line by line: the column whose heading stands there (empty where none does) and the words behind it; None for a
    gap, «blank» or «break»."""
    for line in _lines(campaign, text):
        if not line.strip():
            yield None, "blank"
            continue
        if _BREAK.match(line):
            yield None, "break"
            continue
        if numbered := _NUMBERED.match(line):
            yield None, "break"
            line = line[numbered.end() :]
        field, value = _headed(campaign, line)
        value = " ".join(value.strip().strip("*").split())
        yield field, "" if _FOR_EXAMPLE.match(value) and field != UNIT_FIELD else value


def _headed(campaign: Campaign, line: str) -> tuple[str, str]:
    for pattern in (_HEADED, _BRACKETED):
        found = pattern.match(line)
        if found and (field := heading(campaign, found["name"])):
            return field, found["value"]
    found = _BARE.match(line)
    if found and (field := _headings(campaign).get(plain(found["name"]), "")) and len(plain(found["name"])) > 2:
        return field, found["value"] or ""
    return "", line


def _lines(campaign: Campaign, text: str) -> list[str]:
    """The lines; several headings in one line, as some phones copy them, are put on lines of their own."""
    names = sorted((column.name for column in campaign.feedback_table.columns), key=len, reverse=True)
    split = re.compile(rf"(?<=[\w。；;，,])[ \u3000]*(?=[【\[]?(?:{'|'.join(map(re.escape, names))})[】\]]?\s*[：:])")
    folded = "\n".join(unicodedata.normalize("NFC", line) for line in clean(text).splitlines())
    return split.sub("\n", folded).splitlines()
