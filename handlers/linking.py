"""Somebody known on one platform shows on another that it is them: a code from here, said there, once and soon.

The code is as good as a password for ten minutes, so it is given and taken in 1:1 only, and kept as a digest.
"""

from collections.abc import Sequence
from datetime import timedelta

from handlers import self_check
from handlers.desk import Desk
from handlers.messages import Address, ChatKind, Letter
from handlers.texts import newcomers
from storage import account_codes, accounts, roster
from storage.models import Person

GOOD_FOR = timedelta(minutes=10)


def give(desk: Desk, person: Person) -> list[Letter]:
    """«绑定浙政钉»: a code for the other platform."""
    code = account_codes.give(desk.session, person.id or 0, until=desk.now + GOOD_FOR)
    desk.record("account.code", subject=f"person/{person.id}")
    minutes = int(GOOD_FOR.total_seconds() // 60)
    return [desk.tell(newcomers.link_code(code, minutes))]


def take(desk: Desk, said: str) -> Sequence[Letter]:
    """The letters to somebody unknown who says a code; none where it is no code, or not good any more."""
    person_id = account_codes.take(desk.session, said, at=desk.now)
    known = roster.person_numbered(desk.session, person_id) if person_id else None
    if known is None or not known.active:
        return []
    platform, account_id = accounts.home(desk.inbound.sender_id)
    if not accounts.may_be(desk.session, known, platform):
        return []
    if applicant := roster.applicant(desk.session, desk.inbound.sender_id):
        desk.session.delete(applicant)
    accounts.recognise(desk.session, desk.vault, known, platform, account_id, at=desk.now)
    known.reached_at = str(Address(platform, ChatKind.DIRECT, account_id))
    desk.session.flush()
    there = desk.in_place_of(known)
    there.record("account.link", subject=f"person/{known.id}", detail=platform)
    return [desk.tell(newcomers.welcome(known.name)), *self_check.go_on(there, known)]
