"""How units are called on paper. Knows the tree of units, and nothing else."""

from collections.abc import Sequence

from sqlmodel import Session

from handlers.desk import full_name
from storage import roster, subtree
from storage.models import Unit
from storage.subtree import InTree, TreeUnit


class Places:
    """The units below one, by id, each with its name as the paper of that one says it."""

    def __init__(self, session: Session, top: Unit) -> None:
        self.top = top
        self.chain = roster.chain(session, top)
        self.units: Sequence[TreeUnit] = subtree.units(session, top.path)
        """The unit itself and all below it, by code."""
        self._units: dict[int | None, InTree] = {unit.id: unit for unit in self.chain}
        self._units |= {unit.id: unit for unit in self.units}

    @property
    def title(self) -> str:
        """«莲都区 紫金街道»."""
        return full_name(self.chain)

    def part(self, unit: InTree) -> InTree:
        """The unit directly below the top one that this one belongs to; the top one itself for its own."""
        chain = self._chain(unit)
        below = [above for above in chain if above.path.startswith(self.top.path)]
        return below[1] if len(below) > 1 else self.top

    def whole(self, unit: InTree) -> str:
        """«莲都区 紫金街道 金山社区»."""
        return full_name(self._chain(unit))

    def below(self, unit: InTree) -> str:
        """How a unit is called in the paper of the top one: from the township down, without what is above."""
        chain = [above for above in self._chain(unit) if above.path.startswith(self.top.path)]
        wide = self.top.kind in ("city", "county") and len(chain) > 1
        return "".join(above.name for above in (chain[1:] if wide else chain))

    def _chain(self, unit: InTree) -> list[InTree]:
        self._units.setdefault(unit.id, unit)
        return [self._units[i] for i in subtree.ids(unit.path) if i in self._units]
