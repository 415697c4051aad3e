"""A platform of a few lines for the stream: real sockets, the real SDK, frames and acks on the wire."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import websockets

from bot.channels.dingtalk import Sessions
from bot.channels.stream import Stream
from handlers.messages import Inbound

JSON = dict[str, Any]
CORP, ROBOT = "ding6741", "dingc6gk"
TEXT: JSON = {
    "conversationId": "cide4g=",
    "chatbotCorpId": CORP,
    "chatbotUserId": "$:LWCPihY/",
    "msgId": "msgYPw==",
    "senderNick": "张三",
    "isAdmin": True,
    "senderStaffId": "042297",
    "sessionWebhookExpiredTime": 1695289035996,
    "createAt": 1695283635765,
    "senderCorpId": CORP,
    "conversationType": "1",
    "senderId": "$:LWCPA==",
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=79b484d4b",
    "robotCode": ROBOT,
    "msgtype": "text",
    "text": {"content": "hello DingTalk!"},
}
"""The official sample of a 1:1 text (facts §2.3), shortened ids."""


def said(**changes: Any) -> JSON:
    return {name: value for name, value in (TEXT | changes).items() if value is not ...}


@dataclass
class Platform:
    """Opens, pushes and hears acks. `troubles` are what the next opens answer instead of a connection; `greeting` is
    what a new connection does."""

    url: str = ""
    opens: list[float] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    asked: list[JSON] = field(default_factory=list)
    lines: list[websockets.ServerConnection] = field(default_factory=list)
    living: int = 0
    most_living: int = 0
    acks: list[tuple[int, JSON]] = field(default_factory=list)
    greeting: Callable[[websockets.ServerConnection], Any] | None = None
    tickets: list[str] = field(default_factory=list)

    async def open_stream(self, subscriptions: list[JSON], agent: str) -> tuple[str, str]:
        self.opens.append(time.monotonic())
        self.asked.append({"subscriptions": subscriptions, "agent": agent})
        if self.troubles:
            raise self.troubles.pop(0)
        return self.url, f"ticket/{len(self.opens)}+="

    async def serve(self, line: websockets.ServerConnection) -> None:
        number = len(self.lines)
        self.lines.append(line)
        self.tickets.append(line.request.path if line.request else "")
        self.living += 1
        self.most_living = max(self.most_living, self.living)
        try:
            if self.greeting:
                await self.greeting(line)
            async for raw in line:
                self.acks.append((number, json.loads(raw)))
        except websockets.ConnectionClosed:
            pass
        finally:
            self.living -= 1

    async def push(self, data: JSON, line: int = -1, message_id: str = "m1", **frame: Any) -> None:
        headers = {"topic": "/v1.0/im/bot/messages/get", "messageId": message_id, "contentType": "application/json"}
        whole = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(data)}
        await self.lines[line].send(json.dumps(whole | frame))

    async def system(self, topic: str, data: JSON, line: int = -1) -> None:
        headers = {"topic": topic, "messageId": "s1", "contentType": "application/json"}
        await self.push(data, line, type="SYSTEM", headers=headers)

    def acked(self) -> list[str]:
        return [ack["headers"].get("messageId", "") for _, ack in self.acks if ack["code"] == 200]


async def until(look: Callable[[], object], timeout: float = 60.0) -> None:
    end = time.monotonic() + timeout
    while not look():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    one = Platform()
    async with websockets.serve(one.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        one.url = f"ws://{host}:{port}/connect"
        yield one


@dataclass
class Store:
    """What is done with a message: kept, after a while or not at all. With `free`, it is held until that is set."""

    kept: list[Inbound] = field(default_factory=list)
    seconds: float = 0.0
    failures: int = 0
    free: asyncio.Event | None = None
    begun: int = 0

    async def receive(self, inbound: Inbound) -> None:
        self.begun += 1
        if self.free:
            await self.free.wait()
        await asyncio.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the disk is full")
        self.kept.append(inbound)


@asynccontextmanager
async def connected(one: Platform, store: Store, **options: Any) -> AsyncIterator[Stream]:
    line = Stream(api=one, sessions=Sessions(), robot=ROBOT, corp_id="", receive=store.receive, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=60)
        assert task.done(), "it cannot be stopped"
        assert task.cancelled(), "the stream died by itself"
