"""What a thief finds: the database file, its journal, its backups, a server's files. Every number and scan of a busy
day is looked for in every byte, in every spelling, and every column is looked through for anything like a number."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlmodel import SQLModel, select

from bot import backups
from handlers.returns.rows import return_rows
from storage.models import StoredFile, Unit
from tests.databases import KINDS, PostgresServer
from tests.test_backup import nobody, settings
from tests.test_returns import pdf
from tests.world import World, id_number

NUMBER = id_number("377")
PHONES = {what: f"1991111{n:04}" for n, what in enumerate(
    ("contact", "corrected", "exempt", "gaps", "incident", "closing", "finding", "answer", "sent back", "risk"), 2200
)}  # fmt: skip
MARK = b"this page is stamped and signed"
LIST = "\n".join(
    f"{n} 某某 1992222{n:04} {id_number(f'{n:03}', born='19710101')} 阳光小区{n}幢" for n in range(501, 506)
)


@pytest.fixture
def busy(world: World) -> World:
    """A day in which everything is said that may hold a number."""
    li, wang, zhou, qian = (world.person(who) for who in ("li", "wang", "zhou", "qian"))
    for said in ("你好", "2", "手机 微信", "1", "1", "1", "1", "改一项", "联系人及联系方式"):
        li.says(said)
    for said in (f"李小四 {PHONES['contact']}", "1", "1", "现在签", f"李小四 {NUMBER}"):
        li.says(said)
    assert "回执" in li.says("1")
    li.says(LIST)
    qian.says(LIST.replace("\n", "；"))
    assert "改" in wang.says(f"更正 1 联系人及联系方式：王雅芳 {PHONES['corrected']}")
    zhou.says(f"免填 张三丰：长期病假，家属电话 {PHONES['exempt']}")
    wang.says(f"带缺口确认 还有人在外地，电话 {PHONES['gaps']}")
    assert "收到" in wang.sends_file("扫描.pdf", pdf(2) + MARK)
    world.person("wang").sends_file(f"{NUMBER}.pdf", pdf(3) + MARK)
    zhou.says(f"登记事件 紫金街道 5月10日：群里转发了名单，群主 {PHONES['incident']}")
    zhou.says(f"事件 1 处理：已谈话，{PHONES['closing']}")
    zhou.says(f"发现 紫金街道：名单还在，问 {PHONES['finding']}")
    wang.says(f"整改 1：已删除，找 {PHONES['answer']}")
    wang.says("上报")
    zhou.says(f"退回 紫金街道：电话联系 {PHONES['sent back']}")
    li.says(f"风险 1 跟进：{PHONES['risk']}")
    world.person("stranger", f"陌生 {PHONES['contact']}").says("你好")
    return world


def secrets() -> Iterator[bytes]:
    listed = re.findall(r"1992222\d{4}|\d{17}[\dX]", LIST)
    for number in chain([NUMBER, "19900001234"], PHONES.values(), listed):
        for form in (number, f"{number[:6]} {number[6:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}"):
            yield form.encode()
            yield form.encode("utf-16-le")
    yield MARK
    yield b"%PDF-1.4"


def assert_nothing_in(stolen: bytes, where: str) -> None:
    assert len(stolen) > 100_000, f"{where} was not looked at"
    assert [secret for secret in secrets() if secret in stolen] == [], where


def test_nothing_stands_in_the_file_its_journal_or_a_copy(busy: World, tmp_path: Path) -> None:
    """The process is still running: what was written last stands in the journal."""
    assert_nothing_in(busy.on_disk(), "database")
    if busy.database.is_sqlite:
        source = make_url(busy.url).database or ""
        assert any(Path(source).parent.glob("*-wal"))
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(tmp_path / "copy")) as other:
            one.backup(other)
        assert_nothing_in((tmp_path / "copy").read_bytes(), "copy")
    else:
        server = KINDS["postgresql"]
        assert isinstance(server, PostgresServer)
        assert_nothing_in(server.journal(), "write-ahead log")
    busy.close()
    assert_nothing_in(busy.on_disk(), "database after the end")


def test_nothing_stands_in_a_backup_and_it_is_all_there_with_the_key(busy: World, tmp_path: Path) -> None:
    file = tmp_path / "stolen.backup"
    backups.back_up(settings(tmp_path / "first", busy.url), file, now=busy.now, watch=nobody)
    stolen = file.read_bytes()
    assert [secret for secret in secrets() if secret in stolen] == []
    for name in ("李小四".encode(), "紫金街道".encode(), b"SQLite format"):
        assert name not in stolen, "not even the names"


def test_every_column_of_every_table_is_without_numbers(busy: World) -> None:
    """Also those that are not known to hold any: a telephone or an ID number in plain stands nowhere."""
    like_one = re.compile(r"(?<![\da-f.-])(?:1[3-9]\d{9}|\d{17}[\dXx])(?![\da-f.-])", re.I)
    looked = 0
    with busy.database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.execute(table.select()).mappings():
                for column, value in row.items():
                    if isinstance(value, str):
                        looked += 1
                        assert not like_one.search(value), f"{table.name}.{column}"
    assert looked > 500


def test_files_lie_sealed_and_their_names_say_nothing(busy: World) -> None:
    with busy.database.reading() as session:
        kept = session.exec(select(StoredFile)).all()
    assert len(kept) == 2
    for file in kept:
        assert file.content[:2] == b"1."
        assert NUMBER not in file.name
    assert all(MARK in busy.vault.open_bytes(file.content, f"file/{file.digest}") for file in kept)


def test_with_the_key_the_papers_are_whole_and_in_the_chat_they_are_masked(busy: World) -> None:
    with busy.database.reading() as session:
        unit = session.exec(select(Unit).where(Unit.code == "331102001")).one()
        later = busy.now + timedelta(minutes=1)
        rows: dict[bool, Any] = {
            whole: list(return_rows(session, busy.campaign, unit, later, busy.vault if whole else None))
            for whole in (True, False)
        }
    assert PHONES["corrected"] in str(rows[True])
    assert PHONES["corrected"] not in str(rows[False])
    assert "＊＊＊＊2201" in str(rows[False])


def test_no_letter_held_a_number(busy: World) -> None:
    told = "\n".join(line[4] for line in busy.facts()["outbox"])
    for number in (NUMBER, *PHONES.values()):
        assert number not in told
