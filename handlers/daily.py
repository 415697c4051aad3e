"""The round of a working day: what has a day of its own is asked about once, in the morning.

Each room says what is due (`Round`); here is only when. The key of the day's firing is the memory.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlmodel import Session

from handlers import rectification, risks
from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from handlers.messages import Letter
from storage import cases
from storage.models import Firing

Round = Callable[[Session, Campaign, datetime], Iterable[Letter]]
"""The letters of today, given the moment."""

ROUNDS: tuple[Round, ...] = (risks.due, rectification.due)
RULE = "daily"


def fire(session: Session, campaign: Campaign, *, now: datetime) -> list[Letter] | None:
    """The letters of the day, at the first decent moment of it; None before that and ever after."""
    if next_polite(campaign, now) != now:
        return None
    day = now.astimezone(campaign.zone).date()
    if not cases.fire(session, Firing(campaign=campaign.id, rule=RULE, day=day, fired_at=now)):
        return None
    return [letter for due in ROUNDS for letter in due(session, campaign, now)]
