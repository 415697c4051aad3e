"""DingTalk's contacts: departments and their people, read by page. Plain values; knows no roster and decides nothing.

No call returns everybody: the tree is walked from the top, then each department is listed (A/0062, A/0082). These calls
are free of the month's quota (A/1431). Telephone numbers are not read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from bot.channels import Doubtful, Later, Refused
from bot.channels.dingtalk import DingTalk
from storage.directory import Contents, Employee, Organization

ROOT = "1"
"""The topmost department of every organisation."""
_PAGE = 100
_MOST_PAGES = 1_000
_TRIES = 5
_LONGEST_WAIT = 30.0
_DEPARTMENT, _BELOW, _MEMBERS = (f"/topapi/v2/{call}" for call in ("department/get", "department/listsub", "user/list"))


class DingTalkContacts:
    def __init__(self, channel: DingTalk) -> None:
        self._channel = channel

    async def read(self, top: str = ROOT, progress: Callable[[int], None] = lambda _: None) -> Contents:
        """The department `top` and all below it, with their people. Raises `DeliveryError`."""
        if not top.isdecimal():
            raise Refused(f"a department is a number, {top} is none")
        row = await self._ask(_DEPARTMENT, {"dept_id": int(top)})
        if not isinstance(row, dict):
            raise Refused(f"there is no department {top}, or the app may not read it")
        top_body = _organization(row, parent="")
        organizations = {top_body.code: top_body}
        waiting, employees = deque([top_body]), dict[str, Employee]()
        while waiting:
            body = waiting.popleft()
            found = _bodies(await self._ask(_BELOW, {"dept_id": _id(body)}), body.code)
            fresh = {one.code: one for one in found if one.code not in organizations}
            organizations |= fresh
            waiting += fresh.values()
            async for row in self._members(body):
                _take(employees, row, body.code)
            progress(len(employees))
        return Contents(tuple(organizations.values()), tuple(employees.values()))

    async def _members(self, body: Organization) -> AsyncIterator[dict[str, Any]]:
        cursor = 0
        for _ in range(_MOST_PAGES):
            answer = await self._ask(_MEMBERS, {"dept_id": _id(body), "cursor": cursor, "size": _PAGE})
            page = answer if isinstance(answer, dict) else {}
            for row in _rows(page.get("list")):
                if row.get("userid"):
                    yield row
            if str(page.get("has_more")).lower() != "true":  # seen as a word as well
                return
            cursor = int(page.get("next_cursor") or cursor + _PAGE)
        raise Later(f"department {_id(body)}: the pages do not end", 60.0)

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        """What stands in the result. Reading changes nothing, so it is asked again where there was no answer."""
        left = _TRIES
        while True:
            left -= 1
            try:
                return (await self._channel.ask_old(path, body)).get("result")
            except (Later, Doubtful) as error:
                delay = error.delay if isinstance(error, Later) else 1.0
                if not left or delay > _LONGEST_WAIT:
                    raise
            await asyncio.sleep(delay)


_MARK = "dd-"
"""How the code of a unit begins that came from here: a department's number may be that of a division."""


def _id(body: Organization) -> int:
    return int(body.code.removeprefix(_MARK))


def _organization(row: dict[str, Any], *, parent: str) -> Organization:
    return Organization(code=f"{_MARK}{row['dept_id']}", name=str(row.get("name") or "").strip(), parent=parent)


def _bodies(answer: Any, parent: str) -> list[Organization]:
    return [_organization(row, parent=parent) for row in _rows(answer) if row.get("dept_id")]


def _rows(answer: Any) -> Iterable[dict[str, Any]]:
    return (row for row in answer if isinstance(row, dict)) if isinstance(answer, list) else ()


def _take(employees: dict[str, Employee], row: dict[str, Any], place: str) -> None:
    """Of somebody in several departments the one farthest down counts, for that says most: it is met last."""
    code, name = str(row["userid"]), str(row.get("name") or "").strip()
    before = employees.get(code)
    also = (before.organization, *before.also) if before else ()
    employees[code] = Employee(code=code, name=name, organization=place, also=also, account=code)
