"""Whole rows at once: a template to copy, the table as a workbook, and what people send back of either.

Nothing counts before the person has seen the rows as they were read and said yes; what waits for their word is a line
in the log of answers like any other.
"""

import json
from collections.abc import Sequence

from handlers import changing, leak_guard, menus, self_check
from handlers.campaign import progress, row_changes, rows
from handlers.campaign.answers import Change, Given, fold
from handlers.campaign.definition import Campaign, Group
from handlers.campaign.matching import plain
from handlers.campaign.revision import lifted
from handlers.campaign.row_changes import Texts, group_of
from handlers.campaign.walk import Step, Walk, walk
from handlers.desk import Desk
from handlers.menus import Seen
from handlers.messages import Choice, Document, Letter, ReceivedFile
from handlers.papers.archive import Unreadable
from handlers.papers.own_table import OwnTable, read_own_table
from handlers.sitting import Sitting, sit_down
from handlers.texts import filling, proxies
from storage.models import Person

WAITING = "~rows"
"""The key of the rows that wait for the person's word; no question is called so."""
LONGER = 5
"""A filled template may be so many times as long as any other message."""
CELLS_TOLD = 12
_YES = frozenset(("对", "对的", "是", "是的", "好", "好的", "用", "用这些", "确认", "可以", "没问题", "正确"))
_NO = frozenset(("不用", "不对", "不是", "不", "不要", "取消", "算了"))


def template(desk: Desk, person: Person) -> list[Letter]:
    """«模板»: the headings in one message, to be copied, completed and sent back."""
    group = group_of(desk.campaign)
    if group is None:
        return self_check.go_on(desk, person, filling.NO_ROWS)
    if told := self_check.stands_still(sit_down(desk, person)[0]):
        return told
    return [desk.offer(filling.template(group), menus.numbered((filling.OWN_TABLE, filling.OWN_TABLE)))]


def own_table(desk: Desk, person: Person) -> list[Letter]:
    """«导出 我的表»: the rows of the one this is about, as a workbook to be filled in and sent back."""
    if group_of(desk.campaign) is None:
        return self_check.go_on(desk, person, filling.NO_ROWS)
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    about = sitting.person
    desk.record("export", subject=f"person/{about.id}", detail="own_table")
    params = {
        "campaign": desk.campaign.id,
        "unit": str(about.unit_id),
        "as_of": desk.now.isoformat(),
        "person": str(about.id),
    }
    local = desk.now.astimezone(desk.campaign.zone)
    name = f"{desk.campaign.feedback_table.title}-{about.name}-{local:%m%d%H%M}.xlsx"
    return [desk.tell(filling.WORKBOOK_COMING), desk.reply(Document(name, "own_table", params))]


# ---------------------------------------------------------------- what comes back


def is_filled(desk: Desk, said: str, limit: int) -> bool:
    """A template or a table rather than an answer, and not too long for one."""
    return len(said) <= limit * LONGER and rows.looks_filled(desk.campaign, said)


def take(desk: Desk, person: Person, said: str) -> list[Letter]:
    """A template or a table pasted into the chat. What is missing in it is said, and asked about later."""
    group = group_of(desk.campaign)
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    found = rows.read(desk.campaign, said)
    if group is None or not found:
        return [desk.tell(filling.NOTHING_FILLED)]
    measure = desk.campaign.words.row
    problems = [
        filling.wrong(wrong, measure, len(found[wrong.row - 1].get(wrong.column.id, "")))
        for wrong in rows.faults(group, found)
    ]
    kept = [{c.id: text for c in group.columns if len(text := texts.get(c.id, "")) <= c.max_length} for texts in found]
    return _offer(sitting, group, kept, problems)


def wanted(desk: Desk, person: Person) -> bool:
    """A workbook with the table's headings is wanted from everybody, in 1:1."""
    return not desk.in_group and group_of(desk.campaign) is not None


def look(content: bytes, campaign: Campaign) -> OwnTable | Unreadable:
    """What a workbook holds; takes its time with a large one."""
    try:
        return read_own_table(content, campaign)
    except Unreadable as why:
        return why


def read(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
    """A workbook that was sent back: its rows, or what has to be mended, by cell."""
    group = group_of(desk.campaign)
    sitting, _ = sit_down(desk, person)
    if group is None:
        return self_check.go_on(desk, person, filling.NO_ROWS)
    if told := self_check.stands_still(sitting):
        return told
    table = file.found if isinstance(file.found, OwnTable | Unreadable) else look(file.content, desk.campaign)
    if isinstance(table, Unreadable):
        return [desk.tell(filling.unreadable(str(table)))]
    if table.problems:
        more = len(table.problems) - CELLS_TOLD
        return [desk.tell(filling.cells_wrong(file.name, table.problems[:CELLS_TOLD], max(more, 0)))]
    return _offer(sitting, group, list(table.rows), [])


def _offer(sitting: Sitting, group: Group, found: Sequence[Texts], problems: Sequence[str]) -> list[Letter]:
    """Shows the rows as they were read; they wait for the person's word."""
    desk, path, measure = sitting.desk, sitting.path, sitting.campaign.words.row
    if len(found) > group.max_rows:
        return [desk.tell(filling.too_many(len(found), group.max_rows, measure))]
    lines = tuple(json.dumps(texts, ensure_ascii=False) for texts in found)
    sitting.add((Change(WAITING, Given(values=lines, at=desk.today)),))
    then = fold([*sitting.changes, *row_changes.replaced(path, group, found)])
    after = walk(desk.campaign, then, sitting.setting)
    shown = [
        (f"第{number}{measure}", _cells(after, group, number, texts)) for number, texts in enumerate(found, start=1)
    ]
    instead = filling.replaces(len(row_changes.begun(path, group)), measure)
    told = filling.read(shown, measure, problems, instead)
    whose = proxies.for_whom(sitting.person.name) if sitting.filler else ""
    return [desk.offer(whose + told, menus.numbered(*filling.confirm_options()))]


def _cells(after: Walk, group: Group, row: int, texts: Texts) -> list[tuple[str, str]]:
    """The row as it will stand in the table; what follows from questions still to come says so."""
    at = after.place
    known = any(step.row == row for step in after.steps) and (at is None or at.row > 0 or not _before(after, at, group))
    cells = []
    for column in group.columns:
        text = leak_guard.mask_phones(texts.get(column.id, ""))
        if not text and column.suggest:
            text = after.cell(column.id, row) if known else filling.SUGGESTED_LATER
        cells.append((column.name, text))
    return cells


def _before(path: Walk, at: Step, group: Group) -> bool:
    """Whether the open question stands ahead of the rows."""
    firsts = (number for number, step in enumerate(path.steps) if step.question.id == group.columns[0].id)
    return path.steps.index(at) < next(firsts, len(path.steps))


# ---------------------------------------------------------------- the person's word


def meant(seen: Seen, said: str) -> str:
    """«对», said to rows that wait for a word, is that word."""
    offered = seen.body.options if isinstance(seen.body, Choice) else ()
    if not any(option.send.startswith(filling.USE) for option in offered):
        return said
    if plain(said) in _YES:
        return filling.USE
    return filling.DROP if plain(said) in _NO else said


def use(desk: Desk, person: Person) -> list[Letter]:
    """The rows count from now on, instead of those there were; on to the next open question."""
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    group, given = group_of(desk.campaign), fold(sitting.changes).get(WAITING)
    if group is None or given is None:
        return self_check.ask(sitting, filling.NOTHING_WAITS)
    found: list[Texts] = [json.loads(line) for line in sitting.opened(given)]
    path = sitting.path
    against = row_changes.against(path, group)
    ahead = [filling.used(len(found), desk.campaign.words.row), changing.begins(sitting)]
    if against:
        ahead.append(filling.ROWS_NEED_ANSWER)
    changes = (*row_changes.replaced(path, group, found), *progress.reopen(path, against), Change(WAITING, None))
    sitting.add((*lifted(path), *changes))
    return self_check.ask(sitting, "\n\n".join(filter(None, ahead)), anew=True)


def drop(desk: Desk, person: Person) -> list[Letter]:
    sitting, _ = sit_down(desk, person)
    waits = WAITING in fold(sitting.changes)
    sitting.add((Change(WAITING, None),) if waits else ())
    return self_check.ask(sitting, filling.DROPPED if waits else filling.NOTHING_WAITS)
