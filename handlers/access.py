"""Who may see and do what, decided here alone: by role and by subtree, no unless said otherwise.

Three tables: words, papers, files. `python -m tests.access_table` writes them into the READMEs.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers.commands import Word
from storage import roster
from storage.models import Person, Unit
from storage.rows import Role

_EVERYBODY = frozenset(Role)
_EVERY_OFFICE = frozenset({Role.UNIT, Role.COUNTY, Role.CITY})
_ABOVE_UNITS = frozenset({Role.COUNTY, Role.CITY})

RIGHTS: dict[Word, frozenset[Role]] = {
    Word.GO_ON: _EVERYBODY,
    Word.BACK: _EVERYBODY,
    Word.EDIT: _EVERYBODY,
    Word.PAUSE: _EVERYBODY,
    Word.PROGRESS: _EVERYBODY,
    Word.HELP: _EVERYBODY,
    Word.HELP_ALL: _EVERYBODY,
    Word.EXPLAIN: _EVERYBODY,
    Word.RESTART: _EVERYBODY,
    Word.RESTART_SURE: _EVERYBODY,
    Word.LEADING: _EVERY_OFFICE,
    Word.TRAILING: _EVERY_OFFICE,
    Word.NAMES: _EVERY_OFFICE,
    Word.EXEMPT: _EVERY_OFFICE,
    Word.END_EXEMPTION: _EVERY_OFFICE,
    Word.RECORD_INCIDENT: _ABOVE_UNITS,
    Word.INCIDENTS: _ABOVE_UNITS,
    Word.OVERDUE: _ABOVE_UNITS,
    Word.LEAKS: _EVERY_OFFICE,
    Word.NUDGE: _EVERY_OFFICE,
    Word.EXPORT: _EVERY_OFFICE,
    Word.BIND: _EVERY_OFFICE,
    Word.ADMIT: _EVERY_OFFICE,
    Word.TURN_AWAY: _EVERY_OFFICE,
    Word.OTHER_UNIT: _EVERYBODY,
    Word.CAMPAIGNS: _EVERYBODY,
    Word.RISK: _EVERYBODY,
    Word.SPOT_CHECK: _ABOVE_UNITS,
    Word.EXPORT_DRAW: _ABOVE_UNITS,
    Word.FINDING: _ABOVE_UNITS,
    Word.RECTIFY: _EVERY_OFFICE,
    Word.BACK_CHECK: _EVERYBODY,
    Word.ASSESSMENT: _EVERY_OFFICE,
    Word.LATE_SIGNERS: _EVERY_OFFICE,
    Word.TODO: _EVERYBODY,
    Word.TEMPLATE: _EVERYBODY,
    Word.OWN_TABLE: _EVERYBODY,
    Word.USE_ROWS: _EVERYBODY,
    Word.DROP_ROWS: _EVERYBODY,
    Word.GIVE_UP: _EVERYBODY,
    Word.FILL_IN_FOR: _EVERYBODY,
    Word.END_FILLING: _EVERYBODY,
    Word.COUNTERSIGNS: _EVERY_OFFICE,
    Word.AGREE_FILLED: _EVERY_OFFICE,
    Word.RETURN_FILLED: _EVERY_OFFICE,
    Word.PAPER_SIGNED: _EVERY_OFFICE,
    Word.CHECK_RETURN: _EVERY_OFFICE,
    Word.CORRECT: _EVERY_OFFICE,
    Word.MERGE_ROWS: _EVERY_OFFICE,
    Word.CONFIRM_RETURN: _EVERY_OFFICE,
    Word.CONFIRM_WITH_GAPS: _EVERY_OFFICE,
    Word.CANCEL_CONFIRM: _EVERY_OFFICE,
    Word.SCANS: _EVERY_OFFICE,
    Word.CLEAR_SCANS: _EVERY_OFFICE,
    Word.HAND_UP: _EVERY_OFFICE,
    Word.LOOK_AT: _EVERY_OFFICE,
    Word.ACCEPT: _EVERY_OFFICE,
    Word.SEND_BACK: _EVERY_OFFICE,
    Word.RETURN_STEPS: _EVERY_OFFICE,
    Word.ROSTER: _EVERY_OFFICE,
    Word.IMPORT_ROSTER: _EVERY_OFFICE,
    Word.DROP_ROSTER: _EVERY_OFFICE,
    Word.DEPUTE: _EVERY_OFFICE,
    Word.END_DEPUTY: _EVERY_OFFICE,
    Word.HAND_OVER: _EVERY_OFFICE,
    Word.HAND_OVER_SURE: _EVERY_OFFICE,
    Word.URGE_RETURNS: _EVERY_OFFICE,
    Word.QUOTA: frozenset({Role.CITY}),
    Word.BROADCAST: _EVERY_OFFICE,
    Word.BROADCAST_SURE: _EVERY_OFFICE,
    Word.BROADCAST_STOP: _EVERY_OFFICE,
    Word.BROADCAST_AGAIN: _EVERY_OFFICE,
    Word.MY_DATA: _EVERYBODY,
    Word.LINK: _EVERYBODY,
    Word.DATA_WRONG: _EVERYBODY,
    Word.DATA_MENDED: _EVERY_OFFICE,
}
"""Whose each word is. Everybody's word is about themselves alone; «进度» of an office is about its units. A word that
is not here is nobody's."""

OFFICES = {word: roles for word, roles in RIGHTS.items() if Role.STAFF not in roles}
"""The words for offices alone."""

FILES: dict[str, frozenset[Role]] = {"scan": _EVERY_OFFICE, "roster": _EVERY_OFFICE, "table": _EVERYBODY}
"""Who may send which files, by the room that reads them. One that is not here is fetched from nobody."""

PAPERS: dict[str, frozenset[Role]] = {
    "feedback_table": _EVERY_OFFICE,
    "blank_table": _EVERY_OFFICE,
    "pledges": _EVERY_OFFICE,
    "blank_pledge": _EVERY_OFFICE,
    "pledge_ledger": _EVERY_OFFICE,
    "missing_list": _EVERY_OFFICE,
    "overdue": _ABOVE_UNITS,
    "progress_picture": _EVERY_OFFICE,
    "summary": _ABOVE_UNITS,
    "risk_ledger": _EVERY_OFFICE,
    "spot_check_record": _ABOVE_UNITS,
    "spot_check_population": _ABOVE_UNITS,
    "assessment_table": _EVERY_OFFICE,
    "roster": _EVERY_OFFICE,
}
"""The papers, by their id in the catalogue, and the roles that may have them. One that is not here nobody gets."""

BESIDE: dict[str, frozenset[Role]] = {"own_table": _EVERYBODY, "scan": _EVERY_OFFICE}
"""Papers no export names: one's own table, and the stamped pages of a return somebody looks at."""


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

    def holds(self, role: Role) -> bool:
        return any(held is role for held, _ in self.appointments)

    def may_have(self, paper: str, unit: Unit | None = None) -> bool:
        """Whether a paper is theirs to have, of this unit: by a role they hold for it or for one above it."""
        roles = PAPERS.get(paper, frozenset())
        return any(
            role in roles and (unit is None or unit.path.startswith(top.path)) for role, top in self.appointments
        )

    def above(self, unit: Unit) -> bool:
        """Whether an office of theirs that stands above units looks after this one."""
        return self.office_over(unit) is not None

    def office_over(self, unit: Unit) -> Unit | None:
        """The widest such office; a coordinator's own unit is none."""
        held = (top for role, top in self.appointments if role in _ABOVE_UNITS and unit.path.startswith(top.path))
        return next(held, None)

    def touches(self, scope: Unit) -> bool:
        """Whether an office of theirs above units looks after this unit or stands below it."""
        return any(
            role in _ABOVE_UNITS and (top.path.startswith(scope.path) or scope.path.startswith(top.path))
            for role, top in self.appointments
        )

    @property
    def widest_office(self) -> tuple[Role, Unit]:
        """The widest office above units they hold; the widest of all where there is none."""
        return next(((role, top) for role, top in self.appointments if role in _ABOVE_UNITS), self.appointments[0])

    def may(self, word: Word) -> bool:
        return self._has(RIGHTS.get(word, frozenset()))

    def may_send(self, reader: str) -> bool:
        """Whether files for this room are taken from them."""
        return self._has(FILES.get(reader, frozenset()))

    def may_collect(self, paper: str) -> bool:
        """Whether one of the papers beside the exports is given to them; of which unit or person is asked apart."""
        return self._has(BESIDE.get(paper, frozenset()))

    def _has(self, roles: frozenset[Role]) -> bool:
        return Role.STAFF in roles or any(role in roles for role, _ in self.appointments)


def reach(session: Session, person: Person | None, now: datetime) -> Reach:
    if person is None or not person.active or person.id is None:
        return Reach(())
    return Reach(tuple(roster.appointments(session, person.id, now)))
