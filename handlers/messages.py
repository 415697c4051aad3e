"""What crosses the counter: an `Inbound` comes in, `Letter`s go out. Plain values; knows no platform and no table."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum


class ChatKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a letter goes, for good: a person's id or a conversation's. A session webhook is a secret that expires,
    not an address."""

    channel: str
    kind: ChatKind
    id: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.kind.value}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        channel, kind, id_ = text.split(":", 2)
        return cls(channel, ChatKind(kind), id_)


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
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    markdown: str
    title: str


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


def to_json(body: Body) -> str:
    return json.dumps({"kind": type(body).__name__, **asdict(body)}, ensure_ascii=False)


def from_json(text: str) -> Body:
    data = json.loads(text)
    match data.pop("kind"):
        case "Text":
            return Text(**data)
        case "Choice":
            options = tuple(Reply(**option) for option in data["options"])
            return Choice(data["title"], data["markdown"], options)
        case "Document":
            return Document(**data)
        case other:
            raise ValueError(f"a letter's body of unknown kind {other!r}")
