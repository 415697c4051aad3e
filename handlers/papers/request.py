"""What a paper is and what it is asked for with: unit, moment, campaign, and the open transaction it is read in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.papers.proof import Proof
from storage.models import Unit
from storage.vault import Vault


def _unwatched(done: int, total: int) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a paper is to be about. `unmask` opens sealed numbers: for the operator's command only."""

    session: Session
    campaign: Campaign
    unit: Unit
    as_of: datetime
    params: Mapping[str, str]
    vault: Vault = field(repr=False)
    proof: Proof = field(repr=False)
    """To be handed to the writer (`write_ledger(ledger, out, request.proof)`), or told what is printed."""
    unmask: Vault | None = field(default=None, repr=False)
    progress: Callable[[int, int], None] = _unwatched
    """A long maker calls it now and then: so much done of so much."""


Maker = Callable[[Request, BinaryIO], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper there is. To add one: write its maker in a room of its own, a `Paper` in `catalogue`, and in
    `access.PAPERS` the roles that may have it."""

    id: str
    name: str
    """What it is called in the chat: «导出 承诺书台账»."""
    also: tuple[str, ...] = ()
    """Other names people may use."""
    extension: str
    """Of the file, without the dot."""
    cli: str
    """Its name for `zicha export`."""
    make: Maker
    title: Callable[[Campaign], str] | None = None
    """How the file is called; like the paper itself where there is none."""
    told: str = ""
    """A sentence of use, said when it is promised: «可以直接打印，左上角盖章»."""
    options: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Words that may stand behind the name («分页»), and the parameter each sets."""
    nothing: Callable[[Request], str] | None = None
    """Says why there is nothing to print, and what to do next; empty where there is."""
    there: Callable[[Campaign], bool] | None = None
    """Whether a campaign has this paper at all."""
    bundle: str = ""
    """The parameter that makes it a zip of many files; empty where there is none."""

    of_draws: bool = False
    """Whether it takes the parameter `draw`, the number of a spot check."""

    @property
    def names(self) -> tuple[str, ...]:
        """All it may be called in the chat."""
        return (self.name, *self.also)

    def file(self, params: Mapping[str, str]) -> str:
        """The extension of the file these parameters lead to."""
        return "zip" if self.bundle and params.get(self.bundle) else self.extension
