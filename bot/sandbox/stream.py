"""The stream gateway: tickets, sockets, pings, `disconnect` (developerpedia, stream/protocol.md).

Which message goes where is the push desk's business.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from .answers import json_body
from .clock import Clock
from .connection import Connection
from .frames import frame, new_message_id, read_ack, subscriptions
from .ledger import Ledger
from .push import PushDesk
from .refusals import ApiRefusal, bad
from .settings import Settings

_OPEN_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Response><endpoint>{endpoint}</endpoint><ticket>{ticket}</ticket></Response>"
)

_NOTHING: frozenset[tuple[str, str]] = frozenset()


class Gateway:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, desk: PushDesk) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._desk = desk
        self._tickets: dict[str, tuple[float, frozenset[tuple[str, str]]]] = {}
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, request: web.Request) -> web.StreamResponse:
        body = await json_body(request)
        for name in ("clientId", "clientSecret"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise bad(f"Missing{name}", f"{name} is mandatory for this action.")
        app = (self._settings.client_id, self._settings.client_secret)
        if (body["clientId"], body["clientSecret"]) != app:
            raise ApiRefusal(401, "authFailed", "鉴权失败")  # as logged by users of the SDK
        topics = subscriptions(body.get("subscriptions"))
        if topics is None:
            raise bad("Missingsubscriptions", "subscriptions is mandatory for this action.")
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = (time.monotonic() + self._settings.ticket_seconds, topics)
        request["summary"] = f"申请长连接（{body.get('ua', '未知客户端')}）"
        endpoint = f"ws://{request.host}/connect"
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response({"endpoint": endpoint, "ticket": ticket})
        xml = _OPEN_XML.format(endpoint=endpoint, ticket=ticket)  # the default, when JSON was not asked for
        return web.Response(text=xml, content_type="application/xml")

    async def connect(self, request: web.Request) -> web.StreamResponse:
        until, topics = self._tickets.pop(request.query.get("ticket", ""), (0.0, _NOTHING))
        if time.monotonic() > until:
            self._ledger.violation("长连接被拒绝：ticket 无效、已使用或已过期")
            return web.Response(status=401, text="invalid ticket")
        socket = web.WebSocketResponse(timeout=0.5, max_msg_size=1 << 20)
        await socket.prepare(request)
        connection = Connection(id=uuid.uuid4().hex, socket=socket, topics=topics)
        await self._serve(connection)
        return socket

    def disconnect_all(self, reason: str = "connection is expired") -> None:
        for connection in self._connections:
            if not connection.draining:
                connection.draining = True
                self._system(connection, "disconnect", {"reason": reason})
                self._ledger.write("disconnect", f"通知断开：{reason}", direction="out", connectionId=connection.id)
                self._start(self._hang_up(connection))

    async def stop(self) -> None:
        self._desk.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(c.socket.close(code=1001, message=b"going away") for c in self._connections))

    def count(self) -> int:
        return sum(not c.draining for c in self._connections)

    async def _serve(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._ledger.write("connect", f"长连接已建立，现有 {self.count()} 条", connectionId=connection.id)
        helpers = [self._start(connection.write()), self._start(self._ping(connection))]
        self._desk.joined(connection)
        try:
            async for message in connection.socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._heard(connection, message.data)
        finally:
            for helper in helpers:
                helper.cancel()
            self._connections.discard(connection)
            code = connection.socket.close_code
            self._ledger.write("disconnect", f"长连接已断开（{code}）", connectionId=connection.id)
            self._desk.left(connection)

    def _heard(self, connection: Connection, raw: Any) -> None:
        ack = read_ack(raw)
        if isinstance(ack, str):
            self._ledger.violation(ack, frame=raw if isinstance(raw, str) else "(binary)")
            return
        pong = connection.answered(ack.message_id, ack.data)
        if pong is not None:
            came_back, ms = pong
            self._ledger.write("ping", "心跳应答", ms=ms, connectionId=connection.id)
            if not came_back:
                self._ledger.violation("心跳应答没有带回 opaque")
        elif not self._desk.acked(connection, ack) and not connection.draining:
            self._ledger.violation("确认的 messageId 不是在这条连接上推送的", messageId=ack.message_id)

    async def _ping(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(self._settings.ping_seconds)
            if connection.pings:
                self._ledger.violation("心跳没有应答", connectionId=connection.id)
                connection.pings.clear()
            opaque = str(uuid.uuid4())
            connection.pinged(self._system(connection, "ping", {"opaque": opaque}), opaque)

    async def _hang_up(self, connection: Connection) -> None:
        await asyncio.sleep(self._settings.disconnect_seconds)
        await connection.socket.close()

    def _system(self, connection: Connection, topic: str, data: dict[str, Any]) -> str:
        message_id = new_message_id()
        connection.send(
            frame(
                "SYSTEM",
                topic,
                data,
                app=self._settings.client_id,
                connection=connection.id,
                message_id=message_id,
                ms=self._clock.ms(),
            )
        )
        return message_id

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
