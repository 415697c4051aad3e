"""A platform under load, in its own process: a stream gateway as quick as can be, and people who fill in a form.

Far less than the sandbox: no rules, no ledger. Each of so many people at once says the next line as soon as the answer
to the last one is there (closed loop), or at its appointed time (open loop). Prints one line of JSON at the end.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

WALK = ("你好", "2", "2 7", "1", "1", "街道发的表，微信群传", "核对用，6个网格员", "1", "1", "1", "1")
"""One data set, a pledge signed before: every line is answered with exactly one message."""

_WARMING = 8
"""People to a connection who fill in the form before anything is measured."""
_QUICK = 0.02
"""Seconds between two messages of somebody who does not wait: a double tap."""


@dataclass
class Somebody:
    staff_id: str
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    last: str = ""
    heard: int = 0


@dataclass
class Crowd:
    twice: bool = False
    """Every message is pushed a second time."""
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    people: dict[str, Somebody] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    pushed: dict[str, float] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    doubled: int = 0
    called: int = 0
    """Answers that came by a call of the OpenAPI instead of the chat's session."""
    url: str = ""

    # ---- the platform

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """On a free port; its address is printed."""
        site = web.Application()
        site.router.add_post("/v1.0/gateway/connections/open", self.open)
        site.router.add_post("/v1.0/oauth2/accessToken", self.token)
        site.router.add_get("/connect", self.connect)
        site.router.add_post("/robot/sendBySession", self.reply)
        site.router.add_post("/v1.0/robot/oToMessages/batchSend", self.batch)
        runner = web.AppRunner(site, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            print(self.url, flush=True)
            yield
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await runner.cleanup()

    async def open(self, request: web.Request) -> web.Response:
        return web.json_response({"endpoint": f"{self.url.replace('http', 'ws')}/connect", "ticket": "t"})

    async def token(self, request: web.Request) -> web.Response:
        return web.json_response({"accessToken": "token", "expireIn": 7200})

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                began = self.pushed.pop(json.loads(message.data)["headers"]["messageId"], None)
                if began is not None:
                    self.acks.append(time.perf_counter() - began)
        self.sockets.remove(socket)
        return socket

    async def reply(self, request: web.Request) -> web.Response:
        self._hears(request.query["session"], await request.json())
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def batch(self, request: web.Request) -> web.Response:
        """The OpenAPI: how a process answers that did not receive the message and knows no session of the chat."""
        body = await request.json()
        self.called += 1
        for staff_id in body["userIds"]:
            self._hears(staff_id, body)
        return web.json_response({"processQueryKey": "key"})

    def _hears(self, staff_id: str, body: Any) -> None:
        somebody = self.people[staff_id]
        somebody.last = json.dumps(body, ensure_ascii=False)
        somebody.heard += 1
        self.doubled += somebody.answered.is_set()
        somebody.answered.set()

    # ---- the people

    async def push(self, who: Somebody, text: str, *, to: int | None = None) -> None:
        """To the connection whose turn it is, or to the one given."""
        number = next(self.numbers)
        first = number if to is None else to
        data = {
            "msgId": f"msg{number}",
            "conversationId": f"cid-{who.staff_id}",
            "conversationType": "1",
            "senderStaffId": who.staff_id,
            "senderNick": "某人",
            "senderCorpId": "dingcorp0001",
            "robotCode": "dingsandbox",
            "createAt": int(time.time() * 1000),
            "msgtype": "text",
            "text": {"content": text},
            "sessionWebhook": f"{self.url}/robot/sendBySession?session={who.staff_id}",
            "sessionWebhookExpiredTime": int(time.time() * 1000) + 5_400_000,
        }
        for copy in range(1 + self.twice):
            message_id = f"{number}-{copy}"
            headers = {"messageId": message_id, "topic": "/v1.0/im/bot/messages/get", "contentType": "application/json"}
            frame = {"specVersion": "1.0", "type": "CALLBACK", "headers": headers, "data": json.dumps(data)}
            self.pushed[message_id] = time.perf_counter()
            await self.sockets[(first + copy) % len(self.sockets)].send_str(json.dumps(frame))

    async def turn(self, who: Somebody, text: str) -> None:
        who.answered.clear()
        began = time.perf_counter()
        await self.push(who, text)
        await asyncio.wait_for(who.answered.wait(), 60)
        self.replies.append(time.perf_counter() - began)

    async def warm_up(self, waiting: Iterator[Somebody]) -> None:
        """Some fill in the form before the clock runs: what every process does once is no part of a turn."""
        first = itertools.islice(waiting, _WARMING * len(self.sockets))
        await asyncio.gather(*(self.closed(iter((who,)), math.inf) for who in first))
        await asyncio.sleep(0.5)  # acks and doubled answers still under way
        self.acks.clear()
        self.replies.clear()
        self.doubled = self.called = 0

    async def pair(self, who: Somebody) -> None:
        """The greeting, then two answers, one right after the other, to two connections."""
        await self.turn(who, WALK[0])
        wanted = who.heard + 2
        first = next(self.numbers)
        for place, text in enumerate(WALK[1:3]):
            await self.push(who, text, to=first + place)
            await asyncio.sleep(_QUICK)
        async with asyncio.timeout(60):
            while who.heard < wanted:
                await asyncio.sleep(0.01)

    async def pairs(self, waiting: Iterator[Somebody], at_once: int) -> None:
        async def seat() -> None:
            for who in waiting:
                await self.pair(who)

        await asyncio.gather(*(seat() for _ in range(at_once)))

    async def closed(self, waiting: Iterator[Somebody], until: float) -> None:
        """One seat: person after person goes through the form."""
        for who in waiting:
            for text in WALK:
                await self.turn(who, text)
                if time.perf_counter() > until:
                    return

    async def opened(self, waiting: Iterator[Somebody], rate: float, seconds: float) -> None:
        """So many turns a second, whatever becomes of them; nobody speaks before they were answered."""
        began, free, tasks = time.perf_counter(), asyncio.Queue[Iterator[tuple[Somebody, str]]](), set()

        async def one(lines: Iterator[tuple[Somebody, str]]) -> None:
            who_text = next(lines, None)
            if who_text is None:
                lines = self.lines(next(waiting))
                who_text = next(lines)
            await self.turn(*who_text)
            free.put_nowait(lines)

        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            lines = free.get_nowait() if not free.empty() else self.lines(next(waiting))
            task = asyncio.create_task(one(lines))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    @staticmethod
    def lines(who: Somebody) -> Iterator[tuple[Somebody, str]]:
        return ((who, text) for text in WALK)


def whole(crowd: Crowd, seconds: float) -> dict[str, Any]:
    """What was measured; how many people got their receipt."""
    finished = sum("回执" in one.last for one in crowd.people.values())
    return {
        "seconds": seconds,
        "turns": len(crowd.replies),
        "finished": finished,
        "doubled": crowd.doubled,
        "called": crowd.called,
        "acks": crowd.acks,
        "replies": crowd.replies,
    }


async def serve(options: argparse.Namespace) -> None:
    crowd = Crowd(twice=options.twice)
    crowd.people = {f"u{n}": Somebody(f"u{n}") for n in range(options.people)}
    async with crowd.listening():
        async with asyncio.timeout(60):
            while len(crowd.sockets) < options.connections:
                await asyncio.sleep(0.05)
        people = iter(crowd.people.values())
        await crowd.warm_up(people)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)  # «go»
        began = time.perf_counter()
        if options.pairs:
            await crowd.pairs(itertools.islice(people, options.pairs), options.at_once)
        elif options.rate:
            await crowd.opened(people, options.rate, options.seconds)
        else:
            seats = (crowd.closed(people, began + options.seconds) for _ in range(options.at_once))
            await asyncio.gather(*seats)
        took = time.perf_counter() - began
        await asyncio.sleep(0.3)  # acks and doubled answers still under way
        print(json.dumps(whole(crowd, took)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--pairs", type=int, default=0, help="instead, so many people say two things at once")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--twice", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
