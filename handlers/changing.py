"""Second thoughts: back a question, changing an entry, starting over, giving a change up again.

What was handed in counts until something else is handed in; once the unit's return is confirmed it stands still, until
the coordinator sends it back.
"""

from handlers import asking, menus, self_check
from handlers.campaign import progress
from handlers.campaign.answers import Change, fold, restart, written
from handlers.campaign.revision import lifted
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.sitting import Sitting, sit_down
from handlers.texts import asks, filling
from storage import answer_log, cases
from storage.models import Person


def back(desk: Desk, person: Person) -> list[Letter]:
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    changes = progress.back(sitting.path)
    ahead = begins(sitting) if changes else asks.FIRST_QUESTION
    sitting.add((*lifted(sitting.path), *changes) if changes else ())
    return self_check.ask(sitting, ahead)


def edit(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«修改» lists what can be changed, «修改 3» asks entry 3 again."""
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    path, number = sitting.path, command.rest
    if number and (changes := progress.reopen_entry(path, int(number))):
        ahead = begins(sitting)
        sitting.add((*lifted(path), *changes))
        return self_check.ask(sitting, ahead)
    if not any(step.given and step.asked for step in path.steps):
        return self_check.ask(sitting, asks.NOTHING_YET)
    ahead = asks.no_such_entry(number) if number else asks.EDIT_WHICH
    return [desk.reply(asking.entries(path, ahead))]


def begins(sitting: Sitting) -> str:
    """Said once, when somebody begins to change what they have handed in; from then on they have something to do."""
    if not sitting.case.submitted_at or sitting.path.place:
        return ""
    sitting.case.changing = True
    return filling.changing(sitting.case.receipt)


def start_over(desk: Desk, person: Person) -> list[Letter]:
    """«重新开始»: asks first whether it is meant."""
    if told := self_check.stands_still(sit_down(desk, person)[0]):
        return told
    return [desk.offer(asks.RESTART_ASK, menus.numbered(*asks.RESTART_OPTIONS))]


def start_over_for_sure(desk: Desk, person: Person) -> list[Letter]:
    sitting, _ = sit_down(desk, person)
    if told := self_check.stands_still(sitting):
        return told
    begins(sitting)
    sitting.add((restart(),))
    cases.drop_drafts(desk.session, sitting.case)
    return self_check.ask(sitting)


def give_up(desk: Desk, person: Person) -> list[Letter]:
    """«放弃修改»: back to the answers as they were handed in. The log keeps what was tried in between."""
    sitting, _ = sit_down(desk, person)
    case = sitting.case
    if case.submitted_at is None or case.asked_again:
        return self_check.ask(sitting, filling.NOT_HANDED_IN)
    if sitting.path.place is None:
        return self_check.ask(sitting, filling.NOTHING_CHANGED)
    case.changing = False
    sitting.add(_undone(sitting))
    cases.drop_drafts(desk.session, case)
    return self_check.ask(sitting, filling.GIVEN_UP)


def _undone(sitting: Sitting) -> tuple[Change, ...]:
    handed_in = cases.last_submission(sitting.desk.session, sitting.case)
    if handed_in is None:
        return ()
    log = answer_log.known_at(sitting.desk.session, sitting.case, handed_in.at)
    before = fold(written(key, given) for key, given in log)
    now = fold(sitting.changes)
    return tuple(Change(key, before.get(key)) for key in {**before, **now} if before.get(key) != now.get(key))
