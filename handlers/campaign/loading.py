"""Loading a campaign file. Every mistake is reported with file, table and mend; a file is used whole or not at all."""

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from handlers.campaign import assessing, handing_up, mending, mistakes, rechecking
from handlers.campaign.definition import Campaign, Option, Suggestion, Variant
from handlers.campaign.shapes import FILLED, When


class CampaignError(Exception):
    """A campaign file cannot be used. The message names file, table and mend, a line each."""


def load(name: str) -> Campaign:
    """Loads a campaign by the name of a shipped definition or the path of a TOML file. Raises `CampaignError`."""
    path = Path(name)
    if path.suffix == ".toml":
        try:
            source = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CampaignError(f"{name}: not UTF-8; save the file in that encoding") from error
        except OSError as error:
            raise CampaignError(f"{name}: cannot be read ({error.strerror}); check ZICHA_CAMPAIGN") from error
        return parse(source, name)
    shipped = resources.files(__package__).joinpath("definitions")
    file = shipped.joinpath(f"{name}.toml")
    if not file.is_file():
        names = ", ".join(sorted(f.name[:-5] for f in shipped.iterdir() if f.name.endswith(".toml")))
        why = f"no campaign is called «{name}»"
        raise CampaignError(f"{why}; ZICHA_CAMPAIGN takes a shipped one ({names}) or the path of a .toml file")
    return parse(file.read_text(encoding="utf-8"), file.name)


def parse(source: str, name: str) -> Campaign:
    """Reads a campaign from TOML text; `name` stands in the errors."""
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"{name}: not valid TOML: {error}") from error
    try:
        campaign = Campaign.model_validate(raw)
    except ValidationError as error:
        raise CampaignError("\n".join(f"{name}: {line}" for line in mending.lines(raw, error.errors()))) from error
    if problems := list(_problems(campaign)):
        raise CampaignError("\n".join(f"{name}: {problem}" for problem in problems))
    return campaign


def _problems(campaign: Campaign) -> list[str]:
    """What the shape alone cannot show: names that point nowhere, doubles, questions nobody can answer."""
    problems: list[str] = []
    ids = [q.id for q in campaign.singles]
    for what, names in (
        ("id", ids),
        ("name", [q.name for q in campaign.singles]),
        ("short", [q.mark for q in campaign.singles]),
    ):
        problems += [
            f"[questions] {what} «{n}» stands twice; make it unique" for n in sorted({*names}) if names.count(n) > 1
        ]
    known = {*ids, *campaign.derived, "area", "filled", "is"}
    for owner, when in _conditions(campaign):
        for key, values in ((k, v) for alternative in when for k, v in alternative.items()):
            if key not in known:
                problems.append(f"[{owner}] when: no question or derived list is called «{key}»")
            if key == "is":
                problems += [f"[{owner}] when: no condition «{v}»" for v in values if v not in campaign.conditions]
            problems += _unknown_values(campaign, owner, key, values)
    for question in campaign.singles:
        if question.options_from and question.options_from not in known:
            problems.append(f"[questions.{question.id}] options_from: nothing is called «{question.options_from}»")
        if question.kind in ("choice", "multi", "review", "submit") and not (question.options or question.options_from):
            problems.append(f"[questions.{question.id}] has no options; add some")
        if question.kind != "review" and any(option.clones for option in question.options):
            problems.append(f"[questions.{question.id}] clones: only an option of a review can have it; take it away")
    if not any(q.kind == "submit" for q in campaign.singles):
        problems.append('[questions] none has kind = "submit"; nobody could finish')
    problems += [f"[pledge] question: no question «{q}»" for q in campaign.pledge.question if q not in ids]
    problems += [
        *mistakes.problems(campaign),
        *rechecking.problems(campaign),
        *assessing.problems(campaign),
        *handing_up.problems(campaign),
    ]
    return problems


def _unknown_values(campaign: Campaign, owner: str, key: str, values: list[str]) -> list[str]:
    if key == "filled":
        wrong = [v for v in values if v.removeprefix("!") not in FILLED]
        return [f"[{owner}] when: filled is «self» or «proxy», not «{v}»" for v in wrong]
    question = next((q for q in campaign.singles if q.id == key), None)
    if question is None or not question.options:
        return []
    allowed = {option.id for option in question.options}
    return [f"[{owner}] when: {key} has no option «{v}»" for v in values if v.removeprefix("!") not in allowed]


def _conditions(campaign: Campaign) -> list[tuple[str, When]]:
    found = [(f"conditions.{name}", when) for name, when in campaign.conditions.items()]
    found += [(f"derived.{name}", derived.when) for name, derived in campaign.derived.items()]
    found += [(f"questions.{e.id}", e.when) for e in campaign.questions]
    for q in campaign.singles:
        owner = f"questions.{q.id}"
        found.append((owner, q.when))
        parts: list[Option | Suggestion | Variant] = [*q.options, *q.suggest, *q.suffix, *q.variants]
        found += [(owner, part.when) for part in parts]
    return found
