"""`zicha broadcast`: the operator sees what it takes, agrees, watches, stops, sends again."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from handlers.papers.roster_book import write_roster
from tests.bot_process import Result, typing_at
from tests.world import small_roster

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    with (tmp_path / "名册.xlsx").open("wb") as file:
        write_roster(small_roster(), file)
    with typing_at(tmp_path) as command:
        assert command("roster", "import", "名册.xlsx").exit_code == 0
        yield command


def database(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "zicha-data/zicha.sqlite3")) as there, there:
        return there.execute(statement).fetchall()


def send(typed: Typed, *more: str) -> Result:
    return typed("broadcast", "send", "--to", "everyone", "--text", "明天开会", "--no-watch", *more)


def test_it_shows_what_it_takes_and_asks(typed: Typed, tmp_path: Path) -> None:
    said = send(typed)  # nobody answers the question
    assert "8 人" in said.output
    assert "调用 1 次" in said.output
    assert database(tmp_path, "SELECT count(*) FROM outgoing") == [(0,)]
    done = send(typed, "--yes", "--unit", "紫金街道")
    assert done.exit_code == 0
    assert "zicha broadcast stop 2" in done.output
    lanes = database(tmp_path, "SELECT lane FROM outgoing WHERE broadcast_id = 2 ORDER BY lane")
    assert [str(lane).rpartition(":")[2] for (lane,) in lanes] == ["li", "wang", "zhang"]
    audited = database(tmp_path, "SELECT actor, action FROM audit WHERE action LIKE 'broadcast%' ORDER BY id")
    assert ("operator", "broadcast.agree") in audited


def test_it_is_looked_at_stopped_and_sent_again(typed: Typed, tmp_path: Path) -> None:
    send(typed, "--yes")
    database(tmp_path, "UPDATE outgoing SET state = 'sent' WHERE lane LIKE '%:li'")
    database(
        tmp_path, "UPDATE outgoing SET state = 'refused', trouble = 'invalidStaffIdList' WHERE lane LIKE '%:zhang'"
    )
    shown = typed("broadcast", "show", "1").output
    assert "发送中：2/8（25%）" in shown
    assert "平台上找不到，可能已离职，或者不在应用可见范围：1" in shown
    assert "张三丰" in shown
    assert "送出 1/8" in typed("broadcast", "list").output
    assert "撤回还没发的 6 条，已经送出的 1 条收不回" in typed("broadcast", "stop", "1").output
    assert "补发 7 条" in typed("broadcast", "again", "1").output
    assert database(tmp_path, "SELECT count(*) FROM outgoing WHERE state = 'waiting'") == [(7,)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", " "), "内容是空的"),
        (("--text", "身份证 332501199003070843"), "身份证号"),
        (("--text", "开会", "--unit", "没有这个"), "没有单位"),
        (("--text", "开会", "--campaign", "other"), "没有打开的活动"),
        (("--text", "开会", "--notice"), "DINGTALK_AGENT_ID"),
    ],
)
def test_what_cannot_be_is_said(typed: Typed, words: tuple[str, ...], said: str) -> None:
    done = typed("broadcast", "send", "--to", "everyone", "--yes", *words)
    assert done.exit_code == 1
    assert said in done.output


def test_there_is_none_of_that_number(typed: Typed) -> None:
    for word in ("show", "watch", "stop", "again"):
        done = typed("broadcast", word, "7")
        assert done.exit_code == 1
        assert "没有这一次群发" in done.output
    assert "还没有群发过" in typed("broadcast", "list").output
