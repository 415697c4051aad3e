"""Which rows are evidence, of which campaign each is, and what exactly of a row is digested.

Left out is what may rightly change later (what a key change seals anew, when something ended); long texts stand with
their SHA-256. Whoever adds a table of who did what when adds it here. Must not know how digests are chained.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, bindparam, inspect, literal, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key
from sqlmodel import SQLModel, col

from storage import cases, files
from storage.evidence.links import canonical
from storage.models import (
    AuditLine,
    Case,
    Draw,
    Finding,
    FindingStep,
    IssuedPaper,
    Pledge,
    PledgeText,
    ReturnStep,
    Risk,
    RiskStep,
    RowCorrection,
    StoredFile,
    Submission,
    UnitReturn,
)

PLEDGE, AUDIT = "pledge", "audit"
STREAMED = {"yield_per": 500}
"""How long selections are read: a part at a time."""
DESTROYED = "destroyed"
"""The kind of an entry without a row: everything of its campaign before it was destroyed."""


def hidden(answers: str) -> str:
    """SHA-256 of answers without what is sealed in them, which a change of the key seals anew."""
    try:
        told = {key: {**given, "sealed": bool(given.get("sealed"))} for key, given in json.loads(answers).items()}
    except (ValueError, AttributeError):
        return whole(answers)
    return whole(canonical(told))


def whole(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table whose rows are entered: all of them, or those `only` says."""

    table: type[SQLModel]
    fields: tuple[str, ...]
    digested: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    above: tuple[Any, str] | None = None
    """The table that tells the campaign, and the field that points there; none where the row tells it, or has none."""
    only: Callable[[Any], bool] = lambda row: True
    among: Callable[[], ColumnElement[bool]] | None = None
    """The same as `only`, for the database."""

    @property
    def name(self) -> str:
        return _name(self.table)

    def row(self, instance: Any) -> str:
        """The key of a row as text."""
        return "/".join(str(getattr(instance, name)) for name in self._key)

    @property
    def _key(self) -> tuple[str, ...]:
        return _primary_key(self.table)

    def selected(self) -> Select[Any]:
        """All rows that are or should be entered, with their campaign, in the order of their keys."""
        found = select(self.table)
        if self.above:
            table, field = self.above
            found = found.add_columns(table.campaign).join(table, table.id == getattr(self.table, field))
        else:
            found = found.add_columns(getattr(self.table, "campaign", literal("")))
        found = found.where(self.among()) if self.among else found
        return found.order_by(*(getattr(self.table, name) for name in self._key))

    def content(self, row: Any, campaign: str, about: str) -> str:
        """What is digested of a row (an instance, or a row of the table with the same names)."""
        told = {name: _plain(getattr(row, name)) for name in self.fields}
        digests = {f"{name}_sha256": digest(getattr(row, name) or "") for name, digest in self.digested.items()}
        where = {"table": self.name, "row": self.row(row), "campaign": campaign}
        return canonical({**where, **told, **digests, **({"about": json.loads(about)} if about else {})})


@cache
def _name(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


@cache
def _primary_key(table: type[SQLModel]) -> tuple[str, ...]:
    return tuple(column.key for column in inspect(table).primary_key)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if isinstance(value, date) else value


KINDS: tuple[Kind, ...] = (
    Kind(
        table=Pledge,
        fields=(
            *("case_id", "state", "text_version", "text_digest", "name"),
            *("number_print", "number_mask", "told", "at", "msg_id"),
        ),
        above=(Case, "case_id"),
        only=lambda row: row.state != cases.DRAFT,
        among=lambda: col(Pledge.state) != cases.DRAFT,
    ),
    Kind(
        table=PledgeText,
        fields=("version", "digest", "revision"),
        digested={"text": whole},
    ),
    Kind(
        table=AuditLine,
        fields=("at", "actor", "action", "subject", "detail"),
    ),
    Kind(
        table=Submission,
        fields=("case_id", "at", "late", "unit_id", "nil", "touched", "pledged"),
        digested={"answers": hidden},
        above=(Case, "case_id"),
    ),
    Kind(
        table=ReturnStep,
        fields=("return_id", "at", "by", "action", "state", "digest", "reason", "nil"),
        digested={"content": whole},
        above=(UnitReturn, "return_id"),
    ),
    Kind(
        table=RowCorrection,
        fields=("case_id", "row", "field", "by", "at"),
        digested={"instead_of": whole, "text": whole},
    ),
    Kind(
        table=StoredFile,
        fields=("return_id", "person_id", "kind", "size", "digest", "at"),
        above=(UnitReturn, "return_id"),
        only=lambda row: row.purpose in files.SCANS,
        among=lambda: col(StoredFile.purpose).in_(files.SCANS),
    ),
    Kind(
        table=RiskStep,
        fields=("risk_id", "at", "by", "action", "text", "due"),
        above=(Risk, "risk_id"),
    ),
    Kind(
        table=FindingStep,
        fields=("finding_id", "at", "by", "action", "text", "due"),
        above=(Finding, "finding_id"),
    ),
    Kind(
        table=Draw,
        fields=("number", "unit_id", "office_id", "of", "population_digest", "seed", "size", "by", "at"),
        digested={"population": whole},
    ),
    Kind(
        table=IssuedPaper,
        fields=("paper", "params", "unit_id", "as_of", "by", "role", "at"),
    ),
)
BY_TABLE: Mapping[type[SQLModel], Kind] = {kind.table: kind for kind in KINDS}
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


def campaign_of(session: Session, kind: Kind, instance: Any) -> str:
    """The campaign of a row; empty where it has none."""
    if kind.above is None:
        return str(getattr(instance, "campaign", ""))
    table, field = kind.above
    number = getattr(instance, field)
    above = session.identity_map.get(identity_key(table, number))
    if above is not None and (known := above.__dict__.get("campaign")):  # what the session holds need not be asked
        return str(known)
    return str(session.connection().scalar(_campaign(table), {"row": number}) or "")


@cache
def _campaign(table: Any) -> Executable:
    return select(table.campaign).where(table.id == bindparam("row"))


def rows(connection: Connection, kind: Kind) -> Iterator[tuple[Any, str]]:
    """Every row that is or should be entered, with its campaign."""
    result = connection.execute(kind.selected(), execution_options=STREAMED)
    for row in result:
        yield row, str(row[-1])


def line_digest(line: Any) -> str:
    """Of a line of the log of answers, short: it stands within what is digested whole."""
    given = _given_digest(line.given) if line.given else ""
    return whole(canonical([line.case_id, line.key, given, _plain(line.at)]))[:16]


@lru_cache(maxsize=1_024)
def _given_digest(given: str) -> str:
    """Most people give the same answers."""
    return hidden(f'{{"given":{given}}}')
