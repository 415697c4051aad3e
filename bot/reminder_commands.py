"""The commands `zicha reminders …`. Parses and prints; the calendar is worked out in `handlers.reminders`."""

from datetime import datetime
from typing import Annotated

import typer

from bot import app as composition
from bot import reminder_plan, terminal
from bot.channels.zhezhengding.login import PLATFORM
from bot.config import Config
from bot.foundation import Foundation
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.reaching import WORK_NOTICE
from handlers.reminders import plan as planning
from handlers.reminders.plan import Outlook
from storage import memberships, roster

cli = typer.Typer(help="提醒：整个日历，什么时候、给谁、多少条", no_args_is_help=True, rich_markup_mode=None)

_NO_ROSTER_THEN = "那时候还没有名册，人数按现在的名册和进度算。"


@cli.callback()
def _group() -> None:
    """Keeps `plan` a command of its own while it is the only one."""


@cli.command()
def plan(
    campaign: Annotated[str, typer.Option(help="活动的 id；不写就是打开的全部")] = "",
    as_of: Annotated[str, typer.Option(help="站在哪个时间看，例如 “2022-05-18 09:00”；不写就是现在")] = "",
) -> None:
    """打印提醒的整个日历：每一次在什么时候、从哪天移来、给谁、多少人多少条多少次调用。什么也不发。"""
    config = terminal.config()
    with terminal.foundation(config) as base:
        for opened in _wanted(base, campaign):
            for line in lines(base, config, opened, _moment(as_of, opened), now=composition.real_clock()):
                terminal.console.print(line, soft_wrap=True, markup=False)


def _wanted(base: Foundation, said: str) -> tuple[Campaign, ...]:
    if not said:
        return base.campaigns
    if (found := several.named(base.campaigns, said)) is None:
        terminal.fail(f"没有打开叫 {said} 的活动；打开的有 {'、'.join(one.id for one in base.campaigns)}")
    return (found,)


def _moment(said: str, campaign: Campaign) -> datetime | None:
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said.strip())
    except ValueError:
        terminal.fail(f'没看懂 --as-of {said}；请这样写：--as-of "2022-05-18 09:00"')
    return found if found.tzinfo else found.replace(tzinfo=campaign.zone)


def lines(base: Foundation, config: Config, campaign: Campaign, as_of: datetime | None, *, now: datetime) -> list[str]:
    """The plan of one campaign, seen from `as_of` or from now."""
    there = ((PLATFORM, config.has_zhezhengding), (WORK_NOTICE, config.has_dingtalk and config.means.work_notices))
    notices = frozenset(channel for channel, wanted in there if wanted)
    outlook = Outlook(
        now=as_of or now, notices=notices, together=lambda channel: reminder_plan.together(config, channel)
    )
    with base.database.reading() as session:
        if not roster.has_people(session):
            return reminder_plan.made(campaign, outlook)
        past = as_of is not None and as_of < now
        known_then = as_of is not None and past and memberships.began_before(session, as_of)
        seen = Outlook(now=outlook.now, notices=notices, together=outlook.together, as_of=as_of if known_then else None)
        found = planning.plan(session, campaign, seen)
    told = list(reminder_plan.lines_of(campaign, found, seen, counted=True))
    return [*told, *([_NO_ROSTER_THEN] if past and not known_then else [])]
