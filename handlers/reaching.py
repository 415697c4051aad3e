"""Where a person is reached: the one place that decides it, so that nobody gets the same words on two platforms.

They are written to where they last wrote, until they write by the configured order (`storage.accounts`).
"""

from dataclasses import replace
from typing import Protocol

from sqlmodel import Session

from handlers.messages import Address, ChatKind, Inbound
from storage import accounts
from storage.models import Person

WORK_NOTICE = "work_notice"
"""The channel of DingTalk's 工作通知 (A/0769)."""
NOTICES = frozenset({WORK_NOTICE, "zhezhengding"})
"""All channels that bring work notices."""


class Reached(Protocol):
    """Somebody, as far as it takes to write to them."""

    @property
    def staff_id(self) -> str: ...

    @property
    def reached_at(self) -> str: ...


def address(person: Reached) -> Address:
    return Address.parse(person.reached_at) if person.reached_at else home(person.staff_id)


def home(staff_id: str) -> Address:
    """The 1:1 chat a staff id itself stands for, also of somebody in no roster."""
    platform, account_id = accounts.home(staff_id)
    return Address(platform, ChatKind.DIRECT, account_id)


def notice(person: Reached) -> Address | None:
    """Where DingTalk's 工作通知 reaches somebody; None where they are not known there."""
    platform, account_id = accounts.home(person.staff_id)
    return Address(WORK_NOTICE, ChatKind.DIRECT, account_id) if platform == accounts.NATIVE else None


def chats(session: Session, person: Person) -> list[str]:
    """All 1:1 chats of a person: something may still wait in one they no longer use."""
    others = (str(Address(name, ChatKind.DIRECT, own)) for name, own in accounts.names(session, person.id or 0))
    noticed = notice(person)
    return sorted({str(address(person)), str(home(person.staff_id)), *others, *([str(noticed)] if noticed else [])})


def recognised(session: Session, inbound: Inbound) -> tuple[Inbound, str]:
    """The message with its sender's staff id for the platform's account id; and the 1:1 chat the sender wrote from."""
    if not inbound.sender_id:
        return inbound, ""
    chat = Address(inbound.chat.channel, ChatKind.DIRECT, inbound.sender_id)
    staff_id = accounts.staff_id(session, chat.channel, chat.id)
    if staff_id != inbound.sender_id:
        inbound = replace(inbound, sender_id=staff_id)
    return inbound, "" if chat == home(staff_id) else str(chat)
