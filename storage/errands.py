"""Files to be fetched: sent with the turn that asked for them, claimed under a lease, settled once.

The code that opens a file is sealed and is gone with the errand's end, like the file's name. Must not know platforms
nor what a file is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select, update

from storage.models import Errand, Person
from storage.vault import Vault


class State(StrEnum):
    WAITING = "waiting"
    FETCHING = "fetching"
    DONE = "done"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    id: int
    robot: str
    msg_id: str
    channel: str
    staff_id: str = field(repr=False)
    chat: str = field(repr=False)
    code: str = field(repr=False)
    name: str = field(repr=False)
    at: datetime
    attempts: int


def _purpose(msg_id: str) -> str:
    return f"errand/{msg_id}"


def send(
    session: Session,
    vault: Vault,
    *,
    robot: str,
    msg_id: str,
    channel: str,
    person_id: int,
    chat: str,
    code: str,
    name: str,
    kind: str,
    at: datetime,
) -> None:
    """A file is to be fetched for somebody."""
    session.add(
        Errand(
            robot=robot,
            msg_id=msg_id,
            channel=channel,
            person_id=person_id,
            chat=chat,
            code_sealed=vault.seal(code, _purpose(msg_id)),
            name=name[:200],
            kind=kind,
            not_before=at,
            at=at,
        )
    )


def is_any(session: Session) -> bool:
    """Whether one waits or is being fetched."""
    open_ = select(Errand.id).where(col(Errand.state).in_([State.WAITING, State.FETCHING])).limit(1)
    return session.exec(open_).first() is not None


def claim(session: Session, vault: Vault, *, real_now: datetime, limit: int, leased_until: datetime) -> list[Claimed]:
    """The next errands, one of a person at a time and in their order; those whose lease ended come back. Waiting and
    leases are measured in real time, whatever the campaign's clock says."""
    session.exec(
        update(Errand)
        .where(col(Errand.state) == State.FETCHING, col(Errand.leased_until) < real_now)
        .values(state=State.WAITING, leased_until=None)
    )
    earlier = aliased(Errand)
    ahead = exists().where(
        col(earlier.person_id) == Errand.person_id,
        col(earlier.state).in_([State.WAITING, State.FETCHING]),
        col(earlier.id) < Errand.id,
    )
    due = (
        select(Errand, Person)
        .join(Person, col(Person.id) == Errand.person_id)
        .where(
            Errand.state == State.WAITING, or_(col(Errand.attempts) == 0, col(Errand.not_before) <= real_now), ~ahead
        )
        .order_by(col(Errand.id))
        .limit(limit)
        .with_for_update(of=Errand, skip_locked=True)
    )
    claimed = []
    for errand, person in session.exec(due).all():
        errand.state, errand.leased_until, errand.attempts = State.FETCHING, leased_until, errand.attempts + 1
        session.add(errand)
        claimed.append(
            Claimed(
                id=errand.id or 0,
                robot=errand.robot,
                msg_id=errand.msg_id,
                channel=errand.channel,
                staff_id=person.staff_id,
                chat=errand.chat,
                code=vault.open(errand.code_sealed, _purpose(errand.msg_id)),
                name=errand.name,
                at=errand.at,
                attempts=errand.attempts,
            )
        )
    session.flush()
    return claimed


def settle(session: Session, errand_id: int, state: State) -> bool:
    """The end of an errand; False if another instance was quicker."""
    done = session.exec(
        update(Errand)
        .where(col(Errand.id) == errand_id, col(Errand.state).in_([State.WAITING, State.FETCHING]))
        .values(state=state, leased_until=None, code_sealed="", name="")
    )
    return done.rowcount == 1


def put_off(session: Session, errand_id: int, *, until: datetime) -> None:
    """The platform said «later»."""
    session.exec(
        update(Errand)
        .where(col(Errand.id) == errand_id, col(Errand.state) == State.FETCHING)
        .values(state=State.WAITING, not_before=until, leased_until=None)
    )


def release(session: Session, errand_ids: Sequence[int]) -> None:
    """Back to waiting: claimed, but not finished because of a stop."""
    session.exec(
        update(Errand)
        .where(col(Errand.id).in_(errand_ids), col(Errand.state) == State.FETCHING)
        .values(state=State.WAITING, leased_until=None, attempts=Errand.attempts - 1)
    )


def orphans(session: Session) -> int:
    """At the start of the only process on a database: what a killed one was fetching is fetched again. How many."""
    left = update(Errand).where(col(Errand.state) == State.FETCHING).values(state=State.WAITING, leased_until=None)
    return session.exec(left).rowcount
