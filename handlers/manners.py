"""When people may be written to unasked: on working days, within the hours the campaign states.

Working days and 调休 by chinesecalendar (its only importer); beyond the years it knows, Monday to Friday.
"""

from datetime import date, datetime, timedelta

import chinese_calendar

from handlers.campaign.definition import Campaign


def is_working_day(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the State Council has not announced that year's calendar, or the table is older
        return day.weekday() < 5


def is_known(year: int) -> bool:
    """Whether the holidays of a year are known; working days of other years are guessed, Monday to Friday."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def polite_day(campaign: Campaign, day: date) -> date:
    """The day itself, or the last working day before it: a reminder for the weekend comes on Friday."""
    while campaign.manners.working_days_only and not is_working_day(day):
        day -= timedelta(days=1)
    return day


def next_polite_day(campaign: Campaign, day: date) -> date:
    """The day itself, or the first working day after it."""
    while not _allowed(campaign, day):
        day += timedelta(days=1)
    return day


def days_ahead(campaign: Campaign, day: date, count: int) -> date:
    """The last of the next `count` days people are written to: what is asked today for three days ends there."""
    for _ in range(count):
        day += timedelta(days=1)
        while not _allowed(campaign, day):
            day += timedelta(days=1)
    return day


def next_polite(campaign: Campaign, now: datetime) -> datetime:
    """Now, if now is a decent time; else the beginning of the next decent hours."""
    manners, local = campaign.manners, now.astimezone(campaign.zone)
    day = local.date()
    if _allowed(campaign, day) and manners.from_ <= local.time() < manners.until:
        return now
    if not (_allowed(campaign, day) and local.time() < manners.from_):
        day += timedelta(days=1)
        while not _allowed(campaign, day):
            day += timedelta(days=1)
    return datetime.combine(day, manners.from_, campaign.zone)


def _allowed(campaign: Campaign, day: date) -> bool:
    return is_working_day(day) or not campaign.manners.working_days_only
