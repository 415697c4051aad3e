"""The office above: accepts a return or sends it back with a reason that reaches the right people."""

import re
from collections.abc import Sequence

from handlers import asked, menus
from handlers.commands import Command
from handlers.desk import Desk
from handlers.findings import verbatim
from handlers.messages import Letter
from handlers.reminders import settling
from handlers.returns import buttons, content, looking, whose
from handlers.returns.rows import ReturnRow, frozen
from handlers.returns.standing import Standing, standing
from handlers.returns.steps import told_by, version
from handlers.texts import handing_up
from handlers.texts import receiving as receiving_texts
from storage import files, reporting, returns, subtree
from storage.models import Person, Unit, UnitReturn
from storage.reporting import ACCEPTED, FROZEN, SENT_BACK, SUBMITTED

_BACK = re.compile(
    r"^(?P<named>[^:：\n]{1,60}?)(?:\s*第\s*(?P<row>\d{1,5})\s*行)?\s*(?:[:：]\s*(?P<why>.+))?$", re.DOTALL
)


def waiting(desk: Desk, person: Person) -> list[Unit]:
    """The units whose return waits for this person to accept it."""
    found: dict[int, Unit] = {}
    for _, office in desk.reach(person).appointments:
        chart = reporting.chart(desk.session, desk.campaign.id, office, desk.now)
        for unit in chart.reporting_to(office):
            if chart.state(unit) == SUBMITTED:
                found.setdefault(unit.id or 0, unit)
    return list(found.values())


def accept(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«接收 紫金街道»; alone it lists what waits."""
    named, code = version(command.rest)
    if not named:
        return _list_waiting(desk, person)
    here = _theirs(desk, person, named, command)
    if not isinstance(here, Standing):
        return here
    name, there = desk.unit_name(here.unit), _held(here)
    if here.state == ACCEPTED:
        return [desk.offer(handing_up.already(name, ACCEPTED, told_by(here)), _next(waiting(desk, person), here.unit))]
    if here.state != SUBMITTED:
        return [desk.offer(receiving_texts.moved_on(name, here.state), _next(waiting(desk, person), here.unit))]
    if code and not there.digest.startswith(code):
        return [desk.tell(receiving_texts.old_letter(name)), *looking.shown(here, person)]
    return _accept(here, there, person)


def _accept(here: Standing, there: UnitReturn, person: Person) -> list[Letter]:
    desk, unit, name = here.desk, here.unit, here.desk.unit_name(here.unit)
    taken = returns.step(desk.session, there, returns.ACCEPT, ACCEPTED, by=person.id or 0, at=desk.now)
    desk.record("return.accept", subject=unit.code, detail=there.digest[: buttons.CODE])
    settling.settle(desk, unit)
    receiver = here.receiver
    words = receiving_texts.accepted_above(name, whose.office_name(desk, receiver), desk.campaign, desk.now)
    letters = _to_office(desk, unit, words, key=f"return/{there.id}/{taken.id}")
    still = here.chart.state(receiver) in FROZEN
    left = waiting(desk, person)
    told = receiving_texts.accepted(name, len(left), outside=desk.unit_name(receiver) if still else "")
    return [desk.offer(told, _next(left, unit)), *letters]


def _to_office(desk: Desk, unit: Unit, words: str, *, key: str, options: tuple[str, ...] = ()) -> list[Letter]:
    """A letter to each coordinator of a unit."""
    offered = menus.numbered(*((word, f"{word} {unit.code}") for word in options))
    return [
        letter
        for officer in reporting.in_office(desk.session, unit, desk.now)
        for letter in desk.write_to(officer, words, offered, key=f"{key}/{officer.id}")
    ]


def _next(left: Sequence[Unit], unit: Unit) -> buttons.Buttons:
    """After one: the next ones that wait."""
    more = [(f"{handing_up.LOOK} {other.name}", f"查看 {other.code}") for other in left[:4]]
    return menus.numbered(*more, (f"{handing_up.PAST} {unit.name}", f"经过 {unit.code}"))


def _list_waiting(desk: Desk, person: Person) -> list[Letter]:
    units = waiting(desk, person)
    if not units:
        return [desk.tell(receiving_texts.NOTHING_WAITS)]
    options = menus.numbered(*((unit.name, f"查看 {unit.code}") for unit in units[:9]))
    return [desk.offer(receiving_texts.waiting([unit.name for unit in units]), options)]


def _held(here: Standing) -> UnitReturn:
    if here.there is None:
        raise LookupError("a step was taken without its return")
    return here.there


def _theirs(desk: Desk, person: Person, named: str, command: Command, spoken: str = "") -> Standing | list[Letter]:
    """The return of a unit, held, where it goes to an office of this person; the upper one is held first."""
    unit = asked.meant(desk, person, named, command, spoken=spoken)
    if not isinstance(unit, Unit):
        return unit
    chart = reporting.chart(desk.session, desk.campaign.id, unit, desk.now, below=False)
    if not chart.reports(unit):
        return whose.not_reporting(desk, unit)
    receiver = chart.receiver(unit)
    if all(receiver.id != office.id for _, office in desk.reach(person).appointments):
        return [desk.tell(receiving_texts.received_by(desk.unit_name(unit), whose.office_name(desk, receiver)))]
    if subtree.ids(receiver.path)[:-1]:
        returns.take(desk.session, desk.campaign.id, receiver.id or 0)
    return standing(desk, unit, locked=True)


# ---------------------------------------------------------------- sending back


def send_back(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«退回 紫金街道：原因», «退回 紫金街道 第3行：原因»."""
    found = _BACK.fullmatch(verbatim(desk, command, handing_up.BACK).lstrip(":：，, "))
    if found is None:
        return [desk.tell(receiving_texts.HOW_TO_RECEIVE)]
    named, row, why = found["named"].strip(), int(found["row"] or 0), (found["why"] or "").strip()
    tail = (f" 第{row}行" if row else "") + (f"：{why}" if why else "")
    here = _theirs(desk, person, named, command, f"退回 {{unit}}{tail.replace('{', '').replace('}', '')}")
    if not isinstance(here, Standing) and not why and " " in named:
        first, _, rest = named.partition(" ")  # the reason without a colon
        again = _theirs(desk, person, first, command)
        here, why = (again, rest.strip()) if isinstance(again, Standing) else (here, why)
    if not isinstance(here, Standing):
        return here
    return _refused(here, person, row, why) or _send_back(here, person, row, why)


def _refused(here: Standing, person: Person, row: int, why: str) -> list[Letter]:
    """Why it cannot be sent back; empty where it can."""
    desk, unit, name = here.desk, here.unit, here.desk.unit_name(here.unit)
    there = _held(here)
    if here.state not in (SUBMITTED, ACCEPTED):
        return [desk.offer(receiving_texts.moved_on(name, here.state), _next(waiting(desk, person), unit))]
    receiver = here.receiver
    above = returns.find(desk.session, desk.campaign.id, receiver.id or 0)
    if above and above.state in FROZEN and content.includes(above.content, unit.id or 0):
        upper = here.chart.receiver(receiver)
        told = receiving_texts.included_above(
            name, desk.unit_name(receiver), above.state, whose.office_name(desk, upper)
        )
        return [desk.tell(told)]
    if row and not 1 <= row <= len(_rows(there, unit)):
        return [desk.tell(receiving_texts.no_such_row(name, len(_rows(there, unit))))]
    if len(why) < 2:
        return [desk.offer(receiving_texts.ask_why(name, unit.code), menus.numbered(*receiving_texts.why(unit.code)))]
    return []


def _rows(there: UnitReturn, unit: Unit) -> Sequence[ReturnRow]:
    return frozen(there.content, unit) if there.content else []


def _send_back(here: Standing, person: Person, number: int, why: str) -> list[Letter]:
    desk, unit, there = here.desk, here.unit, _held(here)
    row = _rows(there, unit)[number - 1] if number else None
    about = whose_row(here, number, row) if row else ""
    reason = f"{about}：{why}" if about else why
    taken = returns.step(
        desk.session, there, returns.SEND_BACK, SENT_BACK, by=person.id or 0, at=desk.now, reason=reason
    )
    returns.keep_content(desk.session, there, None, nil=False, gaps="")
    files.table_out_of_date(desk.session, there.id or 0, desk.now)
    desk.record("return.send_back", subject=unit.code)
    settling.settle(desk, unit)
    receiver, key = whose.office_name(desk, here.receiver), f"return/{there.id}/{taken.id}"
    words = receiving_texts.sent_back_below(desk.unit_name(unit), receiver, why, about)
    letters = _to_office(desk, unit, words, key=key, options=(handing_up.CHECK, handing_up.PAST))
    told = 0
    if row:
        data = _data_name(here, row)
        for owner in _owners(desk, row):
            written = desk.write_to(
                owner,
                receiving_texts.sent_back_to_person(receiver, data, why),
                menus.numbered((handing_up.EDIT, handing_up.EDIT)),
                key=f"{key}/row/{owner.id}",
            )
            letters += written
            told += len(written)
    answer = desk.offer(receiving_texts.sent_back(desk.unit_name(unit), told), _next(waiting(desk, person), unit))
    return [answer, *letters]


def whose_row(here: Standing, number: int, row: ReturnRow) -> str:
    """«第3行 金山社区 张三丰 密接人员清单», for the reason that is kept."""
    people = [owner.name for owner in _owners(here.desk, row)]
    unit = here.chart.units.get(row.unit_id)
    return receiving_texts.row_named(number, unit.name if unit else "", people, _data_name(here, row))


def _data_name(here: Standing, row: ReturnRow) -> str:
    """What the row is about: its first column behind the unit's."""
    return row.cells.get(here.desk.campaign.feedback_table.fields[0], "")


def _owners(desk: Desk, row: ReturnRow) -> list[Person]:
    found = returns.owners(desk.session, [source.case_id for source in row.sources])
    return list({person.id: person for person in found.values()}.values())
