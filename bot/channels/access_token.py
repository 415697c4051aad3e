"""The app's access token: fetched when there is none, forgotten when the platform refuses it. Knows no other call."""

import asyncio
import time

import httpx

from bot.channels import Doubtful, Later, Refused, outcomes
from bot.config import Secret

_TOKEN_MARGIN = 300.0


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
            answer = outcomes.of(response)
        except Refused as error:
            raise Later(
                f"no access token: {error}; check DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET", 30.0
            ) from error
        except (Doubtful, httpx.TransportError) as error:
            raise Later(f"no access token: {type(error).__name__} {error}", 2.0) from error
        self._token = outcomes.field(answer, "accessToken")
        self._until = time.monotonic() + max(float(answer.get("expireIn", 7200)) - _TOKEN_MARGIN, 1.0)
