"""How a broadcast went: told to whoever asked for it, with the people it did not reach and why."""

from collections import defaultdict
from datetime import datetime

from sqlmodel import Session

from handlers import menus
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.messages import Address, Body, ChatKind, Choice, Letter, Text
from handlers.texts import broadcasts as texts
from storage import accounts, broadcasts, roster
from storage.models import Broadcast
from storage.outbox import State

_NAMED = 200
"""So many people are looked up by name; the rest are counted."""


def letter(session: Session, campaign: Campaign, done: Broadcast, at: datetime) -> Letter:
    """For the chat of whoever asked."""
    number = done.id or 0
    return Letter(
        to=Address.parse(done.report_to),
        body=body(session, campaign, done),
        topic="request",
        key=f"{campaign.id}/broadcast/{number}/report/{at:%Y-%m-%dT%H:%M:%S}",
    )


def body(session: Session, campaign: Campaign, done: Broadcast) -> Body:
    number, fates = done.id or 0, broadcasts.fates(session, done.id or 0)
    unit = full_name(roster.chain(session, broadcasts.unit_of(session, done)))
    told = texts.report(number, done.audience, unit, fates, reasons(session, number))
    if not fates.missed:
        return Text(told, campaign.name)
    return Choice(campaign.name, told, menus.numbered((texts.AGAIN, f"补发 {number}")))


def reasons(session: Session, number: int) -> list[tuple[str, list[str]]]:
    """Who was refused, by reason, the commonest first."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    refused = [one for one in broadcasts.unreached(session, number) if one.state is State.REFUSED]
    for n, one in enumerate(refused):
        found[texts.reason(one.why)].append(name(session, one.lane) if n < _NAMED else "")
    return sorted(found.items(), key=lambda item: -len(item[1]))


def name(session: Session, lane: str) -> str:
    """What a chat is called by people: the person's name, the group's title."""
    chat = Address.parse(lane)
    if chat.kind is ChatKind.GROUP:
        group = roster.group(session, chat.id)
        return group.title if group else chat.id
    platform = accounts.NATIVE if chat.channel == "work_notice" else chat.channel
    person = roster.person(session, accounts.staff_id(session, platform, chat.id))
    return person.name if person else chat.id
