"""What crosses the counter: an `Inbound` comes in, `Letter`s go out. Plain values; knows no platform and no table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import pydantic_core


class ChatKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"
    DEPARTMENT = "department"
    """Whole departments of the platform, their numbers with commas between; for work notices."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a letter goes, for good: a person's id or a conversation's. A session webhook is a secret that expires,
    not an address."""

    channel: str
    kind: ChatKind
    id: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        channel, kind, id_ = text.split(":", 2)
        return cls(channel, ChatKind(kind), id_)


class Stranger(StrEnum):
    """Why a message is nobody's of ours."""

    ORGANISATION = "organisation"
    ROBOT = "robot"


class Content(StrEnum):
    """What kind of thing was sent. `SPEECH` carries the recognised words as text; `WITHHELD` is a message the
    platform delivers without its text because the organisation's quota is used up."""

    TEXT = "text"
    SPEECH = "speech"
    PICTURE = "picture"
    FILE = "file"
    OTHER = "other"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """Where the platform keeps something that was sent: a code that expires soon and opens the file to its bearer."""

    code: str = field(repr=False)
    name: str = field(default="", repr=False)
    """As the sender called it; pictures have none."""
    kind: Content
    """PICTURE or FILE, as the platform says; what it is its content tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that was fetched. `kind` is told by its content, not by its name: xlsx, pdf, jpeg, png, or what it is
    instead (`handlers.file_kinds`)."""

    name: str = field(repr=False)
    kind: str
    content: bytes = field(repr=False)
    reader: str = ""
    """The room that knows it as its own, where that had to be looked up in the file."""
    found: object = field(default=None, repr=False)
    """What that room found in it before the transaction: reading a large table may take seconds."""
    strange: object = None
    """What was found in it that should not be there, cell by cell; without a reader it is turned away for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One message of a person. The repr hides what was said and by whom: it may appear in a traceback."""

    robot: str
    msg_id: str
    sender_id: str
    """Empty for people outside the organisation."""
    sender_name: str = field(repr=False)
    chat: Address = field(repr=False)
    chat_title: str = field(default="", repr=False)
    content: Content = Content.TEXT
    text: str = field(default="", repr=False)
    files: tuple[FileRef, ...] = ()
    """What was sent along; several where pictures stand between words."""
    received_at: datetime
    recallable: bool = True
    """Whether the chat keeps what was said until its sender takes it back; the page keeps nothing."""
    stranger: Stranger | None = None
    """Set where it comes from another organisation, or was meant for another robot."""

    @property
    def file(self) -> FileRef | None:
        """The first of the files."""
        return self.files[0] if self.files else None


@dataclass(frozen=True, slots=True)
class Text:
    markdown: str
    title: str
    at: tuple[str, ...] = ()
    """Platform ids of people who are called; each stands in the text as well, as `@id`. By webhook only (G/0079)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A button: `send` is what it says in the person's name when tapped."""

    label: str
    send: str


@dataclass(frozen=True, slots=True)
class Choice:
    title: str
    markdown: str
    options: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A paper to be made when it is sent: which one and for what, never its bytes."""

    name: str
    paper: str
    params: Mapping[str, str]


Body = Text | Choice | Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something to be said. Without a key it is a reply to the message at hand; with one it exists once, for ever."""

    to: Address
    body: Body
    topic: str = "reply"
    key: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None
    bulk: bool = False
    broadcast: int | None = None
    """The number of the broadcast it is part of."""


def to_json(body: Body) -> str:
    return pydantic_core.to_json({"kind": type(body).__name__, **_told(body)}).decode()


def _told(body: Body) -> dict[str, Any]:
    """Field by field: `dataclasses.asdict` copies what is never changed and takes ten times as long."""
    match body:
        case Text():
            return {"markdown": body.markdown, "title": body.title, "at": body.at}
        case Choice():
            options = [{"label": option.label, "send": option.send} for option in body.options]
            return {"title": body.title, "markdown": body.markdown, "options": options}
        case Document():
            return {"name": body.name, "paper": body.paper, "params": dict(body.params)}


@lru_cache(maxsize=256)
def from_json(text: str) -> Body:
    """The same question goes to many, and is read when it is sent and when it is answered."""
    data = json.loads(text)
    match data.pop("kind"):
        case "Text":
            return Text(data["markdown"], data["title"], tuple(data.get("at", ())))
        case "Choice":
            options = tuple(Reply(**option) for option in data["options"])
            return Choice(data["title"], data["markdown"], options)
        case "Document":
            return Document(**data)
        case other:
            raise ValueError(f"a letter's body of unknown kind {other!r}")
