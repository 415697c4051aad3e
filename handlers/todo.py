"""待办: what waits for somebody now, by their offices; the most urgent first, each with its word as a button.

Looks into the books of the other rooms and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from handlers import menus
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.returns import receiving, whose
from handlers.returns.standing import Standing, standing
from handlers.texts import handing_up
from handlers.texts import own_data as own_data_texts
from handlers.texts import todo as texts
from storage import cases, exemptions, own_data, returns, roster, todo
from storage.models import Person, Unit
from storage.reporting import ACCEPTED, CONFIRMED, FROZEN, STAMPED, SUBMITTED
from storage.rows import Role

MOST = 8
_APPLICANTS = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A thing to do. The lower `rank`, the sooner; without `said` there is no button."""

    rank: int
    text: str
    label: str = ""
    said: str = ""


def show(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«待办». Asked in a group, it is told in 1:1."""
    items = sorted([*_own(desk, person), *_of_office(desk, person)], key=lambda item: item.rank)
    if not items:
        return [desk.confide(texts.NOTHING_OFFICE if desk.reach(person).oversees else texts.NOTHING)]
    shown = items[:MOST]
    told = texts.listed([item.text for item in shown], len(items) - len(shown))
    options = menus.numbered(*((item.label, item.said) for item in shown if item.said))
    if not options:
        return [desk.confide(told)]
    return [desk.whisper(desk.offer(told, options).body)]


def _own(desk: Desk, person: Person) -> Iterator[Item]:
    """What everybody may have to do themselves."""
    person_id, campaign = person.id or 0, desk.campaign
    case = cases.find(desk.session, campaign.id, person_id)
    if exemptions.find(desk.session, campaign.id, person_id):
        pass  # nothing is asked of them, though they may
    elif case is None or case.submitted_at is None:
        late = desk.now >= campaign.closes_at
        words = texts.own_unfinished(campaign.deadline, begun=case is not None, late=late)
        yield Item(20, words, texts.GO_ON, texts.GO_ON)
    elif case.asked_again:
        yield Item(20, texts.ASKED_AGAIN, texts.GO_ON, texts.GO_ON)
    for number in todo.checks_to_answer(desk.session, campaign.id, person_id)[:1]:
        count = len(todo.checks_to_answer(desk.session, campaign.id, person_id))
        yield Item(15, texts.spot_checks(count), "复核", f"复核 {number}")
    risks, overdue = todo.risks_due(desk.session, campaign.id, person_id, desk.today)
    if risks:
        yield Item(22 if overdue else 60, texts.risks(risks, overdue), "风险", "风险")
    if found := todo.findings_of_person(desk.session, campaign.id, person_id):
        yield Item(30, texts.own_findings(found))


def _of_office(desk: Desk, person: Person) -> Iterator[Item]:
    """What waits for the offices somebody holds."""
    reach = desk.reach(person)
    if not reach.oversees:
        return
    waiting = receiving.waiting(desk, person)
    if waiting:
        label, said = (texts.SEE, f"查看 {waiting[0].code}") if len(waiting) == 1 else (texts.RECEIVE, texts.RECEIVE)
        yield Item(10, texts.to_receive(len(waiting), [unit.name for unit in waiting]), label, said)
    asked = sum(len(own_data.open_requests(desk.session, top.path)) for _, top in reach.appointments)
    if asked:
        yield Item(50, own_data_texts.requests(asked), own_data_texts.MENDED, own_data_texts.MENDED)
    for unit in whose.mine(desk, person):
        yield from _of_return(desk, person, standing(desk, unit))
    yield from _applicants(desk, person)
    yield from _checks(desk, person)
    for role, office in reach.appointments:
        if role is Role.CITY:
            yield from _units_missing(desk, office)


def _of_return(desk: Desk, person: Person, here: Standing) -> Iterator[Item]:
    """The next step of one's own return."""
    unit, name = here.unit, desk.unit_name(here.unit)

    def about(rank: int, text: str, word: str) -> Item:
        return Item(rank, text, word, whose.spoken(desk, person, unit, word))

    if here.state in FROZEN:
        if after := here.came_after():
            yield about(45, texts.came_after(name, after), handing_up.PAST)
        if here.state == CONFIRMED and desk.campaign.returns.stamp:
            yield about(12, texts.to_stamp(name), handing_up.EXPORT)
        elif here.state in (CONFIRMED, STAMPED):
            yield about(11, texts.to_hand_up(name), handing_up.HAND_UP)
        return
    reason = returns.why_back(desk.session, here.there) if here.there else ""
    if reason:
        yield about(5, texts.sent_back(name, reason), handing_up.CHECK)
    unfinished = here.unfinished
    absent = [other for other, state in here.not_accepted() if state != SUBMITTED]
    if unfinished.waiting:
        yield about(35, texts.countersigns(len(unfinished.waiting)), handing_up.COUNTERSIGN)
    if unfinished.people:
        yield about(40, texts.people_missing(name, len(unfinished.people)), handing_up.NUDGE)
    if absent:
        words = texts.units_missing(name, len(absent), [other.name for other in absent])
        yield Item(42, words, texts.URGE, f"{texts.URGE} {unit.code}")
    if not (reason or unfinished.people or unfinished.waiting or here.not_accepted()):
        yield about(12, texts.to_confirm(name), handing_up.CHECK)


def _units_missing(desk: Desk, office: Unit) -> Iterator[Item]:
    """The city only receives: the units that report to it and have not."""
    here = standing(desk, office)
    absent = [unit for unit in here.below if here.chart.state(unit) not in (SUBMITTED, ACCEPTED)]
    if absent:
        words = texts.units_missing(office.name, len(absent), [unit.name for unit in absent])
        yield Item(42, words, texts.URGE, texts.URGE)


def _applicants(desk: Desk, person: Person) -> Iterator[Item]:
    """Those the bot has asked this person about: in their own units and those below without a coordinator."""
    found = {}
    for _, office in desk.reach(person).appointments:
        for applicant, unit in todo.applicants(desk.session, office.path):
            if _looks_after(desk, office, unit):
                found[applicant.id] = (applicant, unit)
    for applicant, unit in list(found.values())[:_APPLICANTS]:
        words = texts.applicant(applicant.name, unit.name, applicant.id or 0)
        yield Item(25, words, texts.admit(applicant.name), f"同意加入 {applicant.id}")
    if len(found) > _APPLICANTS:
        yield Item(26, texts.more_applicants(len(found) - _APPLICANTS))


def _looks_after(desk: Desk, office: Unit, unit: Unit) -> bool:
    holders = roster.coordinators(desk.session, unit, desk.now)
    return any(held.id == office.id for holder in holders for _, held in desk.reach(holder).appointments)


def _checks(desk: Desk, person: Person) -> Iterator[Item]:
    """Findings to answer, answers to look at, incidents to follow up; of the widest office."""
    reach, campaign = desk.reach(person), desk.campaign.id
    top = reach.home
    if reach.holds(Role.COUNTY) or reach.holds(Role.CITY):
        if count := todo.findings_to_close(desk.session, campaign, top.path):
            yield Item(14, texts.findings_to_close(count), "整改", "整改")
        if count := todo.incidents_open(desk.session, campaign, top.path):
            yield Item(50, texts.incidents(count), "事件", "事件")
    if reach.highest is Role.UNIT and (count := todo.findings_to_answer(desk.session, campaign, top.path)):
        yield Item(18, texts.findings_to_answer(count), "整改", "整改")
