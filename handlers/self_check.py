"""The self-check as a conversation: one person, one question at a time, back and forth as they like.

Joins the pure engine with the log of answers; decides nothing about the path itself (`campaign/walk.py`) and knows no
other person than the one before it.
"""

import json
import re
from dataclasses import dataclass, replace

from handlers import asking, leak_guard, menus, pledge, texts
from handlers.campaign import progress, questionnaire
from handlers.campaign.answers import Change, Given, fold, restart
from handlers.campaign.definition import Campaign
from handlers.campaign.matching import clean
from handlers.campaign.questionnaire import Problem, Turn
from handlers.campaign.walk import Setting, Step, Walk, walk
from handlers.desk import Desk
from handlers.messages import Choice, Letter, Text
from storage import cases, outbox
from storage.models import Case, Person
from storage.vault import answer_purpose

_BUTTON = re.compile(r"\d{1,2} \S")
_MARKED = re.compile(r"^(?P<said>.*?)\s*#(?P<mark>[^#\s]{1,24})$", re.DOTALL)


@dataclass
class Sitting:
    """One person's self-check during one message: the answers so far and what this message adds."""

    desk: Desk
    person: Person
    case: Case
    changes: list[Change]
    setting: Setting

    @property
    def campaign(self) -> Campaign:
        return self.desk.campaign

    @property
    def path(self) -> Walk:
        return walk(self.campaign, fold(self.changes), self.setting)

    def add(self, changes: tuple[Change, ...]) -> None:
        """Writes changes to the log, in this message's transaction."""
        self.changes += changes
        lines = [(c.key, c.given.to_json() if c.given else None) for c in changes]
        cases.append(self.desk.session, self.case, lines, at=self.desk.now, msg_id=self.desk.inbound.msg_id)


def sit_down(desk: Desk, person: Person) -> tuple[Sitting, bool]:
    """The person's sitting, and whether it is their first."""
    campaign, person_id = desk.campaign, person.id or 0
    case = cases.find(desk.session, campaign.id, person_id)
    first = case is None
    if case is None:
        case = cases.start(desk.session, campaign=campaign.id, person_id=person_id, unit_id=person.unit_id, at=desk.now)
    changes = [Change(k, Given.from_json(g) if g else None) for k, g in cases.lines(desk.session, case)]
    return Sitting(desk, person, case, changes, desk.setting(person)), first


def wants_id_number(desk: Desk, person: Person) -> bool:
    """True while the person is asked for their own number: the only moment one may be sent."""
    case = cases.find(desk.session, desk.campaign.id, person.id or 0)
    if case is None:
        return False
    place = sit_down(desk, person)[0].path.place
    return place is not None and place.question.kind == "id_number"


# ---------------------------------------------------------------- what a person can do


def go_on(desk: Desk, person: Person, ahead: str = "") -> list[Letter]:
    """Greets whoever comes for the first time, and asks the question they are at."""
    sitting, first = sit_down(desk, person)
    if first:
        ahead = "\n\n".join(filter(None, [ahead, sitting.path.fill(desk.campaign.intro, quote=texts.quote)]))
    return _ask(sitting, ahead)


def answer(desk: Desk, person: Person, said: str) -> list[Letter]:
    """Takes a message as the answer to the present question; a button of another question is told apart."""
    sitting, first = sit_down(desk, person)
    if first:
        return _ask(sitting, sitting.path.fill(desk.campaign.intro, quote=texts.quote))
    path = sitting.path
    said, mark = split_mark(said, path)
    place = path.place
    if mark and (place is None or mark != place.mark):
        return _stale(sitting, mark)
    if place is None:
        return [desk.reply(Text(texts.already_done(sitting.case.receipt), texts.TITLE))]
    turn = questionnaire.take(desk.campaign, fold(sitting.changes), sitting.setting, said, tapped=bool(mark))
    return _refuse(sitting, place, turn, said) if turn.problem else _accept(sitting, place, turn)


def back(desk: Desk, person: Person) -> list[Letter]:
    sitting, _ = sit_down(desk, person)
    changes = progress.back(sitting.path)
    sitting.add(changes)
    return _ask(sitting, "" if changes else texts.FIRST_QUESTION)


def edit(desk: Desk, person: Person, number: str) -> list[Letter]:
    """«修改» lists what can be changed, «修改 3» asks entry 3 again."""
    sitting, _ = sit_down(desk, person)
    path = sitting.path
    if number and (changes := progress.reopen_entry(path, int(number))):
        sitting.add(changes)
        return _ask(sitting)
    if not any(step.given and step.asked for step in path.steps):
        return _ask(sitting, texts.NOTHING_YET)
    ahead = texts.no_such_entry(number) if number else texts.EDIT_WHICH
    return [desk.reply(asking.entries(path, ahead))]


def pause(desk: Desk, person: Person) -> list[Letter]:
    sitting, _ = sit_down(desk, person)
    if sitting.path.place is None:
        return [desk.reply(Text(texts.already_done(sitting.case.receipt), texts.TITLE))]
    options = menus.numbered(("继续", "继续"))
    return [desk.reply(Choice(texts.TITLE, texts.paused(desk.campaign.deadline), options))]


def start_over(desk: Desk, person: Person, *, sure: bool) -> list[Letter]:
    if not sure:
        options = menus.numbered(*texts.RESTART_OPTIONS)
        return [desk.reply(Choice(texts.TITLE, texts.RESTART_ASK, options))]
    sitting, _ = sit_down(desk, person)
    sitting.add((restart(),))
    cases.drop_drafts(desk.session, sitting.case)
    return _ask(sitting)


def explain(desk: Desk, person: Person) -> list[Letter]:
    """«？»: how to answer the present question, then the question again."""
    sitting, _ = sit_down(desk, person)
    place = sitting.path.place
    if place is None:
        return [desk.reply(Text(texts.already_done(sitting.case.receipt), texts.TITLE))]
    if place.question.help == "classes":
        told = "\n\n".join(f"**{kind.name}**：{kind.text}" for kind in desk.campaign.data_classes)
    else:
        told = sitting.path.fill(place.question.help, place.row, texts.quote)
    return _ask(sitting, told, anew=True)


def status(desk: Desk, person: Person) -> str:
    """One sentence about the person's own self-check."""
    case = cases.find(desk.session, desk.campaign.id, person.id or 0)
    at = total = 0
    if case is not None:
        path = sit_down(desk, person)[0].path
        at, total = (path.place.entry or path.entries) if path.place else 0, path.entries
    return texts.own_progress(
        desk.campaign,
        receipt=case.receipt if case else "",
        submitted=case.submitted_at if case else None,
        at=at,
        total=total,
        changed=bool(at),
    )


# ---------------------------------------------------------------- inside


def split_mark(said: str, path: Walk) -> tuple[str, str]:
    """What was said and the mark of the button it came from; a «#» of the person's own is left alone. A button of
    another talk («1 紫金街道 #单位») or of an older campaign file is still a button."""
    found = _MARKED.match(clean(said))
    if found is None:
        return said, ""
    mark, known = found["mark"], path.campaign.marks
    pressed = mark.rstrip("0123456789") in known or mark in known or _BUTTON.match(found["said"])
    return (found["said"], mark) if pressed else (said, "")


def _accept(sitting: Sitting, place: Step, turn: Turn) -> list[Letter]:
    desk = sitting.desk
    sitting.add(tuple(_without_phones(sitting, change) for change in turn.changes))
    path = sitting.path
    ahead = ""
    if turn.signer:
        name, number = turn.signer
        pledge.keep_draft(desk, sitting.case, name, number)
        ahead = texts.number_received(number.masked)
        if name != sitting.person.name:
            ahead += texts.other_name(name, sitting.person.name)
    elif place.question.kind not in ("review", "fix", "submit") and not any(
        c.given and c.given.open for c in turn.changes
    ):
        ahead = texts.noted(path.cell(place.question.id, place.row))
    if progress.finished(path):
        return _hand_in(sitting, path)
    return _ask(sitting, ahead, anew=True)


def _without_phones(sitting: Sitting, change: Change) -> Change:
    """A mobile number in an answer (a contact) is sealed; the answer itself shows it masked."""
    given = change.given
    if given is None or not any(leak_guard.has_phone(value) for value in given.values):
        return change
    masked = tuple(leak_guard.mask_phones(value) for value in given.values)
    sealed = sitting.desk.vault.seal("\n".join(given.values), answer_purpose(sitting.case.id))
    return Change(change.key, replace(given, values=masked, sealed=sealed))


def is_tapped(desk: Desk, said: str) -> bool:
    """True for a button of one of the questions: it says itself what it answers."""
    found = _MARKED.match(clean(said))
    return found is not None and found["mark"].rstrip("0123456789") in desk.campaign.marks


def _refuse(sitting: Sitting, place: Step, turn: Turn, said: str) -> list[Letter]:
    problem = turn.problem or Problem.UNCLEAR
    if problem is Problem.EDIT_WHICH:
        return [sitting.desk.reply(asking.entries(sitting.path, texts.EDIT_WHICH))]
    told = texts.problem(problem, place.question, said, sitting.desk.today)
    if problem in (Problem.WRITE, Problem.BAD_ID_NUMBER, Problem.NO_ID_NUMBER):
        return [sitting.desk.reply(Text(told, texts.TITLE))]  # the question stands right above
    return _ask(sitting, told)


def _stale(sitting: Sitting, mark: str) -> list[Letter]:
    path = sitting.path
    old = next((step for step in path.steps if step.mark == mark and step.given), None)
    told = texts.stale(path.label(old.question.id, old.row) if old else "")
    if path.place is None:
        done = texts.already_done(sitting.case.receipt)
        return [sitting.desk.reply(Text(f"{told}\n\n{done}", texts.TITLE))]
    return _ask(sitting, f"{told}{texts.stale_now()}")


def _ask(sitting: Sitting, ahead: str = "", *, anew: bool = False) -> list[Letter]:
    """The present question, with what is to be said ahead of it in the same message; `anew`: it was just reached, so
    the pledge is shown whole."""
    desk, path = sitting.desk, sitting.path
    place = path.place
    if place is None:
        told = "\n\n".join(filter(None, [ahead, texts.already_done(sitting.case.receipt)]))
        return [desk.reply(Text(told, texts.TITLE))]
    pieces = pledge.shown(desk.campaign) if place.question.show_pledge and anew else []
    return [*(desk.reply(body) for body in pieces), desk.reply(asking.question(path, place, ahead))]


def _hand_in(sitting: Sitting, path: Walk) -> list[Letter]:
    """The end: what was answered is kept as handed in, the pledge counts, what still waited to remind is taken back."""
    desk, case = sitting.desk, sitting.case
    late = desk.now >= desk.campaign.closes_at
    if not case.receipt:
        local = desk.now.astimezone(desk.campaign.zone)
        number = cases.next_number(desk.session, f"receipt/{desk.campaign.id}/{local:%Y-%m-%d}")
        case.receipt = f"{desk.campaign.receipt_prefix}-{local:%m%d}-{number:04d}"
    told = pledge.settle(desk, case, path)
    if case.submitted_at is None:
        case.late = late
    case.submitted_at = desk.now
    case.nil, case.touched = progress.is_nil(path), progress.touched(path)
    desk.session.add(case)
    cases.hand_in(desk.session, case, _answers_json(path), at=desk.now, late=late)
    lane = str(desk.direct(sitting.person.staff_id))
    outbox.withdraw(desk.session, lane, ("reminder", "nudge"), at=desk.now)
    if case.nil:
        words = texts.nil_done(case.receipt, told, late=case.late)
    else:
        words = texts.done(case.receipt, told, len(list(path.rows())), late=case.late)
    return [desk.reply(Text(words, texts.TITLE))]


def _answers_json(path: Walk) -> str:
    """Every answer that counts, in the order of the path."""
    counting = {step.key: json.loads(step.given.to_json()) for step in path.steps if step.given}
    return json.dumps(counting, ensure_ascii=False)
