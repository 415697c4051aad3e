"""Letters that were sent long ago lose their words; their keys stay, so that nothing is ever said twice."""

from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from storage.models import Outgoing, PageLine
from storage.outbox import State

FADED = '{"kind": "Text", "markdown": "", "title": ""}'
"""The body of a letter whose words are gone."""
_DONE = (State.SENT, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.DOUBTFUL)


def fade(session: Session, before: datetime) -> int:
    """Takes the words out of letters settled before a moment, and off the pages they stood on; how many."""
    old = (col(Outgoing.settled_at) < before, col(Outgoing.state).in_(_DONE), col(Outgoing.body) != FADED)
    session.exec(delete(PageLine).where(col(PageLine.letter_id).in_(select(col(Outgoing.id)).where(*old))))
    return session.exec(update(Outgoing).where(*old).values(body=FADED)).rowcount
