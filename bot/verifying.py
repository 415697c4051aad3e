"""`zicha verify`: what a code on a paper stands for, whether the records still say the same, whether a file does."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from bot.exports import OPERATOR, Progress
from bot.foundation import Foundation
from handlers.papers import verifying
from handlers.papers.archive import Unreadable
from handlers.papers.catalogue import PAPERS
from handlers.papers.places import Places
from handlers.papers.proof import spaced
from handlers.papers.verifying import Compared, Records
from storage import audit, roster
from storage.models import IssuedPaper
from storage.rows import Role

_ROLES = {Role.UNIT: "单位联络员", Role.COUNTY: "区县大数据中心", Role.CITY: "市大数据局"}
_RECORDS = {
    Records.SAME: "记录没有变：按当时的时间重新生成，内容完全一致。",
    Records.OTHER: "记录变了：按当时的时间重新生成，内容和发出时不一样。"
    "可能有数据被更正、销毁，单位、人员改了名称，或程序升级后排法不同。",
    Records.NEVER_MADE: "这份材料登记了，但文件还没有生成过（可能还在发件箱里），没有发出时的内容可比。",
    Records.NO_CAMPAIGN: "这次活动现在没有打开，没法重新生成来比较。用 ZICHA_CAMPAIGN 打开它再试。",
    Records.NO_PAPER: "现在的程序没有这种材料，没法重新生成来比较。",
}


class VerifyError(Exception):
    """Nothing could be said; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    good: bool
    lines: tuple[str, ...]


def verify(
    base: Foundation, code: str, file: Path | None, *, now: Callable[[], datetime], progress: Progress | None = None
) -> Verdict:
    """Good where the records, and the file if one is given, say what the paper said."""
    with base.database.session() as session:
        issued = verifying.find(session, code)
        subject = issued.code if issued else ""
        audit.record(
            session, at=now(), actor=OPERATOR, action="verify", subject=subject, detail=f"{issued is not None}"
        )
    if issued is None:
        raise VerifyError(f"没有发出过验证码是 {code} 的材料。请对照页脚再看一遍；验证码里没有 0、1、I、L、O、U")
    with tempfile.TemporaryFile() as again:
        with base.database.reading() as session:
            lines = _told(base, session, issued)
            records = verifying.remake(session, base.campaigns, issued, base.vault, again, progress)
        lines.append(_RECORDS[records])
        good = records in (Records.SAME, Records.NEVER_MADE)
        if file is None or records in (Records.NO_CAMPAIGN, Records.NO_PAPER):
            return Verdict(good and file is None, tuple(lines))
        try:
            with file.open("rb") as source:
                compared = verifying.compare(source, again)
        except OSError as error:
            raise VerifyError(f"{file} 读不了（{error.strerror}）") from error
        except Unreadable as error:
            raise VerifyError(f"{file.name}：{error}") from error
    problems = _problems(issued, compared)
    lines += problems or ["文件和记录一致：每一处文字都相同。"]
    return Verdict(good and not problems, tuple(lines))


def _told(base: Foundation, session: Session, issued: IssuedPaper) -> list[str]:
    """Which paper, of which unit, as of when, given out when and to whom."""
    unit = roster.unit(session, issued.unit_id)
    campaign = next((c for c in base.campaigns if c.id == issued.campaign), None)
    zone = (campaign or base.campaigns[0]).zone
    paper = PAPERS.get(issued.paper)
    to = "本机命令行" if issued.by == OPERATOR else f"{_ROLES.get(Role(issued.role), '')} {issued.by}"
    return [
        f"验证码 {spaced(issued.code)}",
        f"材料：{paper.name if paper else issued.paper}",
        f"单位：{Places(session, unit).title}（{unit.code}），含下级",
        f"活动：{campaign.document or campaign.name if campaign else issued.campaign}",
        f"截至：{issued.as_of.astimezone(zone):%Y-%m-%d %H:%M}",
        f"发出：{issued.at.astimezone(zone):%Y-%m-%d %H:%M}，给 {to.strip()}",
    ]


def _problems(issued: IssuedPaper, compared: Compared) -> list[str]:
    """What is wrong with a file, in the order one would look."""
    problems = []
    if compared.carries and compared.code != issued.code:
        theirs = spaced(compared.code) or "没有验证码"
        problems.append(f"文件自己带的验证码是 {theirs}，不是这一份。")
    if compared.carries and issued.digest and compared.digest != issued.digest:
        problems.append("文件自带的内容摘要和登记的不一样。")
    if compared.differs:
        more = f"，另有 {compared.more} 处" if compared.more else ""
        problems.append(f"和记录不同的地方：{'、'.join(compared.differs)}{more}。")
    return problems
