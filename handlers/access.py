"""Who may see what, decided here alone: by role and by subtree, no unless said otherwise."""

from dataclasses import dataclass

from sqlmodel import Session

from storage import roster
from storage.models import Person, Unit
from storage.rows import Role


@dataclass(frozen=True, slots=True)
class Reach:
    """The units somebody looks after, the widest first, each with all below it. Empty: staff without a role."""

    appointments: tuple[tuple[Role, Unit], ...]

    @property
    def oversees(self) -> bool:
        return bool(self.appointments)

    @property
    def home(self) -> Unit:
        """The unit meant when none is named."""
        return self.appointments[0][1]

    @property
    def highest(self) -> Role:
        return self.appointments[0][0]

    def covers(self, unit: Unit) -> bool:
        return any(unit.path.startswith(top.path) for _, top in self.appointments)


def reach(session: Session, person: Person | None) -> Reach:
    if person is None or not person.active or person.id is None:
        return Reach(())
    return Reach(tuple(roster.appointments(session, person.id)))
