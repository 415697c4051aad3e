"""What exactly a return says once it is confirmed: JSON that anybody can hash again. Made here, never changed."""

import json
from dataclasses import asdict, fields
from typing import Any

from handlers.returns.rows import to_data
from handlers.returns.standing import Standing
from storage import returns
from storage.oversight import Tally


def made(standing: Standing, gaps: str = "") -> tuple[str, bool]:
    """The content of a return as it stands now, and whether it is a nil return: everybody who handed in reported
    nothing, or there is nobody to report."""
    desk, unit = standing.desk, standing.unit
    rows = standing.rows(merge=True)
    own, unfinished = standing.own_figures, standing.unfinished
    below = [_below(standing, unit_id, content) for unit_id, content in sorted(standing.accepted_contents.items())]
    absent = standing.not_accepted()
    whole = _sum(own, [part["figures"] for part in below])
    codes = {i: other.code for i, other in standing.chart.units.items()}
    silent = not whole.get("finished") and (whole.get("expected") or absent)
    nil = not rows and not silent
    data: dict[str, Any] = {
        "campaign": desk.campaign.id,
        "revision": desk.campaign.revision,
        "unit": unit.code,
        "name": desk.unit_name(unit),
        "nil": nil,
        "gaps": gaps,
        "figures": whole,
        "own": asdict(own),
        "unfinished": len(unfinished.people) + len(unfinished.waiting),
        "rows": [to_data(row, codes) for row in rows],
        "submissions": [
            [submission.id, submission.digest]
            for submission in returns.submissions(desk.session, desk.campaign.id, standing.scope)
        ],
        "below": below,
        "not_included": [[other.code, other.name, state] for other, state in absent],
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")), nil


def _below(standing: Standing, unit_id: int, content: str) -> dict[str, Any]:
    """A return of a unit below that this one includes: which one, exactly which content, its figures."""
    said = json.loads(content)
    return {
        "unit": standing.chart.units[unit_id].code,
        "unit_id": unit_id,
        "digest": returns.digest_of(content),
        "figures": said["figures"],
        "nil": said["nil"],
    }


def _sum(own: Tally, parts: list[dict[str, int]]) -> dict[str, int]:
    names = [field.name for field in fields(Tally)]
    return {name: getattr(own, name) + sum(part.get(name, 0) for part in parts) for name in names}


def figures(content: str) -> Tally:
    """The figures a content was made with."""
    said, known = json.loads(content)["figures"], {field.name for field in fields(Tally)}
    return Tally(**{name: number for name, number in said.items() if name in known})


def not_included(content: str) -> list[str]:
    """The units below whose return had not been accepted when it was confirmed."""
    return [name for _, name, _ in json.loads(content)["not_included"]]


def includes(content: str | None, unit_id: int) -> bool:
    """Whether a return includes that of a unit below it."""
    return bool(content) and any(part["unit_id"] == unit_id for part in json.loads(content or "")["below"])
