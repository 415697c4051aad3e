"""The commands `zicha broadcast …`. Parses and prints; the work is done in `announcing`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot import announcing, terminal
from bot.foundation import Foundation
from handlers.broadcasts.plan import Audience, Route
from handlers.means import Means

cli = typer.Typer(help="群发：先看预算再发，看进度，停止，补发", no_args_is_help=True, rich_markup_mode=None)

_Number = Annotated[int, typer.Argument(help="群发的编号", min=1)]


@cli.command()
def send(
    to: Annotated[Audience, typer.Option(help="对象：未完成的人、所有人、联络员、工作群")],
    text: Annotated[str, typer.Option(help="内容")] = "",
    file: Annotated[Path | None, typer.Option(help="内容写在这个文本文件里", exists=True, dir_okay=False)] = None,
    unit: Annotated[str, typer.Option(help="单位编码或名字，含下级；不写就是最上级单位")] = "",
    campaign: Annotated[str, typer.Option(help="活动的 id；不写就是第一个")] = "",
    notice: Annotated[bool, typer.Option("--notice", help="用工作通知发，一次 100 人")] = False,
    departments: Annotated[bool, typer.Option("--departments", help="按部门发工作通知，一次 20 个部门")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再问，直接发")] = False,
    watch: Annotated[bool, typer.Option(help="看着发完；Ctrl-C 只是不看了，不会停发")] = True,
) -> None:
    """群发：先显示人数、调用次数、时间和占额度多少，确认才发。要有 zicha run 在运行。"""
    with _settings() as (base, means):
        route = Route.DEPARTMENTS if departments else Route.WORK_NOTICE if notice else Route.CHAT
        words = file.read_text(encoding="utf-8") if file else text
        number, told = announcing.propose(base, means, to=to, unit=unit, text=words, campaign=campaign, route=route)
        _say(told)
        if not (yes or typer.confirm("发送？")):
            announcing.stop(base, number)
            _say("没有发。")
            return
        with terminal.progress("写进发件箱") as bar:
            announcing.agree(base, number, bar)
        if watch:
            _follow(base, number)
        else:
            _say(f"已写进发件箱。zicha broadcast watch {number} 看进度，zicha broadcast stop {number} 停止。")


@cli.command("list")
def list_(limit: Annotated[int, typer.Option(help="最多列出多少次", min=1, max=1000)] = 20) -> None:
    """最近的群发。"""
    with _settings() as (base, _):
        for line in announcing.listed(base, limit) or ["还没有群发过。"]:
            _say(line)


@cli.command()
def show(number: _Number) -> None:
    """一次群发的进展：送出、等待、被拒、存疑，没送到的是谁、为什么。"""
    with _settings() as (base, _):
        for line in announcing.told(base, number):
            _say(line)


@cli.command()
def watch(number: _Number) -> None:
    """看着一次群发发完。"""
    with _settings() as (base, _):
        _follow(base, number)


@cli.command()
def stop(number: _Number) -> None:
    """停下一次群发：撤回还没发的。"""
    with _settings() as (base, _):
        _say(announcing.stop(base, number))


@cli.command()
def again(number: _Number) -> None:
    """补发：被拒绝的和没发出去的再发一次；已经收到的不会再收到。"""
    with _settings() as (base, _):
        _say(announcing.again(base, number))


@contextmanager
def _settings() -> Iterator[tuple[Foundation, Means]]:
    config = terminal.config()
    with terminal.foundation(config) as base:
        try:
            yield base, config.means
        except announcing.BroadcastError as error:
            terminal.fail(*str(error).splitlines())


def _follow(base: Foundation, number: int) -> None:
    with terminal.progress(f"群发 {number}") as bar:
        announcing.follow(base, number, bar)
    for line in announcing.told(base, number):
        _say(line)


def _say(line: str) -> None:
    terminal.console.print(line, soft_wrap=True, markup=False)
