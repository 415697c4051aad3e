"""What stands on people's phones: notices and to-dos, in a sqlite file. Knows no rule."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists notices(
  id integer primary key autoincrement, biz text not null, account text not null, at_ms integer not null,
  day text not null, message text not null, recalled integer not null default 0);
create index if not exists notices_account on notices(account, day);
create index if not exists notices_biz on notices(biz);
create table if not exists calls(
  biz text primary key, at_ms integer not null, day text not null, people integer not null);
create table if not exists todos(
  uuid text primary key, biz text unique not null, assignee text not null, creator text not null,
  at_ms integer not null, told text not null, state text not null);
"""


class Phones:
    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "zhezhengding.sqlite3", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("pragma journal_mode=wal; pragma synchronous=off;" + _SCHEMA)

    def close(self) -> None:
        self._db.close()

    # notices

    def last_call(self) -> int | None:
        found = self._db.execute("select max(at_ms) as at from calls").fetchone()["at"]
        return int(found) if found is not None else None

    def knows(self, biz: str) -> bool:
        return self._db.execute("select 1 from calls where biz = ?", (biz,)).fetchone() is not None

    def sent_on(self, day: str) -> int:
        return int(
            self._db.execute("select coalesce(sum(people), 0) as n from calls where day = ?", (day,)).fetchone()["n"]
        )

    def had_on(self, account: str, day: str) -> list[str]:
        """The messages somebody got on a day."""
        rows = self._db.execute("select message from notices where account = ? and day = ?", (account, day))
        return [str(row["message"]) for row in rows]

    def call(self, biz: str, at_ms: int, day: str, people: int) -> None:
        self._db.execute("insert into calls(biz, at_ms, day, people) values (?,?,?,?)", (biz, at_ms, day, people))

    def notify(self, biz: str, account: str, at_ms: int, day: str, message: str) -> None:
        told = (biz, account, at_ms, day, message)
        self._db.execute("insert into notices(biz, account, at_ms, day, message) values (?,?,?,?,?)", told)

    def recall(self, biz: str) -> None:
        self._db.execute("update notices set recalled = 1 where biz = ?", (biz,))

    def notices(self, account: str) -> list[dict[str, Any]]:
        rows = self._db.execute("select * from notices where account = ? order by id", (account,))
        return [
            {
                "id": row["id"],
                "bizMsgId": row["biz"],
                "atMs": row["at_ms"],
                "message": json.loads(row["message"]),
                "recalled": bool(row["recalled"]),
            }
            for row in rows
        ]

    # to-dos

    def todo_of(self, biz: str) -> str | None:
        row = self._db.execute("select uuid from todos where biz = ?", (biz,)).fetchone()
        return str(row["uuid"]) if row else None

    def add_todo(self, *, uuid: str, biz: str, assignee: str, creator: str, at_ms: int, told: dict[str, Any]) -> None:
        values = (uuid, biz, assignee, creator, at_ms, json.dumps(told, ensure_ascii=False))
        self._db.execute("insert into todos values (?,?,?,?,?,?,'open')", values)

    def todo(self, uuid: str) -> dict[str, Any] | None:
        row = self._db.execute("select * from todos where uuid = ?", (uuid,)).fetchone()
        return _todo(row) if row else None

    def end_todo(self, uuid: str, state: str) -> None:
        self._db.execute("update todos set state = ? where uuid = ?", (state, uuid))

    def todos(self, account: str) -> list[dict[str, Any]]:
        return [
            _todo(row) for row in self._db.execute("select * from todos where assignee = ? order by rowid", (account,))
        ]


def _todo(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "taskUuid": row["uuid"],
        "bizTaskId": row["biz"],
        "assigneeId": row["assignee"],
        "creatorId": row["creator"],
        "atMs": row["at_ms"],
        "state": row["state"],
        **json.loads(row["told"]),
    }
