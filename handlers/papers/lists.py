"""Lists of people for a unit's coordinator: who touched data against who signed, and who has not finished yet.

By unit in the order of the roster, never ranked. Must not know how a list looks on the page.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from handlers.campaign.definition import Campaign
from handlers.papers.handed_in import rows_handed_in
from handlers.papers.ledger import Column, Ledger, write_ledger
from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.texts import plain
from storage import oversight, papers, signatures
from storage.models import Case, Person, Pledge
from storage.oversight import Tally
from storage.papers import HandedIn

_PLEDGE_COLUMNS = (
    Column("序号", 6, middle=True),
    Column("单位", 26),
    Column("姓名", 11, middle=True),
    Column("接触的数据", 36),
    Column("承诺书", 16, middle=True),
    Column("文本", 10, middle=True),
    Column("签署时间", 21, middle=True),
    Column("备注", 16),
)
_HOW = {
    signatures.HERE: "在线签署",
    signatures.EARLIER: "以前签过",
    signatures.ON_PAPER: "纸质签署",
    signatures.TO_SIGN_ON_PAPER: "待纸质签署",
    signatures.NOT_YET: "未签",
}
_MISSING_COLUMNS = (
    Column("序号", 6, middle=True),
    Column("单位", 40),
    Column("姓名", 14, middle=True),
    Column("状态", 20, middle=True),
    Column("备注", 30),
)
NOT_BEGUN, BEGUN, FILLED_IN, ASKED_AGAIN = "未开始", "已开始", "代填，待确认", "需补答"


def make_pledge_ledger(request: Request, out: BinaryIO) -> None:
    """承诺书台账: everybody who touched data, and how each stands to the pledge (notice 二.2)."""
    session, campaign, places = request.session, request.campaign, Places(request.session, request.unit)
    signed = papers.pledges(session, campaign.id, places.top.path, request.as_of)
    rows: list[tuple[str, ...]] = []
    sources: list[tuple[str, str]] = []
    counts = dict.fromkeys(_HOW, 0)
    units = {unit.id or 0: unit for unit in places.units}
    for number, said in enumerate(papers.handed_in(session, campaign.id, list(units), request.as_of), start=1):
        pledge = signed.get(said.case_id)
        how = _how(campaign, pledge)
        counts[how] += 1
        what = "、".join(_data_names(campaign, said))
        told = _told(campaign, pledge)
        rows.append(
            (f"{number}", places.below(units[said.unit_id]), said.name, what, _HOW[how], *told, _remark(pledge, how))
        )
        record = f"submission {said.id} {said.digest[:16]}"
        sources.append((f"{number}", f"{record}；pledge {pledge.id}" if pledge else record))
        request.progress(number, 0)
    done = sum(counts[how] for how in signatures.SIGNED)
    figures = "，".join(f"{_HOW[how]}{count}人" for how, count in counts.items() if count)
    write_ledger(
        Ledger(
            title=f"{campaign.pledge.title}台账",
            unit_name=places.title,
            columns=_PLEDGE_COLUMNS,
            rows=rows,
            empty="还没有人报告接触过数据。",
            as_of=request.as_of,
            notes=(
                f"接触过数据{len(rows)}人，已签{done}人，要补签{len(rows) - done}人"
                + (f"：{figures}。" if rows else "。"),
            ),
            footer=f"{places.title}，截至{plain.stamp(request.as_of, campaign)}。",
            sources=sources,
        ),
        out,
        request.proof,
    )


def _how(campaign: Campaign, pledge: Pledge | None) -> str:
    """A signature under a text that had to be signed anew does not count."""
    if pledge is None or (pledge.state == signatures.HERE and pledge.text_version < campaign.pledge.resign_from):
        return signatures.NOT_YET
    return pledge.state if pledge.state in _HOW else signatures.NOT_YET


def _told(campaign: Campaign, pledge: Pledge | None) -> tuple[str, str]:
    """Which text, and when it was signed; for an earlier one as the person said."""
    if pledge is None or pledge.state == signatures.TO_SIGN_ON_PAPER:
        return "", ""
    version = f"第{pledge.text_version}版" if pledge.text_version else ""
    return version, _earlier(campaign, pledge.told) if pledge.told else plain.stamp(pledge.at, campaign)


def _earlier(campaign: Campaign, told: str) -> str:
    options = (o for name in campaign.pledge.question for o in campaign.by_id[name].options)
    return next((option.label for option in options if option.id == told), told)


def _remark(pledge: Pledge | None, how: str) -> str:
    return f"第{pledge.text_version}版要重签" if pledge and how == signatures.NOT_YET else ""


def _data_names(campaign: Campaign, said: HandedIn) -> Sequence[str]:
    first = campaign.feedback_table.fields[0]
    return list(dict.fromkeys(cells[first] for cells in rows_handed_in(campaign, said.name, said).values()))


# ---------------------------------------------------------------- who has not finished


def make_missing_list(request: Request, out: BinaryIO) -> None:
    """未完成名单: everybody who has to hand in and has not."""
    session, campaign, places = request.session, request.campaign, Places(request.session, request.unit)
    total = sum(oversight.by_unit(session, campaign.id, places.top.path, request.as_of).values(), Tally())
    found = list(papers.waiting(session, campaign.id, places.top.path, request.as_of))
    sources = [
        (f"{number}", f"person {person.id}" + (f"；self-check {case.id}" if case else ""))
        for number, (person, _, case, _) in enumerate(found, start=1)
    ]

    def rows() -> Iterator[tuple[str, ...]]:
        for number, (person, unit, case, again) in enumerate(found, start=1):
            yield f"{number}", places.below(unit), person.name, _state(case, again=again), _account(person)
            request.progress(number, len(found))

    footer = (
        f"截至{plain.stamp(request.as_of, campaign)}，应填{total.expected}人，已提交{total.finished}人，"
        f"未完成{total.missing}人。"
    )
    write_ledger(
        Ledger(
            title=f"{campaign.name}未完成名单",
            unit_name=places.title,
            columns=_MISSING_COLUMNS,
            rows=rows(),
            empty="全部完成了，没有要催的人。",
            as_of=request.as_of,
            footer=footer,
            sources=sources,
        ),
        out,
        request.proof,
    )


def _state(case: Case | None, *, again: bool) -> str:
    if again:
        return ASKED_AGAIN
    if case is None:
        return NOT_BEGUN
    return FILLED_IN if case.countersign else BEGUN


def _account(person: Person) -> str:
    return "" if person.account else "没有账号，由同事代填"
