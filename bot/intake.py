"""The one transaction of one incoming message: admit, lock, answer, post, commit; the ack comes after (DESIGN §3).

Killed before the commit, nothing happened and the platform pushes again; killed after, the inbox refuses the copy.
Knows neither the platform nor what is said.
"""

import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlmodel import Session

from bot.throttle import Throttle, Verdict
from handlers import door, reaching, router
from handlers.campaign import several
from handlers.campaign.definition import Campaign
from handlers.desk import Desk
from handlers.means import Means
from handlers.messages import ChatKind, Content, Inbound, Letter, Text, to_json
from handlers.texts import guards
from storage import at_hand, inbox, outbox, put_off, reading_ahead
from storage.database import Database, DatabaseFailure, StatementFailure
from storage.inbox import Arrival
from storage.models import Person
from storage.vault import Vault

log = logging.getLogger(__name__)


_EXCUSED = timedelta(minutes=10)
"""Somebody there was no room for is told once in so long, however often their message comes again."""


class Intake:
    """Takes messages, each in a turn of its own. Synchronous: called in a thread of the database."""

    def __init__(
        self,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        vault: Vault,
        now: Callable[[], datetime],
        max_text: int = router.MAX_TEXT,
        per_minute: int = 0,
        means: Means = Means(),  # noqa: B008 - frozen
    ) -> None:
        self._database, self._campaigns, self._vault = database, campaigns, vault
        self._now, self._max_text, self._means = now, max_text, means
        self._throttle = Throttle(per_minute)

    def take(self, inbound: Inbound) -> bool:
        """False for a copy of a message that was taken before. Raises what the database raised: then it must not be
        acked. Where the talk fails, nothing of it stays but the record of the failure and an apology."""
        try:
            return self._committed([inbound])[0]
        except _TalkFailure as failure:
            return self._apologised(failure)

    def take_all(self, inbounds: Sequence[Inbound]) -> list[bool | Exception]:
        """Messages of several people in one commit: for each what `take` returns or raises. Where one of them fails,
        each is tried alone, so that nobody's turn costs the others theirs."""
        try:
            return list(self._committed(inbounds))
        except _TalkFailure:
            pass
        except StatementFailure as error:
            if len(inbounds) == 1 or not self.takes_anything():
                return [error] * len(inbounds)
        return [self._verdict(inbound) for inbound in inbounds]

    def _verdict(self, inbound: Inbound) -> bool | Exception:
        try:
            return self.take(inbound)
        except StatementFailure as error:
            return error

    def excuse(self, inbounds: Sequence[Inbound]) -> int:
        """Tells those whose messages there was no room for; returns how many had not been told just now."""
        now = self._now()
        turn = int(now.timestamp() // _EXCUSED.total_seconds())
        letters = [
            Letter(
                to=inbound.chat,
                body=Text(guards.NO_ROOM, self._campaigns[0].name),
                key=f"{outbox.ASIDE}{turn}/{inbound.chat}"[:200],
                expires_at=now + _EXCUSED,
            )
            for inbound in inbounds
        ]
        with self._database.session() as session:
            return post(session, letters, now=now)

    def refresh_keys(self) -> None:
        """Takes up the data keys that another process has made or destroyed."""
        self._vault.refresh()

    def _too_many(self, inbound: Inbound) -> Letter:
        """What is not answered any more was admitted all the same: nobody is pushed it again."""
        log.warning("somebody sends more than they are answered", extra={"action": "intake.too_many"})
        body = Text(guards.TOO_MANY, self._campaigns[0].name)
        return Letter(to=inbound.chat, body=body, key=f"{_reply_key(inbound)}#0")

    def takes_anything(self) -> bool:
        """Whether the database is open to writers at all, or locked or gone."""
        try:
            with self._database.session() as session:
                session.connection()
        except StatementFailure:
            return False
        return True

    def taken(self, session: Session, inbounds: Sequence[Inbound]) -> list[bool]:
        """In the transaction given, which has to be undone where this raises: False for each copy."""
        now = self._now()
        came = [reaching.recognised(session, door.received(inbound)) for inbound in inbounds]
        arrivals = [_arrival(inbound, reached_at) for inbound, reached_at in came]
        taken = inbox.admit(session, arrivals, at=now)
        answered = [
            (inbound, arrival)
            for (inbound, _), arrival, new in zip(came, arrivals, taken, strict=True)
            if new and self._is_answered(session, inbound, now)
        ]
        for several_people in _one_of_each(answered):
            self._turns(session, several_people, now)
        for inbound in inbounds:
            if inbound.content is Content.WITHHELD:
                log.error(
                    "a message came without its text: the month's Webhook & Stream quota is used up (20001); "
                    "see 开发者后台 → 资源管理",
                    extra={"action": "quota.withheld"},
                )
        return taken

    def _committed(self, inbounds: Sequence[Inbound]) -> list[bool]:
        with self._database.session() as session:
            return self.taken(session, inbounds)

    def _is_answered(self, session: Session, inbound: Inbound, now: datetime) -> bool:
        """False for somebody who sends more than anybody can type; the first time they are told."""
        verdict = self._throttle.admit(inbound.sender_id or str(inbound.chat), _reply_key(inbound))
        if verdict is Verdict.TELL:
            post(session, [self._too_many(inbound)], now=now)
        return verdict is Verdict.ANSWER

    def _turns(self, session: Session, came: Sequence[tuple[Inbound, Arrival]], now: datetime) -> None:
        """The turns of different people, one after the other; what each looks at first is read for all at once, and
        once more after a turn that touched more than its own person's self-check."""
        inbox.take_turns(session, [arrival for _, arrival in came if arrival.sender])
        at_hand.clear(session)
        people: dict[str, Person] = {}
        waiting: list[outbox.Post] = []
        for n, (inbound, _) in enumerate(came):
            if not at_hand.next_turn(session):
                session.expunge_all()  # the next turn finds the database as a transaction of its own would
                people = self._meet(session, [inbound for inbound, _ in came[n:]], now)
            person, last = people.get(inbound.sender_id), n + 1 == len(came)
            letters = self._turn(session, inbound, person, now, last=last)
            waiting += _posts(letters, now=now, reply_key=_reply_key(inbound))
            if last or any(letter.to != inbound.chat for letter in letters):
                outbox.post(session, waiting)  # answers wait for one another; what others are told, the next may undo
                waiting.clear()
        session.expunge_all()
        at_hand.clear(session)

    def _meet(self, session: Session, came: Sequence[Inbound], now: datetime) -> dict[str, Person]:
        people = inbox.people(session, [inbound.sender_id for inbound in came])
        if len(people) > 1:
            lanes = [str(inbound.chat) for inbound in came]
            campaigns = [campaign.id for campaign in self._campaigns]
            reading_ahead.read(session, list(people.values()), campaigns, lanes, now=now)
        return people

    def _turn(
        self, session: Session, inbound: Inbound, person: Person | None, now: datetime, *, last: bool
    ) -> list[Letter]:
        """`last`: what was put off to be written together is written with this turn, and fails with it."""
        desk = Desk(
            session=session,
            campaign=several.attended(self._campaigns, person.attending if person else ""),
            campaigns=self._campaigns,
            inbound=inbound,
            person=person,
            now=now,
            vault=self._vault,
            means=self._means,
            overtaken=inbox.overtaken(person, inbound.received_at),
        )
        try:
            letters = router.answer(desk, self._max_text)
            session.flush()
            if last:
                put_off.write(session)
        except DatabaseFailure:
            raise  # not the talk's fault: nothing is stored, nothing is acked, the platform pushes again
        except Exception as error:
            raise _TalkFailure(desk) from error
        return letters

    def _apologised(self, failure: "_TalkFailure") -> bool:
        """The message whose talk failed, once more in a transaction of its own; False if somebody was quicker."""
        inbound, now, reference = failure.desk.inbound, failure.desk.now, new_reference()
        log.error(
            "answering failed, reference %s", reference, exc_info=failure.__cause__, extra={"action": "intake.fault"}
        )
        apology = failure.desk.tell(guards.broken(reference))
        with self._database.session() as session:
            arrival = _arrival(inbound, None)
            if inbox.admit(session, [arrival], at=now) == [False]:
                return False
            inbox.take_turns(session, [arrival] if arrival.sender else [])
            inbox.blame(session, robot=inbound.robot, msg_id=inbound.msg_id, fault=reference)
            post(session, [apology], now=now, reply_key=_reply_key(inbound))
        return True


class _TalkFailure(Exception):
    """The talk failed at the message on this desk; why is its cause."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("the talk failed")
        self.desk = desk


def _arrival(inbound: Inbound, reached_at: str | None) -> Arrival:
    return Arrival(inbound.robot, inbound.msg_id, inbound.sender_id, inbound.received_at, reached_at)


def _reply_key(inbound: Inbound) -> str:
    return f"{inbound.robot}/{inbound.msg_id}"


def _one_of_each(came: Sequence[tuple[Inbound, Arrival]]) -> list[list[tuple[Inbound, Arrival]]]:
    """Groups in which everybody has one message, in the order they came."""
    groups: list[list[tuple[Inbound, Arrival]]] = []
    said: Counter[str] = Counter()
    for one in came:
        place = said[one[0].sender_id] if one[0].sender_id else 0
        said[one[0].sender_id] += 1
        groups += [[]] if place == len(groups) else []
        groups[place].append(one)
    return groups


def new_reference() -> str:
    """What somebody can name to the operator: it stands in the log beside the failure."""
    return f"E-{secrets.token_hex(2).upper()}"


def post(session: Session, letters: Sequence[Letter], *, now: datetime, reply_key: str = "") -> int:
    """Puts letters into the outbox: replies under `<message>#n`, the others under their own keys. Returns how many
    were new."""
    return outbox.post(session, _posts(letters, now=now, reply_key=reply_key))


def _posts(letters: Sequence[Letter], *, now: datetime, reply_key: str) -> list[outbox.Post]:
    return [
        outbox.Post(
            key=letter.key or f"{reply_key}#{n}",
            lane=str(letter.to),
            topic=letter.topic,
            body=body,
            not_before=letter.not_before or now,
            expires_at=letter.expires_at,
            bulk=letter.bulk,
            batch=_batch(letter, body) if letter.bulk else "",
            broadcast=letter.broadcast,
        )
        for n, (letter, body) in enumerate(zip(letters, _spelled(letters), strict=True))
    ]


def _spelled(letters: Sequence[Letter]) -> list[str]:
    """Each letter's body; what many share is spelled out once."""
    known: dict[int, str] = {}
    for letter in letters:
        if id(letter.body) not in known:
            known[id(letter.body)] = to_json(letter.body)
    return [known[id(letter.body)] for letter in letters]


def _batch(letter: Letter, body: str) -> str:
    """The same words to several persons may make one call; a group is written to alone."""
    return _digest(letter.to.channel, letter.topic, body) if letter.to.kind is ChatKind.DIRECT else ""


@lru_cache(maxsize=64)
def _digest(channel: str, topic: str, body: str) -> str:
    return hashlib.sha256(f"{channel}/{topic}/{body}".encode()).hexdigest()
