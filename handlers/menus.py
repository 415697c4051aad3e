"""What somebody last saw, and what a bare number means there.

A number always answers what stands above it: the buttons of a menu as well as the options of a question, also where
papers came in the same answer below them. The outbox is the memory; nothing is kept here.
"""

from dataclasses import dataclass

from handlers.campaign.matching import number, plain
from handlers.desk import Desk
from handlers.messages import Body, Choice, Reply, from_json
from storage import outbox


def numbered(*options: tuple[str, str]) -> tuple[Reply, ...]:
    """Buttons with their numbers: label and what each says."""
    return tuple(Reply(f"{n} {label}", said) for n, (label, said) in enumerate(options, 1))


@dataclass(frozen=True, slots=True)
class Seen:
    """The last thing said in a chat. `arrived` is False where the platform gave no answer or refused it."""

    body: Body | None
    arrived: bool


def last_seen(desk: Desk) -> Seen:
    found = outbox.last(desk.session, str(desk.inbound.chat), now=desk.now)
    if found is None:
        return Seen(None, arrived=True)
    answer = [from_json(body) for body in (*found.ahead, found.body)]
    buttons = next((body for body in reversed(answer) if isinstance(body, Choice)), answer[-1])
    return Seen(buttons, arrived=not found.failed)


def meant(seen: Seen, said: str) -> str:
    """What a button of the menu last seen says, where `said` is its number or its words; else `said` itself."""
    if not isinstance(seen.body, Choice) or any("#" in option.send for option in seen.body.options):
        return said  # the options of a question are read by the question
    bare, n = plain(said), number(said)
    for option in seen.body.options:
        first, _, words = option.label.partition(" ")
        if (n is not None and first == str(n)) or bare in (plain(option.label), plain(words)):
            return option.send
    return said
