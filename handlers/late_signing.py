"""补签: the register of those who touched data against those who signed. Names go to the asker alone."""

from itertools import groupby

from handlers import menus
from handlers.asked import Asked
from handlers.messages import Choice, Letter
from handlers.texts import signing
from handlers.texts.signing import Register
from storage import signatures
from storage.signatures import Standing


def register(asked: Asked) -> list[Letter]:
    """«补签»: the figures, and who has yet to sign."""
    desk, campaign = asked.desk, asked.desk.campaign
    resign_from = campaign.pledge.resign_from if campaign.pledge else 0
    people = signatures.register(desk.session, campaign.id, asked.unit.path, resign_from=resign_from)
    missing = [standing for standing in people if not standing.signed]
    desk.record("register", subject=asked.unit.code, detail=f"{len(missing)}")
    by_unit = [
        (unit.name, [_told(standing) for standing in group])
        for unit, group in groupby(missing, key=lambda standing: standing.unit)
    ]
    told = signing.register(asked.name, _figures(people), by_unit)
    letter = desk.whisper(Choice(desk.title, told, menus.numbered((signing.EXPORT, asked.spoken(signing.EXPORT)))))
    return [letter, desk.tell(signing.NAMES_ARE_DIRECT)] if desk.in_group else [letter]


def _figures(people: list[Standing]) -> Register:
    how = [standing.how for standing in people]
    return Register(
        touched=len(people),
        here=how.count(signatures.HERE),
        earlier=how.count(signatures.EARLIER),
        on_paper=how.count(signatures.ON_PAPER),
    )


def _told(standing: Standing) -> str:
    if standing.again:
        return signing.again(standing.person.name)
    if standing.how == signatures.TO_SIGN_ON_PAPER:
        return signing.awaiting_paper(standing.person.name)
    return standing.person.name
