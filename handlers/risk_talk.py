"""«风险»: what is open, and what was done about one. A person sees and closes their own; an office those below it."""

import re
from datetime import timedelta

from handlers import menus, self_check, spoken
from handlers.asked import Asked, about_unit
from handlers.campaign import matching
from handlers.campaign.definition import Campaign
from handlers.campaign.risks import rule_of
from handlers.commands import Command, Word
from handlers.desk import Desk, division_of
from handlers.messages import Letter
from handlers.texts import open_risks
from handlers.texts.open_risks import Levels, Line
from storage import oversight, risks, roster
from storage.models import Person, Risk, Unit
from storage.rows import UnitKind

_ABOUT_ONE = re.compile(r"(?P<number>\d{1,9})\s*(?P<what>.*)", re.DOTALL)
_WITH_REASON = re.compile(r"(?P<verb>[^：:，,\s]{1,8})\s*(?:[：:，,]\s*(?P<why>.+))?", re.DOTALL)
_LATER = timedelta(days=3)


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«风险»: what is open; «风险 3 …»: something about one of them."""
    if about := _ABOUT_ONE.fullmatch(command.rest):
        return _about_one(desk, person, int(about["number"]), about["what"].strip())
    if desk.reach(person).oversees:
        return about_unit(_below)(desk, person, command)
    if command.rest:  # «风险 不大» is how people answer, too
        return self_check.answer(desk, person, desk.inbound.text)
    return _own(desk, person)


def _own(desk: Desk, person: Person) -> list[Letter]:
    open_ = risks.of_person(desk.session, desk.campaign.id, person.id or 0)
    if not open_:
        return [desk.tell(open_risks.NONE_OWN)]
    lines = [_line(desk, risk, person, desk.unit_of(person)) for risk in open_[: open_risks.SHOWN]]
    return [desk.offer(open_risks.own(lines), menus.numbered(*(_done(desk.campaign, risk) for risk in open_[:4])))]


def _done(campaign: Campaign, risk: Risk) -> tuple[str, str]:
    rule = rule_of(campaign.risks, risk.source)
    done = rule.done if rule else open_risks.DONE
    return f"{risk.id} {done}", f"风险 {risk.id} 处理好了"


def _below(asked: Asked) -> list[Letter]:
    desk = asked.desk
    rows = risks.below(desk.session, desk.campaign.id, asked.unit.path, only_open=True)
    desk.record("risks", subject=asked.unit.code, detail=f"{len(rows)}")
    lines = [_line(desk, risk, person, unit) for risk, person, unit in rows]
    told = open_risks.below(asked.name, lines, levels(desk, asked.unit))
    return [desk.offer(told, menus.numbered((open_risks.EXPORT, asked.spoken(open_risks.EXPORT))))]


def _line(desk: Desk, risk: Risk, person: Person, unit: Unit) -> Line:
    overdue = risk.due is not None and risk.due < desk.today
    return Line(number=risk.id or 0, unit=unit.name, person=person.name, text=risk.text, due=risk.due, overdue=overdue)


def levels(desk: Desk, top: Unit) -> Levels | None:
    """Completion on the three levels, where the area of a unit has to be checked as a whole (notice 三.2)."""
    if not desk.campaign.area_of(division_of(roster.chain(desk.session, top))):
        return None
    by_unit = oversight.by_unit(desk.session, desk.campaign.id, top.path)
    kinds = {unit.id: unit.kind for unit in roster.below(desk.session, top.path)}
    groups = [tally for i, tally in by_unit.items() if kinds.get(i) == UnitKind.WORKING_GROUP]
    units = [tally for i, tally in by_unit.items() if kinds.get(i) != UnitKind.WORKING_GROUP]
    everybody = [*groups, *units]
    return Levels(
        groups=len(groups),
        groups_done=sum(not tally.missing for tally in groups),
        units=len(units),
        units_done=sum(not tally.missing for tally in units),
        people=sum(tally.expected for tally in everybody),
        people_done=sum(tally.finished for tally in everybody),
    )


def _about_one(desk: Desk, person: Person, number: int, what: str) -> list[Letter]:
    known = risks.one(desk.session, number)
    office = known is not None and desk.reach(person).covers(known[2])
    if known is None or known[0].campaign != desk.campaign.id or not (office or known[1].id == person.id):
        desk.denied(Word.RISK)
        return [desk.tell(open_risks.UNKNOWN)]
    risk = known[0]
    if later := spoken.PUT_OFF.fullmatch(what):
        return _put_off(desk, person, risk, later["day"], later["why"] or "")
    if what == open_risks.LATER:
        return [desk.tell(open_risks.how_late(number, desk.today + _LATER))]
    verb = _WITH_REASON.fullmatch(what)
    action = _VERBS.get(verb["verb"]) if verb else None
    if verb is None or action is None:
        return [desk.tell(open_risks.HOW)]
    if action is risks.REOPENED and not office:
        return [desk.tell(open_risks.ONLY_OFFICES)]
    return _do(desk, person, risk, action, verb["why"] or "")


_VERBS = {
    **dict.fromkeys(open_risks.CLOSING, risks.CLOSED),
    **dict.fromkeys(open_risks.NOTING, risks.NOTED),
    **dict.fromkeys(open_risks.REOPENING, risks.REOPENED),
}


def _do(desk: Desk, person: Person, risk: Risk, action: str, why: str) -> list[Letter]:
    number = risk.id or 0
    if action is risks.CLOSED and risk.closed_at is not None:
        return [desk.tell(open_risks.closed_before(number))]
    risks.step(desk.session, risk, action, by=person.id or 0, at=desk.now, text=why)
    desk.record(f"risk.{action}", subject=f"{number}")
    told = {risks.CLOSED: open_risks.closed, risks.NOTED: open_risks.noted, risks.REOPENED: open_risks.reopened}
    return [desk.tell(told[action](number))]


def _put_off(desk: Desk, person: Person, risk: Risk, said: str, why: str) -> list[Letter]:
    due = matching.day(said, desk.today)
    if due is None or risk.closed_at is not None:
        return [desk.tell(open_risks.HOW if due is None else open_risks.closed_before(risk.id or 0))]
    if due < desk.today:
        return [desk.tell(open_risks.PAST_DAY)]
    risks.step(desk.session, risk, risks.PUT_OFF, by=person.id or 0, at=desk.now, text=why, due=due)
    desk.record("risk.put_off", subject=f"{risk.id}", detail=due.isoformat())
    return [desk.tell(open_risks.put_off(risk.id or 0, due))]
