"""The pure engine: turns a second on one core, from what was said to the next question; no storage, no chat. The path
somebody is on is at hand, as it is in the bot: what they say is understood on it, and the next one walked.
"""

import argparse
import time
from datetime import date

from handlers.campaign import loading, questionnaire
from handlers.campaign.answers import Change, fold
from handlers.campaign.setting import Setting
from handlers.campaign.walk import walk
from tests.bench import report
from tests.bench.crowd import WALK

GOAL = 5_000


def form(campaign: loading.Campaign, setting: Setting) -> int:
    """One person's whole form; how many turns."""
    log: list[Change] = []
    path = walk(campaign, {}, setting)
    for said in WALK[1:]:
        turn = questionnaire.understood(path, said)
        assert turn.problem is None, (said, turn.problem)
        log += turn.changes
        path = walk(campaign, fold(log), setting, path)
    assert path.place is None, "the form is finished"
    return len(WALK) - 1


def run(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench engine")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", default="")
    options = parser.parse_args(words)
    campaign = loading.load("lishui-2022-69")
    setting = Setting(today=date(2022, 5, 18), person="某某某", unit="某县 某街道", area="")
    rates = []
    for _ in range(3 if options.quick else 15):
        began, turns = time.process_time(), 0
        for _ in range(40):
            turns += form(campaign, setting)
        rates.append(turns / (time.process_time() - began))
    best, middle = max(rates), report.percentile(rates, 0.5)
    print(f"turns per second of processor time: {middle:,.0f} (best {best:,.0f}); goal {GOAL:,}: {middle / GOAL:.2f}")
    report.keep(options.json, "engine", {"turns/s": middle, "best": best, "ratio": middle / GOAL})
