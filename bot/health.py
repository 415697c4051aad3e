"""/metrics for Prometheus and /healthz for whoever asks whether the bot is well. Plain HTTP without a login, on this
machine's own address unless the settings say otherwise; nothing of anybody is served."""

import asyncio
import logging
from datetime import timedelta

from aiohttp import web

from bot.watch import Ward
from handlers.months import month_of
from handlers.quota import CHANNEL
from storage import quota, vitals
from storage.vitals import Vitals

log = logging.getLogger(__name__)

_ANSWER_WITHIN = 5.0
_LATELY = timedelta(hours=1)


class Health:
    """`run` serves until cancelled. `port` is the one in use once `ready` is set."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self.ready = asyncio.Event()
        self.port = 0

    async def run(self) -> None:
        application = web.Application()
        application.add_routes([web.get("/metrics", self._metrics), web.get("/healthz", self._healthz)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._ward.config.metrics_host, self._ward.config.metrics_port).start()
            self.port = runner.addresses[0][1]
            self.ready.set()
            log.info("metrics are served on port %d", self.port, extra={"action": "metrics.up"})
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                found, used = await asyncio.to_thread(self._read)
        except Exception:  # what is counted in memory can be told in any case
            log.exception("the database's figures could not be read", extra={"action": "metrics.trouble"})
        else:
            self._ward.metrics.take(found, used)
        return web.Response(body=self._ward.metrics.text(), headers={"Content-Type": self._ward.metrics.content_type})

    def _read(self) -> tuple[Vitals, dict[str, int]]:
        now = self._ward.now()
        with self._ward.database.reading() as session:
            used = quota.used(session, month_of(now, self._ward.campaigns[0].zone), CHANNEL)
            return vitals.vitals(session, now=now, since=now - _LATELY), {str(unit): n for unit, n in used.items()}

    async def _healthz(self, request: web.Request) -> web.Response:
        """200 while messages can come in and be stored; else 503 and what is wrong."""
        wrong = []
        if down := self._ward.down_for():
            wrong.append(f"no stream connection for {down:.0f} s")
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await self._ward.thread.run(self._ask)
        except Exception as error:
            log.exception("the database does not answer", extra={"action": "health.trouble"})
            wrong.append(f"the database does not answer: {type(error).__name__}")
        return web.json_response({"ok": not wrong, "wrong": wrong}, status=503 if wrong else 200)

    def _ask(self) -> None:
        with self._ward.database.session() as session:
            session.connection()
