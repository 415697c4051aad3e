"""Several campaigns open at once: which one somebody has turned to, and how they turn to another.

By its name («活动», «继续 ……»), by a button of a letter, by an old button of one of its questions. With one campaign
open all of this is silent.
"""

import re
from dataclasses import replace

from handlers import commands, menus, self_check
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.campaign.matching import clean
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Choice, Letter, Text
from handlers.texts import open_campaigns
from handlers.whose import GO_ON, signed, signer
from storage import cases
from storage.models import Person

_MARK = re.compile(r"#([^#\s@]{1,24}?)\d{0,2}$")


def heard(desk: Desk) -> Desk:
    """The desk of the campaign a message belongs to, and the message without the tag of its button. Whoever uses a
    button of another campaign has turned to that one."""
    said = desk.inbound.text
    if len(desk.campaigns) < 2 or desk.person is None:
        return desk
    if not desk.in_group and commands.parse(said) is None:
        said = menus.meant(menus.last_seen(desk), said)
    words, owner = signer(desk.campaigns, said)
    if owner is None and words.startswith(f"{GO_ON} "):
        owner = next((c for c in desk.campaigns if c.name == words.removeprefix(GO_ON).strip()), None)
        words = GO_ON if owner else words
    if owner is None:
        owner = _owner_of_mark(desk, words)
    there = turn_to(desk, desk.person, owner) if owner else desk
    return replace(there, inbound=replace(desk.inbound, text=words))


def _owner_of_mark(desk: Desk, said: str) -> Campaign | None:
    """The only other campaign that has such a question, for a button from before it carried a tag."""
    found = _MARK.search(clean(said))
    if found is None or found[1] in desk.campaign.marks:
        return None
    owners = [campaign for campaign in desk.campaigns if found[1] in campaign.marks]
    return owners[0] if len(owners) == 1 else None


def turn_to(desk: Desk, person: Person, campaign: Campaign) -> Desk:
    person.attending = campaign.id
    desk.session.add(person)
    return replace(desk, campaign=campaign)


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«活动»: what is open, each with one's own state; «活动 ……» turns to one."""
    if not command.rest:
        return [_open(desk, person)]
    found = several.named(desk.campaigns, command.rest)
    if found is None:
        return [_open(desk, person, open_campaigns.UNKNOWN)]
    there = turn_to(desk, person, found)
    letters = self_check.go_on(there, person, open_campaigns.turned(found.name))
    return [signed(found, letter) for letter in letters]


def _open(desk: Desk, person: Person, ahead: str = "") -> Letter:
    lines = [open_campaigns.line(c, _state(desk, person, c), here=c.id == desk.campaign.id) for c in desk.campaigns]
    told = "\n".join(filter(None, [ahead, open_campaigns.OPEN, "", *lines]))
    return desk.offer(told, menus.numbered(*((c.name, f"活动 {c.name}") for c in desk.campaigns)))


def _state(desk: Desk, person: Person, campaign: Campaign) -> str:
    case = cases.find(desk.session, campaign.id, person.id or 0)
    if case is None:
        return open_campaigns.NOT_BEGUN
    if case.submitted_at is None:
        return open_campaigns.BEGUN
    return open_campaigns.ASKED_AGAIN if case.asked_again else open_campaigns.done(case.receipt)


def next_one(desk: Desk, person: Person) -> list[Letter]:
    """Whoever has just finished one is offered another they have not, as long as it is not closed."""
    if len(desk.campaigns) < 2:
        return []
    mine = cases.find(desk.session, desk.campaign.id, person.id or 0)
    if mine is None or mine.submitted_at != desk.now:
        return []
    for campaign in desk.campaigns:
        if campaign.id == desk.campaign.id or desk.now >= campaign.closes_at:
            continue
        case = cases.find(desk.session, campaign.id, person.id or 0)
        if case is None or case.submitted_at is None or case.asked_again:
            offered = menus.numbered((f"{GO_ON} {campaign.name}", f"{GO_ON} {campaign.name}"))
            return [desk.offer(open_campaigns.another(campaign), offered)]
    return []


def headed(desk: Desk, letters: list[Letter]) -> list[Letter]:
    """An office's answer says which campaign it is about, where several are open."""
    return _ahead(letters, open_campaigns.about(desk.campaign.name)) if len(desk.campaigns) > 1 else letters


def announced(desk: Desk, letters: list[Letter]) -> list[Letter]:
    """The answer to a button of another campaign says that this is the one now."""
    return _ahead(letters, open_campaigns.turned(desk.campaign.name))


def _ahead(letters: list[Letter], told: str) -> list[Letter]:
    """Said ahead of the first answer in words; letters to others stay as they are."""
    for number, letter in enumerate(letters):
        body = letter.body
        if letter.key or not isinstance(body, Text | Choice):
            continue
        said = replace(letter, body=replace(body, markdown=f"{told}\n\n{body.markdown}"))
        return [*letters[:number], said, *letters[number + 1 :]]
    return letters
