"""The commands `zicha roster …`. Parses and prints; the work is done in `rosters`."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import config as configuration
from bot import directory_pull, rosters, starting, terminal

cli = typer.Typer(help="名册：单位和人员", no_args_is_help=True, rich_markup_mode=None)


class Leavers(StrEnum):
    """What becomes of people who are missing in a new roster."""

    KEEP = "keep"
    LEAVE = "leave"


@cli.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="名册文件，工作表“单位”和“人员”", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查和说明会改什么，不写入")] = False,
    leavers: Annotated[Leavers, typer.Option(help="文件里没有的人：keep 保留，leave 标记为已离开")] = Leavers.KEEP,
    unit: Annotated[str, typer.Option(help="单位编码：文件只管这个单位和下级")] = "",
    errors: Annotated[Path | None, typer.Option(help="把要改的全部写到这个文件，.xlsx 是表格", dir_okay=False)] = None,
) -> None:
    """导入名册。有一处不对就全部不导入，逐个单元格说明；再次导入只改有变化的。"""
    wish = rosters.Wish(dry_run=dry_run, leavers=leavers is Leavers.LEAVE, unit=unit, errors=errors)
    with terminal.foundation(terminal.config()) as base:
        starting.keep_pauses_short()
        try:
            with terminal.stages() as stage:
                done = rosters.import_file(base, file, wish, at=composition.real_clock(), stage=stage)
        except rosters.RosterProblem as error:
            terminal.fail(*error.lines)
        except OSError as error:
            terminal.fail(f"{error.filename} 写不了（{error.strerror}）。换一个已有的文件夹")
    for line in rosters.told(done, wish):
        terminal.console.print(line, soft_wrap=True, markup=False)


class Platform(StrEnum):
    """A platform whose directory can be read."""

    DINGTALK = "dingtalk"
    ZHEZHENGDING = "zhezhengding"


@cli.command()
def pull(
    platform: Annotated[Platform, typer.Argument(help="哪个平台的通讯录")],
    top: Annotated[str, typer.Option(help="从哪个组织开始（组织编码、部门 ID）；不写就是最上面的那个")] = "",
    under: Annotated[str, typer.Option(help="这个组织在名册里是哪个单位（单位编码）")] = "",
    accounts_only: Annotated[bool, typer.Option("--accounts-only", help="只对账号，不加人、不改人")] = False,
    leavers: Annotated[Leavers, typer.Option(help="通讯录里没有的人：keep 保留，leave 标记为已离开")] = Leavers.KEEP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说明会改什么，不写入")] = False,
) -> None:
    """从钉钉或浙政钉的通讯录读单位和人员；浙政钉的按手机号或编码对上账号。没有把握的逐个列出，不猜。"""
    config = terminal.config()
    if lines := configuration.missing_to_read(config, platform.value):
        terminal.fail(*lines)
    if accounts_only and platform is Platform.DINGTALK:
        terminal.fail("名册里的工号就是钉钉账号，不用 --accounts-only")
    wish = directory_pull.Pull(
        platform=platform.value,
        top=top,
        under=under,
        accounts_only=accounts_only,
        leavers=leavers is Leavers.LEAVE,
        dry_run=dry_run,
    )
    with terminal.foundation(config) as base:
        try:
            with terminal.stages() as stage:
                pulling = directory_pull.pull(base, config, wish, at=composition.real_clock(), stage=stage)
                done = asyncio.run(pulling)
        except rosters.RosterProblem as error:
            terminal.fail(*error.lines)
    account = rosters.told(rosters.Done(done.changes, ()), rosters.Wish(dry_run=dry_run))
    for line in (*account, *directory_pull.told(done, wish)):
        terminal.console.print(line, soft_wrap=True, markup=False)


@cli.command()
def template(file: Annotated[Path, typer.Argument(help="写到哪个 .xlsx 文件", dir_okay=False)]) -> None:
    """写一个空的名册模板，带填写说明。"""
    try:
        rosters.write_template_file(file)
    except FileExistsError:
        terminal.fail(f"{file} 已经存在，没有覆盖。换一个文件名")
    except OSError as error:
        terminal.fail(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹")
    terminal.console.print(f"模板已写到 {file}。填好后运行：zicha roster import {file}")
