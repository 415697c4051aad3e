"""The long version of the kill tests: `python -m tests.faults.kill --rounds 200 --seed 1`.

So many kills in all, in days of twenty, each day an office of its own; exit code 1 and the books' differences if
anything was lost, counted twice, or sent twice.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.scenario import Scenario, office, plan

A_DAY = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="kills in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, left, total, failed = random.Random(options.seed), options.rounds, Counter[str](), 0
    whole = plan(options.rounds, chance)
    began = time.monotonic()
    for day in range(1, -(-options.rounds // A_DAY) + 1):
        today, left = whole[(day - 1) * A_DAY : day * A_DAY], left - A_DAY
        with tempfile.TemporaryDirectory(prefix="zicha-kill-") as folder, office(Path(folder)) as (box, some):
            outcome = Scenario(box, some, chance).run(today)
        total.update(outcome.kills)
        failed += bool(outcome.wrong)
        verdict = "; ".join(outcome.wrong) or "nothing lost, nothing twice"
        print(
            f"day {day}: {len(today)} kills, {outcome.missed} steps not reached, "
            f"{outcome.doubtful} letters doubtful: {verdict}",
            flush=True,
        )
    for step, times in sorted(total.items()):
        print(f"{times:4}  {step}")
    print(f"{sum(total.values())} kills in {time.monotonic() - began:.0f} s, {failed} days with differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
