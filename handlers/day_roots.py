"""The digest of a day's pledges, made public in the city's groups: kept there, it proves later that
nothing was changed.

Only where the campaign file wants it. Must not know how a digest is made.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from handlers.messages import Address, ChatKind, Letter, Text
from handlers.texts import evidence
from storage import roster
from storage.models import DayRoot

TOPIC = "evidence"


def letters(session: Session, campaign: Campaign, day: DayRoot, now: datetime) -> Iterator[Letter]:
    """One for each group bound to the topmost unit, at the next decent moment; under a key of its own."""
    if not campaign.evidence.publish:
        return
    for group, unit in roster.groups(session):
        if unit.parent_id is None:
            yield Letter(
                to=Address(group.channel, ChatKind.GROUP, group.conversation_id),
                body=Text(evidence.day_root(campaign, day.day, day.count, day.total, day.digest), campaign.name),
                topic=TOPIC,
                key=f"{campaign.id}/{TOPIC}/{day.day}/g{group.conversation_id}",
                not_before=next_polite(campaign, now),
                bulk=True,
            )
