"""The commands `zicha keys …`: make, change, look at and forget the master keys. Parses and prints; shows ids only."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bot import app as composition
from bot import logs, terminal
from bot.config import Config
from storage import keyring
from storage.database import Database, DatabaseError
from storage.master_keys import KeySource, VaultError

cli = typer.Typer(help="主密钥：新建、更换、查看", no_args_is_help=True, rich_markup_mode=None)

_SUITES = {"aes": "AES-256-GCM", "sm": "SM4-GCM"}
_KINDS = {
    "answer": "答案里的电话",
    "pledge": "身份证号",
    "signature": "签名",
    "file": "文件",
    "print": "指纹",
    "phone": "名册电话",
    "errand": "取件码",
    "other": "其他",
    "everything": "升级前的全部",
}


@cli.command()
def new(
    to: Annotated[Path | None, typer.Option(help="写到哪个文件；不写就是 ZICHA_KEY_FILE", dir_okay=False)] = None,
) -> None:
    """写一个新的密钥文件。已经有的不覆盖。"""
    settings = terminal.config()
    source = KeySource(to) if to else settings.keys
    try:
        if to is None:
            _refuse_a_second(settings)
        source.make()
        masters = source.read()
    except FileExistsError:
        terminal.fail(f"{source.file} 已经存在，没有覆盖。要更换密钥，运行 zicha keys rotate")
    except (DatabaseError, VaultError, OSError) as error:
        terminal.fail(str(error))
    terminal.console.print(f"新密钥 {masters.ids[0]} 写到 {source.file}。请另外保管一份。", soft_wrap=True)


def _refuse_a_second(settings: Config) -> None:
    if settings.key_text:
        terminal.fail("ZICHA_KEY is set, the key file is not read; name another file: zicha keys new --to FILE")
    with closing(settings.open_database()) as database:
        if database.revision()[0] is not None and _in_use(database):
            terminal.fail(
                "this database is sealed already: a new key would not open it; put the kept copy back, "
                "or change the key with zicha keys rotate"
            )


@cli.command()
def rotate() -> None:
    """更换主密钥：先写入新的，再逐个改包数据密钥。机器人可以照常运行；中断了再运行一次就接着做。"""
    settings = terminal.config()
    with terminal.foundation(settings) as base:
        try:
            now = composition.real_clock()
            id_, done = keyring.rotate(base.database, settings.keys, suite=settings.crypto, at=now)
        except (VaultError, OSError) as error:
            terminal.fail(str(error))
    terminal.console.print(f"现在用主密钥 {id_}，改包了 {done} 个数据密钥。请另外保管新的密钥文件。", soft_wrap=True)
    terminal.console.print(
        "旧的还在文件里；zicha keys status 说它不再需要时，用 zicha keys forget 删去。", soft_wrap=True
    )


@cli.command()
def status() -> None:
    """有哪些主密钥、各包着多少数据密钥；每类内容用哪套算法密封。不显示密钥。"""
    settings = terminal.config()
    logs.set_up("WARNING")
    try:
        with closing(settings.open_database()) as database:
            if database.revision()[0] is None or not _in_use(database):
                terminal.console.print("还没有密封过内容；第一次运行时写密钥文件。", soft_wrap=True)
                return
        with terminal.foundation(settings) as base, base.database.reading() as session:
            masters = keyring.masters_at(session, settings.keys.read())
            sealings = keyring.sealings(session)
    except (DatabaseError, VaultError, OSError) as error:
        terminal.fail(str(error))
    for master in masters:
        terminal.console.print(_master(master), soft_wrap=True)
    for one in sealings:
        use = "在用" if one.in_use else "只打开"
        told = (
            f"{one.campaign or '不属于活动'}  {_KINDS.get(one.kind, one.kind)}  {_SUITES[one.suite]}  {use} {one.keys}"
        )
        terminal.console.print(told, soft_wrap=True, markup=False)


@cli.command()
def forget(key: Annotated[str, typer.Argument(help="旧主密钥的编号，见 zicha keys status")]) -> None:
    """从密钥文件删去一个不再需要的旧主密钥。那以前的备份从此打不开。"""
    settings = terminal.config()
    with terminal.foundation(settings) as base:
        try:
            keyring.forget(base.database, settings.keys, key)
        except (VaultError, OSError) as error:
            terminal.fail(str(error))
    terminal.console.print(f"主密钥 {key} 已从 {settings.key_file} 删去；用它的旧备份不能再打开。", soft_wrap=True)


def _in_use(database: Database) -> bool:
    with database.reading() as session:
        return keyring.in_use(session)


def _master(master: keyring.Master) -> str:
    if master.newest:
        return f"主密钥 {master.id}  当前  包着 {master.wraps} 个数据密钥"
    if master.wraps:
        return f"主密钥 {master.id}  旧的  还包着 {master.wraps} 个：运行 zicha keys rotate 接着做"
    return f"主密钥 {master.id}  旧的  不再需要：zicha keys forget {master.id}"
