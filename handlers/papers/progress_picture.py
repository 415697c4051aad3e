"""进度图: the level below a unit as a bar chart, in the order of the roster. Names no person: it may go into a group.

Must not know how a chart is drawn.
"""

from typing import BinaryIO

from handlers.papers.chart_picture import Bar, Chart, draw
from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.texts import overview as texts
from storage import oversight
from storage.oversight import Tally

MOST_BARS = 20


def make_progress_picture(request: Request, out: BinaryIO) -> None:
    """A unit's picture as of the request's moment."""
    chart = chart_of(request)
    for text in (chart.title, *chart.lines, *(f"{bar.name} {bar.numbers} {bar.percent}" for bar in chart.bars)):
        request.proof.says(text)
    draw(chart, out)


def chart_of(request: Request) -> Chart:
    campaign, unit = request.campaign, request.unit
    total, parts = oversight.rolled_up(request.session, campaign.id, unit, request.as_of)
    named = [(texts.OWN_PEOPLE if part.id == unit.id else part.name, tally) for part, tally in parts if tally.expected]
    shown, rest = named[:MOST_BARS], named[MOST_BARS:]
    if rest:
        shown.append((texts.others(len(rest)), sum((tally for _, tally in rest), Tally())))
    return Chart(
        title=texts.picture_title(Places(request.session, unit).title),
        lines=texts.picture_lines(campaign, request.as_of, total),
        bars=[_bar(name, tally) for name, tally in shown or [(unit.name, total)]],
        legend=texts.PICTURE_LEGEND,
        footer="  ".join(filter(None, [campaign.name, request.proof.footer])),
    )


def _bar(name: str, tally: Tally) -> Bar:
    percent = f"{tally.percent}%" if tally.expected else texts.NOBODY_EXPECTED
    return Bar(name, tally.finished, tally.expected, f"{tally.finished}/{tally.expected}", percent)
