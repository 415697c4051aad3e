"""What the page stands on: the settings, the database, the clocks, the way in. Knows no request."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from bot.config import Config
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.messages import Address, ChatKind, Inbound
from storage.database import Database
from storage.page_sessions import Visitor
from storage.vault import Vault

T = TypeVar("T")

_READERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`now` is the campaign's time, which a demo may move; sessions and uploads live in real time."""

    config: Config
    database: Database
    campaigns: tuple[Campaign, ...]
    vault: Vault = field(repr=False)
    thread: DatabaseThread
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    receive: Callable[[Inbound], Awaitable[None]]
    """Returns when the message is stored for good."""
    readers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_READERS, "page"), repr=False)
    """Threads of their own: what is read for a page waits neither for a writer nor for a paper being made."""

    async def read(self, work: Callable[[Session], T]) -> T:
        """A snapshot, beside whatever is being written."""

        def whole() -> T:
            with self.database.reading() as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self.readers, whole)

    async def write(self, work: Callable[[Session], T]) -> T:
        """One transaction in the database thread."""

        def whole() -> T:
            with self.database.session() as session:
                return work(session)

        return await self.thread.run(whole)


def chat_of(visitor: Visitor) -> Address:
    """The chat a page belongs to: that of the account with the bot, on its platform."""
    return Address(visitor.platform, ChatKind.DIRECT, visitor.account)
