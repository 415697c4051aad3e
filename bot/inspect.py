"""`zicha check` and `zicha outbox`: what is right, what is wrong, and which setting to change."""

from contextlib import closing
from dataclasses import dataclass

from bot import app, config
from bot.app import Foundation
from bot.channels import DeliveryError
from bot.channels.dingtalk import DingTalk, Sessions
from bot.config import Config
from handlers import reminders
from handlers.campaign.definition import Campaign
from handlers.campaign.explore import explore
from handlers.campaign.loading import CampaignError
from storage import outbox, roster, vault
from storage.database import Database, DatabaseError
from storage.outbox import State
from storage.vault import VaultError

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    told: str


async def everything(settings: Config, *, offline: bool) -> list[Finding]:
    """All findings, each independent of the others where that is possible. Changes nothing but a missing schema."""
    findings = [_settings(settings)]
    campaign = None
    try:
        campaign = app.load_campaign(settings)
        findings += _campaign(campaign)
    except CampaignError as error:
        findings += [Finding("活动文件", good=False, told=line) for line in str(error).splitlines()]
    findings += _database(settings)
    if not offline:
        findings.append(await _platform(settings))
    return findings


def _settings(settings: Config) -> Finding:
    lines = config.missing_for_dingtalk(settings)
    return Finding(
        "设置", good=not lines, told="；".join(lines) or f"机器人 {settings.robot_code}，数据在 {settings.data}"
    )


def _campaign(campaign: Campaign) -> list[Finding]:
    report = explore(campaign)
    told = (
        f"{campaign.document} {campaign.name}（第{campaign.revision}版），{campaign.deadline} 截止；"
        f"问卷 {report.shapes} 种走法，{report.endings} 种结束，最少 {report.shortest} 答、最多 {report.longest} 答"
    )
    found = [Finding("活动文件", good=not report.problems, told="；".join(report.problems) or told)]
    dates = "、".join(f"{due.at:%m-%d %H:%M}（{due.rule.id}）" for due in reminders.calendar(campaign))
    late = app.real_clock() >= campaign.closes_at
    told = "已经过了，新的填报都算逾期，也不再提醒；用 ZICHA_DEADLINE 改到新的日期" if late else "还没到"
    return [
        *found,
        Finding("截止日", good=True, told=f"{campaign.deadline} {told}"),
        Finding("提醒日历", good=True, told=dates or "没有提醒"),
    ]


def _database(settings: Config) -> list[Finding]:
    try:
        with closing(settings.open_database()) as database:
            return _opened(settings, database)
    except (DatabaseError, VaultError) as error:
        return [Finding("数据库和密钥", good=False, told=str(error))]


def _opened(settings: Config, database: Database) -> list[Finding]:
    at, newest = database.revision()
    if at is None:
        return [Finding("数据库", good=True, told="还没有建表，第一次运行时自动建好"), _new_key(settings)]
    if at != newest:
        told = f"表结构是 {at}，程序需要 {newest}；运行 zicha run 会自动升级，先备份"
        return [Finding("数据库", good=False, told=told)]
    with database.reading() as session:
        people, used = roster.has_people(session), vault.in_use(session)
        keys = vault.from_file(settings.key_file, create=False) if used else None
        if keys:
            vault.claim(session, keys)
    told = "已导入" if people else "还是空的，先运行 zicha roster import 名册.xlsx"
    return [
        Finding("数据库", good=True, told=f"表结构 {at}"),
        Finding("密钥", good=True, told=keys.key_id if keys else "未使用"),
        Finding("名册", good=people, told=told),
    ]


def _new_key(settings: Config) -> Finding:
    return Finding("密钥", good=True, told=f"第一次运行时写到 {settings.key_file}，请另外保管一份")


async def _platform(settings: Config) -> Finding:
    if config.missing_for_dingtalk(settings):
        return Finding("钉钉", good=False, told="没有凭证，未连接")
    api = DingTalk(settings, Sessions(), app.real_clock)
    try:
        await api.check_credentials()
    except DeliveryError as error:
        return Finding("钉钉", good=False, told=str(error))
    finally:
        await api.close()
    return Finding("钉钉", good=True, told=f"{settings.openapi_endpoint} 接受凭证")


_STATES = {
    State.WAITING: "待发",
    State.SENDING: "发送中",
    State.SENT: "已发",
    State.REFUSED: "被拒",
    State.DOUBTFUL: "存疑",
    State.WITHDRAWN: "已撤",
    State.EXPIRED: "过期未发",
}


def outbox_lines(base: Foundation) -> list[str]:
    """Counts by state, then the latest letters that were refused or are doubtful: key, time, reason; never the text."""
    with base.database.reading() as session:
        counts, troubled = outbox.counts(session), outbox.troubled(session, _SHOWN)
    lines = ["，".join(f"{_STATES[State(state)]} {n}" for state, n in sorted(counts.items())) or "发件箱是空的"]
    for letter in troubled:
        at = f"{letter.at.astimezone(base.campaign.zone):%Y-%m-%d %H:%M}" if letter.at else ""
        lines.append(f"{_STATES[letter.state]}  {at}  {letter.key}  {letter.why}")
    return lines
