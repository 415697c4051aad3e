"""Under which ids other platforms than DingTalk know the people of the roster, and where each person is reached.

A person's `staff_id` is their 工号 and their DingTalk userId. What another platform calls them is a row in `account`:
platform, its id, person. Somebody known through another platform alone has a staff id made of its name (`foreign`), so
that no row is needed to reach them. `Person.reached_at` is the one chat a person is written to, by everybody, always:
that they last wrote in; until they write, that of the first platform of the configured order that knows them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, literal, or_
from sqlmodel import Session, col, select, update

from storage.models import Account, Person, Unit
from storage.prepared import Prepared
from storage.vault import Vault, phone_purpose

NATIVE = "dingtalk"
"""The platform whose ids stand in the roster itself."""
_SHORT = {"zhezhengding": "zzd-"}
"""How a staff id begins that came from another platform: short, because people type it."""


def foreign(platform: str, account_id: str) -> str:
    """The staff id of somebody the roster knows through this account alone. On the native platform it is that."""
    return account_id if platform == NATIVE else f"{_SHORT[platform]}{account_id}"


def home(staff_id: str) -> tuple[str, str]:
    """Platform and account id that a staff id itself stands for."""
    for platform, begins in _SHORT.items():
        if staff_id.startswith(begins):
            return platform, staff_id.removeprefix(begins)
    return NATIVE, staff_id


def is_native(staff_id: str) -> bool:
    """Whether somebody is known by what stands in the roster, rather than through another platform."""
    return home(staff_id)[0] == NATIVE


def staff_id(session: Session, platform: str, account_id: str) -> str:
    """Whose account this is; a foreign staff id where nobody's."""
    if platform == NATIVE:
        return account_id
    found = session.exec(
        select(Person.staff_id)
        .join(Account, col(Account.person_id) == Person.id)
        .where(Account.platform == platform, Account.id == account_id)
    ).first()
    return found or foreign(platform, account_id)


def ids_on(session: Session, platform: str, people: Sequence[int]) -> dict[int, str]:
    """The account ids of these people on a platform, by person; those without one there are left out."""
    found: dict[int, str] = {}
    for start in range(0, len(people), 500):
        mine = (Account.platform == platform, col(Account.person_id).in_(people[start : start + 500]))
        found.update(session.exec(select(Account.person_id, Account.id).where(*mine)).all())
    return found


def link(session: Session, *, platform: str, account_id: str, person_id: int, code: str = "", at: datetime) -> None:
    """This account is this person's from now on, whoever's it was; another one of theirs on the platform is no more."""
    for other in session.exec(
        select(Account).where(Account.platform == platform, Account.person_id == person_id, Account.id != account_id)
    ).all():
        session.delete(other)
    known = session.get(Account, (platform, account_id)) or Account(
        platform=platform, id=account_id, person_id=person_id, linked_at=at
    )
    if known.person_id != person_id:
        known.person_id, known.linked_at = person_id, at
    known.code = code or known.code
    session.add(known)
    session.flush()


def meet(session: Session, platform: str, account_id: str, code: str, *, at: datetime) -> None:
    """Somebody logged in. Where nobody has the account and its second id is somebody's 工号, it is theirs."""
    if not code or session.get(Account, (platform, account_id)) is not None:
        return
    one = session.exec(select(Person).where(Person.staff_id == code, col(Person.active).is_(True))).first()
    if one and all(other.platform != platform for other in of_person(session, one.id or 0)):
        link(session, platform=platform, account_id=account_id, person_id=one.id or 0, code=code, at=at)


def namesakes(session: Session, name: str, path: str, platform: str) -> Sequence[Person]:
    """People of this name in the unit at `path` or below whom a platform does not know yet."""
    if platform == NATIVE:
        unknown: ColumnElement[bool] = or_(*(col(Person.staff_id).startswith(begins) for begins in _SHORT.values()))
    else:
        there = exists().where(col(Account.person_id) == col(Person.id), col(Account.platform) == platform)
        unknown = and_(~there, ~col(Person.staff_id).startswith(_SHORT[platform]))
    return session.exec(
        select(Person)
        .join(Unit, col(Unit.id) == Person.unit_id)
        .where(Person.name == name, col(Person.active).is_(True), col(Unit.path).startswith(path), unknown)
        .order_by(col(Person.id))
    ).all()


def may_be(session: Session, person: Person, platform: str) -> bool:
    """Whether somebody can be recognised on a platform: it does not know them yet."""
    if home(person.staff_id)[0] == platform:
        return False
    return platform == NATIVE or all(one.platform != platform for one in of_person(session, person.id or 0))


def recognise(session: Session, vault: Vault, person: Person, platform: str, account_id: str, *, at: datetime) -> None:
    """Somebody of the roster has an account on a platform that did not know them. DingTalk's id becomes their staff id
    in place of the one made of the other platform's, which stays as an account."""
    if platform != NATIVE:
        link(session, platform=platform, account_id=account_id, person_id=person.id or 0, at=at)
        return
    there, known_as = home(person.staff_id)
    if there != NATIVE:
        link(session, platform=there, account_id=known_as, person_id=person.id or 0, at=at)
    phone = vault.open(person.phone_sealed, phone_purpose(person.staff_id)) if person.phone_sealed else ""
    person.staff_id = account_id
    person.phone_sealed = vault.seal(phone, phone_purpose(account_id)) if phone else ""
    session.add(person)
    session.flush()


def of_person(session: Session, person_id: int) -> Sequence[Account]:
    return session.scalars(_OF_PERSON, {"person": person_id}).all()


def names(session: Session, person_id: int) -> list[tuple[str, str]]:
    """What other platforms call somebody: platform and id."""
    return [(platform, known_as) for platform, known_as in _NAMES.rows(session, {"person": person_id})]


_OF_PERSON = select(Account).where(Account.person_id == bindparam("person")).order_by(col(Account.platform))
_NAMES = Prepared(select(Account.platform, Account.id).where(Account.person_id == bindparam("person")))


def on(session: Session, platform: str) -> Sequence[Account]:
    """All accounts on a platform that are somebody's."""
    return session.exec(select(Account).where(Account.platform == platform)).all()


def unlink(session: Session, platform: str, account_ids: Iterable[str]) -> None:
    for account_id in account_ids:
        if known := session.get(Account, (platform, account_id)):
            session.delete(known)
    session.flush()


def settle(session: Session, order: Sequence[str]) -> None:
    """Where those are reached who never wrote: on the first platform of the order that knows them. Where the order has
    one platform only, this holds for those as well who wrote on another that is not used any more."""
    session.flush()
    who: ColumnElement[bool] = col(Person.staff_id).not_like(f"{_SHORT['zhezhengding']}%")
    if len(order) > 1:
        who = and_(who, col(Person.heard_at).is_(None))
    if not order or order[0] == NATIVE:
        session.exec(update(Person).where(who, col(Person.reached_at) != "").values(reached_at=""))
    else:
        chat = _chat(order[0])
        moved = and_(who, chat.is_not(None), col(Person.reached_at) != chat)
        session.exec(update(Person).where(moved).values(reached_at=chat))
    session.expire_all()


def _chat(platform: str) -> ScalarSelect[str]:
    one = select(literal(f"{platform}:direct:").concat(col(Account.id))).where(
        Account.platform == platform, Account.person_id == Person.id
    )
    return one.correlate(Person).limit(1).scalar_subquery()
