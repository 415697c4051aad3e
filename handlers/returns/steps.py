"""The steps of one's own return: confirm it, with gaps where it must be, take that back, hand it up."""

import json
import re
from collections.abc import Sequence

from handlers.commands import Command
from handlers.desk import Desk
from handlers.findings import verbatim
from handlers.messages import Letter
from handlers.reminders import settling
from handlers.returns import buttons, content, whose
from handlers.returns.buttons import CODE
from handlers.returns.standing import Standing, standing
from handlers.returns.urging import TOPIC
from handlers.texts import handing_up
from handlers.texts import receiving as receiving_texts
from handlers.texts.handing_up import Wanting
from storage import files, papers, reporting, returns
from storage.models import Person, StoredFile, Unit, UnitReturn
from storage.reporting import ACCEPTED, CONFIRMED, FROZEN, OPEN, STAMPED, SUBMITTED

_VERSION = re.compile(r"\s*版本(?P<code>[0-9a-f]{4,64})$")


def version(rest: str) -> tuple[str, str]:
    """What stands before the version a button names, and that version."""
    found = _VERSION.search(rest)
    return (rest[: found.start()].strip(), found["code"]) if found else (rest, "")


def confirm(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«确认反馈表»: the content is made and stands still."""
    named, code = version(command.rest)
    unit = whose.own(desk, person, named, command)
    if not isinstance(unit, Unit):
        return unit
    here = standing(desk, unit, locked=True)
    lacks = wanting(here)
    if not here.frozen and lacks:
        return [desk.offer(handing_up.wanting(desk.unit_name(unit), lacks), buttons.to_complete(here, person, lacks))]
    return _confirm(here, person, code=code)


def confirm_with_gaps(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«带缺口确认 原因»: although somebody or a unit is missing, for a reason that goes up with it."""
    units = whose.mine(desk, person)
    unit, reason = _unit_and_reason(units, verbatim(desk, command, handing_up.WITH_GAPS).lstrip(":：，, "))
    if unit is None:
        return [desk.tell(handing_up.NO_RETURN)]
    here = standing(desk, unit, locked=True)
    if not here.frozen and wanting(here) and len(reason) < 2:
        return [desk.tell(handing_up.gap_reason_wanted(desk.unit_name(unit)))]
    return _confirm(here, person, gaps=reason if wanting(here) else "")


def _unit_and_reason(units: list[Unit], rest: str) -> tuple[Unit | None, str]:
    """One of one's own units may be named before the reason."""
    first, _, behind = rest.partition(" ")
    for unit in units:
        if first.rstrip(":") in (unit.code, unit.name):
            return unit, behind.strip()
    return (units[0] if units else None), rest.strip()


def wanting(here: Standing) -> Wanting:
    """What a return lacks before it can be confirmed."""
    unfinished = here.unfinished
    return Wanting(
        people=[person.name for person, _ in unfinished.people],
        countersigns=[person.name for person, _ in unfinished.waiting],
        units=[(unit.name, state) for unit, state in here.not_accepted()],
    )


def _confirm(here: Standing, person: Person, *, code: str = "", gaps: str = "") -> list[Letter]:
    desk, name = here.desk, here.desk.unit_name(here.unit)
    if here.frozen:
        return [desk.offer(handing_up.already(name, here.state, told_by(here)), buttons.next_steps(here, person))]
    said, nil = content.made(here, gaps)
    if code and not returns.digest_of(said).startswith(code):
        return [desk.offer(handing_up.changed_since(name), buttons.about(here, person, handing_up.CHECK))]
    there = _held(here)
    returns.keep_content(desk.session, there, said, nil=nil, gaps=gaps)
    returns.step(
        desk.session, there, returns.CONFIRM, CONFIRMED, by=person.id or 0, at=desk.now, reason=gaps, content=said
    )
    desk.record("return.confirm", subject=here.unit.code, detail=there.digest[:CODE] + (" gaps" if gaps else ""))
    told = handing_up.confirmed(name, told_of(here), there.digest[:CODE], gaps, stamp=desk.campaign.returns.stamp)
    return [desk.offer(told, buttons.next_steps(here, person))]


def _held(here: Standing) -> UnitReturn:
    if here.there is None:
        raise LookupError("a step was taken without its return")
    return here.there


def told_of(here: Standing) -> str:
    """What a return that stands still says, in one line."""
    there = here.there
    if there is None or not there.content:
        return ""
    words, rows = here.desk.campaign.words.touched, len(here.rows(merge=True))
    told = handing_up.summary(content.figures(there.content), rows, words, nil=there.nil)
    absent = content.not_included(there.content)
    return told + (handing_up.without(absent) if absent else "")


def told_by(here: Standing) -> str:
    """Who took the last step, and when."""
    if here.there is None:
        return ""
    taken = [row for row in returns.steps(here.desk.session, here.there) if row[0].state == here.state]
    return handing_up.by(taken[-1][1].name, taken[-1][0].at, here.desk.campaign) if taken else ""


# ---------------------------------------------------------------- back, and up


def cancel(here: Standing, person: Person, command: Command) -> list[Letter]:
    """«取消确认»: only until it is handed up."""
    desk, name, there = here.desk, here.desk.unit_name(here.unit), _held(here)
    if here.state in (SUBMITTED, ACCEPTED):
        receiver = whose.office_name(desk, here.receiver)
        return [desk.offer(handing_up.too_late_to_cancel(name, receiver), buttons.next_steps(here, person))]
    if here.state not in FROZEN:
        return [desk.offer(handing_up.NOTHING_CONFIRMED, buttons.next_steps(here, person))]
    returns.keep_content(desk.session, there, None, nil=False, gaps="")
    returns.step(desk.session, there, returns.CANCEL, OPEN, by=person.id or 0, at=desk.now)
    files.table_out_of_date(desk.session, there.id or 0, desk.now)
    desk.record("return.cancel", subject=here.unit.code)
    return [desk.offer(handing_up.cancelled(name), buttons.next_steps(here, person))]


def hand_up(here: Standing, person: Person, command: Command) -> list[Letter]:
    """«上报»: to the office above, which gets one letter."""
    desk, name, there = here.desk, here.desk.unit_name(here.unit), _held(here)
    if here.state in (SUBMITTED, ACCEPTED):
        return [desk.offer(handing_up.already(name, here.state, told_by(here)), buttons.next_steps(here, person))]
    if here.state not in FROZEN:
        return [desk.offer(handing_up.confirm_first(name), buttons.next_steps(here, person))]
    if unsorted := files.of_return(desk.session, there.id or 0, files.UNSORTED):
        asked = buttons.which_scan(unsorted[-1].id or 0)
        return [desk.offer(handing_up.sort_first(len(unsorted)), asked)]
    if desk.campaign.returns.stamp and here.state != STAMPED:
        return [desk.offer(handing_up.stamp_first(name), buttons.next_steps(here, person))]
    return _hand_up(here, there, person)


def _hand_up(here: Standing, there: UnitReturn, person: Person) -> list[Letter]:
    desk, unit, receiver = here.desk, here.unit, here.receiver
    late = desk.now >= desk.campaign.closes_at
    if there.handed_up_at is None:
        there.handed_up_at, there.late = desk.now, late
    sent = files.of_return(desk.session, there.id or 0, files.TABLE, files.BOTH, files.PLEDGES)
    taken = returns.step(
        desk.session, there, returns.SUBMIT, SUBMITTED, by=person.id or 0, at=desk.now, content=_list(sent)
    )
    desk.record("return.submit", subject=unit.code, detail=there.digest[:CODE])
    _no_more_urging(desk, unit)
    settling.settle(desk, unit)
    above = reporting.in_office(desk.session, receiver, desk.now)
    name = desk.unit_name(unit)
    words = receiving_texts.arrived(name, told_of(here), person.name, there.gaps, late=late)
    options = buttons.receiving(unit, there)
    letters = [
        letter
        for officer in above
        for letter in desk.write_to(officer, words, options, key=f"return/{there.id}/{taken.id}/{officer.id}")
    ]
    pledged = any(file.purpose in (files.PLEDGES, files.BOTH) for file in sent)
    signed = _signed_here(here) if desk.campaign.returns.stamp else 0
    told = handing_up.handed_up(
        name,
        whose.office_name(desk, receiver),
        late=late,
        unsigned=0 if pledged else signed,
        someone=bool(above),
    )
    return [desk.offer(told, buttons.next_steps(here, person)), *letters]


def _no_more_urging(desk: Desk, unit: Unit) -> None:
    """Reminders to hand up that still wait are taken back, from those who have nothing else to hand up."""
    for officer in reporting.in_office(desk.session, unit, desk.now):
        if len(whose.mine(desk, officer)) == 1:
            desk.take_back(officer, (TOPIC,), of=f"{desk.campaign.id}/")


def _signed_here(here: Standing) -> int:
    """How many people of this return signed here: their signed copies are to be handed over."""
    desk = here.desk
    return papers.signers_at(desk.session, desk.campaign.id, here.scope, desk.now)


def _list(sent: Sequence[StoredFile]) -> str:
    """Which scans went up, by digest."""
    return json.dumps([{"digest": file.digest, "what": file.purpose, "pages": file.pages} for file in sent])
