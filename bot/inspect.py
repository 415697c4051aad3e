"""`zicha check`: what is right, what is wrong, and which setting to change."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from bot import app, config, reminder_plan
from bot.channels import DeliveryError
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.zhezhengding.gateway import Gateway
from bot.config import Config
from handlers.campaign.definition import Campaign
from handlers.campaign.explore import explore
from handlers.campaign.loading import CampaignError
from handlers.foresight import Foresight, foresee
from storage import keyring, roster
from storage.database import Database, DatabaseError
from storage.vault import VaultError


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    told: str


async def everything(settings: Config, *, offline: bool) -> list[Finding]:
    """All findings, each independent of the others where that is possible. Changes nothing but a missing schema."""
    findings = [_settings(settings)]
    try:
        for campaign in app.load_campaigns(settings):
            findings += _campaign(campaign)
    except CampaignError as error:
        findings += [Finding("活动文件", good=False, told=line) for line in str(error).splitlines()]
    findings += _database(settings)
    findings += _page(settings)
    if not offline:
        findings += await _platforms(settings)
    return findings


def _settings(settings: Config) -> Finding:
    lines = config.missing(settings)
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
    dates, guessed = reminder_plan.moments_in_one_line(campaign), reminder_plan.guessed_years(campaign)
    late = app.real_clock() >= campaign.closes_at
    told = "已经过了，新的填报都算逾期；用 ZICHA_DEADLINE 改到新的日期" if late else "还没到"
    return [
        *found,
        Finding("截止日", good=True, told=f"{campaign.deadline} {told}"),
        Finding("保存期限", good=True, told=_retention(campaign)),
        Finding("提醒日历", good=True, told=dates or "没有提醒"),
        *(Finding("节假日", good=True, told=told) for told in guessed),
    ]


def _retention(campaign: Campaign) -> str:
    """Until when each kind of data is kept, and what is over already."""
    kept, over = campaign.retention, campaign.deadline + timedelta(days=campaign.retention.records)
    days = {"自查、承诺书、反馈表、扫描件": kept.records, "名册": kept.roster, "审计记录": kept.audit}
    until = "、".join(f"{what}到 {campaign.deadline + timedelta(days=count)}" for what, count in days.items())
    told = f"{until}，发出的消息 {kept.letters} 天；{kept.why}"
    if app.real_clock().astimezone(campaign.zone).date() <= over:
        return told
    return f"{told}。已经到期，停机器人后运行 zicha destroy --campaign {campaign.id}"


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
        people, used = roster.has_people(session), keyring.in_use(session)
        masters = settings.keys.read() if used else None
        if masters:
            keyring.check(session, masters)
    told = "已导入" if people else "还是空的，先运行 zicha roster import 名册.xlsx"
    return [
        Finding("数据库", good=True, told=f"表结构 {at}"),
        Finding("密钥", good=True, told=masters.ids[0] if masters else "未使用"),
        Finding("名册", good=people, told=told),
    ]


def _new_key(settings: Config) -> Finding:
    return Finding("密钥", good=True, told=f"第一次运行时写到 {settings.key_file}，请另外保管一份")


def _page(settings: Config) -> list[Finding]:
    """What would keep everybody out of the chat page."""
    what = "自查页面"
    if not settings.has_page:
        told = "没有设 ZICHA_H5_URL，浙政钉上只发通知，没有地方回答"
        return [Finding(what, good=False, told=told)] if settings.has_zhezhengding else []
    if not settings.has_zhezhengding:
        return [Finding(what, good=False, told="设了 ZICHA_H5_URL，没有设 ZZD_APP_KEY，谁也登录不了")]
    if settings.h5_jsapi is None:
        return [Finding(what, good=False, told="没有设 ZICHA_H5_JSAPI，页面拿不到登录码；文件从哪里来见 README")]
    told = f"{settings.h5_url}，在 {settings.h5_host} 的 {settings.h5_port} 端口等反向代理"
    return [Finding(what, good=True, told=told)]


async def _platforms(settings: Config) -> list[Finding]:
    if config.missing(settings):
        return [Finding("平台", good=False, told="没有凭证，未连接")]
    found = [await _dingtalk(settings)] if settings.has_dingtalk else []
    return found + ([await _zhezhengding(settings)] if settings.has_zhezhengding else [])


async def _zhezhengding(settings: Config) -> Finding:
    gateway = Gateway(settings, app.real_clock)
    try:
        await gateway.token()
    except DeliveryError as error:
        return Finding("浙政钉", good=False, told=str(error))
    finally:
        await gateway.close()
    page = (
        f"通知里的链接是 {settings.h5_url}"
        if settings.has_page
        else "没有设 ZICHA_H5_URL，通知里只有文字，没有地方回答"
    )
    return Finding("浙政钉", good=True, told=f"{settings.zzd_gateway} 接受签名；{page}")


async def _dingtalk(settings: Config) -> Finding:
    api = DingTalk(settings, Sessions(), app.real_clock)
    try:
        await api.check_credentials()
    except DeliveryError as error:
        return Finding("钉钉", good=False, told=str(error))
    finally:
        await api.close()
    return Finding("钉钉", good=True, told=f"{settings.openapi_endpoint} 接受凭证")


def against_database(settings: Config, watch: Callable[[int, int], None]) -> list[Finding]:
    """What starting with these campaign files would do to the people in the database. Changes nothing."""
    try:
        campaigns = app.load_campaigns(settings)
        with closing(settings.open_database()) as database:
            at, newest = database.revision()
            if at is None:
                return [Finding("变动", good=True, told="数据库还没有建表，没有人受影响")]
            if at != newest:
                told = f"表结构是 {at}，程序需要 {newest}；先备份，运行 zicha run 升级以后再看"
                return [Finding("变动", good=False, told=told)]
            with database.reading() as session:
                now = app.real_clock()
                return [one for c in campaigns for one in _foreseen(c, foresee(session, c, now, watch))]
    except (CampaignError, DatabaseError) as error:
        return [Finding("变动", good=False, told=line) for line in str(error).splitlines()]


def _foreseen(campaign: Campaign, found: Foresight) -> list[Finding]:
    what = f"变动 {campaign.name}"
    if found.refused:
        return [Finding(what, good=False, told=line) for line in found.refused]
    told = [f"数据库里是第{found.known}版，文件是第{campaign.revision}版" if found.known else "第一次用于这个数据库"]
    if not (found.behind.half or found.behind.finished):
        return [Finding(what, good=True, told=f"{told[0]}；没有人要补答")]
    told[0] += f"；正在填的 {found.behind.half} 人，已提交的 {found.behind.finished} 人"
    for name, counts in found.asked.items():
        told.append(f"“{name}”：正在填的 {counts.half} 人会被问到，已提交的 {counts.finished} 人会被再问")
    told.append(f"已提交的人里，{found.asked_again} 人要补答并重新提交，{found.spared} 人不受打扰")
    if found.again:
        told.append("要补答的：" + "，".join(f"{name} {n} 人" for name, n in sorted(found.again.items())))
    if found.signs_again.half or found.signs_again.finished:
        signs = found.signs_again
        told.append(
            f"要重签{campaign.pledge.name}的：正在填的 {signs.half} 人，已提交的 {signs.finished} 人；旧的签署留作证据"
        )
    told += [f"文件里已没有题“{name}”：{n} 人答过，留在记录里" for name, n in sorted(found.history.items())]
    told += [
        f"文件里已没有选项“{name}”：{n} 人选过；正在填的会再问，想保留文字就写回来加 gone = {campaign.revision}"
        for name, n in sorted(found.outdated.items())
    ]
    return [Finding(what, good=True, told=line) for line in told]
