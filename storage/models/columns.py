"""How columns are spelled: keys, moments, references. Must not know any table."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused, so that no clock is ever guessed."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


_Id = BigInteger().with_variant(Integer, "sqlite")


def key() -> Any:
    """A running number given by the database."""
    return Field(default=None, sa_column=Column(_Id, primary_key=True, autoincrement=True))


def moment(*, index: bool = False, required: bool = False) -> Any:
    column = Column(Moment, nullable=not required, index=index)
    return Field(sa_column=column) if required else Field(default=None, sa_column=column)


def long_text(*, nullable: bool = False) -> Any:
    column = Column(Text, nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


def reference(table: str, *, index: bool = False) -> Any:
    """The id of a row of another table."""
    return Field(foreign_key=f"{table}.id", sa_type=BigInteger, index=index)


def maybe(*, index: bool = False) -> Any:
    """The id of a row of another table, or none."""
    return Field(default=None, sa_type=BigInteger, nullable=True, index=index)
