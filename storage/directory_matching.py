"""Another platform's directory laid over the roster: whose account is whose.

Nothing is guessed. A person is known by an account, by a telephone number that is theirs alone, or by a code that is
their 工号. Namesakes that are left are listed, and neither linked nor added. Reads only.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from storage import accounts
from storage.directory import Contents, Employee
from storage.directory_units import lay
from storage.models import Account, Appointment, Person, Unit
from storage.roster_difference import Known
from storage.rows import PersonRow, Role, Roster, UnitRow
from storage.vault import Vault, phone_purpose

Mobiles = Mapping[str, tuple[Sequence[Known], Sequence[tuple[str, str]]]]
"""Of a telephone number: those in the roster who have it, and the accounts with their codes."""
_KEEP = "*"
"""A starred number: the one that is there stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An account and whose it is."""

    staff_id: str
    account: str
    code: str
    by: str
    """How it is known: `account`, `phone`, `code`, `new`."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Somebody who may or may not be somebody in the roster."""

    name: str
    unit: str
    why: str


@dataclass(slots=True, kw_only=True)
class Matched:
    units: list[UnitRow] = field(default_factory=list)
    """New ones."""
    people: list[PersonRow] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    protected: set[int] = field(default_factory=set)
    """Those the platform does not know: their absence from its directory says nothing."""
    top: str = ""
    """The path of the unit the directory is about; empty where it is new."""

    @property
    def roster(self) -> Roster:
        return Roster(units=tuple(self.units), people=tuple(self.people))


def phones(session: Session, vault: Vault) -> dict[str, list[Known]]:
    """The telephone numbers of the roster, each with all who have it."""
    found: dict[str, list[Known]] = defaultdict(list)
    for one in _people(session):
        if one.active and one.phone_sealed:
            found[vault.open(one.phone_sealed, phone_purpose(one.staff_id))].append(one)
    return found


def match(
    session: Session,
    contents: Contents,
    mobiles: Mobiles,
    *,
    platform: str,
    under: str = "",
) -> Matched:
    """`under`: the code of the unit the topmost body is. Raises `Misplaced`."""
    laid = Matched()
    units = lay(session, contents, under)
    laid.units, laid.top = units.new, units.top
    people = {one.id: one for one in _people(session)}
    known = _Known(people, accounts.on(session, platform), platform, mobiles, contents, laid)
    _by_phone_alone(known, contents, laid)
    codes: dict[int | None, str] = dict(session.exec(select(Unit.id, Unit.code)).all())
    offices = _offices(session, codes)
    paths = dict(session.exec(select(Unit.code, Unit.path)).all())
    there = {employee.code for employee in contents.employees} if platform == accounts.NATIVE else set()
    by_code = {one.id for one in people.values() if one.staff_id in there}
    around = _Namesakes(people, paths, codes, known.held | by_code | {one.id for one, _ in known.by_phone.values()})
    for employee in contents.employees:
        one, by = known.find(employee)
        if by == "unsure":
            continue
        place = _place(employee, units.places, codes.get(one.unit_id) if one else None)
        if one is None and around.has(employee.name, place):
            laid.unsure.append(Unsure(employee.name, place, "名册里有同名的人，没有手机号可以核对"))
            continue
        laid.people.append(_row(employee, one, place, offices, platform))
        if employee.account and platform != accounts.NATIVE:
            staff_id = laid.people[-1].staff_id
            laid.links.append(Link(staff_id=staff_id, account=employee.account, code=employee.code, by=by))
    linked = {link.staff_id for link in laid.links}
    laid.protected = {one.id for one in people.values() if one.id not in known.held and one.staff_id not in linked}
    if platform == accounts.NATIVE:
        laid.protected = {one.id for one in people.values() if not one.account or not accounts.is_native(one.staff_id)}
    return laid


def _place(employee: Employee, places: Mapping[str, str], now: str | None) -> str:
    """The unit of one of their bodies: the one they are in already, else that of the first."""
    found = [places[body] for body in (employee.organization, *employee.also)]
    return now if now in found and now is not None else found[0]


# ---------------------------------------------------------------- people


class _Known:
    """Who somebody of the directory is in the roster."""

    def __init__(
        self,
        people: Mapping[int, Known],
        held: Sequence[Account],
        platform: str,
        mobiles: Mobiles,
        contents: Contents,
        laid: Matched,
    ) -> None:
        self._platform = platform
        self.held = {one.person_id for one in held}
        self._by_account = {one.id: people[one.person_id] for one in held}
        self._by_code = {one.code: people[one.person_id] for one in held if one.code}
        self._by_staff_id = {one.staff_id: one for one in people.values()}
        names = {employee.code: employee.name for employee in contents.employees}
        self.by_phone: dict[str, tuple[Known, str]] = {}
        self._doubtful: set[str] = set()
        for theirs, pairs in mobiles.values():
            free = [one for one in theirs if one.id not in self.held]
            open_ = [pair for pair in pairs if pair[0] not in self._by_account]
            if len(free) == len(theirs) == 1 and len(pairs) == len(open_) == 1:
                account, code = pairs[0]
                if names.get(code, free[0].name) == free[0].name:
                    self.by_phone[account] = (free[0], code)
                    continue
            self._doubt(free, open_, names, laid)

    def _doubt(
        self, free: Sequence[Known], pairs: Sequence[tuple[str, str]], names: Mapping[str, str], laid: Matched
    ) -> None:
        if not free or not pairs:
            return
        self._doubtful |= {account for account, _ in pairs}
        why = "同一个手机号对上的不止一个人" if len(free) > 1 or len(pairs) > 1 else "手机号对得上，姓名对不上"
        shown = next((names[code] for _, code in pairs if code in names), free[0].name)
        laid.unsure.append(Unsure(shown, "", why))

    def find(self, employee: Employee) -> tuple[Known | None, str]:
        if one := self._by_account.get(employee.account) or self._by_code.get(employee.code):
            return one, "account"
        if employee.account and employee.account in self.by_phone:
            return self.by_phone[employee.account][0], "phone"
        if employee.account in self._doubtful:
            return None, "unsure"
        made = (employee.code, accounts.foreign(self._platform, employee.account or employee.code))
        for staff_id in (*made, accounts.foreign(self._platform, employee.code)):
            if one := self._by_staff_id.get(staff_id):
                return one, "code"
        return None, "new"


def _by_phone_alone(known: _Known, contents: Contents, laid: Matched) -> None:
    """Accounts of people who are not in the part of the directory that was read."""
    read = {employee.account for employee in contents.employees}
    laid.links += [
        Link(staff_id=one.staff_id, account=account, code=code, by="phone")
        for account, (one, code) in known.by_phone.items()
        if account not in read
    ]


class _Namesakes:
    """People without an account on the platform, by name: in a unit, above it and below it."""

    def __init__(
        self, people: Mapping[int, Known], paths: Mapping[str, str], codes: Mapping[int | None, str], held: set[int]
    ) -> None:
        self._paths = paths
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for one in people.values():
            if one.active and one.id not in held:
                self._by_name[one.name].append(paths[codes[one.unit_id]])

    def has(self, name: str, place: str) -> bool:
        path = self._paths.get(place)
        return path is not None and any(
            other.startswith(path) or path.startswith(other) for other in self._by_name.get(name, ())
        )


def _row(
    employee: Employee,
    one: Known | None,
    place: str,
    offices: Mapping[int, frozenset[tuple[str, Role]]],
    platform: str,
) -> PersonRow:
    return PersonRow(
        staff_id=one.staff_id if one else accounts.foreign(platform, employee.account or employee.code),
        name=employee.name,
        unit_code=place,
        roles=frozenset({Role.STAFF}),
        phone=_KEEP if one else "",
        account=bool(employee.account) or bool(one and one.account),
        also=offices.get(one.id, frozenset()) if one else frozenset(),
    )


def _people(session: Session) -> Iterator[Known]:
    rows = session.execute(select(*(getattr(Person, name) for name in Known._fields)).order_by(col(Person.id)))
    return (Known(*row) for row in rows)


def _offices(session: Session, codes: Mapping[int | None, str]) -> dict[int, frozenset[tuple[str, Role]]]:
    held: dict[int, set[tuple[str, Role]]] = defaultdict(set)
    rows = select(Appointment.person_id, Appointment.unit_id, Appointment.role).where(
        col(Appointment.deputy_of).is_(None)
    )
    for person_id, unit_id, role in session.exec(rows).all():
        held[person_id].add((codes[unit_id], Role(role)))
    return {person_id: frozenset(some) for person_id, some in held.items()}
