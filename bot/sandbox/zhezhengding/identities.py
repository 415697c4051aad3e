"""The same people with the ids 浙政钉 knows them by, and its organisation. From the world file; never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..world import World

_FIRST_ACCOUNT = 77_000_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    staff: str
    account: str
    employee: str
    name: str
    mobile: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    code: str
    name: str
    parent: str
    division: str
    type_code: str
    members: tuple[str, ...]
    """Staff ids."""
    active: bool


class Identities:
    """An entry of a person in the world may say `accountId`, `employeeCode`, `mobile`; else the first two are made up,
    the same each time. `onlyDingtalk` is somebody 浙政钉 does not know, `noAccount` somebody who has not been given an
    account, `active: false` somebody who has left."""

    def __init__(self, world: World, entries: Iterable[Mapping[str, Any]], bodies: Iterable[Mapping[str, Any]]) -> None:
        people = [
            _identity(number, entry)
            for number, entry in enumerate(entries)
            if not entry.get("onlyDingtalk") and entry["staffId"] in world.people
        ]
        self._by_staff = {one.staff: one for one in people}
        self._by_account = {one.account: one for one in people if one.account}
        self._by_employee = {one.employee: one for one in people}
        self.organizations = {one.code: one for one in map(_organization, bodies)}

    def of_staff(self, staff: str) -> Identity | None:
        return self._by_staff.get(staff)

    def of_account(self, account: str) -> Identity | None:
        return self._by_account.get(account)

    def of_employee(self, employee: str) -> Identity | None:
        return self._by_employee.get(employee)

    def below(self, code: str) -> list[Organization]:
        return [one for one in self.organizations.values() if one.parent == code]

    def members(self, code: str) -> list[Identity]:
        body = self.organizations.get(code)
        return [self._by_staff[staff] for staff in (body.members if body else ()) if staff in self._by_staff]

    def all(self) -> list[Identity]:
        return list(self._by_staff.values())


def _identity(number: int, entry: Mapping[str, Any]) -> Identity:
    staff = str(entry["staffId"])
    made_up = f"GE_{hashlib.md5(staff.encode(), usedforsecurity=False).hexdigest()}"
    return Identity(
        staff=staff,
        account="" if entry.get("noAccount") else str(entry.get("accountId") or _FIRST_ACCOUNT + number),
        employee=str(entry.get("employeeCode") or made_up),
        name=str(entry["name"]),
        mobile=str(entry.get("mobile", "")),
        active=bool(entry.get("active", True)),
    )


def _organization(entry: Mapping[str, Any]) -> Organization:
    return Organization(
        code=str(entry["organizationCode"]),
        name=str(entry["organizationName"]),
        parent=str(entry.get("parentCode", "")),
        division=str(entry.get("divisionCode", "")),
        type_code=str(entry.get("typeCode", "GOV_UNIT")),
        members=tuple(str(one) for one in entry.get("members", ())),
        active=bool(entry.get("active", True)),
    )
