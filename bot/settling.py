"""Parcels that come back are handed in to be settled, together, and again until it is written down.

Must not know what follows from what the platform said (`dispatch.py`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.dispatch import Carried
from bot.threads import Together
from storage.database import DatabaseFailure

log = logging.getLogger(__name__)

_TOGETHER = 50
"""So many parcels share a commit at the most."""
_AGAIN = 1.0
"""Seconds until it is tried again to write down what is known."""


class Settling:
    def __init__(
        self,
        *,
        settle: Callable[[Sequence[Carried]], Awaitable[list[str]]],
        alarm: Callable[[str], None],
    ) -> None:
        """`settle` is `Talk.settle`; `alarm` is told what it returns."""
        self._settle, self._alarm = settle, alarm
        self._waiting = Together(self._settle_all, most=_TOGETHER)

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

    async def _settle_all(self, parcels: Sequence[Carried]) -> None:
        for told in await self._settle(parcels):
            self._alarm(told)
