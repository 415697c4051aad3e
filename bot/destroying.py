"""`zicha destroy`: what would be erased, the code that confirms exactly that, the erasing, and the certificate.

Must not know how rows are erased nor how the terminal looks.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.app import Foundation
from handlers.campaign.definition import Campaign
from handlers.papers import destruction_certificate
from handlers.papers.catalogue import PAPERS
from handlers.papers.destruction_certificate import Certificate
from handlers.papers.proof import code_of, spaced, typed
from handlers.texts import destroying as words
from handlers.texts.evidence import grouped
from storage.destruction import erasing
from storage.destruction.compacting import compact
from storage.destruction.erasing import Issued, Plan
from storage.evidence import anchor, chaining

_KEPT = ("audit", "evidence", "evidence_day", "pledge_text", "setting", "counter", "quota_use", "data_key")


class DestroyError(Exception):
    """Nothing was destroyed; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    campaign: str
    roster: bool = False
    force: bool = False
    reason: str = ""


def plan(base: Foundation, wish: Wish, *, now: datetime) -> tuple[Plan, str]:
    """What would be erased, and the code that confirms exactly that. Raises `DestroyError`."""
    campaign = _open_campaign(base, wish.campaign)
    if campaign and now < campaign.closes_at and not (wish.force and wish.reason):
        raise DestroyError(
            f"{campaign.name}还没到截止日（{campaign.deadline}）。确实要现在销毁，加 --force 并写明 --reason 原因"
        )
    open_ones = [one.id for one in base.campaigns]
    with base.database.reading() as session:
        if wish.campaign not in erasing.campaigns(session) | set(open_ones):
            known = "、".join(sorted(erasing.campaigns(session))) or "没有"
            raise DestroyError(f"数据库里没有活动 {wish.campaign}。有记录的活动：{known}")
        found = erasing.planned(session, wish.campaign, open_ones, roster=wish.roster)
        if wish.roster and (using := [other for other in found.others if other in erasing.campaigns(session)]):
            raise DestroyError(f"名册还有活动在用：{'、'.join(using)}。先销毁它们，或去掉 --roster")
    told = json.dumps([found.campaign, found.roster, sorted(found.doomed.items())])
    return found, code_of(base.vault.fingerprint(f"zicha destroy\n{told}"))


def told(base: Foundation, found: Plan) -> list[str]:
    """The plan in words: rows by table, what was given out, what stays."""
    campaign = _open_campaign(base, found.campaign)
    lines = [f"活动：{campaign.name if campaign else found.campaign}（{found.campaign}）"]
    lines += [f"  {words.table(name)}：{count} 行" for name, count in found.doomed.items() if count]
    lines += [f"  共 {found.rows} 行，和这次活动的全部数据密钥"]
    lines += [words.ROSTER_STAYS] if not found.roster else ["名册一起销毁：这是最后一个活动"]
    lines += [f"已经给出去的：{_paper(one)} {one.count} 份" for one in found.issued]
    lines += ["留下：" + "、".join(words.table(name) for name in _KEPT if found.there.get(name))]
    return lines + [f"管不到：{one}" for one in words.beyond(sqlite=base.database.is_sqlite)]


def destroy(
    base: Foundation, wish: Wish, code: str, file: Path, *, now: Callable[[], datetime]
) -> tuple[Certificate, Path]:
    """Erases what the code confirms, makes the database small and writes the certificate. Raises `DestroyError`."""
    at = now()
    found, expected = plan(base, wish, now=at)
    if typed(code) != expected:
        raise DestroyError("确认码不对，或者记录在那以后变了。请不带 --confirm 再看一遍")
    try:
        file.open("xb").close()
    except FileExistsError as error:
        raise DestroyError(f"{file} 已经存在，没有覆盖，什么也没有销毁。用 --certificate 换一个文件名") from error
    except OSError as error:
        raise DestroyError(f"{file} 写不了（{error.strerror}），什么也没有销毁") from error
    zone = base.campaigns[0].zone
    number = f"XH-{at.astimezone(zone):%Y%m%d}-{expected[:4]}"
    with base.database.session() as session:
        today = at.astimezone(zone).date()
        erasing.erase(session, base.vault, found, number=number, why=wish.reason, at=at, today=today)
    base.vault.refresh()
    left = compact(base.database)
    with base.database.reading() as session:
        end, after = chaining.head(session), erasing.census(session)
    anchor.write(base.anchor, base.vault, end)
    made = Certificate(
        number=number,
        about=_about(base, wish.campaign),
        at=f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
        why=wish.reason,
        tables=[
            (words.table(name), found.there[name], count, after[name]) for name, count in found.doomed.items() if count
        ],
        keys=found.doomed["data_key"],
        compacted=left,
        kept=[
            (
                words.table(name),
                after[name],
                words.KEPT[name] + (words.NAMELESS if name == "audit" and found.roster else ""),
            )
            for name in _KEPT
            if after[name]
        ],
        roster="" if found.roster else words.ROSTER_STAYS,
        issued=[(_paper(one), one.count, f"{one.last.astimezone(zone):%Y-%m-%d %H:%M}") for one in found.issued],
        beyond=words.beyond(sqlite=base.database.is_sqlite),
        seq=end.seq,
        head=grouped(end.digest),
    )
    out = io.BytesIO()
    destruction_certificate.write(made, out)
    file.write_bytes(out.getvalue())
    return made, file


def shown(code: str) -> str:
    return spaced(code)


def _paper(issued: Issued) -> str:
    known = PAPERS.get(issued.paper)
    return known.name if known else issued.paper


def _about(base: Foundation, campaign_id: str) -> str:
    campaign = _open_campaign(base, campaign_id)
    return f"{campaign.document} {campaign.name}（{campaign_id}）" if campaign else campaign_id


def _open_campaign(base: Foundation, campaign_id: str) -> Campaign | None:
    return next((one for one in base.campaigns if one.id == campaign_id), None)
