"""The self-check as a conversation: one person, one question at a time.

Joins the pure engine with the log of answers; decides nothing about the path itself (`campaign/walk.py`) and knows no
other person than the one before it.
"""

import re

from handlers import asking, countersigning, handing_in, menus, pledge
from handlers.campaign import progress, questionnaire
from handlers.campaign.matching import clean, number
from handlers.campaign.questionnaire import Problem, Turn
from handlers.campaign.walk import Step, Walk
from handlers.desk import Desk
from handlers.messages import Choice, Letter, Text
from handlers.returns import lock
from handlers.sitting import Sitting, path_before, place_before, sit_down, subject
from handlers.texts import asks, exempting, filling, plain, proxies
from handlers.whose import signer
from storage import at_hand, cases, exemptions, roster
from storage.models import Person

_BUTTON = re.compile(r"\d{1,2} \S")
_MARKED = re.compile(r"^(?P<said>.*?)\s*#(?P<mark>[^#\s]{1,24})$", re.DOTALL)


def wants_id_number(desk: Desk, person: Person) -> bool:
    """True while the person is asked for their own number: the only moment one may be sent."""
    place = place_before(desk, person)
    return place is not None and place.question.kind == "id_number"


# ---------------------------------------------------------------- what a person can do


def go_on(desk: Desk, person: Person, ahead: str = "") -> list[Letter]:
    """Greets whoever comes for the first time, and asks the question they are at."""
    sitting, first = sit_down(desk, person)
    if first:
        ahead = "\n\n".join(filter(None, [ahead, intro(sitting)]))
    elif told := stands_still(sitting):
        return told if sitting.path.place else ask(sitting, ahead)
    return ask(sitting, ahead)


def greet(desk: Desk, person: Person) -> list[Letter]:
    """«你好», «继续»: the sender goes on, and nobody else is touched."""
    if person.filling_for is None:
        at_hand.own(desk.session)
    return go_on(desk, person)


def answer(desk: Desk, person: Person, said: str) -> list[Letter]:
    """Takes a message as the answer to the present question; a button of another question is told apart."""
    sitting, first = sit_down(desk, person)
    if sitting.filler is None:
        at_hand.own(desk.session)
    if first:
        return ask(sitting, intro(sitting))
    path = sitting.path
    said, mark = split_mark(said, path)
    if sitting.met:
        return _met(sitting, said, mark)
    place = path.place
    if mark and (place is None or mark != place.mark):
        return _stale(sitting, mark)
    if place is None:
        return ask(sitting)
    if told := stands_still(sitting):
        return told
    if sitting.case.asked_again and not mark and not _question_above(desk):
        return ask(sitting, asks.ASKED_AGAIN)  # they had handed in: what they say is not about a question not yet seen
    said, seen = (said, False) if mark else _as_seen(desk, path, place, said)
    tapped = bool(mark) or seen
    turn = questionnaire.understood(path, said, tapped=tapped)
    return _refuse(sitting, place, turn, said) if turn.problem else _accept(sitting, place, turn)


def pause(desk: Desk, person: Person) -> list[Letter]:
    path = path_before(desk, person)
    if path is not None and path.place is None:
        return go_on(desk, person)
    options = menus.numbered(("继续", "继续"))
    return [desk.offer(asks.paused(desk.campaign.deadline), options)]


def explain(desk: Desk, person: Person) -> list[Letter]:
    """«？»: how to answer the present question, then the question again."""
    sitting, _ = sit_down(desk, person)
    place = sitting.path.place
    if place is None:
        return ask(sitting)
    if place.question.help == "classes":
        told = "\n\n".join(f"**{kind.name}**：{kind.text}" for kind in desk.campaign.data_classes)
    else:
        told = sitting.path.fill(place.question.help, place.row, plain.quote)
    return ask(sitting, told, anew=True)


def status(desk: Desk, person: Person) -> str:
    """One sentence about the person's own self-check."""
    case = cases.find(desk.session, desk.campaign.id, person.id or 0)
    at = total = 0
    if (path := path_before(desk, person, about=person)) is not None:
        at, total = (path.place.entry or path.entries) if path.place else 0, path.entries
    about = subject(desk, person)
    filling_for = "" if about is person else proxies.still_filling(about.name)
    if exempt := exemptions.find(desk.session, desk.campaign.id, person.id or 0):
        return filling_for + exempting.own(exempt.reason)
    return filling_for + asks.own_progress(
        desk.campaign,
        receipt=case.receipt if case else "",
        submitted=case.submitted_at if case else None,
        at=at,
        total=total,
        changed=bool(at),
        asked_again=bool(case and case.asked_again),
    )


# ---------------------------------------------------------------- inside


def _met(sitting: Sitting, said: str, mark: str) -> list[Letter]:
    """Somebody speaks to a file that has changed meanwhile: what they say still answers what they had before them."""
    met = sitting.met
    place = met.place if met else None
    if met is None or place is None or (mark and mark != place.mark):
        return ask(sitting)
    turn = questionnaire.take(sitting.campaign, met.before, sitting.setting, said, tapped=bool(mark))
    return ask(sitting) if turn.problem else _accept(sitting, place, turn)


def _question_above(desk: Desk) -> bool:
    """Whether the last thing said in the chat was a question of the self-check."""
    body = menus.last_seen(desk).body
    return isinstance(body, Text | Choice) and body.title.startswith(plain.title(""))


def split_mark(said: str, path: Walk) -> tuple[str, str]:
    """What was said and the mark of the button it came from; a «#» of the person's own is left alone. A button of
    another talk («1 紫金街道 #单位») or of an older campaign file is still a button."""
    found = _MARKED.match(clean(said))
    if found is None:
        return said, ""
    mark, known = found["mark"], path.campaign.marks
    pressed = mark.rstrip("0123456789") in known or mark in known or _BUTTON.match(found["said"])
    return (found["said"], mark) if pressed else (said, "")


def _as_seen(desk: Desk, path: Walk, place: Step, said: str) -> tuple[str, bool]:
    """A bare number where the rows of colleagues are offered: the button it was when the person saw it, for these may
    have become others since. Elsewhere what was said."""
    wanted = number(said)
    if wanted is None or not path.at_first_column(place):
        return said, False
    body = menus.last_seen(desk).body
    for option in body.options if isinstance(body, Choice) else ():
        words, mark = split_mark(signer(desk.campaigns, option.send)[0], path)
        if mark == place.mark and words.startswith(f"{wanted} "):
            return words, True
    return said, False


def _accept(sitting: Sitting, place: Step, turn: Turn) -> list[Letter]:
    desk = sitting.desk
    sitting.add(turn.changes)
    path = sitting.path
    touched = progress.touched(path)
    if sitting.case.submitted_at is None:
        cases.change(desk.session, sitting.case, touched=touched)  # who has yet to sign is known before they hand in
    ahead = ""
    if turn.signer:
        name, id_number = turn.signer
        pledge.keep_draft(desk, sitting.case, name, id_number)
        ahead = asks.number_received(id_number.masked, recallable=desk.inbound.recallable)
        if name != sitting.person.name:
            ahead += asks.other_name(name, sitting.person.name)
    elif turn.copied:
        ahead = filling.copied(turn.copied)
    elif turn.typical:
        ahead = ""
    elif place.question.kind not in ("review", "fix", "submit") and not any(
        c.given and c.given.open for c in turn.changes
    ):
        ahead = asks.noted(path.cell(place.question.id, place.row))
    if progress.finished(path):
        return _handed_in(sitting, path)
    return ask(sitting, ahead, anew=True)


def takes_own_words(desk: Desk, person: Person) -> bool:
    """Whether the question at hand may be answered with a sentence."""
    place = place_before(desk, person)
    return place is not None and (place.question.kind == "text" or place.question.free == "sentence")


def is_tapped(desk: Desk, said: str) -> bool:
    """True for a button of one of the questions: it says itself what it answers."""
    found = _MARKED.match(clean(said))
    return found is not None and found["mark"].rstrip("0123456789") in desk.campaign.marks


def _refuse(sitting: Sitting, place: Step, turn: Turn, said: str) -> list[Letter]:
    problem = turn.problem or Problem.UNCLEAR
    if problem is Problem.EDIT_WHICH:
        return [sitting.desk.reply(asking.entries(sitting.path, asks.EDIT_WHICH))]
    told = asks.problem(problem, place.question, said, sitting.desk.today)
    if problem in (Problem.WRITE, Problem.BAD_ID_NUMBER, Problem.NO_ID_NUMBER):
        return [sitting.desk.tell(told)]  # the question stands right above
    return ask(sitting, told)


def _stale(sitting: Sitting, mark: str) -> list[Letter]:
    path = sitting.path
    old = next((step for step in path.steps if step.mark == mark and step.given), None)
    told = asks.stale(path.label(old.question.id, old.row) if old else "")
    if path.place is None:
        return ask(sitting, told)
    return ask(sitting, f"{told}{asks.stale_now()}")


def ask(sitting: Sitting, ahead: str = "", *, anew: bool = False) -> list[Letter]:
    """The present question, with what is to be said ahead of it in the same message; `anew`: it was just reached, so
    the pledge is shown whole."""
    desk, path = sitting.desk, sitting.path
    place = path.place
    if sitting.met:
        ahead = "\n\n".join(filter(None, [ahead, sitting.met.notice]))
    if place is None:
        return [desk.tell("\n\n".join(filter(None, [ahead, _done(sitting)])))]
    pieces = (
        pledge.shown(desk.campaign)
        if place.question.show_pledge and (anew or sitting.met or sitting.case.asked_again)
        else []
    )
    return [*(desk.reply(body) for body in pieces), desk.reply(asking.question(path, place, ahead))]


def intro(sitting: Sitting) -> str:
    """What is said ahead of somebody's first question."""
    path, campaign = sitting.path, sitting.campaign
    if sitting.filler is None:
        return path.fill(campaign.intro, quote=plain.quote)
    if not campaign.intro_proxy:
        return proxies.intro(sitting.person.name, sitting.setting.unit)
    return path.fill(campaign.intro_proxy, quote=plain.quote)


def _done(sitting: Sitting) -> str:
    """What is said when there is nothing more to ask."""
    case, name = sitting.case, sitting.person.name
    if case.countersign:
        return proxies.already_waits(name)
    return asks.already_done(case.receipt) if sitting.filler is None else proxies.already_done(name, case.receipt)


def stands_still(sitting: Sitting) -> list[Letter]:
    """A no to somebody who has handed in and whose unit's return is confirmed; empty where they may change something.
    Who has not handed in yet may still do so: it counts for themselves."""
    desk, case = sitting.desk, sitting.case
    if case.submitted_at is None or case.asked_again or not lock.locked(desk, case.unit_id):
        return []
    if sitting.filler is not None:
        return [desk.tell(proxies.locked(sitting.person.name))]
    looking = roster.coordinators(desk.session, roster.unit(desk.session, case.unit_id), desk.now)
    return [desk.tell(filling.locked([person.name for person in looking]))]


def _handed_in(sitting: Sitting, path: Walk) -> list[Letter]:
    desk, case, person = sitting.desk, sitting.case, sitting.person
    if sitting.filler is not None:
        return countersigning.filled_in(sitting, sitting.filler, path)
    cases.change(desk.session, case, filled_by=None, countersign=False)
    return [desk.tell(handing_in.hand_in(desk, case, person, path))]
