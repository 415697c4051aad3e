"""The sandbox's memory: one sqlite file and a folder of media. Knows no rule and no socket."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .content import Content

_SCHEMA = """
create table if not exists messages(
  id integer primary key autoincrement, chat text not null, sender text not null, at_ms integer not null,
  content text not null, at_names text not null, process_key text, push text, session text,
  push_state text not null, recalled integer not null default 0);
create index if not exists messages_chat on messages(chat, id);
create index if not exists messages_key on messages(process_key) where process_key is not null;
create index if not exists messages_waiting on messages(push_state) where push_state = 'waiting';
create table if not exists marks(
  chat text, staff text, upto integer not null, primary key(chat, staff)) without rowid;
create table if not exists sessions(
  session text primary key, chat text not null, expires_ms integer not null) without rowid;
create table if not exists uuids(uuid text primary key) without rowid;
create table if not exists media(
  id text primary key, name text not null, type text not null, size integer not null,
  code text unique) without rowid;
create table if not exists ledger(seq integer primary key, entry text not null);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: int
    chat: str
    sender: str
    at_ms: int
    content: Content
    at_names: list[str]
    process_key: str | None
    push_state: str  # none · waiting · acked · lost
    recalled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    id: str
    name: str
    type: str
    size: int
    code: str | None  # the download code the bot gets, for what people sent


class Store:
    def __init__(self, folder: Path) -> None:
        self._media = folder / "media"
        self._media.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "sandbox.sqlite3", isolation_level=None)
        self._db.executescript("pragma journal_mode=wal; pragma synchronous=off;" + _SCHEMA)

    def close(self) -> None:
        self._db.close()

    # messages

    def add(
        self,
        *,
        chat: str,
        sender: str,
        at_ms: int,
        content: Content,
        at_names: Iterable[str] = (),
        process_key: str | None = None,
        push: dict[str, Any] | None = None,
        session: str | None = None,
    ) -> Message:
        names = list(at_names)
        state = "none" if push is None else "waiting"
        pushed = None if push is None else _dump(push)
        cursor = self._db.execute(
            "insert into messages"
            "(chat, sender, at_ms, content, at_names, process_key, push, session, push_state)"
            " values (?,?,?,?,?,?,?,?,?)",
            (
                chat,
                sender,
                at_ms,
                _dump(content.to_json()),
                _dump(names),
                process_key,
                pushed,
                session,
                state,
            ),
        )
        return Message(
            id=cursor.lastrowid or 0,
            chat=chat,
            sender=sender,
            at_ms=at_ms,
            content=content,
            at_names=names,
            process_key=process_key,
            push_state=state,
            recalled=False,
        )

    def message(self, row: int) -> Message | None:
        return next(iter(self._select("id = ?", row)), None)

    def of_chat(self, chat: str) -> list[Message]:
        return self._select("chat = ?", chat)

    def of_key(self, process_key: str) -> list[Message]:
        return self._select("process_key = ?", process_key)

    def between(self, chat: str, after: int, upto: int) -> list[Message]:
        return self._select("chat = ? and id > ? and id <= ?", chat, after, upto)

    def last(self, chat: str) -> Message | None:
        return next(iter(self._select("chat = ? order by id desc limit 1", chat, order="")), None)

    def waiting(self) -> list[tuple[int, dict[str, Any], str]]:
        rows = self._db.execute(
            "select id, push, session from messages where push_state = 'waiting' order by at_ms, id"
        )
        return [(row, json.loads(push), session) for row, push, session in rows]

    def settle(self, row: int, state: str) -> None:
        self._db.execute("update messages set push_state = ? where id = ?", (state, row))

    def wipe(self, row: int) -> None:
        """Recalled: nothing of it is kept but its place."""
        content = _dump(Content(kind="text").to_json())
        self._db.execute("update messages set recalled = 1, content = ?, at_names = '[]' where id = ?", (content, row))

    def _select(self, where: str, *values: object, order: str = " order by id") -> list[Message]:
        # `where` and `order` are literals of this file, never input
        columns = "id, chat, sender, at_ms, content, at_names, process_key, push_state, recalled"
        sql = f"select {columns} from messages where {where}{order}"  # noqa: S608
        return [
            Message(
                id=r[0],
                chat=r[1],
                sender=r[2],
                at_ms=r[3],
                content=Content.from_json(json.loads(r[4])),
                at_names=json.loads(r[5]),
                process_key=r[6],
                push_state=r[7],
                recalled=bool(r[8]),
            )
            for r in self._db.execute(sql, values)
        ]

    # read marks

    def mark(self, chat: str, staff: str) -> int:
        sql = "select upto from marks where chat = ? and staff = ?"
        row = self._db.execute(sql, (chat, staff)).fetchone()
        return int(row[0]) if row else 0

    def set_mark(self, chat: str, staff: str, upto: int) -> None:
        self._db.execute("insert or replace into marks values (?,?,?)", (chat, staff, upto))

    def readers(self, chat: str, row: int) -> set[str]:
        rows = self._db.execute("select staff from marks where chat = ? and upto >= ?", (chat, row))
        return {staff for (staff,) in rows}

    def unread(self, chat: str, staff: str) -> int:
        sql = "select count(*) from messages where chat = ? and id > ? and sender <> ?"
        return int(self._db.execute(sql, (chat, self.mark(chat, staff), staff)).fetchone()[0])

    # sessions, idempotency keys

    def open_session(self, session: str, chat: str, expires_ms: int) -> None:
        self._db.execute("insert into sessions values (?,?,?)", (session, chat, expires_ms))

    def session(self, session: str) -> tuple[str, int] | None:
        sql = "select chat, expires_ms from sessions where session = ?"
        row = self._db.execute(sql, (session,)).fetchone()
        return (str(row[0]), int(row[1])) if row else None

    def first_time(self, uuid: str) -> bool:
        return self._db.execute("insert or ignore into uuids values (?)", (uuid,)).rowcount == 1

    # media

    def add_media(self, media: Media) -> None:
        row = (media.id, media.name, media.type, media.size, media.code)
        self._db.execute("insert into media values (?,?,?,?,?)", row)

    def media(self, media_id: str) -> Media | None:
        return self._media_where("id", media_id)

    def media_by_code(self, code: str) -> Media | None:
        return self._media_where("code", code)

    def media_path(self, media_id: str) -> Path:
        return self._media / media_id.removeprefix("@")

    def _media_where(self, column: str, value: str) -> Media | None:
        sql = f"select id, name, type, size, code from media where {column} = ?"  # noqa: S608
        row = self._db.execute(sql, (value,)).fetchone()
        return Media(id=row[0], name=row[1], type=row[2], size=row[3], code=row[4]) if row else None

    # ledger

    def keep_ledger(self, seq: int, entry: dict[str, Any]) -> None:
        self._db.execute("insert into ledger values (?,?)", (seq, _dump(entry)))

    def trim_ledger(self, upto: int) -> None:
        self._db.execute("delete from ledger where seq <= ?", (upto,))

    def last_ledger_seq(self) -> int:
        return int(self._db.execute("select coalesce(max(seq), 0) from ledger").fetchone()[0])

    def ledger(self, after: int, limit: int) -> list[dict[str, Any]]:
        rows = self._db.execute("select entry from ledger where seq > ? order by seq limit ?", (after, limit))
        return [json.loads(entry) for (entry,) in rows]


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
