"""The directory of another platform as plain values. Must not know the platform nor what becomes of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    code: str
    name: str
    parent: str
    """The code of the body above; of the topmost one read, empty."""
    division: str = ""
    """行政区划, twelve digits."""
    internal: bool = False
    """An office within a body (内设机构): its people are the body's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    code: str
    name: str = field(repr=False)
    organization: str
    """Where their main job is."""
    also: tuple[str, ...] = ()
    """Other bodies they belong to."""
    account: str = field(default="", repr=False)
    """Empty for somebody who has no account."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Parents stand before children."""

    organizations: tuple[Organization, ...] = ()
    employees: tuple[Employee, ...] = ()
