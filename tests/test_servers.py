"""Servers that descend from PostgreSQL: 人大金仓 KingbaseES and openGauss.

None can be reached here: PostgreSQL answers by their names. What openGauss spells in its own way is spelled back at the
wire, and what it does not have is noted.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url

from storage.database import Database, DatabaseError
from storage.precedence import Precedence, Waiting
from tests import databases
from tests.test_changing import NIL, say_all
from tests.world import World, metronome, small_roster

KINGBASE = "KingbaseES V008R006C008B0020 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 4.1.2 20080704, 64-bit"
OPENGAUSS = "(openGauss 5.0.2 build 48a25b11) compiled at 2024-05-14 10:25:27 commit 0 last mr on x86_64-linux-gnu"
LITE = "(openGauss-lite 7.0.0-RC3 build ) compiled at 2026-04-21 15:29:26 commit 0 last mr release on aarch64-linux-gnu"
MISSING = re.compile(
    r"ON CONFLICT|NOTHING\s+RETURNING|EXECUTE FUNCTION|unnest\([^)]*,|to_regtype|AS IDENTITY|FILTER \(|LATERAL"
    r"|INDEX IF NOT EXISTS|COLUMN IF NOT EXISTS|TABLESAMPLE|array_position|pg_catalog\.version",
    re.IGNORECASE,
)
"""What openGauss's documentation does not have, or what came to PostgreSQL after the version it descends from."""


def called(name: str, folder: Path) -> str:
    """A database that answers so where it is asked for its version."""
    url = databases.KINDS["postgresql"].new(folder)
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(False), autocommit=True) as to:
        to.execute(
            f"CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql AS $$ SELECT '{name}' $$"
        )
    return url


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked for and is not there on openGauss."""
    noted: list[str] = []

    def at_the_wire(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> tuple[str, Any]:
        noted.extend(found[0] for found in MISSING.finditer(statement))
        return statement.replace("ON DUPLICATE KEY UPDATE NOTHING", "ON CONFLICT DO NOTHING"), parameters

    monkeypatch.setattr(databases, "_FIRST", {})  # other tests' servers are called PostgreSQL
    event.listen(Engine, "before_cursor_execute", at_the_wire, retval=True)
    yield noted
    event.remove(Engine, "before_cursor_execute", at_the_wire)


@pytest.mark.parametrize("name", [OPENGAUSS, LITE])
def test_a_day_on_opengauss(name: str, tmp_path: Path, missing: list[str]) -> None:
    world = World(called(name, tmp_path), tmp_path, twice=True)
    world.import_roster(small_roster())
    qian, sun = world.person("qian"), world.person("sun")
    assert "已提交" in say_all(qian, *NIL)
    assert "已完成 **1** 人" in sun.says("进度")
    metronome(world).tick()
    another = Database(world.url)
    first, others = Precedence(world.database), Precedence(another)
    one, two = Waiting("qian", 1_000), Waiting("qian", 2_000)
    assert first.enter([one])
    others.enter([two])
    assert others.are_first([two]) == [False]
    first.leave([one])
    assert others.are_first([two]) == [True]
    others.drop()
    another.close()
    first.drop()
    world.close()
    assert not missing, "it is asked for what it does not have"


def test_a_day_on_kingbase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_FIRST", {})
    world = World(called(KINGBASE, tmp_path), tmp_path, twice=True)
    world.import_roster(small_roster())
    assert "已提交" in say_all(world.person("qian"), *NIL)
    world.close()


def test_one_that_keeps_no_empty_text_is_not_begun_with(tmp_path: Path) -> None:
    def as_oracle(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> tuple[str, Any]:
        return statement.replace("'' IS NULL", "true"), parameters

    database = Database(databases.KINDS["postgresql"].new(tmp_path))
    event.listen(database.engine, "before_cursor_execute", as_oracle, retval=True)
    with pytest.raises(DatabaseError, match=r"DBCOMPATIBILITY 'PG'.*ZICHA_DATABASE_URL"):
        database.migrate()
    event.remove(database.engine, "before_cursor_execute", as_oracle)
    assert database.revision()[0] is None, "nothing was made there"
    database.close()
