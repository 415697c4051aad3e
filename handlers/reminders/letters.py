"""The letters of one moment of a reminder: who gets which words. Reads only.

People come in slices by their number, so that a transaction stays short with fifty thousand of them; groups come at
once. A letter's key is that of its moment and its reader: whoever is meant by two rules gets one letter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import menus, reaching
from handlers.campaign.definition import Campaign
from handlers.messages import Address, Body, ChatKind, Choice, Letter
from handlers.reminders import digest, groups
from handlers.reminders.bearing import bearable
from handlers.reminders.calendar import Moment
from handlers.reminders.settling import OFFICE
from handlers.texts import digests, figures, plain
from storage import accounts, audiences
from storage.audiences import Meant, Officer

SLICE = 500
"""So many people are written to in one transaction, some 50 ms: replies hardly wait."""
TOPIC, RETURNS = "reminder", "urge"
"""Topics: by these what waits is taken back when somebody finishes, or hands up (`returns.urging`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A moment being dealt with at `now`. `looking` only tells who would be written to, `as_of` at a past moment."""

    session: Session
    campaign: Campaign
    moment: Moment
    now: datetime
    notices: frozenset[str] = frozenset()
    """The channels that take work notices; where none does, everybody is written to where they chat."""
    looking: bool = False
    as_of: datetime | None = None

    @property
    def words(self) -> str:
        return self.moment.rule.say[self.moment.audience]

    def when(self) -> dict[str, str]:
        """The blanks every text may have. A reminder speaks of the day it is for."""
        days = (self.campaign.deadline - self.moment.day).days
        return {"deadline": plain.day(self.campaign.deadline), "days": str(max(days, 0)), "overdue": str(max(-days, 0))}

    def key(self, reader: str) -> str:
        return f"{self.campaign.id}/remind/{self.moment.at:%Y-%m-%dT%H:%M}/{reader}"

    def letter(self, to: Address, body: Body, reader: str, topic: str = TOPIC) -> Letter:
        return Letter(to=to, body=body, topic=topic, key=self.key(reader), expires_at=self.moment.until, bulk=True)

    def addresses(self, people: Sequence[Meant | Officer]) -> dict[int, Address]:
        """Where each is written to: by work notice where the rule says so and they can be reached by one."""
        found = {one.id: reaching.address(one) for one in people}
        if not self.moment.noticed:
            return found
        if reaching.WORK_NOTICE in self.notices:
            found |= {one.id: there for one in people if (there := reaching.notice(one))}
        for platform in sorted(self.notices - {reaching.WORK_NOTICE}):
            known = accounts.ids_on(self.session, platform, list(found))
            found |= {i: Address(platform, ChatKind.DIRECT, account) for i, account in known.items()}
        return found

    def to_person(self, number: int, to: Address, words: str, said: Sequence[str], topic: str = TOPIC) -> Letter:
        """`said` are the buttons, each called as the word it says."""
        body = Choice(self.campaign.name, words, menus.numbered(*((word, word) for word in said)))
        return self.letter(to, body, f"p{number}", topic)


@dataclass(frozen=True, slots=True)
class Slice:
    """Letters, and the last person they reach to; 0 when nobody is left behind them."""

    letters: list[Letter]
    upto: int
    enough: int = 0
    """So many more would be too much for their readers."""


def cut(round_: Round, *, after: int = 0, most: int | None = None) -> Slice:
    """The next letters of a moment, all of them or for `most` people, without those to people who have had enough."""
    audience, upto = round_.moment.audience, 0
    if audience in ("unfinished", "unsigned"):
        people, upto = _people(round_, after, most)
        letters = list(_unfinished(round_, people) if audience == "unfinished" else _unsigned(round_, people))
    elif audience == "groups":
        letters = list(_to_groups(round_))
    else:
        letters, upto = _to_offices(round_, after, most)
    kept, enough = bearable(round_.session, round_.campaign, letters)
    return Slice(kept, upto, enough)


def _people(round_: Round, after: int, most: int | None) -> tuple[Sequence[Meant], int]:
    """The next of them, and the number of the last; 0 where nobody is left. Whoever finishes at this very moment is
    waited for: what they say either comes first, or takes the letter back."""
    session, campaign = round_.session, round_.campaign.id
    ask = audiences.unfinished if round_.moment.audience == "unfinished" else audiences.unsigned
    people = ask(session, campaign, after=after, most=most, as_of=round_.as_of)
    upto = people[-1].id if people and len(people) == most else 0
    if not round_.looking:
        people = ask(session, campaign, among=audiences.hold(session, people))
    return people, upto


def _unfinished(round_: Round, people: Sequence[Meant]) -> Iterator[Letter]:
    # no name in it: the same words go to twenty persons in one call, and calls are counted
    when = round_.when()
    words = {begun: round_.words.format(state=figures.state_of(begun=begun), **when) for begun in (False, True)}
    to = round_.addresses(people)
    for meant in people:
        yield round_.to_person(meant.id, to[meant.id], words[meant.begun], [digests.GO_ON])


def _unsigned(round_: Round, people: Sequence[Meant]) -> Iterator[Letter]:
    words = round_.words.format(pledge=round_.campaign.pledge.name, **round_.when())
    for number, to in round_.addresses(people).items():
        yield round_.to_person(number, to, words, [digests.EDIT])


def _to_offices(round_: Round, after: int, most: int | None) -> tuple[list[Letter], int]:
    """Those in office behind `after`, and the number of the last; 0 where nobody is left."""
    there = digest.gathered(round_.session, round_.campaign, round_.now, round_.as_of)
    officers = [officer for officer in there.officers if officer.id > after][:most]
    digests_only = round_.moment.audience == "digest"
    say, topic = (there.letter, OFFICE) if digests_only else (there.units, RETURNS)
    to, words, when = round_.addresses(officers), round_.words, round_.when()
    said = [(officer.id, found) for officer in officers if (found := say(officer, words, when))]
    letters = [round_.to_person(number, to[number], one.words, one.buttons, topic) for number, one in said]
    return letters, officers[-1].id if officers and len(officers) == most else 0


def _to_groups(round_: Round) -> Iterator[Letter]:
    for told in groups.told(round_.session, round_.campaign, round_.words, round_.when(), round_.now, round_.as_of):
        yield round_.letter(told.to, told.body, f"g{told.to.id}")
