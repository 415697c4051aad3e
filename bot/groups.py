"""`zicha groups …`: the robots of groups, added, listed, tried and removed. Does the work; prints nothing."""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.channels import DeliveryError
from bot.channels.webhook import GroupRobots
from bot.config import Config
from bot.foundation import Foundation
from bot.threads import DatabaseThread
from handlers.desk import full_name
from handlers.messages import Text
from handlers.reminders import groups
from handlers.texts import digests
from storage import audit, group_robots, roster
from storage.group_robots import Robot
from storage.models import ChatGroup, GroupRobot, Unit

_OPERATOR = "operator"
_SECRET = "SEC"  # noqa: S105  how DingTalk's signing keys begin
_MOST_NAME = 64
_PATH = "/robot/send?access_token="


class GroupProblem(Exception):
    """Nothing was changed; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A robot as the operator names it. Its repr shows neither address nor key."""

    name: str
    unit: str
    address: str
    secret: str
    keyword: str

    def __repr__(self) -> str:
        return f"Wish({self.name!r})"


def finder(base: Foundation, thread: DatabaseThread) -> Callable[[str], Awaitable[Robot | None]]:
    """Looks a robot up by the number in its address, as it stands in the database at that moment."""

    def find(number: str) -> Robot | None:
        with base.database.reading() as session:
            return group_robots.opened(session, base.vault, int(number))

    async def found(number: str) -> Robot | None:
        return await thread.run(lambda: find(number))

    return found


def add(base: Foundation, config: Config, wish: Wish, *, at: datetime) -> list[str]:
    """Takes a robot in; what the operator is told."""
    problem = _wrong(wish, config)
    if problem:
        raise GroupProblem(problem)
    with base.database.session() as session:
        unit = _unit(session, wish.unit)
        if group_robots.named(session, wish.name):
            raise GroupProblem(f"已经有叫「{wish.name}」的群机器人。换一个名字，或者先 zicha groups remove {wish.name}")
        number = group_robots.add(
            session,
            base.vault,
            name=wish.name,
            unit_id=unit.id or 0,
            address=wish.address,
            secret=wish.secret,
            keyword=wish.keyword,
            platform=_platform(wish.address, config),
            at=at,
        )
        audit.record(session, at=at, actor=_OPERATOR, action="group.add", subject=unit.code, detail=f"robot/{number}")
        bound = any(group.title == wish.name and other.id == unit.id for group, other in roster.groups(session))
        name = full_name(roster.chain(session, unit))
    told = [f"群「{wish.name}」由机器人发{name}的数字。先试一下：zicha groups test {wish.name}"]
    return [*told, *([f"「{wish.name}」在聊天里也绑定了，以后由机器人发，不会发两遍"] if bound else [])]


def _wrong(wish: Wish, config: Config) -> str:
    """What is wrong with it; empty where nothing is."""
    if not wish.name or len(wish.name) > _MOST_NAME:
        return f"名字要有，最多 {_MOST_NAME} 个字，最好就是群名"
    if not _platform(wish.address, config):
        expected = " 或 ".join(f"{host}{_PATH}……" for host in _hosts(config).values())
        return f"Webhook 地址要像 {expected}，从群设置 → 机器人 → 自定义机器人里整个复制"
    if wish.secret and not wish.secret.startswith(_SECRET):
        return f"加签密钥以 {_SECRET} 开头，从同一页的“加签”里复制；没有开加签就空着"
    return ""


def _hosts(config: Config) -> dict[str, str]:
    """Where robots may live, by platform."""
    there = {"dingtalk": config.oapi_endpoint}
    return there | ({"zhezhengding": config.zzd_gateway} if config.has_zhezhengding else {})


def _platform(address: str, config: Config) -> str:
    """Whose robot this is; empty where it is nobody's."""
    for platform, host in _hosts(config).items():
        token = address.removeprefix(f"{host}{_PATH}")
        if token != address and re.fullmatch(r"[A-Za-z0-9]{8,128}", token):
            return platform
    return ""


def _unit(session: Session, code: str) -> Unit:
    found = roster.coded(session, code)
    if found is None:
        raise GroupProblem(f"没有编码是 {code} 的单位。编码在名册的“单位”表里")
    return found


def listed(base: Foundation) -> list[str]:
    """Every group that is written to, a line each."""
    with base.database.reading() as session:
        found = [
            f"{group.title or group.to.id}  {full_name(roster.chain(session, group.unit))}（{group.unit.code}）  "
            f"{'机器人，能@联络员' if group.calls else '聊天里绑定，只写单位名'}"
            for group in groups.everywhere(session)
        ]
    return found or ["还没有群。在群里 @机器人 发“绑定”，或者 zicha groups add 群名 --unit 编码"]


def remove(base: Foundation, name: str, *, at: datetime) -> str:
    """A robot, or a group bound in the chat, by its name."""
    with base.database.session() as session:
        robot = group_robots.named(session, name)
        if robot is not None:
            group_robots.remove(session, robot.id or 0)
            _record(session, robot, at)
            return f"群「{name}」的机器人已删除；还没发出的会作废"
        everywhere = roster.groups(session)
        bound = [(group, unit) for group, unit in everywhere if name in (group.title, group.conversation_id)]
        if len(bound) != 1:
            raise GroupProblem(_not_one(name, bound))
        group, unit = bound[0]
        group_robots.unbind(session, group.conversation_id)
        audit.record(session, at=at, actor=_OPERATOR, action="group.unbind", subject=unit.code)
    return f"群「{name}」不再绑定。要再绑，在群里 @机器人 发“绑定”"


def _record(session: Session, robot: GroupRobot, at: datetime) -> None:
    unit = roster.unit(session, robot.unit_id)
    audit.record(session, at=at, actor=_OPERATOR, action="group.remove", subject=unit.code, detail=f"robot/{robot.id}")


def _not_one(name: str, bound: list[tuple[ChatGroup, Unit]]) -> str:
    if not bound:
        return f"没有叫「{name}」的群。zicha groups list 列出全部"
    return f"有 {len(bound)} 个群叫「{name}」，改用会话编号：" + "、".join(group.conversation_id for group, _ in bound)


async def test(base: Foundation, config: Config, name: str, now: Callable[[], datetime]) -> str:
    """Says a sentence in the group, at once. Raises `GroupProblem` where the platform does not take it."""
    with base.database.reading() as session:
        row = group_robots.named(session, name)
        robot = group_robots.opened(session, base.vault, row.id or 0) if row else None
    if robot is None:
        raise GroupProblem(f"没有叫「{name}」的群机器人。zicha groups list 列出全部")

    async def found(number: str) -> Robot | None:
        return robot

    channel = GroupRobots(config, found, now)
    try:
        body = Text(digests.trying(base.campaigns[0].name), base.campaigns[0].name)
        await channel.say(str(robot.id), robot, body, secrets.token_hex(16))
    except DeliveryError as error:
        raise GroupProblem(f"没有发成：{error}") from error
    finally:
        await channel.close()
    return f"已在「{name}」里说了一句，去群里看一眼"
