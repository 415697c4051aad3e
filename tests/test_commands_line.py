"""The command `zicha`: what it can do is said in Chinese, files in and out, and a plain account of what happened."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.bot_process import Result, typing_at, zicha

Typed = Callable[..., Result]
COMMANDS = [("demo",), ("run",), ("check",), ("outbox",), ("roster",), ("roster", "import"), ("roster", "template")]


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    with typing_at(tmp_path) as command:
        yield command


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "zicha-data/zicha.sqlite3")) as database:
        return database.execute(question).fetchall()


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_help_reads_well(typed: Typed, command: tuple[str, ...]) -> None:
    result = typed(*command, "--help")
    assert result.exit_code == 0
    assert "Traceback" not in result.output
    assert re.search(r"[\u4e00-\u9fff]{4}", result.output)
    assert max(len(line) for line in result.output.splitlines()) <= 100


def test_every_command_is_listed_with_what_it_does(typed: Typed) -> None:
    listed = re.findall(r"^  ([a-z]+) +(.+)$", typed("--help").output, re.MULTILINE)
    names = {name for name, _ in listed}
    assert {"demo", "run", "check", "outbox", "roster"} <= names
    assert all(re.search(r"[\u4e00-\u9fff]{2}", what) for _, what in listed)


def test_every_option_says_what_it_is_for(typed: Typed) -> None:
    for command in COMMANDS:
        told = typed(*command, "--help").output
        for line in re.findall(r"^  (?:-\w, )?--[\w-]+.*$(?:\n {10,}.*)*", told, re.MULTILINE):
            assert "--help" in line or re.search(r"[\u4e00-\u9fff]{2}", line), line


@pytest.mark.parametrize("words", [(), ("roster",)])
def test_nothing_typed_shows_the_help(typed: Typed, words: tuple[str, ...]) -> None:
    assert "Usage" in typed(*words).output


@pytest.mark.parametrize("words", [("rnu",), ("run", "--fast"), ("roster", "import"), ("demo", "--port", "x")])
def test_a_slip_of_the_fingers(typed: Typed, words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_it_starts_as_a_process_without_a_warning(tmp_path: Path) -> None:
    done = zicha("--help", cwd=tmp_path, env={"PYTHONWARNINGS": "error"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "zicha demo" in done.stdout


# ---------------------------------------------------------------- the roster


def fill(file: Path, units: list[tuple[str, ...]], people: list[tuple[str, ...]]) -> None:
    """Writes below the examples of a template, as the operator does in a table program."""
    book = load_workbook(file)
    for name, lines in (("单位", units), ("人员", people)):
        for line in lines:
            book[name].append(list(line))
    book.save(file)


UNITS = [("3311", "丽水市", "", "市", "3311"), ("331102", "莲都区", "3311", "县(市、区)", "331102")]
PEOPLE = [("ld0001", "张三丰", "331102", "区县大数据中心", "19900001234"), ("ld0002", "李小四", "331102", "", "")]


def test_the_template_comes_back_as_it_was_filled_in(typed: Typed, tmp_path: Path) -> None:
    assert "zicha roster import 名册.xlsx" in typed("roster", "template", "名册.xlsx").output
    fill(tmp_path / "名册.xlsx", UNITS, PEOPLE)
    first = typed("roster", "import", "名册.xlsx")
    assert (first.exit_code, first.output) == (0, "已导入：单位新增 2、更新 0；人员新增 2、更新 0。\n")
    again = typed("roster", "import", "名册.xlsx")
    assert again.output == "已导入：单位新增 0、更新 0；人员新增 0、更新 0。\n"
    assert rows(tmp_path, "select name from person order by staff_id") == [("张三丰",), ("李小四",)]
    assert b"19900001234" not in (tmp_path / "zicha-data/zicha.sqlite3").read_bytes()


def test_only_what_changed_is_changed(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, PEOPLE)
    typed("roster", "import", "名册.xlsx")
    typed("roster", "template", "新.xlsx")
    moved = [("ld0002", "李小四", "331102", "联络员", ""), ("ld0003", "王五一", "331102", "", "")]
    fill(tmp_path / "新.xlsx", UNITS, [PEOPLE[0], *moved])
    assert typed("roster", "import", "新.xlsx").output == "已导入：单位新增 0、更新 0；人员新增 1、更新 1。\n"


def test_an_unfilled_template_says_so(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    result = typed("roster", "import", "名册.xlsx")
    assert result.exit_code in (0, 1)
    assert "Traceback" not in result.output
    assert rows(tmp_path, "select count(*) from person") == [(0,)]


def test_a_template_is_not_written_over(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "名册.xlsx").write_bytes(b"somebody's work")
    result = typed("roster", "template", "名册.xlsx")
    assert result.exit_code == 1
    assert "没有覆盖" in result.stderr
    assert (tmp_path / "名册.xlsx").read_bytes() == b"somebody's work"


def test_a_template_into_a_folder_that_is_not_there(typed: Typed) -> None:
    result = typed("roster", "template", "nowhere/名册.xlsx")
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "nowhere" in result.stderr


def test_bad_cells_are_named_and_nothing_is_imported(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    nameless, lost, double = ("ld0003", "", "331102"), ("ld0004", "赵六一", "999999"), ("ld0001", "重名人", "331102")
    bad = [(*line, "", "") for line in (nameless, lost, double)]
    fill(tmp_path / "名册.xlsx", UNITS, [*PEOPLE, *bad])
    result = typed("roster", "import", "名册.xlsx")
    assert result.exit_code == 1
    assert "名册.xlsx 没有导入" in result.stderr
    assert len(re.findall(r"人员 [A-E]\d+：", result.stderr)) >= 3
    assert rows(tmp_path, "select count(*) from unit") == [(0,)]
    assert rows(tmp_path, "select count(*) from person") == [(0,)]


def test_many_bad_cells_do_not_flood_the_screen(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, [(f"x{n}", "", "331102", "", "") for n in range(60)])
    result = typed("roster", "import", "名册.xlsx")
    assert len(result.stderr.splitlines()) < 30
    assert "还有" in result.stderr


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_workbook(typed: Typed, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "名册.xlsx").write_bytes(content)
    result = typed("roster", "import", "名册.xlsx")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert "名册.xlsx 没有导入" in result.stderr


def test_a_file_that_is_not_there(typed: Typed) -> None:
    result = typed("roster", "import", "没有.xlsx")
    assert result.exit_code == 2
    assert "没有.xlsx" in result.stderr


# ---------------------------------------------------------------- the outbox


def test_an_empty_outbox(typed: Typed) -> None:
    assert typed("outbox").output == "发件箱是空的\n"


def test_the_outbox_counts_and_names_what_went_wrong_without_words(typed: Typed, tmp_path: Path) -> None:
    typed("outbox")
    states = ["sent"] * 3 + ["waiting", "refused", "doubtful", "withdrawn", "expired", "sending"]
    with closing(sqlite3.connect(tmp_path / "zicha-data/zicha.sqlite3")) as database:
        for n, state in enumerate(states):
            database.execute(
                "insert into outgoing (key, lane, bulk, topic, body, state, not_before, attempts, settled_at, receipt,"
                " trouble) values (?, ?, 0, 'reply', ?, ?, '2022-05-18 01:00:00', 1, '2022-05-18 01:00:01', '', ?)",
                (f"dingapp/msg{n}#0", f"dingtalk:direct:p{n}", '{"kind":"Text","markdown":"秘密"}', state, f"why {n}"),
            )
        database.commit()
    output = typed("outbox").output
    first, *others = output.splitlines()
    for said in ("已发 3", "待发 1", "被拒 1", "存疑 1", "已撤 1", "过期未发 1", "发送中 1"):
        assert said in first
    assert [re.split(r"\s{2,}", line)[0] for line in others] == ["存疑", "被拒"]
    assert "dingapp/msg5#0" in others[0]
    assert "why 5" in others[0]
    assert "秘密" not in output


def test_the_outbox_tells_the_time_of_the_office(typed: Typed, tmp_path: Path) -> None:
    """Letters that went wrong at nine in the morning did so at nine, not at one."""
    typed("outbox")
    with closing(sqlite3.connect(tmp_path / "zicha-data/zicha.sqlite3")) as database:
        database.execute(
            "insert into outgoing (key, lane, bulk, topic, body, state, not_before, attempts, settled_at, receipt,"
            " trouble) values ('k', 'dingtalk:direct:p', 0, 'reply', '{}', 'refused', '2022-05-18 01:00:00', 1,"
            " '2022-05-18 01:00:01', '', 'x')"
        )
        database.commit()
    assert "2022-05-18 09:00" in typed("outbox").output
