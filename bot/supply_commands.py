"""The command `zicha sbom`. Parses and prints; the work is done in `sbom`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import sbom, terminal


def add_to(cli: typer.Typer) -> None:
    cli.command("sbom")(write)


def write(
    to: Annotated[Path | None, typer.Option(help="写到哪个 .json 文件；不写就显示出来", dir_okay=False)] = None,
) -> None:
    """写出这份安装的软件物料清单（CycloneDX JSON）：用了哪些包、哪个版本、什么许可。"""
    told = json.dumps(sbom.document(composition.real_clock()), ensure_ascii=False, indent=1)
    if to is None:
        typer.echo(told)
        return
    try:
        with to.open("x", encoding="utf-8") as out:
            out.write(told + "\n")
    except FileExistsError:
        terminal.fail(f"{to} 已经存在，没有覆盖。换一个文件名")
    except OSError as error:
        terminal.fail(f"{to} 写不了（{error.strerror}）。换一个已有的文件夹")
    terminal.console.print(f"已写到 {to}", soft_wrap=True)
