"""自定义机器人: a group's robot by webhook, with its three guards (A/0717): signature, keywords, IP list.

Speaks 20 times a minute, then is muted for ten minutes; a repeated msgUuid is taken once. Refusals and their codes as
seen in the field (310000, 130101, 460101, 300001).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import defaultdict, deque
from typing import Any

from aiohttp import web

from . import webhook_rules
from .chats import Chats
from .clock import Clock
from .content import Content, malformed_urls
from .ledger import Ledger
from .refusals import OldRefusal
from .store import Store
from .world import CustomRobot, World

MOST_A_MINUTE = 20
MUTED_MS = 600_000
HOUR_MS = 3_600_000
MOST_BYTES = 20_000


class CustomRobots:
    def __init__(self, clock: Clock, world: World, store: Store, chats: Chats, ledger: Ledger) -> None:
        self._clock = clock
        self._world = world
        self._store = store
        self._chats = chats
        self._ledger = ledger
        self._spoken: dict[str, deque[int]] = defaultdict(deque)
        self._muted: dict[str, int] = {}

    async def send(self, request: web.Request) -> web.Response:
        robot = self._world.custom_robots.get(request.query.get("access_token", ""))
        request["summary"] = f"群机器人「{robot.name}」发言" if robot else "群机器人发言"
        if robot is None:
            raise OldRefusal(300001, "token is not exist")
        body = await _body(request)
        request["body"] = body
        self._admit(robot, request)
        self._pace(robot)
        spoken = webhook_rules.read(body)
        if robot.keywords and not _holds(spoken.content, robot.keywords):
            raise OldRefusal(310000, f"keywords not in content, more: [{' '.join(robot.keywords)}]")
        if spoken.msg_uuid and not self._store.first_time(f"{robot.token} {spoken.msg_uuid}"):
            request["summary"] += "（msgUuid 重复，未再次发送）"
        elif spoken.content is not None:
            for url in malformed_urls(spoken.content):
                self._ledger.violation(f"按钮地址不合规，客户端会忽略：{url}", url=url)
            self._chats.robot_says(
                robot.conversation_id, spoken.content, at_ids=spoken.at_user_ids, at_all=spoken.at_all, by=robot.name
            )
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def _admit(self, robot: CustomRobot, request: web.Request) -> None:
        if robot.ips and request.remote not in robot.ips:
            raise OldRefusal(310000, f"ip {request.remote} not in whitelist")
        if not robot.secret:
            return
        stamp, sign = request.query.get("timestamp", ""), request.query.get("sign", "")
        if not stamp.isdecimal() or abs(int(stamp) - self._clock.ms()) > HOUR_MS:
            raise OldRefusal(310000, "invalid timestamp")
        text = f"{stamp}\n{robot.secret}".encode()
        right = base64.b64encode(hmac.new(robot.secret.encode(), text, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(sign, right):
            raise OldRefusal(310000, "sign not match")

    def _pace(self, robot: CustomRobot) -> None:
        now, spoken = self._clock.ms(), self._spoken[robot.token]
        if now < self._muted.get(robot.token, 0):
            raise OldRefusal(410100, "发送速度太快而限流")
        while spoken and now - spoken[0] >= 60_000:
            spoken.popleft()
        if len(spoken) >= MOST_A_MINUTE:
            self._muted[robot.token] = now + MUTED_MS
            raise OldRefusal(130101, f"send too fast, exceed {MOST_A_MINUTE} times per minute")
        spoken.append(now)


def _holds(content: Content | None, words: tuple[str, ...]) -> bool:
    text = f"{content.title} {content.text}" if content else ""
    return any(word in text for word in words)


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    if len(raw) > MOST_BYTES:
        raise OldRefusal(460101, f"message too long, exceed {MOST_BYTES} bytes")
    if request.content_type != "application/json":
        raise OldRefusal(43004, "无效的HTTP HEADER Content-Type")
    try:
        return json.loads(raw)
    except ValueError:
        raise OldRefusal(40035, "缺少参数 json") from None
