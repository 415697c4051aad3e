"""The command `zicha simulate`. Parses and prints; the work is done in `simulation`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import terminal
from bot.simulation import plots, report
from bot.simulation.campaign import Plan, days_of
from bot.simulation.campaign import simulate as play
from bot.simulation.matters import CAMPAIGN
from bot.simulation.processes import ProcessError
from handlers.campaign import loading


def simulate(
    people: Annotated[int, typer.Option(help="多少人", min=40)] = 1_000,
    days: Annotated[int, typer.Option(help="截止日往前多少天开始，含截止日", min=2, max=13)] = 12,
    seed: Annotated[int, typer.Option(help="种子：同一个种子，同样的人和同样的打算")] = 7,
    out: Annotated[Path, typer.Option(help="写到哪个文件夹，要是空的", file_okay=False)] = Path("zicha-simulation"),
    restarts: Annotated[int, typer.Option(help="机器人中途重启几次，一半是强行结束", min=0)] = 6,
    faults: Annotated[int, typer.Option(help="平台出几次故障", min=0)] = 24,
    at_once: Annotated[int, typer.Option(help="同时有多少人在说话", min=1)] = 64,
) -> None:
    """在本机演练一次完整的活动：虚构的城市、真的机器人、快进的时间；最后对账，画图。对不上退出码 1。"""
    if not plots.there():
        terminal.fail(plots.MISSING)
    if out.exists() and any(out.iterdir()):
        terminal.fail(f"{out} 不是空的，什么也没动。换一个：--out")
    out.mkdir(parents=True, exist_ok=True)
    plan = Plan(people=people, days=days, seed=seed, restarts=restarts, faults=faults, at_once=at_once)
    begins, ends = days_of(loading.load(CAMPAIGN), days)
    with terminal.progress("演练") as bar:

        def told(at: datetime) -> None:
            bar(int((at - begins).total_seconds()), int((ends - begins).total_seconds()))

        try:
            outcome = asyncio.run(play(plan, out, told))
        except (ProcessError, OSError) as error:
            terminal.fail(str(error))
    report.write(outcome, out)
    for page in outcome.pages:
        terminal.console.print(f"{'问题' if page.differences else '好  '} {page.title}：{page.told}", soft_wrap=True)
        for line in page.differences:
            terminal.console.print(f"     {line}", soft_wrap=True, markup=False)
    for line in report.cost_lines(outcome):
        terminal.console.print(line, soft_wrap=True, markup=False)
    terminal.console.print(f"已写到 {out / report.REPORT}", soft_wrap=True)
    if not outcome.good:
        raise typer.Exit(1)
