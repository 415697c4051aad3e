"""How tables and columns are spelled: keys, moments, references. Must not know any table."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Table(SQLModel):
    """What all tables are. Their rows come from the database or from us, so that nothing of them is validated; what
    pydantic would need for it is made when it is asked for, which saves every start a tenth of a second."""

    model_config = {"defer_build": True}


_NAIVE = "a moment without a time zone cannot be stored"


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused, so that no clock is ever guessed."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite keeps text. Spelled in one step it takes a third of the time; the same moment comes many times."""
        return _spelled if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _read if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


@lru_cache(maxsize=256)
def _spelled(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(_NAIVE)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


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
