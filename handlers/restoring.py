"""After a backup was restored: what went out since then must not go out again by itself.

What people did since the backup is gone and they are simply asked again; what the machine did since cannot be known, so
it is taken as done.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from handlers import daily
from handlers.campaign.definition import Campaign
from handlers.reminders import firing
from storage import audit, cases, outbox
from storage.models import Firing

_GAP = 1_000
"""Receipts a day of the largest campaign gives out between two backups, and more."""


def settle(session: Session, campaigns: Sequence[Campaign], *, made_at: str, now: datetime) -> int:
    """Letters that waited become doubtful, moments that are due count as dealt with, numbers go on behind a gap.
    Returns how many letters the operator has to look at."""
    doubtful = outbox.doubt_all(session, at=now)
    for campaign in campaigns:
        today = now.astimezone(campaign.zone).date()
        cases.fire(session, Firing(campaign=campaign.id, rule=daily.RULE, day=today, fired_at=now))
        firing.pass_over(session, campaign, now)
    cases.skip_numbers(session, _GAP)
    audit.record(session, at=now, actor="operator", action="restore", detail=f"backup of {made_at}")
    return doubtful
