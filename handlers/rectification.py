"""整改: a finding followed up until it is closed: listed, answered, sent back, put off, closed, reminded of.

The checker's office and those above it close a finding; whoever looks after the unit answers it. Persons are named to
the checkers and to the unit's own coordinators only.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlmodel import Session

from handlers import menus, reaching
from handlers.access import Reach
from handlers.campaign import matching
from handlers.campaign.definition import Campaign
from handlers.commands import PUT_OFF, Command, Word
from handlers.desk import Desk, full_name
from handlers.findings import days_given, in_private, to_unit, verbatim, write
from handlers.manners import days_ahead, polite_day
from handlers.messages import Letter, Text
from handlers.reminders import settling
from handlers.texts import plain, rectifying
from handlers.texts.rectifying import Line
from storage import findings, roster
from storage.models import Finding, FindingStep, Person, Unit

_ABOUT_ONE = re.compile(r"(?P<number>\d{1,9})\s*(?P<what>.*)", re.DOTALL)
_REFUSED = re.compile(rf"{rectifying.REFUSE}\s*(?:[:：，,\s]\s*(?P<why>.+))?", re.DOTALL)
_TOPIC = "rectify"


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«整改»: what is open; «整改 3 …»: something about one of them."""
    about = _ABOUT_ONE.fullmatch(verbatim(desk, command, "整改"))
    if about is None:
        return in_private(desk, [desk.confide(_listed(desk, person))])
    return in_private(desk, _about_one(desk, person, int(about["number"]), about["what"].strip()))


def _about_one(desk: Desk, person: Person, number: int, what: str) -> list[Letter]:
    found = findings.one(desk.session, desk.campaign.id, number)
    reach = desk.reach(person)
    if found is None or not reach.covers(found[1]):
        desk.denied(Word.RECTIFY)
        return [desk.confide(rectifying.UNKNOWN)]
    finding, unit, whom = found
    if not what:
        return [desk.confide(_history(desk, reach, finding, unit, whom))]
    if finding.closed_at:
        return [desk.confide(rectifying.closed_before(number))]
    refused, put_off = _REFUSED.fullmatch(what), PUT_OFF.fullmatch(what)
    approved = what.rstrip("。. ") == rectifying.APPROVE
    if not (approved or refused or put_off):
        return _answer(desk, person, finding, unit, what.lstrip(":：，, "))
    if not _checks(desk, reach, finding):
        return [desk.confide(rectifying.only_checkers(number))]
    if put_off:
        return _put_off(desk, person, finding, unit, put_off["day"], put_off["why"] or "")
    if finding.answered_at is None:
        return [desk.confide(rectifying.not_answered(number))]
    if refused:
        return _send_back(desk, person, finding, unit, (refused["why"] or "").strip())
    return _close(desk, person, finding, unit)


def _checks(desk: Desk, reach: Reach, finding: Finding) -> bool:
    """The checker's office and those above it."""
    return reach.above(roster.unit(desk.session, finding.office_id))


def _step(desk: Desk, person: Person, finding: Finding, action: str, text: str = "") -> FindingStep:
    desk.record(f"finding.{action}", detail=f"{finding.id}")
    return findings.step(desk.session, finding, action, by=person.id or 0, at=desk.now, text=text)


def _answer(desk: Desk, person: Person, finding: Finding, unit: Unit, text: str) -> list[Letter]:
    number = finding.id or 0
    if not text:
        return [desk.confide(rectifying.how_to_answer(number))]
    step = _step(desk, person, finding, findings.ANSWERED, text)
    settling.settle(desk, unit)
    told = rectifying.to_check(number, desk.unit_name(unit), text)
    checkers = findings.checkers(desk.session, finding, desk.now)
    approve = menus.numbered((rectifying.APPROVE, f"整改 {number} {rectifying.APPROVE}"))
    others = (one for one in checkers if one.id != person.id)
    letters = [letter for one in others for letter in write(desk, one, told, step, approve)]
    return [desk.confide(rectifying.answered(number)), *letters]


def _close(desk: Desk, person: Person, finding: Finding, unit: Unit) -> list[Letter]:
    step = _step(desk, person, finding, findings.CLOSED)
    settling.settle(desk, roster.unit(desk.session, finding.office_id))
    told = rectifying.closed_to_unit(finding.id or 0, desk.unit_name(unit))
    return [desk.confide(rectifying.closed(finding.id or 0)), *to_unit(desk, unit, told, step)]


def _send_back(desk: Desk, person: Person, finding: Finding, unit: Unit, why: str) -> list[Letter]:
    """The day stays, unless it has come: then there are as many days again as where none is named."""
    if not why:
        return [desk.confide(rectifying.WHY)]
    due = finding.due if finding.due and finding.due > desk.today else days_given(desk)
    finding.due = due
    step = _step(desk, person, finding, findings.SENT_BACK, why)
    told = rectifying.sent_back_to_unit(finding.id or 0, desk.unit_name(unit), why, due)
    return [desk.confide(rectifying.sent_back(finding.id or 0, due)), *to_unit(desk, unit, told, step)]


def _put_off(desk: Desk, person: Person, finding: Finding, unit: Unit, said: str, why: str) -> list[Letter]:
    due = matching.day(said, desk.today)
    if due is None or due < desk.today:
        return [desk.confide(rectifying.PAST_DAY if due else rectifying.BAD_DAY)]
    finding.due = due
    step = _step(desk, person, finding, findings.PUT_OFF, why)
    told = rectifying.put_off_to_unit(finding.id or 0, desk.unit_name(unit), due)
    return [desk.confide(rectifying.put_off(finding.id or 0, due)), *to_unit(desk, unit, told, step)]


# ---------------------------------------------------------------- looking


def _listed(desk: Desk, person: Person) -> str:
    reach = desk.reach(person)
    found = {
        finding.id: (finding, unit, whom)
        for _, top in reach.appointments
        for finding, unit, whom in findings.below(desk.session, desk.campaign.id, top.path, only_open=True)
    }
    if not found:
        return rectifying.NONE_OPEN
    return rectifying.listed(desk.unit_name(reach.home), [_line(desk, reach, *one) for one in found.values()])


def _history(desk: Desk, reach: Reach, finding: Finding, unit: Unit, whom: Person | None) -> str:
    steps = findings.steps(desk.session, [finding.id or 0]).get(finding.id or 0, [])
    told = [
        (plain.moment(step.at, desk.campaign), by.name, step.action, step.text if step.action != "recorded" else "")
        for step, by in steps
    ]
    return rectifying.history(_line(desk, reach, finding, unit, whom), told)


def _line(desk: Desk, reach: Reach, finding: Finding, unit: Unit, whom: Person | None) -> Line:
    named = whom is not None and (_checks(desk, reach, finding) or _own_coordinator(desk, reach, unit))
    return Line(
        number=finding.id or 0,
        unit=desk.unit_name(unit),
        whom=whom.name if whom and named else "",
        text=finding.text,
        due=finding.due,
        answered=finding.answered_at is not None,
        overdue=overdue(finding, desk.today),
        closed=finding.closed_at is not None,
    )


def _own_coordinator(desk: Desk, reach: Reach, unit: Unit) -> bool:
    """Whether the asker is one of those who look after this unit most closely."""
    me = desk.inbound.sender_id
    return any(one.staff_id == me for one in roster.coordinators(desk.session, unit, desk.now))


def overdue(finding: Finding, today: date) -> bool:
    """Past its day and not even answered."""
    return finding.closed_at is None and finding.answered_at is None and finding.due is not None and finding.due < today


# ---------------------------------------------------------------- the round of the day


def due(session: Session, campaign: Campaign, now: datetime) -> Iterator[Letter]:
    """A letter to the unit the working day before the due day, and one to the checkers when the day is over."""
    today = now.astimezone(campaign.zone).date()
    late: dict[int, tuple[Person, list[int]]] = {}
    for finding, unit, _ in findings.below(session, campaign.id, "/", only_open=True):
        if finding.due is None or finding.answered_at:
            continue
        if polite_day(campaign, finding.due - timedelta(days=1)) == today:
            name = full_name(roster.chain(session, unit))
            told = rectifying.reminder(finding.id or 0, name, finding.text, finding.due)
            key = f"finding/{finding.id}/before/{finding.due}"
            for person in roster.coordinators(session, unit, now):
                yield from _unasked(campaign, person, told, key, today)
        elif finding.due < today and days_ahead(campaign, finding.due, 1) == today:
            for checker in findings.checkers(session, finding, now):
                late.setdefault(checker.id or 0, (checker, []))[1].append(finding.id or 0)
    for checker, numbers in late.values():
        told = rectifying.overdue(len(numbers), numbers)
        yield from _unasked(campaign, checker, told, f"finding/overdue/{today}", today)


def _unasked(campaign: Campaign, person: Person, told: str, key: str, today: date) -> Iterator[Letter]:
    if person.account and person.active:
        yield Letter(
            to=reaching.address(person),
            body=Text(told, campaign.name),
            topic=_TOPIC,
            key=f"{campaign.id}/{key}/{person.id}",
            expires_at=datetime.combine(today, campaign.manners.until, campaign.zone),
        )
