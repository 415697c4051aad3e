"""Which unit a coordinator's command is about, and whether it is theirs to ask about.

What lies outside the asker's subtree (`access.py`) is not even said to exist.
"""

from collections.abc import Callable
from dataclasses import dataclass

from handlers import menus
from handlers.access import Reach
from handlers.commands import SPOKEN, Command
from handlers.desk import Desk, full_name
from handlers.find_unit import MOST, search
from handlers.messages import Letter
from handlers.texts import figures
from storage import roster
from storage.models import Person, Unit
from storage.rows import UnitKind


@dataclass(frozen=True, slots=True)
class Asked:
    """A coordinator, what they said, and the unit they mean."""

    desk: Desk
    person: Person
    command: Command
    unit: Unit

    @property
    def name(self) -> str:
        return self.desk.unit_name(self.unit)

    @property
    def reach(self) -> Reach:
        return self.desk.reach(self.person)

    def spoken(self, command: str) -> str:
        """A command said about this unit: what a button says in the asker's name."""
        return command if self.unit.id == self.reach.home.id else f"{command} {self.unit.code}"


Talk = Callable[[Desk, Person, Command], list[Letter]]
"""What answers a command."""


def about_unit(talk: Callable[[Asked], list[Letter]], *, own: bool = False) -> Talk:
    """The unit named, the group's, or the asker's own (with `own`: that one even in another unit's group); where it is
    none of theirs, a no instead of the talk."""

    def answer(desk: Desk, person: Person, command: Command) -> list[Letter]:
        unit = desk.reach(person).home if own and not command.rest else meant(desk, person, command.rest, command)
        return talk(Asked(desk, person, command, unit)) if isinstance(unit, Unit) else unit

    return answer


def meant(desk: Desk, person: Person, named: str, command: Command, *, spoken: str = "") -> Unit | list[Letter]:
    """The unit `named`, empty for the group's or the asker's own; letters instead, where it cannot be told or is not
    theirs. Several that fit are offered, each leading on to what was asked: `spoken`, with its `{unit}` filled in."""
    reach = desk.reach(person)
    if named:
        return _named(desk, reach, named, command, spoken or f"{SPOKEN[command.word]} {{unit}}")
    bound = roster.group(desk.session, desk.inbound.chat.id) if desk.in_group else None
    unit = roster.unit(desk.session, bound.unit_id) if bound else reach.home
    if reach.covers(unit):
        return unit
    desk.denied(command.word)
    return [outside(desk, reach)]


def _named(desk: Desk, reach: Reach, named: str, command: Command, spoken: str) -> Unit | list[Letter]:
    """Among the asker's own units only."""
    exact = [unit for unit in roster.called(desk.session, named) if reach.covers(unit)]
    if not exact:
        units = roster.units(desk.session)
        inside = {unit.id: unit for unit in units if reach.covers(unit)}
        hits = search(units, named, most=len(inside) + MOST)
        exact = [inside[hit.unit_id] for hit in hits if hit.unit_id in inside][:MOST]
    if not exact:
        desk.denied(command.word)
        return [outside(desk, reach)]
    if len(exact) == 1:
        return exact[0]
    options = ((desk.unit_name(unit), spoken.format(unit=unit.code)) for unit in exact[:MOST])
    return [desk.offer(figures.WHICH_UNIT, menus.numbered(*options))]


def outside(desk: Desk, reach: Reach) -> Letter:
    """A no that does not even say whether such a unit exists, and who could help."""
    chain = roster.chain(desk.session, reach.home)
    county = chain[1].name if len(chain) > 2 and chain[1].kind == UnitKind.COUNTY else ""
    return desk.tell(figures.outside_reach(full_name(chain), county, whole=len(chain) == 1))
