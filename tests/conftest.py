"""Worlds for the tests: a fresh database each, SQLite unless `--postgres` is given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, small_roster


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'zicha.sqlite3'}"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    world = World(database_url, tmp_path)
    world.import_roster(small_roster())
    yield world
    world.close()
