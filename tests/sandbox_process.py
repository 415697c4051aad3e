"""The gateway in its own process, as a test sees it: start it, let people speak, look at the wire.

All calls block; from inside an event loop use ``await asyncio.to_thread(box.until, …)`` for the long ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).parent.parent
CLIENT_ID, CLIENT_SECRET = "dingsandbox", "sandbox-secret"
JSON = dict[str, Any]
T = TypeVar("T")

WORLD: JSON = {
    "corpId": "dingcorp0001",
    "robot": {"name": "自查", "avatar": "自"},
    "people": [
        {
            "staffId": "zhang",
            "name": "张三",
            "title": "莲都区 紫金街道 · 网格员",
            "featured": True,
            "note": "网格员",
        },
        {"staffId": "wang", "name": "王五", "title": "云和县 大数据中心", "featured": True},
        {"staffId": "wai", "name": "外来人", "title": "外单位", "external": True},
        *({"staffId": f"p{n:03}", "name": f"群众{n}", "title": "莲都区"} for n in range(30)),
    ],
    "groups": [
        {"conversationId": "cidgroup", "title": "紫金街道自查群", "members": ["zhang", "wang"]},
        {"conversationId": "cidalone", "title": "没有机器人的群", "members": ["zhang"], "robot": False},
    ],
}


@dataclass
class SandboxProcess:
    url: str
    process: subprocess.Popen[str]
    http: httpx.Client
    folder: Path
    token: str = field(default="", repr=False)

    # people

    def say(self, who: str, text: str, chat: str = "direct", *, at: bool = True) -> int:
        return int(self.post("/sandbox/say", {"as": who, "chat": chat, "text": text, "at": at})["id"])

    def send_file(self, who: str, name: str, content: bytes, kind: str, chat: str = "direct", **fields: str) -> int:
        data = {"as": who, "chat": chat, **fields}
        answer = self.http.post("/sandbox/upload", data=data, files={"file": (name, content, kind)})
        return int(answer.raise_for_status().json()["id"])

    def messages(self, who: str, chat: str = "direct") -> list[JSON]:
        return list(self.get("/sandbox/messages", **{"as": who, "chat": chat})["messages"])

    def replies(self, who: str, chat: str = "direct") -> list[JSON]:
        return [message for message in self.messages(who, chat) if message["from"] == "robot"]

    def read(self, who: str, chat: str = "direct") -> None:
        self.post("/sandbox/read", {"as": who, "chat": chat})

    # the operator

    def ledger(self, *kinds: str, after: int = 0) -> list[JSON]:
        entries = self.get("/sandbox/ledger", after=after, limit=5000)["entries"]
        return [entry for entry in entries if not kinds or entry["kind"] in kinds]

    def latest(self) -> int:
        """The number of the ledger's last entry; 0 while nothing has happened."""
        return max((entry["seq"] for entry in self.ledger()), default=0)

    def clock(self, *, to: str | None = None, advance: float | None = None, wait: float = 60.0) -> str:
        """Move the clock if asked to, wait for it to arrive, and say what time it is."""
        if to is not None or advance is not None:
            self.post("/sandbox/clock", {"to": to} if to is not None else {"advance": advance})
        return str(self.until(self._still_clock, timeout=wait)["now"])

    def fault(self, name: str, count: int = 1, seconds: float = 0.0, **more: Any) -> JSON:
        return self.post("/sandbox/fault", {"name": name, "count": count, "seconds": seconds, **more})

    # the bot's side, for tests of the gateway itself

    def call(self, path: str, body: JSON, *, method: str = "POST") -> httpx.Response:
        """A new-API call with a valid token."""
        if not self.token:
            login = {"appKey": CLIENT_ID, "appSecret": CLIENT_SECRET}
            self.token = self.post("/v1.0/oauth2/accessToken", login)["accessToken"]
        headers = {"x-acs-dingtalk-access-token": self.token}
        if method == "GET":
            return self.http.get(path, params=body, headers=headers)
        return self.http.post(path, json=body, headers=headers)

    # plumbing

    def get(self, path: str, **query: Any) -> JSON:
        return dict(self.http.get(path, params=query).raise_for_status().json())

    def post(self, path: str, body: JSON) -> JSON:
        return dict(self.http.post(path, json=body).raise_for_status().json())

    def until(self, look: Callable[[], T | None], timeout: float = 60.0) -> T:
        """Look again and again until there is something to see."""
        deadline = time.monotonic() + timeout
        while not (seen := look()):
            if time.monotonic() > deadline:
                raise AssertionError(f"nothing seen in {timeout} s; the ledger ends {self.ledger()[-5:]}")
            time.sleep(0.02)
        return seen

    def _still_clock(self) -> JSON | None:
        state = self.get("/sandbox/clock")
        return None if state["running"] else state


@contextmanager
def sandbox(world: JSON | None = None, data: Path | None = None, **options: Any) -> Iterator[SandboxProcess]:
    """The gateway on a free port; options are its flags (``redeliver_seconds=0.2``, ``clock_start=…``)."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "world.json").write_text(json.dumps(world or WORLD), encoding="utf-8")
        flags = ["--data", str(folder), "--world", str(folder / "world.json"), "--stop-with-stdin"]
        for name, value in options.items():
            flags += [f"--{name.replace('_', '-')}", str(value)]
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.sandbox", *flags],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line, "the gateway did not start"
            url = json.loads(line)["url"]
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
                yield SandboxProcess(url, process, http, folder)
        finally:
            process.stdin.close()
            process.terminate()
            process.wait(timeout=60)
            process.stdout.close()
