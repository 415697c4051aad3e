"""The bot is killed at every named step and at random; nothing acked is lost, nothing counts twice, nothing goes out
twice. The long version is `python -m tests.faults.kill`."""

import random
from pathlib import Path

import pytest

from tests.faults.scenario import RANDOM, Scenario, office
from tests.faults.steps import STEPS

pytestmark = pytest.mark.wire


def test_killed_at_every_step(tmp_path: Path) -> None:
    plan = [*STEPS, RANDOM]
    random.Random(20220530).shuffle(plan)
    with office(tmp_path) as (box, some):
        outcome = Scenario(box, some, random.Random(69)).run(plan)
    assert outcome.wrong == []
    assert sum(outcome.kills.values()) == len(plan)
    assert len(outcome.kills) > len(STEPS) - 3, f"steps nobody came by: {sorted(set(STEPS) - set(outcome.kills))}"
