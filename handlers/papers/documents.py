"""Making the papers asked for: looks up what was promised and hands it to the paper's own room.

Runs in a read transaction of its own when the letter is sent. Personal identifiers stay masked, as they were stored.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO

from sqlmodel import Session

from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.messages import Document
from handlers.papers.catalogue import PAPERS
from handlers.papers.proof import Proof
from handlers.papers.request import Request
from storage import roster
from storage.vault import Vault


def write(request: Request, paper: str, out: BinaryIO) -> str:
    """Writes the file; answers the digest of what it says, whatever its bytes. Raises `LookupError` for a paper that
    does not exist."""
    if paper not in PAPERS:
        raise LookupError(f"no paper is called {paper!r}")
    PAPERS[paper].make(request, out)
    return request.proof.digest


def requested(
    session: Session,
    campaigns: Sequence[Campaign],
    document: Document,
    vault: Vault,
    *,
    unmasked: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Request:
    """A letter's promise, looked up. `unmasked` opens sealed numbers: for the operator's command only, never for a
    letter. Raises `LookupError` for a unit that does not exist."""
    params = document.params
    campaign, unit = several.attended(campaigns, params.get("campaign", "")), roster.unit(session, int(params["unit"]))
    as_of = datetime.fromisoformat(params["as_of"])
    watched = {"progress": progress} if progress else {}
    return Request(
        session=session,
        campaign=campaign,
        unit=unit,
        as_of=as_of,
        params=params,
        vault=vault,
        proof=Proof(code=params.get("code", ""), as_of=as_of, campaign=campaign.id, unit=unit.code),
        unmask=vault if unmasked else None,
        **watched,
    )
