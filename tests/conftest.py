"""Worlds for the tests: a fresh database each. `--update-dialogs` writes what the bot says now into the transcripts."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.databases import KINDS
from tests.world import World, small_roster

Worlds = Callable[..., World]

_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30
"""Where temporary files are, if there is so much room. The server's two thousand databases are hundreds of files each
that are deleted soon, and ext4 takes a third of a second to make them where many were just deleted."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-dialogs", action="store_true", help="rewrite the bot's lines in tests/dialogs; read the diff after"
    )


def pytest_configure(config: pytest.Config) -> None:
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    # a hundred processes are started by the tests: what they import is compiled by the first
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if config.getoption("--update-dialogs") and os.environ.get("CI"):
        raise pytest.UsageError("--update-dialogs is for a desk, not for CI: there the transcripts are the measure")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: a third of the time the tests wait for the processes they have started."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with what takes long come first, so that no process is left alone with them in the end. Each file is
    run by one process (`--dist loadfile`): it may tell a story, or share a server."""
    long = ("browser", "bench", "wire")
    first = {item.path for item in items if any(item.get_closest_marker(name) for name in long)}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(autouse=True)
def quiet_root() -> Iterator[None]:
    """Commands of the machine set the root logger up: for themselves, not for the tests after them."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if handler in handlers]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: it runs on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The address of a database with tables and the small roster, made once of each kind: a copy of it is faster than
    migrations."""

    @cache
    def make(kind: str) -> str:
        folder = tmp_path_factory.mktemp(f"furnished-{kind}")
        world = World(KINDS[kind].new(folder), folder)
        world.import_roster(small_roster())
        world.close()
        return world.url

    return make


@pytest.fixture
def database_url(kind: str, tmp_path: Path) -> str:
    """An empty database."""
    return KINDS[kind].new(tmp_path)


@pytest.fixture
def new_world(kind: str, furnished: Callable[[str], str], tmp_path: Path) -> Iterator[Worlds]:
    """Makes worlds with the small roster, each in a folder of its own; `World`'s own fields are the arguments."""
    made: list[World] = []

    def make(**fields: object) -> World:
        folder = tmp_path / f"world{len(made)}"
        folder.mkdir()
        url = KINDS[kind].copy(furnished(kind), folder)
        made.append(World(url, folder, furnished=True, **fields))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for world in made:
        held = getattr(world.database.engine.pool, "checkedout", lambda: 0)()
        world.close()
        assert held == 0, "a connection was not given back"


@pytest.fixture
def world(new_world: Worlds) -> World:
    return new_world()
