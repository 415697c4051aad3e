"""The end of a self-check: what was answered is kept as handed in, the pledge counts, what waited to remind is taken
back.

Filled in for somebody else by a colleague it waits for the coordinator's word first (`proxy.py`).
"""

import json

from handlers import pledge, risks
from handlers.campaign import progress
from handlers.campaign.walk import Walk
from handlers.desk import Desk
from handlers.reminders import settling
from handlers.texts import asks
from storage import cases, submissions
from storage.models import Case, Person


def hand_in(desk: Desk, case: Case, person: Person, path: Walk, closing: str = "") -> str:
    """Counts from now on; the words of the receipt, with other last words than usual if there are any. `person` is the
    one it is about, whoever answered."""
    with desk.session.no_autoflush:  # written once, when all of it is known
        told = _settled(desk, case, person, path)
    settling.settle(desk, desk.unit_of(person))
    if case.nil:
        return asks.nil_done(case.receipt, told, desk.campaign.words.nil, late=case.late, closing=closing)
    rows = f"{len(list(path.rows()))}{desk.campaign.words.row}"
    return asks.done(case.receipt, told, rows, late=case.late, closing=closing)


def _settled(desk: Desk, case: Case, person: Person, path: Walk) -> str:
    """Everything that follows for the person alone; what is said of the pledge."""
    late, first = desk.now >= desk.campaign.closes_at, case.submitted_at is None
    if first:
        cases.change(desk.session, case, unit_id=person.unit_id)  # with the pledge stands whose it is
    told, pledged = pledge.settle(desk, case, path, person)
    cases.change(
        desk.session,
        case,
        receipt=case.receipt or _receipt(desk),
        submitted_at=desk.now,
        late=late if first else case.late,
        asked_again=False,
        countersign=False,
        changing=False,
        nil=progress.is_nil(path),
        touched=progress.touched(path),
        pledged=pledged,
    )
    submissions.hand_in(desk.session, case, _answers_json(path), at=desk.now, late=late)
    risks.keep(desk, case, path, first=first)
    desk.take_back(person, ("reminder", "nudge", "revision"), of=f"{desk.campaign.id}/")
    return told


def _receipt(desk: Desk) -> str:
    local = desk.now.astimezone(desk.campaign.zone)
    number = cases.next_number(desk.session, f"receipt/{desk.campaign.id}/{local:%Y-%m-%d}")
    return f"{desk.campaign.receipt_prefix}-{local:%m%d}-{number:04d}"


def _answers_json(path: Walk) -> str:
    """Every answer that counts, in the order of the path."""
    counting = {step.key: step.given.to_data() for step in path.steps if step.given}
    return json.dumps(counting, ensure_ascii=False)
