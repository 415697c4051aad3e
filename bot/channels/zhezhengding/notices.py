"""The channel `zhezhengding`: work notices, within the platform's limits, repeated under one key.

A call may be made every ten minutes, to a thousand people. So where there is a chat page, on which every letter stands,
a letter hangs up its reader's bell, and one call rings as many bells as it can (`ring`): in the letter's own words
where most have the same, else it says that there is news; in polite hours only. Replies ring nothing. Without a page
each parcel is a call of its own. Knows no roster.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session

from bot.channels import Attachment, DeliveryError, Later, Parcel, Receipt, Refused
from bot.channels.pace import Pace
from bot.channels.zhezhengding import wording
from bot.channels.zhezhengding.answers import Repeated
from bot.channels.zhezhengding.gateway import Gateway
from bot.channels.zhezhengding.login import PLATFORM
from bot.config import Config
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Choice, Text, from_json, to_json
from handlers.texts import notices as texts
from storage import notices
from storage.database import Database
from storage.notices import NotYet, Reserved, Ringing

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK = 2.0
"""Seconds between two looks for bells."""
_BACK_OFF = 60.0
_HANGING = 100.0
"""Parcels a second whose readers' bells are hung up: no call is made."""
_CALLS = 20
"""A second, at most; what is allowed in an hour and a day is reserved in the database."""


def call_id(key: str) -> str:
    """The bizMsgId of a call: the same for the same letter, so that the platform refuses a repeat."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


class Notices:
    name = PLATFORM
    keyed = True
    largest = None

    def __init__(
        self,
        config: Config,
        gateway: Gateway,
        *,
        database: Database,
        thread: DatabaseThread,
        now: Callable[[], datetime],
        polite: Callable[[datetime], bool],
    ) -> None:
        """`now` is the campaign's time, as the limits of a demo's gateway are. `polite`: may people be disturbed."""
        self._config, self._gateway = config, gateway
        self._database, self._thread, self._now = database, thread, now
        self._polite, self._page = polite, config.h5_url
        self.limits = config.zzd_limits
        self.most_together = self.limits.people
        self.pace = Pace(_HANGING if self._page else _CALLS)
        self._one_at_a_time = asyncio.Lock()

    async def deliver(self, parcel: Parcel) -> Receipt:
        if parcel.to[0].kind is ChatKind.GROUP:
            raise Refused("浙政钉 has no group chats an app can write to: use a group robot's webhook")
        if parcel.reply and self._page:
            return Receipt("page")
        if self._page:
            await self._hang(parcel.to, parcel.body)
            return Receipt("bell")
        message = self._worded(parcel.body)
        return await self._send(call_id(parcel.key), message, parcel.to)

    async def recall(self, biz_id: str) -> None:
        """Takes a notice back from everybody's phone. Raises `DeliveryError`."""
        if not self._config.zzd_app_name:
            raise Refused("a recall names the app: set ZZD_APP_NAME (应用标识)")
        params = {"msgType": "workNotification", "msgApp": self._config.zzd_app_name, "bizMsgId": biz_id}
        await self._gateway.call("recall", {**params, "tenantId": self._config.zzd_tenant_id})
        await self._write(lambda session: notices.recalled(session, biz_id, at=self._now()))

    async def run(self) -> None:
        """Rings bells until cancelled."""
        while True:
            try:
                await self.ring()
            except Later as error:
                log.debug("bells wait: %s", error, extra={"action": "notice.wait"})
            except DeliveryError as error:
                log.warning("bells did not ring: %s", error, extra={"action": "notice.trouble"})
                await asyncio.sleep(_BACK_OFF)
            except Exception:
                log.exception("bells cannot be rung", extra={"action": "notice.trouble"})
                await asyncio.sleep(_BACK_OFF)
            await asyncio.sleep(_LOOK)

    async def ring(self) -> int:
        """One call for people who have something new; to how many it went. Raises `DeliveryError`, and rings on."""
        if not self._polite(self._now()):
            return 0
        found = await self._write(self._due)
        if not found.bells:
            return 0
        body = from_json(found.body) if found.body else None
        shown = body if isinstance(body, Text | Choice) else Text(texts.NEWS, texts.OPEN)
        to = tuple(Address(PLATFORM, ChatKind.DIRECT, account) for account, _ in found.bells)
        key = "bell/" + "/".join(f"{account}@{since.isoformat()}" for account, since in found.bells)
        receipt = await self._send(call_id(key), self._worded(shown), to)
        told = [bell for bell, address in zip(found.bells, to, strict=True) if address not in receipt.untaken]
        await self._write(lambda session: notices.rung(session, told))
        return len(told)

    def _due(self, session: Session) -> Ringing:
        at = notices.next_call(session, self.limits)
        if at is not None and self._now() < at:
            return Ringing((), "")
        return notices.hanging(session, PLATFORM, self.limits.people)

    async def _hang(self, to: tuple[Address, ...], body: Text | Choice | Attachment) -> None:
        shown: Text | Choice = Text(texts.PAPER, body.name) if isinstance(body, Attachment) else body
        kept, at = to_json(shown), self._now()
        accounts = [address.id for address in to]
        await self._write(lambda session: notices.hang(session, accounts, kept, at=at))

    def _worded(self, body: Text | Choice | Attachment) -> str:
        return wording.message(body, page=self._page, at=self._now(), most=self._config.zzd_notice_bytes)

    async def _send(self, biz_id: str, message: str, to: tuple[Address, ...]) -> Receipt:
        """One call at a time: calls side by side are forbidden. Raises `DeliveryError`."""
        async with self._one_at_a_time:
            free = await self._reserve(biz_id, tuple(address.id for address in to))
            params: dict[str, Any] = {
                "receiverIds": ",".join(free.accounts),
                "tenantId": self._config.zzd_tenant_id,
                "bizMsgId": biz_id,
                "msg": message,
            }
            try:
                await self._gateway.call("notice", params)
            except Repeated:
                log.info("a notice was known to the gateway already", extra={"action": "notice.repeated"})
            except (Later, Refused) as error:
                await self._give_back(biz_id, free.accounts, refused=isinstance(error, Refused))
                raise
        delay = (free.tomorrow - self._now()) / timedelta(seconds=1)
        late = {
            address: Later("the day's notices are used up", delay) for address in to if address.id not in free.accounts
        }
        return Receipt(biz_id, late)

    async def _reserve(self, biz_id: str, accounts: tuple[str, ...]) -> Reserved:
        now = self._now()
        found = await self._write(
            lambda session: notices.reserve(session, self.limits, call_id=biz_id, accounts=accounts, now=now)
        )
        if isinstance(found, NotYet):
            raise Later(found.why, max((found.at - now).total_seconds(), 1.0))
        return found

    async def _give_back(self, biz_id: str, accounts: tuple[str, ...], *, refused: bool) -> None:
        now = self._now()
        await self._write(lambda session: notices.give_back(session, biz_id, accounts, now=now, refused=refused))

    async def _write(self, work: Callable[[Session], T]) -> T:
        def whole() -> T:
            with self._database.session() as session:
                return work(session)

        return await self._thread.run(whole)
