"""The old API's contacts: departments (A/0082, 获取部门详情), and their people by page (A/0062)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .answers import json_body
from .refusals import OldRefusal
from .tokens import Tokens
from .world import Department, World

MOST_ON_A_PAGE = 100


class Contacts:
    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world, self._tokens = world, tokens

    async def department(self, request: web.Request) -> web.Response:
        found, _ = await self._asked(request, "获取部门详情")
        return _taken(_told(found))

    async def below(self, request: web.Request) -> web.Response:
        """The next level only."""
        found, _ = await self._asked(request, "获取部门列表")
        return _taken([_told(one) for one in self._world.departments.values() if one.parent == found.number])

    async def members(self, request: web.Request) -> web.Response:
        """Those of the department itself, without those below it."""
        found, body = await self._asked(request, "获取部门用户详情")
        cursor, size = body.get("cursor"), body.get("size")
        if not isinstance(cursor, int) or not isinstance(size, int) or not 0 < size <= MOST_ON_A_PAGE:
            raise OldRefusal(40035, "不合法的参数 cursor、size")
        shown, more = found.members[cursor : cursor + size], len(found.members) > cursor + size
        page: dict[str, Any] = {"has_more": more, "list": [self._person(staff_id) for staff_id in shown]}
        return _taken(page | ({"next_cursor": cursor + size} if more else {}))

    async def _asked(self, request: web.Request, what: str) -> tuple[Department, dict[str, Any]]:
        request["summary"] = what
        self._tokens.check_old(request)
        body = await json_body(request)
        number = body.get("dept_id", 1)
        if number in self._world.hidden_departments:
            raise OldRefusal(50004, "请求的部门id不在授权范围内")
        found = self._world.departments.get(number)
        if found is None:
            raise OldRefusal(60003, "部门不存在")
        return found, body

    def _person(self, staff_id: str) -> dict[str, Any]:
        places = [one.number for one in self._world.departments.values() if staff_id in one.members]
        return {"userid": staff_id, "name": self._world.people[staff_id].name, "active": True, "dept_id_list": places}


def _told(one: Department) -> dict[str, Any]:
    return {"dept_id": one.number, "name": one.name} | ({"parent_id": one.parent} if one.parent else {})


def _taken(result: Any) -> web.Response:
    return web.json_response({"errcode": 0, "errmsg": "ok", "result": result})
