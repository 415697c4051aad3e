"""A bounded while of fuzzing with every run of the tests: see `tests/fuzz`."""

import os
import random
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import mixed
from tests.fuzz.targets import SEEDS, TARGETS

TRIES = {"frames": 400, "words": 400, "templates": 150, "spreadsheets": 60, "rosters": 40, "scans": 200}
"""Examples of each kind: some 4 seconds of processor a target, whatever else the machine does."""


@pytest.mark.parametrize("name", TARGETS)
def test_made_up_bytes_do_no_harm(name: str) -> None:
    @settings(max_examples=TRIES[name], deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_fit_does_no_harm(name: str) -> None:
    chance = random.Random(20220518)
    for _ in range(TRIES[name]):
        TARGETS[name](mixed(chance, SEEDS[name]))


def test_coverage_leads_the_way_into_every_target(tmp_path: Path) -> None:
    """atheris, where it has a wheel; elsewhere the same command goes blindly and says so."""
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "1"]
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    tried = re.findall(r"^Done (\d+) runs" if find_spec("atheris") else r": (\d+) tried, nothing broke", said, re.M)
    assert len(tried) == len(TARGETS)
    assert all(int(runs) > 0 for runs in tried)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not find_spec("atheris"), reason="atheris has no wheel for this machine")
def test_what_breaks_a_target_is_kept_and_told(tmp_path: Path) -> None:
    broken = (
        "import tests.fuzz.targets as t, tests.fuzz.__main__ as m; t.TARGETS['words'] = lambda data: 1 / len(data[9:])"
    )
    command = [sys.executable, "-c", f"{broken}; raise SystemExit(m._guided(['words'], 5))"]
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, cwd=tmp_path, env=where, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr[-3000:]
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert [found.name.startswith("fuzz-words-crash-") for found in tmp_path.iterdir()] == [True]
