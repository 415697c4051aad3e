"""To-dos (待办): made once per bizTaskId, finished or cancelled by their uuid, seen on the phone while open."""

from __future__ import annotations

import uuid

from aiohttp import web

from ..clock import Clock
from .envelopes import missing, refused, taken
from .identities import Identities
from .phones import Phones
from .signatures import Gate

_NEEDS = ("subject", "creatorId", "assigneeId", "bizTaskId", "tenantId")
_TOLD = ("subject", "url", "mobileUrl", "dueTime", "priority")


class TodoDesk:
    def __init__(self, gate: Gate, identities: Identities, phones: Phones, clock: Clock) -> None:
        self._gate, self._identities, self._phones, self._clock = gate, identities, phones, clock

    async def create(self, request: web.Request) -> web.Response:
        given = await self._given(request, "创建待办")
        for name in _NEEDS:
            if not given.get(name):
                raise missing(name)
        if self._identities.of_account(given["assigneeId"]) is None:
            raise refused("320002", "执行人不存在")
        if self._phones.todo_of(given["bizTaskId"]):
            raise refused("320001", "bizTaskId 重复")
        task = uuid.uuid4().hex
        self._phones.add_todo(
            uuid=task,
            biz=given["bizTaskId"],
            assignee=given["assigneeId"],
            creator=given["creatorId"],
            at_ms=self._clock.ms(),
            told={name: given.get(name, "") for name in _TOLD},
        )
        return taken({"taskUuid": task, "packageUuid": uuid.uuid4().hex})

    async def finish(self, request: web.Request) -> web.Response:
        return await self._end(request, "完成待办", "done")

    async def cancel(self, request: web.Request) -> web.Response:
        return await self._end(request, "取消待办", "cancelled")

    async def waiting(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询待办")
        found = [one for one in self._phones.todos(given.get("userId", "")) if one["state"] == "open"]
        return taken(found, totalSize=len(found))

    async def _end(self, request: web.Request, what: str, state: str) -> web.Response:
        given = await self._given(request, what)
        for name in ("taskUuid", "userId"):
            if not given.get(name):
                raise missing(name)
        todo = self._phones.todo(given["taskUuid"])
        if todo is None or given["userId"] not in (todo["assigneeId"], todo["creatorId"]):
            raise refused("320003", "待办不存在")
        if todo["state"] != "open":
            raise refused("320004", "待办已结束")
        self._phones.end_todo(given["taskUuid"], state)
        return taken(True)

    async def _given(self, request: web.Request, what: str) -> dict[str, str]:
        found = await self._gate.admit(request)
        request["summary"] = f"浙政钉 {what}"
        return {name: values[0] for name, values in found.items()}
