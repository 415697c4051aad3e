"""Ties the rooms of this side together and says which path leads where."""

from __future__ import annotations

import json

from aiohttp import web

from ..clock import Clock
from ..ledger import Ledger
from ..refusals import PageRefusal
from ..settings import Settings
from ..world import World
from .directory import DirectoryDesk
from .identities import Identities
from .login import LoginDesk
from .notices import NoticeDesk
from .phones import Phones
from .signatures import Gate
from .todos import TodoDesk

PREFIXES = ("/gettoken.json", "/get_jsapi_token.json", "/rpc/oauth2/", "/message/", "/tc/", "/mozi/", "/auth/")


class Zhezhengding:
    def __init__(self, settings: Settings, world: World, clock: Clock, ledger: Ledger) -> None:
        data = json.loads(settings.world.read_text(encoding="utf-8"))
        self.identities = Identities(world, data["people"], data.get("organizations", []))
        self.phones = Phones(settings.data)
        gate = Gate(key=settings.zzd_app_key, secret=settings.zzd_app_secret, skew=settings.zzd_skew_seconds)
        tenant = settings.zzd_tenant_id
        self.login = LoginDesk(gate, self.identities, tenant=tenant, token_seconds=settings.token_seconds)
        self.notices = NoticeDesk(gate, self.identities, self.phones, clock, ledger, tenant)
        self.directory = DirectoryDesk(gate, self.identities, tenant)
        self.todos = TodoDesk(gate, self.identities, self.phones, clock)

    def routes(self) -> list[web.RouteDef]:
        login, notices, todos, directory = self.login, self.notices, self.todos, self.directory
        return [
            web.get("/gettoken.json", login.token),
            web.post("/rpc/oauth2/dingtalk_app_user.json", login.who),
            web.post("/message/workNotification", notices.send),
            web.post("/message/revoke", notices.recall),
            web.post("/tc/v2/openapi/task/create.json", todos.create),
            web.post("/tc/openapi/task/finish.json", todos.finish),
            web.post("/tc/openapi/task/cancel.json", todos.cancel),
            web.post("/tc/openapi/3rd/task/getTodoList", todos.waiting),
            web.post("/auth/scopesV2", directory.scopes),
            web.post("/mozi/organization/getOrganizationByCode", directory.organization),
            web.post("/mozi/organization/listOrganizationsByCodes", directory.organizations),
            web.post("/mozi/organization/pageSubOrganizationCodes", directory.below),
            web.post("/mozi/organization/pageOrganizationEmployeePositions", directory.members),
            web.post("/mozi/employee/listEmployeeAccountIds", directory.accounts),
            web.post("/mozi/employee/get_by_mobiles", directory.by_mobiles),
            web.post("/sandbox/auth-code", login.issue),
            web.options("/sandbox/auth-code", login.preflight),
            web.get("/sandbox/phone", self.phone),
        ]

    async def phone(self, request: web.Request) -> web.Response:
        """`?as=staffId`: what this person's phone shows."""
        person = self.identities.of_staff(request.query.get("as", ""))
        if person is None:
            raise PageRefusal("没有这个人，或浙政钉里没有", 404)
        notices = [one for one in self.phones.notices(person.account) if not one["recalled"]]
        return web.json_response(
            {
                "name": person.name,
                "accountId": person.account,
                "employeeCode": person.employee,
                "notices": notices,
                "todos": self.phones.todos(person.account),
            }
        )
