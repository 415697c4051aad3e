"""The composition root: builds every room once, ties them together and says which path leads where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from .chats import Chats
from .clock import Clock
from .contacts import Contacts
from .crowd import Crowd
from .custom_robots import CustomRobots
from .events import Events
from .faults import Faults
from .front import Front
from .ledger import Ledger
from .oapi import OldApi
from .openapi import OpenApi
from .panel import Panel
from .people import People
from .push import PushDesk
from .settings import Settings
from .store import Store
from .stream import Gateway
from .tokens import Tokens
from .work_notices import WorkNotices
from .world import load
from .zhezhengding.app import Zhezhengding

MOST_UPLOAD = 64 << 20


class Sandbox:
    def __init__(self, settings: Settings) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        self.world = load(settings.world)
        self.store = Store(settings.data)
        self.clock = Clock(
            state=settings.data / "clock.json",
            start=settings.clock_start,
            file=settings.clock_file,
            every=settings.glide_seconds,
        )
        self.ledger = Ledger(self.store, self.clock, settings.ledger_size)
        self.faults = Faults()
        self.events = Events()
        self.chats = Chats(self.store, self.world, self.clock, self.events)
        self.desk = PushDesk(settings, self.clock, self.ledger, self.faults, self.chats.settled)
        self.gateway = Gateway(settings, self.clock, self.ledger, self.desk)
        self.tokens = Tokens(settings)
        self.front = Front(self.faults, self.ledger, settings.qps)
        self.openapi = OpenApi(
            settings, self.clock, self.world, self.store, self.chats, self.tokens, self.ledger, self.faults
        )
        self.oapi = OldApi(self.clock, self.store, self.chats, self.tokens, self.ledger)
        self.contacts = Contacts(self.world, self.tokens)
        self.notices = WorkNotices(self.world, self.clock, self.tokens)
        self.robots = CustomRobots(self.clock, self.world, self.store, self.chats, self.ledger)
        self.people = People(settings, self.clock, self.world, self.store, self.chats, self.events, self.desk)
        self.crowd = Crowd(self.people, self.chats)
        self.panel = Panel(self.clock, self.ledger, self.faults, self.gateway, self.desk, self._expire_tokens)
        self.zhezhengding = Zhezhengding(settings, self.world, self.clock, self.ledger)
        self.ledger.on_entry(lambda entry: self.events.tell_all("ledger", entry))
        self.clock.on_change(lambda: self.events.tell_all("clock", self.clock.to_json()))

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self.front.middleware], client_max_size=MOST_UPLOAD)
        app.add_routes(self._platform() + self._people() + self.zhezhengding.routes())
        app.cleanup_ctx.append(self._running)
        app.on_shutdown.append(self._shutdown)
        return app

    def _platform(self) -> list[web.RouteDef]:
        api, old = self.openapi, self.oapi
        return [
            web.post("/v1.0/gateway/connections/open", self.gateway.open),
            web.get("/connect", self.gateway.connect),
            web.post("/v1.0/oauth2/accessToken", self.tokens.issue),
            web.get("/gettoken", self.tokens.issue_old),
            web.post("/v1.0/robot/oToMessages/batchSend", api.to_people),
            web.get("/v1.0/robot/oToMessages/readStatus", api.read_status),
            web.post("/v1.0/robot/otoMessages/batchRecall", api.recall_from_people),
            web.post("/v1.0/robot/groupMessages/send", api.to_group),
            web.post("/v1.0/robot/groupMessages/query", api.group_read),
            web.post("/v1.0/robot/groupMessages/recall", api.recall_from_group),
            web.post("/v1.0/robot/messageFiles/download", api.download),
            web.get("/files/{key}", api.file),
            web.post("/robot/sendBySession", old.by_session),
            web.post("/robot/send", self.robots.send),
            web.post("/media/upload", old.upload),
            web.post("/topapi/message/corpconversation/asyncsend_v2", self.notices.send),
            web.post("/topapi/message/corpconversation/getsendresult", self.notices.result),
            web.post("/topapi/v2/department/get", self.contacts.department),
            web.post("/topapi/v2/department/listsub", self.contacts.below),
            web.post("/topapi/v2/user/list", self.contacts.members),
        ]

    def _people(self) -> list[web.RouteDef]:
        people, panel = self.people, self.panel
        return [
            web.get("/", people.page),
            web.get("/page/{file:.+}", people.page),
            web.get("/sandbox/work-notices", self.notices.got),
            web.get("/sandbox/world", people.world),
            web.get("/sandbox/sample/{name}", people.sample),
            web.get("/sandbox/people", people.find),
            web.get("/sandbox/chats", people.overview),
            web.get("/sandbox/messages", people.messages),
            web.post("/sandbox/say", people.say),
            web.post("/sandbox/upload", people.upload),
            web.get("/sandbox/media/{id}", people.media),
            web.post("/sandbox/read", people.read),
            web.post("/sandbox/recall", people.recall),
            web.get("/sandbox/events", people.events),
            web.get("/sandbox/crowd", self.crowd.line),
            web.get("/sandbox/ledger", panel.ledger),
            web.get("/sandbox/totals", panel.totals),
            web.get("/sandbox/clock", panel.clock),
            web.post("/sandbox/clock", panel.set_clock),
            web.get("/sandbox/fault", panel.faults),
            web.post("/sandbox/fault", panel.arm),
        ]

    def _expire_tokens(self) -> None:
        self.tokens.expire()
        self.zhezhengding.login.expire()

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        ticking = asyncio.create_task(self.clock.run())
        yield
        ticking.cancel()
        self.clock.keep()
        self.store.close()
        self.zhezhengding.phones.close()

    async def _shutdown(self, _: web.Application) -> None:
        self.events.stop()
        await self.crowd.stop()
        await self.gateway.stop()
