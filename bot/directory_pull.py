"""`zicha roster pull`: the directory of a platform into the roster, by the same import as a file, and the accounts of
the people who are known there. Joins the platform's directory, the matching and the import.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session

from bot import app as composition
from bot.app import Foundation
from bot.channels import DeliveryError
from bot.channels.contacts import ROOT, DingTalkContacts
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.zhezhengding.directory import Directory
from bot.channels.zhezhengding.gateway import Gateway
from bot.channels.zhezhengding.login import PLATFORM
from bot.config import Config
from bot.rosters import MOST_LINES, RosterProblem
from bot.terminal import Stage
from storage import accounts, audit, roster, roster_import
from storage.directory import Contents
from storage.directory_matching import Matched, Mobiles, match, phones
from storage.directory_units import Misplaced
from storage.roster_difference import Changes, cities_left, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What is wanted."""

    platform: str
    top: str = ""
    """The code of the organisation to begin with; the one the app may read where empty."""
    under: str = ""
    """The code of the unit it is; not needed for the first roster, or where the codes are the same."""
    accounts_only: bool = False
    """Nobody is added or changed: only whose account is whose."""
    leavers: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Pulled:
    changes: Changes
    matched: Matched


async def pull(base: Foundation, config: Config, wish: Pull, *, at: datetime, stage: Stage) -> Pulled:
    """All of it or nothing. Raises `RosterProblem`."""
    read = _from_dingtalk if wish.platform == accounts.NATIVE else _from_zhezhengding
    contents, mobiles = await read(base, config, wish, stage)
    return _carry_out(base, config, wish, contents, mobiles, at=at)


async def _from_dingtalk(base: Foundation, config: Config, wish: Pull, stage: Stage) -> tuple[Contents, Mobiles]:
    """A 工号 of the roster is a userId of DingTalk: nobody has to be found by their telephone number."""
    channel = DingTalk(config, Sessions(), composition.real_clock)
    try:
        directory = DingTalkContacts(channel)
        return await directory.read(wish.top or ROOT, lambda people: stage("读取通讯录", people, 0)), {}
    except DeliveryError as error:
        rights = "应用要有权限 qyapi_get_department_list 和 qyapi_get_department_member，通讯录范围要包含这些部门"
        raise RosterProblem([f"没有读到钉钉的通讯录：{error}", rights]) from error
    finally:
        await channel.close()


async def _from_zhezhengding(base: Foundation, config: Config, wish: Pull, stage: Stage) -> tuple[Contents, Mobiles]:
    gateway = Gateway(config, composition.real_clock)
    try:
        directory = Directory(gateway, config.zzd_tenant_id)
        with base.database.reading() as session:
            ours = phones(session, base.vault)
        stage("核对手机号", 0, 0)
        theirs = await directory.by_mobiles(list(ours))
        mobiles = {mobile: (ours[mobile], pairs) for mobile, pairs in theirs.items() if mobile in ours}
        return Contents() if wish.accounts_only else await _read(directory, wish, stage), mobiles
    except DeliveryError as error:
        raise RosterProblem([f"没有读到浙政钉的通讯录：{error}"]) from error
    finally:
        await gateway.close()


async def _read(directory: Directory, wish: Pull, stage: Stage) -> Contents:
    top = wish.top
    if not top:
        tops = await directory.tops()
        if len(tops) != 1:
            raise RosterProblem([f"应用能读的组织有 {len(tops)} 个，用 --top 写明从哪个开始：", *tops[:MOST_LINES]])
        (top,) = tops
    return await directory.read(top, lambda people: stage("读取通讯录", people, 0))


def _carry_out(
    base: Foundation, config: Config, wish: Pull, contents: Contents, mobiles: Mobiles, *, at: datetime
) -> Pulled:
    opening = base.database.reading() if wish.dry_run else base.database.session()
    with opening as session:
        try:
            matched = match(session, contents, mobiles, platform=wish.platform, under=wish.under)
        except Misplaced as error:
            raise RosterProblem([_misplaced(session, str(error), wish)]) from error
        below = (matched.top,) if matched.top and not wish.accounts_only else ()
        found = compare(
            session, matched.roster, base.vault, missing_below=below, protected=frozenset(matched.protected)
        )
        if not cities_left(session, found, leavers=wish.leavers):
            raise RosterProblem(["这样改完就没有人担任市大数据局的角色了，请先把角色给接手的人"])
        changes = found.changes(leavers=wish.leavers)
        if not wish.dry_run:
            roster_import.carry_out(session, found, at=at, leavers=wish.leavers)
            if wish.platform != accounts.NATIVE:
                _link(session, matched, config.platforms_in_order, at)
            counts = " ".join(f"{name}={count}" for name, count in asdict(changes).items() if count)
            audit.record(session, at=at, actor="operator", action="roster.pull", subject=wish.under, detail=counts)
    return Pulled(changes, matched)


def _link(session: Session, matched: Matched, order: Sequence[str], at: datetime) -> None:
    for link in matched.links:
        person = roster.person(session, link.staff_id)
        if person and person.id:
            accounts.link(
                session, platform=PLATFORM, account_id=link.account, person_id=person.id, code=link.code, at=at
            )
    accounts.settle(session, order)


def _misplaced(session: Session, name: str, wish: Pull) -> str:
    if wish.under:
        return f"没有编码是 {wish.under} 的单位，请核对 --under"
    first = next(iter(roster.units(session)), None)
    example = f"，例如 --under {first.code}（{first.name}）" if first else ""
    return f"名册里没有和“{name}”对应的单位，用 --under 写明它是哪个单位的编码{example}"


def told(done: Pulled, wish: Pull) -> list[str]:
    """What is said about accounts and about those left out, in lines."""
    if wish.platform == accounts.NATIVE:
        return _told_new(done)
    by = {"phone": "手机号", "code": "编码", "account": "原来就对上", "new": "新加的人"}
    counts = {how: sum(link.by == how for link in done.matched.links) for how in by}
    parts = "，".join(f"{by[how]} {count}" for how, count in counts.items() if count)
    lines = [f"浙政钉账号：{parts}。" if parts else "没有对上浙政钉账号。"]
    if unsure := done.matched.unsure:
        lines.append(f"没有把握、没有动的 {len(unsure)} 人，在名册里补上或改正手机号后再来一次：")
        lines += [f"  {one.name} {one.unit}：{one.why}" for one in unsure[:MOST_LINES]]
        if len(unsure) > MOST_LINES:
            lines.append(f"  还有 {len(unsure) - MOST_LINES} 人")
    return lines


def _told_new(done: Pulled) -> list[str]:
    """DingTalk's contacts know neither kinds of units nor roles; what was taken from their names is to be looked at."""
    lines = []
    if done.matched.units:
        lines.append("新单位的类别是按名称猜的，角色要另给：zicha export roster 导出名册，改好再导入。")
    if unsure := done.matched.unsure:
        lines.append(f"没有把握、没有加的 {len(unsure)} 人，名册里同名的人工号可能不是钉钉的 userId，请核对：")
        lines += [f"  {one.name} {one.unit}" for one in unsure[:MOST_LINES]]
        if len(unsure) > MOST_LINES:
            lines.append(f"  还有 {len(unsure) - MOST_LINES} 人")
    return lines
