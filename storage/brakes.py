"""What holds all bulk back: the operator's word, or a month whose calls are used up. In the database, so that every
process obeys within a second. Replies are never held. Must not know who reads it.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from storage.models import Setting
from storage.prepared import Prepared

_OPERATOR = "brake.operator"
_QUOTA = "brake.quota."
_LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """`channel` is empty where all are held, `until` None until somebody says «go on»."""

    at: datetime
    why: str
    channel: str = ""
    until: datetime | None = None


def pause(session: Session, why: str, *, at: datetime) -> None:
    """Holds all bulk of every channel until `go_on`."""
    _keep(session, _OPERATOR, Brake(at=at, why=why))


def out_of_quota(session: Session, channel: str, why: str, *, at: datetime, until: datetime) -> bool:
    """Holds a channel's bulk until the month turns; False if that is known already."""
    known = _read(session, _QUOTA + channel)
    if known and known.until == until:
        return False
    _keep(session, _QUOTA + channel, Brake(at=at, why=why, channel=channel, until=until))
    return True


def go_on(session: Session) -> list[Brake]:
    """Lets go of everything; what was held."""
    held = _all(session)
    session.exec(delete(Setting).where(col(Setting.name).startswith("brake.")))
    return held


def holding(session: Session, now: datetime, channel: str | None = None) -> list[Brake]:
    """What holds bulk now: of one channel, or of any."""
    in_force = [brake for brake in _all(session) if brake.until is None or now < brake.until]
    return [brake for brake in in_force if channel is None or brake.channel in ("", channel)]


def _all(session: Session) -> list[Brake]:
    session.flush()  # what this transaction has done counts
    return [_parsed(value) for (value,) in _BRAKES.rows(session, {})]


_BRAKES = Prepared(select(col(Setting.value)).where(col(Setting.name).startswith("brake.")).order_by(col(Setting.name)))


def _read(session: Session, name: str) -> Brake | None:
    row = session.exec(select(Setting).where(Setting.name == name)).first()
    return _parsed(row.value) if row else None


def _keep(session: Session, name: str, brake: Brake) -> None:
    until = brake.until.isoformat() if brake.until else None
    value = json.dumps([brake.at.isoformat(), brake.channel, until, brake.why[:_LONGEST]], ensure_ascii=False)
    session.merge(Setting(name=name, value=value))


def _parsed(value: str) -> Brake:
    at, channel, until, why = json.loads(value)
    return Brake(
        at=datetime.fromisoformat(at), why=why, channel=channel, until=datetime.fromisoformat(until) if until else None
    )
