"""免填: the coordinator excuses somebody of their subtree with a reason, and takes it back. In 1:1 only.

Where everybody has to finish in person (notice 三.2) only the county or the city excuses anybody.
"""

import re

from handlers import menus
from handlers.commands import Command
from handlers.desk import Desk, division_of
from handlers.findings import verbatim
from handlers.messages import Letter
from handlers.reminders import settling
from handlers.texts import exempting as texts
from handlers.texts import figures
from storage import cases, exemptions, roster
from storage.models import Person, Unit
from storage.rows import Role

_WITH_REASON = re.compile(
    r"(?P<who>[^:：]{1,60}?)\s*[:：]\s*(?P<reason>.*)|(?P<name>[^\s,，]+)(?:[\s,，]+(?P<why>.+))?", re.DOTALL
)
_ABOVE_UNITS = (Role.COUNTY, Role.CITY)
_UNASKED = ("reminder", "nudge", "revision")


def grant(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«免填 张三：长期病假»."""
    if desk.in_group:
        return [desk.tell(texts.PRIVATE)]
    said = _WITH_REASON.fullmatch(verbatim(desk, command, "免填").lstrip(":： "))
    if said is None:
        return [desk.tell(texts.HOW)]
    who, reason = said["who"] or said["name"], " ".join((said["reason"] or said["why"] or "").split())
    found = _meant(desk, person, who, f"免填 {{id}}：{reason}" if reason else "")
    if not isinstance(found, Person):
        return found
    if not reason:
        return [desk.tell(texts.no_reason(found.name))]
    return _refused(desk, person, found) or _granted(desk, person, found, reason)


def end(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«取消免填 张三»."""
    if desk.in_group:
        return [desk.tell(texts.PRIVATE)]
    if not command.rest:
        return [desk.tell(texts.HOW_TO_END)]
    found = _meant(desk, person, command.rest, "取消免填 {id}")
    if not isinstance(found, Person):
        return found
    if refused := _not_theirs(desk, person, found, desk.unit_of(found)):
        return refused
    if not exemptions.end(desk.session, desk.campaign.id, found.id or 0, at=desk.now):
        return [desk.tell(texts.was_not(found.name))]
    desk.record("exempt.end", subject=desk.unit_of(found).code, detail=f"person/{found.id}")
    words = texts.told_ended(desk.campaign, _by(desk, person))
    options = menus.numbered((texts.GO_ON, texts.GO_ON))
    told = desk.write_to(found, words, options, key=f"exempt/{found.id}/end/{desk.inbound.msg_id}")
    return [desk.tell(texts.ended(found.name)), *told]


# ---------------------------------------------------------------- inside


def _meant(desk: Desk, person: Person, who: str, spoken: str) -> Person | list[Letter]:
    """Somebody by name or staff id among the asker's own people; several of a name are offered by unit."""
    tops = [top.path for _, top in desk.reach(person).appointments]
    found = roster.named(desk.session, who, tops) if tops else []
    if not found and " " in who:  # «紫金街道 张三»
        unit, _, name = who.rpartition(" ")
        found = [p for p in roster.named(desk.session, name, tops) if desk.unit_of(p).name == unit.strip()]
    if not found:
        return [desk.tell(texts.not_found(who))]
    if len(found) == 1:
        return found[0]
    if not spoken:
        return [desk.tell(texts.no_reason(who))]
    said = ((desk.unit_name(desk.unit_of(one)), spoken.format(id=one.staff_id)) for one in found[:8])
    return [desk.offer(texts.WHICH, menus.numbered(*said))]


def _refused(desk: Desk, person: Person, found: Person) -> list[Letter]:
    if refused := _not_theirs(desk, person, found, desk.unit_of(found)):
        return refused
    case = cases.find(desk.session, desk.campaign.id, found.id or 0)
    if case is not None and case.submitted_at is not None and not case.asked_again:
        return [desk.tell(texts.finished(found.name))]
    if there := exemptions.find(desk.session, desk.campaign.id, found.id or 0):
        return [desk.tell(texts.already(found.name, there.reason))]
    return []


def _not_theirs(desk: Desk, person: Person, found: Person, unit: Unit) -> list[Letter]:
    """Nobody excuses themselves; in an area to be checked as a whole only those above the units do."""
    if found.id == person.id:
        return [desk.tell(texts.OWN)]
    chain = roster.chain(desk.session, unit)
    area_id = desk.campaign.area_of(division_of(chain))
    area = next((area for area in desk.campaign.areas if area.id == area_id), None)
    if area is None or not area.in_person:
        return []
    offices = desk.reach(person).appointments
    if any(role in _ABOVE_UNITS and unit.path.startswith(top.path) for role, top in offices):
        return []
    return [desk.tell(texts.everybody_must(found.name, (chain[1:] or chain)[0].name))]


def _granted(desk: Desk, person: Person, found: Person, reason: str) -> list[Letter]:
    campaign, person_id, unit = desk.campaign, found.id or 0, desk.unit_of(found)
    exemptions.grant(desk.session, campaign.id, person_id, reason=reason, by=person.id or 0, at=desk.now)
    desk.take_back(found, _UNASKED, of=f"{campaign.id}/")
    settling.settle(desk, unit)
    desk.record("exempt", subject=unit.code, detail=f"person/{person_id}")
    words = texts.told(campaign, _by(desk, person), reason)
    told = desk.write_to(found, words, key=f"exempt/{person_id}/{desk.inbound.msg_id}")
    return [desk.tell(texts.granted(found.name, desk.unit_name(unit), reason)), *told]


def _by(desk: Desk, person: Person) -> str:
    return figures.signature(person.name, desk.reach(person).highest)
