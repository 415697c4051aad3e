"""名册 as a paper: a unit with all below it, in the form it is read back in, to be edited and sent back.

Telephones are starred; one that comes back starred stays as it is. Must not know how it is read back.
"""

from typing import BinaryIO

from sqlmodel import Session

from handlers.desk import full_name
from handlers.papers.cell_text import masked_phone
from handlers.papers.request import Request
from handlers.papers.roster_form import write_roster
from handlers.texts.plain import stamp
from storage import roster
from storage.models import Unit
from storage.roster_listing import listed
from storage.rows import Roster
from storage.vault import Vault


def make_roster(request: Request, out: BinaryIO) -> None:
    """As it stands when the paper is made: a roster of the past could not be sent back."""
    found = theirs(request.session, request.unit, request.vault, masked=request.unmask is None)
    for unit in found.units:
        request.proof.says(unit.code, unit.name, unit.parent_code, unit.kind, unit.division)
    for line in found.people:
        offices = sorted(f"{code} {role}" for code, role in line.offices)
        request.proof.says(line.staff_id, line.name, line.unit_code, line.phone, str(line.account), *offices)
    name = full_name(roster.chain(request.session, request.unit))
    foot = f"{name}名册，截至{stamp(request.as_of, request.campaign)}"
    write_roster(found, out, proof=request.proof, foot=foot, guide=True)


def theirs(session: Session, unit: Unit, vault: Vault, *, masked: bool) -> Roster:
    return listed(session, unit, vault, shown=masked_phone if masked else lambda phone: phone)
