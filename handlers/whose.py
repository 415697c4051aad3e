"""Whose button is it, while several campaigns are open: each carries the tag of its campaign («1 都没有 #接触 @ZC»).

Values only. With one campaign open nothing is added and nothing is looked for.
"""

from collections.abc import Sequence
from dataclasses import replace

from handlers.campaign.definition import Campaign
from handlers.messages import Choice, Letter, Reply

GO_ON = "继续"
_SIGN = " @"
_NAMES_ITS_OWN = (f"{GO_ON} ", "活动 ")
"""How a button begins that names a campaign itself."""


def signed(campaign: Campaign, letter: Letter) -> Letter:
    """The letter with buttons that say whose they are; as it is where only one campaign is open."""
    body = letter.body
    if not campaign.tag or not isinstance(body, Choice):
        return letter
    return replace(letter, body=replace(body, options=tuple(_signed(campaign, letter, o) for o in body.options)))


def _signed(campaign: Campaign, letter: Letter, option: Reply) -> Reply:
    if _SIGN in option.send or option.send.startswith(_NAMES_ITS_OWN):
        return option
    if letter.key and option.send == GO_ON:
        label = option.label.replace(GO_ON, f"{GO_ON} {campaign.name}")
        return Reply(label, f"{GO_ON} {campaign.name}")
    return Reply(option.label, f"{option.send}{_SIGN}{campaign.tag}")


def signer(campaigns: Sequence[Campaign], said: str) -> tuple[str, Campaign | None]:
    """What was said without the tag of the campaign whose button said it, and that campaign."""
    words, sign, tag = said.rpartition(_SIGN)
    owner = next((c for c in campaigns if c.tag and c.tag == tag.strip()), None) if sign else None
    return (words, owner) if owner else (said, None)
