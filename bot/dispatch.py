"""What the postman does in the database while people wait for their answers: replies are claimed before their call,
what became of letters is written down after it (sent, refused, put off, doubtful), broadcasts are posted in between.

What the platform says is told by the channel as one of its errors; here is what follows from them. Synchronous, and all
that goes in and out are values: it works in whatever process writes (`talk.py`). Must not know how a parcel is carried.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.channels import DeliveryError, Later, QuotaGone, Refused, SomeoneRefused
from bot.intake import post
from handlers.broadcasts.letters import Mark, next_slice
from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from handlers.months import next_month
from handlers.reminders.bearing import bearable
from handlers.texts import quota as texts
from storage import brakes, broadcasts, delivery, read_states
from storage.delivery import Claimed
from storage.outbox import State

log = logging.getLogger(__name__)

_LONGEST_DELAY = 3600.0
_LONGEST_WAIT = 60.0
"""Somebody waits for a reply: it is tried again at least every minute."""
_MOST_REPEATS = 8
"""Calls of a keyed channel that all got no answer: what is left then is for the operator."""
OURS = timedelta(seconds=5)
"""How long a reply is left to the process that wrote it: without the chat's session, others would call the API."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A parcel that is back. `verdict`: of each letter None where the platform took it, under `receipt`. `keyed`: its
    channel refuses a repeated key. `well`: the platform took the parcel, if perhaps not every letter."""

    channel: str
    keyed: bool
    letters: Sequence[Claimed]
    verdict: Mapping[int, DeliveryError | None]
    receipt: str = ""
    well: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """So many new letters, and where their broadcast goes on; None where these were the last."""

    new: int
    following: Mark | None


class Dispatch:
    """All of it in the transaction given."""

    def __init__(self, *, campaigns: tuple[Campaign, ...], now: Callable[[], datetime]) -> None:
        self._campaigns, self._now = campaigns, now

    def claim_replies(
        self, session: Session, channel: str, until: datetime, room: int, ours: Sequence[str] | None = None
    ) -> list[Claimed]:
        """At most `room` letters, under way until the moment given. `ours`: where other processes carry from the same
        outbox, the chats this one has just written replies to."""
        now = self._now()
        left = None if ours is None else delivery.Ours(ours, now - OURS)
        return delivery.claim_replies(session, channel, now=now, limit=room, leased_until=until, ours=left)

    def claim_bulk(
        self, session: Session, channel: str, until: datetime, parcels: int, most: int
    ) -> list[list[Claimed]]:
        """At most so many parcels of at most `most` letters. Nothing while the brake is on or the hours are quiet: what
        was not sent in the day goes on in the morning."""
        now = self._now()
        if any(next_polite(campaign, now) != now for campaign in self._campaigns):
            return []
        if brakes.holding(session, now, channel):
            return []
        return delivery.claim_bulk(session, channel, now=now, parcels=parcels, most=most, leased_until=until)

    @staticmethod
    def let_go(session: Session, channel: str, until: datetime) -> None:
        """What was claimed until this moment waits again: nobody knows of it, so nothing was begun with it."""
        delivery.release_claim(session, channel, until)

    def post_slice(self, session: Session, number: int, mark: Mark) -> Posted | None:
        """Posts the next letters of a broadcast; None where it was stopped meanwhile."""
        planned = broadcasts.going_on(session, number)
        if planned is None:
            return None
        file = next(one for one in self._campaigns if one.id == planned.campaign)
        found, following = next_slice(session, file, planned, mark)
        kept, _ = bearable(session, file, found)
        return Posted(post(session, kept, now=self._now()), following)

    def settle(self, session: Session, parcels: Sequence[Carried]) -> list[str]:
        """Every letter of the parcels is settled. Returns what the operator should know about the month's quota."""
        now, taken, alarms = self._now(), dict[str, list[Claimed]](), list[str]()
        for carried in parcels:
            if letters := self._settle(session, carried, now, alarms):
                taken.setdefault(carried.receipt, []).extend(letters)
        for receipt, letters in taken.items():
            delivery.settle(session, [one.id for one in letters], State.SENT, at=now, receipt=receipt)
            read_states.note(session, letters, receipt, at=now)
        return alarms

    def _settle(self, session: Session, carried: Carried, now: datetime, alarms: list[str]) -> list[Claimed]:
        """Deals with what the platform did not take; returns what it took."""
        fates: dict[DeliveryError, list[Claimed]] = {}
        for letter in carried.letters:
            if (error := carried.verdict[letter.id]) is not None:
                fates.setdefault(error, []).append(letter)
        for error, same in fates.items():
            ids = [letter.id for letter in same]
            told = "letter %d %s: %s" if len(ids) == 1 else "letter %d and %d more %s: %s"
            values = (ids[0],) if len(ids) == 1 else (ids[0], len(ids) - 1)
            log.warning(told, *values, type(error).__name__, error, extra={"action": "outbox"})
            if isinstance(error, QuotaGone) and (alarm := self._out_of_quota(session, carried.channel, error, now)):
                alarms.append(alarm)
            self._not_taken(session, carried, same, error, now)
        return [letter for letter in carried.letters if carried.verdict[letter.id] is None]

    def _out_of_quota(self, session: Session, channel: str, error: QuotaGone, now: datetime) -> str:
        """What the operator is told of it, the first time."""
        until = next_month(now, self._campaigns[0].zone)
        if not brakes.out_of_quota(session, channel, str(error), at=now, until=until):
            return ""
        return texts.gone(channel, str(error), f"{until:%Y-%m-%d}")

    @staticmethod
    def _not_taken(
        session: Session, carried: Carried, letters: Sequence[Claimed], error: DeliveryError, now: datetime
    ) -> None:
        ids, first, why = [letter.id for letter in letters], letters[0], str(error)
        match error:
            case Later():
                delivery.put_off(session, ids, until=now + _delay(first, error.delay), trouble=why)
            case SomeoneRefused() if len(letters) > 1:
                delivery.put_off(session, ids, until=now, trouble=why, alone=True)
            case Refused():
                delivery.settle(session, ids, State.REFUSED, at=now, trouble=why)
            case _ if carried.keyed and first.attempts < _MOST_REPEATS:
                delivery.put_off(session, ids, until=now + _delay(first, 2.0), trouble=why, same_parcel=True)
            case _:
                delivery.settle(session, ids, State.DOUBTFUL, at=now, trouble=why)


def _delay(letter: Claimed, seconds: float) -> timedelta:
    """Longer each time, up to what the waiting person can bear."""
    longest = _LONGEST_WAIT if letter.topic == "reply" else _LONGEST_DELAY
    return timedelta(seconds=min(seconds * 2 ** min(letter.attempts - 1, 6), longest))
