"""The READMEs tell the truth: settings, commands, chat words, command lines and pictures are those of the product."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic_core import PydanticUndefined

from bot.command_line import cli
from bot.config import Config, Secret
from handlers import commands
from handlers.commands import Word

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/zicha demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"
MOST_BYTES = 200_000


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> str:
    return (ROOT / request.param).read_text(encoding="utf-8")


def _rows(text: str, heading: str) -> list[list[str]]:
    """The rows of every table whose first heading is `heading`, as cells."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and not set(cells[0]) <= {"-"}:
            rows.append(cells)
    return rows


def _either(text: str, *headings: str) -> list[list[str]]:
    rows = [row for heading in headings for row in _rows(text, heading)]
    assert rows, f"no table begins with {headings}"
    return rows


def _ticked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# ---------------------------------------------------------------- settings


def _default(value: object) -> str:
    """As the READMEs write it."""
    if value in (None, "", ()) or (isinstance(value, Secret) and not value):
        return "—"
    assert value is not PydanticUndefined
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_every_setting_stands_in_the_table_with_its_default(readme: str) -> None:
    told = {_ticked(row[0])[0]: row[1] for row in _either(readme, "Setting", "设置")}
    assert told == {str(field.validation_alias): _default(field.default) for field in Config.model_fields.values()}


def test_every_setting_is_explained(readme: str) -> None:
    assert all(row[2] for row in _either(readme, "Setting", "设置"))


def test_no_setting_is_invented(readme: str) -> None:
    names = {str(field.validation_alias) for field in Config.model_fields.values()}
    assert set(re.findall(r"\b(?:(?:ZICHA|DINGTALK|ZZD)_[A-Z0-9_]+|NOTIFY_SOCKET)\b", readme)) == names


# ---------------------------------------------------------------- commands of the machine


def _commands() -> dict[str, Any]:
    def leaves(group: Any, name: str) -> dict[str, Any]:
        inner = getattr(group, "commands", None)
        if inner is None:
            return {name: group}
        found: dict[str, Any] = {name: group} if group.invoke_without_command else {}
        for word, command in inner.items():
            found |= leaves(command, f"{name} {word}")
        return found

    return leaves(typer.main.get_command(cli), "zicha")


def test_every_command_stands_in_the_table(readme: str) -> None:
    assert {_ticked(row[0])[0] for row in _either(readme, "Command", "命令")} == set(_commands())


def test_commands_named_anywhere_exist(readme: str) -> None:
    named = set(re.findall(r"(?:`|/bin/|toml )(zicha(?: [a-z][a-z-]+){1,2})", readme))
    known = set(_commands())
    assert len(named) >= len(known)
    for name in named:
        assert name in known or name.rsplit(" ", 1)[0] in known, f"{name} does not exist"


def test_options_named_in_the_table_exist(readme: str) -> None:
    known = _commands()
    seen = 0
    for row in _either(readme, "Command", "命令"):
        parameters = known[_ticked(row[0])[0]].params
        options = {option for one in parameters for option in (*one.opts, *one.secondary_opts)}
        for option in re.findall(r"--[a-z-]+", row[1]):
            assert option in options
            seen += 1
    assert seen >= 4


# ---------------------------------------------------------------- words in the chat


def test_every_chat_word_is_taken_and_every_command_is_told(readme: str) -> None:
    said = [word for row in _either(readme, "Say", "发送") for word in _ticked(row[0])]
    assert len(said) > 20
    parsed = {word: commands.parse(word) for word in said}
    assert [word for word, command in parsed.items() if command is None] == []
    assert {command.word for command in parsed.values() if command} == set(Word)


def test_both_readmes_name_the_same_words() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    assert [_ticked(row[0]) for row in _rows(english, "Say")] == [_ticked(row[0]) for row in _rows(chinese, "发送")]


# ---------------------------------------------------------------- the two command lines


def test_the_command_lines_are_one_line_each(readme: str) -> None:
    lines = readme.splitlines()
    assert lines.count(DEMO) == 1
    assert lines.count(TESTS) == 1
    for line in (DEMO, TESTS):
        assert shlex.split(line)[:3] == ["python3", "-m", "venv"]


def test_ci_runs_exactly_the_test_command() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "pytest" in line] == [TESTS]
    assert lines[-1] == TESTS
    assert lines[0].startswith("#!")
    assert "set -euo pipefail" in lines
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"


def test_blocks_of_commands_are_equal() -> None:
    """Whatever is to be typed or copied is the same in both languages."""
    blocks = [
        re.findall(r"```(?:sh|ini)\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL) for name in READMES
    ]
    assert len(blocks[0]) >= 6
    assert blocks[0] == blocks[1]


# ---------------------------------------------------------------- pictures, links, packages


def test_pictures_exist_and_are_small(readme: str) -> None:
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", readme)
    assert len(pictures) >= 3
    for words, place in pictures:
        assert words
        assert place.startswith(".readme/")
        content = (ROOT / place).read_bytes()
        assert content.startswith(b"\x89PNG\r\n")
        assert len(content) < MOST_BYTES


def test_links_into_the_repository_lead_somewhere(readme: str) -> None:
    targets = re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", readme)
    assert targets
    for target in targets:
        if target.startswith("#"):
            assert re.search(rf"^#+ {re.escape(target[1:])}$", readme, re.M | re.I), target
        else:
            assert (ROOT / target).exists(), target


def test_files_named_exist(readme: str) -> None:
    named = set(re.findall(r"`((?:bot|handlers|storage|tests|\.ci)/[\w./-]+)`", readme))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_locked_package_has_its_licence_told(readme: str) -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    packages = set(re.findall(r"^([a-z0-9-]+)==", lock, re.M))
    rows = _either(readme, "Licence", "许可")
    told = {name for row in rows for name in re.findall(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", row[1])}
    assert len(packages) > 40
    assert packages <= told, f"no licence told of {packages - told}"


def test_the_python_version_is_that_of_the_project(readme: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"].removeprefix(">=") in readme
