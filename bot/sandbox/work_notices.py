"""The old API's 工作通知: taken at once, given to people within limits that are kept in silence (A/0769, A/0773).

Notices stand in a conversation of their own, where nobody can answer; the page does not show it, tests ask for it.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import Any

from aiohttp import web

from .answers import json_body
from .clock import Clock
from .refusals import OldRefusal
from .tokens import Tokens
from .world import World

MOST_USERS, MOST_DEPARTMENTS = 100, 20
MOST_BYTES = 2_048
MOST_AT_ONCE = 5_000
MOST_A_MINUTE = 5_000
MOST_A_DAY = 500
_DAY_MS, _MINUTE_MS = 24 * 3600 * 1000, 60 * 1000


class WorkNotices:
    def __init__(self, world: World, clock: Clock, tokens: Tokens) -> None:
        self._world, self._clock, self._tokens = world, clock, tokens
        self._tasks: dict[int, tuple[int, dict[str, Any]]] = {}  # at ms, send_result
        self._seen: set[tuple[str, str, str]] = set()  # day, person, words
        self._today: Counter[tuple[str, str]] = Counter()
        self._reached: deque[int] = deque()
        self._got: dict[str, list[dict[str, Any]]] = {}

    async def send(self, request: web.Request) -> web.Response:
        self._tokens.check_old(request)
        body = await json_body(request)
        _agent(body)
        message = body.get("msg")
        if not isinstance(message, dict) or not isinstance(message.get(str(message.get("msgtype"))), dict):
            raise OldRefusal(33012, "无效的msg")
        words = json.dumps(message, ensure_ascii=False)
        if len(words.encode()) > MOST_BYTES:
            raise OldRefusal(43008, "消息体超过2048字节")
        users = self._users(body)
        request["summary"] = f"工作通知发送给 {len(users)} 人"
        task = len(self._tasks) + 1
        self._tasks[task] = (self._clock.ms(), self._give(users, message, words))
        return web.json_response({"errcode": 0, "errmsg": "ok", "task_id": task, "request_id": str(task)})

    async def result(self, request: web.Request) -> web.Response:
        self._tokens.check_old(request)
        body = await json_body(request)
        _agent(body)
        request["summary"] = "查询工作通知发送结果"
        found = self._tasks.get(body.get("task_id", 0))
        if found is None or self._clock.ms() - found[0] > _DAY_MS:
            raise OldRefusal(-1, "无效的task_id")
        return web.json_response({"errcode": 0, "errmsg": "ok", "send_result": found[1]})

    async def got(self, request: web.Request) -> web.Response:
        """For tests: what somebody's conversation of work notices holds."""
        return web.json_response({"notices": self._got.get(request.query.get("as", ""), [])})

    def _users(self, body: dict[str, Any]) -> list[str]:
        users, departments = _listed(body.get("userid_list")), _listed(body.get("dept_id_list"))
        if not users and not departments:
            raise OldRefusal(33013, "userid_list、dept_id_list 不能同时为空")
        if len(users) > MOST_USERS or len(departments) > MOST_DEPARTMENTS:
            raise OldRefusal(33014, "接收者超过上限：100 个用户，20 个部门")
        for number in departments:
            if not number.isdecimal() or int(number) not in self._world.departments:
                raise OldRefusal(60003, "部门不存在")
            users += self._within(int(number))
        return list(dict.fromkeys(users))

    def _within(self, number: int) -> list[str]:
        """The people of a department and of those below it."""
        below = [one.number for one in self._world.departments.values() if one.parent == number]
        return [*self._world.departments[number].members, *(who for child in below for who in self._within(child))]

    def _give(self, users: list[str], message: dict[str, Any], words: str) -> dict[str, Any]:
        now, day = self._clock.ms(), self._clock.iso()[:10]
        while self._reached and self._reached[0] <= now - _MINUTE_MS:
            self._reached.popleft()
        invalid, forbidden, unread = [], [], []
        for n, user in enumerate(users):
            person = self._world.people.get(user)
            if person is None or person.external:
                invalid.append(user)
            elif n >= MOST_AT_ONCE or len(self._reached) >= MOST_A_MINUTE:
                forbidden.append((user, 143104))
            elif self._today[day, user] >= MOST_A_DAY:
                forbidden.append((user, 143105))
            elif (day, user, words) in self._seen:
                forbidden.append((user, 143106))
            else:
                self._seen.add((day, user, words))
                self._today[day, user] += 1
                self._reached.append(now)
                self._got.setdefault(user, []).append(message)
                unread.append(user)
        return {
            "invalid_user_id_list": invalid,
            "forbidden_user_id_list": [user for user, _ in forbidden],
            "forbidden_list": [{"code": str(code), "count": 1, "userid": user} for user, code in forbidden],
            "failed_user_id_list": [],
            "unread_user_id_list": unread,
            "read_user_id_list": [],
            "invalid_dept_id_list": [],
        }


def _agent(body: dict[str, Any]) -> None:
    if not isinstance(body.get("agent_id"), int) or body["agent_id"] <= 0:
        raise OldRefusal(41011, "缺少agentid")


def _listed(given: object) -> list[str]:
    return [one for one in str(given or "").split(",") if one]
