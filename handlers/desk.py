"""What a handler has before it while it answers one message. Values and one open transaction; no network, no clock."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.campaign.walk import Setting
from handlers.messages import Address, Body, ChatKind, Inbound, Letter
from storage import audit, roster
from storage.models import Person, Unit
from storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`person` is None for somebody in no roster. `now` is aware; dates shown are in the campaign's time zone."""

    session: Session
    campaign: Campaign
    inbound: Inbound
    person: Person | None
    now: datetime
    vault: Vault = field(repr=False)
    overtaken: bool = False
    """The person said something newer that was taken before this message."""

    @property
    def today(self) -> date:
        return self.now.astimezone(self.campaign.zone).date()

    @property
    def in_group(self) -> bool:
        return self.inbound.chat.kind is ChatKind.GROUP

    def reply(self, body: Body) -> Letter:
        return Letter(to=self.inbound.chat, body=body)

    def direct(self, staff_id: str) -> Address:
        return Address(self.inbound.chat.channel, ChatKind.DIRECT, staff_id)

    def whisper(self, body: Body) -> Letter:
        """To the sender alone, whatever chat the message came from."""
        return Letter(to=self.direct(self.inbound.sender_id), body=body)

    def record(self, action: str, *, subject: str = "", detail: str = "") -> None:
        """A line in the audit log: the sender did this. No personal content."""
        actor = self.inbound.sender_id
        audit.record(self.session, at=self.now, actor=actor, action=action, subject=subject, detail=detail)

    def in_place_of(self, person: Person) -> "Desk":
        """The desk as it would be had `person` written to the bot directly."""
        inbound = replace(self.inbound, sender_id=person.staff_id, chat=self.direct(person.staff_id))
        return replace(self, inbound=inbound, person=person)

    def unit_of(self, person: Person) -> Unit:
        return roster.unit(self.session, person.unit_id)

    def setting(self, person: Person) -> Setting:
        unit = self.unit_of(person)
        chain = roster.chain(self.session, unit)
        division = next((u.division for u in reversed(chain) if u.division), "")
        return Setting(
            today=self.today, person=person.name, unit=full_name(chain), area=self.campaign.area_of(division)
        )


def full_name(chain: list[Unit]) -> str:
    """«莲都区 紫金街道»: the chain from the county down; the city itself only where nothing stands below it."""
    return " ".join(unit.name for unit in (chain[1:] or chain))
