"""核对: the coordinator reads the rows of the table, puts a cell into better words, merges equal rows."""

import re
from collections.abc import Sequence

from handlers import commands, menus
from handlers.asked import Asked
from handlers.campaign.definition import Campaign
from handlers.commands import Command
from handlers.desk import Desk
from handlers.issuing import issue
from handlers.messages import Letter, Reply
from handlers.returns import buttons, content, whose
from handlers.returns.rows import ReturnRow, merged
from handlers.returns.standing import Standing, standing
from handlers.texts import checking_rows, handing_up
from handlers.texts.checking_rows import Row
from storage import returns, roster
from storage.models import Person, Unit
from storage.reporting import FROZEN

PAGE = 5
"""Rows of one message."""
_PAGE_NAMED = re.compile(r"\s*第\s*(?P<page>\d{1,4})\s*页$")


def check(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«核对 [单位] [第2页]»: the rows, numbered, with whose each is, and what is wanting."""
    found = _PAGE_NAMED.search(f" {command.rest}")
    named = command.rest[: max(found.start() - 1, 0)].strip() if found else command.rest
    unit = whose.seen(desk, person, named, command)
    if not isinstance(unit, Unit):
        return unit
    here = standing(desk, unit)
    desk.record("return.check", subject=unit.code)
    return shown(here, person, page=int(found["page"]) if found else 1)


def shown(here: Standing, person: Person, *, page: int = 1) -> list[Letter]:
    """A page of the table as the coordinator reads it, with what can be done next."""
    desk, unit = here.desk, here.unit
    rows = here.rows(merge=here.merges)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    told = [_page(here, rows, page, pages), *_remarks(here, rows, page, pages)]
    mine = any(unit.id == other.id for other in whose.mine(desk, person))
    options: list[tuple[str, str]] = []
    if page < pages:
        options.append((checking_rows.NEXT, f"核对 {unit.code} 第{page + 1}页"))
    if mine and here.state not in FROZEN:
        if page == pages:
            first = buttons.confirm(here, person, returns.digest_of(content.made(here)[0]))
            options.append((first.label, first.send))
        if _equal(desk.campaign, rows, unit):
            options.append((checking_rows.MERGE, whose.spoken(desk, person, unit, checking_rows.MERGE)))
    letters = [desk.offer("\n\n".join(told), _numbered(options, here, person, mine=mine))]
    if page == 1 and pages > 1:
        letters += issue(Asked(desk, person, Command(commands.Word.EXPORT), unit), "feedback_table")
    return letters


def _numbered(options: list[tuple[str, str]], here: Standing, person: Person, *, mine: bool) -> tuple[Reply, ...]:
    if mine and here.frozen:
        options += [(reply.label.partition(" ")[2], reply.send) for reply in buttons.next_steps(here, person)]
    elif mine:
        word = handing_up.EXPORT
        options.append((word, whose.spoken(here.desk, person, here.unit, word)))
    return menus.numbered(*options) if options else menus.numbered((handing_up.PAST, f"经过 {here.unit.code}"))


def _page(here: Standing, rows: Sequence[ReturnRow], page: int, pages: int) -> str:
    desk = here.desk
    if here.frozen and here.there and here.there.content:
        figures = content.figures(here.there.content)
    else:
        figures = sum((content.figures(said) for said in here.accepted_contents.values()), here.own_figures)
    nil = not rows and bool(figures.finished)
    told = handing_up.summary(figures, len(rows), desk.campaign.words.touched, nil=nil)
    start = (page - 1) * PAGE
    numbered = list(enumerate(rows, 1))[start : start + PAGE]
    lines = [_row(here, number, row) for number, row in numbered]
    return checking_rows.page(desk.unit_name(here.unit), here.state, told, lines, number=page, pages=pages)


def _row(here: Standing, number: int, row: ReturnRow) -> Row:
    columns = here.desk.campaign.feedback_table.columns
    cells = []
    for column in columns:
        if column.field not in row.cells:
            continue
        remark = checking_rows.CORRECTED if column.field in row.corrected else ""
        remark = checking_rows.DROPPED if column.field in row.dropped else remark
        cells.append((column.name, row.cells[column.field], remark))
    return Row(number=number, whose=whose_row(here, row), cells=cells)


def whose_row(here: Standing, row: ReturnRow) -> str:
    """The unit and the person of a row, or the unit below that reported it."""
    unit = here.chart.units.get(row.unit_id) or roster.unit(here.desk.session, row.unit_id)  # moved away since
    reporter = here.chart.units.get(row.return_of, here.unit)
    if reporter.id != here.unit.id:
        return checking_rows.reported_by(unit.name, reporter.name)
    return checking_rows.whose(unit.name, people_of(here.desk, row))


def people_of(desk: Desk, row: ReturnRow) -> list[str]:
    owners = returns.owners(desk.session, [source.case_id for source in row.sources])
    return list(dict.fromkeys(owner.name for owner in owners.values()))


def _remarks(here: Standing, rows: Sequence[ReturnRow], page: int, pages: int) -> list[str]:
    """What stands below the rows: why it came back, what is equal, what is wanting, how to correct."""
    desk, told = here.desk, []
    if here.there and (reason := returns.why_back(desk.session, here.there)):
        told.append(handing_up.sent_back_with(reason))
    if here.frozen:
        after = here.came_after()
        return [*told, handing_up.came_after(after)] if after else told
    if not rows:
        told.append(checking_rows.NIL if here.own_figures.finished else checking_rows.NOTHING_YET)
    if page == pages and (equal := _equal(desk.campaign, rows, here.unit)):
        told.append(checking_rows.equal_rows(equal, heading_of(desk.campaign, desk.campaign.returns.joined)))
    if rows:
        told.append(how(desk.campaign))
    return told


def how(campaign: Campaign) -> str:
    """How a correction is written, with a column of this table."""
    columns = [column for column in campaign.feedback_table.columns if column.field in campaign.feedback_table.fields]
    return checking_rows.how(columns[-2].name)


def heading_of(campaign: Campaign, field: str) -> str:
    return next((column.name for column in campaign.feedback_table.columns if column.field == field), "")


def _equal(campaign: Campaign, rows: Sequence[ReturnRow], unit: Unit) -> list[list[int]]:
    """The numbers of rows that would become one."""
    own = [(number, row) for number, row in enumerate(rows, 1) if row.return_of == unit.id]
    together = merged(campaign, [row for _, row in own])
    by_source = {row.sources[0]: number for number, row in own}
    groups = [[by_source[source] for source in row.sources if source in by_source] for row in together]
    return [group for group in groups if len(group) > 1]


# ---------------------------------------------------------------- merging and correcting


def merge(here: Standing, person: Person, command: Command) -> list[Letter]:
    """«合并»: from now on equal rows are shown as the one they become."""
    desk, name = here.desk, here.desk.unit_name(here.unit)
    if here.frozen or here.there is None:
        return [desk.offer(checking_rows.standing_still(name, here.state), buttons.next_steps(here, person))]
    apart = here.own_rows
    together = merged(desk.campaign, apart)
    if len(apart) == len(together):
        return [desk.offer(checking_rows.NOTHING_EQUAL, buttons.about(here, person, handing_up.CHECK))]
    if not here.merges:
        returns.step(desk.session, here.there, returns.MERGE, here.state, by=person.id or 0, at=desk.now)
        desk.record("return.merge", subject=here.unit.code)
    joined = heading_of(desk.campaign, desk.campaign.returns.joined)
    told = checking_rows.merged(len(here.rows(merge=True)), joined)
    return [desk.offer(told, buttons.about(here, person, handing_up.CHECK))]
