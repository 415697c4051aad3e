"""The new API's robot calls: send to people and groups, read state, recall, files the bot received.

Pages A/0714, A/0716, A/0719, A/0720, A/0722, A/0723, A/0725.
"""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

from aiohttp import web

from . import rules
from .answers import bad_gateway, json_body
from .chats import Chats
from .clock import Clock
from .content import Content, malformed_urls
from .faults import Faults
from .inbound import DIRECT
from .ledger import Ledger
from .refusals import bad
from .settings import Settings
from .store import Message, Store
from .tokens import Tokens
from .world import Group, World

DAY_MS = 24 * 3600 * 1000  # read state and recall end after 24 h (A/0720, A/0723)
FILE_SECONDS = 600.0  # the lifetime of a downloadUrl is not documented


class OpenApi:
    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        world: World,
        store: Store,
        chats: Chats,
        tokens: Tokens,
        ledger: Ledger,
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._world = world
        self._store = store
        self._chats = chats
        self._tokens = tokens
        self._ledger = ledger
        self._faults = faults
        self._files: dict[str, tuple[str, float]] = {}  # key of a downloadUrl -> (media id, until)

    async def to_people(self, request: web.Request) -> web.Response:
        body = await self._admit(request)
        ids = rules.user_ids(body)
        content = self._content(body)
        key = _query_key()
        invalid, limited = [], []
        for staff_id in ids:
            person = self._world.people.get(staff_id)
            if person is None or person.external:
                invalid.append(staff_id)
            elif self._faults.take("flow_control"):
                limited.append(staff_id)
            else:
                self._chats.robot_says(DIRECT + staff_id, content, process_key=key)
        request["summary"] = f"单聊发送给 {len(ids)} 人（{body['msgKey']}）"
        return web.json_response(
            {
                "processQueryKey": key,
                "invalidStaffIdList": invalid,
                "flowControlledStaffIdList": limited,
                "filteredStaffIdList": [],
            }
        )

    async def to_group(self, request: web.Request) -> web.Response:
        body = await self._admit(request)
        group = self._group(body)
        content = self._content(body)
        key = _query_key()
        self._chats.robot_says(group.conversation_id, content, process_key=key)
        request["summary"] = f"群发送到「{group.title}」（{body['msgKey']}）"
        return web.json_response({"processQueryKey": key})

    async def read_status(self, request: web.Request) -> web.Response:
        self._tokens.check(request)
        rules.robot_code(request.query, self._settings.robot)
        messages = self._sent(request.query.get("processQueryKey"), in_group=False)
        self._still_known(messages, "processQueryKey.expireTime")
        request["summary"] = "查询单聊消息已读"
        people = []
        for message in messages:
            staff_id = message.chat.removeprefix(DIRECT)
            read = staff_id in self._store.readers(message.chat, message.id)
            name = self._world.people[staff_id].name
            people.append({"name": name, "userId": staff_id, "readStatus": "READ" if read else "UNREAD"})
        return web.json_response({"sendStatus": _send_status(messages), "messageReadInfoList": people})

    async def group_read(self, request: web.Request) -> web.Response:
        body = await self._admit(request)
        group = self._group(body)
        messages = self._sent(body.get("processQueryKey"), in_group=True, chat=group.conversation_id)
        self._still_known(messages, "processQueryKey.expireTime")
        request["summary"] = "查询群消息已读"
        most, start = body.get("maxResults", 200), body.get("nextToken") or "0"
        if not isinstance(most, int) or not 0 < most <= 200:
            raise bad("invalidParameter.pageSize.invalid", "maxResults超出上限200")
        if not str(start).isdecimal():
            raise bad("invalidParameter.cursor.invalid", "无效的nextToken")
        readers = sorted(self._store.readers(group.conversation_id, messages[0].id))
        upto = int(start) + most
        answer: dict[str, Any] = {"readUserIds": readers[int(start) : upto], "hasMore": upto < len(readers)}
        if answer["hasMore"]:
            answer["nextToken"] = str(upto)
        return web.json_response(answer | {"sendStatus": _send_status(messages)})

    async def recall_from_people(self, request: web.Request) -> web.Response:
        return await self._recall(request, in_group=False)

    async def recall_from_group(self, request: web.Request) -> web.Response:
        return await self._recall(request, in_group=True)

    async def download(self, request: web.Request) -> web.Response:
        body = await self._admit(request)
        request["summary"] = "换取文件下载地址"
        code = body.get("downloadCode")
        if not isinstance(code, str) or not code:
            raise bad("invalidParameter.robotCode.empty", "机器人downloadCode为空")
        media = self._store.media_by_code(code)
        if media is None or self._faults.take("expired_code"):
            raise bad("invalidParameter.robotCode.downloadCode", "下载码有误或者已经过期")
        key = secrets.token_urlsafe(24)
        self._files[key] = (media.id, time.monotonic() + FILE_SECONDS)
        expires = int(time.time() + FILE_SECONDS)
        url = f"http://{request.host}/files/{key}?Expires={expires}"
        return web.json_response({"downloadUrl": url})

    async def file(self, request: web.Request) -> web.StreamResponse:
        media_id, until = self._files.get(request.match_info["key"], ("", 0.0))
        if self._faults.take("lost_file"):
            return bad_gateway()
        if time.monotonic() > until:
            raise web.HTTPForbidden(text="Request has expired.")
        headers = {"Content-Disposition": f'attachment; filename="{media_id.removeprefix("@")}.file"'}
        return web.FileResponse(self._store.media_path(media_id), headers=headers)

    async def _admit(self, request: web.Request) -> dict[str, Any]:
        self._tokens.check(request)
        body = await json_body(request)
        rules.robot_code(body, self._settings.robot)
        return body

    def _content(self, body: dict[str, Any]) -> Content:
        content = rules.message(body, lambda media: self._store.media(media) is not None)
        for url in malformed_urls(content):
            self._ledger.violation(f"按钮地址不合规，客户端会忽略：{url}", url=url)
        return content

    def _group(self, body: dict[str, Any]) -> Group:
        conversation = body.get("openConversationId")
        if not isinstance(conversation, str) or not conversation:
            raise bad("miss.openConversationId", "缺少openConversationId")
        group = self._world.groups.get(conversation)
        if group is None:
            raise bad("invalid.openConversationId", "无效的openConversationId")
        if not group.robot:
            raise bad("invalidParameter.robotCode.notExsit", "机器人不存在，请检查机器人是否在群内")
        return group

    def _sent(self, key: object, *, in_group: bool, chat: str = "") -> list[Message]:
        if not isinstance(key, str) or not key:
            raise bad("invalidParameter.processQueryKey.missing", "缺少processQueryKey")
        messages = self._store.of_key(key)
        fits = [m for m in messages if m.chat.startswith(DIRECT) != in_group and chat in {"", m.chat}]
        if not fits:
            raise bad("invalid.processQueryKey", "无效的processQueryKey，请检查processQueryKey是否正确")
        return fits

    def _still_known(self, messages: list[Message], code: str) -> None:
        if self._clock.ms() - messages[0].at_ms > DAY_MS:
            raise bad(code, "processQueryKey还未生成消息查询数据或已过期，无法查询消息")

    async def _recall(self, request: web.Request, *, in_group: bool) -> web.Response:
        body = await self._admit(request)
        chat = self._group(body).conversation_id if in_group else ""
        keys = rules.process_query_keys(body)
        request["summary"] = f"撤回 {len(keys)} 批消息"
        done, failed = [], {}
        for key in keys:
            messages = self._sent(key, in_group=in_group, chat=chat)
            if self._clock.ms() - messages[0].at_ms > DAY_MS:
                failed[key] = "robot.processQueryKey.expired"
                continue
            for message in messages:
                self._chats.recall(message)
            done.append(key)
        return web.json_response({"successResult": done, "failedResult": failed})


def _query_key() -> str:
    return base64.b64encode(secrets.token_bytes(24)).decode()  # has "+", "/": must be URL-encoded when asked


def _send_status(messages: list[Message]) -> str:
    return "RECALLED" if all(message.recalled for message in messages) else "SUCCESS"
