"""Worlds for the tests: a fresh database each. `--update-dialogs` writes what the bot says now into the transcripts."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import World, small_roster

Worlds = Callable[..., World]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-dialogs", action="store_true", help="rewrite the bot's lines in tests/dialogs; read the diff after"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-dialogs") and os.environ.get("CI"):
        raise pytest.UsageError("--update-dialogs is for a desk, not for CI: there the transcripts are the measure")


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with tables and the small roster, made once: a copy of it is faster than migrations."""
    folder = tmp_path_factory.mktemp("furnished")
    world = World(f"sqlite:///{folder / 'zicha.sqlite3'}", folder)
    world.import_roster(small_roster())
    world.close()
    return folder / "zicha.sqlite3"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """An empty database."""
    return f"sqlite:///{tmp_path / 'zicha.sqlite3'}"


@pytest.fixture
def new_world(furnished: Path, tmp_path: Path) -> Iterator[Worlds]:
    """Makes worlds with the small roster, each in a folder of its own; `World`'s own fields are the arguments."""
    made: list[World] = []

    def make(**fields: object) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        shutil.copy(furnished, folder)
        made.append(World(f"sqlite:///{folder / furnished.name}", folder, **fields))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Worlds) -> World:
    return new_world()
