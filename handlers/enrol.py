"""Who is this? Somebody in no roster finds their unit, says their name, and the unit's coordinator decides.

Nobody enters the roster by their own word alone.
"""

import re
from dataclasses import replace

from handlers import access, commands, menus, self_check, texts
from handlers.campaign import id_number
from handlers.campaign.matching import clean, number
from handlers.desk import Desk, full_name
from handlers.find_unit import Found, search
from handlers.messages import Choice, Letter, Reply, Text
from storage import roster
from storage.models import Applicant, Person, Unit

SEARCHING, NAMING, WAITING = "searching", "naming", "waiting"
_MARK = " #单位"
_NAME = re.compile(r"^[\u3400-\u9fff·]{2,20}$|^[A-Za-z][A-Za-z .·]{1,39}$")


def meet(desk: Desk, said: str) -> list[Letter]:
    """A message of somebody in no roster, wherever they are on the way to a unit."""
    applicant = roster.applicant(desk.session, desk.inbound.sender_id)
    if applicant is None:
        applicant = Applicant(staff_id=desk.inbound.sender_id, nick=clean(desk.inbound.sender_name)[:64])
        desk.session.add(applicant)
        return [desk.reply(Text(texts.not_in_roster(desk.campaign), texts.TITLE))]
    said = clean(said)
    tapped = said.endswith(_MARK.strip())
    said = said.removesuffix(_MARK.strip()).strip()
    if said in ("换单位", "重选单位"):
        applicant.stage, applicant.offered = SEARCHING, ""
        return [desk.reply(Text(texts.FIND_UNIT, texts.TITLE))]
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
        return [desk.reply(Text(texts.FIND_UNIT if first else texts.no_unit_found(said), texts.TITLE))]
    applicant.offered = ",".join(str(hit.unit_id) for hit in hits)
    applicant.stage = SEARCHING
    return [desk.reply(_offer(hits))]


def _offer(hits: list[Found]) -> Choice:
    options = tuple(Reply(f"{n} {hit.name}", f"{n} {hit.name}{_MARK}") for n, hit in enumerate(hits, 1))
    return Choice(texts.TITLE, texts.CHOOSE_UNIT, options)


def _chosen(desk: Desk, applicant: Applicant, unit_id: int) -> list[Letter]:
    unit = roster.unit(desk.session, unit_id)
    applicant.unit_id, applicant.stage = unit.id, NAMING
    ask = texts.ask_name(_full(desk, unit))
    if _NAME.match(applicant.nick):
        return [desk.reply(Choice(texts.TITLE, ask, menus.numbered((applicant.nick, applicant.nick))))]
    return [desk.reply(Text(ask, texts.TITLE))]


def _named(desk: Desk, applicant: Applicant, said: str) -> list[Letter]:
    name = said.removeprefix("我叫").removeprefix("我是").strip()
    if not _NAME.match(name) or id_number.looks_like_one(said) or commands.parse(said):
        return [desk.reply(Text(texts.BAD_NAME, texts.TITLE))]
    applicant.name, applicant.stage = name, WAITING
    desk.session.flush()
    unit = roster.unit(desk.session, applicant.unit_id or 0)
    full = _full(desk, unit)
    letters = [desk.reply(_waiting(desk, applicant))]
    options = (Reply("1 是，加入", f"同意加入 {applicant.id}"), Reply("2 不是", f"不同意加入 {applicant.id}"))
    for coordinator in roster.coordinators(desk.session, unit):
        body = Choice(texts.TITLE, texts.confirm_applicant(name, full), options)
        key = f"{desk.campaign.id}/applicant/{applicant.id}/{unit.id}/{desk.inbound.msg_id}/{coordinator.id}"
        letters.append(Letter(to=desk.direct(coordinator.staff_id), body=body, topic="request", key=key))
    return letters


def _waiting(desk: Desk, applicant: Applicant) -> Text:
    unit = roster.unit(desk.session, applicant.unit_id or 0)
    names = [person.name for person in roster.coordinators(desk.session, unit)]
    return Text(texts.waiting_for(names, _full(desk, unit)), texts.TITLE)


def decide(desk: Desk, person: Person, applicant_number: str, *, admit: bool) -> list[Letter]:
    """The coordinator's word on an applicant; only for a unit they look after."""
    applicant = roster.applicant_numbered(desk.session, int(applicant_number))
    reach = access.reach(desk.session, person)
    unit = roster.unit(desk.session, applicant.unit_id) if applicant and applicant.unit_id else None
    if applicant is None or unit is None or applicant.stage != WAITING or not reach.covers(unit):
        return [desk.reply(Text(texts.ALREADY_DECIDED, texts.TITLE))]
    action = "applicant.admit" if admit else "applicant.turn_away"
    desk.record(action, subject=unit.code)
    if not admit:
        applicant.stage, applicant.offered, applicant.unit_id = SEARCHING, "", None
        told = Letter(to=desk.direct(applicant.staff_id), body=Text(texts.TURNED_AWAY, texts.TITLE))
        return [desk.reply(Text(texts.turned_away(applicant.name), texts.TITLE)), told]
    known = roster.person(desk.session, applicant.staff_id)
    if known is None:
        known = roster.add_person(desk.session, staff_id=applicant.staff_id, name=applicant.name, unit_id=unit.id or 0)
    desk.session.delete(applicant)
    greeting = self_check.go_on(desk.in_place_of(known), known)
    admitted = desk.reply(Text(texts.admitted(known.name, _full(desk, unit)), texts.TITLE))
    return [admitted, *(replace(letter, to=desk.direct(known.staff_id)) for letter in greeting)]


def _full(desk: Desk, unit: Unit) -> str:
    return full_name(roster.chain(desk.session, unit))
