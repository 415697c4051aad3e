"""What is said of the platforms is what the code does."""

import ast
from pathlib import Path

import pytest

from bot.channels.abilities import WAYS
from bot.channels.dingtalk import DingTalk
from bot.channels.h5.page import Page
from bot.channels.zhezhengding.notices import Notices
from bot.config import load
from tests import ways_table

CHANNELS = Path(__file__).parent.parent / "bot" / "channels"


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_tells_the_table(readme: str) -> None:
    now = (ways_table.ROOT / readme).read_text(encoding="utf-8")
    assert now == ways_table.written(readme), "run: python -m tests.ways_table"


def test_every_channel_stands_in_the_table() -> None:
    delivering = set()
    for file in CHANNELS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not any("Protocol" in ast.unparse(base) for base in node.bases):
                names = {part.name for part in node.body if isinstance(part, ast.AsyncFunctionDef)}
                delivering |= {node.name} if "deliver" in names else set()
    assert len(delivering) >= 4
    assert delivering <= {room.__name__ for way in WAYS for room in way.rooms}


def test_groups_are_reached_by_robots_alone() -> None:
    assert {way.id for way in WAYS if way.groups} == {"stream", "openapi", "robot", "callback"}
    assert all(way.hears or way.pushes for way in WAYS)


def test_numbers_are_those_the_channels_use() -> None:
    told = {room: way for way in WAYS for room in way.rooms}
    assert (told[DingTalk].together, told[DingTalk].keyed) == (DingTalk.most_together, DingTalk.keyed)
    limits = load(zzd_app_key="k").zzd_limits
    assert told[Notices].together == limits.people
    assert dict(told[Notices].limits)["daily"] == limits.daily
    assert dict(told[Notices].limits)["pause"] == limits.pause.total_seconds() / 60
    assert told[Page].files_out
    assert not told[Notices].files_out
