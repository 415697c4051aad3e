"""The letters of a broadcast, in slices: each is one short transaction, so that replies hardly wait meanwhile.

Keys say which broadcast and which reader: posting a slice again, after a kill, posts nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlmodel import Session

from handlers import menus
from handlers.broadcasts.plan import Audience, Kind, meant
from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from handlers.messages import Address, Body, Choice, Letter, Text
from handlers.texts import broadcasts as texts
from handlers.texts import figures
from storage import broadcasts
from storage.models import Broadcast
from storage.recipients import Recipient

SLICE = 1000
"""So many letters in one transaction. A text is cut at multiples of it, so that no call of twenty is cut."""
_KEEP = timedelta(days=3)
"""What could not be sent for so long is history."""
_GO_ON = "继续"


def expires(campaign: Campaign, at: datetime) -> datetime:
    """Until when a broadcast agreed to now may go out: a nudge speaks of its day, other words may wait."""
    return next_polite(campaign, at) + _KEEP


def slices(session: Session, campaign: Campaign, planned: Broadcast, now: datetime) -> Iterator[list[Letter]]:
    """All letters of a broadcast."""
    unit = broadcasts.unit_of(session, planned)
    found, common = meant(session, campaign, planned, unit, now), _Common.of(campaign, planned, now)
    if found.groups:
        body: Body = Text(planned.text, campaign.name)
        yield [common.letter(chat, body, f"{chat.kind[0]}{chat.id}") for chat in found.groups]
        return
    waiting: list[Letter] = []
    for begun, same in groupby(sorted(found.people, key=_by_text), key=_by_text):
        body = _body(campaign, planned, begun=begun)
        letters = [common.letter(to, body, f"{one.id}") for one, to in same]
        for start in range(0, len(letters), SLICE):
            waiting += letters[start : start + SLICE]
            if len(waiting) >= SLICE:
                yield waiting
                waiting = []
    yield waiting


def _by_text(pair: tuple[Recipient, Address]) -> bool:
    return pair[0].begun


def _body(campaign: Campaign, planned: Broadcast, *, begun: bool) -> Body:
    words = planned.text
    if planned.kind == Kind.NUDGE:
        words = figures.nudge(campaign, figures.state_of(begun=begun), planned.text)
    if planned.audience == Audience.UNFINISHED:
        return Choice(campaign.name, words, menus.numbered((_GO_ON, _GO_ON)))
    return Text(words, texts.TITLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What all letters of a broadcast have in common: worked out once for fifty thousand."""

    number: int | None
    key: str
    topic: str
    at: datetime
    until: datetime

    @classmethod
    def of(cls, campaign: Campaign, planned: Broadcast, now: datetime) -> "_Common":
        at = next_polite(campaign, now)
        local, nudge = at.astimezone(campaign.zone), planned.kind == Kind.NUDGE
        key = f"nudge/{local:%Y-%m-%d}" if nudge else f"broadcast/{planned.id}"
        return cls(
            number=planned.id,
            key=f"{campaign.id}/{key}",
            # by its topic what waits is taken back when somebody finishes
            topic="nudge" if planned.audience == Audience.UNFINISHED else "broadcast",
            at=at,
            until=local.replace(hour=23, minute=59) if nudge else expires(campaign, now),
        )

    def letter(self, to: Address, body: Body, reader: str) -> Letter:
        return Letter(
            to=to,
            body=body,
            topic=self.topic,
            key=f"{self.key}/{reader}",
            not_before=self.at,
            expires_at=self.until,
            bulk=True,
            broadcast=self.number,
        )
