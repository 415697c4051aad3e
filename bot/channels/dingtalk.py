"""DingTalk's OpenAPI and webhooks with httpx: token, 1:1 and group messages, files, the opening of a stream.

One repeat only where the platform said that nothing was taken (a bad token). Sends have no idempotency key except the
webhook's msgUuid (undocumented for sessions), so a send without an answer is doubtful. Knows no persons and no tables.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx

from bot.channels import (
    Attachment,
    DeliveryError,
    Doubtful,
    Later,
    Parcel,
    Receipt,
    Refused,
    outcomes,
    wording,
)
from bot.channels.downloads import Downloads, is_inside
from bot.channels.openapi import OpenApi, turn
from bot.channels.pace import Pace
from bot.config import Config
from handlers.messages import Address, ChatKind
from storage.quota import Unit

_SESSION_MARGIN = 60.0
_WEBHOOK_PAUSE = 600.0
_GROUP_ROBOT = (20, 60.0)
"""Calls, seconds: what a robot may say in one group (A/0717, stated for custom robots); replies are not held up."""
_MOST_GROUPS = 2_000


_TO_PEOPLE = "/v1.0/robot/oToMessages/batchSend"
_TO_GROUP = "/v1.0/robot/groupMessages/send"
_READ_STATUS = "/v1.0/robot/oToMessages/readStatus"
_DOWNLOAD = "/v1.0/robot/messageFiles/download"
_UPLOAD = "/media/upload"


def _untaken(to: tuple[Address, ...], answer: dict[str, Any]) -> dict[Address, DeliveryError]:
    """HTTP 200 does not mean delivered: the three lists name whom it left out (A/0714)."""
    found: dict[Address, DeliveryError] = {}
    for name in ("invalidStaffIdList", "filteredStaffIdList", "flowControlledStaffIdList"):
        left_out = {str(staff_id) for staff_id in answer.get(name) or ()}
        for address in to:
            if address.id in left_out:
                found[address] = Later(name, 30.0) if name.startswith("flow") else Refused(name)
    return found


class Sessions:
    """Session webhooks by chat, in memory only: secrets that live about 90 minutes."""

    def __init__(self, most: int = 20_000) -> None:
        self._known: OrderedDict[Address, tuple[str, datetime]] = OrderedDict()
        self._most = most

    def remember(self, chat: Address, url: str, expires: datetime) -> None:
        self._known[chat] = (url, expires)
        self._known.move_to_end(chat)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def find(self, chat: Address, now: datetime) -> str | None:
        url, expires = self._known.get(chat, ("", now))
        return url if (expires - now).total_seconds() > _SESSION_MARGIN else None

    def forget(self, chat: Address) -> None:
        self._known.pop(chat, None)


class DingTalk:
    """The channel `dingtalk`."""

    name = "dingtalk"
    keyed = False
    """A session webhook's msgUuid is undocumented, and the OpenAPI has no key at all (A/0714)."""
    most_together = 20
    """userIds of one batchSend (A/0714; the page's error text says 100, its parameter table 20)."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        now: Callable[[], datetime],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        count: Callable[[Unit], None] = lambda unit: None,
    ) -> None:
        """`count` is told of every call the platform bills."""
        self.api = OpenApi(config, transport=transport, count=count)
        self._config, self._sessions, self._now = config, sessions, now
        self.largest = config.max_upload_mb * 1_000_000
        self._groups: OrderedDict[Address, Pace] = OrderedDict()
        self._downloads = Downloads(self.api.client, inside=is_inside(config.openapi_endpoint))
        self._no_webhooks: dict[ChatKind, float] = {}

    @property
    def pace(self) -> Pace:
        """That of the call bulk is made of: limits count by app and API (A/1432)."""
        return self.api.pace(_TO_PEOPLE)

    async def close(self) -> None:
        await self.api.close()

    async def deliver(self, parcel: Parcel) -> Receipt:
        if isinstance(parcel.body, Attachment):
            media_id, name = await self._upload(parcel.body), parcel.body.name
            shown = wording.picture(media_id) if wording.is_picture(name) else wording.file(media_id, name)
            return await self._send(parcel, *shown)
        if parcel.reply and self._config.reply_by == "webhook":
            paused = time.monotonic() < self._no_webhooks.get(parcel.to[0].kind, 0.0)
            url = None if paused else self._sessions.find(parcel.to[0], self._now())
            if url and await self._by_webhook(url, parcel):
                return Receipt("webhook")
        return await self._send(parcel, *wording.openapi(parcel.body))

    async def open_stream(self, subscriptions: list[dict[str, str]], agent: str) -> tuple[str, str]:
        """Endpoint and single-use ticket of a new stream connection. Raises `DeliveryError`."""
        body = {
            "clientId": self._config.client_id,
            "clientSecret": self._config.client_secret.reveal(),
            "subscriptions": subscriptions,
            "ua": agent,
        }
        # without Accept the answer is XML (DingTalk facts §1.1)
        headers = {"Accept": "application/json", "User-Agent": agent}
        url = f"{self._config.gateway_endpoint or self._config.openapi_endpoint}/v1.0/gateway/connections/open"
        answer = await self.api.call("POST", url, json=body, headers=headers)
        return outcomes.field(answer, "endpoint"), outcomes.field(answer, "ticket")

    async def fetch(self, code: str, *, robot: str, most: int) -> bytes:
        """A file somebody sent, by its code and the robot that received it (A/0719). Raises `TooLarge`, `Refused`
        where the code has expired, `Later` for everything else: nothing is said to anybody by asking twice."""
        try:
            body = {"downloadCode": code, "robotCode": robot}
            answer = await self.api.new(_DOWNLOAD, body)
            return await self._downloads.get(outcomes.field(answer, "downloadUrl"), most)
        except Doubtful as error:
            raise Later(f"file: {error}", 2.0) from error

    async def ask_old(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the old API answers to a call that changes nothing and is not billed. Raises `DeliveryError`."""
        return await self.api.old(path, billed=False, json=body)

    async def read_status(self, receipt: str) -> dict[str, bool]:
        """Who of the people of one send has read it, by userId; within 24 hours (A/0720). Raises `DeliveryError`."""
        query = {"robotCode": self._config.robot_code, "processQueryKey": receipt}
        answer = await self.api.new(_READ_STATUS, query, method="GET")
        told = answer.get("messageReadInfoList")
        people = told if isinstance(told, list) else []
        return {str(one.get("userId")): one.get("readStatus") == "READ" for one in people if isinstance(one, dict)}

    async def check_credentials(self) -> None:
        """Fetches an access token. Raises `DeliveryError` where the platform does not give one."""
        await self.api.check_credentials()

    async def _by_webhook(self, url: str, parcel: Parcel) -> bool:
        """True if the session took it; False where it did not and the OpenAPI has to do (facts §3.2: on any error)."""
        if isinstance(parcel.body, Attachment):
            return False
        try:
            body = {**wording.webhook(parcel.body), "msgUuid": parcel.key[-64:]}
            await self.api.call("POST", url, unit=Unit.WEBHOOK, json=body)
        except (Refused, Later) as error:
            self._sessions.forget(parcel.to[0])
            if isinstance(error, Refused) and not isinstance(error, outcomes.SessionGone):
                # this kind of chat may have no webhooks at all (A/0699 knows them in groups only): ask again in a while
                self._no_webhooks[parcel.to[0].kind] = time.monotonic() + _WEBHOOK_PAUSE
            return False
        return True

    async def _send(self, parcel: Parcel, msg_key: str, msg_param: str) -> Receipt:
        to = parcel.to
        body: dict[str, Any] = {"robotCode": self._config.robot_code, "msgKey": msg_key, "msgParam": msg_param}
        if to[0].kind is ChatKind.GROUP:
            if not parcel.reply:
                await turn(self._group_pace(to[0]))
            answer = await self.api.new(_TO_GROUP, body | {"openConversationId": to[0].id})
        else:
            answer = await self.api.new(_TO_PEOPLE, body | {"userIds": [address.id for address in to]})
        return Receipt(str(answer.get("processQueryKey", "")), _untaken(to, answer))

    def _group_pace(self, group: Address) -> Pace:
        pace = self._groups.pop(group, None) or Pace(*_GROUP_ROBOT, burst=_GROUP_ROBOT[0])
        self._groups[group] = pace
        if len(self._groups) > _MOST_GROUPS:
            self._groups.popitem(last=False)
        return pace

    async def _upload(self, file: Attachment) -> str:
        """The media id of a file. Nothing has been said to anybody yet, so a missing answer is for later too."""
        kind = "image" if wording.is_picture(file.name) else "file"
        file.content.seek(0)  # the client learns the length from the file and reads it piece by piece
        parts: dict[str, Any] = {"data": {"type": kind}, "files": {"media": (file.name, file.content)}}
        try:
            answer = await self.api.old(_UPLOAD, params={"type": kind}, **parts)
        except Doubtful as error:
            raise Later(f"upload: {error}", 2.0) from error
        return outcomes.field(answer, "media_id")
