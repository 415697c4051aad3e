"""Filling in for somebody without an account (代填): who may do it for whom, how it begins and ends.

While it lasts every word of the self-check is about the other person; `Person.filling_for` is the memory.
"""

from handlers import menus, self_check
from handlers.campaign import progress
from handlers.commands import Command
from handlers.desk import Desk, division_of
from handlers.messages import Letter
from handlers.sitting import may_fill_in, sit_down
from handlers.texts import proxies
from storage import roster
from storage.models import Person


def begin(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«代填 李大爷»: of the same unit, or of one the filler looks after. Anybody else is not found."""
    if not command.rest:
        return [desk.tell(proxies.HOW)]
    own = desk.unit_of(person)
    tops = [top.path for _, top in desk.reach(person).appointments]
    found = [
        other
        for other in roster.named(desk.session, command.rest, [*tops, own.path])
        if other.id != person.id and (other.unit_id == own.id or desk.reach(person).covers(desk.unit_of(other)))
    ]
    if not found:
        return [desk.tell(proxies.not_found(command.rest))]
    without = [other for other in found if may_fill_in(desk, person, other)]
    if not without:
        return [desk.tell(proxies.has_account(found[0].name))]
    if len(without) > 1:
        said = ((f"{other.name} {desk.unit_of(other).name}", f"代填 {other.staff_id}") for other in without)
        return [desk.offer(proxies.WHICH, menus.numbered(*said))]
    return _begin(desk, person, without[0])


def _begin(desk: Desk, person: Person, other: Person) -> list[Letter]:
    chain = roster.chain(desk.session, desk.unit_of(other))
    area_id = desk.campaign.area_of(division_of(chain))
    area = next((area for area in desk.campaign.areas if area.id == area_id), None)
    if area is not None and area.in_person:
        county = next((unit.name for unit in chain[1:]), chain[0].name)
        return [desk.tell(proxies.in_person(other.name, county))]
    person.filling_for = other.id
    desk.session.add(person)
    sitting, _ = sit_down(desk, person)
    desk.record("proxy.begin", subject=chain[-1].code, detail=f"person/{other.id}")
    sitting.add(progress.no_longer_offered(sitting.path))
    return self_check.ask(sitting, self_check.intro(sitting))


def end(desk: Desk, person: Person) -> list[Letter]:
    """«结束代填»: what was answered is kept, and the filler is at their own again."""
    other = roster.person_numbered(desk.session, person.filling_for) if person.filling_for else None
    if other is None:
        return self_check.go_on(desk, person, proxies.NOT_FILLING)
    person.filling_for = None
    desk.session.add(person)
    return self_check.go_on(desk, person, proxies.ended(other.name))
