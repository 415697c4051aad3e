"""Giving out a paper: the letter that promises it and the line that says so. The file itself is made when the letter is
sent (`papers/`).

Who may have it was decided before (`exporting.py`, `asked.py`); here it is written down that they asked, and the paper
gets its code.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from handlers.asked import Asked
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.messages import Choice, Document, Letter, Reply, Text
from handlers.papers import documents
from handlers.papers.catalogue import PAPERS
from handlers.papers.places import Places
from handlers.papers.proof import code_of
from handlers.texts import papers as texts
from storage import papers, roster
from storage.models import IssuedPaper
from storage.vault import Vault


def issue(asked: Asked, paper: str, name: str = "", *, as_of: datetime | None = None, **params: str) -> list[Letter]:
    """A file for the asker alone, in whatever chat it was asked for. `name` is the file's, `{unit}` and `{at}` are
    filled in; `params` are what the paper needs beside unit and moment. Where there is nothing to print, words why."""
    desk, sort = asked.desk, PAPERS[paper]
    moment = as_of or desk.now
    about = {"campaign": desk.campaign.id, "unit": str(asked.unit.id), "as_of": moment.isoformat(), **params}
    promised = Document("", paper, about)
    if sort.nothing and (why := sort.nothing(documents.requested(desk.session, desk.campaigns, promised, desk.vault))):
        return [desk.tell(why)]
    name = name or f"{sort.title(desk.campaign) if sort.title else sort.name}-{{unit}}-{{at}}.{sort.file(about)}"
    document = _entered(asked, paper, name, moment, about)
    when = texts.at(moment, desk.campaign) if as_of else ""
    letters = [desk.confide(texts.exporting(asked.name, sort.name, sort.told, when)), desk.whisper(document)]
    return [*letters, desk.tell(texts.PAPER_IS_DIRECT)] if desk.in_group else letters


def handed_over(asked: Asked, paper: str, name: str, moment: datetime) -> Letter:
    """A paper that names nobody, into the chat it was asked for in."""
    about = {"campaign": asked.desk.campaign.id, "unit": str(asked.unit.id), "as_of": moment.isoformat()}
    return asked.desk.reply(_entered(asked, paper, name, moment, about))


def _entered(asked: Asked, paper: str, name: str, moment: datetime, about: Mapping[str, str]) -> Document:
    """Written down, with its code."""
    desk = asked.desk
    desk.record("export", subject=asked.unit.code, detail=paper)
    role = next((held for held, top in asked.reach.appointments if asked.unit.path.startswith(top.path)), "")
    by, ask = desk.inbound.sender_id, desk.inbound.msg_id
    code = enter(desk.session, desk.vault, paper, about, by=by, role=role, at=desk.now, ask=ask)
    local = moment.astimezone(desk.campaign.zone)
    return Document(name.format(unit=asked.unit.name, at=f"{local:%m%d%H%M}"), paper, {**about, "code": code})


def enter(
    session: Session,
    vault: Vault,
    paper: str,
    about: Mapping[str, str],
    *,
    by: str,
    role: str,
    at: datetime,
    ask: str,
) -> str:
    """Writes down that a paper is given out, and answers its code. `ask` says which request it was: the same one has
    the same code, however often it is taken."""
    params = json.dumps(about, ensure_ascii=False, sort_keys=True)
    for attempt in range(100):
        code = code_of(vault.fingerprint(f"paper/{ask}/{paper}/{params}/{attempt}"))
        row = IssuedPaper(
            code=code,
            campaign=about["campaign"],
            paper=paper,
            params=params,
            unit_id=int(about["unit"]),
            as_of=datetime.fromisoformat(about["as_of"]),
            by=by,
            role=role,
            at=at,
        )
        if papers.issue(session, row):
            return code
    raise LookupError("no free code")


def too_large(
    session: Session, campaigns: Sequence[Campaign], document: Document, *, size: int, most: int
) -> Text | Choice:
    """What stands instead of a paper of more bytes than a chat carries: how to have it in parts."""
    campaign, sort = several.attended(campaigns, document.params["campaign"]), PAPERS[document.paper]
    unit = roster.unit(session, int(document.params["unit"]))
    said = texts.too_large(Places(session, unit).title, sort.name, size, most)
    moment = datetime.fromisoformat(document.params["as_of"]).astimezone(campaign.zone)
    how = [word for word, (name, value) in sort.options.items() if document.params.get(name) == value]
    parts = [
        Reply(part.name, " ".join([texts.EXPORT, sort.name, part.code, *how, f"截至{moment:%Y-%m-%d %H:%M}"]))
        for part in roster.directly_below(session, unit)
    ]
    if not parts:
        return Text(f"{said}{texts.BY_OPERATOR}", sort.name)
    return Choice(sort.name, f"{said}{texts.IN_PARTS}", tuple(parts))
