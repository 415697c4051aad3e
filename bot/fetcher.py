"""Files people sent, fetched right after the message that asked for them: claim, download, hand over.

No transaction is open during a download. What a file holds is read in one transaction, in a savepoint: a file that
breaks its reader costs its sender an apology, not the bot its life. Knows channels by name only, nothing of the talk.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.channels import DeliveryError, Later, Source, TooLarge
from bot.intake import new_reference, post
from bot.threads import DatabaseThread
from handlers import files
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.desk import Desk
from handlers.messages import Address, Content, Inbound, Letter, ReceivedFile
from storage import at_hand, errands, inbox, put_off, roster
from storage.database import Database, DatabaseFailure
from storage.errands import Claimed, State
from storage.models import Person
from storage.vault import Vault

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=4)
"""Longer than any download and the reading of it."""
AT_ONCE = 3
"""Files under way: each may be as large as is allowed, and all of them are in memory."""
DELAYS = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between one try and the next; after the last the file is lost and its sender is told."""
_POLL = 1.0
_LAST_FILES = 5.0

Said = Callable[[Desk], list[Letter]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Where fetched files are handed in: what a transaction needs."""

    database: Database
    campaigns: tuple[Campaign, ...]
    vault: Vault
    now: Callable[[], datetime]

    def look(self, errand: Claimed, content: bytes) -> ReceivedFile:
        """What is in a file, as far as its reader wants it looked up beforehand. May take seconds: not for the thread
        of the database. Raises what a file that is broken or made up makes a reader raise."""
        with self.database.reading() as session:
            person = roster.person(session, errand.staff_id)
            if person is None:
                return ReceivedFile(name=errand.name, kind="", content=content)
            desk = self._desk(session, errand, person)
            wanting = files.readers(desk, person)
        return files.looked_into(wanting, errand.name, content, desk.campaign)

    def hand_in(self, errand: Claimed, file: ReceivedFile) -> bool:
        """The one transaction of a file that is here. False if it was handed in before."""
        return self._close(errand, State.DONE, lambda desk: files.arrived(desk, _sender(desk), file))

    def give_up(self, errand: Claimed, said: Said) -> bool:
        """A file that does not come: its sender is told."""
        return self._close(errand, State.LOST, said)

    def _close(self, errand: Claimed, state: State, said: Said) -> bool:
        with self.database.session() as session:
            if not errands.settle(session, errand.id, state):
                return False
            arrival = inbox.Arrival(robot="", msg_id="", sender=errand.staff_id, said_at=errand.at)
            inbox.take_turns(session, [arrival])
            person = inbox.people(session, [errand.staff_id]).get(errand.staff_id)
            if person is not None and person.active:
                desk = self._desk(session, errand, person)
                post(session, _answer(desk, said), now=desk.now, reply_key=f"file/{errand.id}")
        return True

    def _desk(self, session: Session, errand: Claimed, person: Person) -> Desk:
        return Desk(
            session=session,
            campaign=several.attended(self.campaigns, person.attending),
            campaigns=self.campaigns,
            inbound=_sent_with(errand),
            person=person,
            now=self.now(),
            vault=self.vault,
        )


def _sender(desk: Desk) -> Person:
    if desk.person is None:
        raise LookupError("a file without its sender")
    return desk.person


def _sent_with(errand: Claimed) -> Inbound:
    """The message the file came with, as far as it still matters."""
    return Inbound(
        robot=errand.robot,
        msg_id=errand.msg_id,
        sender_id=errand.staff_id,
        sender_name="",
        chat=Address.parse(errand.chat),
        content=Content.FILE,
        received_at=errand.at,
    )


def _answer(desk: Desk, said: Said) -> list[Letter]:
    """The letters; where the reading fails, nothing of it stays but the record of the failure and an apology."""
    put_off.write(desk.session)  # what was added before is no part of what is taken back
    savepoint = desk.session.begin_nested()
    try:
        letters = said(desk)
        desk.session.flush()
        put_off.write(desk.session)
    except DatabaseFailure:
        raise  # not the file's fault: the errand stays and comes again
    except Exception:
        savepoint.rollback()
        desk.session.expire_all()
        at_hand.clear(desk.session)
        reference = new_reference()
        log.exception("reading a file failed, reference %s", reference, extra={"action": "file.fault"})
        inbox.blame(desk.session, robot=desk.inbound.robot, msg_id=desk.inbound.msg_id, fault=reference)
        return files.broken(desk, reference)
    savepoint.commit()
    return letters


class Fetcher:
    """`run` fetches until cancelled; what was begun and not handed in is fetched again at the next start."""

    def __init__(
        self,
        *,
        counter: Counter,
        sources: Mapping[str, Source],
        thread: DatabaseThread,
        real_now: Callable[[], datetime],
        arrived: Callable[[str], None],
        most_mb: int,
    ) -> None:
        """`arrived` is told a chat there are letters for."""
        self._counter, self._sources, self._thread = counter, sources, thread
        self._real_now, self._arrived, self._most_mb = real_now, arrived, most_mb
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be files."""
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                self._wake.clear()
                await self._round()
                await self._rest()
        finally:
            for task in self._under_way:
                task.cancel()
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=_LAST_FILES)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> None:
        if (room := AT_ONCE - len(self._under_way)) <= 0 or not await self._is_any():
            return
        claiming = asyncio.ensure_future(self._thread.run(lambda: self._claim(room)))
        try:
            claimed = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await self._release(await claiming)  # what the thread claims meanwhile is not forgotten
            raise
        except Exception:
            log.exception("errands cannot be read; trying again", extra={"action": "file.trouble"})
            return
        for errand in claimed:
            task = asyncio.create_task(self._run(errand))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a file could not be handed in", exc_info=error, extra={"action": "file.trouble"})

    async def _is_any(self) -> bool:
        def work() -> bool:
            with self._counter.database.reading() as session:
                return errands.is_any(session)

        try:
            return await self._thread.look(work)
        except Exception:
            log.exception("errands cannot be read; trying again", extra={"action": "file.trouble"})
            return False

    def _claim(self, room: int) -> list[Claimed]:
        now = self._real_now()
        with self._counter.database.session() as session:
            return errands.claim(session, self._counter.vault, real_now=now, limit=room, leased_until=now + LEASE)

    async def _release(self, claimed: list[Claimed]) -> None:
        def work() -> None:
            with self._counter.database.session() as session:
                errands.release(session, [errand.id for errand in claimed])

        if claimed:
            await self._thread.run(work)

    async def _run(self, errand: Claimed) -> None:
        """One errand to its end, or to its next try."""
        try:
            await self._fetch(errand)
        except asyncio.CancelledError:
            await self._release([errand])
            raise
        self._arrived(errand.chat)

    async def _fetch(self, errand: Claimed) -> None:
        counter, source = self._counter, self._sources.get(errand.channel)
        if source is None or errand.attempts > len(DELAYS) + 1:  # the last: it ended the process each time
            log.warning("file %d is given up", errand.id, extra={"action": "file.lost"})
            await self._thread.run(lambda: counter.give_up(errand, files.lost))
            return
        try:
            content = await source.fetch(errand.code, robot=errand.robot, most=self._most_mb * 1_000_000)
        except TooLarge:
            await self._thread.run(lambda: counter.give_up(errand, lambda desk: files.too_large(desk, self._most_mb)))
        except DeliveryError as error:
            await self._not_now(errand, error)
        else:
            await self._hand_in(errand, content)

    async def _hand_in(self, errand: Claimed, content: bytes) -> None:
        counter = self._counter
        try:
            file = await asyncio.to_thread(counter.look, errand, content)
        except DatabaseFailure:
            raise  # the lease brings the errand back
        except Exception:
            reference = new_reference()
            log.exception("looking into a file failed, reference %s", reference, extra={"action": "file.fault"})
            await self._thread.run(lambda: counter.give_up(errand, lambda desk: files.broken(desk, reference)))
        else:
            await self._thread.run(lambda: counter.hand_in(errand, file))

    async def _not_now(self, errand: Claimed, error: DeliveryError) -> None:
        log.warning("file %d %s: %s", errand.id, type(error).__name__, error, extra={"action": "file.fetch"})
        if not isinstance(error, Later) or errand.attempts > len(DELAYS):
            await self._thread.run(lambda: self._counter.give_up(errand, files.lost))
            return
        until = self._real_now() + timedelta(seconds=max(DELAYS[errand.attempts - 1], min(error.delay, DELAYS[-1])))

        def work() -> None:
            with self._counter.database.session() as session:
                errands.put_off(session, errand.id, until=until)

        await self._thread.run(work)
