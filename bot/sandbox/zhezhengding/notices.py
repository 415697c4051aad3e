"""Work notices with the limits of the official text (docKey 2674860), by the sandbox's clock."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from ..clock import CHINA, Clock, at_ms
from ..ledger import Ledger
from .envelopes import flat, missing, refused, taken
from .identities import Identities
from .phones import Phones
from .signatures import Gate

MOST_BYTES = 2048
MOST_PEOPLE = 1000
PAUSE_MS = 10 * 60 * 1000
DAILY = 20_000
PERSONAL = 100
_NEEDS = {
    "text": ("content",),
    "link": ("messageUrl", "title", "text"),
    "markdown": ("title", "text"),
    "oa": ("message_url",),
    "action_card": ("title", "markdown"),
}


class NoticeDesk:
    def __init__(
        self, gate: Gate, identities: Identities, phones: Phones, clock: Clock, ledger: Ledger, tenant: str
    ) -> None:
        self._gate, self._identities, self._phones = gate, identities, phones
        self._clock, self._ledger, self._tenant = clock, ledger, tenant
        self._under_way = 0

    async def send(self, request: web.Request) -> web.Response:
        self._under_way += 1
        try:
            if self._under_way > 1:
                self._ledger.violation("工作通知并发调用：禁止使用多线程方式调用")
            return self._sent(request, _flat(await self._gate.admit(request)))
        finally:
            self._under_way -= 1

    def _sent(self, request: web.Request, given: dict[str, str]) -> web.Response:
        receivers = [one for one in given.get("receiverIds", "").split(",") if one]
        request["summary"] = f"浙政钉 工作通知 {len(receivers)} 人"
        biz, message = self._checked(given, receivers)
        now, day = self._clock.ms(), f"{at_ms(self._clock.ms()).astimezone(CHINA):%Y-%m-%d}"
        if self._phones.knows(biz):
            raise refused("300009", "bizMsgId 重复")
        last = self._phones.last_call()
        if last is not None and now - last < PAUSE_MS:
            self._ledger.violation("工作通知发送间隔低于 10 分钟")
            raise refused("300010", "发送频率超过限制：发送间隔不得低于10min")
        if self._phones.sent_on(day) + len(receivers) > DAILY:
            self._ledger.violation("工作通知当天超过 2 万条")
            raise refused("300011", "当天发送总量超过上限2万条")
        self._phones.call(biz, now, day, len(receivers))
        for account in receivers:
            self._deliver(biz, account, now, day, message)
        return flat(msgId=biz)

    def _checked(self, given: dict[str, str], receivers: list[str]) -> tuple[str, str]:
        for name in ("tenantId", "bizMsgId", "msg"):
            if not given.get(name, "").strip():
                raise missing(name)
        if given["tenantId"] != self._tenant:
            raise refused("300002", "租户不存在")
        if not receivers or len(receivers) > MOST_PEOPLE:
            raise refused("300003", "receiverIds 为空或超过1000")
        if len(given["msg"].encode()) > MOST_BYTES:
            self._ledger.violation(f"工作通知 msg 有 {len(given['msg'].encode())} 字节，超过 2048")
            raise refused("300004", "msg 超过2048字节")
        _shape(given["msg"])
        return given["bizMsgId"], given["msg"]

    def _deliver(self, biz: str, account: str, now: int, day: str, message: str) -> None:
        if self._identities.of_account(account) is None:
            self._ledger.violation("工作通知的收件人不存在")
            return
        had = self._phones.had_on(account, day)
        if message in had:
            self._ledger.violation("相同内容的工作通知同一个人一天只能收一次：没有送达")
        elif len(had) >= PERSONAL:
            self._ledger.violation("同一个人一天的工作通知超过 100 条：没有送达")
        else:
            self._phones.notify(biz, account, now, day, message)

    async def recall(self, request: web.Request) -> web.Response:
        given = _flat(await self._gate.admit(request))
        request["summary"] = "浙政钉 撤回工作通知"
        for name in ("msgType", "msgApp", "tenantId", "bizMsgId"):
            if not given.get(name):
                raise missing(name)
        if given["msgType"] != "workNotification" or not self._phones.knows(given["bizMsgId"]):
            raise refused("300012", "消息不存在")
        self._phones.recall(given["bizMsgId"])
        return taken(True)


def _flat(given: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in given.items()}


def _shape(text: str) -> None:
    try:
        message: Any = json.loads(text)
    except ValueError:
        raise refused("300005", "msg 不是 JSON") from None
    kind = message.get("msgtype") if isinstance(message, dict) else None
    body = message.get(kind) if isinstance(kind, str) and kind in _NEEDS else None
    if not isinstance(kind, str) or not isinstance(body, dict):
        raise refused("300006", "不支持的消息类型")
    for name in _NEEDS[kind]:
        if not body.get(name):
            raise missing(f"{kind}.{name}")
    for button in body.get("btn_json_list") or ():
        if not str(button.get("action_url", "")).startswith(("http://", "https://")):
            raise refused("300007", "按钮只能打开网址")
