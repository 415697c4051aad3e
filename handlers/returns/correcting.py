"""更正: the coordinator's wording of one cell; the person's own words stay where they are."""

from handlers import leak_guard, menus
from handlers.campaign.definition import Campaign
from handlers.campaign.rows import heading
from handlers.commands import CORRECTION, Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.papers.handed_in import rows_handed_in
from handlers.returns import buttons, whose
from handlers.returns.checking import heading_of, how, people_of
from handlers.returns.rows import ReturnRow, Source
from handlers.returns.standing import Standing, standing
from handlers.texts import checking_rows, handing_up
from storage import returns, roster
from storage.models import Person, RowCorrection, Unit
from storage.vault import correction_purpose

_LONGEST = 500


def correct(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«更正 3 存在问题：……»: another wording of one cell; the person's own words stay."""
    said = desk.inbound.text.strip().lstrip("/")
    found = CORRECTION.match(said if said.startswith("更正") else f"更正 {command.rest}")
    if found is None:
        return [desk.tell(how(desk.campaign))]
    again = f"{found['row']} {found['column']}：{found['text']}".replace("{", "").replace("}", "")
    unit = whose.own(desk, person, found["unit"] or "", command, spoken=f"更正 {{unit}} {again}")
    if not isinstance(unit, Unit):
        return unit
    here = standing(desk, unit, locked=True)
    name = desk.unit_name(unit)
    if here.frozen:
        return [desk.offer(checking_rows.standing_still(name, here.state), buttons.next_steps(here, person))]
    rows = here.rows(merge=here.merges)
    number = int(found["row"])
    if not 1 <= number <= len(rows):
        return [desk.offer(checking_rows.no_such_row(len(rows)), buttons.about(here, person, handing_up.CHECK))]
    row, field = rows[number - 1], column_meant(desk.campaign, found["column"])
    if row.return_of != unit.id:
        below = roster.unit(desk.session, row.return_of)
        return [desk.tell(checking_rows.of_unit_below(desk.unit_name(below), below.code))]
    if not field:
        headings = [c.name for c in desk.campaign.feedback_table.columns if c.field in row.cells]
        return [desk.tell(checking_rows.which_column(headings))]
    text = found["text"].strip()
    if len(text) > _LONGEST:
        return [desk.tell(checking_rows.too_long(_LONGEST))]
    return _correct(here, person, number, row, field, text)


def _correct(here: Standing, person: Person, number: int, row: ReturnRow, field: str, text: str) -> list[Letter]:
    desk, heading = here.desk, heading_of(here.desk.campaign, field)
    submissions = returns.by_id(desk.session, [source.submission_id for source in row.sources])
    back = text in checking_rows.RESTORING
    own = ""
    masked = leak_guard.mask_phones(text)
    for source in row.sources:
        submission, owner = submissions[source.submission_id]
        own = rows_handed_in(desk.campaign, owner.name, submission)[source.row][field]
        correction = RowCorrection(
            campaign=desk.campaign.id,
            case_id=source.case_id,
            row=source.row,
            field=field,
            instead_of=own,
            text="" if back or text == own else masked,
            sealed=None if back or masked == text else _sealed(desk, source, field, text),
            by=person.id or 0,
            at=desk.now,
        )
        returns.correct(desk.session, correction)
    desk.record("return.correct", subject=here.unit.code, detail=f"{number} {field}")
    if back or text == own:
        told = checking_rows.restored(number, heading, own)
        return [desk.offer(told, buttons.about(here, person, handing_up.CHECK))]
    told = checking_rows.corrected(number, heading, masked, row.cells[field], people_of(desk, row))
    restore = (checking_rows.RESTORE, f"更正 {_named(here, person)}{number} {heading}：{checking_rows.RESTORE}")
    check_ = (handing_up.CHECK, whose.spoken(desk, person, here.unit, handing_up.CHECK))
    return [desk.offer(told, menus.numbered(check_, restore))]


def _sealed(desk: Desk, source: Source, field: str, text: str) -> str:
    return desk.vault.seal(text, correction_purpose(source.case_id, source.row, field), desk.campaign.id)


def _named(here: Standing, person: Person) -> str:
    naming = whose.naming(here.desk, person, here.unit).strip()
    return f"{naming} " if naming else ""


def column_meant(campaign: Campaign, said: str) -> str:
    """The field of a column named by its heading or some of it («存在问题»), or by the short name of its question;
    empty where it cannot be told."""
    named = {c.name: c.field for c in campaign.feedback_table.columns if c.field in campaign.feedback_table.fields}
    short = {campaign.by_id[field].mark: field for field in named.values() if field in campaign.by_id}
    if said in named or said in short:
        return named.get(said) or short[said]
    field = heading(campaign, said)
    return field if field in named.values() else ""
