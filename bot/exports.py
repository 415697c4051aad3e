"""`zicha export`: a paper as a file on this machine; the only way to one with its numbers unmasked, and audited.
`zicha verify`: what a code stands for, whether the records still say the same, whether a file does.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.foundation import Foundation
from handlers import issuing, moments
from handlers.campaign.definition import Campaign
from handlers.messages import Document
from handlers.papers import documents
from handlers.papers.catalogue import PAPERS, called, offered
from handlers.papers.pledge_book import EACH
from handlers.papers.proof import spaced
from handlers.papers.request import Paper
from handlers.papers.verifying import UNMASKED
from handlers.papers.workbook import SheetFull
from storage import audit, papers, roster

OPERATOR = "operator"
EACH_FILE, EACH_PAGE = (EACH, "1"), ("pages", "unit")
Progress = Callable[[int, int], None]


class ExportError(Exception):
    """Nothing was written; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Exported:
    file: Path
    size: int
    code: str

    @property
    def shown(self) -> str:
        return spaced(self.code)


def options(name: str, *, per_person: bool, page_per_unit: bool, draw: int = 0) -> dict[str, str]:
    """The parameters of a paper for what was wished. Raises `ExportError` where it has no such form."""
    paper = called(name)
    known = set(paper.options.values()) if paper else set()
    wished = {EACH_FILE: per_person, EACH_PAGE: page_per_unit}
    for option, flag in ((EACH_FILE, "--per-person"), (EACH_PAGE, "--page-per-unit")):
        if paper and wished[option] and option not in known:
            raise ExportError(f"{paper.name}没有 {flag} 这种格式，去掉它再试")
    if paper and draw and not paper.of_draws:
        raise ExportError(f"{paper.name}不是抽查的材料，去掉 --draw 再试")
    found = dict(option for option, wanted in wished.items() if wanted)
    return {**found, "draw": str(draw)} if draw else found


def listed(base: Foundation) -> list[tuple[str, str, str]]:
    """The papers there are: name on the command line, what it is, kind of file."""
    found = {paper.id: paper for campaign in base.campaigns for paper in offered(campaign)}
    return [(paper.cli, paper.name, paper.extension) for paper in PAPERS.values() if paper.id in found]


def export(
    base: Foundation,
    name: str,
    unit_code: str,
    file: Path | None,
    *,
    reason: str,
    now: Callable[[], datetime],
    as_of: str = "",
    campaign_id: str = "",
    options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Writes the paper of a unit with all below it, the root's where no code is given; with a `reason` its numbers are
    unmasked. The audit line stands before the file does."""
    campaign = _campaign(base, campaign_id)
    paper = called(name)
    if paper is None or paper not in offered(campaign):
        raise ExportError(f"没有叫 {name} 的材料。有这些：{'、'.join(cli for cli, _, _ in listed(base))}")
    moment = _moment(as_of, now(), campaign)
    with base.database.session() as session:
        unit = roster.coded(session, unit_code) if unit_code else next(iter(roster.units(session)), None)
        if unit is None:
            raise ExportError(f"名册里没有单位编码 {unit_code}")
        about = {"campaign": campaign.id, "unit": str(unit.id), "as_of": moment.isoformat(), **(options or {})}
        if reason:
            about[UNMASKED] = "1"
        file = file or _free(Path(_name(paper, campaign, unit.name, moment, about)))
        promised = documents.requested(session, base.campaigns, Document(file.name, paper.id, about), base.vault)
        if paper.nothing and (why := paper.nothing(promised)):
            raise ExportError(why.replace("**", ""))
        action = "export.unmasked" if reason else "export"
        audit.record(session, at=now(), actor=OPERATOR, action=action, subject=unit.code, detail=reason or paper.cli)
        ask = f"{OPERATOR}/{now().isoformat()}"
        code = issuing.enter(session, base.vault, paper.id, about, by=OPERATOR, role="", at=now(), ask=ask)
    document = Document(file.name, paper.id, {**about, "code": code})
    with _begun(file) as out, base.database.reading() as session:
        request = documents.requested(
            session, base.campaigns, document, base.vault, unmasked=bool(reason), progress=progress
        )
        digest = documents.write(request, paper.id, out)
    with base.database.session() as session:
        papers.note_digest(session, code, digest)
    return Exported(file, file.stat().st_size, code)


def _campaign(base: Foundation, campaign_id: str) -> Campaign:
    found = next((c for c in base.campaigns if campaign_id in ("", c.id)), None)
    if found is None:
        raise ExportError(f"没有打开的活动叫 {campaign_id}。现在有：{'、'.join(c.id for c in base.campaigns)}")
    return found


def _moment(said: str, now: datetime, campaign: Campaign) -> datetime:
    if not said:
        return now
    when = moments.as_of(f"截至 {said}", now, campaign.zone)
    if when.at is None or when.rest:
        raise ExportError(f"看不懂 --as-of {said}，或者这个时间还没到。请写成 “2022-05-22 18:00”")
    return when.at


def _name(paper: Paper, campaign: Campaign, unit: str, moment: datetime, about: Mapping[str, str]) -> str:
    title = paper.title(campaign) if paper.title else paper.name
    return f"{title}-{unit}-{moment.astimezone(campaign.zone):%m%d%H%M}.{paper.file(about)}"


def _free(file: Path) -> Path:
    """The name, with a number behind it where such a file is there already."""
    numbered = (file.with_stem(f"{file.stem}-{n}") for n in range(2, 1000))
    return file if not file.exists() else next(name for name in numbered if not name.exists())


@contextmanager
def _begun(file: Path) -> Iterator[BinaryIO]:
    """A new file only its owner reads; gone again where it cannot be finished."""
    try:
        out = file.open("xb")
    except FileExistsError as error:
        raise ExportError(f"{file} 已经存在，没有覆盖。换一个文件名") from error
    except OSError as error:
        raise ExportError(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹") from error
    try:
        with out:
            file.chmod(0o600)
            yield out
    except SheetFull as error:
        file.unlink()
        raise ExportError(f"工作表“{error}”放不下这么多行。用 --unit 分单位导出，每个下级单位一个文件") from error
    except OSError as error:
        file.unlink()
        raise ExportError(f"{file} 没有写完（{error.strerror}）。看看磁盘还有没有地方，再试一次") from error
    except BaseException:
        file.unlink()
        raise
