"""The outbox on its way: for each channel a round of replies and one of bulk; and what nobody settled is swept up.

Each chat is a lane with one letter at a time. A letter whose delivery got no answer is doubtful and stays so until the
operator decides; the platform's «later» puts it off. Knows channels by what they declare, letters not at all.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.carrier import Carrier
from bot.channels import Channel
from bot.dispatch import OURS
from bot.rounds import REPLIES_AT_ONCE, REPLIES_OF_SEVERAL, Claim, Round
from bot.settling import Settling
from bot.talk import Talk
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.messages import Address
from storage import outbox, unsettled
from storage.database import Database
from storage.delivery import Claimed
from storage.vault import Vault

log = logging.getLogger(__name__)

_SWEEP = 1.0
"""Seconds between two looks for what nobody settled and what is too late."""
_LAST_DELIVERIES = 5.0
"""How long a stop waits for letters under way; the stop as a whole has ten seconds."""


class Postman:
    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        vault: Vault,
        channels: Mapping[str, Channel],
        talk: Talk,
        thread: DatabaseThread,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
        alarm: Callable[[str], None] = lambda words: None,
        delivered: Callable[[str], None] = lambda key: None,
        shared: bool = False,
    ) -> None:
        """`now` is the campaign's time, which a demo may move; leases are measured in real time. `alarm` is told what
        the operator should know about the month's quota, `delivered` the key of each letter that is out. `shared`:
        other processes carry from the same outbox."""
        self._talk = talk
        self._database, self._channels, self._thread = database, channels, thread
        self._now, self._real_now = now, real_now
        self._shared = shared
        self._replied: dict[str, float] = {}
        """The chats this process has just written replies to, and when."""
        self.keyed = tuple(name for name, channel in channels.items() if channel.keyed)
        """The channels that refuse a repeated key: what was under way goes once more."""
        settling = Settling(settle=talk.settle, alarm=alarm)
        carrier = Carrier(
            database=database,
            campaigns=campaigns,
            vault=vault,
            thread=thread,
            real_now=real_now,
            delivered=delivered,
        )
        self._rounds = [
            Round(
                channel=channel,
                claim=self._bulk(channel) if bulk else self._replies(channel),
                bulk=bulk,
                most=REPLIES_OF_SEVERAL if shared else REPLIES_AT_ONCE,
                carrier=carrier,
                settling=settling,
                real_now=real_now,
                wake_replies=self.wake,
            )
            for channel in channels.values()
            for bulk in (False, True)
        ]

    def wake(self) -> None:
        """There may be replies. Bulk is looked for every second: nobody waits for it."""
        for one in self._rounds:
            if not one.bulk:
                one.wake()

    def wake_all(self) -> None:
        """A broadcast is being written: its first call need not wait for the next look."""
        for one in self._rounds:
            one.wake()

    def replied(self, *chats: Address | str) -> None:
        """There are replies in these chats, now or as soon as what was asked of the database before is done. What is
        told to others elsewhere meanwhile is found within a second."""
        now, told = time.monotonic(), [str(chat) for chat in chats]
        for chat in told:
            self._replied.pop(chat, None)
            self._replied[chat] = now
        while now - next(iter(self._replied.values())) > OURS.total_seconds():
            del self._replied[next(iter(self._replied))]
        replies = Counter(chat.partition(":")[0] for chat in set(told))
        for one in self._rounds:
            if not one.bulk and replies[one.channel]:
                one.expect(replies[one.channel])

    async def run(self) -> None:
        """Delivers until cancelled; then waits for what is under way, so that a clean stop leaves nothing doubtful."""
        tasks = [asyncio.create_task(one.run(_LAST_DELIVERIES)) for one in self._rounds]
        tasks.append(asyncio.create_task(self._sweeping()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error  # a round that ended by itself has failed

    def _replies(self, channel: Channel) -> Claim:
        async def claim(until: datetime, room: int) -> list[list[Claimed]]:
            ours = list(self._replied) if self._shared else None
            return [[letter] for letter in await self._talk.claim_replies(channel.name, until, room, ours)]

        return claim

    def _bulk(self, channel: Channel) -> Claim:
        async def claim(until: datetime, room: int) -> list[list[Claimed]]:
            return await self._talk.claim_bulk(channel.name, until, room, channel.most_together)

        return claim

    async def _sweeping(self) -> None:
        while True:
            try:
                doubtful = await self._thread.run(self.sweep) if await self._thread.look(self.is_any_to_sweep) else 0
            except Exception:
                log.exception("the outbox cannot be swept; trying again", extra={"action": "outbox.trouble"})
            else:
                if doubtful:
                    told = "%d letters are doubtful: it is not known whether they arrived; see «zicha outbox»"
                    log.warning(told, doubtful, extra={"action": "outbox.doubtful"})
            await asyncio.sleep(_SWEEP)

    def is_any_to_sweep(self) -> bool:
        with self._database.reading() as session:
            return unsettled.is_any(session, list(self._channels), now=self._now(), real_now=self._real_now())

    def sweep(self) -> int:
        """What nobody settled and what is too late; how many letters became doubtful."""
        now = self._now()
        with self._database.session() as session:
            doubtful, _ = unsettled.sweep(session, now=now, real_now=self._real_now(), keyed=self.keyed)
            if unknown := outbox.refuse_unknown(session, list(self._channels), at=now):
                log.error("%d letters are for channels that are not set up", unknown, extra={"action": "outbox"})
        return doubtful
