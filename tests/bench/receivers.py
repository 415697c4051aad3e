"""The platform of a broadcast, in its own process: batchSend within a rate limit, and people who chat meanwhile.

Counts every call and who got what. Some people say «进度» again and again while the broadcast runs, and wait for their
answer. Prints its address, then answers `report` on standard input with one line of JSON, for as often as it is asked.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from aiohttp import web

from tests.bench.crowd import Crowd, Somebody

_PAUSE = 0.5
"""Seconds between two lines of somebody who chats."""
TEXT = "请各位同事今天下班前完成自查。"
"""What is broadcast."""
_TOO_FAST = {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "限流"}


@dataclass
class Receivers(Crowd):
    qps: int = 20
    calls: list[tuple[float, int]] = field(default_factory=list)
    """When each call came, by the clock all processes share, and for how many people."""
    got: Counter[str] = field(default_factory=Counter)
    other: int = 0
    """Calls for something else: an answer whose session the bot had forgotten when it was killed."""
    refused: int = 0
    lost: int = 0
    """Lines that were not answered within a minute: the bot was away."""
    _second: deque[float] = field(default_factory=deque)

    async def batch(self, request: web.Request) -> web.Response:
        """At most `qps` calls in any second (A/1432)."""
        body, now = await request.json(), time.monotonic()
        while self._second and now - self._second[0] >= 1.0:
            self._second.popleft()
        if len(self._second) >= self.qps:
            self.refused += 1
            return web.json_response(_TOO_FAST, status=403)
        self._second.append(now)
        people = body["userIds"]
        if TEXT in body["msgParam"]:
            self.calls.append((now, len(people)))
            self.got.update(people)
        else:
            self.other += 1
        return web.json_response({"processQueryKey": str(len(self.calls)), "invalidStaffIdList": []})

    async def chat(self, who: Somebody) -> None:
        while True:
            try:
                await self.turn(who, "进度")
            except (TimeoutError, ConnectionError, IndexError, ZeroDivisionError):
                self.lost += 1  # the bot is being killed
            await asyncio.sleep(_PAUSE)

    def report(self) -> str:
        return json.dumps(
            {
                "calls": self.calls,
                "reached": len(self.got),
                "twice": sum(count > 1 for count in self.got.values()),
                "people": sorted(self.got),
                "refused": self.refused,
                "other": self.other,
                "replies": self.replies,
                "lost": self.lost,
            }
        )


async def serve(options: argparse.Namespace) -> None:
    there = Receivers(qps=options.qps)
    there.people = {f"u{n}": Somebody(f"u{n}") for n in range(options.chatters)}
    async with there.listening():
        chats: list[asyncio.Task[None]] = []
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if line == "connected":
                print(len(there.sockets), flush=True)
            elif line == "chat":
                chats = [asyncio.create_task(there.chat(who)) for who in there.people.values()]
                print("chatting", flush=True)
            elif line == "quiet":
                for task in chats:
                    task.cancel()
                print("quiet", flush=True)
            else:
                print(there.report(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--qps", type=int, required=True)
    parser.add_argument("--chatters", type=int, default=20)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
