"""Replies to a robot that called us: by the session address that came with the message, while it lives.

What else there is to say, and replies whose session is over, go the platform's own way (`beyond`). The address is not
signed, so only hosts that were named by the operator are ever called.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from httpx_aiohttp import AiohttpTransport

from bot.channels import Attachment, Channel, Doubtful, Later, Parcel, Receipt, Refused, outcomes, wording
from bot.channels.dingtalk import Sessions
from bot.config import Config
from handlers.messages import Choice, Text


class BySession:
    """Declares what `beyond` does: replies have no limits of their own."""

    def __init__(self, config: Config, beyond: Channel, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._beyond, self._sessions, self._now = beyond, sessions, now
        self.name, self.keyed, self.largest = beyond.name, beyond.keyed, beyond.largest
        self.most_together, self.pace = beyond.most_together, beyond.pace
        timeout = httpx.Timeout(config.http_timeout, connect=config.connect_timeout)
        self._client = httpx.AsyncClient(transport=AiohttpTransport(), timeout=timeout, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def deliver(self, parcel: Parcel) -> Receipt:
        if parcel.reply and not isinstance(parcel.body, Attachment):
            url = self._sessions.find(parcel.to[0], self._now())
            if url and await self._said(url, _shape(parcel.body)):
                return Receipt("session")
            self._sessions.forget(parcel.to[0])
        return await self._beyond.deliver(parcel)

    async def _said(self, url: str, body: Mapping[str, Any]) -> bool:
        """False where the session took nothing. Raises `Doubtful` where it gave no answer."""
        try:
            response = await self._client.post(url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL):
            return False
        except httpx.TransportError as error:
            raise Doubtful(f"{type(error).__name__}: no answer from a session") from error
        try:
            outcomes.of(response)
        except (Refused, Later):
            return False
        return True


def _shape(body: Text | Choice) -> Mapping[str, Any]:
    """Words only: whether buttons of a robot on 浙政钉 say anything is not known, typing the number always works."""
    options = [f"- {reply.label}" for reply in body.options] if isinstance(body, Choice) else []
    return wording.webhook(Text("\n\n".join([body.markdown, "\n".join(options)]).strip(), body.title))


def allowed(url: object, hosts: Collection[str]) -> bool:
    """Whether a session address may be called."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.netloc.lower() in hosts
