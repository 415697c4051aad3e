"""The outbox on its way: claim, deliver, settle. No transaction is open while a letter is under way.

Each chat is a lane with one letter at a time. A letter whose delivery got no answer is doubtful and stays so until the
operator decides; the platform's «later» puts it off. Knows channels by name only and nothing of what letters say.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.channels import Attachment, Channel, Doubtful, Later, Parcel, Refused
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.messages import Address, Document, from_json
from handlers.papers import documents
from storage import outbox
from storage.database import Database
from storage.outbox import Claimed, State

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
"""Longer than any delivery: upload and send with their time-outs."""
AT_ONCE = 8
"""Deliveries under way; httpx's engines do best with about ten (perf facts §6)."""
_POLL = 1.0
_LONGEST_DELAY = 3600.0


class Postman:
    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        channels: Mapping[str, Channel],
        thread: DatabaseThread,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._campaign, self._channels = database, campaign, channels
        self._thread, self._now = thread, now
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

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
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=8)

    async def _round(self) -> bool:
        """Starts as many deliveries as there is room for; True if there was anything to start."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return False
        try:
            letters = await self._thread.run(lambda: self._claim(room))
        except Exception:
            log.exception("the outbox cannot be read; trying again", extra={"action": "outbox.trouble"})
            return False
        for letter in letters:
            task = asyncio.create_task(self._carry(letter))
            self._under_way.add(task)
            task.add_done_callback(self._arrived)
        return bool(letters)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a delivery could not be settled", exc_info=error, extra={"action": "outbox.trouble"})

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), _POLL)
        except TimeoutError:
            return

    def _claim(self, room: int) -> list[Claimed]:
        now = self._now()
        with self._database.session() as session:
            doubtful, _ = outbox.sweep(session, now=now)
            letters = outbox.claim(session, now=now, limit=room, lease=LEASE)
        if doubtful:
            log.warning(
                "%d letters are doubtful: it is not known whether they arrived; see «zicha outbox»",
                doubtful,
                extra={"action": "outbox.doubtful"},
            )
        return letters

    async def _carry(self, letter: Claimed) -> None:
        try:
            receipt = await self._deliver(letter)
        except Later as error:
            delay = min(error.delay * 2 ** min(letter.attempts - 1, 6), _LONGEST_DELAY)
            log.warning("letter %d later: %s", letter.id, error, extra={"action": "outbox.later"})
            await self._put_off(letter, delay, str(error))
        except Doubtful as error:
            await self._settle(letter, State.DOUBTFUL, trouble=str(error))
        except Refused as error:
            await self._settle(letter, State.REFUSED, trouble=str(error))
        except Exception as error:
            log.exception("letter %d could not be made", letter.id, extra={"action": "outbox.fault"})
            await self._settle(letter, State.DOUBTFUL, trouble=type(error).__name__)
        else:
            await self._settle(letter, State.SENT, receipt=receipt)

    async def _deliver(self, letter: Claimed) -> str:
        to, body = Address.parse(letter.lane), from_json(letter.body)
        channel = self._channels.get(to.channel)
        if channel is None:
            raise Refused(f"no channel is called {to.channel!r}")
        content = await asyncio.to_thread(self._make, body) if isinstance(body, Document) else body
        reply = letter.topic == "reply"
        return await channel.deliver(Parcel(key=letter.key, to=to, body=content, reply=reply))

    def _make(self, document: Document) -> Attachment:
        with self._database.reading() as session:
            return Attachment(document.name, documents.make(session, self._campaign, document))

    async def _settle(self, letter: Claimed, state: State, *, receipt: str = "", trouble: str = "") -> None:
        if trouble:
            log.warning("letter %d %s: %s", letter.id, state.value, trouble, extra={"action": f"outbox.{state.value}"})

        def work() -> None:
            with self._database.session() as session:
                outbox.settle(session, letter.id, state, at=self._now(), receipt=receipt, trouble=trouble)

        await self._thread.run(work)

    async def _put_off(self, letter: Claimed, delay: float, trouble: str) -> None:
        def work() -> None:
            with self._database.session() as session:
                outbox.put_off(session, letter.id, until=self._now() + timedelta(seconds=delay), trouble=trouble)

        await self._thread.run(work)
