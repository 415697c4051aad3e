"""The platform's month: what it counts it counts by natural month (A/1430), in the time of the country."""

from datetime import datetime, tzinfo


def month_of(now: datetime, zone: tzinfo) -> str:
    """«2022-05»."""
    return f"{now.astimezone(zone):%Y-%m}"


def next_month(now: datetime, zone: tzinfo) -> datetime:
    """When the month is over."""
    local = now.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month, 12)
    return datetime(year, month + 1, 1, tzinfo=zone)
