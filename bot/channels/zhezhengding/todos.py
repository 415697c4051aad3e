"""To-dos (待办) on 浙政钉's phones: made, finished and cancelled as `storage.todos` says they are wanted.

The platform refuses a repeated bizTaskId, so a to-do whose making got no answer is asked for again; if it was made, its
number is looked up. Knows no roster and no dialog.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session

from bot.channels import DeliveryError, Doubtful, Later, Refused
from bot.channels.zhezhengding.answers import NotGranted, Repeated
from bot.channels.zhezhengding.gateway import Gateway
from bot.channels.zhezhengding.login import PLATFORM
from bot.config import Config
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.messages import Address, ChatKind
from handlers.texts import notices as texts
from storage import accounts, todos
from storage.database import Database
from storage.todos import DONE, GONE, OPEN, RETURN, Errand

T = TypeVar("T")
log = logging.getLogger(__name__)

_TOGETHER = 20
_LEASE = timedelta(minutes=2)
_AGAIN = timedelta(seconds=10)
_NOT_SOON = timedelta(hours=1)
_EVERYBODY = 60.0
"""Seconds between two looks at everybody (some 0.2 s for 50,000); who speaks is looked at at once."""
_MOMENT = 0.3
_TROUBLE = 30.0


def task_id(key: str) -> str:
    """The bizTaskId: the same for the same to-do."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


class Todos:
    def __init__(
        self,
        config: Config,
        gateway: Gateway,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        now: Callable[[], datetime],
    ) -> None:
        self._config, self._gateway = config, gateway
        self._database, self._thread, self._now = database, thread, now
        self._campaigns = {campaign.id: campaign for campaign in campaigns}
        self._gap = 1.0 / config.zzd_todo_rate
        self._wake = asyncio.Event()
        self._spoke: set[Address] = set()
        self._all_at = 0.0

    def wake(self, chat: Address) -> None:
        """Somebody said something: they may have finished, or begun anew."""
        if chat.kind is ChatKind.DIRECT:
            self._spoke.add(chat)
            self._wake.set()

    async def run(self) -> None:
        """Keeps the to-dos as wanted until cancelled; where there are to be none it only waits."""
        while True:
            self._wake.clear()
            if self._config.zzd_todos:
                try:
                    while await self.round():
                        await asyncio.sleep(0)
                except Exception:
                    log.exception("to-dos cannot be looked after", extra={"action": "todo.trouble"})
                    await asyncio.sleep(_TROUBLE)
            await self._rest()

    async def _rest(self) -> None:
        """Until somebody speaks, a tick at most; those who speak within a moment are looked at together."""
        try:
            async with asyncio.timeout(self._config.tick_seconds):
                await self._wake.wait()
            await asyncio.sleep(_MOMENT)
        except TimeoutError:
            return

    async def round(self) -> int:
        """Looks what is wanted and tells the platform some of it; how much it told."""
        errands = await self._write(self._due)
        for errand in errands:
            await self._tell(errand)
            await asyncio.sleep(self._gap)
        return len(errands)

    def _due(self, session: Session) -> list[Errand]:
        now, spoke = self._now(), self._spoke
        self._spoke = set()
        everybody = time.monotonic() >= self._all_at
        people = [""] if everybody else [accounts.staff_id(session, one.channel, one.id) for one in spoke]
        if everybody:
            self._all_at = time.monotonic() + _EVERYBODY
        for campaign in self._campaigns.values():
            if now.astimezone(campaign.zone).date() >= campaign.published:
                for staff_id in people:
                    todos.settle(session, campaign.id, platform=PLATFORM, now=now, staff_id=staff_id)
        return todos.due(session, now=now, limit=_TOGETHER, until=now + _LEASE)

    async def _tell(self, errand: Errand) -> None:
        try:
            task = await (self._open(errand) if errand.wanted == OPEN else self._end(errand))
        except DeliveryError as error:
            log.warning("to-do %d: %s", errand.id, error, extra={"action": "todo.trouble"})
            delay = _NOT_SOON if isinstance(error, Refused) else _AGAIN
            if isinstance(error, Later):
                delay = timedelta(seconds=error.delay)
            why, now = str(error), self._now()
            await self._write(lambda session: todos.put_off(session, errand, now=now, delay=delay, trouble=why))
        else:
            await self._write(lambda session: todos.told(session, errand, known=errand.wanted, task=task))

    async def _open(self, errand: Errand) -> str:
        """Makes the to-do; its taskUuid."""
        campaign = self._campaigns.get(errand.campaign)
        if campaign is None:
            raise Refused(f"the campaign {errand.campaign} is not open any more")
        about = texts.todo_return(campaign.name, errand.unit) if errand.about == RETURN else texts.todo(campaign.name)
        until = campaign.closes_at - timedelta(seconds=1)
        params: dict[str, Any] = {
            "subject": about,
            "creatorId": self._creator(errand),
            "assigneeId": errand.account,
            "bizTaskId": task_id(errand.key),
            "url": self._config.h5_url,
            "mobileUrl": self._config.h5_url,
            "dueTime": f"{until.astimezone(campaign.zone):%Y-%m-%d %H:%M:%S}",
            "tenantId": self._config.zzd_tenant_id,
        }
        try:
            answer = await self._gateway.call("todo_create", params)
        except Repeated:
            return await self._known(errand)
        task = answer.get("taskUuid") if isinstance(answer, dict) else answer
        if not isinstance(task, str) or not task:
            raise Doubtful("an answer without taskUuid")
        return task

    async def _end(self, errand: Errand) -> str:
        """Finishes or cancels it. One that is not there any more has been ended by somebody else."""
        task = errand.task or await self._known(errand)
        if not task:
            return ""
        mine: dict[str, Any] = {"taskUuid": task}
        try:
            if errand.wanted == DONE:
                await self._gateway.call("todo_finish", {**mine, "userId": errand.account, "closePackage": True})
            elif errand.wanted == GONE:
                by = self._creator(errand)
                await self._gateway.call("todo_cancel", {**mine, "userId": by, "cancelPakcage": True})  # spelled so
        except NotGranted:
            raise
        except Refused as error:
            log.info("to-do %d was ended elsewhere: %s", errand.id, error, extra={"action": "todo.ended"})
        return task

    async def _known(self, errand: Errand) -> str:
        """The taskUuid of a to-do that was made without our hearing of it; empty where there is none open."""
        tenant = self._config.zzd_tenant_id
        page: dict[str, Any] = {"userId": errand.account, "tenantId": tenant, "pageNo": 1, "pageSize": 100}
        answer = await self._gateway.call("todo_list", page)
        rows = answer if isinstance(answer, list) else []
        ours = (row for row in rows if isinstance(row, dict) and row.get("bizTaskId") == task_id(errand.key))
        return next((str(row.get("taskUuid", "")) for row in ours), "")

    def _creator(self, errand: Errand) -> str:
        return self._config.zzd_todo_creator or errand.account

    async def _write(self, work: Callable[[Session], T]) -> T:
        def whole() -> T:
            with self._database.session() as session:
                return work(session)

        return await self._thread.run(whole)
