"""Letters to those in office that still wait are taken back as soon as nothing is left of what they are about."""

from handlers import reaching
from handlers.desk import Desk
from handlers.reminders import digest
from storage import audiences, burden, outbox
from storage.models import Unit

OFFICE = "digest"
"""The topic of the coordinators' digest."""


def settle(desk: Desk, unit: Unit) -> None:
    """Something was done at this unit, in the transaction at hand: whoever looks after it may have nothing left."""
    officers = {str(reaching.address(one)): one for one in audiences.officers(desk.session, desk.now, above=unit.path)}
    for lane in burden.waiting(desk.session, desk.campaign.id, list(officers), OFFICE):
        if not digest.anything_left(desk.session, desk.campaign, officers[lane], desk.now):
            outbox.withdraw(desk.session, [lane], (OFFICE,), of=f"{desk.campaign.id}/", at=desk.now)
