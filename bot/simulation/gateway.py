"""The line to the gateway: what people say and hear, the clock, the weather. Must not know who says what."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

Json = dict[str, Any]


class Gateway:
    """`heard` is called with each message of the robot; `now` is the campaign's time."""

    def __init__(self, url: str, heard: Callable[[Json], None], now: Callable[[], datetime]) -> None:
        self._url, self._heard, self.now = url, heard, now
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._saying: deque[asyncio.Future[Json]] = deque()
        self._pushed: dict[int, float] = {}
        self.acks: list[tuple[datetime, float]] = []
        """When a message was said, and how long until the bot had confirmed it."""
        self.lost = 0
        """Messages the platform gave up."""

    async def open(self) -> None:
        self._socket = await connect(f"{self._url.replace('http', 'ws', 1)}/sandbox/crowd", max_size=None, proxy=None)
        self._listening = asyncio.create_task(self._listen(self._socket))

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
        if self._socket:
            await self._socket.close()
        await self._http.aclose()

    async def say(self, who: str, text: str, chat: str = "direct") -> str:
        """The platform's id of the message."""
        if self._socket is None:
            raise RuntimeError("the line is not open")
        told: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._saying.append(told)
        await self._socket.send(json.dumps({"as": who, "text": text, "chat": chat}, ensure_ascii=False))
        answer = await told
        if answer["event"] != "said":
            raise RuntimeError(f"the gateway refuses what {who} says: {answer['why']}")
        return str(answer["msgId"])

    async def send_file(self, who: str, name: str, content: bytes, kind: str) -> str:
        data = {"as": who, "chat": "direct"}
        answer = await self._http.post("/sandbox/upload", data=data, files={"file": (name, content, kind)})
        return str(answer.raise_for_status().json()["msgId"])

    async def turn_clock(self, to: datetime) -> None:
        """Returns when the clock has arrived; at once where it is later already."""
        if (missing := to - await self.clock()) <= timedelta():
            return
        # by how much, not to when: the clock goes on by itself, and may be past that moment before it is told
        await self._post("/sandbox/clock", {"advance": missing.total_seconds()})
        while (await self._get("/sandbox/clock"))["running"]:
            await asyncio.sleep(0.01)

    async def clock(self) -> datetime:
        return datetime.fromisoformat((await self._get("/sandbox/clock"))["now"])

    async def fault(self, name: str, **how: Any) -> None:
        await self._post("/sandbox/fault", {"name": name, **how})

    async def weather(self) -> Json:
        """Faults armed, connections, messages that wait to be pushed."""
        return await self._get("/sandbox/fault")

    async def totals(self) -> Json:
        return await self._get("/sandbox/totals")

    async def violations(self) -> list[str]:
        entries = (await self._get("/sandbox/ledger", limit=100_000))["entries"]
        return [entry["summary"] for entry in entries if entry["kind"] == "violation"]

    async def _listen(self, socket: ClientConnection) -> None:
        async for line in socket:
            event = json.loads(line)
            match event["event"]:
                case "heard":
                    self._heard(event)
                case "settled":
                    self._settled(event)
                case _:
                    if event["event"] == "said":
                        self._pushed[event["id"]] = time.perf_counter()
                    self._saying.popleft().set_result(event)

    def _settled(self, event: Json) -> None:
        began = self._pushed.pop(event["id"], None)
        if event["state"] == "lost":
            self.lost += 1
        elif began is not None:
            self.acks.append((self.now(), time.perf_counter() - began))

    async def _get(self, path: str, **query: Any) -> Json:
        return dict((await self._http.get(path, params=query)).raise_for_status().json())

    async def _post(self, path: str, body: Json) -> Json:
        return dict((await self._http.post(path, json=body)).raise_for_status().json())
