"""The command `zicha`. Parses, calls the rooms that do the work, and says what went wrong in one clear line each."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from filelock import FileLock, Timeout
from rich.console import Console

from bot import app as composition
from bot import config as configuration
from bot import exports, inspect, logs, rosters
from bot.demo import show
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
roster_cli = typer.Typer(help="名册：单位和人员", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(roster_cli, name="roster")
console, errors = Console(highlight=False), Console(stderr=True, highlight=False)


def main() -> None:
    cli()


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="网页端口；0 表示任选一个空的")] = 8069,
    data: Annotated[Path, typer.Option(help="演示数据放在哪里")] = Path("zicha-data/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="从头开始，清掉上次演示的数据")] = False,
    browser: Annotated[bool, typer.Option(help="有桌面时自动打开浏览器")] = True,
) -> None:
    """在本机演示：不需要账号和设置，打开网页就能扮演网格员、联络员、区县和市局。"""
    logs.set_up("WARNING")
    try:
        with _only_one(data.with_name(data.name + ".lock")):
            show.prepare_folder(data, fresh=fresh)
            show.write_world(data)
            with show.gateway(data, port) as url:
                asyncio.run(_until_signal(lambda stop: show.show(data, url, browser=browser, stop=stop)))
    except (show.DemoError, CampaignError, DatabaseError, VaultError, configuration.ConfigError, OSError) as error:
        _fail(str(error))
    console.print("演示已结束。再次运行会接着上次继续，加 --fresh 从头开始。")


@cli.command()
def run() -> None:
    """连接真实钉钉运行。设置从环境变量或 .env 读取，缺什么会逐条说明。"""
    config = _config()
    if lines := configuration.missing_for_dingtalk(config):
        _fail(*lines)
    logs.set_up(config.log_level)
    try:
        config.data.mkdir(parents=True, exist_ok=True)
        with _only_one(config.data / "zicha.lock", wanted=config.database_url.startswith("sqlite")):
            base = composition.lay_foundation(config)
            bot = composition.App(config, base)

            async def work(stop: asyncio.Event) -> None:
                stopper = asyncio.create_task(_stop_when(stop, bot))
                await bot.run()
                stopper.cancel()

            asyncio.run(_until_signal(work))
    except (CampaignError, DatabaseError, VaultError, OSError) as error:
        _fail(*str(error).splitlines())


@cli.command()
def check(
    offline: Annotated[bool, typer.Option("--offline", help="不连接钉钉，只查本机")] = False,
) -> None:
    """检查设置、活动文件、数据库、密钥，并走遍问卷的每条路径；有问题时逐条说明，退出码 1。"""
    logs.set_up("ERROR")
    try:
        config = configuration.load()
    except configuration.ConfigError as error:
        _fail(*error.lines)
    findings = asyncio.run(inspect.everything(config, offline=offline))
    for finding in findings:
        console.print(f"{'好  ' if finding.good else '问题'} {finding.what}：{finding.told}", soft_wrap=True)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@cli.command()
def outbox() -> None:
    """发件箱：各状态的数量，以及没送到或存疑的消息。"""
    with _foundation(_config()) as base:
        for line in inspect.outbox_lines(base):
            console.print(line, soft_wrap=True)


class Paper(StrEnum):
    FEEDBACK_TABLE = "feedback-table"
    PLEDGES = "pledges"


@cli.command()
def export(
    paper: Annotated[Paper, typer.Argument(help="feedback-table：附件2 反馈表；pledges：附件1 承诺书")],
    unit: Annotated[str, typer.Option(help="单位编码，含下级")],
    to: Annotated[Path, typer.Option(help="写到哪个文件，.xlsx 或 .docx", dir_okay=False)],
    unmasked: Annotated[bool, typer.Option("--unmasked", help="显示完整的电话和身份证号，必须写明 --reason")] = False,
    reason: Annotated[str, typer.Option(help="为什么要完整号码，记入审计")] = "",
) -> None:
    """导出反馈表或承诺书到文件。聊天里发的文件号码都遮住；完整号码只能在这里导出，并留下审计记录。"""
    if unmasked and not reason.strip():
        _fail("--unmasked 要写明原因：--reason 上报市大数据局")
    why = reason.strip() if unmasked else ""
    with _foundation(_config()) as base:
        try:
            size = exports.export(base, paper.value, unit, to, reason=why, now=composition.real_clock)
        except exports.ExportError as error:
            _fail(str(error))
    console.print(
        f"已写到 {to}（{size} 字节）。" + ("里面有完整号码，用完请销毁。" if unmasked else ""), soft_wrap=True
    )


@roster_cli.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(help="名册文件，工作表“单位”和“人员”", exists=True, dir_okay=False)],
) -> None:
    """导入名册。有一处不对就全部不导入，逐个单元格说明；再次导入只改有变化的。"""
    with _foundation(_config()) as base:
        try:
            changes = rosters.import_file(base, file)
        except rosters.RosterProblem as error:
            _fail(*error.lines)
    console.print(
        f"已导入：单位新增 {changes.units_added}、更新 {changes.units_changed}；"
        f"人员新增 {changes.people_added}、更新 {changes.people_changed}。"
    )


@roster_cli.command("template")
def roster_template(file: Annotated[Path, typer.Argument(help="写到哪个 .xlsx 文件", dir_okay=False)]) -> None:
    """写一个空的名册模板，带填写说明。"""
    try:
        rosters.write_template_file(file)
    except FileExistsError:
        _fail(f"{file} 已经存在，没有覆盖。换一个文件名")
    except OSError as error:
        _fail(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹")
    console.print(f"模板已写到 {file}。填好后运行：zicha roster import {file}")


# ---------------------------------------------------------------- shared by the commands


def _config() -> configuration.Config:
    try:
        return configuration.load()
    except configuration.ConfigError as error:
        _fail(*error.lines)


@contextmanager
def _foundation(config: configuration.Config) -> Iterator[composition.Foundation]:
    """What a short command stands on; closed at its end."""
    logs.set_up("WARNING")
    try:
        base = composition.lay_foundation(config)
    except (CampaignError, DatabaseError, VaultError, OSError) as error:
        _fail(*str(error).splitlines())
    try:
        yield base
    finally:
        base.database.close()


def _fail(*lines: str) -> NoReturn:
    for line in lines:
        errors.print(f"zicha: {line}", markup=False, soft_wrap=True)
    raise typer.Exit(1)


@contextmanager
def _only_one(path: Path, *, wanted: bool = True) -> Iterator[None]:
    """Two bots on one SQLite file would each send the same letters: the second says so and stops."""
    if not wanted:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _fail(f"another zicha is running on this data ({path}); stop it first, or use another data folder")
    try:
        yield
    finally:
        lock.release()


async def _until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs `work` with an event that SIGINT and SIGTERM set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    if sys.platform == "win32":
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop.set))
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    await work(stop)


async def _stop_when(stop: asyncio.Event, bot: composition.App) -> None:
    await stop.wait()
    bot.stop()


if __name__ == "__main__":
    main()
