"""额度: what the month has used of the platform's quota, for the city office and the operator."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers.commands import Command
from handlers.desk import Desk
from handlers.means import Means
from handlers.messages import Letter
from handlers.months import month_of
from handlers.texts import quota as texts
from storage import brakes, quota
from storage.brakes import Brake
from storage.models import Person
from storage.quota import Unit

CHANNEL = "dingtalk"
"""The one platform that counts by month; 浙政钉's limits are by day and hour (`storage/notices.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One of the platform's accounts: what is used of it, and how much there is."""

    name: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        return self.used * 100 // self.limit if self.limit else 0

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    month: str
    api: Account
    stream: Account
    inbound: int
    webhook: int
    withheld: int
    held: tuple[Brake, ...]


def month(session: Session, means: Means, now: datetime, month: str) -> Month:
    """What this program has counted. Other apps of the organisation use the same quota and are not in it."""
    used = quota.used(session, month, CHANNEL)
    return Month(
        month=month,
        api=Account(name=texts.API, used=used[Unit.API], limit=means.api_a_month),
        stream=Account(name=texts.STREAM, used=used[Unit.INBOUND] + used[Unit.WEBHOOK], limit=means.stream_a_month),
        inbound=used[Unit.INBOUND],
        webhook=used[Unit.WEBHOOK],
        withheld=used[Unit.WITHHELD],
        held=tuple(brakes.holding(session, now)),
    )


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«额度»."""
    this = month(desk.session, desk.means, desk.now, month_of(desk.now, desk.campaign.zone))
    desk.record("quota")
    return [desk.confide(texts.told(this))]
