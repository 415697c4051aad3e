"""What a handler has before it while it answers one message. Values and one open transaction; no network, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlmodel import Session

from handlers import access, reaching
from handlers.access import Reach
from handlers.campaign.definition import Campaign
from handlers.campaign.shapes import Filled
from handlers.campaign.walk import Setting
from handlers.means import Means
from handlers.messages import Address, Body, ChatKind, Choice, Inbound, Letter, Reply, Text
from storage import appointments, audit, outbox, roster
from storage.models import Person, Unit
from storage.subtree import InTree
from storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`person` is None for somebody in no roster. `now` is aware; dates shown are in the campaign's time zone."""

    session: Session
    campaign: Campaign
    """The campaign the person has turned to."""
    campaigns: tuple[Campaign, ...]
    """All that are open."""
    inbound: Inbound
    person: Person | None
    now: datetime
    vault: Vault = field(repr=False)
    means: Means = field(default_factory=Means)
    overtaken: bool = False
    """The person said something newer that was taken before this message."""

    @property
    def today(self) -> date:
        return self.now.astimezone(self.campaign.zone).date()

    @property
    def in_group(self) -> bool:
        return self.inbound.chat.kind is ChatKind.GROUP

    # ---- saying something

    @property
    def title(self) -> str:
        """What the list of chats and the phone's notification show."""
        return self.campaign.name

    def reply(self, body: Body) -> Letter:
        return Letter(to=self.inbound.chat, body=body)

    def words(self, markdown: str) -> Text:
        """Words under the title of the campaign."""
        return Text(markdown, self.title)

    def tell(self, markdown: str) -> Letter:
        """Words as the answer, in whatever chat the message came from."""
        return self.reply(self.words(markdown))

    def offer(self, markdown: str, options: Sequence[Reply]) -> Letter:
        """Words with buttons as the answer."""
        return self.reply(Choice(self.title, markdown, tuple(options)))

    def direct(self, person: Person) -> Address:
        """Where somebody is reached, on whatever platform that is."""
        return reaching.address(person)

    def whisper(self, body: Body) -> Letter:
        """To the sender alone, whatever chat the message came from."""
        if not self.in_group:
            return self.reply(body)
        return Letter(to=self.direct(self.person) if self.person else reaching.home(self.inbound.sender_id), body=body)

    def confide(self, markdown: str) -> Letter:
        """Words to the sender alone."""
        return self.whisper(Text(markdown, self.title))

    def write_to(self, person: Person, markdown: str, options: Sequence[Reply] = (), *, key: str) -> list[Letter]:
        """A letter to somebody else, under a key of its own; none to somebody without an account."""
        if not (person.account and person.active):
            return []
        body = Choice(self.title, markdown, tuple(options)) if options else Text(markdown, self.title)
        return [Letter(to=self.direct(person), body=body, topic="request", key=f"{self.campaign.id}/{key}")]

    def take_back(self, person: Person, topics: Sequence[str], *, of: str = "") -> None:
        """Withdraws what still waits for somebody, in every chat of theirs. `of` is how the keys begin."""
        outbox.withdraw(self.session, reaching.chats(self.session, person), topics, at=self.now, of=of)

    # ---- looking things up

    def record(self, action: str, *, subject: str = "", detail: str = "") -> None:
        """A line in the audit log: the sender did this, and in whose stead. No personal content."""
        actor = self.inbound.sender_id
        by = (self.person.id or 0) if self.person else 0
        if others := appointments.in_whose_stead(self.session, by, subject, self.now):
            detail = f"{detail} in stead of {' '.join(others)}".strip()
        audit.record(self.session, at=self.now, actor=actor, action=action, subject=subject, detail=detail)

    def denied(self, what: str) -> None:
        """Something was asked for that is not theirs, or is not there: which word, never what it would have told."""
        actor = self.inbound.sender_id or "outside"
        audit.record(self.session, at=self.now, actor=actor, action="denied", subject=what)

    def reach(self, person: Person | None) -> Reach:
        """What somebody may see and do, now."""
        return access.reach(self.session, person, self.now)

    def in_place_of(self, person: Person) -> "Desk":
        """The desk as it would be had `person` written to the bot directly."""
        inbound = replace(self.inbound, sender_id=person.staff_id, chat=self.direct(person))
        return replace(self, inbound=inbound, person=person)

    def unit_of(self, person: Person) -> Unit:
        return roster.unit(self.session, person.unit_id)

    def unit_name(self, unit: Unit) -> str:
        """«莲都区 紫金街道»."""
        return full_name(roster.chain(self.session, unit))

    def setting(self, person: Person, filled: Filled = "self") -> Setting:
        chain = roster.chain_of(self.session, person.unit_id)
        return Setting(
            today=self.today,
            person=person.name,
            unit=full_name(chain),
            area=self.campaign.area_of(division_of(chain)),
            filled=filled,
        )


def division_of(chain: Sequence[Unit]) -> str:
    """The 区划代码 of the nearest unit that has one; `chain` goes from the root down."""
    return next((unit.division for unit in reversed(chain) if unit.division), "")


def full_name(chain: Sequence[InTree]) -> str:
    """«莲都区 紫金街道»: the chain from the county down; the city itself only where nothing stands below it."""
    return " ".join(unit.name for unit in (chain[1:] or chain))
