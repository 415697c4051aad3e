"""The command `zicha`: what it can do is said in Chinese, files in and out, and a plain account of what happened."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.alone import alone
from tests.bot_process import Result, typing_at, zicha

Typed = Callable[..., Result]
COMMANDS = [("demo",), ("run",), ("check",), ("outbox",), ("roster",), ("roster", "import"), ("roster", "template")]
COMMANDS += [("export",), ("verify",), ("proof",), ("destroy",), ("sbom",), ("backup",), ("restore",), ("status",)]
COMMANDS += [("reminders",), ("reminders", "plan")]


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
    assert (first.exit_code, first.output) == (0, "已导入：单位新增 2，人员新增 2，角色新给 1。\n")
    again = typed("roster", "import", "名册.xlsx")
    assert again.output == "和名册一致，没有要改的（人员不变 2）。\n"
    assert rows(tmp_path, "select name from person order by staff_id") == [("张三丰",), ("李小四",)]
    assert b"19900001234" not in (tmp_path / "zicha-data/zicha.sqlite3").read_bytes()


def test_only_what_changed_is_changed(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, PEOPLE)
    typed("roster", "import", "名册.xlsx")
    typed("roster", "template", "新.xlsx")
    moved = [("ld0002", "李小四", "331102", "联络员", ""), ("ld0003", "王五一", "331102", "", "")]
    fill(tmp_path / "新.xlsx", UNITS, [PEOPLE[0], *moved])
    told = "人员新增 1，人员更新 1，人员不变 1，角色新给 1。\n"
    assert typed("roster", "import", "新.xlsx", "--dry-run").output == f"检查通过，没有写入。导入后会：{told}"
    assert rows(tmp_path, "select count(*) from person") == [(2,)]
    assert typed("roster", "import", "新.xlsx").output == f"已导入：{told}"


def test_who_is_missing_is_kept_unless_they_are_said_to_have_left(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, PEOPLE)
    typed("roster", "import", "名册.xlsx")
    typed("roster", "template", "少.xlsx")
    fill(tmp_path / "少.xlsx", UNITS, PEOPLE[:1])
    kept = typed("roster", "import", "少.xlsx").output
    assert kept.splitlines() == [
        "和名册一致，没有要改的（人员不变 1）。",
        "文件里没有的 1 人保留不动；已离开的用 --leavers leave 标记。",
    ]
    left = typed("roster", "import", "少.xlsx", "--leavers", "leave").output
    assert left == "已导入：人员离开 1，人员不变 1。\n"
    assert rows(tmp_path, "select active from person order by id") == [(1,), (0,)]
    assert rows(tmp_path, "select count(*) from membership where until is null") == [(1,)]
    assert typed("roster", "import", "名册.xlsx").output == "已导入：人员回来 1，人员不变 1。\n"


def test_a_file_about_one_unit_changes_nothing_else(typed: Typed, tmp_path: Path) -> None:
    other = ("331125", "云和县", "3311", "县(市、区)", "331125")
    somebody = ("yh0001", "周建国", "331125", "", "")
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", [*UNITS, other], [*PEOPLE, somebody])
    typed("roster", "import", "名册.xlsx")
    refused = typed("roster", "import", "名册.xlsx", "--unit", "331102").stderr
    assert "单位 A5：不在这次指定的单位里" in refused
    assert "人员 C6：不在这次指定的单位里" in refused
    assert "没有编码是 9 的单位" in typed("roster", "import", "名册.xlsx", "--unit", "9").stderr
    typed("roster", "template", "莲都.xlsx")
    fill(tmp_path / "莲都.xlsx", UNITS[1:], PEOPLE[:1])
    told = typed("roster", "import", "莲都.xlsx", "--unit", "331102", "--leavers", "leave").output
    assert told == "已导入：人员离开 1，人员不变 1。\n"
    assert rows(tmp_path, "select staff_id from person where active order by id") == [("ld0001",), ("yh0001",)]


def test_the_citys_last_office_cannot_go(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, [("ls0001", "吴立新", "3311", "市大数据局", ""), *PEOPLE])
    typed("roster", "import", "名册.xlsx")
    for file, people in (("无.xlsx", PEOPLE), ("空.xlsx", [("ls0001", "吴立新", "3311", "", ""), *PEOPLE])):
        typed("roster", "template", file)
        fill(tmp_path / file, UNITS, people)
        refused = typed("roster", "import", file, "--leavers", "leave")
        assert refused.exit_code == 1
        assert "没有人担任市大数据局的角色" in refused.stderr
    assert rows(tmp_path, "select count(*) from appointment where role = 'city'") == [(1,)]


def test_every_mistake_can_be_had_as_a_table(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "名册.xlsx")
    fill(tmp_path / "名册.xlsx", UNITS, [(f"x{n}", "张三", "9", "", "") for n in range(30)])
    result = typed("roster", "import", "名册.xlsx", "--errors", "错.xlsx")
    assert "共 30 处要改" in result.stderr
    assert "全部写在 错.xlsx" in result.stderr
    told = list(load_workbook(tmp_path / "错.xlsx").active.values)
    assert [row[1] for row in told[1:]] == [f"C{n + 4}" for n in range(30)]
    typed("roster", "import", "名册.xlsx", "--errors", "错.txt")
    assert len((tmp_path / "错.txt").read_text().splitlines()) == 30
    assert rows(tmp_path, "select count(*) from unit") == [(0,)]


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
    assert [re.split(r"\s{2,}", line)[1] for line in others] == ["存疑", "被拒"]
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


# ---------------------------------------------------------------- papers


def test_papers_are_listed_written_and_verified(typed: Typed, tmp_path: Path) -> None:
    typed("roster", "template", "r.xlsx")
    fill(
        tmp_path / "r.xlsx",
        [("3311", "丽水市", "", "市", "3311"), ("331102", "莲都区", "3311", "县（市、区）", "331102")],
        [("zhou", "周建国", "331102", "区县大数据中心", "")],
    )
    assert typed("roster", "import", "r.xlsx").exit_code == 0
    listed = typed("export", "--list").output
    assert "feedback-table" in listed
    assert "反馈表" in listed
    done = typed("export", "feedback-table", "--unit", "331102")
    assert done.exit_code == 0, done.output
    file = next(tmp_path.glob("涉疫数据使用安全自查情况反馈表-莲都区-*.xlsx"))
    found = re.search(r"验证码 ([2-9A-Z]{4}-[2-9A-Z]{4})", done.output)
    assert found
    told = typed("verify", found[1], file.name)
    assert told.exit_code == 0, told.output
    assert "每一处文字都相同" in told.output
    assert typed("verify", "AAAA-AAAA").exit_code == 1
    assert typed("export", "反馈表", "--unit", "331102", "--to", "二.xlsx").exit_code == 0, "as the chat calls it"
    assert "没有叫 nonsense 的材料" in typed("export", "nonsense").output
    assert "zicha export --list" in typed("export").output
    assert typed("export", "pledges", "--unmasked").exit_code == 1


# ---------------------------------------------------------------- the end


def test_a_campaign_is_destroyed_in_two_steps(typed: Typed, tmp_path: Path) -> None:
    named = ("--campaign", "lishui-2022-69", "--force", "--reason", "演练")
    looked = typed("destroy", *named)
    assert looked.exit_code == 0, looked.output
    assert "还没有销毁" in looked.output
    code = re.findall(r"[A-Z0-9]{4}-[A-Z0-9]{4}", looked.output)[-1]
    done = typed("destroy", *named, "--confirm", code)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "销毁证明-lishui-2022-69.docx").stat().st_size > 10_000
    checked = typed("verify")
    assert checked.exit_code == 0, checked.output
    assert "已按规定销毁" in checked.output


def test_nothing_is_destroyed_while_the_bot_runs(typed: Typed, tmp_path: Path) -> None:
    typed("check", "--offline")
    typed("outbox")
    with alone((tmp_path / "zicha-data/zicha.sqlite3.lock").resolve()):
        told = typed("destroy", "--campaign", "lishui-2022-69", "--force", "--reason", "演练")
    assert told.exit_code == 1
    assert "another zicha is running" in told.output


def test_evidence_taken_away_whole_is_not_begun_anew(typed: Typed, tmp_path: Path) -> None:
    typed("outbox")
    assert typed("verify").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "zicha-data/zicha.sqlite3")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in ("DELETE FROM evidence", "DELETE FROM setting WHERE name = 'evidence'"):
            database.execute(statement)
    told = typed("verify")
    assert told.exit_code == 1
    assert "没有登记过" in told.output
    assert "被删掉" in told.output
