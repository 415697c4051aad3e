"""The letters of a broadcast, in slices: each is read and posted in one short transaction, so that replies hardly wait
meanwhile.

Keys say which broadcast and which reader: posting a slice again, after a kill, posts nothing twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
from storage.recipients import Part

SLICE = 1000
"""So many letters in one transaction. A text is cut at multiples of it, so that no call of twenty is cut."""
_KEEP = timedelta(days=3)
"""What could not be sent for so long is history."""
_GO_ON = "继续"


def expires(campaign: Campaign, at: datetime) -> datetime:
    """Until when a broadcast agreed to now may go out: a nudge speaks of its day, other words may wait."""
    return next_polite(campaign, at) + _KEEP


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a broadcast has been written that was begun at a moment: up to a person, among those who are told
    the same words."""

    at: datetime
    text: int = 0
    after: int = 0


def next_slice(
    session: Session, campaign: Campaign, planned: Broadcast, mark: Mark
) -> tuple[list[Letter], Mark | None]:
    """The letters behind a mark, and where the next ones begin; None where these are the last."""
    unit, common, kinds = broadcasts.unit_of(session, planned), _Common.of(campaign, planned, mark.at), _kinds(planned)
    part = Part(after=mark.after, most=SLICE, but=planned.by, begun=kinds[mark.text])
    found = meant(session, campaign, planned, unit, mark.at, part)
    if found.groups:
        words: Body = Text(planned.text, campaign.name)
        return [common.letter(chat, words, f"{chat.kind[0]}{chat.id}") for chat in found.groups], None
    body = _body(campaign, planned, begun=bool(part.begun))
    letters = [common.letter(to, body, f"{one.id}") for one, to in found.people]
    if len(letters) == SLICE:
        return letters, replace(mark, after=found.people[-1][0].id)
    return letters, Mark(mark.at, mark.text + 1) if mark.text + 1 < len(kinds) else None


def _kinds(planned: Broadcast) -> tuple[bool | None, ...]:
    """Those who have begun and those who have not, where they are told other words."""
    apart = planned.kind == Kind.NUDGE and planned.audience == Audience.UNFINISHED
    return (False, True) if apart else (None,)


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
