"""How units are called on paper. Knows the tree of units, and nothing else."""

from collections.abc import Sequence

from sqlmodel import Session

from handlers.desk import full_name
from storage import roster
from storage.models import Unit


class Places:
    """The units below one, by id, each with its name as the paper of that one says it."""

    def __init__(self, session: Session, top: Unit) -> None:
        self.top = top
        self.chain = roster.chain(session, top)
        self._units = {unit.id: unit for unit in self.chain}
        self._units |= {unit.id: unit for unit in roster.below(session, top.path)}
        self._below: dict[int | None, str] = {}

    @property
    def title(self) -> str:
        """«莲都区 紫金街道»."""
        return full_name(self.chain)

    @property
    def units(self) -> Sequence[Unit]:
        """The unit itself and all below it, by code."""
        inside = (unit for unit in self._units.values() if unit.path.startswith(self.top.path))
        return sorted(inside, key=lambda unit: unit.code)

    def part(self, unit: Unit) -> Unit:
        """The unit directly below the top one that this one belongs to; the top one itself for its own."""
        chain = self._chain(unit)
        below = [above for above in chain if above.path.startswith(self.top.path)]
        return below[1] if len(below) > 1 else self.top

    def whole(self, unit: Unit) -> str:
        """«莲都区 紫金街道 金山社区»."""
        return full_name(self._chain(unit))

    def below(self, unit: Unit) -> str:
        """How a unit is called in the paper of the top one: from the township down, without what is above."""
        if unit.id not in self._below:
            chain = [above for above in self._chain(unit) if above.path.startswith(self.top.path)]
            wide = self.top.kind in ("city", "county") and len(chain) > 1
            self._below[unit.id] = "".join(above.name for above in (chain[1:] if wide else chain))
        return self._below[unit.id]

    def _chain(self, unit: Unit) -> list[Unit]:
        self._units.setdefault(unit.id, unit)
        ids = (int(part) for part in unit.path.strip("/").split("/"))
        return [self._units[i] for i in ids if i in self._units]
