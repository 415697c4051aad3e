"""The channel of a chat that has a page: what is said there is there already, it only has to be shown.

A reply to the page goes nowhere else. Everything else stands on the page too, and goes on to the platform's own way of
telling people (`beyond`: work notices), who may not be looking.
"""

from bot.channels import Channel, Parcel, Receipt, Refused, Source
from bot.channels.h5.ground import Ground
from bot.channels.h5.lines import ROBOT
from bot.channels.h5.live import Live
from bot.channels.pace import Pace
from storage import page_lines, page_uploads

_ON_THE_PAGE = (f"{ROBOT}/", "file/")
"""How the keys of letters begin that answer the page; files come through it alone."""


_NO_LIMIT = 1000


class Page:
    """What it declares is what the platform does whose client shows the page. Alone it has no limits, and showing a
    line twice shows it once."""

    def __init__(self, ground: Ground, live: Live, *, name: str, beyond: Channel | None = None) -> None:
        self._ground, self._live, self._beyond = ground, live, beyond
        self.name = name
        self.most_together = beyond.most_together if beyond else 1
        self.keyed = beyond.keyed if beyond else True
        self.largest = beyond.largest if beyond else None
        self.pace = beyond.pace if beyond else Pace(_NO_LIMIT)

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Somebody who has the page open sees it there: their phone need not ring."""
        lanes = [str(address) for address in parcel.to]
        await self._show(lanes)
        answer = parcel.reply and parcel.key.startswith(_ON_THE_PAGE)
        if self._beyond is None or answer or all(self._live.watchers(lane) for lane in lanes):
            return Receipt("page")
        return await self._beyond.deliver(parcel)

    async def _show(self, lanes: list[str]) -> None:
        now = self._ground.now()
        for lane in await self._ground.write(lambda session: page_lines.gather(session, lanes, at=now)):
            self._live.ring(lane)


class Uploads:
    """Where the fetcher gets what came through the page; of other robots of the platform, from `beyond`."""

    def __init__(self, ground: Ground, beyond: Source | None = None) -> None:
        self._ground, self._beyond = ground, beyond

    async def fetch(self, code: str, *, robot: str, most: int) -> bytes:
        if robot != ROBOT and self._beyond is not None:
            return await self._beyond.fetch(code, robot=robot, most=most)
        vault = self._ground.vault
        content = await self._ground.write(lambda session: page_uploads.fetch(session, vault, code))
        if content is None:
            raise Refused("an upload is not kept any more")
        return content
