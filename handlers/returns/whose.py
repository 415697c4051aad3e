"""Which return a word of an office is about, and whether the step is theirs to take.

A step is for those in office at exactly that unit; looking is for whoever looks after it from above.
"""

from collections.abc import Callable

from handlers import asked
from handlers.asked import Talk
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.returns.standing import Standing, standing
from handlers.texts import handing_up
from storage import reporting
from storage.models import Person, Unit


def privately(talk: Talk) -> Talk:
    """Asked in a group, the answer goes to the asker alone: it names people."""

    def answer(desk: Desk, person: Person, command: Command) -> list[Letter]:
        if not desk.in_group:
            return talk(desk, person, command)
        return [*talk(desk.in_place_of(person), person, command), desk.tell(handing_up.IN_PRIVATE)]

    return answer


def mine(desk: Desk, person: Person) -> list[Unit]:
    """The units this person reports for, the widest first."""
    found: dict[int, Unit] = {}
    for role, unit in desk.reach(person).appointments:
        if reporting.makes_report(role, unit) or _reports(desk, unit):
            found.setdefault(unit.id or 0, unit)
    return list(found.values())


def _reports(desk: Desk, unit: Unit) -> bool:
    return reporting.chart(desk.session, desk.campaign.id, unit, desk.now, below=False).reports(unit)


def own(desk: Desk, person: Person, named: str, command: Command, *, spoken: str = "") -> Unit | list[Letter]:
    """The unit named, or the first of their own; letters instead where it reports to nobody or is another's. Of several
    that fit, the one picked leads on to `spoken`."""
    units = mine(desk, person)
    if not named:
        return units[0] if units else [desk.tell(handing_up.NO_RETURN)]
    unit = asked.meant(desk, person, named, command, spoken=spoken)
    if not isinstance(unit, Unit) or any(unit.id == other.id for other in units):
        return unit
    if not _reports(desk, unit):
        return not_reporting(desk, unit)
    names = [other.name for other in reporting.in_office(desk.session, unit, desk.now)]
    return [desk.tell(handing_up.not_yours(desk.unit_name(unit), names))]


def seen(desk: Desk, person: Person, named: str, command: Command) -> Unit | list[Letter]:
    """The unit named, or the first of their own, to look at: one that reports."""
    if not named:
        return own(desk, person, named, command)
    unit = asked.meant(desk, person, named, command)
    if not isinstance(unit, Unit):
        return unit
    return unit if _reports(desk, unit) else not_reporting(desk, unit)


def not_reporting(desk: Desk, unit: Unit) -> list[Letter]:
    """In whose return a unit without a coordinator stands."""
    reporter = reporting.chart(desk.session, desk.campaign.id, unit, desk.now, below=False).reporter(unit)
    if reporter is None or reporter.id == unit.id:
        return [desk.tell(handing_up.NO_RETURN)]
    return [desk.tell(handing_up.covered_by(desk.unit_name(unit), desk.unit_name(reporter)))]


def step_of(talk: Callable[[Standing, Person, Command], list[Letter]]) -> Talk:
    """A step of one's own return, with its row held: two at once come one after the other."""

    def answer(desk: Desk, person: Person, command: Command) -> list[Letter]:
        unit = own(desk, person, command.rest, command)
        return talk(standing(desk, unit, locked=True), person, command) if isinstance(unit, Unit) else unit

    return privately(answer)


def spoken(desk: Desk, person: Person, unit: Unit, word: str) -> str:
    """What a button says in somebody's name about a unit."""
    return word + naming(desk, person, unit)


def naming(desk: Desk, person: Person, unit: Unit) -> str:
    """What follows a word that is about a unit: nothing where it is meant anyway."""
    units = mine(desk, person)
    return "" if units and units[0].id == unit.id else f" {unit.code}"


def office_name(desk: Desk, unit: Unit) -> str:
    return handing_up.office(desk.unit_name(unit), unit.kind)
