"""`zicha status`: how the bot is, from its pulse and its books, while it runs or not. Changes nothing.

What is said stands here in words and, for machines, as one JSON object; `good` is false where somebody should act.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot import alone, pulse
from bot.config import Config
from bot.pulse import Pulse
from storage import vitals
from storage.database import Database
from storage.vitals import Vitals

_FRESH = timedelta(seconds=30)
"""A pulse older than that is of a bot that hangs or is gone."""
_LATE = timedelta(minutes=10)
_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    now: datetime
    revision: str | None
    pulse: Pulse | None
    running: bool
    vitals: Vitals | None
    """None where the database has no tables yet, or those of another version."""

    @property
    def good(self) -> bool:
        return not self.troubles()

    def troubles(self) -> list[str]:
        """What somebody should look into, a line each."""
        found = [] if self.running else ["机器人没有在运行"]
        if self.running and self.pulse and self.pulse.connections == 0:
            found.append("没有连上钉钉，收不到消息：看日志里的 no stream connection")
        if self.vitals is None:
            return [*found, "数据库还没有建表，或者版本和程序不同：运行 zicha check --offline"]
        if self.vitals.due_since and self.now - self.vitals.due_since > _LATE:
            found.append(f"{self.vitals.due} 条消息早该发了还没发：看 zicha outbox")
        if self.vitals.lately.doubtful:
            found.append(f"一小时内 {self.vitals.lately.doubtful} 条消息存疑：看 zicha outbox")
        if self.vitals.lately.faults:
            found.append(f"一小时内 {self.vitals.lately.faults} 条消息程序没处理好：看日志里的 intake.fault")
        return found


def look(config: Config, now: datetime) -> Status:
    """Raises `DatabaseError` where the database cannot be opened."""
    beat = pulse.read(config.data / pulse.NAME)
    fresh = beat is not None and abs(now - beat.at) <= _FRESH
    with closing(config.open_database()) as database:
        at, newest = database.revision()
        return Status(
            now=now,
            revision=at,
            pulse=beat,
            running=fresh and (not database.is_sqlite or alone.is_held(alone.lock_file(config))),
            vitals=_vitals(database, now) if at == newest else None,
        )


def _vitals(database: Database, now: datetime) -> Vitals:
    with database.reading() as session:
        return vitals.vitals(session, now=now, since=now - _LATELY)


def lines(status: Status) -> list[str]:
    """For the terminal."""
    told = [_running(status)]
    if beat := status.pulse if status.running else None:
        if beat.connections >= 0:
            told.append(f"连接：{beat.connections}/{beat.wanted} 条，启动以来连过 {beat.opened} 次")
        told.append(f"排队的消息：{beat.waiting}")
    if books := status.vitals:
        told.append(f"最近收到消息：{_at(books.heard_at)}")
        told.append("发件箱：" + ("，".join(f"{state} {n}" for state, n in sorted(books.outbox.items())) or "空的"))
        if books.due:
            told.append(f"到点还没发的：{books.due}，最早 {_at(books.due_since)}")
        told.append(f"等着下载的文件：{books.files}")
    troubles = status.troubles()
    return [*told, *(f"问题 {line}" for line in troubles), *([] if troubles else ["好  没有要处理的"])]


def as_json(status: Status) -> dict[str, Any]:
    beat, books = status.pulse, status.vitals
    return {
        "now": _iso(status.now),
        "good": status.good,
        "troubles": status.troubles(),
        "running": status.running,
        "schema": status.revision,
        "pid": beat.pid if beat else None,
        "started_at": _iso(beat.started_at if beat else None),
        "pulse_at": _iso(beat.at if beat else None),
        "connections": beat.connections if beat else None,
        "connections_wanted": beat.wanted if beat else None,
        "connections_opened": beat.opened if beat else None,
        "waiting": beat.waiting if beat else None,
        "outbox": books.outbox if books else None,
        "outbox_due": books.due if books else None,
        "outbox_due_since": _iso(books.due_since if books else None),
        "files": books.files if books else None,
        "heard_at": _iso(books.heard_at if books else None),
        "doubtful_lately": books.lately.doubtful if books else None,
        "faults_lately": books.lately.faults if books else None,
    }


def _running(status: Status) -> str:
    beat = status.pulse
    if status.running and beat:
        return f"正在运行：进程 {beat.pid}，{_at(beat.started_at)} 启动"
    return f"没有在运行{f'，最后一次脉搏 {_at(beat.at)}' if beat else ''}"


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else "还没有"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
