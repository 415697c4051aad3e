"""Custom robots of groups: who speaks in which group for which unit. Addresses and keys are sealed.

Must not know what they say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, delete, select

from storage.accounts import NATIVE
from storage.models import ChatGroup, GroupRobot, Unit
from storage.vault import Vault

CHANNEL = "robot"
"""The channel that writes by them; an address of it is `robot:group:<number>`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """A robot, opened. Its repr shows neither address nor key."""

    id: int
    name: str
    address: str = field(repr=False)
    secret: str = field(repr=False)
    keyword: str


def _purpose(number: int | None, what: str) -> str:
    return f"robot/{number}/{what}"


def add(
    session: Session,
    vault: Vault,
    *,
    name: str,
    unit_id: int,
    address: str,
    secret: str,
    keyword: str,
    platform: str = NATIVE,
    at: datetime,
) -> int:
    """The number of the new robot. The name must be free."""
    robot = GroupRobot(name=name, unit_id=unit_id, address_sealed="", keyword=keyword, platform=platform, added_at=at)
    session.add(robot)
    session.flush()
    robot.address_sealed = vault.seal(address, _purpose(robot.id, "address"))
    robot.secret_sealed = vault.seal(secret, _purpose(robot.id, "secret")) if secret else ""
    session.flush()
    return robot.id or 0


def named(session: Session, name: str) -> GroupRobot | None:
    return session.exec(select(GroupRobot).where(GroupRobot.name == name)).one_or_none()


def opened(session: Session, vault: Vault, number: int) -> Robot | None:
    """A robot to speak with; None where it was removed."""
    row = session.get(GroupRobot, number)
    if row is None:
        return None
    return Robot(
        id=number,
        name=row.name,
        address=vault.open(row.address_sealed, _purpose(number, "address")),
        secret=vault.open(row.secret_sealed, _purpose(number, "secret")) if row.secret_sealed else "",
        keyword=row.keyword,
    )


def remove(session: Session, number: int) -> None:
    session.exec(delete(GroupRobot).where(col(GroupRobot.id) == number))


def everywhere(session: Session) -> Sequence[tuple[GroupRobot, Unit]]:
    """All of them with their units, by the unit's code."""
    found = select(GroupRobot, Unit).join(Unit, col(Unit.id) == GroupRobot.unit_id)
    return session.exec(found.order_by(col(Unit.code), col(GroupRobot.id))).all()


def unbind(session: Session, conversation_id: str) -> None:
    """A group bound in the chat is bound no more."""
    session.exec(delete(ChatGroup).where(col(ChatGroup.conversation_id) == conversation_id))
