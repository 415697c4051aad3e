"""The chats: who said what to whom, who has read it, what was recalled; and each person's view of it."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote

from .clock import Clock, at_ms
from .content import Content
from .events import Events
from .inbound import DIRECT
from .refusals import PageRefusal
from .store import Message, Store
from .world import ROBOT, World


class Overhears(Protocol):
    def heard(self, message: Message) -> None: ...
    def settled(self, row: int, state: str) -> None: ...


class Chats:
    def __init__(self, store: Store, world: World, clock: Clock, events: Events) -> None:
        self._store = store
        self._world = world
        self._clock = clock
        self._events = events
        self._overhearing: list[Overhears] = []

    def overhear(self, listener: Overhears) -> None:
        """`listener` is told of every message the robot says, and of every one of a person the bot has confirmed."""
        self._overhearing.append(listener)

    def leave(self, listener: Overhears) -> None:
        self._overhearing.remove(listener)

    # names of chats: "direct" on the page, direct:STAFF or a conversationId in the store

    def key(self, staff_id: str, chat: str) -> str:
        if chat == "direct":
            return DIRECT + staff_id
        group = self._world.groups.get(chat)
        if group is None or staff_id not in group.members:
            raise PageRefusal("没有这个会话，或此人不在群里", 404)
        return chat

    def sees(self, chat: str, staff_id: str) -> bool:
        if chat.startswith(DIRECT):
            return chat == DIRECT + staff_id
        return staff_id in self._world.groups[chat].members

    # changes

    def robot_says(
        self,
        chat: str,
        content: Content,
        *,
        at_ids: tuple[str, ...] = (),
        at_all: bool = False,
        process_key: str | None = None,
        by: str = "",
    ) -> Message:
        """`by` is the name of a custom robot; the bot's own where empty."""
        text, names = content.text, ["所有人"] if at_all else []
        for staff_id in at_ids:  # an @ shows only where the text names the person as well (A/0717)
            person = self._world.people.get(staff_id)
            if person and f"@{staff_id}" in text:
                text = text.replace(f"@{staff_id}", f"@{person.name}")
                names.append(person.name)
        if text != content.text:
            content = Content.from_json(content.to_json() | {"text": text})
        message = self._store.add(
            chat=chat,
            sender=f"{ROBOT}:{by}" if by else ROBOT,
            at_ms=self._clock.ms(),
            content=content,
            at_names=names,
            process_key=process_key,
        )
        self.announce(message)
        for listener in self._overhearing:
            listener.heard(message)
        return message

    def announce(self, message: Message) -> None:
        self._tell("message", message)

    def changed(self, row: int) -> None:
        message = self._store.message(row)
        if message is not None:
            self._tell("update", message)

    def read(self, staff_id: str, chat: str) -> None:
        last, before = self._store.last(chat), self._store.mark(chat, staff_id)
        if last is None or last.id <= before:
            return
        self._store.set_mark(chat, staff_id, last.id)
        for message in self._store.between(chat, before, last.id):
            if message.sender != staff_id:
                self.changed(message.id)

    def recall(self, message: Message) -> None:
        self._store.wipe(message.id)
        self.changed(message.id)

    def settled(self, row: int, state: str) -> None:
        """The bot confirmed a person's message, or the platform gave up on it."""
        self._store.settle(row, state)
        self.changed(row)
        for listener in self._overhearing:
            listener.settled(row, state)

    # views

    def messages(self, staff_id: str, chat: str) -> list[dict[str, Any]]:
        return [self.view(message, staff_id) for message in self._store.of_chat(chat)]

    def view(self, message: Message, staff_id: str) -> dict[str, Any]:
        person = self._world.people.get(message.sender)
        readers = self._store.readers(message.chat, message.id) - {message.sender}
        if message.sender == staff_id and message.push_state != "none":
            read = message.push_state == "acked"
        elif message.sender == staff_id:
            read = bool(readers)
        else:
            read = staff_id in readers
        return message.content.to_json() | {
            "id": message.id,
            "at": at_ms(message.at_ms).isoformat(timespec="seconds"),
            "from": message.sender,
            "fromName": person.name if person else message.sender.partition(":")[2] or self._world.robot_name,
            "mine": message.sender == staff_id,
            "media": self._media(message.content),
            "read": read,
            "readCount": len(readers),
            "recalled": message.recalled,
            "atNames": message.at_names,
        }

    def overview(self, staff_id: str) -> list[dict[str, Any]]:
        groups = self._world.groups_of(staff_id)
        return [
            self._line(staff_id, "direct", self._world.robot_name, 2),
            *(self._line(staff_id, g.conversation_id, g.title, len(g.members)) for g in groups),
        ]

    def _line(self, staff_id: str, chat: str, title: str, members: int) -> dict[str, Any]:
        key = self.key(staff_id, chat)
        last = self._store.last(key)
        text = ""
        if last is not None:
            media = self._store.media(last.content.media)
            text = "[已撤回]" if last.recalled else last.content.brief(media.name if media else "")
        return {
            "chat": chat,
            "kind": "direct" if chat == "direct" else "group",
            "title": title,
            "members": members,
            "lastText": text,
            "lastAt": at_ms(last.at_ms).isoformat(timespec="seconds") if last else None,
            "unread": self._store.unread(key, staff_id),
        }

    def _tell(self, event: str, message: Message) -> None:
        self._events.tell(event, lambda s: self._told(message, s), lambda s: self.sees(message.chat, s))

    def _told(self, message: Message, staff_id: str) -> dict[str, Any]:
        chat = "direct" if message.chat.startswith(DIRECT) else message.chat
        return self.view(message, staff_id) | {"chat": chat}

    def _media(self, content: Content) -> dict[str, Any] | None:
        media = self._store.media(content.media) if content.media else None
        if media is None:
            return None
        url = f"/sandbox/media/{quote(media.id)}"
        name = content.title if content.kind == "file" and content.title else media.name
        return {"id": media.id, "name": name, "size": media.size, "url": url}
