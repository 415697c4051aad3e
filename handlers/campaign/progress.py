"""Moving about on the path: where somebody is, going back, changing an entry, being done. Pure, like the engine."""

from dataclasses import replace
from datetime import date

from handlers.campaign.answers import Change, Given
from handlers.campaign.questionnaire import picking
from handlers.campaign.walk import Step, Walk


def reopen(path: Walk, steps: list[Step]) -> tuple[Change, ...]:
    """Asks these again, keeping what was answered; whatever closed the self-check has to be confirmed anew."""
    wanted = {step.key for step in steps}
    changes = [Change(step.key, step.given.reopened()) for step in steps if step.given]
    for question in path.campaign.singles:
        given = path.answers.get(question.id)
        if given is None or given.open or question.id in wanted:
            continue
        if question.kind == "submit" or any(o.submits and o.id in given.values for o in question.options):
            changes.append(Change(question.id, given.reopened()))
    return tuple(changes)


def reopen_entry(path: Walk, number: int) -> tuple[Change, ...]:
    """«修改 3»: asks entry 3 again; a data set opens at the choice of the column. Empty where there is none yet."""
    steps = path.entry(number)
    if not steps or steps[0].given is None:
        return ()
    left = _left_alone(path, number)
    if not steps[0].row:
        return (*left, *reopen(path, steps[:1]))
    review = next(step for step in steps if step.question.kind == "review")
    if review.given is None:
        return ()
    return (*left, *reopen(path, []), Change(review.key, Given(values=("fix",), at=path.setting.today)))


def _left_alone(path: Walk, number: int) -> tuple[Change, ...]:
    """What was being changed before somebody asked for another entry: it stays as it was."""
    changes: list[Change] = []
    for step in path.steps:
        given = step.given
        if given is None or step.entry in (0, number) or picking(step):
            continue
        if step.question.kind == "review" and (given.open or "fix" in given.values):
            changes.append(Change(step.key, Given(values=("right",), at=given.at)))
        elif given.open and given.values:
            changes.append(Change(step.key, replace(given, open=False)))
    return tuple(changes)


def no_longer_offered(path: Walk) -> tuple[Change, ...]:
    """Asks anew what was answered with an option that is not open to whoever answers now."""
    changes = []
    for step in path.steps:
        if step.given is None or step.question.kind != "choice" or step.question.options_from:
            continue
        own = [value for value in step.given.values if not value.startswith("=")]
        offered = {option.id for option in path.choices(step.question, step.row)}
        if any(value not in offered for value in own):
            changes.append(Change(step.key, None))
    return tuple(changes)


def back(path: Walk) -> tuple[Change, ...]:
    """«上一步»: the question asked before the present one is asked again; empty at the first one."""
    at = path.place
    before: list[Step] = []
    for step in path.steps:
        if at is not None and step.key == at.key:
            break
        if step.asked and step.given is not None and not step.given.open:
            before.append(step)
    return reopen(path, before[-1:]) if before else ()


def finished(path: Walk) -> bool:
    """Everything on the path is answered, and it was submitted by one of its questions."""
    if path.place is not None:
        return False
    return any(step.question.kind == "submit" or _submits(step) for step in path.steps)


def _submits(step: Step) -> bool:
    values = step.given.values if step.given else ()
    return any(option.submits and option.id in values for option in step.question.options)


def signs_now(path: Walk) -> bool:
    return any(path.campaign.pledge.signs in path.values(name) for name in path.campaign.pledge.question)


def signs_by_hand(path: Walk) -> bool:
    pledge = path.campaign.pledge
    return any(option in path.values(name) for name in pledge.question for option in pledge.paper)


def signed_before(path: Walk) -> tuple[str, date | None] | None:
    """The option and the day told, where the person said that they had signed earlier; None where they did not."""
    for name in path.campaign.pledge.question:
        given = path.live.get(name)
        if given and any(v in path.campaign.pledge.earlier for v in given.values):
            try:
                return given.values[0], date.fromisoformat(given.note)
            except ValueError:
                return given.values[0], None
    return None


def is_nil(path: Walk) -> bool:
    """A nil return (零报告): the condition `nil` of the file; where it has none, a form without rows."""
    said = path.campaign.conditions.get("nil")
    return path.holds(said) if said is not None else not any(path.rows())


def touched(path: Walk) -> bool:
    """There is something to report: the condition `touched` of the file; where it has none, a form with rows."""
    said = path.campaign.conditions.get("touched")
    return path.holds(said) if said is not None else any(path.rows())
