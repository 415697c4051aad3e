"""`zicha campaign new` and `zicha campaign check`: a campaign file before any database knows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from handlers.campaign import loading, skeleton
from handlers.campaign.explore import explore
from handlers.campaign.loading import CampaignError

_WEEKS = timedelta(weeks=3)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: mistakes, a line each; or what the file comes to."""

    mistakes: list[str]
    told: str = ""


def new(file: Path, name: str, now: datetime) -> None:
    """Writes a commented file that works at once. Raises `OSError`; a file that is there stays as it is."""
    today = now.astimezone().date()
    text = skeleton.write(name, skeleton.id_from(file), published=today, deadline=today + _WEEKS)
    with file.open("x", encoding="utf-8") as out:
        out.write(text)


def check(name: str) -> Checked:
    """All that can be said about a file without a database: its mistakes, or how many answers it takes."""
    try:
        campaign = loading.load(name)
    except CampaignError as error:
        return Checked(str(error).splitlines())
    report = explore(campaign)
    if report.problems:
        return Checked([f"{name}: {problem}" for problem in report.problems])
    return Checked(
        [],
        f"{campaign.name}（{campaign.document}，第{campaign.revision}版），"
        f"{campaign.published} 发文，{campaign.deadline} 截止；"
        f"{len(campaign.singles)} 题，{report.shapes} 种走法，{report.endings} 种结束，"
        f"最少 {report.shortest} 答、最多 {report.longest} 答",
    )
