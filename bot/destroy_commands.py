"""The command `zicha destroy`. Parses and prints; the work is done in `destroying`."""

from pathlib import Path
from typing import Annotated

import typer

from bot import alone, destroying, terminal
from bot import app as composition
from bot.destroying import DestroyError, Wish
from storage.database import DatabaseError


def add_to(cli: typer.Typer) -> None:
    cli.command()(destroy)


def destroy(
    campaign: Annotated[str, typer.Option(help="销毁哪个活动：它的 id")],
    confirm: Annotated[str, typer.Option(help="先不写：看会销毁什么，并得到确认码；再写上确认码执行")] = "",
    certificate: Annotated[Path | None, typer.Option(help="销毁证明写到哪个 .docx 文件", dir_okay=False)] = None,
    roster: Annotated[bool, typer.Option("--roster", help="名册一起销毁；最后一个活动销毁时总是一起")] = False,
    force: Annotated[bool, typer.Option("--force", help="还没到截止日也销毁，必须写明 --reason")] = False,
    reason: Annotated[str, typer.Option(help="为什么提前销毁，写进证明")] = "",
) -> None:
    """销毁一个活动：删密钥、删记录、压缩数据库，写出销毁证明。先看，再凭确认码执行；要先停机器人。"""
    config = terminal.config()
    wish = Wish(campaign=campaign, roster=roster, force=force, reason=reason.strip())
    file = certificate or Path(f"销毁证明-{campaign}.docx")
    try:
        with alone.alone(alone.lock_file(config)), terminal.foundation(config) as base, base.database.alone():
            found, code = destroying.plan(base, wish, now=composition.real_clock())
            if not confirm:
                _show(destroying.told(base, found))
                again = f"zicha destroy --campaign {campaign} --confirm {destroying.shown(code)}"
                terminal.console.print(f"以上还没有销毁。确认就再运行（其余选项照写）：{again}", soft_wrap=True)
                return
            with terminal.progress("销毁"):
                made, written = destroying.destroy(base, wish, confirm, file, now=composition.real_clock)
    except (DestroyError, DatabaseError, alone.NotAlone) as error:
        terminal.fail(str(error))
    _show([f"{name}：销毁前 {before}，销毁 {erased}，还有 {after}" for name, before, erased, after in made.tables])
    _show([f"没有做成的：{left}" for left in made.compacted])
    terminal.console.print(f"已销毁。证明写到 {written}，编号 {made.number}。请打印、签字、盖章。", soft_wrap=True)
    terminal.console.print(f"再把 {campaign} 从 ZICHA_CAMPAIGN 里去掉，销毁备份和给出去的文件。", soft_wrap=True)


def _show(lines: list[str]) -> None:
    for line in lines:
        terminal.console.print(line, soft_wrap=True, markup=False)
