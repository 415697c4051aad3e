"""The outbox on its way: claim, deliver, settle. No transaction is open while a letter is under way.

Each chat is a lane with one letter at a time. A letter whose delivery got no answer is doubtful and stays so until the
operator decides; the platform's «later» puts it off. Knows channels by name only and nothing of what letters say.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.channels import Attachment, Channel, DeliveryError, Doubtful, Later, Parcel, Receipt, Refused
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.messages import Address, ChatKind, Document, from_json
from handlers.papers import documents
from storage import outbox
from storage.database import Database
from storage.outbox import Claimed, State

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than any delivery: upload and send with their time-outs."""
AT_ONCE = 8
"""Deliveries under way; httpx's engines do best with about ten (perf facts §6)."""
TOGETHER = 20
"""Letters claimed per free delivery: the same words to so many persons make one call."""
_POLL = 1.0
_LAST_DELIVERIES = 5.0
"""How long a stop waits for letters under way; the stop as a whole has ten seconds."""
_LONGEST_DELAY = 3600.0
_LONGEST_WAIT = 60.0
"""Somebody waits for a reply: it is tried again at least every minute."""


class Postman:
    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        channels: Mapping[str, Channel],
        thread: DatabaseThread,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
    ) -> None:
        """`now` is the campaign's time, which a demo may move; leases are measured in real time."""
        self._database, self._campaign, self._channels = database, campaign, channels
        self._thread, self._now, self._real_now = thread, now, real_now
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._slots = asyncio.Semaphore(AT_ONCE)

    def wake(self) -> None:
        """There may be letters."""
        self._wake.set()

    async def run(self) -> None:
        """Delivers until cancelled; then waits for what is under way, so that a clean stop leaves nothing doubtful."""
        try:
            while True:
                self._wake.clear()
                if not await self._round():
                    await self._rest()
        finally:
            self._stopping = True
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=_LAST_DELIVERIES)

    async def _round(self) -> bool:
        """Starts as many deliveries as there is room for; True if there was anything to start."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return False
        claiming = asyncio.ensure_future(self._thread.run(lambda: self._claim(room)))
        try:
            parcels = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            for letters in await claiming:  # what the thread claims meanwhile is not forgotten
                await self._release(letters)
            raise
        except Exception:
            log.exception("the outbox cannot be read; trying again", extra={"action": "outbox.trouble"})
            return False
        for letters in parcels:
            task = asyncio.create_task(self._carry(letters))
            self._under_way.add(task)
            task.add_done_callback(self._arrived)
        return bool(parcels)

    def _together(self, letters: Sequence[Claimed]) -> Iterator[list[Claimed]]:
        """The same words to several persons make one parcel; everything else goes alone."""
        shared: dict[tuple[str, str], list[Claimed]] = {}
        for letter in letters:
            to = Address.parse(letter.lane)
            if letter.topic == "reply" or to.kind is not ChatKind.DIRECT or letter.attempts > 1:
                yield [letter]
            else:
                shared.setdefault((to.channel, letter.body), []).append(letter)
        for (channel, _), same in shared.items():
            most = self._channels[channel].most_together if channel in self._channels else 1
            for start in range(0, len(same), most):
                yield same[start : start + most]

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a delivery could not be settled", exc_info=error, extra={"action": "outbox.trouble"})

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL):  # wait_for of Python 3.11 swallows a cancel that meets the wake
                await self._wake.wait()
        except TimeoutError:
            return

    def _claim(self, room: int) -> list[list[Claimed]]:
        """At most `room` parcels: replies first, then as many of the others as there are deliveries free, so that a
        reply never waits behind a broadcast."""
        now, real_now = self._now(), self._real_now()
        until = real_now + LEASE
        with self._database.session() as session:
            doubtful, _ = outbox.sweep(session, now=now, real_now=real_now)
            parcels = [[x] for x in outbox.claim(session, now=now, bulk=False, limit=room, leased_until=until)]
            if left := room - len(parcels):
                many = outbox.claim(session, now=now, bulk=True, limit=left * TOGETHER, leased_until=until)
                others = list(self._together(many))
                parcels += others[:left]
                outbox.release(session, [letter.id for parcel in others[left:] for letter in parcel])
        if doubtful:
            log.warning(
                "%d letters are doubtful: it is not known whether they arrived; see «zicha outbox»",
                doubtful,
                extra={"action": "outbox.doubtful"},
            )
        return parcels

    async def _carry(self, letters: list[Claimed]) -> None:
        """One parcel: every letter of it is settled, whatever happened to the call."""
        async with self._slots:
            if self._stopping:
                await self._release(letters)
                return
            try:
                receipt = await self._deliver(letters)
            except DeliveryError as error:
                verdict: dict[int, DeliveryError | None] = {letter.id: error for letter in letters}
                receipt_id = ""
            except Exception as error:
                log.exception("letter %d could not be made", letters[0].id, extra={"action": "outbox.fault"})
                verdict, receipt_id = {letter.id: Doubtful(type(error).__name__) for letter in letters}, ""
            else:
                verdict = {letter.id: receipt.untaken.get(Address.parse(letter.lane)) for letter in letters}
                receipt_id = receipt.id
        await self._thread.run(lambda: self._settle(letters, verdict, receipt_id))

    async def _release(self, letters: Sequence[Claimed]) -> None:
        """Lets go of letters nothing was begun with."""

        def work() -> None:
            with self._database.session() as session:
                outbox.release(session, [letter.id for letter in letters])

        if letters:
            await self._thread.run(work)

    async def _deliver(self, letters: list[Claimed]) -> Receipt:
        first = letters[0]
        to, body = tuple(Address.parse(letter.lane) for letter in letters), from_json(first.body)
        channel = self._channels.get(to[0].channel)
        if channel is None:
            raise Refused(f"no channel is called {to[0].channel!r}")
        content = await asyncio.to_thread(self._make, body) if isinstance(body, Document) else body
        return await channel.deliver(Parcel(key=first.key, to=to, body=content, reply=first.topic == "reply"))

    def _settle(self, letters: list[Claimed], verdict: Mapping[int, DeliveryError | None], receipt: str) -> None:
        """Writes what became of a parcel's letters, in one transaction."""
        now = self._now()
        with self._database.session() as session:
            for letter in letters:
                error = verdict[letter.id]
                if error is not None:
                    log.warning("letter %d %s: %s", letter.id, type(error).__name__, error, extra={"action": "outbox"})
                match error:
                    case None:
                        outbox.settle(session, letter.id, State.SENT, at=now, receipt=receipt)
                    case Later():
                        longest = _LONGEST_WAIT if letter.topic == "reply" else _LONGEST_DELAY
                        delay = min(error.delay * 2 ** min(letter.attempts - 1, 6), longest)
                        outbox.put_off(session, letter.id, until=now + timedelta(seconds=delay), trouble=str(error))
                    case Refused():
                        outbox.settle(session, letter.id, State.REFUSED, at=now, trouble=str(error))
                    case _:
                        outbox.settle(session, letter.id, State.DOUBTFUL, at=now, trouble=str(error))

    def _make(self, document: Document) -> Attachment:
        with self._database.reading() as session:
            return Attachment(document.name, documents.make(session, self._campaign, document))
