"""The commands `zicha verify` and `zicha proof`. Parses and prints; the work is done in `verifying` and `evidence`."""

from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import evidence, terminal, verifying
from bot.verifying import Verdict, VerifyError


def add_to(cli: typer.Typer) -> None:
    cli.command()(verify)
    cli.command()(proof)


def verify(
    what: Annotated[
        str, typer.Argument(help="材料页脚上的验证码、一天的校验码，或证明文件（.json）；不写就核对全部记录")
    ] = "",
    file: Annotated[Path | None, typer.Argument(help="要核对的文件", exists=True, dir_okay=False)] = None,
    restored: Annotated[str, typer.Option(help="数据库是从备份恢复的：写明原因，记入审计，以现在的记录为准")] = "",
) -> None:
    """核对记录、材料或一份承诺书的证明。不一致时说明哪张表哪一行，退出码 1。"""
    try:
        if what.lower().endswith(".json"):
            verdict = evidence.check_proof(Path(what))
        else:
            verdict = _on_the_database(what, file, restored.strip())
    except VerifyError as error:
        terminal.fail(str(error))
    for line in verdict.lines:
        terminal.console.print(line, soft_wrap=True, markup=False)
    if not verdict.good:
        raise typer.Exit(1)


def _on_the_database(what: str, file: Path | None, restored: str) -> Verdict:
    now = composition.real_clock
    with terminal.foundation(terminal.config()) as base, terminal.progress("核对") as progress:
        if not what:
            return evidence.check_all(base, now=now, restored=restored, progress=progress)
        if evidence.is_digest(what):
            return evidence.check_day(base, what)
        return verifying.verify(base, what, file, now=now, progress=progress)


def proof(
    who: Annotated[str, typer.Argument(help="谁的承诺书：工号或回执号")],
    to: Annotated[Path | None, typer.Option(help="写到哪个 .json 文件", dir_okay=False)] = None,
    campaign: Annotated[str, typer.Option(help="活动的 id；不写就是第一个")] = "",
) -> None:
    """写出一份承诺书的证明：一个小文件，不用数据库就能核对，也看不到别人的。"""
    with terminal.foundation(terminal.config()) as base:
        try:
            file, digest = evidence.prove(base, who, to, campaign, now=composition.real_clock)
        except VerifyError as error:
            terminal.fail(str(error))
    terminal.console.print(f"已写到 {file}。那一天的校验码：{digest}", soft_wrap=True)
    terminal.console.print(f"核对：zicha verify {file}，再和群里公布的校验码比。", soft_wrap=True)
