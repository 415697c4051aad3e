"""Who is this? Somebody in no roster finds their unit, says their name, and the unit's coordinator decides.

Nobody enters the roster by their own word alone.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from handlers import commands, leak_guard, linking, menus, reaching, self_check
from handlers.campaign import id_number
from handlers.campaign.matching import clean, number
from handlers.commands import Command
from handlers.desk import Desk
from handlers.find_unit import Found, search
from handlers.messages import Address, ChatKind, Choice, Letter, Reply, Text
from handlers.reminders import settling
from handlers.texts import newcomers
from storage import accounts, roster
from storage.models import Applicant, Person, Unit

SEARCHING, NAMING, WAITING = "searching", "naming", "waiting"
_MARK = " #单位"
_NAME = re.compile(r"^[\u3400-\u9fff·]{2,20}$|^[A-Za-z][A-Za-z .·]{1,39}$")


def meet(desk: Desk, said: str) -> list[Letter]:
    """A message of somebody in no roster, wherever they are on the way to a unit."""
    if letters := linking.take(desk, said):
        return [*letters]
    applicant = roster.applicant(desk.session, desk.inbound.sender_id)
    if applicant is None:
        applicant = Applicant(
            staff_id=desk.inbound.sender_id, nick=leak_guard.harmless_name(clean(desk.inbound.sender_name))[:64]
        )
        desk.session.add(applicant)
        elsewhere = desk.inbound.chat.channel != accounts.NATIVE
        return [desk.tell(newcomers.not_in_roster(desk.campaign, elsewhere=elsewhere))]
    said = clean(said)
    tapped = said.endswith(_MARK.strip())
    said = said.removesuffix(_MARK.strip()).strip()
    if said in ("换单位", "重选单位"):
        applicant.stage, applicant.offered = SEARCHING, ""
        return [desk.tell(newcomers.FIND_UNIT)]
    if applicant.stage == WAITING:
        return [desk.reply(_waiting(desk, applicant))]
    if applicant.stage == NAMING and not tapped:
        return _named(desk, applicant, said)
    return _find(desk, applicant, said)


def _find(desk: Desk, applicant: Applicant, said: str) -> list[Letter]:
    offered = [int(part) for part in applicant.offered.split(",") if part]
    units = roster.units(desk.session)
    n = number(said) or (int(found[1]) if (found := re.match(r"^(\d)\s", said)) else None)
    if offered and n and 1 <= n <= len(offered):
        return _chosen(desk, applicant, offered[n - 1])
    hits = search(units, said)
    if not hits:
        first = said.casefold() in ("", "你好", "您好", "开始", "hi", "hello", "继续", "自查")
        return [desk.tell(newcomers.FIND_UNIT if first else newcomers.no_unit_found(said))]
    applicant.offered = ",".join(str(hit.unit_id) for hit in hits)
    applicant.stage = SEARCHING
    return [desk.reply(_offer(desk.title, hits))]


def _offer(title: str, hits: list[Found]) -> Choice:
    options = tuple(Reply(f"{n} {hit.name}", f"{n} {hit.name}{_MARK}") for n, hit in enumerate(hits, 1))
    return Choice(title, newcomers.CHOOSE_UNIT, options)


def _chosen(desk: Desk, applicant: Applicant, unit_id: int) -> list[Letter]:
    unit = roster.unit(desk.session, unit_id)
    applicant.unit_id, applicant.stage = unit.id, NAMING
    ask = newcomers.ask_name(desk.unit_name(unit))
    if _NAME.match(applicant.nick):
        return [desk.offer(ask, menus.numbered((applicant.nick, applicant.nick)))]
    return [desk.tell(ask)]


def _named(desk: Desk, applicant: Applicant, said: str) -> list[Letter]:
    name = said.removeprefix("我叫").removeprefix("我是").strip()
    if not _NAME.match(name) or id_number.looks_like_one(said) or commands.parse(said):
        return [desk.tell(newcomers.BAD_NAME)]
    applicant.name, applicant.stage = name, WAITING
    desk.session.flush()
    unit = roster.unit(desk.session, applicant.unit_id or 0)
    full = desk.unit_name(unit)
    letters = [desk.reply(_waiting(desk, applicant))]
    body = _question(desk, applicant, unit, full)
    for coordinator in roster.coordinators(desk.session, unit, desk.now):
        key = f"{desk.campaign.id}/applicant/{applicant.id}/{unit.id}/{desk.inbound.msg_id}/{coordinator.id}"
        letters.append(Letter(to=desk.direct(coordinator), body=body, topic="request", key=key))
    return letters


def _question(desk: Desk, applicant: Applicant, unit: Unit, full: str) -> Choice:
    """What the coordinator is asked. Somebody of this name may be in the roster by way of another platform."""
    yes, no = f"同意加入 {applicant.id}", f"不同意加入 {applicant.id}"
    known = _namesakes(desk, applicant, unit)
    if not known:
        options = (Reply("1 是，加入", yes), Reply("2 不是", no))
        return Choice(desk.title, newcomers.confirm_applicant(applicant.name, full), options)
    same = [(newcomers.same_as(one.name, one.staff_id), f"{yes} {one.staff_id}") for one in known]
    choices = menus.numbered(*same, (newcomers.OTHER_PERSON, yes), (newcomers.NOT_OURS, no))
    return Choice(desk.title, newcomers.confirm_known(applicant.name, full), tuple(choices))


def _namesakes(desk: Desk, applicant: Applicant, unit: Unit) -> Sequence[Person]:
    platform, _ = accounts.home(applicant.staff_id)
    return accounts.namesakes(desk.session, applicant.name, unit.path, platform)


def _waiting(desk: Desk, applicant: Applicant) -> Text:
    unit = roster.unit(desk.session, applicant.unit_id or 0)
    names = [person.name for person in roster.coordinators(desk.session, unit, desk.now)]
    return Text(newcomers.waiting_for(names, desk.unit_name(unit)), desk.title)


def admit(desk: Desk, person: Person, command: Command) -> list[Letter]:
    return _decide(desk, person, command.rest, admit=True)


def turn_away(desk: Desk, person: Person, command: Command) -> list[Letter]:
    return _decide(desk, person, command.rest, admit=False)


def _decide(desk: Desk, person: Person, said: str, *, admit: bool) -> list[Letter]:
    """The coordinator's word on an applicant; only for a unit they look after."""
    applicant_number, _, staff_id = said.partition(" ")
    applicant = roster.applicant_numbered(desk.session, int(applicant_number))
    reach = desk.reach(person)
    unit = roster.unit(desk.session, applicant.unit_id) if applicant and applicant.unit_id else None
    if applicant is None or unit is None or applicant.stage != WAITING or not reach.covers(unit):
        desk.denied("admit" if admit else "turn_away")
        return [desk.tell(newcomers.ALREADY_DECIDED)]
    action = "applicant.admit" if admit else "applicant.turn_away"
    desk.record(action, subject=unit.code)
    if not admit:
        applicant.stage, applicant.offered, applicant.unit_id = SEARCHING, "", None
        settling.settle(desk, unit)
        told = Letter(to=reaching.home(applicant.staff_id), body=Text(newcomers.TURNED_AWAY, desk.title))
        return [desk.tell(newcomers.turned_away(applicant.name)), told]
    if staff_id := staff_id.strip():
        return _link(desk, applicant, unit, staff_id)
    known = roster.add_person(
        desk.session, staff_id=applicant.staff_id, name=applicant.name, unit_id=unit.id or 0, at=desk.now
    )
    desk.session.delete(applicant)
    settling.settle(desk, unit)
    greeting = self_check.go_on(desk.in_place_of(known), known)
    admitted = desk.tell(newcomers.admitted(known.name, desk.unit_name(unit)))
    return [admitted, *(replace(letter, to=desk.direct(known)) for letter in greeting)]


def _link(desk: Desk, applicant: Applicant, unit: Unit, staff_id: str) -> list[Letter]:
    """The applicant is somebody of the roster, come from another platform: they go on where they were."""
    known = next((one for one in _namesakes(desk, applicant, unit) if one.staff_id == staff_id), None)
    if known is None:
        return [desk.tell(newcomers.ALREADY_DECIDED)]
    platform, account_id = accounts.home(applicant.staff_id)
    desk.session.delete(applicant)
    accounts.recognise(desk.session, desk.vault, known, platform, account_id, at=desk.now)
    known.reached_at = str(Address(platform, ChatKind.DIRECT, account_id))
    desk.session.flush()
    greeting = self_check.go_on(desk.in_place_of(known), known)
    told = desk.tell(newcomers.linked(known.name, desk.unit_name(unit)))
    return [told, *(replace(letter, to=desk.direct(known)) for letter in greeting)]
