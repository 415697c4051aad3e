"""Offices passed on in one command: «委托 王雅芳 到6月1日» for a time, «移交 王雅芳» for good.

Only one's own offices, only to a colleague of one's own subtree who has an account. A deputy passes nothing on.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

from handlers import menus
from handlers.campaign import matching
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.texts import deputies as texts
from storage import appointments, roster
from storage.models import Appointment, Person, Unit
from storage.rows import Role

_LONGEST = timedelta(days=366)
_TERM = re.compile(r"(?P<name>.*?)(?:[\s,]*[到至]\s*(?P<day>.+))?")

Held = Sequence[tuple[Appointment, Unit]]


def depute(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«委托 王雅芳 到6月1日»; without a name: who stands in for whom."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    if not command.rest:
        return _listed(desk, person)
    said = _TERM.fullmatch(command.rest)
    name, till = (said["name"].strip(), said["day"] or "") if said else (command.rest, "")
    if not name:
        return _listed(desk, person)
    until = matching.day(till, desk.today) if till else None
    if until is None:
        return [desk.tell(texts.NO_DAY)]
    if until < desk.today or until - desk.today > _LONGEST:
        return [desk.tell(texts.PAST_DAY if until < desk.today else texts.TOO_LONG)]
    spoken = f"到{until.isoformat()}"
    found = _colleague(desk, person, name, lambda other: f"委托 {other.staff_id} {spoken}")
    return _deputed(desk, person, found, until) if isinstance(found, Person) else found


def _deputed(desk: Desk, person: Person, other: Person, until: date) -> list[Letter]:
    mine = appointments.held(desk.session, person.id or 0)
    midnight = datetime.combine(until + timedelta(days=1), time(), desk.campaign.zone)
    offices = [office for office, _ in mine]
    given = appointments.depute(desk.session, person, other, offices, until=midnight, at=desk.now)
    if not given:
        return [desk.tell(texts.holds_it(other.name, _named(desk, mine)))]
    keys = {(one.unit_id, one.role) for one in given}
    what = _named(desk, [row for row in mine if (row[0].unit_id, row[0].role) in keys])
    desk.record("office.depute", subject=mine[0][1].code, detail=f"person/{other.id} until {until.isoformat()}")
    told = texts.you_are_deputy(person.name, what, until)
    key = f"depute/{desk.inbound.msg_id}/{other.id}"
    return [desk.tell(texts.deputed(other.name, what, until)), *desk.write_to(other, told, key=key)]


def _listed(desk: Desk, person: Person) -> list[Letter]:
    given = appointments.deputies(desk.session, person.id or 0, desk.now)
    taken = appointments.standing_in(desk.session, person.id or 0, desk.now)
    return [desk.tell(texts.list_of(_terms(desk, given), _terms(desk, taken)))]


def _terms(desk: Desk, rows: Sequence[tuple[Appointment, Person, Unit]]) -> list[tuple[str, str, date]]:
    """Name, office and last day of each term."""
    return [(other.name, _named(desk, [(term, unit)]), _last_day(desk, term)) for term, other, unit in rows]


def _last_day(desk: Desk, term: Appointment) -> date:
    end = (term.until or desk.now) - timedelta(seconds=1)
    return end.astimezone(desk.campaign.zone).date()


def end_deputy(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«取消委托», of everybody or of one by name."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    running = appointments.deputies(desk.session, person.id or 0, desk.now)
    ended = [row for row in running if not command.rest or command.rest in (row[1].name, row[1].staff_id)]
    if not ended:
        return [desk.tell(texts.NOTHING_TO_END)] if not running else _listed(desk, person)
    by_deputy: dict[int, tuple[Person, list[tuple[Appointment, Unit]]]] = {}
    for term, other, unit in ended:
        by_deputy.setdefault(other.id or 0, (other, []))[1].append((term, unit))
    letters = [desk.tell(texts.ended([other.name for other, _ in by_deputy.values()]))]
    for other, terms in by_deputy.values():
        told = texts.your_term_ended(person.name, _named(desk, terms))
        letters += desk.write_to(other, told, key=f"depute/{desk.inbound.msg_id}/{other.id}/ended")
        desk.record("office.depute_end", subject=terms[0][1].code, detail=f"person/{other.id}")
    appointments.end(desk.session, [term for term, _, _ in ended], at=desk.now)
    return letters


# ---------------------------------------------------------------- for good


def hand_over(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«移交 王雅芳»: asks once whether it is meant."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    if command.rest in ("", "取消"):
        return [desk.tell(texts.NOT_HANDED_OVER if command.rest else texts.HAND_OVER_HOW)]
    found = _colleague(desk, person, command.rest, lambda other: f"移交 {other.staff_id}")
    if not isinstance(found, Person):
        return found
    what = _named(desk, appointments.held(desk.session, person.id or 0))
    asked = texts.sure(found.name, desk.unit_name(desk.unit_of(found)), what)
    buttons = menus.numbered((texts.HAND_OVER, f"确认移交 {found.staff_id}"), (texts.KEEP, "移交 取消"))
    return [desk.offer(asked, buttons)]


def hand_over_for_sure(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«确认移交 …»: the old one loses it, the new one has it, and the office above hears of it."""
    if desk.in_group:
        return [desk.tell(texts.DIRECT_ONLY)]
    found = _colleague(desk, person, command.rest, lambda other: f"确认移交 {other.staff_id}")
    if not isinstance(found, Person):
        return found
    mine = appointments.held(desk.session, person.id or 0)
    what, msg = _named(desk, mine), desk.inbound.msg_id
    released = appointments.deputies(desk.session, person.id or 0, desk.now)
    above = _above(desk, mine)
    letters = [desk.tell(texts.handed_over(found.name, what))]
    letters += desk.write_to(found, texts.you_hold_it(person.name, what), key=f"hand_over/{msg}/{found.id}")
    for other in above:
        if other.id not in (person.id, found.id):
            told = texts.told_above(person.name, found.name, what)
            letters += desk.write_to(other, told, key=f"hand_over/{msg}/above/{other.id}")
    for other_id in {other.id for _, other, _ in released if other.id != found.id}:
        other = next(other for _, other, _ in released if other.id == other_id)
        terms = [(term, unit) for term, one, unit in released if one.id == other_id]
        told = texts.deputy_released(person.name, _named(desk, terms))
        letters += desk.write_to(other, told, key=f"hand_over/{msg}/deputy/{other_id}")
    desk.record("office.hand_over", subject=mine[0][1].code, detail=f"person/{found.id}")
    appointments.hand_over(desk.session, person, found, [office for office, _ in mine], at=desk.now)
    return letters


def _above(desk: Desk, mine: Held) -> list[Person]:
    """The office above each of the units; there is none above the city's."""
    found: dict[int, Person] = {}
    for _, unit in mine:
        if unit.parent_id is not None:
            parent = roster.unit(desk.session, unit.parent_id)
            found |= {one.id or 0: one for one in roster.coordinators(desk.session, parent, desk.now)}
    return list(found.values())


# ---------------------------------------------------------------- to whom


def _colleague(desk: Desk, person: Person, name: str, said: Callable[[Person], str]) -> Person | list[Letter]:
    """The colleague meant; letters instead, where there is none, it cannot be one, or it cannot be told which."""
    mine = appointments.held(desk.session, person.id or 0)
    if not mine:
        return [desk.tell(texts.ONLY_STAND_IN)]
    found = roster.named(desk.session, name, [unit.path for _, unit in mine])
    others = [other for other in found if other.id != person.id]
    if not others:
        return [desk.tell(texts.YOURSELF if found else texts.not_found(name))]
    able = [other for other in others if other.account]
    if not able:
        return [desk.tell(texts.without_account(others[0].name))]
    if len(able) > 1:
        options = ((texts.unit_choice(other.name, _place(desk, other)), said(other)) for other in able)
        return [desk.offer(texts.WHICH, menus.numbered(*options))]
    return able[0]


def _place(desk: Desk, other: Person) -> str:
    return desk.unit_name(desk.unit_of(other))


def _named(desk: Desk, offices: Held) -> str:
    return texts.offices([(Role(office.role), unit.name) for office, unit in offices])
