"""Which bodies of another platform's directory are which units: of the same code, or of the same name directly below
the same unit; the others are new. Reads only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, select

from storage.directory import Contents, Organization
from storage.models import Unit
from storage.rows import UnitKind, UnitRow


class Misplaced(Exception):
    """The topmost body has no place in the roster."""


@dataclass(slots=True, kw_only=True)
class Laid:
    places: dict[str, str] = field(default_factory=dict)
    """Of each body the code of its unit."""
    new: list[UnitRow] = field(default_factory=list)
    top: str = ""
    """The path of the unit the directory is about; empty where it is new."""


def lay(session: Session, contents: Contents, under: str) -> Laid:
    """`under`: the code of the unit the topmost body is. Raises `Misplaced`."""
    units = session.exec(select(Unit)).all()
    codes = {unit.id: unit.code for unit in units}
    there = {unit.code: unit for unit in units}
    by_name = {(codes.get(unit.parent_id), unit.name): unit.code for unit in units}
    laid = Laid()
    for body in contents.organizations:
        code = _unit_code(body)
        above = laid.places.get(body.parent, "")
        if not body.parent:
            code = _top(body, under, there)
            laid.top = there[code].path if code in there else ""
        elif body.internal:
            code = above
        elif code not in there:
            code = by_name.get((above, body.name), code)
        laid.places[body.code] = code
        if code not in there and not body.internal:
            laid.new.append(_new(body, code, above))
    return laid


def _top(body: Organization, under: str, there: Mapping[str, Unit]) -> str:
    code = under or _unit_code(body)
    if code not in there and (under or there):
        raise Misplaced(under or body.name)
    return code


def _unit_code(body: Organization) -> str:
    return body.code.removeprefix("GO_")[:32]


def _new(body: Organization, code: str, parent: str) -> UnitRow:
    kind = _kind(body)
    division = _division(body) if kind not in (UnitKind.AGENCY, UnitKind.AFFILIATE) else ""
    return UnitRow(code=code, name=body.name[:64], parent_code=parent, kind=kind, division=division)


def _division(body: Organization) -> str:
    """`331102001000` is `331102001`: levels that are all noughts are left out."""
    digits = body.division
    while len(digits) > 6 and digits.endswith("000"):
        digits = digits[:-3]
    return digits[:4] if len(digits) == 6 and digits.endswith("00") else digits


def _kind(body: Organization) -> UnitKind:
    """By the name, which says what a body is; what says nothing is an agency."""
    if not body.parent and body.name.endswith("市"):
        return UnitKind.CITY
    endings = {
        ("县", "区", "市"): UnitKind.COUNTY,
        ("街道", "镇", "乡", "街道办事处"): UnitKind.TOWNSHIP,
        ("村", "社区", "居委会", "村委会", "居民委员会", "村民委员会"): UnitKind.VILLAGE,
    }
    return next((kind for names, kind in endings.items() if body.name.endswith(names)), UnitKind.AGENCY)
