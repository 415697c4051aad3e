"""Signatures of callbacks that were used, with what they came: durable and shared by all processes, so that none is
good for anything else, before and after a restart. Only digests are kept."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from storage.models import CallbackProof
from storage.statements import insert_new


def admit(session: Session, proof: str, body: str, *, at: datetime, keep: timedelta) -> bool:
    """True for the first body of a signature and for copies of it. `keep`: older ones are forgotten."""
    session.exec(delete(CallbackProof).where(col(CallbackProof.at) < at - keep))
    if insert_new(session, CallbackProof, {"proof": proof, "body": body, "at": at}):
        return True
    return session.exec(select(CallbackProof.body).where(CallbackProof.proof == proof)).one() == body
