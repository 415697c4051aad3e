"""What those in office hear: one letter with the figures of all that waits for them, or which of their returns are not
up. Whoever has nothing left hears nothing.

A single office is not called by its name: the same figures in two villages are then the same letter, and one call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.texts import digests
from storage import audiences, roster, running_counts
from storage.audiences import Meant, Officer
from storage.outstanding import Left, Outstanding, outstanding
from storage.rows import Role


@dataclass(frozen=True, slots=True)
class Said:
    words: str
    buttons: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """Everybody in office, and what is left to do everywhere."""

    officers: Sequence[Officer]
    left: Outstanding
    unfinished: Mapping[int, Meant]
    """The officers whose own self-check is wanting, by number."""

    def letter(self, officer: Officer, words: str, when: Mapping[str, str]) -> Said | None:
        """The digest."""
        offices = self._widest(officer)
        several = len(offices) > 1
        lines: list[str] = []
        for role, unit_id, within in offices:
            found = _lines(self.left.of(unit_id), role, people=not within)
            lines += digests.of_unit(self._name(unit_id), found) if several else found
        lines = list(dict.fromkeys(lines))  # two offices at one unit have the same left
        if not lines:
            return None
        if own := self.unfinished.get(officer.id):
            lines.append(digests.own_unfinished(begun=own.begun))
        return Said(digests.digest(words.format(**when), lines), self._buttons(officer))

    def units(self, officer: Officer, words: str, when: Mapping[str, str]) -> Said | None:
        """Which of their returns are not up."""
        mine = list(dict.fromkeys(unit_id for _, unit_id, _ in self._widest(officer)))
        wanting = [self._name(unit_id) for unit_id in mine if self.left.of(unit_id).to_hand_up]
        if not wanting:
            return None
        named = digests.several(wanting) if len(mine) > 1 else digests.OWN_UNIT
        return Said(words.format(units=named, **when), [digests.TODO])

    def _widest(self, officer: Officer) -> list[tuple[Role, int, bool]]:
        """The offices somebody holds, the widest first; and whether each lies within one before it."""
        paths = {unit_id: self.left.units[unit_id].path for _, unit_id in officer.offices}
        order = sorted(officer.offices, key=lambda office: (len(paths[office[1]]), paths[office[1]]))
        found: list[tuple[Role, int, bool]] = []
        for role, unit_id in order:
            within = any(paths[unit_id].startswith(paths[other]) for _, other, _ in found)
            found.append((role, unit_id, within))
        return found

    def _name(self, unit_id: int) -> str:
        return full_name(self.left.chain(unit_id))

    def _buttons(self, officer: Officer) -> list[str]:
        left = [self.left.of(unit_id) for _, unit_id in officer.offices]
        missing, absent = any(one.people.missing for one in left), any(one.absent for one in left)
        offered = ((digests.TODO, True), (digests.NAMES, missing), (digests.NUDGE, missing), (digests.URGE, absent))
        return [word for word, wanted in offered if wanted]


def anything_left(session: Session, campaign: Campaign, officer: Officer, now: datetime) -> bool:
    """Whether there would be a digest for somebody in office now."""
    tops = [roster.unit(session, unit_id).path for _, unit_id in officer.offices]
    if any(running_counts.missing(session, campaign.id, top) for top in tops):
        return True  # by far the most frequent, and known at once
    widest = min(tops, key=len)
    left = outstanding(session, campaign.id, now, top=widest if all(top.startswith(widest) for top in tops) else "/")
    return Offices(officers=[officer], left=left, unfinished={}).letter(officer, "", {}) is not None


def gathered(session: Session, campaign: Campaign, now: datetime, as_of: datetime | None = None) -> Offices:
    officers = audiences.officers(session, now)
    numbers = [officer.id for officer in officers]
    wanting = audiences.unfinished(session, campaign.id, among=numbers, as_of=as_of)
    return Offices(
        officers=officers,
        left=outstanding(session, campaign.id, now, as_of),
        unfinished={meant.id: meant for meant in wanting},
    )


def _lines(left: Left, role: Role, *, people: bool) -> list[str]:
    """What is left at one office, the most pressing first; `people` are told with the widest office they belong to."""
    found: list[str] = []
    if left.to_hand_up:
        found.append(digests.own_return(left.state))
    counted = (
        (left.to_receive, digests.to_receive),
        (left.absent, digests.absent),
        (left.applicants, digests.applicants),
        (left.countersigns, digests.countersigns),
        (left.findings_to_answer if role is Role.UNIT else 0, digests.findings_to_answer),
        (0 if role is Role.UNIT else left.findings_to_close, digests.findings_to_close),
    )
    if people and left.people.missing:
        found.insert(0, digests.people(left.people.missing, left.people.expected, left.people.finished))
    return found + [say(number) for number, say in counted if number]
