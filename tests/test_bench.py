"""Every measurement runs, in small (`--quick`), and writes down what it measured and against what. How fast that was
is nobody's concern here: on a machine that runs tests it means nothing.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.__main__ import NAMES

ROOT = Path(__file__).parents[1]
AGAINST = {"ratio", "ratios", "slopes"}
"""How a figure that was set against another is called."""

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


def entries(found: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Every number in it, under the name of what it is part of."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from entries(value, name if name in AGAINST else key)
    elif isinstance(found, list):
        for value in found:
            yield from entries(value, name)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield name, found


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_in_small_and_writes_down_what_it_measured(name: str, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    command = [sys.executable, "-m", "tests.bench", name, "--quick", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept.pop("bench") == name
    assert kept.pop("machine")["cores"]
    numbers = list(entries(kept))
    assert any(number > 0 for called, number in numbers if called not in AGAINST), "it measured something"
    assert any(number > 0 for called, number in numbers if called in AGAINST), "it measured against something"


def test_there_are_measurements() -> None:
    assert {"turns", "processes", "broadcast", "progress", "growth"} <= set(NAMES)
