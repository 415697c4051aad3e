"""The register of those who touched data, against those who signed (notice 二.2, 补签). Must not know who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage import cases
from storage.models import Case, Person, Pledge, Unit
from storage.vault import Vault, signature_purpose

HERE, EARLIER, ON_PAPER, TO_SIGN_ON_PAPER = cases.SIGNED, cases.EARLIER, cases.ON_PAPER, cases.TO_SIGN
NOT_YET = ""
"""How somebody stands: signed here, earlier elsewhere, on paper, still to be signed on paper, not at all."""
SIGNED = frozenset({HERE, EARLIER, ON_PAPER})
_MARKS = 2
"""The dots of a sealed value; names of people have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Somebody who touched data, and the newest pledge of theirs. `again`: what they signed no longer counts."""

    person: Person
    unit: Unit
    case: Case
    pledge: Pledge | None
    again: bool

    @property
    def how(self) -> str:
        return self.pledge.state if self.pledge and not self.again else NOT_YET

    @property
    def signed(self) -> bool:
        return self.how in SIGNED


def signer(pledge: Pledge, vault: Vault) -> str:
    """The name a pledge was signed with. One kept before names were sealed stands there as it is."""
    sealed = pledge.name.count(".") == _MARKS
    return vault.open(pledge.name, signature_purpose(pledge.case_id)) if sealed else pledge.name


def register(
    session: Session, campaign: str, path: str, *, resign_from: int = 0, as_of: datetime | None = None
) -> list[Standing]:
    """Everybody below `path` who touched data, by unit. Signatures under a text older than `resign_from` are listed
    but do not count."""
    people: list[tuple[Case, Person, Unit]] = list(
        session.exec(
            select(Case, Person, Unit)
            .join(Person, col(Person.id) == Case.person_id)
            .join(Unit, col(Unit.id) == Case.unit_id)
            .where(Case.campaign == campaign, col(Case.touched).is_(True), col(Unit.path).startswith(path))
            .order_by(col(Unit.code), col(Person.id))
        ).all()
    )
    newest = _newest(session, [case.id or 0 for case, _, _ in people], as_of)
    return [
        Standing(
            person=person,
            unit=unit,
            case=case,
            pledge=(pledge := newest.get(case.id or 0)),
            again=pledge is not None and pledge.state == HERE and pledge.text_version < resign_from,
        )
        for case, person, unit in people
        if case.submitted_at or person.active
    ]


def _newest(session: Session, of: Sequence[int], as_of: datetime | None) -> dict[int, Pledge]:
    """The newest pledge of each self-check; a draft is none."""
    found: dict[int, Pledge] = {}
    for start in range(0, len(of), 500):
        wanted = (
            select(Pledge)
            .where(col(Pledge.case_id).in_(of[start : start + 500]), Pledge.state != cases.DRAFT)
            .order_by(col(Pledge.id))
        )
        if as_of:
            wanted = wanted.where(Pledge.at <= as_of)
        found |= {pledge.case_id: pledge for pledge in session.exec(wanted).all()}
    return found
