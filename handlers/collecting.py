"""A paper that was promised on the page is collected there: may they still have it now, and that they did.

What a letter promised was theirs when it was written; an office may have passed on since.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from handlers import access
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.messages import Document
from storage import audit, roster


def collected(
    session: Session, campaigns: Sequence[Campaign], staff_id: str, document: Document, *, now: datetime
) -> bool:
    """Whether somebody may have a paper that was promised to them; where they may, it is written down."""
    person = roster.person(session, staff_id)
    campaign_id = document.params.get("campaign", "")
    if person is None or several.attended(campaigns, campaign_id).id != campaign_id:
        return False
    unit = roster.unit(session, int(document.params["unit"]))
    reach = access.reach(session, person, now)
    match document.paper:
        case "own_table":
            own = document.params.get("person") in (str(person.id), str(person.filling_for))
            allowed = person.active and own and reach.may_collect(document.paper)
        case "scan":
            allowed = reach.covers(unit) and reach.may_collect(document.paper)
        case paper:
            allowed = reach.may_have(paper, unit)
    if allowed:
        audit.record(session, at=now, actor=staff_id, action="paper.collect", subject=unit.code, detail=document.paper)
    return allowed
