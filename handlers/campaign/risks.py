"""Which risks somebody's answers show, as the campaign file says (notice 三.2: pinned to group, unit and person).

A pure function from the path to what was found. Must not know who follows it up.
"""

from dataclasses import dataclass
from datetime import date

from handlers.campaign.chapters import RiskRule
from handlers.campaign.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A risk somebody's answers show. `source` stays the same when they are handed in again."""

    source: str
    text: str
    due: date
    settled: str


def found(path: Walk) -> list[Found]:
    """Every risk on the path, in the order of the file."""
    risks: list[Found] = []
    for rule in path.campaign.risks:
        for row in _rows(path, rule):
            if path.holds(rule.when, row):
                source = f"{rule.id}.{row}" if row else rule.id
                settled = path.fill(rule.settled, row) if rule.settled else ""
                risks.append(
                    Found(source=source, text=path.fill(rule.text, row), due=_due(path, rule, row), settled=settled)
                )
    return risks


def _rows(path: Walk, rule: RiskRule) -> list[int]:
    if not rule.per:
        return [0]
    return [row for row, columns in path.rows() if path.campaign.group_of[columns[0].question.id].id == rule.per]


def _due(path: Walk, rule: RiskRule, row: int) -> date:
    for value in path.values(rule.due, row) if rule.due else ():
        try:
            return date.fromisoformat(value)
        except ValueError:
            continue  # an option such as «done», not a day
    return path.campaign.deadline


def rule_of(rules: list[RiskRule], source: str) -> RiskRule | None:
    """The rule that found a risk; None where the file no longer has it."""
    return next((rule for rule in rules if rule.id == source.split(".")[0]), None)
