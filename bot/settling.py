"""What became of letters, written down: sent, refused, put off, or doubtful. Parcels that come back together share a
commit.

What the platform says is told by the channel as one of its errors; here is what follows from them. Must not know how a
parcel is carried.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.channels import Channel, DeliveryError, Later, QuotaGone, Refused, SomeoneRefused
from bot.threads import DatabaseThread, Together
from handlers.campaign.definition import Campaign
from handlers.months import next_month
from handlers.texts import quota as texts
from storage import brakes, delivery, read_states
from storage.database import Database, DatabaseFailure
from storage.delivery import Claimed
from storage.outbox import State

log = logging.getLogger(__name__)

_TOGETHER = 50
"""So many parcels share a commit at the most."""
_AGAIN = 1.0
"""Seconds until it is tried again to write down what is known."""
_LONGEST_DELAY = 3600.0
_LONGEST_WAIT = 60.0
"""Somebody waits for a reply: it is tried again at least every minute."""
_MOST_REPEATS = 8
"""Calls of a keyed channel that all got no answer: what is left then is for the operator."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A parcel that is back. `verdict`: of each letter None where the platform took it, under `receipt`."""

    channel: Channel
    letters: Sequence[Claimed]
    verdict: Mapping[int, DeliveryError | None]
    receipt: str = ""


class Settling:
    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        alarm: Callable[[str], None],
    ) -> None:
        """`alarm` is told what the operator should know about the month's quota."""
        self._database, self._campaigns, self._now, self._alarm = database, campaigns, now, alarm
        self._waiting = Together(thread, self._settle_all, most=_TOGETHER)

    async def settle(self, carried: Carried) -> None:
        """Returns when every letter of the parcel is settled. Where the database cannot be written just now, what is
        known is kept and tried again: else letters that arrived would become doubtful, and their chats wait."""
        while True:
            try:
                return await self._waiting.run(carried)
            except DatabaseFailure as error:
                told = "what became of %d letters cannot be written down; trying again: %s"
                log.warning(told, len(carried.letters), type(error).__name__, extra={"action": "outbox.trouble"})
                await asyncio.sleep(_AGAIN)

    def _settle_all(self, parcels: Sequence[Carried]) -> None:
        now, taken = self._now(), dict[str, list[Claimed]]()
        with self._database.session() as session:
            for carried in parcels:
                if letters := self._settle(session, carried, now):
                    taken.setdefault(carried.receipt, []).extend(letters)
            for receipt, letters in taken.items():
                delivery.settle(session, [one.id for one in letters], State.SENT, at=now, receipt=receipt)
                read_states.note(session, letters, receipt, at=now)

    def _settle(self, session: Session, carried: Carried, now: datetime) -> list[Claimed]:
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
            self._not_taken(session, carried.channel, same, error, now)
        return [letter for letter in carried.letters if carried.verdict[letter.id] is None]

    def _not_taken(
        self, session: Session, channel: Channel, letters: Sequence[Claimed], error: DeliveryError, now: datetime
    ) -> None:
        ids, first, why = [letter.id for letter in letters], letters[0], str(error)
        if isinstance(error, QuotaGone):
            until = next_month(now, self._campaigns[0].zone)
            if brakes.out_of_quota(session, channel.name, why, at=now, until=until):
                self._alarm(texts.gone(channel.name, why, f"{until:%Y-%m-%d}"))
        match error:
            case Later():
                delivery.put_off(session, ids, until=now + _delay(first, error.delay), trouble=why)
            case SomeoneRefused() if len(letters) > 1:
                delivery.put_off(session, ids, until=now, trouble=why, alone=True)
            case Refused():
                delivery.settle(session, ids, State.REFUSED, at=now, trouble=why)
            case _ if channel.keyed and first.attempts < _MOST_REPEATS:
                delivery.put_off(session, ids, until=now + _delay(first, 2.0), trouble=why, same_parcel=True)
            case _:
                delivery.settle(session, ids, State.DOUBTFUL, at=now, trouble=why)


def _delay(letter: Claimed, seconds: float) -> timedelta:
    """Longer each time, up to what the waiting person can bear."""
    longest = _LONGEST_WAIT if letter.topic == "reply" else _LONGEST_DELAY
    return timedelta(seconds=min(seconds * 2 ** min(letter.attempts - 1, 6), longest))
