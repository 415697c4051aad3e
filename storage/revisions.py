"""What the database knows of a campaign file: its newest revision, the texts of its pledge, who is behind. Must not
know what a revision brings."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.evidence import entering
from storage.models import Case, Person, PledgeText, Setting
from storage.statements import insert_new


def _name(campaign: str) -> str:
    return f"campaign/{campaign}/revision"


def recorded(session: Session, campaign: str) -> int | None:
    """The newest revision of a campaign's file this database has been run with."""
    found = session.exec(select(Setting).where(Setting.name == _name(campaign))).one_or_none()
    return int(found.value) if found else None


def record(session: Session, campaign: str, revision: int) -> None:
    """Never goes back: of two processes that start at once the newer file counts."""
    if insert_new(session, Setting, {"name": _name(campaign), "value": str(revision)}):
        return
    known = session.exec(select(Setting).where(Setting.name == _name(campaign)).with_for_update()).one()
    known.value = str(max(int(known.value), revision))
    session.add(known)


def texts(session: Session, campaign: str) -> dict[int, PledgeText]:
    """Every text of the pledge that was ever given out, by version."""
    found = session.exec(select(PledgeText).where(PledgeText.campaign == campaign)).all()
    return {text.version: text for text in found}


def keep_text(session: Session, campaign: str, *, version: int, digest: str, text: str, revision: int) -> None:
    values = {"campaign": campaign, "version": version, "digest": digest, "text": text, "revision": revision}
    if insert_new(session, PledgeText, values):
        entering.enter(session, PledgeText.model_validate(values))


def behind(session: Session, campaign: str, revision: int, *, after: int, most: int) -> Sequence[tuple[Case, Person]]:
    """Some of those who have handed in and whose answers were brought to an earlier revision. Their rows are locked, as
    in a turn of their own; whoever is just speaking is left out, their own turn brings them up."""
    found = (
        select(Case, Person)
        .join(Person, col(Person.id) == Case.person_id)
        .where(Case.campaign == campaign, Case.revision < revision, col(Case.submitted_at).is_not(None))
        .where(col(Case.id) > after)
        .order_by(col(Case.id))
        .limit(most)
    )
    return session.exec(found.with_for_update(skip_locked=True)).all()


def everybody_behind(session: Session, campaign: str, revision: int, *, after: int, most: int) -> Sequence[Case]:
    """Those behind, handed in or not, by id from `after` on; nothing is locked."""
    found = select(Case).where(Case.campaign == campaign, Case.revision < revision, col(Case.id) > after)
    return session.exec(found.order_by(col(Case.id)).limit(most)).all()


def count_behind(session: Session, campaign: str, revision: int, *, handed_in: bool | None = None) -> int:
    found = select(func.count()).select_from(Case).where(Case.campaign == campaign, Case.revision < revision)
    if handed_in is not None:
        found = found.where(col(Case.submitted_at).is_not(None) == handed_in)
    return session.exec(found).one()
