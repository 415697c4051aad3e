"""Whether somebody's answers stand still because the return they are in does. Must not know how they are changed."""

from handlers.desk import Desk
from storage import reporting, roster
from storage.models import Unit


def locked(desk: Desk, unit_id: int) -> bool:
    """True from the confirmation of the return that covers a unit until it is cancelled or sent back. Asked with
    `case.unit_id`, of somebody who has handed in: they may then change nothing. Somebody who has not may still do so;
    it counts for themselves, and the coordinator sees that it came after."""
    return locked_by(desk, unit_id) is not None


def locked_by(desk: Desk, unit_id: int) -> tuple[Unit, str] | None:
    """The unit whose return stands still, and its state."""
    unit = roster.unit(desk.session, unit_id)
    chart = reporting.chart(desk.session, desk.campaign.id, unit, desk.now, below=False)
    reporter = chart.reporter(unit)
    if reporter is None or chart.state(reporter) not in reporting.FROZEN:
        return None
    return reporter, chart.state(reporter)
