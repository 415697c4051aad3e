"""The commands `zicha groups …`. Parses and prints; the work is done in `groups`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import groups, terminal
from bot.groups import GroupProblem, Wish

cli = typer.Typer(help="群：往哪些群发单位数字，群机器人", no_args_is_help=True, rich_markup_mode=None)

_Name = Annotated[str, typer.Argument(help="群名")]


@cli.command()
def add(
    name: _Name,
    unit: Annotated[str, typer.Option(help="哪个单位的群：单位编码")],
    keyword: Annotated[str, typer.Option(help="机器人用“自定义关键词”时，其中一个词；消息里没有就加在最后")] = "",
    from_file: Annotated[
        Path | None,
        typer.Option("--from", help="从文件读：第一行 Webhook 地址，第二行加签密钥；- 是标准输入", dir_okay=False),
    ] = None,
) -> None:
    """登记一个群的自定义机器人。地址和密钥输入时不显示，加密保存，不会出现在命令历史里。"""
    address, secret = _secrets(from_file)
    config = terminal.config()
    wish = Wish(name=name.strip(), unit=unit.strip(), address=address, secret=secret, keyword=keyword.strip())
    with terminal.foundation(config) as base:
        try:
            told = groups.add(base, config, wish, at=composition.real_clock())
        except GroupProblem as error:
            terminal.fail(str(error))
    for line in told:
        terminal.console.print(line, soft_wrap=True, markup=False)


def _secrets(file: Path | None) -> tuple[str, str]:
    """The address and the key: from a file, from the standard input, or typed without being shown."""
    if file is None:
        address = typer.prompt("Webhook 地址", hide_input=True)
        return address.strip(), typer.prompt("加签密钥（没有就直接回车）", hide_input=True, default="").strip()
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        terminal.fail(f"{file} 读不了（{error}）")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else ""), (lines[1] if len(lines) > 1 else "")


@cli.command("list")
def list_() -> None:
    """列出所有要发的群：哪个单位的，能不能@人。不显示地址和密钥。"""
    with terminal.foundation(terminal.config()) as base:
        for line in groups.listed(base):
            terminal.console.print(line, soft_wrap=True, markup=False)


@cli.command()
def test(name: _Name) -> None:
    """让群机器人马上说一句，看地址、密钥、关键词对不对。"""
    config = terminal.config()
    with terminal.foundation(config) as base:
        try:
            told = asyncio.run(groups.test(base, config, name, composition.real_clock))
        except GroupProblem as error:
            terminal.fail(str(error))
    terminal.console.print(told, soft_wrap=True, markup=False)


@cli.command()
def remove(name: _Name) -> None:
    """删掉一个群机器人，或者解除一个在聊天里绑定的群。"""
    with terminal.foundation(terminal.config()) as base:
        try:
            told = groups.remove(base, name, at=composition.real_clock())
        except GroupProblem as error:
            terminal.fail(str(error))
    terminal.console.print(told, soft_wrap=True, markup=False)
