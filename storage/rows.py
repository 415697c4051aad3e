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


REPORTING = frozenset({Role.UNIT.value, Role.COUNTY.value})
"""The offices whose unit makes a return of its own, as the tables keep them; the city only receives."""


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
    """One person of the sheet 人员. `staff_id` is the 工号, the platform's userId; `phone` may be empty, or starred
    where it came masked and stays as it is."""

    staff_id: str
    name: str
    unit_code: str
    """Where they belong: there they check themselves."""
    roles: frozenset[Role]
    """What they do for their own unit."""
    phone: str
    account: bool = True
    """False for somebody without an account on the platform; their 工号 is any code of the unit's own."""
    also: frozenset[tuple[str, Role]] = frozenset()
    """Roles for other units (兼任): unit code and role."""

    @property
    def offices(self) -> frozenset[tuple[str, Role]]:
        """All roles with their units, 工作人员 left out: everybody is that."""
        return self.also | {(self.unit_code, role) for role in self.roles if role is not Role.STAFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A whole roster as read from a file: units with parents before children, and people."""

    units: tuple[UnitRow, ...]
    people: tuple[PersonRow, ...]
