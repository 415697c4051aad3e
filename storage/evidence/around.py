"""What belongs to a row and stands elsewhere: whose a pledge is, the answers behind what was handed in, and whether
what is kept has the digest that stands beside it. Must not know how it is told.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col

from storage import files
from storage.evidence import kinds
from storage.evidence.kinds import PLEDGE, STREAMED, Kind, whole
from storage.evidence.links import canonical
from storage.models import (
    AnswerLine,
    Case,
    Draw,
    Entry,
    Person,
    Pledge,
    PledgeText,
    ReturnStep,
    StoredFile,
    Submission,
    Unit,
    UnitReturn,
)
from storage.prepared import Prepared
from storage.reporting import FROZEN
from storage.vault import Vault, VaultError, pledge_purpose, signature_purpose


def of(session: AnySession, vault: Vault, kind: Kind, row: Any, salt: str) -> str:
    """What stands around a row now, as JSON: of a pledge, whose it is, of which unit their self-check is, and the
    salted digest of the name it bears (which is sealed in the row); of what was handed in, the lines of the log of
    answers behind it. Empty for other rows."""
    if kind.table is Pledge:
        person, unit = next(iter(_OWNER.rows(session, {"case": row.case_id})), ("", ""))
        return canonical({"person": person, "unit": unit, "name_sha256": name_digest(salt, name_of(vault, row))})
    if kind.table is Submission:
        log = _LOG.rows(session, {"case": row.case_id})
        return canonical({"answers": {str(line.id): kinds.line_digest(line) for line in log}})
    return ""


_OWNER = Prepared(
    select(col(Person.staff_id), col(Unit.code))
    .select_from(Case)
    .join(Person, col(Person.id) == Case.person_id)
    .join(Unit, col(Unit.id) == Case.unit_id)
    .where(col(Case.id) == bindparam("case"))
)
_LOG = Prepared(select(AnswerLine).where(col(AnswerLine.case_id) == bindparam("case")).order_by(col(AnswerLine.id)))


def name_of(vault: Vault, pledge: Any) -> str:
    """The name somebody signed with; before revision 0004 it was not sealed."""
    try:
        return vault.open(pledge.name, signature_purpose(pledge.case_id)) if pledge.name else ""
    except VaultError:
        return str(pledge.name)


def name_digest(salt: str, name: str) -> str:
    return whole(f"{salt}\n{name}")


def moved(connection: Connection) -> Iterator[str]:
    """Pledges that belong to another person than they did when they were made."""
    whose = select(col(Case.id), col(Person.staff_id)).join(Person, col(Person.id) == Case.person_id)
    owners = {row.id: row.staff_id for row in connection.execute(whose)}
    told = _abouts(connection, PLEDGE)
    for pledge_id, case_id in connection.execute(
        select(col(Pledge.id), col(Pledge.case_id)).where(col(Pledge.id).in_(map(int, told)))
    ):
        if told[str(pledge_id)].get("person") != owners.get(case_id):
            yield str(pledge_id)


def lines(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Lines of the log of answers that stand behind what was handed in and were changed (True) or are missing."""
    wanted: dict[str, str] = {}
    for told in _abouts(connection, str(Submission.__tablename__)).values():
        wanted |= told.get("answers", {})
    for line in connection.execute(select(AnswerLine), execution_options=STREAMED):
        known = wanted.pop(str(line.id), None)
        if known and known != kinds.line_digest(line):
            yield str(line.id), True
    yield from ((line, False) for line in wanted)


def _abouts(connection: Connection, kind: str) -> dict[str, dict[str, Any]]:
    """What stood around the rows of a table when they were entered, by row."""
    found = (
        select(col(Entry.row), col(Entry.about))
        .where(col(Entry.kind) == kind, col(Entry.about) != "")
        .order_by(col(Entry.id))
    )
    return {row: _read(about) for row, about in connection.execute(found)}


def _read(about: str) -> dict[str, Any]:
    try:
        told = json.loads(about)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def unfit(session: Session, vault: Vault) -> Iterator[tuple[str, str]]:
    """Table and row of what is not what its digest says."""
    connection = session.connection()
    texts: tuple[tuple[Any, Any, Any], ...] = (
        (Submission, Submission.answers, Submission.digest),
        (Draw, Draw.population, Draw.population_digest),
        (UnitReturn, UnitReturn.content, UnitReturn.digest),
    )
    for table, text, digest in texts:
        for row_id, said, told in connection.execute(select(table.id, text, digest)):
            if told != (whole(said) if said else ""):
                yield str(table.__tablename__), str(row_id)
    for text in connection.execute(select(PledgeText)):
        if text.digest != whole(text.text):
            yield str(PledgeText.__tablename__), f"{text.campaign}/{text.version}"
    yield from _returns(connection)
    yield from _sealed(session, vault)


def _returns(connection: Connection) -> Iterator[tuple[str, str]]:
    """A return stands where its last step led, and while it stands still says what it said then."""
    newest = select(func.max(ReturnStep.id)).group_by(col(ReturnStep.return_id))
    steps: Any = (
        select(UnitReturn, col(ReturnStep.state).label("led_to"), col(ReturnStep.digest).label("said"))
        .join(ReturnStep, col(ReturnStep.return_id) == UnitReturn.id)
        .where(col(ReturnStep.id).in_(newest))
    )
    for row in connection.execute(steps):
        if row.state != row.led_to or (row.state in FROZEN and row.digest != row.said):
            yield str(UnitReturn.__tablename__), str(row.id)


def _sealed(session: Session, vault: Vault) -> Iterator[tuple[str, str]]:
    """Numbers and scans open, and are what their fingerprint and digest say."""
    for row, campaign in kinds.rows(session.connection(), kinds.BY_NAME[PLEDGE]):
        if row.number_sealed and not _opens(vault, row, campaign):
            yield PLEDGE, str(row.id)
    scans = select(col(StoredFile.id)).where(col(StoredFile.purpose).in_(files.SCANS))
    for (file_id,) in session.connection().execute(scans):
        file = session.get_one(StoredFile, file_id)
        try:
            fits = files.digest_of(files.opened(vault, file)) == file.digest
        except VaultError:
            fits = False
        if not fits:
            yield str(StoredFile.__tablename__), str(file_id)
        session.expunge(file)  # one scan at a time in memory


def _opens(vault: Vault, pledge: Any, campaign: str) -> bool:
    try:
        number = vault.open(pledge.number_sealed, pledge_purpose(pledge.case_id))
    except (VaultError, ValueError):
        return False
    return vault.fingerprint(number, campaign) == str(pledge.number_print)
