"""The commands `zicha backup`, `restore` and `migrate-database`. Parses, prints, and says what to do next."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import alone, backups, logs, moving, terminal
from bot import app as composition
from handlers.campaign.loading import CampaignError
from storage.backup import BackupError, Moment
from storage.database import DatabaseError
from storage.master_keys import VaultError

_TROUBLE = (alone.NotAlone, BackupError, CampaignError, DatabaseError, VaultError, OSError)


def backup(
    to: Annotated[
        Path | None, typer.Option(help="写到哪个文件；不写就是当前文件夹里带时间的名字", dir_okay=False)
    ] = None,
) -> None:
    """备份数据库到一个密封的文件；机器人可以照常运行。用主密钥密封：密钥和备份分开放。"""
    config, now = terminal.config(), composition.real_clock()
    logs.set_up("WARNING")
    file = to or Path(f"zicha-{now.astimezone():%Y%m%d-%H%M%S}.backup")
    try:
        with terminal.progress("备份") as watch:
            moment = backups.back_up(config, file, now=now, watch=watch)
    except _TROUBLE as error:
        terminal.fail(*str(error).splitlines())
    told = f"已备份到 {file}（{file.stat().st_size} 字节，{moment.rows} 行）。要打开它，需要现在的主密钥。"
    terminal.console.print(told, soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="zicha backup 写的文件", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="只打开核对，不恢复")] = False,
) -> None:
    """从备份恢复：先停机器人，已有的数据库不覆盖。备份以后发过的消息不会自己再发。"""
    config = terminal.config()
    logs.set_up("WARNING")
    try:
        if check:
            moment = backups.prove(config, file)
            terminal.console.print(f"这份备份完好，打得开：{_told(moment)}。", soft_wrap=True)
            return
        with alone.alone(alone.lock_file(config)), terminal.progress("恢复") as watch:
            done = backups.restore(config, file, now=composition.real_clock(), watch=watch)
    except _TROUBLE as error:
        terminal.fail(*str(error).splitlines())
    for line in (
        f"已恢复到备份时的样子：{_told(done.moment)}。",
        "备份以后的回答和签署没有了：本人再说话时，从那时的地方接着问。",
        f"备份时还没发出的 {done.doubtful} 条消息没有再发，列为存疑：用 zicha outbox 看，确实没发过的再手工发。",
        "到现在为止该发的提醒算作已发；回执号跳过一段，不会重号。",
        "接下来：zicha verify --restored 原因（存证以现在的记录为准），zicha check --offline，再启动机器人。",
    ):
        terminal.console.print(line, soft_wrap=True)


def migrate_database(
    source: Annotated[str, typer.Argument(help="现在的数据库，例如 sqlite:///zicha-data/zicha.sqlite3")],
    target: Annotated[str, typer.Argument(help="要搬去的空库，例如 postgresql://zicha@db.local/zicha")],
) -> None:
    """把进行中的活动搬到另一个数据库（SQLite、PostgreSQL 都行），逐行核对；先停机器人。密码写在 PGPASSFILE 里。"""
    logs.set_up("WARNING")
    try:
        with terminal.stages() as stage:
            rows = moving.move(source, target, stage)
    except (moving.MoveError, *_TROUBLE) as error:
        terminal.fail(*str(error).splitlines())
    for line in (
        f"已搬过去 {rows} 行，逐行核对一致；原来的库没有动。",
        "接下来：把 ZICHA_DATABASE_URL 改成新的地址（密钥文件不变），zicha check --offline，再启动机器人。",
    ):
        terminal.console.print(line, soft_wrap=True)


def _told(moment: Moment) -> str:
    at = datetime.fromisoformat(moment.at).astimezone()
    return f"{at:%Y-%m-%d %H:%M} 的，{moment.rows} 行，表结构 {moment.revision}"
