"""The people's side: the chat page's API. What persons say becomes a stored message and, if it is meant for
the bot, a push. Groups: only what @-s the bot is pushed, and files never are (A/0699, A/0719)."""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from . import inbound
from .answers import page_body
from .chats import Chats
from .clock import Clock
from .content import Content
from .events import Events
from .inbound import Said
from .push import PushDesk
from .refusals import PageRefusal
from .settings import Settings
from .store import Media, Store
from .world import Person, World

PAGE = Path(__file__).parent / "page"
_FRESH = {"Cache-Control": "no-store"}


class People:
    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        world: World,
        store: Store,
        chats: Chats,
        events: Events,
        desk: PushDesk,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._world = world
        self._store = store
        self._chats = chats
        self._events = events
        self._desk = desk

    async def page(self, request: web.Request) -> web.StreamResponse:
        path = (PAGE / request.match_info.get("file", "index.html")).resolve()
        if not path.is_relative_to(PAGE.resolve()) or not path.is_file():
            raise PageRefusal("没有这个页面", 404)
        return web.FileResponse(path, headers=_FRESH)

    async def world(self, _: web.Request) -> web.Response:
        featured = [p.to_json() for p in self._world.people.values() if p.featured]
        answer = {"now": self._clock.iso(), "robot": self._world.robot, "personas": featured}
        return web.json_response(
            answer
            | {
                "peopleCount": len(self._world.people),
                "samples": list(self._world.samples),
                "page": self._settings.zzd_page,
            }
        )

    async def sample(self, request: web.Request) -> web.StreamResponse:
        found = self._world.samples.get(request.match_info["name"])
        if found is None or not found.is_file():
            raise PageRefusal("没有这个文件", 404)
        return web.FileResponse(found, headers=_FRESH)

    async def find(self, request: web.Request) -> web.Response:
        found = self._world.find(request.query.get("q", ""), whole(request, "limit", 30))
        return web.json_response([p.to_json() for p in found])

    async def overview(self, request: web.Request) -> web.Response:
        return web.json_response(self._chats.overview(self.person(request.query.get("as")).staff_id))

    async def messages(self, request: web.Request) -> web.Response:
        staff_id = self.person(request.query.get("as")).staff_id
        chat = self._chats.key(staff_id, request.query.get("chat", "direct"))
        return web.json_response({"messages": self._chats.messages(staff_id, chat)})

    async def say(self, request: web.Request) -> web.Response:
        body = await page_body(request)
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            raise PageRefusal("说点什么吧")
        person = self.person(body.get("as"))
        row, _ = self.utter(person, str(body.get("chat", "direct")), Said(text=text), at=bool(body.get("at")))
        return web.json_response({"id": row})

    async def upload(self, request: web.Request) -> web.Response:
        """Fields beyond the page's: `text` (picture with words), `at`, `recognition`, `duration` (voice)."""
        form = await request.post()
        person, field = self.person(form.get("as")), form.get("file")
        if not isinstance(field, web.FileField):
            raise PageRefusal("没有收到文件")
        chat = str(form.get("chat", "direct"))
        self._chats.key(person.staff_id, chat)
        data = field.file.read()
        guessed = mimetypes.guess_type(field.filename)[0] or "application/octet-stream"
        kind = guessed if field.content_type == "application/octet-stream" else field.content_type
        media = Media(
            id="m" + secrets.token_urlsafe(12),
            name=field.filename,
            type=kind,
            size=len(data),
            code=secrets.token_urlsafe(48),
        )
        await asyncio.to_thread(self._store.media_path(media.id).write_bytes, data)
        self._store.add_media(media)
        duration = str(form.get("duration", ""))
        said = Said(
            text=str(form.get("text", "")),
            media=media,
            recognition=str(form.get("recognition", "")),
            duration_ms=int(duration) if duration.isdecimal() else 4000,
        )
        row, msg_id = self.utter(person, chat, said, at=str(form.get("at", "")) in {"1", "true"})
        return web.json_response({"id": row, "msgId": msg_id})

    async def media(self, request: web.Request) -> web.StreamResponse:
        media = self._store.media(request.match_info["id"])
        if media is None:
            raise PageRefusal("没有这个文件", 404)
        shown = media.type.startswith("image/") and media.type != "image/svg+xml"
        way = "inline" if shown else "attachment"
        headers = {
            **_FRESH,
            "Content-Type": media.type,
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(media.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return web.FileResponse(self._store.media_path(media.id), headers=headers)

    async def read(self, request: web.Request) -> web.Response:
        body = await page_body(request)
        staff_id = self.person(body.get("as")).staff_id
        self._chats.read(staff_id, self._chats.key(staff_id, str(body.get("chat", "direct"))))
        return web.json_response({"ok": True})

    async def recall(self, request: web.Request) -> web.Response:
        body = await page_body(request)
        person, row = self.person(body.get("as")), body.get("id")
        message = self._store.message(row) if isinstance(row, int) else None
        if message is None or message.sender != person.staff_id:
            raise PageRefusal("只能撤回自己的消息")
        self._chats.recall(message)
        return web.json_response({"ok": True})

    async def events(self, request: web.Request) -> web.StreamResponse:
        staff_id = self.person(request.query.get("as")).staff_id
        wants_ledger = request.query.get("ledger") == "1"
        return await self._events.stream(request, staff_id, wants_ledger, self._clock.to_json)

    def resume(self, base_url: str) -> None:
        """After a restart: what the bot has not confirmed yet is pushed again."""
        self._base_url = base_url
        for row, data, session in self._store.waiting():
            self._desk.submit(row, data | {"sessionWebhook": self._webhook(session)})

    def person(self, staff_id: object) -> Person:
        person = self._world.people.get(staff_id) if isinstance(staff_id, str) else None
        if person is None:
            raise PageRefusal("没有这个人", 404)
        return person

    def utter(self, person: Person, chat: str, said: Said, *, at: bool = False) -> tuple[int, str]:
        """Somebody says something: the row of the message, and its msgId where it is pushed to the bot."""
        key = self._chats.key(person.staff_id, chat)
        group = self._world.groups.get(key)
        if group is None:
            pushed = True
        else:
            is_file = said.media is not None and not said.media.type.startswith("image/")
            pushed = at and group.robot and not is_file
        now, session = self._clock.ms(), secrets.token_hex(16)
        expires = now + int(self._settings.session_minutes * 60_000) + secrets.randbelow(230)
        data: dict[str, Any] | None = None
        if pushed:
            data = inbound.envelope(
                self._world,
                person,
                group,
                robot_code=self._settings.robot,
                at_ms=now,
                expires_ms=expires,
            ) | inbound.body(said, robot_name=self._world.robot_name, in_group=group is not None)
            self._store.open_session(session, key, expires)
        message = self._store.add(
            chat=key,
            sender=person.staff_id,
            at_ms=now,
            content=_shown(said),
            at_names=[self._world.robot_name] if group and at else [],
            push=data,
            session=session,
        )
        self._chats.announce(message)
        self._chats.read(person.staff_id, key)  # who writes has the chat open
        if data is not None:
            self._desk.submit(message.id, data | {"sessionWebhook": self._webhook(session)})
        return message.id, str(data["msgId"]) if data else ""

    def _webhook(self, session: str) -> str:
        return f"{self._base_url}/robot/sendBySession?session={session}"


def whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or len(text) > 12:
        raise PageRefusal(f"{name} 必须是整数")
    return int(text)


def _shown(said: Said) -> Content:
    if said.media is None:
        return Content(kind="text", text=said.text)
    kind = "image" if said.media.type.startswith("image/") else "file"
    text = said.text or said.recognition
    return Content(kind=kind, text=text, media=said.media.id)
