"""What the chat page needs to remember: who is logged in where, which letters it has shown, what was just uploaded."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Table, key, moment


class PageSession(Table, table=True):
    """A browser in which somebody is logged in. Only digests of its token are kept: whoever reads the table cannot
    take the session over. No row, no session: that is how one is revoked."""

    __tablename__ = "page_session"

    id: int | None = key()
    token: str = Field(unique=True, max_length=64)
    previous: str = Field(default="", max_length=64, index=True)
    """The digest before the last change: requests under way when it changed still carry it, for a short while."""
    platform: str = Field(max_length=20)
    account: str = Field(max_length=128, index=True)
    """The platform's id of them: whom letters go to."""
    name: str = Field(default="", max_length=64)
    since: datetime = moment(required=True)
    changed_at: datetime = moment(required=True)
    """When the token was given out."""
    seen_at: datetime = moment(required=True)


class PageLine(Table, table=True):
    """A letter that stands on somebody's page: `number` counts the lines of a chat, so a page that was cut off asks for
    what came after the last it has."""

    __tablename__ = "page_line"
    __table_args__ = (UniqueConstraint("lane", "number"),)

    id: int | None = key()
    lane: str = Field(max_length=200)
    number: int
    letter_id: int = Field(sa_type=BigInteger, unique=True)
    """Of the outbox; the line is gone when the letter is."""
    at: datetime = moment(required=True)


class PageUpload(Table, table=True):
    """A file somebody sent through the page, sealed, until the fetcher has come for it; gone soon either way."""

    __tablename__ = "page_upload"

    id: int | None = key()
    code: str = Field(unique=True, max_length=64)
    """The digest of the code that opens it."""
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Sealed with the purpose `file/<code>`."""
    at: datetime = moment(index=True, required=True)
