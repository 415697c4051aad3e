"""What is said and put in order before the first message: deadlines that are over, and what a killed process left.

Must not know what comes after.
"""

import gc
import logging
from collections.abc import Sequence
from datetime import datetime

from handlers.campaign.definition import Campaign
from handlers.reminders import calendar
from storage import accounts, errands, unsettled
from storage.database import Database

log = logging.getLogger(__name__)


_YOUNG = 5_000
"""Objects after which the garbage collector looks at the newest."""


def keep_pauses_short() -> None:
    """No ack, no long paper and no large roster waits for the collector to look through what was loaded for good. For
    the whole process, once everything is loaded."""
    gc.set_threshold(_YOUNG)
    gc.freeze()  # with the little that is garbage: looking for it would take a twentieth of a start


def warn(campaigns: Sequence[Campaign], now: datetime) -> None:
    """Says what the operator may not have meant."""
    for campaign in campaigns:
        if now >= campaign.closes_at:
            told = "%s: the deadline %s has passed: answers are marked 逾期; see ZICHA_DEADLINE"
            log.warning(told, campaign.id, campaign.deadline, extra={"action": "app.late"})
        for year in calendar.unknown_years(campaign):
            told = "%s: the holidays of %d are not known, Monday to Friday are taken for working days; upgrade %s"
            log.warning(told, campaign.id, year, "chinesecalendar", extra={"action": "calendar.guessed"})


def put_in_order(database: Database, *, platforms: Sequence[str], keyed: tuple[str, ...], now: datetime) -> None:
    """Where people are reached, and what a killed process left: a SQLite file has one process (the command's lock), so
    whatever is being sent is nobody's."""
    with database.session() as session:
        accounts.settle(session, platforms)
        if not database.is_sqlite:
            return
        if left := unsettled.orphans(session, at=now, keyed=keyed):
            told = "%d letters were under way when the last process ended; see «zicha outbox»"
            log.warning(told, left, extra={"action": "outbox.doubtful"})
        if left := errands.orphans(session):
            log.info("%d files are fetched again", left, extra={"action": "file.orphans"})
