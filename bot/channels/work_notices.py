"""The channel `work_notice`: DingTalk's 工作通知 (A/0769), for people, a hundred a call, or twenty whole departments.

The platform says «taken» and then leaves people out in silence: a call for people is asked about a moment later, and
what it says of each is their fate. Of departments nothing can be asked. Nobody listens in the conversation of work
notices, so a button's place is taken by words. Knows no persons and no tables.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.channels import Attachment, DeliveryError, Later, Parcel, Receipt, Refused
from bot.channels.openapi import OpenApi, turn
from bot.channels.pace import Pace
from handlers.messages import Address, ChatKind, Choice, Text
from handlers.texts import notices as texts

SEND = "/topapi/message/corpconversation/asyncsend_v2"
RESULT = "/topapi/message/corpconversation/getsendresult"
MOST_BYTES = 2_048
"""Of `msg`."""
_A_MINUTE = 5_000
"""People reached in a minute; the rest do not get it, and the call says nothing (A/0769)."""
_SETTLED = 1.0
"""Seconds after which the platform can say whom it left out."""
_NEXT_MINUTE = 60.0
_FORBIDDEN: dict[str, Callable[[], DeliveryError]] = {
    "143103": lambda: Later("143103: too many people this minute", _NEXT_MINUTE),
    "143104": lambda: Later("143104: too many people this minute", _NEXT_MINUTE),
    "143105": lambda: Refused("143105: too many work notices today"),
    "143106": lambda: Refused("143106: the same words today already"),
}


class WorkNotices:
    name = "work_notice"
    keyed = False
    most_together = 100
    """Of userid_list."""
    largest = None

    def __init__(self, api: OpenApi, agent: int, now: Callable[[], datetime], *, settled: float = _SETTLED) -> None:
        """`settled`: seconds until a call is asked about."""
        self._api, self._agent, self._now, self._settled = api, agent, now, settled
        self._departments = Pace(1, 60.0)
        self._pace = Pace(_A_MINUTE // self.most_together, 60.0, burst=10)

    @property
    def pace(self) -> Pace:
        """A call of the full size counts a hundred of the people of a minute."""
        return self._pace

    async def deliver(self, parcel: Parcel) -> Receipt:
        if isinstance(parcel.body, Attachment):
            raise Refused("a work notice carries no file")
        to = parcel.to
        if to[0].kind is ChatKind.DEPARTMENT:
            await turn(self._departments)
        await self._pace.turn()
        body = {"agent_id": self._agent, "msg": message(parcel.body, self._now()), **_whom(to)}
        answer = await self._api.old(SEND, json=body)
        task = str(answer.get("task_id", ""))
        if to[0].kind is ChatKind.DEPARTMENT:
            return Receipt(task)
        await asyncio.sleep(self._settled)
        return Receipt(task, await self._left_out(task, to))

    async def _left_out(self, task: str, to: tuple[Address, ...]) -> dict[Address, DeliveryError]:
        """Those the notice was not given to. Where nothing can be learnt it counts as taken: so it was said."""
        try:
            answer = await self._api.old(RESULT, json={"agent_id": self._agent, "task_id": int(task)})
        except (DeliveryError, ValueError):
            return {}
        told = answer.get("send_result")
        return {one: error for one in to if (error := _fate(one.id, told if isinstance(told, dict) else {}))}


def message(body: Text | Choice, now: datetime) -> dict[str, Any]:
    """`msg`, cut to its bytes. The platform gives nobody the same words twice a day: they say when."""
    where = f"\n\n{texts.ANSWER_THERE}" if isinstance(body, Choice) else ""
    end = f"{where}\n\n{texts.when(now)}"
    text = body.markdown
    while len(json.dumps(shaped := _shaped(body.title, text + end), ensure_ascii=False).encode()) > MOST_BYTES:
        text = text.removesuffix(texts.CUT)[:-20] + texts.CUT
    return shaped


def _shaped(title: str, text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"title": title, "text": text}}


def _whom(to: tuple[Address, ...]) -> dict[str, str]:
    if to[0].kind is ChatKind.DEPARTMENT:
        return {"dept_id_list": to[0].id}
    return {"userid_list": ",".join(address.id for address in to)}


def _fate(user: str, told: dict[str, Any]) -> DeliveryError | None:
    if user in map(str, told.get("invalid_user_id_list") or ()):
        return Refused("invalidStaffIdList")
    for row in told.get("forbidden_list") or ():
        if str(row.get("userid")) == user:
            code = str(row.get("code"))
            return _FORBIDDEN[code]() if code in _FORBIDDEN else Refused(f"{code}: forbidden")
    if user in map(str, told.get("forbidden_user_id_list") or ()):
        return Refused("forbidden_user_id_list")
    if user in map(str, told.get("failed_user_id_list") or ()):
        return Refused("failed_user_id_list")
    return None
