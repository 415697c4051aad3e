"""What is handed in: exactly what counts from then on, and the pledge somebody tells of with it. Written once, and
entered as evidence in the same breath. Must not know the questions.
"""

import hashlib
from datetime import datetime

from sqlmodel import Session

from storage import cases, exemptions
from storage.evidence import entering
from storage.models import Case, Pledge, Submission


def hand_in(session: Session, case: Case, answers: str, *, at: datetime, late: bool) -> None:
    """Keeps exactly what was handed in; the latest counts. Whoever hands in is not exempt any more."""
    values = {
        "case_id": case.id,
        "answers": answers,
        "digest": hashlib.sha256(answers.encode()).hexdigest(),
        "at": at,
        "late": late,
        "unit_id": case.unit_id,
        "nil": case.nil,
        "touched": case.touched,
        "pledged": case.pledged,
        "revision": case.revision,
    }
    entering.write(session, Submission, case.campaign, values)
    exemptions.end(session, case.campaign, case.person_id, at=at)


def signed_before(session: Session, case: Case, told: str, *, at: datetime, msg_id: str) -> None:
    """A pledge signed on another occasion: only that the person says so, and when."""
    values = {
        "case_id": case.id,
        "state": cases.EARLIER,
        "text_version": 0,
        "text_digest": "",
        "name": "",
        "number_sealed": "",
        "number_print": "",
        "number_mask": "",
        "told": told,
        "at": at,
        "msg_id": msg_id,
    }
    entering.write(session, Pledge, case.campaign, values)
