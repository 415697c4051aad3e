"""One parcel from door to door: its paper is made, the channel delivers it, and it is told what became of it.

No transaction is open while it is under way. Must not know which letters come when (`rounds.py`), nor what follows from
the platform's answer (`settling.py`).
"""

import asyncio
import io
import logging
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from bot.channels import Attachment, Channel, DeliveryError, Doubtful, Later, Parcel, Receipt, Refused
from bot.dispatch import Carried
from bot.threads import DatabaseThread
from handlers import issuing
from handlers.campaign.definition import Campaign
from handlers.messages import Address, Choice, Document, Text, from_json
from handlers.papers import documents
from storage import delivery, papers
from storage.database import Database, DatabaseFailure
from storage.delivery import Claimed
from storage.vault import Vault

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""Longer than any delivery: upload and send with their time-outs. Making a paper prolongs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries parcels of any channel."""

    database: Database
    campaigns: tuple[Campaign, ...]
    vault: Vault
    thread: DatabaseThread
    real_now: Callable[[], datetime]
    delivered: Callable[[str], None] = lambda key: None
    """Told the key of each letter the platform took."""

    async def carry(self, channel: Channel, letters: Sequence[Claimed]) -> Carried:
        """To the platform; what became of each letter, whatever happens to the call. To be settled."""
        try:
            parcel = await self._parcel(channel, letters)
            try:
                taken = await self._deliver(channel, parcel)
            finally:
                if isinstance(parcel.body, Attachment):
                    parcel.body.content.close()
        except DeliveryError as error:
            failed = dict.fromkeys((letter.id for letter in letters), error)
            return Carried(channel.name, channel.keyed, letters, failed)
        verdict = {letter.id: taken.untaken.get(Address.parse(letter.lane)) for letter in letters}
        for letter in letters:
            if verdict[letter.id] is None:
                self.delivered(letter.key)
        return Carried(channel.name, channel.keyed, letters, verdict, taken.id, well=True)

    async def release(self, letters: Sequence[Claimed]) -> None:
        """Lets go of letters nothing was begun with."""

        def work() -> None:
            with self.database.session() as session:
                delivery.release(session, [letter.id for letter in letters])

        if letters:
            await self.thread.run(work)

    async def _deliver(self, channel: Channel, parcel: Parcel) -> Receipt:
        try:
            return await channel.deliver(parcel)
        except DeliveryError:
            raise
        except Exception as error:
            log.exception("a channel failed", extra={"action": "outbox.fault"})
            raise Doubtful(type(error).__name__) from error

    async def _parcel(self, channel: Channel, letters: Sequence[Claimed]) -> Parcel:
        """Raises `Later` where the database is too busy, `Refused` where the paper cannot be made."""
        first = letters[0]
        try:
            body = from_json(first.body)
            content = await self._made(channel, letters, body) if isinstance(body, Document) else body
        except DatabaseFailure as error:
            raise Later(f"the paper: {type(error).__name__}", 5.0) from error
        except Exception as error:
            log.exception("letter %d could not be made", first.id, extra={"action": "outbox.fault"})
            raise Refused(f"the paper could not be made: {type(error).__name__}") from error
        to = tuple(Address.parse(letter.lane) for letter in letters)
        return Parcel(key=first.parcel, to=to, body=content, reply=first.topic == "reply")

    async def _made(
        self, channel: Channel, letters: Sequence[Claimed], document: Document
    ) -> Attachment | Text | Choice:
        """The file of a promise; what it says is remembered, so that it can be verified later. Words instead where it
        is larger than the channel carries."""
        if channel.largest is None:
            return Attachment(document.name, io.BytesIO())
        file = Attachment(document.name, tempfile.TemporaryFile())  # noqa: SIM115 (closed when it is delivered)
        try:
            digest = await self._held(letters, asyncio.to_thread(self._make, document, file.content))
            await self.thread.run(lambda: self._remember(document, digest))
            if file.size <= channel.largest:
                return file
            size, most = file.size, channel.largest
            instead = await self.thread.run(lambda: self._too_large(document, size, most))
        except BaseException:
            file.content.close()
            raise
        file.content.close()
        return instead

    async def _held(self, letters: Sequence[Claimed], work: Awaitable[str]) -> str:
        """The result of `work`, however long it takes: meanwhile nobody thinks that the letters were forgotten."""
        working = asyncio.ensure_future(work)
        ids = [letter.id for letter in letters]
        while not (await asyncio.wait({working}, timeout=LEASE.total_seconds() / 3))[0]:
            await self.thread.run(lambda: self._prolong(ids))
        return working.result()

    def _make(self, document: Document, out: BinaryIO) -> str:
        with self.database.reading() as session:
            request = documents.requested(session, self.campaigns, document, self.vault)
            return documents.write(request, document.paper, out)

    def _remember(self, document: Document, digest: str) -> None:
        with self.database.session() as session:
            papers.note_digest(session, document.params.get("code", ""), digest)

    def _prolong(self, ids: Sequence[int]) -> None:
        with self.database.session() as session:
            delivery.prolong(session, ids, self.real_now() + LEASE)

    def _too_large(self, document: Document, size: int, most: int) -> Text | Choice:
        with self.database.reading() as session:
            return issuing.too_large(session, self.campaigns, document, size=size, most=most)
