"""The commands `zicha notices …`: the work notices of 浙政钉 that went out, and taking one back."""

import asyncio
from typing import Annotated

import typer

from bot import app as composition
from bot import terminal
from bot.app import Foundation
from bot.channels import DeliveryError
from bot.channels.dingtalk import Sessions
from bot.channels.zhezhengding.platform import Zhezhengding
from bot.config import Config
from bot.threads import DatabaseThread
from storage import notices, todos

cli = typer.Typer(help="浙政钉工作通知：发过哪些，撤回一次", no_args_is_help=True, rich_markup_mode=None)

_SHOWN = 20


@cli.command("list")
def list_() -> None:
    """最近的工作通知：什么时候、多少人、编号、撤回没有；还有多少人等着，今天还能发多少；没建成的待办。不列内容。"""
    config = _config()
    with terminal.foundation(config) as base, base.database.reading() as session:
        zone = base.campaigns[0].zone
        for call in notices.latest(session, _SHOWN):
            back = f"  {call.recalled_at.astimezone(zone):%m-%d %H:%M} 撤回" if call.recalled_at else ""
            line = f"{call.at.astimezone(zone):%Y-%m-%d %H:%M}  {call.people} 人  {call.id}{back}"
            terminal.console.print(line, soft_wrap=True, markup=False)
        left = notices.left_today(session, config.zzd_limits, composition.real_clock())
        waiting = f"还有 {count} 人等下一次。" if (count := notices.waiting(session)) else ""
        terminal.console.print(f"今天还能发 {left} 条。{waiting}")
        for todo in todos.troubled(session, _SHOWN):
            line = f"待办 {todo.id} 平台没有收，过一会儿自己再试：{todo.trouble}"
            terminal.console.print(line, soft_wrap=True, markup=False)


@cli.command()
def recall(number: Annotated[str, typer.Argument(help="编号，见 zicha notices list")]) -> None:
    """撤回一次工作通知：从每个人的手机上拿掉。"""
    config = _config()
    with terminal.foundation(config) as base:
        try:
            asyncio.run(_recall(config, base, number))
        except DeliveryError as error:
            terminal.fail(f"没有撤回：{error}")
    terminal.console.print("已撤回。")


async def _recall(config: Config, base: Foundation, number: str) -> None:
    thread = DatabaseThread()
    clock = composition.real_clock
    platform = Zhezhengding.of(config, base.database, base.campaigns, thread, Sessions(), now=clock, real_now=clock)
    if platform is None:
        return
    try:
        await platform.notices.recall(number)
    finally:
        await platform.close()
        thread.close()


def _config() -> Config:
    config = terminal.config()
    if not config.has_zhezhengding:
        terminal.fail("浙政钉没有设置：先设 ZZD_APP_KEY")
    return config
