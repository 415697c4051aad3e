"""The days before the demo begins, played: people answer, coordinators check, stamp and hand up, offices accept.

Everything goes through the real talk, message by message, at the moment it would have been said; no row is written by
hand. All of it is in the caller's transaction: the past is there as a whole or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.demo.answers import SIGNS, Answers
from bot.fetcher import Counter
from bot.intake import Intake
from handlers.campaign.definition import Campaign
from handlers.desk import Desk
from handlers.messages import Address, ChatKind, Content, FileRef, Inbound
from handlers.sitting import place_before
from storage import errands, outbox, roster
from storage.database import Database
from storage.models import Person
from storage.vault import Vault

_READS = timedelta(seconds=25)
"""How long somebody takes for an answer."""
_MOST_ANSWERS = 40
_ROBOT = "past"
SHANGHAI = ZoneInfo("Asia/Shanghai")


class _OneTransaction(Database):
    """What the talk takes for its database is one open transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def session(self) -> Iterator[Session]:
        yield self._session

    reading = session


class StuckError(Exception):
    """The talk went another way than the people of the demo know: their answers have to be looked at."""


@dataclass
class Past:
    """The hands of the people in those days."""

    held: Session
    campaigns: tuple[Campaign, ...]
    vault: Vault
    now: datetime = datetime(2022, 5, 18, 9, tzinfo=SHANGHAI)
    said: int = 0

    def __post_init__(self) -> None:
        database = _OneTransaction(self.held)
        self._intake = Intake(database=database, campaigns=self.campaigns, vault=self.vault, now=lambda: self.now)
        self._counter = Counter(database=database, campaigns=self.campaigns, vault=self.vault, now=lambda: self.now)

    def comes(self, moment: datetime) -> None:
        """It is this moment, or later where what was said before took longer."""
        self.now = max(self.now, moment)

    def says(self, who: str, *words: str) -> None:
        for text in words:
            self.now += _READS
            self._intake.take(self._message(who, text=text))

    def sends(self, who: str, name: str, content: bytes) -> None:
        """A file, fetched and read at once."""
        self.now += _READS
        ref = FileRef(code="past", name=name, kind=Content.FILE)
        self._intake.take(self._message(who, content=Content.FILE, files=(ref,)))
        lease = self.now + _READS
        for errand in errands.claim(self.held, self.vault, real_now=self.now, limit=9, leased_until=lease):
            self._counter.hand_in(errand, self._counter.look(errand, content))

    def _message(
        self, who: str, text: str = "", content: Content = Content.TEXT, files: tuple[FileRef, ...] = ()
    ) -> Inbound:
        self.said += 1
        return Inbound(
            robot=_ROBOT,
            msg_id=f"past{self.said}",
            sender_id=who,
            sender_name="",
            chat=Address("dingtalk", ChatKind.DIRECT, who),
            content=content,
            text=text,
            files=files,
            received_at=self.now,
        )

    # ---- a self-check

    def answers(
        self, who: str, answers: Answers, *, at: datetime, id_number: str = "", most: int = _MOST_ANSWERS
    ) -> bool:
        """Somebody begins at a moment and answers until it is handed in, or until they have answered `most` times.
        With an ID number they sign the pledge. True if it is handed in."""
        self.comes(at)
        self.says(who, "你好")
        for _ in range(most):
            question = self._question(who)
            if not question:
                return True
            if id_number and question in ("pledge", "pledge_nil"):
                self.says(who, SIGNS)
            elif id_number and question == "id_number":
                self.says(who, f"{self._person(who).name} {id_number}")
            elif question in answers:
                self.says(who, answers[question])
            else:
                raise StuckError(f"nobody knows an answer to «{question}»")
        if most == _MOST_ANSWERS:
            raise StuckError(f"«{self._question(who)}» is asked {who} again and again")
        return False

    def _question(self, who: str) -> str:
        person = self._person(who)
        place = place_before(self._desk(person), person)
        return place.question.id if place else ""

    def _person(self, who: str) -> Person:
        person = roster.person(self.held, who)
        if person is None:
            raise StuckError(f"nobody is called {who}")
        return person

    def _desk(self, person: Person) -> Desk:
        return Desk(
            session=self.held,
            campaign=self.campaigns[0],
            campaigns=self.campaigns,
            inbound=self._message(person.staff_id),
            person=person,
            now=self.now,
            vault=self.vault,
        )

    # ---- a return

    def hands_up(self, who: str, scan: bytes) -> None:
        """A coordinator confirms the table of their unit, sends the stamped one and hands it up."""
        self.confirms(who)
        self.sends(who, "盖章的反馈表.png", scan)
        self.says(who, "扫描件 反馈表", "上报")

    def confirms(self, who: str) -> None:
        self.says(who, "核对", "确认反馈表")

    def forget(self) -> None:
        """Lets go of the rows at hand: what is in the database is enough, and little at hand is quick."""
        self.held.flush()
        self.held.expunge_all()

    def end(self, at: datetime) -> None:
        """Whatever was written in those days has been read by now."""
        self.now = at
        self.held.flush()
        outbox.long_since_sent(self.held, at=at)
