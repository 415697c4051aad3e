"""What a month has used of the organisation's quota, by unit. Must not know how much there is."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, col, select, update

from storage.models import QuotaUse
from storage.statements import insert_many_new


class Unit(StrEnum):
    """What is counted. The platform bills `API` on one account, `INBOUND` and `WEBHOOK` together on another
    («Webhook & Stream», A/1430)."""

    API = "api"
    INBOUND = "inbound"
    WEBHOOK = "webhook"
    WITHHELD = "withheld"
    """Messages that came without their text because the quota was gone (20001): a count beside the quota."""


def add(session: Session, month: str, channel: str, counts: Mapping[Unit, int]) -> None:
    """Adds what was counted since the last time. Several processes may add at once."""
    rows = [{"month": month, "channel": channel, "unit": unit, "count": 0, "warned": 0} for unit in counts]
    insert_many_new(session, QuotaUse, rows)
    # always in the same order: two processes never wait in a ring
    more = [{"in": month, "of": channel, "what": unit, "more": count} for unit, count in sorted(counts.items())]
    session.connection().execute(_ADD, more)


def used(session: Session, month: str, channel: str) -> dict[Unit, int]:
    """Every unit's count."""
    found = {Unit(row.unit): row.count for row in _rows(session, month, channel)}
    return {unit: found.get(unit, 0) for unit in Unit}


def warned(session: Session, month: str, channel: str) -> dict[Unit, int]:
    """The percentage of every unit that was warned at last."""
    return {Unit(row.unit): row.warned for row in _rows(session, month, channel)}


def _rows(session: Session, month: str, channel: str) -> Sequence[QuotaUse]:
    return session.exec(select(QuotaUse).where(QuotaUse.month == month, QuotaUse.channel == channel)).all()


def warn(session: Session, month: str, channel: str, unit: Unit, percent: int) -> bool:
    """True for whoever is the first to warn at this percentage in this month."""
    fresh = update(QuotaUse).where(*_row(month, channel, unit), col(QuotaUse.warned) < percent)
    return session.exec(fresh.values(warned=percent)).rowcount > 0


def _row(month: object, channel: object, unit: object) -> tuple[ColumnElement[bool], ...]:
    return col(QuotaUse.month) == month, col(QuotaUse.channel) == channel, col(QuotaUse.unit) == unit


_ADD = (
    update(QuotaUse)
    .where(*_row(bindparam("in"), bindparam("of"), bindparam("what")))
    .values(count=QuotaUse.count + bindparam("more"))
)
"""Built once: for every two seconds."""
