"""抽查记录 and 抽查名册: who was drawn with what came of it, and the frozen population anybody can draw from again.

Persons stand in the record, which only the office that draws and those above it may have; the population has numbers
for them.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from handlers import check_results
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.papers.ledger import Column, Ledger, write_ledger
from handlers.papers.request import Request
from storage import findings, roster, spot_check
from storage.models import Draw, Finding, FindingStep, Person, Unit

_COLUMNS = (
    Column("抽查编号", 10, middle=True),
    Column("名册代号", 14, middle=True),
    Column("范围", 16),
    Column("单位", 24),
    Column("人员", 10, middle=True),
    Column("抽查情况", 22),
    Column("发现问题", 28),
    Column("整改期限", 13, middle=True),
    Column("整改情况", 30),
)
_ACTIONS = {
    findings.ANSWERED: "报告整改",
    findings.SENT_BACK: "不通过",
    findings.PUT_OFF: "改期限",
    findings.CLOSED: "通过，关闭",
}
_NONE_DRAWN = "还没有抽查记录。先发“抽查 单位 10”或“抽查 人员 5%”。"
_PACKED = "packed"


def make_spot_check_record(request: Request, out: BinaryIO) -> None:
    """Every draw of the offices at a unit and below it, or the one named; with the findings that belong to none."""
    session, campaign, as_of = request.session, request.campaign, request.as_of
    drawn = _draws(request)
    only_one = "draw" in request.params
    found = [] if only_one else _of_offices(request)
    rows = list(_rows(request, drawn, found))
    unfinished = sum(not draw.seed or (draw.drawn_at or as_of) > as_of for draw in drawn)
    write_ledger(
        Ledger(
            title=f"{campaign.name}抽查记录",
            unit_name=full_name(roster.chain(session, request.unit)),
            columns=_COLUMNS,
            rows=[cells for cells, _ in rows],
            empty="没有抽查记录。",
            notes=tuple(note for draw in drawn for note in _notes(request, draw)),
            as_of=as_of,
            footer=f"截至{_moment(as_of, campaign)}，抽查{len(drawn)}次，其中没有抽完的{unfinished}次。",
            sources=tuple((f"第{n}行", record) for n, (_, record) in enumerate(rows, 1)),
        ),
        out,
        request.proof,
    )


def make_population(request: Request, out: BinaryIO) -> None:
    """The exact text that was hashed; `packed` in a zip, for a chat that takes no .txt."""
    drawn = _draws(request)
    if not drawn:
        raise LookupError("no draw")
    draw = drawn[-1]
    request.proof.says(draw.population)
    if not request.params.get(_PACKED):
        out.write(draw.population.encode())
        return
    local = draw.at.astimezone(request.campaign.zone)
    entry = zipfile.ZipInfo(f"spot-check-{draw.number}.txt", local.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, draw.population.encode())


def nothing_drawn(request: Request) -> str:
    return "" if _draws(request) or _of_offices(request) else _NONE_DRAWN


def no_population(request: Request) -> str:
    return "" if _draws(request) else _NONE_DRAWN


def _draws(request: Request) -> list[Draw]:
    """Those of the offices at the unit and below it, abandoned ones among them."""
    offices = _offices(request)
    wanted = request.params.get("draw", "")
    known = spot_check.draws(request.session, request.campaign.id, request.as_of)
    return [draw for draw in known if draw.office_id in offices and wanted in ("", str(draw.number))]


def _of_offices(request: Request) -> list[tuple[Finding, Unit, Person | None]]:
    """Findings of these offices that belong to no draw."""
    offices = _offices(request)
    found = findings.below(request.session, request.campaign.id, "/", as_of=request.as_of)
    return [one for one in found if one[0].draw_id is None and one[0].office_id in offices]


def _offices(request: Request) -> set[int]:
    units = roster.units(request.session)
    return {unit.id or 0 for unit in units if unit.path.startswith(request.unit.path)}


def _notes(request: Request, draw: Draw) -> Iterator[str]:
    public = check_results.sample(request.session, request.campaign, draw)
    seed = f"种子：{public.seed}" if public.seed else "没有定种子，没有抽取"
    made = f"抽查{draw.number}：{public.at}由{public.by}组织。{public.what}"
    yield f"{made}。{seed}。名册校验值（SHA-256）：{public.digest}"


def _rows(
    request: Request, drawn: Sequence[Draw], loose: Sequence[tuple[Finding, Unit, Person | None]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The cells of each line, and the records behind it."""
    session, campaign, as_of = request.session, request.campaign, request.as_of
    names = check_results.unit_names(session)
    for draw in drawn:
        public = check_results.sample(session, campaign, draw)
        states = {line.place: line.state for line in check_results.lines(session, campaign, draw, as_of)}
        found = [one for one in findings.of_draw(session, draw.id or 0) if one.at <= as_of]
        steps = findings.steps(session, [one.id or 0 for one in found])
        for row, unit, person in spot_check.drawn(session, [draw.id or 0]):
            if row.place not in states:
                continue
            mine = [one for one in found if (one.unit_id, one.person_id) == (row.unit_id, row.person_id)]
            number, listed = f"{draw.number}-{row.place}", spot_check.called(unit, row.person_id)
            cells = (number, listed, public.scope, *_who(names, unit, person), states[row.place])
            yield (*cells, *_found(mine, steps, campaign, as_of)), _sources(f"drawn {row.id}", mine)
    steps = findings.steps(session, [finding.id or 0 for finding, *_ in loose])
    for finding, unit, person in loose:
        cells = ("—", "", "", *_who(names, unit, person), "")
        yield (*cells, *_found([finding], steps, campaign, as_of)), _sources("", [finding])


def _sources(drawn: str, found: Sequence[Finding]) -> str:
    return " ".join(filter(None, [drawn, *(f"finding {one.id}" for one in found)]))


def _who(names: Mapping[int, str], unit: Unit, person: Person | None) -> tuple[str, str]:
    return names[unit.id or 0], person.name if person else "—"


def _found(
    found: Sequence[Finding],
    steps: Mapping[int, list[tuple[FindingStep, Person]]],
    campaign: Campaign,
    as_of: datetime,
) -> tuple[str, str, str]:
    """What was found, until when, and what became of it, a line each."""
    done = []
    for one in found:
        told = [_step(step, by, campaign) for step, by in steps.get(one.id or 0, ()) if step.at <= as_of]
        done.append("；".join(filter(None, told)) or "待整改")
    texts = [f"整改{one.id}：{one.text}" for one in found]
    return "\n".join(texts), "\n".join(f"{one.due:%Y-%m-%d}" if one.due else "" for one in found), "\n".join(done)


def _step(step: FindingStep, by: Person, campaign: Campaign) -> str:
    if step.action not in _ACTIONS:
        return ""
    local = step.at.astimezone(campaign.zone)
    told = f"：{step.text}" if step.text else ""
    return f"{local.month}月{local.day}日{by.name}{_ACTIONS[step.action]}{told}"


def _moment(moment: datetime, campaign: Campaign) -> str:
    return f"{moment.astimezone(campaign.zone):%Y-%m-%d %H:%M}"
