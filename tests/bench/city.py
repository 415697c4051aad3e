"""A city in a database: units, people, finished and half-filled forms, as many as wanted.

Three people really answer, in a small world; everybody else gets their answers. Nothing of it goes through the chat, so
500,000 people are there in a minute.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert, text
from sqlmodel import col, select

from handlers.campaign import loading
from storage import running_counts, signatures, triggers
from storage.copying import go_on_counting
from storage.database import Database
from storage.models import AnswerLine, Case, Membership, Person, Pledge, Submission, Unit
from storage.roster_import import import_roster
from storage.rows import Roster, UnitKind, UnitRow
from storage.vault import Vault, signature_purpose
from tests.world import KEY, MORNING, World, small_roster

CAMPAIGN = "lishui-2022-69"
COUNTIES, TOWNSHIPS, UNITS = 9, 173, 2_200
ITEMS_A_PERSON = 1.2
"""60,000 data items of 50,000 people (the notice's city)."""
_CHUNK = 10_000
_NIL = ("你好", "1", "1", "4")
_ROWS = ("你好", "2", "2 7", "1", "1", "街道发的表，微信群传", "核对用，6个网格员", "4", "2", "1", "1", "1", "1")
_HALF = ("你好", "2", "2 7", "1")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one of the three has in the database: to be copied."""

    lines: tuple[dict[str, Any], ...]
    case: dict[str, Any]
    submission: dict[str, Any] | None


def patterns() -> dict[str, Pattern]:
    with TemporaryDirectory() as folder:
        world = World(f"sqlite:///{folder}/small.sqlite3", Path(folder))
        world.import_roster(small_roster())
        found = {}
        for who, (kind, walk) in {"qian": ("nil", _NIL), "sun": ("rows", _ROWS), "chen": ("half", _HALF)}.items():
            somebody = world.person(who, "某某某")
            for said in walk:
                somebody.says(said)
            found[kind] = _pattern(world, who)
        world.close()
    assert found["nil"].submission
    assert found["rows"].submission
    return found


def _pattern(world: World, who: str) -> Pattern:
    with world.database.reading() as session:
        person = session.exec(select(Person).where(Person.staff_id == who)).one()
        case = session.exec(select(Case).where(Case.person_id == person.id)).one()
        lines = session.exec(select(AnswerLine).where(AnswerLine.case_id == case.id).order_by(col(AnswerLine.id))).all()
        handed_in = session.exec(select(Submission).where(Submission.case_id == case.id)).first()
        bare = {"id", "case_id", "person_id", "unit_id"}
        return Pattern(
            tuple(line.model_dump(exclude=bare) for line in lines),
            case.model_dump(exclude=bare),
            handed_in.model_dump(exclude=bare) if handed_in else None,
        )


def units(count: int) -> tuple[UnitRow, ...]:
    """City, counties, townships, villages, `count` in all."""
    rows = [UnitRow(code="3311", name="丽水市", parent_code="", kind=UnitKind.CITY, division="3311")]
    for n in range(min(COUNTIES, count - 1)):
        code = f"3311{n + 21}"  # none of the two with rules of their own
        rows.append(UnitRow(code=code, name=f"{n}县", parent_code="3311", kind=UnitKind.COUNTY, division=code))
    counties = [row.code for row in rows[1:]]
    for n in range(min(max(TOWNSHIPS * count // UNITS, 1), count - len(rows))):
        above = counties[n % len(counties)]
        code = f"{above}{n // len(counties):03}"
        rows.append(UnitRow(code=code, name=f"{n}街道", parent_code=above, kind=UnitKind.TOWNSHIP, division=code))
    townships = [row.code for row in rows[1 + len(counties) :]]
    for n in range(count - len(rows)):
        above = townships[n % len(townships)]
        code = f"{above}{n // len(townships):03}"  # twelve digits, as codes of villages have
        rows.append(UnitRow(code=code, name=f"{n}村", parent_code=above, kind=UnitKind.VILLAGE, division=""))
    return tuple(rows)


def build(
    database: Database, people: int, unit_count: int | None = None, *, half: float = 0.2, lines: bool = True
) -> None:
    """So many people; a share is half-way, of the others most touched data and some did not. Units grow with people.
    Without `lines` nobody has the log of their answers, most of the rows, which papers do not read."""
    database.migrate()
    models = patterns()
    with database.session() as session:
        roster = Roster(units=units(unit_count or max(20, UNITS * people // 50_000)), people=())
        import_roster(session, roster, Vault(KEY), at=MORNING)
        kinds = session.exec(select(Unit.id, Unit.kind)).all()
        places = [unit_id for unit_id, kind in kinds if kind == UnitKind.VILLAGE.value]
    with database.engine.begin() as connection:
        _stop_counting(connection)
    for start in range(0, people, _CHUNK):
        with database.engine.begin() as connection:
            for table, rows in _rows(models, places, range(start, min(start + _CHUNK, people)), half).items():
                if rows and (lines or table is not AnswerLine):
                    connection.execute(insert(table), rows)
    with database.engine.begin() as connection:
        for table in (Person, Membership, Case, AnswerLine, Submission):
            go_on_counting(connection, table.__table__)  # type: ignore[attr-defined]
        running_counts.keep(connection)


def _stop_counting(connection: Connection) -> None:
    """Takes the triggers of the running figures off: everybody is counted at once in the end, and they are back."""
    for name in triggers.names(connection):
        _, ours, of = name.partition("zicha_count_")
        if ours:
            table, _, _ = of.rpartition("_")
            where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER {name}{where}"))


def sign(database: Database, people: int) -> None:
    """The first so many people of a city sign the pledge in the chat."""
    campaign, vault = loading.load(CAMPAIGN), Vault(KEY)
    same = {
        "state": signatures.HERE,
        "text_version": campaign.pledge.version,
        "text_digest": campaign.pledge.digest,
        "number_mask": "**0001",
    }
    for start in range(1, people + 1, _CHUNK):
        rows = [
            same
            | {"case_id": n, "at": MORNING, "msg_id": f"p{n}"}
            | {"name": vault.seal(f"某{n % 9_000}", signature_purpose(n), CAMPAIGN)}
            for n in range(start, min(start + _CHUNK, people + 1))
        ]
        with database.engine.begin() as connection:
            connection.execute(insert(Pledge), rows)


def _rows(
    models: dict[str, Pattern], places: list[int], numbers: range, half: float
) -> dict[type[Any], list[dict[str, Any]]]:
    rows: dict[type[Any], list[dict[str, Any]]] = {t: [] for t in (Person, Membership, Case, AnswerLine, Submission)}
    for n in numbers:
        place = places[n % len(places)]
        at = MORNING + timedelta(minutes=n % 14_000)
        rows[Person].append({"id": n + 1, "staff_id": f"u{n}", "name": f"某{n % 9_000}", "unit_id": place})
        rows[Membership].append({"person_id": n + 1, "unit_id": place, "since": MORNING})
        pattern = models[_kind(n, half)]
        rows[Case].append(
            pattern.case
            | {"id": n + 1, "person_id": n + 1, "unit_id": place, "opened_at": at}
            | ({"submitted_at": at, "receipt": f"ZC-{n:06}"} if pattern.submission else {})
        )
        rows[AnswerLine] += [line | {"case_id": n + 1, "at": at, "msg_id": f"m{n}"} for line in pattern.lines]
        if pattern.submission:
            # equal rows of a unit become one in the table: everybody has something of their own in theirs
            answers = pattern.submission["answers"].replace("6个网格员", f"{n}号网格员")
            handed_in = {"case_id": n + 1, "unit_id": place, "at": at, "answers": answers}
            rows[Submission].append(pattern.submission | handed_in)
    return rows


def _kind(n: int, half: float) -> str:
    """Two data sets for six in ten: 1.2 data items a person, as in the notice's city."""
    place = (n * 7919) % 100
    if place < half * 100:
        return "half"
    return "rows" if place >= 40 else "nil"
