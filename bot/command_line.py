"""The command `zicha`. Parses, calls the rooms that do the work, and says what went wrong in one clear line each."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import (
    backup_commands,
    broadcast_commands,
    campaign_files,
    destroy_commands,
    evidence_commands,
    exports,
    group_commands,
    inspect,
    key_commands,
    logs,
    notice_commands,
    outbox_commands,
    reminder_commands,
    roster_commands,
    simulate_commands,
    starting,
    supply_commands,
    terminal,
)
from bot import config as configuration
from bot import status as current
from bot.alone import NotAlone, alone, lock_file
from bot.demo import show, zhezhengding
from bot.signals import stop_when, until_signal
from handlers import leak_guard
from handlers.campaign.loading import CampaignError
from storage.database import DatabaseError
from storage.vault import VaultError

cli = typer.Typer(
    name="zicha",
    help="自查 bot：在钉钉里完成涉疫数据自查、承诺书签署和反馈表。第一次用：zicha demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.add_typer(roster_commands.cli, name="roster")
cli.command()(backup_commands.backup)
cli.command()(backup_commands.restore)
cli.command()(backup_commands.migrate_database)
cli.add_typer(outbox_commands.cli, name="outbox")
cli.add_typer(reminder_commands.cli, name="reminders")
cli.add_typer(broadcast_commands.cli, name="broadcast")
cli.add_typer(group_commands.cli, name="groups")
cli.command()(outbox_commands.quota)
cli.add_typer(notice_commands.cli, name="notices")
cli.add_typer(key_commands.cli, name="keys")
evidence_commands.add_to(cli)
destroy_commands.add_to(cli)
supply_commands.add_to(cli)
cli.command()(simulate_commands.simulate)
campaign_cli = typer.Typer(help="活动文件：写一份新的，查一份写好的", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(campaign_cli, name="campaign")


_TROUBLE = (CampaignError, DatabaseError, VaultError, OSError)


def main() -> None:
    logs.guard_process()
    cli()


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="网页端口；0 表示任选一个空的")] = 8069,
    data: Annotated[Path, typer.Option(help="演示数据放在哪里")] = Path("zicha-data/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="从头开始，清掉上次演示的数据")] = False,
    browser: Annotated[bool, typer.Option(help="有桌面时自动打开浏览器")] = True,
    on_zhezhengding: Annotated[
        bool, typer.Option("--zhezhengding", help="连浙政钉一起演示：手机上的工作通知、待办和自查页面")
    ] = False,
) -> None:
    """在本机演示：不需要账号和设置，打开网页就能扮演网格员、联络员、区县和市局。"""
    logs.set_up("WARNING")
    try:
        with alone(data.with_name(data.name + ".lock")):
            show.prepare_folder(data, fresh=fresh)
            show.write_world(data)
            page = zhezhengding.page_address(any_port=port == 0) if on_zhezhengding else ""
            with show.gateway(data, port, page) as url:
                asyncio.run(until_signal(lambda stop: show.show(data, url, browser=browser, stop=stop, page=page)))
    except (NotAlone, show.DemoError, configuration.ConfigError, *_TROUBLE) as error:
        terminal.fail(str(error))
    terminal.console.print("演示已结束。再次运行会接着上次继续，加 --fresh 从头开始。")


@cli.command()
def run() -> None:
    """连接真实钉钉运行。设置从环境变量或 .env 读取，缺什么会逐条说明。"""
    config = terminal.config()
    if lines := configuration.missing(config):
        terminal.fail(*lines)
    logs.set_up(config.log_level, form=config.log_format)
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        with alone(lock_file(config)):
            base = composition.lay_foundation(config)
            bot = composition.App(config, base)
            starting.keep_pauses_short()
            if config.talk_apart and base.database.is_sqlite:  # on PostgreSQL whole bots share the work
                bot.talk.move_out()

            async def work(stop: asyncio.Event) -> None:
                stopper = asyncio.create_task(stop_when(stop, bot))
                await bot.run()
                stopper.cancel()

            with base.database.in_use():
                asyncio.run(until_signal(work))
    except (NotAlone, *_TROUBLE) as error:
        terminal.fail(*str(error).splitlines())


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="给程序看：一个 JSON 对象")] = False,
) -> None:
    """机器人好不好：在不在运行、连接、排队、发件箱、最近的问题。什么也不改；有问题退出码 1。"""
    logs.set_up("ERROR")
    try:
        found = current.look(terminal.config(), composition.real_clock())
    except DatabaseError as error:
        terminal.fail(str(error))
    if as_json:
        terminal.console.print_json(data=current.as_json(found))
    else:
        for line in current.lines(found):
            terminal.console.print(line, soft_wrap=True, markup=False)
    if not found.good:
        raise typer.Exit(1)


@cli.command()
def check(
    offline: Annotated[bool, typer.Option("--offline", help="不连接钉钉，只查本机")] = False,
    against_database: Annotated[
        bool, typer.Option("--against-database", help="改了活动文件：先看谁会被问到什么，什么也不改")
    ] = False,
) -> None:
    """检查设置、活动文件、数据库、密钥，并走遍问卷的每条路径；有问题时逐条说明，退出码 1。"""
    logs.set_up("ERROR")
    try:
        config = configuration.load()
    except configuration.ConfigError as error:
        terminal.fail(*error.lines)
    if against_database:
        with terminal.progress("看每个人的回答") as watch:
            findings = inspect.against_database(config, watch)
    else:
        findings = asyncio.run(inspect.everything(config, offline=offline))
    for finding in findings:
        terminal.console.print(f"{'好  ' if finding.good else '问题'} {finding.what}：{finding.told}", soft_wrap=True)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@cli.command()
def export(
    paper: Annotated[str, typer.Argument(help="哪种材料；--list 列出全部")] = "",
    unit: Annotated[str, typer.Option(help="单位编码，含下级；不写就是最上级单位")] = "",
    as_of: Annotated[str, typer.Option(help="截至哪个时间，例如 “2022-05-22 18:00”；不写就是现在")] = "",
    campaign: Annotated[str, typer.Option(help="活动的 id；不写就是第一个")] = "",
    to: Annotated[Path | None, typer.Option(help="写到哪个文件；不写就按材料和单位起名", dir_okay=False)] = None,
    unmasked: Annotated[bool, typer.Option("--unmasked", help="显示完整的电话和身份证号，必须写明 --reason")] = False,
    reason: Annotated[str, typer.Option(help="为什么要完整号码，记入审计")] = "",
    per_person: Annotated[bool, typer.Option("--per-person", help="承诺书每人一个文件，装进一个 zip")] = False,
    page_per_unit: Annotated[bool, typer.Option("--page-per-unit", help="反馈表每个单位从新的一页开始")] = False,
    draw: Annotated[int, typer.Option(help="第几次抽查的记录或名册；不写时，记录是全部，名册是最近一次", min=0)] = 0,
    show_list: Annotated[bool, typer.Option("--list", help="列出有哪些材料")] = False,
) -> None:
    """导出材料到文件。聊天里发的文件号码都遮住；完整号码只能在这里导出，并留下审计记录。"""
    if not show_list and not paper:
        terminal.fail("要写明哪种材料，例如 zicha export 反馈表；zicha export --list 列出全部")
    if unmasked and not reason.strip():
        terminal.fail("--unmasked 要写明原因：--reason 上报市大数据局")
    if leak_guard.look(reason) or leak_guard.has_phone(reason):
        terminal.fail("--reason 会记入审计：不要写号码和名单")
    why = reason.strip() if unmasked else ""
    with terminal.foundation(terminal.config()) as base:
        if show_list:
            for cli_name, told, extension in exports.listed(base):
                terminal.console.print(f"{cli_name:<24} {told}（.{extension}）", soft_wrap=True)
            return
        starting.keep_pauses_short()
        try:
            with terminal.progress("生成材料") as progress:
                options = exports.options(paper, per_person=per_person, page_per_unit=page_per_unit, draw=draw)
                made = exports.export(
                    base,
                    paper,
                    unit,
                    to,
                    reason=why,
                    now=composition.real_clock,
                    as_of=as_of,
                    campaign_id=campaign,
                    options=options,
                    progress=progress,
                )
        except exports.ExportError as error:
            terminal.fail(str(error))
    secret = "里面有完整号码，用完请销毁。" if unmasked else ""
    terminal.console.print(f"已写到 {made.file}（{made.size} 字节），验证码 {made.shown}。{secret}", soft_wrap=True)


@campaign_cli.command("new")
def campaign_new(
    file: Annotated[Path, typer.Argument(help="写到哪个 .toml 文件", dir_okay=False)],
    name: Annotated[str, typer.Option(help="活动在聊天里的名字")] = "新活动",
) -> None:
    """写一份带说明的活动文件，马上能用，再照着改。"""
    if file.suffix != ".toml":
        terminal.fail(f"{file} 要以 .toml 结尾")
    try:
        campaign_files.new(file, name, composition.real_clock())
    except FileExistsError:
        terminal.fail(f"{file} 已经存在，没有覆盖。换一个文件名")
    except OSError as error:
        terminal.fail(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹")
    terminal.console.print(f"已写到 {file}。改好后运行：zicha campaign check {file}", soft_wrap=True)


@campaign_cli.command("check")
def campaign_check(file: Annotated[str, typer.Argument(help="活动文件，或程序自带的活动名")]) -> None:
    """查一份活动文件：每处错误说明哪张表、怎么改；没有错就走遍每条路径。不用数据库，也不用钉钉。"""
    found = campaign_files.check(file)
    if found.mistakes:
        terminal.fail(*found.mistakes)
    terminal.console.print(f"好  {found.told}", soft_wrap=True)
