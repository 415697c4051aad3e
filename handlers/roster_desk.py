"""The roster by chat: a coordinator gets their subtree as a workbook, edits it and sends it back; it is checked at
once, and again when they say yes.

Nothing changes before that word; the file waits sealed. What may be changed stands in `papers/roster_rights.py`.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import asdict

from handlers import exporting, menus
from handlers.campaign.definition import Campaign
from handlers.commands import Command, Word
from handlers.desk import Desk
from handlers.messages import Letter, ReceivedFile
from handlers.papers.archive import Limits
from handlers.papers.roster_book import CellError, RosterDraft, RosterErrors, is_roster, read_draft
from handlers.papers.roster_check import Examined, examine
from handlers.papers.roster_rights import Rights
from handlers.texts import rosters as texts
from storage import files, pending_files, roster, roster_import
from storage.models import Person
from storage.roster_difference import What

LIMITS = Limits(unpacked_bytes=20_000_000, rows=10_000, columns=32)
"""A whole city's roster is imported on the server, with `zicha roster import`."""
_LINES = 8
_WARNINGS = 5
_CONFIRMED = re.compile(r"(\d+)(?:\D+(\d+)\D+)?")


def download(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«名册 金山社区»: the same as «导出 名册 金山社区»."""
    return exporting.export(desk, person, Command(Word.EXPORT, f"名册 {command.rest}".strip()))


# ---------------------------------------------------------------- a file comes back


def wanted(desk: Desk, person: Person) -> bool:
    """From whoever looks after a unit, in 1:1."""
    return not desk.in_group and desk.reach(person).oversees


def knows(content: bytes) -> bool:
    return is_roster(content, LIMITS)


def look(content: bytes, campaign: Campaign) -> RosterDraft | RosterErrors:
    """What a workbook holds; takes its time with a large one."""
    try:
        return read_draft(io.BytesIO(content), LIMITS)
    except RosterErrors as errors:
        return errors


def read(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
    """A roster that was sent back: its errors by cell, or what it would change, to be confirmed."""
    draft = file.found if isinstance(file.found, RosterDraft | RosterErrors) else look(file.content, desk.campaign)
    found = _examined(desk, person, draft)
    if isinstance(found, RosterErrors):
        return [desk.tell(_wrong(file.name, found.errors))]
    kept = pending_files.keep(
        desk.session,
        desk.vault,
        file.content,
        purpose=pending_files.ROSTER,
        person_id=person.id or 0,
        name=file.name,
        at=desk.now,
    )
    letters = _offer(desk, found, kept.id or 0)
    if found.changes().nothing and not found.difference.missing:
        pending_files.end(desk.session, kept, desk.now)
    return letters


def _examined(
    desk: Desk, person: Person, draft: RosterDraft | RosterErrors, *, leavers: bool = False
) -> Examined | RosterErrors:
    if isinstance(draft, RosterErrors):
        return draft
    reach = desk.reach(person)
    tops = [unit for _, unit in reach.appointments]
    units = roster.units(desk.session)
    codes = {unit.id: unit.code for unit in units}
    # Codes of other units are as good as unknown; the one above may stand as the parent of one's own.
    known = {unit.code for unit in units if reach.covers(unit)} | {codes.get(top.parent_id, "") for top in tops}
    rights = Rights(staff_id=person.staff_id, offices=tuple((role, unit.path) for role, unit in reach.appointments))
    try:
        file = draft.settled(frozenset(known - {""}))
    except RosterErrors as errors:
        return errors
    found = examine(desk.session, desk.vault, file, rights=rights, leavers=leavers)
    return RosterErrors(found.errors) if found.errors else found


def _wrong(name: str, errors: Sequence[CellError]) -> str:
    shown = [_line(error) for error in errors[: texts.CELLS_TOLD]]
    return texts.wrong(name, shown, len(errors) - len(shown))


def _line(error: CellError) -> str:
    place = f"{error.sheet} {error.cell}".strip()
    return f"{place}：{error.problem}" if place else error.problem


# ---------------------------------------------------------------- what it would change


def _offer(desk: Desk, found: Examined, number: int, ahead: str = "") -> list[Letter]:
    changes, missing = found.changes(), found.difference.missing
    if changes.nothing and not missing:
        return [desk.tell(texts.same(""))]
    warnings = [_line(warning) for warning in found.warnings]
    told = texts.would_change(
        changes,
        _changed_lines(desk, found),
        [one.name for one in missing],
        warnings[:_WARNINGS],
        max(len(warnings) - _WARNINGS, 0),
    )
    options = [] if changes.nothing else [(texts.confirm(), f"确认导入 {number}")]
    options.append((texts.drop(), f"不导入 {number}"))
    if missing:
        options.append((texts.confirm_and_leave(len(missing)), texts.confirmed_leaving(number, len(missing))))
    return [desk.offer("\n".join(part for part in (ahead, told) if part), menus.numbered(*options))]


def _changed_lines(desk: Desk, found: Examined) -> list[str]:
    """The first of those who change, by name and unit."""
    names = {unit.code: unit.name for unit in roster.units(desk.session)}
    names |= {row.code: row.name for row in (*found.difference.new_units, *found.difference.other_units)}
    words = {
        What.ADDED: texts.ADDED,
        What.RETURNED: texts.RETURNED,
        What.MOVED: texts.MOVED,
        What.CHANGED: texts.CHANGED,
    }
    steps = found.difference.steps
    shown = [texts.line(words[step.what], step.row.name, names[step.row.unit_code]) for step in steps[:_LINES]]
    return shown + ([texts.and_more(len(steps) - _LINES)] if len(steps) > _LINES else [])


# ---------------------------------------------------------------- the word on it


def confirm(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«确认导入 17» or «确认导入 17，3人已离开»: checked once more, then all of it at once."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    said = _CONFIRMED.fullmatch(command.rest)
    number, leaving = (int(said[1]), said[2]) if said else (0, None)
    file = pending_files.waiting(desk.session, person.id or 0, number)
    if file is None:
        desk.denied(command.word)
        return [desk.tell(texts.NOTHING_WAITS)]
    draft = look(files.opened(desk.vault, file), desk.campaign)
    found = _examined(desk, person, draft, leavers=leaving is not None)
    if isinstance(found, RosterErrors):
        pending_files.end(desk.session, file, desk.now)
        return [desk.tell(_wrong(file.name, found.errors))]
    if leaving is not None and int(leaving) != len(found.difference.missing):
        return _offer(desk, found, number, texts.CHANGED_MEANWHILE)
    pending_files.end(desk.session, file, desk.now)
    home = desk.reach(person).home.code
    changes = roster_import.carry_out(desk.session, found.difference, at=desk.now, leavers=leaving is not None)
    counts = " ".join(f"{name}={count}" for name, count in asdict(changes).items() if count)
    desk.record("roster.import", subject=home, detail=counts)
    return [desk.tell(texts.done(changes))]


def drop(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«不导入 17»."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    number = int(command.rest) if command.rest.isdecimal() else 0
    file = (
        pending_files.waiting(desk.session, person.id or 0, number)
        if number
        else pending_files.newest(desk.session, person.id or 0, pending_files.ROSTER)
    )
    if file is None:
        desk.denied(command.word)
        return [desk.tell(texts.NOTHING_WAITS)]
    pending_files.end(desk.session, file, desk.now)
    return [desk.tell(texts.DROPPED)]
