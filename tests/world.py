"""The test's world: people who say things and read what the bot says, on a real database with real handlers.

`zhang.says("2")` is one message of one person: a new msgId, one transaction. `zhang.taps("都没有")` presses a button by
its words. Nothing of the product is faked here; only the wire is missing.
"""

import base64
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from sqlmodel import Session, SQLModel, col, select

from bot.changes import Changes
from bot.channels import wording
from bot.dispatch import Dispatch
from bot.fetcher import Counter
from bot.intake import Intake
from bot.notary import Notary
from bot.scheduler import Metronome
from bot.talk import Talk
from bot.threads import DatabaseThread
from handlers import revisions
from handlers.campaign import loading, several
from handlers.campaign.definition import Campaign
from handlers.messages import Address, ChatKind, Choice, Content, Document, FileRef, Inbound, Text, from_json
from handlers.papers import documents
from storage import delivery, errands, keyring, models, outbox, roster, roster_import, unsettled
from storage.database import Database
from storage.delivery import Claimed
from storage.evidence import anchor, entering
from storage.master_keys import KeySource
from storage.models import Case, Outgoing, Person, Unit
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from storage.vault import Vault, pledge_purpose, signature_purpose
from tests.databases import kind_of, quickened

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEY = b"zicha test key, 32 bytes long..."
KEYS = KeySource(Path("no such file"), base64.b64encode(KEY).decode())
MORNING = datetime(2022, 5, 18, 9, 0, tzinfo=SHANGHAI)

Shown = Text | Choice | Document


def id_number(serial: str = "084", *, region: str = "332501", born: str = "19900307") -> str:
    """An invented number with the right check digit (GB 11643); 3325xx are Lishui's codes of 1981–2000."""
    body = region + born + serial
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


def small_roster() -> Roster:
    """One city, three counties (two of them comprehensive), a few invented people."""
    unit = UnitRow
    units = (
        unit(code="3311", name="丽水市", parent_code="", kind=UnitKind.CITY, division="3311"),
        unit(code="331102", name="莲都区", parent_code="3311", kind=UnitKind.COUNTY, division="331102"),
        unit(code="331125", name="云和县", parent_code="3311", kind=UnitKind.COUNTY, division="331125"),
        unit(code="331121", name="青田县", parent_code="3311", kind=UnitKind.COUNTY, division="331121"),
        unit(code="331102001", name="紫金街道", parent_code="331102", kind=UnitKind.TOWNSHIP, division="331102001"),
        unit(code="331102002", name="岩泉街道", parent_code="331102", kind=UnitKind.TOWNSHIP, division="331102002"),
        unit(
            code="331102001001",
            name="金山社区",
            parent_code="331102001",
            kind=UnitKind.VILLAGE,
            division="331102001001",
        ),
        unit(code="331121100", name="鹤城街道", parent_code="331121", kind=UnitKind.TOWNSHIP, division="331121100"),
    )

    def person(staff_id: str, name: str, unit_code: str, *roles: Role) -> PersonRow:
        return PersonRow(
            staff_id=staff_id,
            name=name,
            unit_code=unit_code,
            roles=frozenset({Role.STAFF, *roles}),
            phone="19900001234",
        )

    people = (
        person("zhang", "张三丰", "331102001001"),
        person("li", "李小四", "331102001"),
        person("wang", "王雅芳", "331102001", Role.UNIT),
        person("chen", "陈明亮", "331102002", Role.UNIT),
        person("zhou", "周建国", "331102", Role.COUNTY),
        person("wu", "吴立新", "3311", Role.CITY),
        person("qian", "钱大海", "331121100"),
        person("sun", "孙文静", "331121100", Role.UNIT),
    )
    return Roster(units=units, people=people)


@cache
def shipped() -> Campaign:
    """The campaign most worlds are about, read once."""
    return loading.load("lishui-2022-69")


@dataclass
class World:
    """Everything but the wire. `twice` delivers every message twice; `rebuild` makes the process anew before each."""

    url: str
    folder: Path
    twice: bool = False
    rebuild: bool = False
    campaign: Campaign = field(default_factory=shipped)
    others: tuple[Campaign, ...] = ()
    """Other campaigns that are open."""
    now: datetime = MORNING
    suite: str = "aes"
    furnished: bool = False
    """The database is a copy of one that was migrated."""
    sent: int = 0
    people: dict[str, "Somebody"] = field(default_factory=dict)
    delivered: list[Inbound] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open(migrate=not self.furnished)
        metronome(self).learn()

    def _open(self, *, migrate: bool = True) -> None:
        self.database = Database(self.url)
        quickened(self.database.engine)
        if migrate:
            self.database.migrate()
        names = [campaign.id for campaign in self.campaigns]
        self.vault = keyring.unlock(self.database, KEYS, suite=self.suite, campaigns=names, at=self.now)
        entering.begin(self.database, self.vault)
        self.intake = Intake(database=self.database, campaigns=self.campaigns, vault=self.vault, now=lambda: self.now)

    def close(self) -> None:
        self.database.close()

    def restart(self) -> None:
        """The process dies and comes back: nothing but the database remains."""
        self.close()
        self._open(migrate=False)

    def move_deadline(self, day: date) -> None:
        """The operator starts the process with another deadline."""
        self.campaign = self.campaign.with_deadline(day)
        self.restart()

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        return several.together((self.campaign, *self.others))

    def change_campaign(self, campaign: Campaign, *, batches: bool = True) -> None:
        """The operator starts the process with a changed file; `batches`: the work after the start is done as well."""
        self.campaign = campaign
        self.restart()
        with self.database.session() as session:
            for opened in self.campaigns:
                revisions.remember(session, opened)
        changes = Changes(
            database=self.database,
            campaigns=self.campaigns,
            thread=_NoThread(),
            now=lambda: self.now,
            wake=lambda: None,
        )
        while batches and changes.step(self.campaigns[0]):
            pass

    def import_roster(self, new: Roster, *, leavers: bool = False) -> roster_import.Changes:
        with self.database.session() as session:
            return roster_import.import_roster(session, new, self.vault, at=self.now, leavers=leavers)

    def join(self, staff_id: str, name: str, unit: str) -> None:
        """One more colleague."""
        with self.database.session() as session:
            unit_id = session.exec(select(Unit.id).where(Unit.name == unit)).one() or 0
            roster.add_person(session, staff_id=staff_id, name=name, unit_id=unit_id, at=self.now)

    def without_account(self, name: str, unit: str, staff_id: str = "") -> str:
        """Somebody of the roster who has no account on the platform; their staff id."""
        with self.database.session() as session:
            unit_id = session.exec(select(Unit.id).where(Unit.name == unit)).one() or 0
            staff_id = staff_id or f"offline-{name}"
            person = roster.add_person(session, staff_id=staff_id, name=name, unit_id=unit_id, at=self.now)
            person.account = False
            return person.staff_id

    def person(self, staff_id: str, nick: str = "") -> "Somebody":
        return self.people.setdefault(staff_id, Somebody(self, staff_id, nick or staff_id))

    def deliver(self, inbound: Inbound) -> bool:
        if self.rebuild:
            self.restart()
        self.delivered.append(inbound)
        first = self.intake.take(inbound)
        if self.twice:
            assert not self.intake.take(inbound), "the copy was taken as new"
        return first

    def redeliver(self) -> int:
        """The platform pushes everything it ever pushed once more; how many of them were taken as new."""
        return sum(self.intake.take(inbound) for inbound in self.delivered)

    def fetch(self, content: bytes) -> int:
        """All files that are to be fetched are here, each with this content; how many there were."""
        counter = Counter(database=self.database, campaigns=self.campaigns, vault=self.vault, now=lambda: self.now)
        fetched = 0
        while True:
            with self.database.session() as session:
                lease = self.now + timedelta(minutes=4)
                claimed = errands.claim(session, self.vault, real_now=self.now, limit=5, leased_until=lease)
            if not claimed:
                return fetched
            for errand in claimed:
                file = counter.look(errand, content)
                assert counter.hand_in(errand, file)
                assert not (self.twice and counter.hand_in(errand, file)), "the same file was read twice"
                fetched += 1

    def tick(self) -> int:
        """One beat of the metronome at `now`."""
        beats = metronome(self)
        beats.learn()
        return beats.tick()

    def chain(self) -> int:
        """One look of the notary at `now`; how many letters that became."""
        notary = Notary(
            database=self.database,
            campaigns=self.campaigns,
            vault=self.vault,
            anchor=self.anchor,
            now=lambda: self.now,
        )
        return notary.work()

    @property
    def anchor(self) -> Path:
        return self.folder / anchor.NAME

    def letters(self, address: Address, *, after: int = 0) -> list[Outgoing]:
        with self.database.reading() as session:
            found = (
                select(Outgoing)
                .where(Outgoing.lane == str(address), col(Outgoing.id) > after)
                .order_by(col(Outgoing.id))
            )
            return list(session.exec(found).all())

    def due(self) -> list[Claimed]:
        """What the postman would carry now, all of it, marked as sent."""
        carried: list[Claimed] = []
        with self.database.session() as session:
            unsettled.sweep(session, now=self.now, real_now=self.now)
            while batch := self._claim(session):
                delivery.settle(session, [letter.id for letter in batch], outbox.State.SENT, at=self.now)
                carried += batch
        return carried

    def _claim(self, session: Session) -> list[Claimed]:
        lease = self.now + timedelta(minutes=2)
        replies = delivery.claim_replies(session, "dingtalk", now=self.now, limit=50, leased_until=lease)
        if replies:
            return replies
        for channel in ("dingtalk", "robot"):
            bulk = delivery.claim_bulk(session, channel, now=self.now, parcels=3, most=20, leased_until=lease)
            if bulk:
                return [letter for parcel in bulk for letter in parcel]
        return []

    def arriving(self) -> list[Outgoing]:
        """The same seen from outside and much cheaper: every letter whose time has come, read off the table."""
        with self.database.session() as session:
            unsettled.sweep(session, now=self.now, real_now=self.now)
            waiting = select(Outgoing).where(Outgoing.state == outbox.State.WAITING, Outgoing.not_before <= self.now)
            letters = session.exec(waiting.order_by(col(Outgoing.bulk), col(Outgoing.id))).all()
            for letter in letters:
                letter.state, letter.settled_at = outbox.State.SENT, self.now
            return list(letters)

    def facts(self) -> dict[str, Any]:
        """All that is remembered, seals opened and cases by person: equal for equal histories."""
        with self.database.reading() as session:
            return remembered(session, self.vault)

    def on_disk(self) -> bytes:
        """Every byte of the database."""
        return kind_of(self.url).on_disk(self.url)

    def make(self, document: Document) -> bytes:
        return written(self.database, self.campaigns, document, self.vault)


def written(database: Database, campaigns: Sequence[Campaign], document: Document, vault: Vault) -> bytes:
    """The file of a paper that was promised."""
    out = io.BytesIO()
    with database.reading() as session:
        documents.write(documents.requested(session, campaigns, document, vault), document.paper, out)
    return out.getvalue()


def remembered(session: Session, vault: Vault) -> dict[str, Any]:
    people_by_id = {person.id: person.staff_id for person in session.exec(select(Person)).all()}
    cases = session.exec(select(Case).order_by(col(Case.id))).all()
    return {
        "cases": {people_by_id[case.person_id]: _case(session, case, vault) for case in cases},
        "outbox": _rows(session, Outgoing, "key", "lane", "topic", "bulk", "body", "state", "not_before", "expires_at"),
        "inbox": _rows(session, models.Inbound, "msg_id", "sender", "fault"),
        "people": _rows(session, Person, "staff_id", "name", "unit_id", "active", "turn"),
        "roles": _rows(session, models.Appointment, "person_id", "unit_id", "role"),
        "applicants": _rows(session, models.Applicant, "staff_id", "name", "unit_id", "offered", "stage"),
        "groups": _rows(session, models.ChatGroup, "conversation_id", "unit_id", "bound_by", "bound_at"),
        "audit": _rows(session, models.AuditLine, "at", "actor", "action", "subject", "detail"),
        "firings": _rows(session, models.Firing, "campaign", "rule", "day"),
        "moments": _rows(session, models.ReminderMoment, "campaign", "rule", "day", "audience", "letters"),
        "returns": _rows(session, models.UnitReturn, "unit_id", "state", "nil", "late", "gaps", "digest"),
        "return steps": _rows(session, models.ReturnStep, "at", "by", "action", "state", "digest", "reason", "content"),
        "corrections": _rows(session, models.RowCorrection, "case_id", "row", "field", "instead_of", "text", "at"),
        "scans": _rows(session, models.StoredFile, "purpose", "return_id", "person_id", "digest", "at", "ended_at"),
        "counters": _rows(session, models.Counter, "name", "value"),
    }


def _case(session: Session, case: Case, vault: Vault) -> dict[str, Any]:
    def of_case(table: Any) -> list[Any]:
        return list(session.exec(select(table).where(table.case_id == case.id).order_by(table.id)).all())

    def opened(given: dict[str, Any]) -> dict[str, Any]:
        if "sealed" in given:
            given["sealed"] = vault.open(given["sealed"], f"answer/{case.id}")
        return given

    submissions = of_case(models.Submission)
    assert all(s.digest == hashlib.sha256(s.answers.encode()).hexdigest() for s in submissions)
    flags = ("campaign", "unit_id", "opened_at", "submitted_at", "receipt", "late", "nil", "touched", "pledged")
    return {
        **{name: getattr(case, name) for name in flags},
        "answers": [
            (a.key, opened(json.loads(a.given)) if a.given else None, a.at, a.msg_id)
            for a in of_case(models.AnswerLine)
        ],
        "submissions": [
            ({key: opened(given) for key, given in json.loads(s.answers).items()}, s.at, s.late) for s in submissions
        ],
        "pledges": [
            (
                *(p.state, p.text_version, p.text_digest),
                vault.open(p.name, signature_purpose(case.id)) if p.name else "",
                *(p.number_mask, p.number_print, p.told, p.at),
                vault.open(p.number_sealed, pledge_purpose(case.id)) if p.number_sealed else "",
            )
            for p in of_case(models.Pledge)
        ],
    }


def _rows(session: Session, table: type[SQLModel], *names: str) -> list[tuple[Any, ...]]:
    rows = session.exec(select(table)).all()
    return sorted((tuple(getattr(row, name) for name in names) for row in rows), key=repr)


class _NoThread(DatabaseThread):
    pass


def talk(world: World, thread: DatabaseThread) -> Talk:
    """In the thread, as where the database is in memory."""
    dispatch = Dispatch(campaigns=world.campaigns, now=lambda: world.now)
    return Talk(world.intake, dispatch, world.database, thread)


def metronome(world: World, *, thread: DatabaseThread | None = None, every: float = 60) -> Metronome:
    return Metronome(
        database=world.database,
        campaigns=world.campaigns,
        thread=thread or _NoThread(),
        now=lambda: world.now,
        wake=lambda: None,
        every=every,
    )


@dataclass
class Somebody:
    """A person with a phone. Without a staff id: somebody of another organisation."""

    world: World
    staff_id: str
    nick: str
    seen: int = 0
    buttons: dict[str, str] = field(default_factory=dict)
    """The buttons of the latest message that had any."""
    above: list[dict[str, str]] = field(default_factory=list)
    """Those of the messages before it: a thumb can always scroll up."""

    @property
    def address(self) -> Address:
        return Address("dingtalk", ChatKind.DIRECT, self.staff_id or f"outside-{self.nick}")

    def says(self, text: str, *, msg_id: str = "", content: Content = Content.TEXT) -> str:
        """Sends a message in 1:1; returns all the bot said to it there, as one text."""
        self.sends(text, msg_id=msg_id, content=content)
        return "\n".join(self.hears())

    def sends_file(self, name: str, content: bytes, kind: str = "file") -> str:
        """Sends a file or, with `kind="picture"`, a picture in 1:1; it is fetched and read. All the bot said to it."""
        sent = Content(kind)
        self.sends("", content=sent, files=(FileRef(code="code", name=name, kind=sent),))
        self.world.fetch(content)
        return "\n".join(self.hears())

    def says_in(self, group: str, text: str, title: str = "工作群") -> str:
        """@-s the bot in a group; returns what it said in the group."""
        chat = group_chat(group)
        before = max((letter.id or 0 for letter in self.world.letters(chat)), default=0)
        self.sends(text, chat, title=title)
        return "\n".join(words(from_json(letter.body)) for letter in self.world.letters(chat, after=before))

    def taps(self, label: str) -> str:
        """Presses a button of the latest messages by its words."""
        return self.says(self.button(label))

    def button(self, label: str, *, old: bool = False) -> str:
        """What a button says in the person's name; an `old` one is looked for further up in the chat."""
        for shown in reversed(self.above) if old else [self.buttons]:
            exact = [send for words_, send in shown.items() if label in (words_, words_.partition(" ")[2])]
            near = [send for words_, send in shown.items() if label in words_]
            if exact or near:
                return (exact or near)[0]
        raise AssertionError(f"no button «{label}» among {list(self.buttons)}")

    def hears(self) -> list[str]:
        """What has come since the last look, as the person reads it."""
        return [words(body) for body in self.gets()]

    def gets(self) -> list[Shown]:
        new = self.world.letters(self.address, after=self.seen)
        self.seen = max([self.seen, *(letter.id or 0 for letter in new)])
        bodies = [from_json(letter.body) for letter in new if letter.not_before <= self.world.now]
        for body in bodies:
            self.sees(body)
        return bodies

    def sees(self, body: Shown) -> None:
        """A message appears on the screen: its buttons are the ones at hand."""
        if isinstance(body, Choice):
            self.above.append(self.buttons)
            self.buttons = {reply.label: _sent_by(wording.action(reply)) for reply in body.options}

    def sends(
        self,
        text: str,
        chat: Address | None = None,
        *,
        msg_id: str = "",
        content: Content = Content.TEXT,
        files: tuple[FileRef, ...] = (),
        title: str = "",
    ) -> None:
        """One message on its way, to the bot or into a group."""
        self.world.sent += 1
        self.world.now += timedelta(seconds=20)
        self.world.deliver(
            Inbound(
                robot="robot",
                msg_id=msg_id or f"msg{self.world.sent}",
                sender_id=self.staff_id,
                sender_name=self.nick,
                chat=chat or self.address,
                chat_title=title,
                content=content,
                text=text,
                files=files,
                received_at=self.world.now,
            )
        )


def group_chat(name: str) -> Address:
    return Address("dingtalk", ChatKind.GROUP, name)


def words(body: Shown) -> str:
    """A message as it is read: text, then the buttons in brackets."""
    match body:
        case Choice():
            return "\n".join([body.markdown, " ".join(f"[{reply.label}]" for reply in body.options)])
        case Document():
            return f"<{body.name.rsplit('.', 1)[-1]}: {body.paper}>"
        case Text():
            return body.markdown


def _sent_by(url: str) -> str:
    return unquote(url.removeprefix("dtmd://dingtalkclient/sendMessage?content="))


def people(world: World, *ids: str) -> Iterator[Somebody]:
    return (world.person(staff_id) for staff_id in ids)
