"""Every call of the gateway by name: method and path (official SDK 1.2.0). ZZD_PATHS moves single ones: `name=/path`,
or `name=GET /path` where the method differs too, with commas between."""

from collections.abc import Mapping
from typing import Literal

Method = Literal["GET", "POST"]

CALLS: Mapping[str, tuple[Method, str]] = {
    "token": ("GET", "/gettoken.json"),
    "login": ("POST", "/rpc/oauth2/dingtalk_app_user.json"),
    "notice": ("POST", "/message/workNotification"),
    "recall": ("POST", "/message/revoke"),
    "todo_create": ("POST", "/tc/v2/openapi/task/create.json"),
    "todo_finish": ("POST", "/tc/openapi/task/finish.json"),
    "todo_cancel": ("POST", "/tc/openapi/task/cancel.json"),
    "todo_list": ("POST", "/tc/openapi/3rd/task/getTodoList"),
    "scopes": ("POST", "/auth/scopesV2"),
    "organizations": ("POST", "/mozi/organization/listOrganizationsByCodes"),
    "below": ("POST", "/mozi/organization/pageSubOrganizationCodes"),
    "members": ("POST", "/mozi/organization/pageOrganizationEmployeePositions"),
    "accounts": ("POST", "/mozi/employee/listEmployeeAccountIds"),
    "by_mobiles": ("POST", "/mozi/employee/get_by_mobiles"),
}


class UnknownCall(ValueError):
    """ZZD_PATHS names something there is not."""


def table(moved: Mapping[str, str]) -> dict[str, tuple[Method, str]]:
    """All calls, those `moved` at their other places. Raises `UnknownCall`."""
    if unknown := sorted({*moved} - {*CALLS}):
        raise UnknownCall(f"{unknown[0]} is no call; there are {', '.join(CALLS)}")
    return {**CALLS, **{name: _place(place, CALLS[name][0]) for name, place in moved.items()}}


def _place(place: str, method: Method) -> tuple[Method, str]:
    said, _, path = place.rpartition(" ")
    if said.upper() in ("GET", "POST"):
        method = "GET" if said.upper() == "GET" else "POST"
    elif said:
        raise UnknownCall(f"{said} is no method; there are GET and POST")
    if not path.startswith("/"):
        raise UnknownCall(f"{path} is no path: it begins with /")
    return method, path
