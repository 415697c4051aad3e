"""One signed call of the 浙政钉 gateway, and the access token some calls carry. Knows no letters and no persons.

The app is known by its signature; the secret itself is never sent, but for `gettoken` where a gateway insists on it
(ZZD_TOKEN_PARAMS).
"""

import asyncio
import logging
import secrets
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httpx
from httpx_aiohttp import AiohttpTransport

from bot.channels import Doubtful, Later, Refused
from bot.channels.zhezhengding import answers, paths, signing
from bot.channels.zhezhengding.answers import BadSignature, BadToken
from bot.channels.zhezhengding.signing import Pairs, Params
from bot.config import Config

log = logging.getLogger(__name__)

_FRESH = 0.8
"""Part of its life after which a token is fetched anew; asking renews the same one (facts §3.1)."""
_CLOCK_OFF = 60.0
"""Seconds the gateway's clock may differ before the difference is named; what the gateway allows is not documented."""


class Gateway:
    """`now` is the machine's clock: signatures carry the real time, whatever a demo shows."""

    def __init__(
        self, config: Config, now: Callable[[], datetime], *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._config, self._now = config, now
        self._calls = paths.table(config.zzd_paths or {})
        timeout = httpx.Timeout(config.http_timeout, connect=config.connect_timeout)
        self._client = httpx.AsyncClient(transport=transport or way_out(config), timeout=timeout, trust_env=False)
        self._token, self._until = "", 0.0
        self._chance = count(secrets.randbelow(10_000))  # two calls of one millisecond must not have the same nonce
        self._fetching = asyncio.Lock()

    async def close(self) -> None:
        await self._client.aclose()

    async def call(self, name: str, params: Params) -> Any:
        """What the call named in `paths` answers. Raises `DeliveryError`."""
        return await self._call(name, signing.pairs(params))

    async def call_with_token(self, name: str, params: Params) -> Any:
        """The same with `access_token`; repeated once with a new one where the gateway refuses the old."""
        token = await self.token()
        try:
            return await self.call(name, {"access_token": token, **params})
        except BadToken:
            self._forget(token)
        return await self.call(name, {"access_token": await self.token(), **params})

    async def token(self) -> str:
        """The app's access token. Raises `Later` whatever the trouble is: nothing has been said to anybody yet."""
        async with self._fetching:
            if not self._token or time.monotonic() >= self._until:
                try:
                    self._keep(await self._fetch_token())
                except (Refused, Doubtful) as error:
                    raise Later(f"no access token: {error}; check ZZD_APP_KEY and ZZD_APP_SECRET", 30.0) from error
            return self._token

    def _forget(self, token: str) -> None:
        """The gateway refused it. A newer one fetched meanwhile stays."""
        if token == self._token:
            self._token = ""

    async def _fetch_token(self) -> Any:
        """Without parameters the secret stays out of addresses; the signature says who asks. Some gateways want them
        (the documentation says so, production does not: facts §3.1)."""
        named = {"appkey": self._config.zzd_app_key, "appsecret": self._config.zzd_app_secret.reveal()}
        if self._config.zzd_token_params == "always":  # noqa: S105 - a way of asking, no password
            return await self.call("token", named)
        try:
            return await self.call("token", {})
        except Refused:
            if self._config.zzd_token_params == "never":  # noqa: S105
                raise
        return await self.call("token", named)

    def _keep(self, answer: Any) -> None:
        token = answer.get("accessToken") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise Later("an answer without accessToken", 5.0)
        try:
            life = float(answer.get("expiresIn", 7200))
        except (TypeError, ValueError):
            life = 7200.0
        self._token, self._until = token, time.monotonic() + max(life * _FRESH, 1.0)

    async def _call(self, name: str, params: Pairs) -> Any:
        method, path = self._calls[name]
        url, now = self._config.zzd_gateway + path, self._now()
        headers = self._headers(method, unquote(urlsplit(url).path), params, now)
        form = urlencode(params)
        try:
            if method == "GET":
                response = await self._client.get(f"{url}?{form}" if form else url, headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
                response = await self._client.post(url, content=form, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise Later(f"{type(error).__name__}: {_host(url)} was not reached", 5.0) from error
        except httpx.TransportError as error:
            raise Doubtful(f"{type(error).__name__}: no answer from {_host(url)}") from error
        try:
            return answers.read(response.status_code, response.text)
        except BadSignature as error:
            raise BadSignature(f"{error}{_difference(response, now)}", error.delay) from error

    def _headers(self, method: str, path: str, params: Pairs, now: datetime) -> dict[str, str]:
        timestamp, nonce = signing.timestamp(now), signing.nonce(now, next(self._chance))
        text = signing.string_to_sign(method, timestamp, nonce, path, params)
        config = self._config
        return {
            "apiKey": config.zzd_app_key,
            "X-Hmac-Auth-Timestamp": timestamp,
            "X-Hmac-Auth-Nonce": nonce,
            "X-Hmac-Auth-Version": "1.0",
            "X-Hmac-Auth-Signature": signing.signature(config.zzd_app_secret.reveal(), text),
            "X-Hmac-Auth-IP": config.zzd_auth_ip,
            "X-Hmac-Auth-MAC": config.zzd_auth_mac,
            "Accept": "application/json",
        }


def way_out(config: Config) -> httpx.AsyncBaseTransport:
    """Straight, or through ZZD_PROXY; certificates are checked against ZZD_CA_FILE where there is one."""
    trusted = ssl.create_default_context(cafile=str(config.zzd_ca_file) if config.zzd_ca_file else None)
    return AiohttpTransport(verify=trusted, proxy=httpx.Proxy(config.zzd_proxy) if config.zzd_proxy else None)


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _difference(response: httpx.Response, now: datetime) -> str:
    """Names the clock where the gateway's own says something else."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", ""))
        seconds = (now - theirs).total_seconds()
    except (TypeError, ValueError):
        return ""
    if abs(seconds) < _CLOCK_OFF:
        return ""
    return f"; this machine's clock is {seconds:+.0f} s off the gateway's: set the time (NTP)"
