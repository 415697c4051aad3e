"""复核: somebody drawn answers a few key questions once more, and is compared with what they had handed in.

The answers stand in the person's own log under keys of their own; the self-check itself is not touched. What the person
last saw tells whether a bare answer is meant for it: nothing is remembered here.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from handlers import asking, check_results, leak_guard, menus
from handlers.campaign import progress, questionnaire, rechecking
from handlers.campaign.answers import Change, Given, fold, written
from handlers.campaign.checks import SpotCheck
from handlers.campaign.matching import clean
from handlers.campaign.questionnaire import Problem, Turn
from handlers.campaign.walk import Step, Walk
from handlers.commands import Command, Word, parse
from handlers.desk import Desk
from handlers.manners import next_polite
from handlers.menus import Seen
from handlers.messages import Choice, Letter, Text
from handlers.papers.handed_in import as_handed_in
from handlers.texts import asks, checking, plain
from storage import answer_log, cases, outbox, spot_check
from storage.models import Case, Draw, Drawn, Person

_MARKED = re.compile(rf"(?P<said>.*?)\s*#(?P<mark>{checking.TITLE}(?P<draw>\d{{1,5}})[^#\s]{{1,40}})", re.DOTALL)
_TITLED = re.compile(rf"{checking.TITLE} (\d{{1,5}})：.*")
_MEANT_FOR_IT = (Word.BACK, Word.PAUSE, Word.EXPLAIN, Word.GO_ON)
_INVITED, _REMINDED = "back_check", "check_nudge"


@dataclass
class Sitting:
    """Somebody's second answers during one message."""

    desk: Desk
    person: Person
    case: Case
    draw: Draw
    row: Drawn
    chapter: SpotCheck
    changes: list[Change]

    @property
    def path(self) -> Walk:
        desk, number = self.desk, self.draw.number
        return rechecking.again(desk.campaign, self.chapter, number, fold(self.changes), desk.setting(self.person))

    @property
    def until(self) -> date:
        return check_results.until(self.desk.campaign, self.row.asked_at or self.desk.now)

    @property
    def closed(self) -> str:
        """Why nothing is taken any more; empty while it is."""
        if self.row.answered_at:
            return checking.ANSWERED_BEFORE
        return checking.over(self.until) if self.desk.today > self.until else ""

    def add(self, changes: tuple[Change, ...]) -> None:
        kept = tuple(Change(change.key, _masked(change.given)) for change in changes)
        self.changes += kept
        lines = [(_prefix(self.draw) + c.key, c.given.to_json() if c.given else None) for c in kept]
        answer_log.append(self.desk.session, self.case, lines, at=self.desk.now, msg_id=self.desk.inbound.msg_id)


def _prefix(draw: Draw) -> str:
    return f"check/{draw.number}/"


def _masked(given: Given | None) -> Given | None:
    return replace(given, values=tuple(leak_guard.mask_phones(v) for v in given.values)) if given else None


# ---------------------------------------------------------------- inviting


def invite(desk: Desk, draw: Draw, by: str) -> list[Letter]:
    """One letter to everybody drawn who can be asked and was not yet: who has an account and has handed in."""
    letters = []
    at = next_polite(desk.campaign, desk.now)
    for row, person, handed_in in spot_check.people_drawn(desk.session, draw.id or 0):
        if row.asked_at or not (handed_in and person.active and person.account):
            continue
        row.asked_at = at
        desk.session.add(row)
        words = _invitation(desk, row, by)
        letters.append(_unasked(desk, draw, person, words, at, _INVITED, f"check/{draw.number}/{person.id}", row))
    return letters


def remind(desk: Desk, draw: Draw, by: str) -> list[Letter]:
    """Those who could not be asked before are; those who have not answered are reminded, once a day."""
    fresh = invite(desk, draw, by)
    at = next_polite(desk.campaign, desk.now)
    day = at.astimezone(desk.campaign.zone).date()
    invited = {letter.to for letter in fresh}
    reminders, just_asked = [], 0
    for row, drawn, _ in spot_check.people_drawn(desk.session, draw.id or 0):
        if row.asked_at is None or row.answered_at or not drawn.active or desk.direct(drawn) in invited:
            continue
        if row.asked_at.astimezone(desk.campaign.zone).date() >= day:
            just_asked += 1
            continue
        last = check_results.until(desk.campaign, row.asked_at)
        if day <= last:
            key = f"check/{draw.number}/{day}/{drawn.id}"
            reminders.append(_unasked(desk, draw, drawn, checking.reminder(by, last), at, _REMINDED, key, row))
    again = outbox.known_keys(desk.session, [letter.key for letter in reminders])
    send = [*fresh, *(letter for letter in reminders if letter.key not in again)]
    desk.record("spot_check.remind", detail=f"{draw.number} {len(send)}")
    return [desk.confide(checking.reminded(len(send), len(again) + just_asked)), *send]


def _invitation(desk: Desk, row: Drawn, by: str) -> str:
    chapter = desk.campaign.spot_check
    last = check_results.until(desk.campaign, row.asked_at or desk.now)
    return chapter.invitation.format(by=by, until=plain.day(last)) if chapter else ""


def _unasked(
    desk: Desk, draw: Draw, person: Person, words: str, at: datetime, topic: str, key: str, row: Drawn
) -> Letter:
    last = check_results.until(desk.campaign, row.asked_at or desk.now)
    begin = menus.numbered((checking.BEGIN, f"{checking.TITLE} {draw.number}"))
    return Letter(
        to=desk.direct(person),
        body=Choice(checking.TITLE, words, begin),
        topic=topic,
        key=f"{desk.campaign.id}/{key}",
        not_before=at,
        expires_at=datetime.combine(last + timedelta(days=1), time(), desk.campaign.zone),
        bulk=True,
    )


# ---------------------------------------------------------------- answering


def begin(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«复核»: the first one that is still open; «复核 1»: that one."""
    rows = spot_check.asked(desk.session, desk.campaign.id, person.id or 0)
    wanted = [draw for draw, _ in rows if not command.rest or str(draw.number) == command.rest]
    sittings = [sitting for draw in wanted if (sitting := _sit_down(desk, person, draw.number))]
    at = next((sitting for sitting in sittings if not sitting.closed), None)
    if at is None:
        return [desk.tell(sittings[-1].closed if sittings else checking.NOT_DRAWN)]
    return [_ask(at, "" if at.changes else checking.INTRO)]


def answer(desk: Desk, person: Person, seen: Seen, said: str) -> list[Letter]:
    """What was said, where it is meant for a question asked once more: by its button, or because that was the last
    thing seen. Empty where it is not."""
    button = _MARKED.fullmatch(clean(said))
    number = int(button["draw"]) if button else _asked_last(seen)
    if not number:
        return []
    command = parse(said)
    if command and command.word not in _MEANT_FOR_IT:
        return []
    sitting = _sit_down(desk, person, number)
    if sitting is None:
        return []
    if sitting.closed:
        return [desk.tell(sitting.closed)]
    if command:
        return _obey(sitting, command)
    if not button and not seen.arrived:
        return [_ask(sitting, asks.NOT_SEEN)]
    return _take(sitting, button["said"] if button else said, button["mark"] if button else "")


def _asked_last(seen: Seen) -> int:
    title = seen.body.title if isinstance(seen.body, Choice | Text) else ""
    found = _TITLED.fullmatch(title)
    return int(found[1]) if found else 0


def _sit_down(desk: Desk, person: Person, number: int) -> Sitting | None:
    """Where somebody was drawn and asked; None where they were not."""
    rows = spot_check.asked(desk.session, desk.campaign.id, person.id or 0)
    found = next(((draw, row) for draw, row in rows if draw.number == number), None)
    case, chapter = cases.find(desk.session, desk.campaign.id, person.id or 0), desk.campaign.spot_check
    if found is None or case is None or chapter is None:
        return None
    prefix = _prefix(found[0])
    changes = [
        written(key.removeprefix(prefix), given)
        for key, given in answer_log.lines(desk.session, case)
        if key.startswith(prefix)
    ]
    return Sitting(desk, person, case, *found, chapter, changes)


def _obey(sitting: Sitting, command: Command) -> list[Letter]:
    """A word that is about the question at hand: back, later, how."""
    desk, path = sitting.desk, sitting.path
    if command.word is Word.BACK:
        changes = progress.back(path)
        sitting.add(changes)
        return [_ask(sitting, "" if changes else asks.FIRST_QUESTION)]
    if command.word is Word.PAUSE:
        return [desk.offer(checking.paused(sitting.until), menus.numbered((checking.TITLE, checking.TITLE)))]
    place = path.place
    if command.word is Word.EXPLAIN and place is not None:
        if place.question.help == "classes":
            told = "\n\n".join(f"**{kind.name}**：{kind.text}" for kind in desk.campaign.data_classes)
        else:
            told = path.fill(place.question.help, place.row, plain.quote)
        return [_ask(sitting, told)]
    return [_ask(sitting)]


def _take(sitting: Sitting, said: str, mark: str) -> list[Letter]:
    path = sitting.path
    place = path.place
    if place is None:
        return _finish(sitting, path)
    if mark and mark != place.mark:
        old = next((step for step in path.steps if step.mark == mark and step.given), None)
        told = asks.stale(path.label(old.question.id, old.row) if old else "")
        return [_ask(sitting, f"{told}{asks.stale_now()}")]
    turn = questionnaire.take(path.campaign, path.answers, path.setting, said, tapped=bool(mark))
    if turn.problem:
        return [_refused(sitting, place, turn, said)]
    sitting.add(turn.changes)
    path = sitting.path
    return [_ask(sitting)] if path.place else _finish(sitting, path)


def _refused(sitting: Sitting, place: Step, turn: Turn, said: str) -> Letter:
    problem = turn.problem or Problem.UNCLEAR
    told = asks.problem(problem, place.question, said, sitting.desk.today)
    return _say(sitting, Text(told, place.question.name)) if problem is Problem.WRITE else _ask(sitting, told)


def _finish(sitting: Sitting, path: Walk) -> list[Letter]:
    """Compared with what counted when the question was put: what was changed since is no excuse and no fault."""
    desk, row = sitting.desk, sitting.row
    handed_in = spot_check.handed_in_by(desk.session, sitting.case, row.asked_at or desk.now)
    if handed_in is None:
        raise LookupError("asked once more without having handed in")
    before = as_handed_in(desk.campaign, sitting.person.name, handed_in)
    hits = rechecking.found(before, path, sitting.chapter)
    row.answered_at, row.mismatches = desk.now, ",".join(rule.id for rule in hits)
    desk.session.add(row)
    desk.take_back(sitting.person, (_REMINDED,))
    desk.session.flush()
    edit = menus.numbered(("修改", "修改"))
    thanks = desk.offer(checking.THANKS_CHANGED, edit) if hits else desk.tell(checking.THANKS)
    return [thanks, *_all_answered(sitting)]


def _all_answered(sitting: Sitting) -> list[Letter]:
    """The checker hears of it once, when the last one has answered."""
    desk, draw = sitting.desk, sitting.draw
    if not spot_check.all_answered(desk.session, draw.id or 0):
        return []
    drawer = spot_check.drawer(desk.session, draw)
    told = checking.all_answered(draw.number)
    return desk.write_to(drawer, told, key=f"check/{draw.number}/all/{draw.size}")


def _ask(sitting: Sitting, ahead: str = "") -> Letter:
    path = sitting.path
    if path.place is None:
        return sitting.desk.tell(ahead or checking.ANSWERED_BEFORE)
    return _say(sitting, asking.question(path, path.place, ahead))


def _say(sitting: Sitting, body: Text | Choice) -> Letter:
    """Under a title that tells it from a question of the self-check: `answer` looks for it."""
    place = sitting.path.place
    title = checking.title(sitting.draw.number, place.question.name if place else "")
    return sitting.desk.reply(replace(body, title=title))
