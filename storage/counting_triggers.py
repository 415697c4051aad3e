"""The triggers that keep the running figures (`running_counts.py`): what a person, a self-check or an exemption adds to
the figures of a unit, as it was and as it is.

The rules of `head_counts.py` said once more, of one row instead of all. Plain triggers as SQLite and PostgreSQL have
them. Must not know what is made of the figures.
"""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage import triggers

FIGURES = ("expected", "finished", "nil", "late", "started", "touched", "pledged", "exempt")
CHANGE = 0
"""The kind of line a trigger writes."""
_TABLE = "head_count"


def set_up(connection: Connection) -> bool:
    """Sets every trigger that is not there (a migration that rebuilds a table takes them off). True if any was missing:
    then everybody has to be counted anew."""
    known = triggers.names(connection)
    wanted = dict(_triggers())
    for name, (when, table, body) in wanted.items():
        if name not in known:
            for statement in _spelled(connection, name, when, table, body):
                connection.execute(text(statement))
    return not known >= wanted.keys()


def _spelled(connection: Connection, name: str, when: str, table: str, body: str) -> list[str]:
    if connection.dialect.name != "postgresql":
        return [f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW BEGIN {body}; END"]
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW EXECUTE PROCEDURE {name}()",
    ]


def _triggers() -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Each with its event, its table and what it adds."""
    facts = "submitted_at, asked_again, nil, late, touched, pledged, unit_id"
    events = (
        ("person", "unit_id, active", _person),
        ("self_check", facts, _case),
        ("exemption", "ended_at", _exemption),
    )
    for table, columns, changes in events:
        yield f"zicha_count_{table}_insert", ("INSERT", table, _sum(changes(old=False, new=True)))
        yield f"zicha_count_{table}_update", (f"UPDATE OF {columns}", table, _sum(changes(old=True, new=True)))
        yield f"zicha_count_{table}_delete", ("DELETE", table, _sum(changes(old=True, new=False)))


def _sum(changes: Iterator[str]) -> str:
    """One line for each unit whose figures change."""
    names = ", ".join(FIGURES)
    sums = ", ".join(f"SUM({name})" for name in FIGURES)
    some = " OR ".join(f"SUM({name}) <> 0" for name in FIGURES)
    return (
        f"INSERT INTO {_TABLE} (kind, campaign, unit_id, {names}) SELECT {CHANGE}, campaign, unit_id, {sums} "  # noqa: S608  our words
        f"FROM ({' UNION ALL '.join(changes)}) AS changes GROUP BY campaign, unit_id HAVING {some}"
    )


# ---------------------------------------------------------------- what changes when a row does


def _images(*, old: bool, new: bool) -> Iterator[tuple[str, int]]:
    if old:
        yield "OLD", -1
    if new:
        yield "NEW", 1


def _person(*, old: bool, new: bool) -> Iterator[str]:
    for p, sign in _images(old=old, new=new):
        yield _adds(sign, "''", f"{p}.unit_id", f"WHERE {p}.active", expected="1")
        yield from _waiting(sign, p, "c", f"FROM self_check c WHERE c.person_id = {p}.id AND {p}.active")
        yield _excused(sign, p, "c", _EXEMPTIONS.format(p=p), f"e.person_id = {p}.id")


def _case(*, old: bool, new: bool) -> Iterator[str]:
    for c, sign in _images(old=old, new=new):
        yield from _waiting(sign, "p", c, f"FROM person p WHERE p.id = {c}.person_id AND p.active")
        yield _adds(sign, f"{c}.campaign", f"{c}.unit_id", f"WHERE {c}.submitted_at IS NOT NULL", **_handed_in(c, 1))
        theirs = f"FROM exemption e JOIN person p ON p.id = e.person_id AND p.id = {c}.person_id"
        yield _excused(sign, "p", c, theirs, f"e.campaign = {c}.campaign")
        if not (old and new):  # where there was or will be no self-check, the exempt count all the same
            there = f"{theirs} WHERE e.campaign = {c}.campaign AND e.ended_at IS NULL AND p.active"
            yield _adds(-sign, "e.campaign", "p.unit_id", there, exempt="1", expected="-1")


def _exemption(*, old: bool, new: bool) -> Iterator[str]:
    for e, sign in _images(old=old, new=new):
        theirs = f"FROM person p LEFT JOIN self_check c ON c.person_id = p.id AND c.campaign = {e}.campaign "
        yield _excused(sign, "p", "c", theirs, f"p.id = {e}.person_id", e=e)


_EXEMPTIONS = "FROM exemption e LEFT JOIN self_check c ON c.person_id = {p}.id AND c.campaign = e.campaign"


# ---------------------------------------------------------------- what counts where


def _waiting(sign: int, p: str, c: str, source: str) -> Iterator[str]:
    """A self-check where its person is: begun, or handed in and counted elsewhere; and asked again, at its place."""
    handed_in = f"{c}.submitted_at IS NOT NULL"
    yield _adds(
        sign, f"{c}.campaign", f"{p}.unit_id", source, expected=_if(handed_in, "-1"), started=_if(f"NOT ({handed_in})")
    )
    again = f"{source} AND {handed_in} AND {c}.asked_again"
    yield _adds(sign, f"{c}.campaign", f"{c}.unit_id", again, **(_handed_in(c, -1) | {"expected": "0", "started": "1"}))


def _handed_in(c: str, sign: int) -> dict[str, str]:
    one = str(sign)
    return {
        "expected": one,
        "finished": one,
        "nil": _if(f"{c}.nil", one),
        "late": _if(f"{c}.late", one),
        "touched": _if(f"{c}.touched", one),
        "pledged": _if(f"{c}.touched AND {c}.pledged", one),
    }


def _excused(sign: int, p: str, c: str, source: str, where: str, e: str = "e") -> str:
    """The exempt, who need not have begun: where they are, or where they had handed in before they were asked again."""
    place = f"CASE WHEN {c}.submitted_at IS NOT NULL THEN {c}.unit_id ELSE {p}.unit_id END"
    counts = f"{e}.ended_at IS NULL AND {p}.active AND ({c}.id IS NULL OR {c}.submitted_at IS NULL OR {c}.asked_again)"
    return _adds(
        sign,
        f"{e}.campaign",
        place,
        f"{source} WHERE {where} AND {counts}",
        exempt="1",
        expected="-1",
        started=_if(f"{c}.id IS NOT NULL", "-1"),
    )


def _if(condition: str, then: str = "1") -> str:
    return f"CASE WHEN {condition} THEN {then} ELSE 0 END"


def _adds(sign: int, campaign: str, unit_id: str, source: str, **figures: str) -> str:
    numbers = ", ".join(f"{sign} * ({figures.get(name, '0')}) AS {name}" for name in FIGURES)
    return f"SELECT CAST({campaign} AS VARCHAR(64)) AS campaign, {unit_id} AS unit_id, {numbers} {source}"
