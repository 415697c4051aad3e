"""What a roster consists of, as plain values: the shape shared by the xlsx reader, the demo and the import.

Must not know where the rows come from nor how they are stored.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do for a unit; everybody in the roster is `STAFF` as well (notice 一.2, 三.1)."""

    STAFF = "staff"
    UNIT = "unit"
    COUNTY = "county"
    CITY = "city"


class UnitKind(StrEnum):
    """The kinds of bodies the notice addresses (一.2), and the city itself."""

    CITY = "city"
    CITY_BODY = "city_body"
    COUNTY = "county"
    WORKING_GROUP = "working_group"
    AGENCY = "agency"
    AFFILIATE = "affiliate"
    TOWNSHIP = "township"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One line of the sheet 单位. `parent_code` is empty for the root; `division` is the 区划代码 or empty."""

    code: str
    name: str
    parent_code: str
    kind: UnitKind
    division: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One line of the sheet 人员. `staff_id` is the 工号, the platform's userId; `phone` may be empty."""

    staff_id: str
    name: str
    unit_code: str
    roles: frozenset[Role]
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A whole roster as read from a file: units with parents before children, and people."""

    units: tuple[UnitRow, ...]
    people: tuple[PersonRow, ...]
