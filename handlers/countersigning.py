"""What was filled in for somebody without an account: by their coordinator it counts at once, by a colleague only when
the coordinator has agreed. And the pledge such a person signs by hand.

The number in «同意代填 7» is that of the newest line of the answers: what was read is what is agreed to.
"""

import re

from handlers import asking, handing_in, menus, pledge
from handlers.asked import meant
from handlers.campaign import progress
from handlers.campaign.walk import Walk
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter, Reply
from handlers.sitting import Sitting, sit_down
from handlers.texts import proxies
from storage import answer_log, cases, roster
from storage.models import Case, Person, Unit

_LISTED = 10
_NUMBER = re.compile(r"(\d{1,9})[\s:,.、，。：；;]*(.*)", re.DOTALL)


def filled_in(sitting: Sitting, filler: Person, path: Walk) -> list[Letter]:
    """The end of a self-check filled in for somebody else; the filler is at their own again."""
    desk, case, person = sitting.desk, sitting.case, sitting.person
    filler.filling_for = None
    case.filled_by = filler.id
    desk.session.add_all([filler, case])
    unit = roster.unit(desk.session, person.unit_id)
    if desk.reach(filler).covers(unit):
        desk.record("proxy.hand_in", subject=unit.code, detail=f"person/{person.id}")
        words = handing_in.hand_in(desk, case, person, path, proxies.over(person.name))
        return [desk.tell(proxies.for_whom(person.name) + words)]
    case.countersign = True
    desk.record("proxy.ask", subject=unit.code, detail=f"person/{person.id}")
    looking = roster.coordinators(desk.session, unit, desk.now)
    number = answer_log.last_line(desk.session, case)
    words, options = _asked(desk, filler, person, path, number)
    letters = [desk.tell(proxies.waits(person.name, [coordinator.name for coordinator in looking]))]
    for coordinator in looking:
        letters += desk.write_to(coordinator, words, options, key=f"proxy/{number}/{coordinator.id}")
    return letters


def _asked(desk: Desk, filler: Person, about: Person, path: Walk, number: int) -> tuple[str, tuple[Reply, ...]]:
    """What the coordinator reads, and the two answers."""
    unit = desk.unit_name(desk.unit_of(about))
    words = proxies.ask_coordinator(filler.name, about.name, unit, asking.lines(path), number)
    return words, menus.numbered(*proxies.ask_options(number))


def waiting(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«会签»: what waits for the asker's word; one of it is shown whole."""
    if command.rest.isdecimal() and (found := _waiting(desk, person, int(command.rest))):
        _, about, filler = found
        words, options = _asked(desk, filler, about, _sitting(desk, about, filler).path, int(command.rest))
        return [desk.offer(words, options)]
    unit = meant(desk, person, "" if command.rest.isdecimal() else command.rest, command)
    if not isinstance(unit, Unit):
        return unit
    listed = cases.countersigns(desk.session, desk.campaign.id, unit.path)
    if not listed:
        return [desk.tell(proxies.NOTHING_WAITS)]
    lines = [answer_log.last_line(desk.session, case) for case, _, _ in listed[:_LISTED]]
    buttons = [(about.name, f"会签 {line}") for line, (_, about, _) in zip(lines, listed, strict=False)]
    told = proxies.waiting([(about.name, where.name) for _, about, where in listed[:_LISTED]], len(listed))
    return [desk.offer(told, menus.numbered(*buttons))]


def agree(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«同意代填 7»: it is handed in now."""
    found = _waiting(desk, person, int(command.rest))
    if found is None:
        desk.denied(command.word)
        return [desk.tell(proxies.SETTLED_BEFORE)]
    case, about, filler = found
    sitting = _sitting(desk, about, filler)
    path = sitting.path
    if not progress.finished(path):
        return [desk.tell(proxies.SETTLED_BEFORE)]
    desk.record("proxy.agree", subject=desk.unit_of(about).code, detail=f"person/{about.id}")
    handing_in.hand_in(desk, case, about, path)
    told = proxies.agreed_to_filler(about.name, person.name, case.receipt)
    key = f"proxy/{command.rest}/agreed"
    return [desk.tell(proxies.agreed(about.name, case.receipt)), *desk.write_to(filler, told, key=key)]


def send_back(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«退回代填 7 原因»: it is open again, and the filler hears why."""
    said = _NUMBER.fullmatch(command.rest)
    number, reason = (int(said[1]), said[2].strip()) if said else (0, "")
    found = _waiting(desk, person, number)
    if found is None:
        desk.denied(command.word)
        return [desk.tell(proxies.SETTLED_BEFORE)]
    if not reason:
        return [desk.tell(proxies.reason_wanted(number))]
    case, about, filler = found
    case.countersign = False
    desk.session.add(case)
    sitting = _sitting(desk, about, filler)
    sitting.add(progress.reopen(sitting.path, []))
    desk.record("proxy.send_back", subject=desk.unit_of(about).code, detail=f"person/{about.id}")
    told = proxies.sent_back_to_filler(about.name, person.name, reason)
    key = f"proxy/{number}/sent_back"
    return [desk.tell(proxies.sent_back(about.name)), *desk.write_to(filler, told, key=key)]


def _waiting(desk: Desk, person: Person, line: int) -> tuple[Case, Person, Person] | None:
    """What waits for the word of somebody who looks after its unit, exactly as it was read."""
    case = answer_log.of_line(desk.session, line)
    if case is None or not case.countersign or case.campaign != desk.campaign.id or case.filled_by is None:
        return None
    about = roster.person_numbered(desk.session, case.person_id)
    filler = roster.person_numbered(desk.session, case.filled_by)
    if about is None or filler is None or not desk.reach(person).covers(desk.unit_of(about)):
        return None
    return (case, about, filler) if answer_log.last_line(desk.session, case) == line else None


def _sitting(desk: Desk, about: Person, filler: Person) -> Sitting:
    return sit_down(desk, filler, about)[0]


def signed_by_hand(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«已签纸质 李大爷»: the coordinator has the paper in hand."""
    if not command.rest:
        return [desk.tell(proxies.SIGNED_HOW)]
    reach = desk.reach(person)
    tops = [top.path for _, top in reach.appointments]
    waiting = [
        (about, case)
        for about in roster.named(desk.session, command.rest, tops)
        if (case := cases.find(desk.session, desk.campaign.id, about.id or 0)) and cases.to_sign(desk.session, case)
    ]
    if not waiting:
        return [desk.tell(proxies.signs_nothing(command.rest))]
    if len(waiting) > 1:
        said = ((f"{about.name} {about.staff_id}", f"已签纸质 {about.staff_id}") for about, _ in waiting)
        return [desk.offer(proxies.WHICH, menus.numbered(*said))]
    about, case = waiting[0]
    pledge.signed_by_hand(desk, case, about)
    if case.submitted_at and not case.asked_again:
        desk.take_back(about, ("reminder",), of=f"{desk.campaign.id}/")
    desk.record("pledge.by_hand", subject=desk.unit_of(about).code, detail=f"person/{about.id}")
    return [desk.tell(proxies.signed_by_hand(desk.campaign.pledge.name, about.name))]
