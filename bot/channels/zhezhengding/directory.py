"""Organisation and people of 浙政钉, read by page. Plain values; knows no roster and decides nothing.

A page is the last where it holds fewer than were asked for: totals are optional in the answers.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.channels import Later, Refused
from bot.channels.zhezhengding.gateway import Gateway
from storage.directory import Contents, Employee, Organization

_PAGE = 100
_CODES = 100
_MOBILES = 50
_MOST_PAGES = 1_000
"""A body with more pages than this answers the same page again and again."""


class Directory:
    def __init__(self, gateway: Gateway, tenant: str) -> None:
        self._gateway, self._tenant = gateway, tenant

    async def tops(self) -> list[str]:
        """The bodies the app may read, by code."""
        answer = await self._call("scopes", {})
        found = answer.get("deptVisibleScopes") if isinstance(answer, dict) else None
        return [str(one) for one in found or ()]

    async def read(self, top: str, progress: Callable[[int], None] = lambda _: None) -> Contents:
        """The body `top` and all below it, with the people at work there. Raises `DeliveryError`."""
        organizations = [*await self._organizations([top])]
        if not organizations:
            raise Refused(f"there is no organisation {top}, or the app may not read it")
        organizations[0] = replace(organizations[0], parent="")
        employees: dict[str, Employee] = {}
        at = 0
        while at < len(organizations):
            body = organizations[at]
            below = [str(code) async for code in self._pages("below", {"organizationCode": body.code, "status": "A"})]
            known = {one.code for one in organizations}
            organizations += [one for one in await self._organizations(below) if one.code not in known]
            async for row in self._pages("members", {"organizationCode": body.code, "employeeStatus": "A"}):
                _take(employees, row, body.code)
            at += 1
            progress(len(employees))
        accounts = await self._accounts(list(employees))
        people = (replace(one, account=accounts.get(one.code, "")) for one in employees.values())
        return Contents(tuple(organizations), tuple(people))

    async def by_mobiles(self, mobiles: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Of each number that is known: the accounts it belongs to, as accountId and employeeCode."""
        found: dict[str, list[tuple[str, str]]] = {}
        for start in range(0, len(mobiles), _MOBILES):
            some = ",".join(mobiles[start : start + _MOBILES])
            answer = await self._call("by_mobiles", {"mobiles": some, "areaCode": "86", "namespace": "local"})
            for row in _rows(answer):
                if row.get("mobile") and row.get("accountId"):
                    pair = (str(row["accountId"]), str(row.get("employeeCode") or ""))
                    found.setdefault(str(row["mobile"]), []).append(pair)
        return found

    async def _organizations(self, codes: Sequence[str]) -> list[Organization]:
        found: list[Organization] = []
        for start in range(0, len(codes), _CODES):
            answer = await self._call("organizations", {"organizationCodes": codes[start : start + _CODES]})
            found += [
                Organization(
                    code=str(row["organizationCode"]),
                    name=str(row.get("organizationName") or "").strip(),
                    parent=str(row.get("parentCode") or ""),
                    division=str(row.get("divisionCode") or ""),
                    internal="INTERNAL" in str(row.get("typeCode") or ""),
                )
                for row in _rows(answer)
                if row.get("organizationCode") and row.get("status", "A") == "A"
            ]
        return found

    async def _accounts(self, codes: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(codes), _CODES):
            answer = await self._call("accounts", {"employeeCodes": codes[start : start + _CODES]})
            found |= {
                str(row["employeeCode"]): str(row["accountId"])
                for row in _rows(answer)
                if row.get("employeeCode") and row.get("accountId")
            }
        return found

    async def _pages(self, name: str, params: dict[str, Any]) -> AsyncIterator[Any]:
        for number in range(1, _MOST_PAGES):
            answer = await self._call(name, {**params, "pageSize": _PAGE, "pageNo": number})
            rows = answer if isinstance(answer, list) else []
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
        raise Later(f"{name}: the pages do not end", 60.0)

    async def _call(self, name: str, params: dict[str, Any]) -> Any:
        return await self._gateway.call(name, {**params, "tenantId": self._tenant})


def _rows(answer: Any) -> Iterable[dict[str, Any]]:
    return (row for row in answer if isinstance(row, dict)) if isinstance(answer, list) else ()


def _take(employees: dict[str, Employee], row: Any, organization: str) -> None:
    """Somebody with several positions is where their main job is, else where they were met first."""
    if not isinstance(row, dict) or not row.get("employeeCode") or row.get("status", "A") != "A":
        return
    code = str(row["employeeCode"])
    positions = [one for one in row.get("govEmployeePositions") or () if isinstance(one, dict)]
    main = any(one.get("mainJob") is True and one.get("organizationCode") == organization for one in positions)
    if code not in employees or main:
        employees[code] = Employee(
            code=code, name=str(row.get("employeeName") or "").strip(), organization=organization
        )
