"""«截至 5月22日18:00»: a past moment somebody asks for, taken out of what they said. Pure: `now` is an argument."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
_DAY = (
    rf"(?P<word>{'|'.join(_DAYS)})"
    r"|(?:(?P<year>\d{4})\s*[年\-./])?\s*(?P<month>\d{1,2})\s*[月\-./]\s*(?P<day>\d{1,2})\s*[日号]?"
)
_TIME = (
    r"(?P<half>上午|下午|晚上|早上|中午)?\s*(?P<hour>\d{1,2})\s*"
    r"(?:[:：]\s*(?P<minute>\d{2})|[点时](?:(?P<spoken>\d{1,2})分?|(?P<thirty>半))?)"
)
_AS_OF = re.compile(rf"截[至止]\s*(?:到|于)?\s*[:：]?\s*(?:{_DAY})?[\sT]*(?:{_TIME})?")
_AFTERNOON = ("下午", "晚上")


@dataclass(frozen=True, slots=True)
class AsOf:
    """`rest`: what was said beside the moment. `at` is None where none was named or it cannot be told; `wrong` then
    says which: an impossible day, or one that is still to come."""

    rest: str
    at: datetime | None = None
    wrong: bool = False


def as_of(said: str, now: datetime, zone: ZoneInfo) -> AsOf:
    """A day without an hour is meant to its end; an hour without a day is today's."""
    found = _AS_OF.search(said)
    if found is None:
        return AsOf(said)
    rest = " ".join(f"{said[: found.start()]} {said[found.end() :]}".split())
    local = now.astimezone(zone)
    try:
        day, at = _day(found, local), _time(found)
    except ValueError:
        return AsOf(rest, wrong=True)
    if day is None and at is None:
        return AsOf(rest, wrong=True)
    day = day or local.date()
    moment = datetime.combine(day, at, zone) if at else datetime.combine(day + timedelta(days=1), time(), zone)
    if at is None:
        moment -= timedelta(seconds=1)
    if day > local.date() or (at and moment > now):
        return AsOf(rest, wrong=True)
    return AsOf(rest, min(moment, now))


def _day(found: re.Match[str], local: datetime) -> date | None:
    if found["word"]:
        return local.date() - timedelta(days=_DAYS[found["word"]])
    if not found["month"]:
        return None
    return date(int(found["year"] or local.year), int(found["month"]), int(found["day"]))


def _time(found: re.Match[str]) -> time | None:
    if not found["hour"]:
        return None
    hour = int(found["hour"])
    if found["half"] in _AFTERNOON and hour < 12:
        hour += 12
    return time(hour, 30 if found["thirty"] else int(found["minute"] or found["spoken"] or 0))
