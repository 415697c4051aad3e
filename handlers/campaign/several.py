"""Several campaigns open at once: which one is meant. Pure."""

from collections.abc import Sequence

from handlers.campaign.definition import Campaign
from handlers.campaign.loading import CampaignError
from handlers.campaign.matching import plain


def together(campaigns: Sequence[Campaign]) -> tuple[Campaign, ...]:
    """The campaigns as they are open side by side: each with a tag its buttons carry. Raises `CampaignError` where two
    cannot be told apart."""
    if len(campaigns) < 2:
        return tuple(campaigns)
    problems = []
    for what, of in (("id", "id"), ("name", "name"), ("receipt_prefix", "receipt_prefix")):
        said = [getattr(campaign, of) for campaign in campaigns]
        twice = sorted({value for value in said if said.count(value) > 1})
        problems += [f"{what} «{value}» stands in two of the open campaign files; make it unique" for value in twice]
    if problems:
        raise CampaignError("\n".join(problems))
    return tuple(campaign.model_copy(update={"tag": campaign.receipt_prefix}) for campaign in campaigns)


def attended(campaigns: Sequence[Campaign], campaign_id: str) -> Campaign:
    """The campaign with this id; the first one where it is empty or not open any more."""
    return next((campaign for campaign in campaigns if campaign.id == campaign_id), campaigns[0])


def named(campaigns: Sequence[Campaign], said: str) -> Campaign | None:
    """The campaign somebody means by its name, its document or its id, or by a part of one that fits no other."""
    wanted = plain(said)
    exact = [c for c in campaigns if wanted in (plain(c.name), plain(c.document), plain(c.id), plain(c.receipt_prefix))]
    near = exact or [c for c in campaigns if wanted and any(wanted in plain(t) for t in (c.name, c.document))]
    return near[0] if len(near) == 1 else None
