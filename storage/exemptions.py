"""免填: who need not check themselves, with the reason and who decided. Must not know who may decide."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from storage.models import Exemption
from storage.prepared import Prepared
from storage.statements import insert_new


def find(session: Session, campaign: str, person_id: int) -> Exemption | None:
    """The one in force."""
    return session.exec(select(Exemption).where(*_open(campaign, person_id))).one_or_none()


def grant(session: Session, campaign: str, person_id: int, *, reason: str, by: int, at: datetime) -> bool:
    """False where they are exempt already."""
    return insert_new(
        session,
        Exemption,
        {"campaign": campaign, "person_id": person_id, "reason": reason[:200], "by": by, "at": at},
    )


def end(session: Session, campaign: str, person_id: int, *, at: datetime) -> bool:
    """False where there was none in force."""
    asked = {"whose": person_id, "in": campaign, "now": at}
    return bool(_END.run(session, asked))


def _open(campaign: object, person_id: object):  # type: ignore[no-untyped-def]
    return col(Exemption.campaign) == campaign, col(Exemption.person_id) == person_id, col(Exemption.ended_at).is_(None)


_END = Prepared(update(Exemption).where(*_open(bindparam("in"), bindparam("whose"))).values(ended_at=bindparam("now")))
