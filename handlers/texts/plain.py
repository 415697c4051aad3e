"""What every sentence is built with: quoting, echoing, dates. Knows no talk."""

import re
import unicodedata
from datetime import date, datetime

from handlers.campaign.definition import Campaign
from handlers.campaign.matching import clean
from handlers.inert import inert


def title(question: str) -> str:
    """What the list of chats and the phone's notification show of a question."""
    return f"自查：{question}"


def quote(said: str, limit: int = 200) -> str:
    """Somebody's words inside ours: no markup of theirs comes through, and no more than `limit` of them."""
    text = inert(said.replace("\n", " ")).strip()
    return text if len(text) <= limit else f"{text[:limit]}……"


ECHOED = 12
"""So many characters of something not understood are repeated."""


def echo(said: str) -> str:
    """What somebody said and was not understood: a few words of it. More is not repeated, it may be about others."""
    words = quote(unicodedata.normalize("NFKC", clean(said)), ECHOED)
    return f"“{words}”" if len(clean(said)) <= ECHOED and not re.search(r"\d{6}", words) else "这句话"


def day(value: date) -> str:
    return f"{value.month}月{value.day}日"


def moment(value: datetime, campaign: Campaign) -> str:
    local = value.astimezone(campaign.zone)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def stamp(value: datetime, campaign: Campaign) -> str:
    return f"{value.astimezone(campaign.zone):%Y-%m-%d %H:%M}"
