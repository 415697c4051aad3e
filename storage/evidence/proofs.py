"""One pledge shown without the others: what was entered of it, the neighbours up to the root of its day, and the day.

A proof is a small JSON file that needs neither the database nor the key to be checked; what to compare it with is the
digest of the day that was made public. Must not know how it is told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from storage.evidence import around, chaining, merkle
from storage.evidence.kinds import BY_NAME, PLEDGE, whole
from storage.evidence.links import day_digest, leaf_of
from storage.evidence.merkle import Step
from storage.models import Case, DayRoot, Entry, Person, Pledge, PledgeText
from storage.vault import Vault

FORMAT = "zicha pledge proof 1"


class ProofError(Exception):
    """The file is no proof, or was changed; the argument says which of its parts does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof shows. `digest` is what was made public of the day."""

    pledge: Mapping[str, Any]
    name: str
    text: str
    day: date
    campaign: str
    count: int
    total: int
    digest: str


def pledges_of(session: Session, campaign: str, who: str) -> list[Pledge]:
    """The pledges of somebody, by staff id or receipt, the newest first; drafts are none."""
    return list(
        session.exec(
            select(Pledge)
            .join(Case, col(Case.id) == Pledge.case_id)
            .join(Person, col(Person.id) == Case.person_id)
            .where(Case.campaign == campaign, BY_NAME[PLEDGE].among() if BY_NAME[PLEDGE].among else True)  # type: ignore[misc]
            .where((col(Person.staff_id) == who) | (col(Case.receipt) == who))
            .order_by(col(Pledge.id).desc())
        ).all()
    )


def prove(session: Session, vault: Vault, pledge: Pledge) -> dict[str, Any] | None:
    """The proof of a pledge; None while its day is not closed."""
    found = select(Entry).where(Entry.kind == PLEDGE, Entry.row == str(pledge.id)).order_by(col(Entry.id).desc())
    entry = session.exec(found.limit(1)).first()
    closed = session.get(DayRoot, (entry.campaign, entry.day)) if entry and entry.day else None
    if entry is None or closed is None or entry.day is None:
        return None
    leaves = chaining.leaves_of(session, entry.campaign, entry.day)
    text = session.get(PledgeText, (entry.campaign, pledge.text_version))
    return {
        "format": FORMAT,
        "content": BY_NAME[PLEDGE].content(pledge, entry.campaign, entry.about),
        "salt": entry.salt,
        "name": around.name_of(vault, pledge),
        "path": [[step.side, step.digest] for step in merkle.path(leaves, leaves.index(entry.leaf))],
        "day": {
            "campaign": closed.campaign,
            "day": closed.day.isoformat(),
            "count": closed.count,
            "total": closed.total,
            "seq": closed.seq,
            "head": closed.head,
            "before": closed.before,
        },
        "digest": closed.digest,
        "text": text.text if text else "",
    }


def check(told: str) -> Proven:
    """What a proof shows, once it fits in itself. Raises `ProofError`."""
    try:
        proof = json.loads(told)
        if proof["format"] != FORMAT:
            raise ProofError("format")
        pledge, day, said = json.loads(proof["content"]), proof["day"], str(proof["text"])
        steps = [Step(str(side), str(digest)) for side, digest in proof["path"]]
        root = merkle.climbed(leaf_of(str(proof["salt"]), str(proof["content"])), steps)
        numbers = int(day["count"]), int(day["total"])
        when, campaign = date.fromisoformat(day["day"]), str(day["campaign"])
        digest = day_digest(campaign, when, *numbers, root, int(day["seq"]), str(day["head"]), str(day["before"]))
        claimed, name = str(proof["digest"]), str(proof["name"])
        signed_as = pledge["about"]["name_sha256"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProofError("format") from error
    if digest != claimed:
        raise ProofError("digest")
    if signed_as != around.name_digest(str(proof["salt"]), name):
        raise ProofError("name")
    if said and whole(said) != pledge.get("text_digest"):
        raise ProofError("text")
    count, total = numbers
    return Proven(
        pledge=pledge, name=name, text=said, day=when, campaign=campaign, count=count, total=total, digest=digest
    )


def day_of(session: Session, digest: str) -> DayRoot | None:
    """The closed day with this public digest."""
    return session.exec(select(DayRoot).where(DayRoot.digest == digest)).first()
