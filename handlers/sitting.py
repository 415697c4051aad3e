"""One person's self-check during one message: the answers so far and what the message adds.

The way between the log of answers and the pure engine; says nothing to anybody.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

from handlers import leak_guard, revisions, typical
from handlers.campaign.answers import Change, Given, fold, written
from handlers.campaign.definition import Campaign
from handlers.campaign.revision import as_before
from handlers.campaign.setting import Setting
from handlers.campaign.walk import Step, Walk, walk
from handlers.desk import Desk
from handlers.revisions import Met
from storage import answer_log, cases, roster
from storage.models import Case, Person
from storage.vault import answer_purpose


@dataclass
class Sitting:
    """One person's self-check during one message: the answers so far and what this message adds."""

    desk: Desk
    person: Person
    """The one it is about."""
    case: Case
    changes: list[Change]
    setting: Setting
    met: Met | None = None
    """What a changed campaign file means to them, where this message is the first since."""
    filler: Person | None = None
    """Who answers for them (代填)."""
    _looked: bool = False
    """Typical rows have been looked up: once, and only for somebody who is about to begin a row."""
    _walked: Walk | None = None
    """The path of the answers so far."""
    _before: Walk | None = None
    """That of before the last of them."""

    @property
    def campaign(self) -> Campaign:
        return self.desk.campaign

    @property
    def path(self) -> Walk:
        if self._walked is not None:
            return self._walked
        path = _path_of(self.campaign, tuple(self.changes), self.setting, self._before)
        if path.place is not None and path.at_first_column(path.place) and not self._looked:
            self._looked = True
            self.setting = replace(self.setting, typical=typical.rows(self.desk, self.person))
        self._walked = replace(path, setting=self.setting) if self.setting.typical else path
        return self._walked

    def add(self, changes: tuple[Change, ...]) -> None:
        """Writes changes to the log, in this message's transaction. A mobile number in an answer (a contact) is
        sealed; the answer itself shows it masked."""
        changes = tuple(self._without_phones(change) for change in changes)
        if changes and self.case.countersign:
            self.case.countersign = False  # what the coordinator was asked about is no longer what there is
        lines = [(c.key, c.given.to_json() if c.given else None) for c in changes]
        self.changes += [written(*one) for one in lines]
        self._before, self._walked = self._walked, None
        answer_log.append(self.desk.session, self.case, lines, at=self.desk.now, msg_id=self.desk.inbound.msg_id)

    def _without_phones(self, change: Change) -> Change:
        given = change.given
        if given is None or not any(leak_guard.has_phone(value) for value in given.values):
            return change
        masked = tuple(leak_guard.mask_phones(value) for value in given.values)
        sealed = self.desk.vault.seal("\n".join(given.values), answer_purpose(self.case.id), self.case.campaign)
        return Change(change.key, replace(given, values=masked, sealed=sealed))

    def opened(self, given: Given) -> tuple[str, ...]:
        """What was really said, where the answer shows less."""
        if not given.sealed:
            return given.values
        return tuple(self.desk.vault.open(given.sealed, answer_purpose(self.case.id)).split("\n"))


_MOST_PATHS = 512
"""So many paths are kept, some kilobytes each: those of the people who answer just now."""
_paths: OrderedDict[Hashable, tuple[tuple[Change, ...], Walk]] = OrderedDict()
"""With the changes it was walked with: these and the campaign are known by their numbers, as long as they are kept."""


def _path_of(campaign: Campaign, changes: tuple[Change, ...], setting: Setting, before: Walk | None) -> Walk:
    """A path is nothing but the answers read through a file in a setting: that of the last turn need not be walked
    anew at the next. The typical rows have no part in it."""
    where = (setting.today, setting.person, setting.unit, setting.area, setting.filled)
    key = (id(campaign), *map(id, changes), where)
    kept = _paths.pop(key, None) or (changes, walk(campaign, fold(changes), replace(setting, typical=()), before))
    _paths[key] = kept
    if len(_paths) > _MOST_PATHS:
        _paths.popitem(last=False)
    return kept[1]


def subject(desk: Desk, person: Person) -> Person:
    """Whose self-check somebody is at: their own, or that of the one they fill in for, while they may."""
    if person.filling_for is None:
        return person
    other = roster.person_numbered(desk.session, person.filling_for)
    if other is not None and may_fill_in(desk, person, other):
        return other
    person.filling_for = None
    return person


def may_fill_in(desk: Desk, person: Person, other: Person) -> bool:
    """For a colleague without an account, of the same unit or of one they look after."""
    if other.account or not other.active or other.id == person.id:
        return False
    return other.unit_id == person.unit_id or desk.reach(person).covers(desk.unit_of(other))


def sit_down(desk: Desk, person: Person, about: Person | None = None) -> tuple[Sitting, bool]:
    """The sitting of a person, or of the one they fill in for, and whether it is the first. Where the campaign file has
    changed since they were last heard, their answers are brought up to it. `about` names the one it is about."""
    filler, person = person, about or subject(desk, person)
    case = cases.find(desk.session, desk.campaign.id, person.id or 0)
    first = case is None
    if case is None:
        case = _start(desk, person)
    proxied = person is not filler
    setting = desk.setting(person, filled="proxy" if proxied else "self")
    met = revisions.meet(desk, case, setting)
    return Sitting(desk, person, case, _log(desk, case), setting, met, filler if proxied else None), first


def place_before(desk: Desk, person: Person) -> Step | None:
    """The question somebody has before them, whatever has changed in the file since. Writes nothing."""
    path = path_before(desk, person)
    return path.place if path else None


def path_before(desk: Desk, person: Person, about: Person | None = None) -> Walk | None:
    """The path as they know it, whatever has changed in the file since; None before the first message. Writes
    nothing."""
    filler, person = person, about or subject(desk, person)
    case = cases.find(desk.session, desk.campaign.id, person.id or 0)
    if case is None:
        return None
    setting = desk.setting(person, filled="self" if person is filler else "proxy")
    seen = as_before(desk.campaign, fold(_log(desk, case)), setting, case.revision)
    return walk(desk.campaign, seen, setting)


def _start(desk: Desk, person: Person) -> Case:
    campaign = desk.campaign
    return cases.start(
        desk.session,
        campaign=campaign.id,
        person_id=person.id or 0,
        unit_id=person.unit_id,
        at=desk.now,
        revision=campaign.revision,
    )


def _log(desk: Desk, case: Case) -> list[Change]:
    return [written(key, given) for key, given in answer_log.lines(desk.session, case)]
