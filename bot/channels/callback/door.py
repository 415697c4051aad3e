"""The door of the callback robot: one path, what is turned away, and the same intake as every message.

Answered after the message is stored for good, and nothing else is waited for. Must not know what is said.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.channels import NoRoom, incoming
from bot.channels.callback import proof
from bot.channels.callback.proof import NotGenuine, Rules
from bot.channels.callback.replies import allowed
from bot.channels.dingtalk import Sessions
from bot.channels.h5.limits import client
from bot.config import Config
from bot.networks import within
from bot.threads import DatabaseThread
from handlers.messages import Address, Inbound
from storage import callback_proofs
from storage.database import Database, StatementFailure

log = logging.getLogger(__name__)

_STOP_SECONDS = 2.0
_TAKEN = {"errcode": 0, "errmsg": "ok"}


class CallbackDoor:
    """`run` serves until cancelled. `port` is the one in use once `ready` is set."""

    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        thread: DatabaseThread,
        sessions: Sessions,
        receive: Callable[[Inbound], Awaitable[None]],
        real_now: Callable[[], datetime],
    ) -> None:
        self._config, self._database, self._thread = config, database, thread
        self._sessions, self._receive, self._now = sessions, receive, real_now
        self._rules = Rules(
            sign=config.callback in ("sign", "both"),
            token=config.callback in ("token", "both"),
            signing_secret=config.callback_secret,
            expected=config.callback_token,
            window=timedelta(minutes=config.callback_minutes),
        )
        platform = config.zzd_gateway if config.callback_platform == "zhezhengding" else config.oapi_endpoint
        self._hosts = frozenset({urlsplit(platform).netloc.lower(), *config.callback_reply_hosts})
        self._application = web.Application(client_max_size=config.callback_kb * 1024)
        self._application.add_routes([web.post(config.callback_path, self._take)])
        self.ready = asyncio.Event()
        self.port = 0

    async def run(self) -> None:
        runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=_STOP_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._config.callback_host, self._config.callback_port).start()
            self.port = runner.addresses[0][1]
            self.ready.set()
            told = "callbacks are taken on %s port %d"
            log.info(told, self._config.callback_host, self.port, extra={"action": "callback.up"})
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        try:
            inbound = await self._genuine(request)
        except NotGenuine as error:
            log.warning("a callback was turned away: %s", error, extra={"action": "callback.turned_away"})
            return web.json_response({"errcode": 403, "errmsg": "refused"}, status=403)
        except ValueError:
            log.warning("a callback is not understood", extra={"action": "callback.malformed"})
            return web.json_response({"errcode": 400, "errmsg": "not understood"}, status=400)
        try:
            await self._receive(inbound)
        except (NoRoom, StatementFailure):
            return web.json_response({"errcode": 503, "errmsg": "later"}, status=503, headers={"Retry-After": "5"})
        return web.json_response(_TAKEN)

    async def _genuine(self, request: web.Request) -> Inbound:
        """Raises `NotGenuine`, or `ValueError` where it is and is not understood."""
        self._known_address(request)
        proof.check(request.headers, self._rules, self._now())
        raw = await request.read()
        if seen := proof.digest(request.headers):
            await self._once(seen, hashlib.sha256(raw).hexdigest())
        try:
            data = json.loads(raw)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if not isinstance(data, dict):
            raise ValueError("not an object")
        inbound = self._read(data, raw, request.headers.get("timestamp", ""))
        self._remember(data, inbound.chat)
        return inbound

    def _known_address(self, request: web.Request) -> None:
        networks = self._config.callback_from
        forwarded = request.headers.get("X-Forwarded-For", "")
        if networks and not within(client(request.remote or "", forwarded, self._config.h5_trusted_proxy), networks):
            raise NotGenuine("it comes from an address that is not in ZICHA_CALLBACK_FROM")

    async def _once(self, seen: str, body: str) -> None:
        """A signature is good for one body: the platform may send that again, nobody anything else."""
        now, keep = self._now(), 2 * self._rules.window

        def work() -> bool:
            with self._database.session() as session:
                return callback_proofs.admit(session, seen, body, at=now, keep=keep)

        if not await self._thread.run(work):
            raise NotGenuine("its signature came before with something else")

    def _read(self, data: Mapping[str, Any], raw: bytes, timestamp: str) -> Inbound:
        platform, now = self._config.callback_platform, self._now()
        told = {**data}
        told.setdefault("createAt", int(now.timestamp() * 1000))
        told.setdefault("msgId", hashlib.sha256(timestamp.encode() + b"\n" + raw).hexdigest())
        if platform == "zhezhengding":  # there the sender's id stands in either (facts §3.6)
            told["senderStaffId"] = told.get("senderStaffId") or told.get("senderId") or ""
        inbound = incoming.parse(told, robot=f"{platform}-robot", corp_id=self._config.corp_id, only=False)
        if inbound is None:
            raise ValueError("no conversation")
        return replace(inbound, chat=Address(platform, inbound.chat.kind, inbound.chat.id))

    def _remember(self, data: Mapping[str, Any], chat: Address) -> None:
        url, expires = data.get("sessionWebhook"), data.get("sessionWebhookExpiredTime")
        if not url:
            return
        if not allowed(url, self._hosts):
            told = "a session at a host that is not named in ZICHA_CALLBACK_REPLY_HOSTS is not used"
            log.warning(told, extra={"action": "callback.session"})
            return
        try:
            self._sessions.remember(chat, str(url), datetime.fromtimestamp(int(str(expires)) / 1000, UTC))
        except (ValueError, OverflowError, OSError):
            log.debug("a session without a usable expiry", extra={"action": "callback.session"})
