"""Asking a few key questions once more, and comparing them with what was handed in. Pure functions.

Must not know who was drawn nor where the answers are kept.
"""

from collections.abc import Mapping, Sequence

from handlers.campaign.answers import Answers
from handlers.campaign.checks import Mismatch, SpotCheck
from handlers.campaign.definition import Campaign, Question
from handlers.campaign.walk import Setting, Walk, walk


def problems(campaign: Campaign) -> list[str]:
    """What the shape of the chapter alone cannot show."""
    chapter = campaign.spot_check
    if chapter is None:
        return []
    found = []
    plain = {q.id for q in campaign.questions if isinstance(q, Question) and q.kind in ("choice", "multi", "text")}
    named = [("questions", name) for name in chapter.questions]
    named += [(f"reworded.{rewording.question}", rewording.question) for rewording in chapter.reworded]
    for owner, name in named:
        if name not in plain:
            why = f"«{name}» is no question outside of a group of the kind choice, multi or text"
            found.append(f"[spot_check.{owner}] {why}; name another")
    for rule in chapter.mismatch:
        if rule.question not in chapter.questions:
            found.append(f"[spot_check.mismatch.{rule.id}] question «{rule.question}» is not asked again; add it above")
            continue
        options = {option.id for option in campaign.by_id[rule.question].options}
        found += [
            f"[spot_check.mismatch.{rule.id}] {rule.question} has no option «{value}»"
            for value in (*rule.before, *rule.now)
            if options and value not in options
        ]
    ids = [rule.id for rule in chapter.mismatch]
    found += [f"[spot_check.mismatch] id «{n}» stands twice; make it unique" for n in {*ids} if ids.count(n) > 1]
    return found


def mark_of(draw: int) -> str:
    """What the buttons of a draw's questions carry, before the question's own mark."""
    return f"复核{draw}"


def reduced(campaign: Campaign, chapter: SpotCheck, draw: int) -> Campaign:
    """The same campaign with the key questions only, worded for the second time and with marks of their own."""
    questions = [_again(question, chapter, draw) for question in campaign.singles if question.id in chapter.questions]
    fields = {name: getattr(campaign, name) for name in Campaign.model_fields}
    return Campaign.model_construct(**{**fields, "questions": questions})


def _again(question: Question, chapter: SpotCheck, draw: int) -> Question:
    changes: dict[str, object] = {"short": f"{mark_of(draw)}{question.mark}", "show_summary": False}
    rewording = next((one for one in chapter.reworded if one.question == question.id), None)
    if rewording:
        if rewording.ask:
            changes |= {"ask": rewording.ask, "variants": []}
        changes["options"] = [
            option.model_copy(update={"label": rewording.labels.get(option.id, option.label)})
            for option in question.options
        ]
    return question.model_copy(update=changes)


def found(before: Walk, now: Walk, chapter: SpotCheck) -> list[Mismatch]:
    """The mismatches between what was handed in and what is said now, in the order of the file."""
    return [rule for rule in chapter.mismatch if _fits(rule, before, now)]


def _fits(rule: Mismatch, before: Walk, now: Walk) -> bool:
    question = before.campaign.by_id[rule.question]
    aside = {option.id for option in question.options if option.exclusive}
    old, new = set(before.values(rule.question)), set(now.values(rule.question))
    match rule.kind:
        case "differs":
            hit = bool(old and new) and old != new
        case "missing":
            new -= old | aside
            hit = bool(new)
        case "extra":
            old -= new | aside
            hit = bool(old)
    return hit and _named(old, rule.before) and _named(new, rule.now)


def _named(values: set[str], wanted: Sequence[str]) -> bool:
    return not wanted or bool(values & set(wanted))


def label_of(chapter: SpotCheck, ids: Sequence[str]) -> list[str]:
    """The kinds of mismatch in words; one the file no longer has keeps its id."""
    labels: Mapping[str, str] = {rule.id: rule.label for rule in chapter.mismatch}
    return [labels.get(one, one) for one in ids]


def again(campaign: Campaign, chapter: SpotCheck, draw: int, answers: Answers, setting: Setting) -> Walk:
    """The path of the second asking."""
    return walk(reduced(campaign, chapter, draw), answers, setting)
