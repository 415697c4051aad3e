"""风险台账: every risk pinned to group, unit and person, with its day and what was done about it (notice 三.2).

Must not know how a risk is found nor what is said about it in the chat.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.papers.ledger import Column, Ledger, write_ledger
from handlers.papers.places import Places
from handlers.papers.request import Request
from storage import risks, roster
from storage.models import Person, Risk, RiskStep, Unit
from storage.rows import UnitKind

_COLUMNS = (
    Column("序号", 6, middle=True),
    Column("组（专班）", 16),
    Column("单位", 20),
    Column("责任人", 10, middle=True),
    Column("风险", 34),
    Column("期限", 14, middle=True),
    Column("状态", 13, middle=True),
    Column("跟进情况", 34),
)
_ACTIONS = {
    risks.OPEN: "登记",
    risks.CHANGED: "本人修改",
    risks.SETTLED: "提交时已整改",
    risks.GONE: "本人修改后不再存在",
    risks.CLOSED: "关闭",
    risks.PUT_OFF: "延期",
    risks.NOTED: "跟进",
    risks.REOPENED: "重新打开",
}


def make_risk_ledger(request: Request, out: BinaryIO) -> None:
    """The ledger of a unit and all below it, as of the request's moment."""
    session, campaign, as_of = request.session, request.campaign, request.as_of
    found = risks.below(session, campaign.id, request.unit.path, as_of=as_of)
    steps = risks.steps(session, [risk.id or 0 for risk, _, _ in found])
    done = {i: [step for step in taken if step.at <= as_of] for i, taken in steps.items()}
    open_ = sum(_open(risk, as_of) for risk, _, _ in found)
    write_ledger(
        Ledger(
            title=f"{campaign.name}风险台账",
            unit_name=full_name(roster.chain(session, request.unit)),
            columns=_COLUMNS,
            rows=_rows(request, found, done),
            empty="没有登记的风险。",
            as_of=as_of,
            footer=f"截至{_moment(as_of, campaign)}，共{len(found)}条，未关闭{open_}条。",
            sources=tuple((f"风险{n}", f"risk {risk.id}") for n, (risk, _, _) in enumerate(found, 1)),
        ),
        out,
        request.proof,
    )


def _rows(
    request: Request, found: Sequence[tuple[Risk, Person, Unit]], done: dict[int, list[RiskStep]]
) -> Iterator[tuple[str, ...]]:
    units = {unit.id: unit for unit in roster.units(request.session)}
    places = Places(request.session, request.unit)
    for number, (risk, person, unit) in enumerate(found, 1):
        steps = done.get(risk.id or 0, [])
        due = next((step.due for step in reversed(steps) if step.due), risk.due)
        yield (
            f"{number}",
            _group(unit, units),
            places.below(unit),
            person.name,
            risk.text,
            f"{due:%Y-%m-%d}" if due else "",
            _state(risk, request.as_of, request.campaign),
            "；".join(_step(step, request.campaign) for step in steps),
        )


def _open(risk: Risk, as_of: datetime) -> bool:
    return risk.closed_at is None or risk.closed_at > as_of


def _state(risk: Risk, as_of: datetime, campaign: Campaign) -> str:
    if not _open(risk, as_of):
        return "已关闭"
    today = as_of.astimezone(campaign.zone).date()
    return "超期未关闭" if risk.due and risk.due < today else "未关闭"


def _step(step: RiskStep, campaign: Campaign) -> str:
    local = step.at.astimezone(campaign.zone)
    told = f"：{step.text}" if step.text else ""
    return f"{local.month}月{local.day}日{_ACTIONS.get(step.action, step.action)}{told}"


def _moment(moment: datetime, campaign: Campaign) -> str:
    return f"{moment.astimezone(campaign.zone):%Y-%m-%d %H:%M}"


def _group(unit: Unit, units: dict[int | None, Unit]) -> str:
    """The working group (专班) a unit is or belongs to; a dash where there is none."""
    at: Unit | None = unit
    while at is not None:
        if at.kind == UnitKind.WORKING_GROUP:
            return at.name
        at = units.get(at.parent_id)
    return "—"
