"""Who signed what, gathered for 附件1: letters to print for those who signed here, and the blank one.

Must not know how a letter looks on the page.
"""

import re
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO

from handlers.campaign.definition import Campaign
from handlers.papers.places import Places
from handlers.papers.pledge_letter import PledgeLetter, write_each, write_pledges
from handlers.papers.request import Request
from handlers.texts import figures, plain
from storage import papers, signatures
from storage.models import Pledge
from storage.vault import Vault, pledge_purpose

EACH = "each"
"""The parameter that gives every signer a file of their own."""
_LINE = "_" * 18
_UNSAFE = re.compile(r'[\\/:*?"<>|\s]+')


def make_pledges(request: Request, out: BinaryIO) -> None:
    """附件1 of everybody below a unit who signed here, in one file, or a zip with one each."""
    total = papers.signers(request.session, request.campaign.id, request.unit.path, request.as_of)
    if request.params.get(EACH):
        rounds = count()
        write_each(lambda: letters(request, total * next(rounds), total * 2), out, request.proof)
    else:
        write_pledges(letters(request, 0, total), out, request.proof)


def make_blank_pledge(request: Request, out: BinaryIO) -> None:
    """附件1 to be filled in and signed by hand: by somebody without an account, or who prefers paper."""
    text, places = request.campaign.pledge, Places(request.session, request.unit)
    blanks = {"name": _LINE, "number": _LINE, "date": "______年____月____日"}
    letter = PledgeLetter(
        annex=text.annex,
        title=text.title,
        addressee=text.addressee.format(unit=places.title.replace(" ", "")),
        text=text.text,
        closing=tuple(line.format(**blanks) for line in text.closing),
        footnote=text.footnote,
        proof=f"文本第{text.version}版 · {text.digest[:16]} · {plain.stamp(request.as_of, request.campaign)} 生成",
    )
    write_pledges([letter], out, request.proof)


def nobody_signed(request: Request) -> str:
    """Why there is nothing to print, and what to do."""
    if papers.signers(request.session, request.campaign.id, request.unit.path, request.as_of):
        return ""
    return figures.no_pledges(Places(request.session, request.unit).title)


def letters(request: Request, before: int, total: int) -> Iterator[PledgeLetter]:
    """The number stays sealed, the signer writes it by hand; unless it is unmasked. `before` were done of `total`."""
    places = Places(request.session, request.unit)
    found = papers.signed(request.session, request.campaign.id, request.unit.path, request.as_of)
    signed = papers.pledge_texts(request.session, request.campaign.id)
    for done, (_, unit, pledge) in enumerate(found, start=before + 1):
        text = signed.get(pledge.text_digest, request.campaign.pledge.text)
        yield _letter(request, places.whole(unit).replace(" ", ""), pledge, text)
        request.progress(done, total)


def _letter(request: Request, unit: str, pledge: Pledge, signed: str) -> PledgeLetter:
    """`signed` is the text of the day, whatever the campaign file says by now."""
    campaign = request.campaign
    text, at = campaign.pledge, pledge.at.astimezone(campaign.zone)
    name = signatures.signer(pledge, request.vault)
    blanks = {
        "name": f"{'_' * 12}（{name}）",
        "number": _number(pledge, request.unmask),
        "date": f"{at.year}年{at.month}月{at.day}日",
    }
    return PledgeLetter(
        annex=text.annex,
        title=text.title,
        addressee=text.addressee.format(unit=unit),
        text=signed,
        closing=tuple(line.format(**blanks) for line in text.closing),
        footnote=text.footnote,
        proof=_proof(campaign, pledge, request),
        file=_UNSAFE.sub("", f"{unit}-{name}"),
        record=f"pledge {pledge.id} {pledge.text_digest[:16]}",
    )


def _number(pledge: Pledge, unmask: Vault | None) -> str:
    if unmask:
        return unmask.open(pledge.number_sealed, pledge_purpose(pledge.case_id))
    return f"{_LINE}（{pledge.number_mask}）"


def _proof(campaign: Campaign, pledge: Pledge, request: Request) -> str:
    return (
        f"签署于 {plain.stamp(pledge.at, campaign)} · 文本第{pledge.text_version}版 · {pledge.text_digest[:16]}"
        f" · 截至 {plain.stamp(request.as_of, campaign)}"
    )
