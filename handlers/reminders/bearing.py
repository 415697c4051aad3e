"""The cap of a campaign: so many reminders, nudges and broadcasts one person gets in all, and no more."""

from collections.abc import Sequence

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.messages import Address, ChatKind, Letter
from handlers.reaching import WORK_NOTICE
from storage import accounts, burden


def bearable(session: Session, campaign: Campaign, letters: Sequence[Letter]) -> tuple[list[Letter], int]:
    """The letters that may go, and how many would have been too much for their readers. Groups bear everything."""
    lanes = [_lanes(letter.to) for letter in letters]
    borne = burden.borne(session, campaign.id, [lane for both in lanes for lane in both])
    had = [sum(borne.get(lane, 0) for lane in both) for both in lanes]
    kept = [letter for letter, number in zip(letters, had, strict=True) if number < campaign.manners.most]
    return kept, len(letters) - len(kept)


def _lanes(to: Address) -> list[str]:
    """The chat, and DingTalk's other way to the same person: what came by work notice counts as well. Groups bear
    everything."""
    if to.kind is not ChatKind.DIRECT:
        return []
    other = _OTHER_WAY.get(to.channel)
    return [str(to), str(Address(other, to.kind, to.id))] if other else [str(to)]


_OTHER_WAY = {accounts.NATIVE: WORK_NOTICE, WORK_NOTICE: accounts.NATIVE}
