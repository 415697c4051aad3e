"""督办 and 事件: what the county has to follow up among its own and the city among all (notice 三.3).

Facts and dates only, and nothing of it in a group. What is overdue is gathered in `papers/overdue.py`, for the
paper and for the chat.
"""

import re

from handlers import menus, spoken
from handlers.asked import Asked, meant, outside
from handlers.commands import Command, Word
from handlers.desk import Desk
from handlers.findings import verbatim
from handlers.messages import Letter
from handlers.moments import as_of
from handlers.papers import overdue as gathering
from handlers.texts import incidents as texts
from handlers.texts import plain
from handlers.texts.incidents import Behind, Fact
from storage import incidents, roster
from storage.models import Incident, Person, Unit

_ABOUT_ONE = re.compile(r"第?(?P<number>\d{1,9})(?!\d)\s*号?\s*(?P<what>.*)", re.DOTALL)


def record(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«登记事件 紫金街道 5月20日：……»."""
    return _private(desk, _recorded(desk, person, command))


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«事件»: the open ones; «事件 3»: one of them; «事件 3 处理：……» closes it with what was done."""
    about = _ABOUT_ONE.fullmatch(verbatim(desk, command, "事件"))
    if about and not _is_code(desk, command.rest):
        return _private(desk, _about_one(desk, person, int(about["number"]), about["what"].strip()))
    return _private(desk, _open(desk, person, command))


def overdue(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«督办»: what is late and what is open, of the asker's own or of a unit below it."""
    unit = _office_of(desk, person, command)
    if not isinstance(unit, Unit):
        return unit
    asked, campaign = Asked(desk, person, command, unit), desk.campaign
    found = gathering.gather(desk.session, campaign, unit, None, desk.now)
    desk.record("overdue", subject=unit.code, detail=f"{len(found.returns)}/{len(found.people)}/{len(found.facts)}")
    told = texts.overdue(
        campaign,
        asked.name,
        over=found.over,
        returns=[Behind(one.name, gathering.fact_of(stand, campaign)) for one, stand in found.returns],
        people=[Behind(one.name, texts.unfinished(t.missing, t.expected)) for one, t in found.people],
        facts=[_fact(desk, incident, one) for incident, one, _ in found.facts if incident.closed_at is None],
        at=plain.moment(desk.now, campaign),
    )
    offered = (texts.EXPORT, asked.spoken(texts.EXPORT))
    return _private(desk, [desk.offer(told, menus.numbered(offered))])


# ---------------------------------------------------------------- inside


def _recorded(desk: Desk, person: Person, command: Command) -> list[Letter]:
    said = spoken.NEW_INCIDENT.fullmatch(verbatim(desk, command, "登记事件").lstrip(":： "))
    if said is None:
        return [desk.tell(texts.HOW)]
    day = as_of(f"截至 {said['day']}", desk.now, desk.campaign.zone)
    if day.at is None:
        return [desk.tell(texts.WRONG_DAY)]
    text = " ".join(said["text"].split())
    unit = meant(
        desk, person, said["unit"].strip(), command, spoken=f"登记事件 {{unit}} {said['day']}：{_spoken(text)}"
    )
    if not isinstance(unit, Unit):
        return unit
    if not desk.reach(person).above(unit):
        return [outside(desk, desk.reach(person))]
    incident = incidents.record(
        desk.session,
        desk.campaign.id,
        unit.id or 0,
        happened_on=day.at.astimezone(desk.campaign.zone).date(),
        text=text,
        by=person.id or 0,
        at=desk.now,
    )
    desk.record("incident", subject=unit.code, detail=f"incident/{incident.id}")
    return [desk.tell(texts.recorded(_fact(desk, incident, unit)))]


def _spoken(text: str) -> str:
    """Inside a button's template, braces are not blanks."""
    return text.replace("{", "{{").replace("}", "}}")


def _is_code(desk: Desk, said: str) -> bool:
    """A unit's code, as the buttons say it, is no incident's number."""
    return roster.coded(desk.session, said) is not None


def _open(desk: Desk, person: Person, command: Command) -> list[Letter]:
    unit = _office_of(desk, person, command)
    if not isinstance(unit, Unit):
        return unit
    found = incidents.below(desk.session, desk.campaign.id, unit.path, only_open=True)
    told = texts.listed(desk.unit_name(unit), [_fact(desk, incident, one) for incident, one, _ in found])
    return [desk.tell(told)]


def _about_one(desk: Desk, person: Person, number: int, what: str) -> list[Letter]:
    known = incidents.one(desk.session, desk.campaign.id, number)
    if known is None or not desk.reach(person).above(known[1]):
        desk.denied(Word.INCIDENTS)
        return [desk.tell(texts.UNKNOWN)]
    incident, unit = known
    closing = spoken.INCIDENT_CLOSED.fullmatch(what)
    if closing is None:
        return [desk.tell(texts.HOW_TO_CLOSE if what else texts.told(_fact(desk, incident, unit)))]
    if incident.closed_at is not None:
        return [desk.tell(texts.closed_before(_fact(desk, incident, unit)))]
    incidents.close(desk.session, incident, closing=" ".join(closing["closing"].split()), at=desk.now)
    desk.record("incident.close", subject=unit.code, detail=f"incident/{incident.id}")
    return [desk.tell(texts.closed(_fact(desk, incident, unit)))]


def _office_of(desk: Desk, person: Person, command: Command) -> Unit | list[Letter]:
    """The unit named, or that of the widest office above units the asker holds."""
    reach = desk.reach(person)
    if not command.rest and not desk.in_group:
        return reach.widest_office[1]
    unit = meant(desk, person, command.rest, command)
    if isinstance(unit, Unit) and not reach.above(unit):
        return [outside(desk, reach)]
    return unit


def _fact(desk: Desk, incident: Incident, unit: Unit) -> Fact:
    closed = incident.closed_at.astimezone(desk.campaign.zone).date() if incident.closed_at else None
    name = " ".join(part.name for part in roster.chain(desk.session, unit)[1:]) or unit.name
    return Fact(incident.id or 0, name, incident.happened_on, incident.text, closed, incident.closing)


def _private(desk: Desk, letters: list[Letter]) -> list[Letter]:
    if not desk.in_group:
        return letters
    return [*(desk.whisper(letter.body) for letter in letters), desk.tell(texts.PRIVATE)]
