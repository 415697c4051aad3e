"""Organisation and people, by page: what an app with the contacts permission may read."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .envelopes import missing, refused, taken
from .identities import Identities, Identity, Organization
from .signatures import Gate

MOST_ON_A_PAGE = 100
MOST_CODES = 100
MOST_MOBILES = 50


class DirectoryDesk:
    def __init__(self, gate: Gate, identities: Identities, tenant: str) -> None:
        self._gate, self._identities, self._tenant = gate, identities, tenant

    async def scopes(self, request: web.Request) -> web.Response:
        await self._given(request, "查询通讯录范围")
        tops = [one.code for one in self._identities.organizations.values() if not one.parent]
        return taken({"deptVisibleScopes": tops, "userVisibleScopes": []})

    async def organizations(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询组织详情")
        codes = given.get("organizationCodes", [])
        if not 0 < len(codes) <= MOST_CODES:
            raise refused("300020", "organizationCodes 为空或超过100")
        return taken([self._told(self._organization(code)) for code in codes])

    async def organization(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询组织详情")
        return taken(self._told(self._organization(_one(given, "organizationCode"))))

    async def below(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询下级组织")
        code, status = _one(given, "organizationCode"), (given.get("status") or ["A"])[0]
        self._organization(code)
        found = [one.code for one in self._identities.below(code) if status == "TOTAL" or one.active == (status == "A")]
        return _page(given, found)

    async def members(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询组织人员")
        code = _one(given, "organizationCode")
        self._organization(code)
        status = (given.get("employeeStatus") or [""])[0]
        people = [one for one in self._identities.members(code) if status in ("", "A" if one.active else "F")]
        return _page(given, [self._position(one, code) for one in people])

    async def accounts(self, request: web.Request) -> web.Response:
        given = await self._given(request, "查询账号")
        codes = given.get("employeeCodes", [])
        if not 0 < len(codes) <= MOST_CODES:
            raise refused("300021", "employeeCodes 为空或超过100")
        found = [person for code in codes if (person := self._identities.of_employee(code)) and person.account]
        return taken([{"accountId": int(one.account), "employeeCode": one.employee} for one in found])

    async def by_mobiles(self, request: web.Request) -> web.Response:
        given = await self._given(request, "按手机号查人")
        mobiles = [one for one in _one(given, "mobiles").split(",") if one]
        for name in ("areaCode", "namespace"):
            _one(given, name)
        if len(mobiles) > MOST_MOBILES:
            raise refused("300022", "mobiles 超过50")
        found = [one for one in self._identities.all() if one.mobile in mobiles and one.account]
        return taken(
            [
                {"accountId": int(one.account), "mobile": one.mobile, "employeeCode": one.employee, "status": 0}
                for one in found
            ]
        )

    async def _given(self, request: web.Request, what: str) -> dict[str, list[str]]:
        found = await self._gate.admit(request)
        request["summary"] = f"浙政钉 {what}"
        if _one(found, "tenantId") != self._tenant:
            raise refused("300002", "租户不存在")
        return found

    def _organization(self, code: str) -> Organization:
        found = self._identities.organizations.get(code)
        if found is None:
            raise refused("300037", f"没有[{code}]组织的操作权限")
        return found

    def _told(self, one: Organization) -> dict[str, Any]:
        parent = self._identities.organizations.get(one.parent)
        return {
            "organizationCode": one.code,
            "organizationName": one.name,
            "parentCode": one.parent or "GO_root",
            "parentName": parent.name if parent else "",
            "divisionCode": one.division,
            "typeCode": one.type_code,
            "leaf": not self._identities.below(one.code),
            "status": "A" if one.active else "F",
        }

    def _position(self, one: Identity, code: str) -> dict[str, Any]:
        main = next((body.code for body in self._identities.organizations.values() if one.staff in body.members), code)
        position = {"employeeCode": one.employee, "organizationCode": code, "mainJob": code == main, "status": "A"}
        return {
            "employeeCode": one.employee,
            "employeeName": one.name,
            "status": "A" if one.active else "F",
            "govEmployeePositions": [position],
        }


def _one(given: dict[str, list[str]], name: str) -> str:
    values = given.get(name, [])
    if not values or not values[0].strip():
        raise missing(name)
    return values[0]


def _page(given: dict[str, list[str]], rows: list[Any]) -> web.Response:
    size, number = int((given.get("pageSize") or ["20"])[0]), max(int((given.get("pageNo") or ["1"])[0]), 1)
    if not 0 < size <= MOST_ON_A_PAGE:
        raise refused("300023", "pageSize 最大 100")
    shown = rows[(number - 1) * size : number * size]
    more = {"totalSize": len(rows)} if (given.get("returnTotalSize") or [""])[0] == "true" else {}
    return taken(shown, currentPage=number, pageSize=size, **more)
