"""Making the papers asked for: gathers what a paper is about and hands it to the paper's own room.

Runs in a read transaction of its own when the letter is sent. Personal identifiers stay masked, as they were stored.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from handlers import texts
from handlers.campaign.answers import Given
from handlers.campaign.definition import Campaign
from handlers.campaign.walk import Setting, Walk, walk
from handlers.desk import full_name
from handlers.messages import Document
from handlers.papers.feedback_table import FeedbackRow, FeedbackTable, write_feedback_table
from handlers.papers.pledge_letter import PledgeLetter, write_pledges
from storage import oversight, roster
from storage.models import Person, Pledge, Submission, Unit
from storage.vault import Vault, answer_purpose, pledge_purpose


def make(session: Session, campaign: Campaign, document: Document, unmask: Vault | None = None) -> bytes:
    """The file of a `Document` letter. With `unmask`, sealed numbers are opened: for the operator's command only, never
    for a letter. Raises `LookupError` for a paper or unit that does not exist."""
    out = io.BytesIO()
    match document.paper:
        case "feedback_table":
            write_feedback_table(feedback_table(session, campaign, document.params, unmask), out)
        case "pledges":
            write_pledges(pledges(session, campaign, document.params, unmask), out)
        case other:
            raise LookupError(f"no paper is called {other!r}")
    return out.getvalue()


def feedback_table(
    session: Session, campaign: Campaign, params: Mapping[str, str], unmask: Vault | None = None
) -> FeedbackTable:
    """附件2 of a unit with all below it: a row per data set of everybody who handed in and touched data."""
    top = roster.unit(session, int(params["unit"]))
    paper, as_of = campaign.feedback_table, datetime.fromisoformat(params["as_of"])
    total, _ = oversight.rolled_up(session, campaign.id, top)
    rows = [
        row
        for person, unit, submission in oversight.handed_in(session, campaign.id, top.path)
        for row in _rows(session, campaign, top, person, unit, submission, unmask)
    ]
    figures = {"expected": total.expected, "finished": total.finished, "nil": total.nil}
    return FeedbackTable(
        title=paper.title,
        unit_name=full_name(roster.chain(session, top)),
        columns=tuple(paper.columns),
        notes=tuple(paper.notes),
        rows=tuple(rows),
        nil_line=(paper.nil_line if total.finished else paper.empty_line).format(**figures),
        as_of=as_of,
        footer=paper.footer.format(as_of=texts.stamp(as_of, campaign), **figures),
    )


def pledges(
    session: Session, campaign: Campaign, params: Mapping[str, str], unmask: Vault | None = None
) -> list[PledgeLetter]:
    """附件1 of everybody below a unit who signed here. The number stays sealed, the signer writes it by hand; unless
    it is unmasked."""
    top = roster.unit(session, int(params["unit"]))
    return [
        _letter(session, campaign, unit, pledge, unmask)
        for _, unit, pledge in oversight.signed(session, campaign.id, top.path)
    ]


def _letter(session: Session, campaign: Campaign, unit: Unit, pledge: Pledge, unmask: Vault | None) -> PledgeLetter:
    text, at = campaign.pledge, pledge.at.astimezone(campaign.zone)
    by_hand = f"{'_' * 18}（{pledge.number_mask}）"
    blanks = {
        "name": f"{'_' * 12}（{pledge.name}）",
        "number": unmask.open(pledge.number_sealed, pledge_purpose(pledge.case_id)) if unmask else by_hand,
        "date": f"{at.year}年{at.month}月{at.day}日",
    }
    return PledgeLetter(
        annex=text.annex,
        title=text.title,
        addressee=text.addressee.format(unit=full_name(roster.chain(session, unit)).replace(" ", "")),
        text=text.text,
        closing=tuple(line.format(**blanks) for line in text.closing),
        footnote=text.footnote,
        proof=f"签署于 {texts.stamp(pledge.at, campaign)} · 文本第{pledge.text_version}版 · {pledge.text_digest[:16]}",
    )


def _rows(
    session: Session,
    campaign: Campaign,
    top: Unit,
    person: Person,
    unit: Unit,
    submission: Submission,
    unmask: Vault | None,
) -> list[FeedbackRow]:
    path = as_handed_in(campaign, person.name, submission, unmask)
    name = _name_below(roster.chain(session, unit), top)
    found = []
    for row, _ in path.rows():
        data_name, ways, usage, risk, rectification, contact = (
            path.cell(field, row) for field in campaign.feedback_table.fields
        )
        found.append(
            FeedbackRow(
                unit=name,
                data_name=data_name,
                ways=ways,
                usage=usage,
                risk=risk,
                rectification=rectification,
                contact=contact,
            )
        )
    return found


def as_handed_in(campaign: Campaign, name: str, submission: Submission, unmask: Vault | None = None) -> Walk:
    """The path as it was when it was handed in: the words of suggested answers stay what they were."""
    answers = {key: Given.from_json(json.dumps(given)) for key, given in json.loads(submission.answers).items()}
    if unmask:
        purpose = answer_purpose(submission.case_id)
        answers = {key: _opened(given, unmask, purpose) for key, given in answers.items()}
    day = submission.at.astimezone(campaign.zone).date()
    return walk(campaign, answers, Setting(today=day, person=name, unit=""))


def _opened(given: Given, keys: Vault, purpose: str) -> Given:
    return replace(given, values=tuple(keys.open(given.sealed, purpose).split("\n"))) if given.sealed else given


def _name_below(chain: list[Unit], top: Unit) -> str:
    """How a unit is called in the paper of `top`: from the township down, without what is above."""
    below = [unit.name for unit in chain if unit.path.startswith(top.path)]
    if top.kind in ("city", "county") and len(below) > 1:
        below = below[1:]
    return "".join(below)
