"""Risks: kept when somebody hands in, asked about on their day until closed.

What is a risk says the campaign file; what people say about one is in `risk_talk`.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlmodel import Session

from handlers import menus, reaching
from handlers.campaign.definition import Campaign
from handlers.campaign.risks import found, rule_of
from handlers.campaign.walk import Walk
from handlers.desk import Desk
from handlers.manners import polite_day
from handlers.messages import Choice, Letter, Text
from handlers.texts import open_risks
from storage import risks, roster
from storage.models import Case, Person, Risk, Unit


def keep(desk: Desk, case: Case, path: Walk, *, first: bool) -> None:
    """What the answers handed in now show: new risks are opened, those they no longer show end. One that was followed
    up to its end stays closed, unless it is told in other words or with another day. `first`: nothing was handed in
    before, so that there are none yet."""
    known = {} if first else risks.of_case(desk.session, case)
    for risk in found(path):
        session, now, settled = desk.session, desk.now, risk.settled
        there = known.pop(risk.source, None)
        if there is None:
            source, text, due = risk.source, risk.text, risk.due
            risks.open_new(session, case, source=source, text=text, due=due, at=now, settled=settled)
        elif (there.text, there.due) != (risk.text[:500], risk.due):
            there.text = risk.text[:500]
            action = risks.SETTLED if settled else risks.REOPENED if there.closed_at else risks.CHANGED
            risks.step(session, there, action, by=case.person_id, at=now, text=settled, due=risk.due)
    for gone in known.values():
        if gone.due is not None:
            risks.step(desk.session, gone, risks.GONE, by=case.person_id, at=desk.now)


# ---------------------------------------------------------------- on the day


def due(session: Session, campaign: Campaign, now: datetime) -> Iterable[Letter]:
    """The letters of a working day: each person is asked about what they have to put right today, and the day after
    their coordinators hear of it once."""
    today = now.astimezone(campaign.zone).date()
    late: dict[int, tuple[Unit, int]] = {}
    for risk, person, unit in risks.due_by(session, campaign.id, today + timedelta(days=7)):
        if risk.due is None or polite_day(campaign, risk.due) > today:
            continue
        if polite_day(campaign, risk.due) == today and person.account and person.active:
            yield _ask(campaign, risk, person)
        if risk.due < today:
            late[unit.id or 0] = (unit, late.get(unit.id or 0, (unit, 0))[1] + 1)
    yield from _digests(session, campaign, late, now)


def _ask(campaign: Campaign, risk: Risk, person: Person) -> Letter:
    rule = rule_of(campaign.risks, risk.source)
    words = open_risks.reminder(risk.text, rule.ask if rule else "")
    options = menus.numbered(
        (rule.done if rule else open_risks.DONE, f"风险 {risk.id} 处理好了"),
        (open_risks.LATER, f"风险 {risk.id} {open_risks.LATER}"),
    )
    return Letter(
        to=reaching.address(person),
        body=Choice(campaign.name, words, options),
        topic="risk",
        key=f"{campaign.id}/risk/{risk.id}/{risk.due}",
        bulk=True,
    )


def _digests(
    session: Session, campaign: Campaign, late: dict[int, tuple[Unit, int]], now: datetime
) -> Iterable[Letter]:
    """One letter a coordinator and day, for all the units they look after."""
    day: date = now.astimezone(campaign.zone).date()
    counts: dict[int, tuple[Person, Unit, int]] = {}
    for unit, number in late.values():
        for person in roster.coordinators(session, unit, now):
            before = counts.get(person.id or 0)
            counts[person.id or 0] = (person, before[1] if before else unit, (before[2] if before else 0) + number)
    for person, unit, number in counts.values():
        yield Letter(
            to=reaching.address(person),
            body=Text(open_risks.digest(unit.name, number), campaign.name),
            topic="risk",
            key=f"{campaign.id}/risks/{day}/p{person.id}",
            bulk=True,
        )
