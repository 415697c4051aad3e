"""Checking the whole evidence, one day or one proof, in words; and writing a proof.

Must not know how a digest is made nor how the terminal looks.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.exports import OPERATOR, Progress
from bot.foundation import Foundation
from bot.verifying import Verdict, VerifyError
from handlers.texts.evidence import grouped
from storage import audit
from storage.evidence import anchor, chaining, checking, proofs
from storage.evidence.anchor import AnchorError
from storage.evidence.checking import Report, Wrong
from storage.evidence.proofs import ProofError

MOST = 50
"""So many troubles are named."""
_DIGEST = 64
_ZONE = ZoneInfo("Asia/Shanghai")
_WRONG = {
    Wrong.CHANGED: "内容和登记时不一样",
    Wrong.MISSING: "登记过，现在不见了",
    Wrong.FOREIGN: "没有登记过，不是本程序写的",
    Wrong.MOVED: "改到了别人名下",
    Wrong.FORGED: "没有密钥的印记，不是本程序写的",
    Wrong.BROKEN: "和前一条接不上",
    Wrong.GAP: "前面缺了记录",
    Wrong.OTHER_DAY: "和当天的登记对不上",
    Wrong.CUT_OFF: "后面的记录被删掉，或数据库是从旧备份恢复的",
    Wrong.DIGEST: "内容和它旁边的摘要对不上",
}
_UNFIT = {
    "format": "这不是承诺书的证明文件，或者文件不完整",
    "digest": "证明里的内容和校验码对不上，文件被改过",
    "name": "证明里的姓名和签署的不一样，文件被改过",
    "text": "证明里的承诺书全文和签署的不一样，文件被改过",
}


def is_digest(said: str) -> bool:
    """Whether somebody typed a day's digest, with or without blanks."""
    bare = _bare(said)
    return len(bare) == _DIGEST and all(sign in "0123456789abcdef" for sign in bare)


def _bare(said: str) -> str:
    return "".join(said.split()).lower()


def check_all(
    base: Foundation, *, now: Callable[[], datetime], restored: str = "", progress: Progress | None = None
) -> Verdict:
    """Everything: rows, chain, days, anchor. `restored`: an older copy was put back, for this reason."""
    lines: list[str] = []
    try:
        seen = anchor.read(base.anchor, base.vault)
    except AnchorError as error:
        seen, lines = None, [f"问题 锚文件：{error}"]
    with base.database.reading() as session:
        report = checking.check(session, base.vault, seen, progress)
    if seen is None and not lines and report.end.seq:
        lines = [f"问题 锚文件 {base.anchor} 不见了：末尾有没有被删，只能和群里公布的校验码比（zicha verify 校验码）"]
    found = len(report.troubles) + len(lines)
    if restored:
        report, lines = _put_back(base), []
    lines += [f"问题 {one.table} {one.row}：{_WRONG[one.wrong]}" for one in report.troubles[:MOST]]
    if (more := len(report.troubles) - MOST) > 0:
        lines.append(f"另有 {more} 处")
    good = not lines
    with base.database.session() as session:
        told = f"{found} troubles" + (f"; put back: {restored}" if restored else "")
        audit.record(session, at=now(), actor=OPERATOR, action="verify.all", detail=told)
    return Verdict(good, (*lines, *_summary(report, good=good)))


def _put_back(base: Foundation) -> Report:
    """The end as it is now counts from here on; everything else that is wrong stays wrong."""
    with base.database.reading() as session:
        anchor.write(base.anchor, base.vault, chaining.head(session))
        return checking.check(session, base.vault, chaining.head(session))


def _summary(report: Report, *, good: bool) -> list[str]:
    lines = [
        f"核对了 {report.rows} 行、{report.end.seq} 条登记、{report.days} 天的校验码：{'没有' if good else '有'}问题"
    ]
    if report.waiting:
        lines.append(f"{report.waiting} 条刚写的还没接上，机器人运行时几秒内接上")
    lines += [f"活动 {campaign} 的记录已按规定销毁，登记的摘要还在" for campaign in report.destroyed]
    return [*lines, f"末尾：第 {report.end.seq} 条 {grouped(report.end.digest)}"]


def check_day(base: Foundation, said: str) -> Verdict:
    """Whether a digest made public is that of a day in the database."""
    with base.database.reading() as session:
        day = proofs.day_of(session, _bare(said))
    if day is None:
        return Verdict(good=False, lines=("没有哪一天的校验码是这个：抄错了，或者那天的记录被改过。",))
    told = f"{day.campaign} {day.day}：当天登记 {day.count} 份，累计 {day.total} 份，校验码一致。"
    return Verdict(good=True, lines=(told, "要核对当天的每一行，运行：zicha verify"))


def prove(
    base: Foundation, who: str, file: Path | None, campaign_id: str, *, now: Callable[[], datetime]
) -> tuple[Path, str]:
    """Writes the proof of somebody's newest pledge; the file and the digest of its day."""
    campaign = next((c for c in base.campaigns if campaign_id in ("", c.id)), None)
    if campaign is None:
        raise VerifyError(f"没有打开的活动叫 {campaign_id}。现在有：{'、'.join(c.id for c in base.campaigns)}")
    with base.database.session() as session:
        pledges = proofs.pledges_of(session, campaign.id, who)
        if not pledges:
            raise VerifyError(f"{campaign.name}里没有 {who} 的{campaign.pledge.name}。请写工号，或回执号")
        proof = proofs.prove(session, base.vault, pledges[0])
        if proof is None:
            raise VerifyError("这一天还没有结束，校验码明天才有。请明天再写")
        audit.record(session, at=now(), actor=OPERATOR, action="proof", subject=f"pledge {pledges[0].id}")
    file = file or Path(f"{campaign.pledge.name}证明-{pledges[0].id}.json")
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            json.dump(proof, out, ensure_ascii=False, indent=1)
    except FileExistsError as error:
        raise VerifyError(f"{file} 已经存在，没有覆盖。换一个文件名") from error
    except OSError as error:
        raise VerifyError(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹") from error
    return file, grouped(str(proof["digest"]))


def _beijing(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(_ZONE):%Y-%m-%d %H:%M:%S}（北京时间）"


def check_proof(file: Path) -> Verdict:
    """What a proof shows. Needs neither the database nor the key."""
    try:
        proven = proofs.check(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise VerifyError(f"{file} 读不了（{error.strerror}）") from error
    except UnicodeDecodeError as error:
        raise VerifyError(f"{file}：{_UNFIT['format']}") from error
    except ProofError as error:
        return Verdict(good=False, lines=(_UNFIT[str(error)],))
    pledge, about = proven.pledge, proven.pledge.get("about", {})
    return Verdict(
        good=True,
        lines=(
            f"承诺书：{proven.name}（工号 {about.get('person', '')}，单位 {about.get('unit', '')}）",
            f"登记时间：{_beijing(str(pledge.get('at')))}，消息 {pledge.get('msg_id')}",
            f"文本第 {pledge.get('text_version')} 版",
            f"文本 SHA-256：{pledge.get('text_digest')}" + ("，全文在证明里，一致" if proven.text else ""),
            f"{proven.campaign} {proven.day}：当天登记 {proven.count} 份，这是其中一份，累计 {proven.total} 份",
            f"当天的校验码：{grouped(proven.digest)}",
            "请和群里那天公布的校验码比：一样，这份承诺书就在当天的登记里，而且没有改过。",
        ),
    )
