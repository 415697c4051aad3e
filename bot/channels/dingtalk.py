"""DingTalk's OpenAPI and webhooks with httpx: token, 1:1 and group messages, files, the opening of a stream.

One repeat only where the platform said that nothing was taken (a bad token). Sends have no idempotency key except the
webhook's msgUuid (undocumented for sessions), so a send without an answer is doubtful. Knows no persons and no tables.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
from httpx_aiohttp import AiohttpTransport

from bot.channels import Attachment, DeliveryError, Doubtful, Later, Parcel, Receipt, Refused, outcomes, wording
from bot.config import Config, Secret
from handlers.messages import Address, ChatKind

_TOKEN_MARGIN = 300.0
_SESSION_MARGIN = 60.0
_SESSION_GONE = "300001"
_WEBHOOK_PAUSE = 600.0


class AccessToken:
    """The app's access token, fetched when there is none. Within its validity the platform returns the same token to
    every process (A/0033), so processes need not share it."""

    def __init__(self, endpoint: str, client_id: str, client_secret: Secret) -> None:
        self._url = f"{endpoint}/v1.0/oauth2/accessToken"
        self._client_id, self._client_secret = client_id, client_secret
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()

    async def get(self, client: httpx.AsyncClient) -> str:
        """Raises `Later` whatever the trouble is: nothing has been said to anybody yet."""
        async with self._lock:
            if not self._token or time.monotonic() >= self._until:
                await self._fetch(client)
            return self._token

    def forget(self, token: str) -> None:
        """The platform refused it. A newer one fetched meanwhile stays."""
        if token == self._token:
            self._token = ""

    async def _fetch(self, client: httpx.AsyncClient) -> None:
        body = {"appKey": self._client_id, "appSecret": self._client_secret.reveal()}
        try:
            response = await client.post(self._url, json=body)
            answer = outcomes.read(response.status_code, response.text)
        except Refused as error:
            raise Later(
                f"no access token: {error}; check DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET", 30.0
            ) from error
        except (Doubtful, httpx.TransportError) as error:
            raise Later(f"no access token: {type(error).__name__} {error}", 2.0) from error
        self._token = outcomes.field(answer, "accessToken")
        self._until = time.monotonic() + max(float(answer.get("expireIn", 7200)) - _TOKEN_MARGIN, 1.0)


def _untaken(to: tuple[Address, ...], answer: dict[str, Any]) -> dict[Address, DeliveryError]:
    """HTTP 200 does not mean delivered: the three lists name whom it left out (A/0714)."""
    found: dict[Address, DeliveryError] = {}
    for name in ("invalidStaffIdList", "filteredStaffIdList", "flowControlledStaffIdList"):
        left_out = {str(staff_id) for staff_id in answer.get(name) or ()}
        for address in to:
            if address.id in left_out:
                found[address] = Later(name, 30.0) if name.startswith("flow") else Refused(name)
    return found


def _refuses_token(response: httpx.Response) -> bool:
    return response.status_code in (400, 401, 403) and "invalidauthentication" in response.text.casefold()


class Sessions:
    """Session webhooks by chat, in memory only: secrets that live about 90 minutes."""

    def __init__(self, most: int = 20_000) -> None:
        self._known: OrderedDict[Address, tuple[str, datetime]] = OrderedDict()
        self._most = most

    def remember(self, chat: Address, url: str, expires: datetime) -> None:
        self._known[chat] = (url, expires)
        self._known.move_to_end(chat)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def find(self, chat: Address, now: datetime) -> str | None:
        url, expires = self._known.get(chat, ("", now))
        return url if (expires - now).total_seconds() > _SESSION_MARGIN else None

    def forget(self, chat: Address) -> None:
        self._known.pop(chat, None)


class DingTalk:
    """The channel `dingtalk`."""

    name = "dingtalk"
    most_together = 20
    """userIds of one batchSend (A/0714; the page's error text says 100, its parameter table 20)."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        now: Callable[[], datetime],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._config, self._sessions, self._now = config, sessions, now
        timeout = httpx.Timeout(config.http_timeout, connect=config.connect_timeout)
        self._client = httpx.AsyncClient(transport=transport or AiohttpTransport(), timeout=timeout)
        self._token = AccessToken(config.openapi_endpoint, config.client_id, config.client_secret)
        self._pace = Pace(config.qps)
        self._no_webhooks: dict[ChatKind, float] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def deliver(self, parcel: Parcel) -> Receipt:
        if isinstance(parcel.body, Attachment):
            media_id = await self._upload(parcel.body)
            return await self._send(parcel.to, *wording.file(media_id, parcel.body.name))
        if parcel.reply and self._config.reply_by == "webhook":
            paused = time.monotonic() < self._no_webhooks.get(parcel.to[0].kind, 0.0)
            url = None if paused else self._sessions.find(parcel.to[0], self._now())
            if url and await self._by_webhook(url, parcel):
                return Receipt("webhook")
        return await self._send(parcel.to, *wording.openapi(parcel.body))

    async def open_stream(self, subscriptions: list[dict[str, str]], agent: str) -> tuple[str, str]:
        """Endpoint and single-use ticket of a new stream connection. Raises `DeliveryError`."""
        body = {
            "clientId": self._config.client_id,
            "clientSecret": self._config.client_secret.reveal(),
            "subscriptions": subscriptions,
            "ua": agent,
        }
        # without Accept the answer is XML (DingTalk facts §1.1)
        headers = {"Accept": "application/json", "User-Agent": agent}
        url = f"{self._config.openapi_endpoint}/v1.0/gateway/connections/open"
        answer = await self._call("POST", url, json=body, headers=headers)
        return outcomes.field(answer, "endpoint"), outcomes.field(answer, "ticket")

    async def check_credentials(self) -> None:
        """Fetches an access token. Raises `DeliveryError` where the platform does not give one."""
        await self._token.get(self._client)

    async def _by_webhook(self, url: str, parcel: Parcel) -> bool:
        """True if the session took it; False where it did not and the OpenAPI has to do (facts §3.2: on any error)."""
        if isinstance(parcel.body, Attachment):
            return False
        try:
            await self._call("POST", url, json={**wording.webhook(parcel.body), "msgUuid": parcel.key[-64:]})
        except (Refused, Later) as error:
            self._sessions.forget(parcel.to[0])
            if isinstance(error, Refused) and _SESSION_GONE not in str(error):
                # this kind of chat may have no webhooks at all (A/0699 knows them in groups only): ask again in a while
                self._no_webhooks[parcel.to[0].kind] = time.monotonic() + _WEBHOOK_PAUSE
            return False
        return True

    async def _send(self, to: tuple[Address, ...], msg_key: str, msg_param: str) -> Receipt:
        await self._pace.wait()
        body: dict[str, Any] = {"robotCode": self._config.robot_code, "msgKey": msg_key, "msgParam": msg_param}
        if to[0].kind is ChatKind.GROUP:
            path, body["openConversationId"] = "/v1.0/robot/groupMessages/send", to[0].id
        else:
            path, body["userIds"] = "/v1.0/robot/oToMessages/batchSend", [address.id for address in to]
        try:
            answer = await self._authorised(lambda token: self._post(path, body, token))
        except Later as error:
            self._pace.brake(error.delay)
            raise
        return Receipt(str(answer.get("processQueryKey", "")), _untaken(to, answer))

    async def _post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        headers = {"x-acs-dingtalk-access-token": token}
        return await self._call("POST", self._config.openapi_endpoint + path, json=body, headers=headers)

    async def _upload(self, file: Attachment) -> str:
        """The media id of a file. Nothing has been said to anybody yet, so a missing answer is for later too."""
        try:
            answer = await self._authorised(lambda token: self._post_file(file, token))
        except Doubtful as error:
            raise Later(f"upload: {error}", 2.0) from error
        return outcomes.field(answer, "media_id")

    async def _post_file(self, file: Attachment, token: str) -> dict[str, Any]:
        return await self._call(
            "POST",
            f"{self._config.oapi_endpoint}/media/upload",
            params={"access_token": token, "type": "file"},
            data={"type": "file"},
            files={"media": (file.name, file.content)},
        )

    async def _authorised(self, call: Callable[[str], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """A call with the access token; repeated once with a new one where the platform refuses the old."""
        token = await self._token.get(self._client)
        try:
            return await call(token)
        except outcomes.BadToken:
            self._token.forget(token)
        return await call(await self._token.get(self._client))

    async def _call(self, method: str, url: str, **parts: Any) -> dict[str, Any]:
        """One call; what the network does is told apart by whether anything can have been taken."""
        try:
            response = await self._client.request(method, url, **parts)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Later(f"{type(error).__name__}: not reached", 2.0) from error
        except httpx.TransportError as error:
            raise Doubtful(f"{type(error).__name__}: no answer") from error
        except httpx.InvalidURL as error:
            raise Refused("the address of a session is not valid") from error
        return outcomes.read(response.status_code, response.text)


class Pace:
    """At most `rate` calls a second, evenly, and none while braked (app × API limit, A/1432)."""

    def __init__(self, rate: float) -> None:
        self._gap, self._next = 1.0 / rate, 0.0

    async def wait(self) -> None:
        now = time.monotonic()
        start = max(now, self._next)
        self._next = start + self._gap
        if start > now:
            await asyncio.sleep(start - now)

    def brake(self, seconds: float) -> None:
        """Holds everybody back: the limit counts the app, not the letter. Long waits are the letter's own."""
        self._next = max(self._next, time.monotonic() + min(seconds, 5.0))
