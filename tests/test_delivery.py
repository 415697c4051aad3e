"""Parcels: the same words to many persons make as few calls as they can, whatever lies between them in the queue."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot import intake
from bot.carrier import Carrier
from bot.channels import Attachment, DeliveryError, Doubtful, Later, Parcel, QuotaGone, Receipt, Refused, SomeoneRefused
from bot.channels.pace import Pace
from bot.settling import Settling
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Choice, Letter, Text
from storage import brakes, delivery, outbox, unsettled
from storage.delivery import Claimed
from storage.models import Outgoing
from storage.outbox import State
from tests.conftest import Worlds
from tests.world import MORNING, SHANGHAI, World, talk

LEASE = timedelta(minutes=2)


class Platform:
    """Says what it is told to say, call after call; then takes everything."""

    name, most_together = "dingtalk", 20

    def __init__(self, *answers: DeliveryError | Mapping[str, DeliveryError], keyed: bool = False) -> None:
        self.answers, self.keyed, self.pace = list(answers), keyed, Pace(1000)
        self.calls: list[tuple[str, tuple[str, ...]]] = []
        self.bodies: list[Text | Choice | Attachment] = []
        self.largest: int | None = 20_000_000

    async def deliver(self, parcel: Parcel) -> Receipt:
        self.calls.append((parcel.key, tuple(address.id for address in parcel.to)))
        self.bodies.append(parcel.body)
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, DeliveryError):
            raise answer
        return Receipt("ok", {to: answer[to.id] for to in parcel.to if to.id in answer})


def post(world: World, words: Sequence[str], topic: str = "reminder") -> None:
    """A letter of each text to a person of its own."""
    letters = [
        Letter(
            to=Address("dingtalk", ChatKind.DIRECT, f"p{n}"),
            body=Text(said, "自查"),
            topic=topic,
            key=f"k{n}",
            bulk=topic != "reply",
        )
        for n, said in enumerate(words)
    ]
    with world.database.session() as session:
        intake.post(session, letters, now=world.now)


def claim(world: World, parcels: int = 1000) -> list[list[Claimed]]:
    with world.database.session() as session:
        return delivery.claim_bulk(
            session, "dingtalk", now=world.now, parcels=parcels, most=20, leased_until=world.now + LEASE
        )


async def carry(world: World, platform: Platform, told: list[str] | None = None) -> None:
    """One look at the queue: what may go is carried."""
    thread = DatabaseThread()
    alarm = (told if told is not None else []).append
    settling = Settling(settle=talk(world, thread).settle, alarm=alarm)
    carrier = Carrier(
        database=world.database,
        campaigns=world.campaigns,
        vault=world.vault,
        thread=thread,
        real_now=lambda: world.now,
    )
    for letters in claim(world):
        await settling.settle(await carrier.carry(platform, letters))


def states(world: World) -> Counter[str]:
    with world.database.reading() as session:
        return Counter(outbox.counts(session))


@pytest.mark.parametrize("counts", [(45,), (45, 1, 20), (7, 7, 7, 7, 41)])
def test_calls_are_as_few_as_can_be_though_texts_lie_mixed(new_world: Worlds, counts: tuple[int, ...]) -> None:
    world = new_world()
    words = [f"text {n}" for turn in range(max(counts)) for n, count in enumerate(counts) if turn < count]
    post(world, words)
    parcels = claim(world)
    assert len(parcels) == sum(math.ceil(count / 20) for count in counts)
    assert all(len({letter.body for letter in letters}) == 1 for letters in parcels)
    assert len({letter.id for letters in parcels for letter in letters}) == len(words)


def test_a_broadcast_in_two_processes_makes_no_more_calls(new_world: Worlds) -> None:
    world = new_world()
    post(world, ["same"] * 90)
    sizes = [len(letters) for _ in range(5) for letters in claim(world, parcels=1)]
    assert sizes == [20, 20, 20, 20, 10]


def test_the_last_call_waits_for_somebody_who_is_just_being_answered(world: World) -> None:
    post(world, ["same"] * 30)
    with world.database.session() as session:
        letter = Letter(to=Address("dingtalk", ChatKind.DIRECT, "p3"), body=Text("hello", "y"))
        intake.post(session, [letter], now=world.now, reply_key="r")
    assert [len(letters) for letters in claim(world)] == [20], "nine more could go, but p3 makes ten"
    with world.database.session() as session:
        (reply,) = delivery.claim_replies(session, "dingtalk", now=world.now, limit=5, leased_until=world.now + LEASE)
    assert claim(world) == []
    with world.database.session() as session:
        delivery.settle(session, [reply.id], State.SENT, at=world.now)
    assert [len(letters) for letters in claim(world)] == [10]


def test_other_topics_and_groups_go_in_calls_of_their_own(world: World) -> None:
    post(world, ["same"] * 3)
    post(world, ["same"] * 5, topic="nudge")
    with world.database.session() as session:
        groups = [
            Letter(to=Address("dingtalk", ChatKind.GROUP, f"g{n}"), body=Text("x", "y"), key=f"g{n}", bulk=True)
            for n in range(2)
        ]
        intake.post(session, groups, now=world.now)
    assert sorted(len(letters) for letters in claim(world)) == [1, 1, 2, 3], "k0 to k2 were posted before"


async def test_each_person_of_a_call_has_a_fate_of_their_own(world: World) -> None:
    post(world, ["same"] * 30)
    platform = Platform({"p1": Refused("invalidStaffIdList"), "p2": Later("flowControlledStaffIdList", 30.0)})
    await carry(world, platform)
    assert states(world) == {"sent": 28, "refused": 1, "waiting": 1}
    await carry(world, platform)
    assert len(platform.calls) == 2, "not before its time"
    world.now += timedelta(seconds=31)
    await carry(world, platform)
    assert platform.calls[2:] == [("k2~1", ("p2",))], "under a key of its own: the first one is used up"
    assert states(world) == {"sent": 29, "refused": 1}


async def test_what_became_of_a_letter_is_known_until_it_can_be_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is locked for longer than it is waited for, after the platform took the letter."""
    post(world, ["请在5月30日前完成自查"])
    settle, locked = delivery.settle, iter((True, True))

    def settled(*words: Any, **more: Any) -> None:
        if next(locked, False):
            raise OperationalError("UPDATE outgoing", {}, Exception("database is locked"))
        settle(*words, **more)

    monkeypatch.setattr(delivery, "settle", settled)
    monkeypatch.setattr("bot.settling._AGAIN", 0.0)
    await carry(world, platform := Platform())
    assert len(platform.calls) == 1
    assert states(world) == {State.SENT: 1}


async def test_what_is_for_later_goes_together_again(world: World) -> None:
    post(world, ["same"] * 20)
    platform = Platform(Later("403 QpsLimit", 1.0))
    await carry(world, platform)
    world.now += timedelta(seconds=2)
    await carry(world, platform)
    assert [len(to) for _, to in platform.calls] == [20, 20]
    assert states(world) == {"sent": 20}


async def test_one_bad_id_takes_nobody_with_it(world: World) -> None:
    post(world, ["same"] * 4)
    platform = Platform(SomeoneRefused("staffId.notExisted"), {}, SomeoneRefused("staffId.notExisted"))
    await carry(world, platform)
    await carry(world, platform)
    assert [len(to) for _, to in platform.calls] == [4, 1, 1, 1, 1]
    assert states(world) == {"sent": 3, "refused": 1}


async def test_no_answer_is_doubtful_where_keys_mean_nothing(world: World) -> None:
    post(world, ["same"] * 4)
    platform = Platform(Doubtful("ReadTimeout"))
    for _ in range(3):
        await carry(world, platform)
        world.now += timedelta(minutes=5)
    assert len(platform.calls) == 1
    assert states(world) == {"doubtful": 4}


async def test_where_a_repeated_key_is_refused_the_same_call_is_made_again(world: World) -> None:
    post(world, ["same"] * 25)
    platform = Platform(Doubtful("ReadTimeout"), keyed=True)
    await carry(world, platform)
    world.now += timedelta(seconds=5)
    await carry(world, platform)
    first, other, again = platform.calls
    assert again == first, "the same key and the same persons"
    assert len(other[1]) == 5
    assert states(world) == {"sent": 25}


async def test_a_call_made_again_waits_for_a_chat_that_is_busy(world: World) -> None:
    post(world, ["same"] * 3)
    platform = Platform(Doubtful("ReadTimeout"), keyed=True)
    await carry(world, platform)
    world.now += timedelta(seconds=5)
    with world.database.session() as session:
        letter = Letter(to=Address("dingtalk", ChatKind.DIRECT, "p1"), body=Text("hello", "y"))
        intake.post(session, [letter], now=world.now, reply_key="r")
        (reply,) = delivery.claim_replies(session, "dingtalk", now=world.now, limit=5, leased_until=world.now + LEASE)
    assert claim(world) == [], "never the same call with fewer persons"
    with world.database.session() as session:
        delivery.settle(session, [reply.id], State.SENT, at=world.now)
    await carry(world, platform)
    assert platform.calls[0] == platform.calls[1]


async def test_no_answer_for_ever_is_for_the_operator(world: World) -> None:
    post(world, ["same"])
    platform = Platform(*[Doubtful("ReadTimeout")] * 50, keyed=True)
    for _ in range(50):
        await carry(world, platform)
        world.now += timedelta(hours=2)
    assert len({key for key, _ in platform.calls}) == 1
    assert states(world) == {"doubtful": 1}


def test_a_killed_process_leaves_doubt_or_the_same_call(world: World) -> None:
    post(world, ["same"] * 20)
    assert len(claim(world)) == 1
    with world.database.session() as session:
        assert unsettled.orphans(session, at=world.now, keyed=("dingtalk",)) == 0
    ((first, *_),) = claim(world)
    assert (first.again, first.parcel) == (True, "k0")
    with world.database.session() as session:
        assert unsettled.orphans(session, at=world.now) == 20


async def test_the_months_end_of_the_quota_holds_all_bulk_and_says_so_once(world: World) -> None:
    post(world, ["a", "b"])
    told: list[str] = []
    await carry(world, Platform(QuotaGone("90020", 3600.0), QuotaGone("90020", 3600.0)), told)
    assert len(told) == 1
    with world.database.session() as session:
        (brake,) = brakes.holding(session, world.now, "dingtalk")
        assert brake.until == MORNING.replace(month=6, day=1, hour=0, tzinfo=SHANGHAI)
        assert brakes.holding(session, world.now, "webhook") == []
        assert brakes.holding(session, brake.until, "dingtalk") == []
        assert brakes.go_on(session) == [brake]
        assert brakes.holding(session, world.now) == []


def test_what_waits_is_found_by_index_however_much_lies_behind(world: World) -> None:
    """On both databases, for the very statements a round makes: no look at every letter there is."""
    post(world, [f"text {n % 500}" for n in range(3000)])
    asked: list[tuple[str, Any]] = []

    @event.listens_for(world.database.engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append((statement, given))

    with world.database.session() as session:
        if not world.database.is_sqlite:
            session.connection().execute(text("ANALYZE outgoing"))
        asked.clear()
        lease = world.now + LEASE
        delivery.claim_bulk(session, "dingtalk", now=world.now, parcels=1, most=20, leased_until=lease)
        delivery.claim_replies(session, "dingtalk", now=world.now, limit=8, leased_until=lease)
        unsettled.sweep(session, now=world.now, real_now=world.now)
        statements = [one for one in asked if "outgoing" in one[0]]
        plans = [explained(session, statement, given) for statement, given in statements]
    assert len(plans) >= 6
    for plan in plans:
        assert not re.search(r"SCAN outgoing(?! USING)|Seq Scan on outgoing(?! outgoing_)", plan), plan
    assert sum("ix_outgoing_queue" in plan for plan in plans) >= 2
    assert any("ix_outgoing_batch" in plan for plan in plans)


def explained(session: Session, statement: str, given: Any) -> str:
    sqlite = session.get_bind().dialect.name == "sqlite"
    one = given[0] if isinstance(given, list) else given
    told = session.connection().exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", one)
    return "\n".join(str(row[-1]) for row in told)


def replies(world: World, *lanes: str) -> list[str]:
    """Whom a process writes to that has just replied in these chats, where others carry too."""
    ours = delivery.Ours(lanes, world.now - timedelta(seconds=5))
    with world.database.session() as session:
        found = delivery.claim_replies(
            session, "dingtalk", now=world.now, limit=10, leased_until=world.now + LEASE, ours=ours
        )
    return [letter.key for letter in found]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_reply_is_left_to_the_process_that_wrote_it(world: World) -> None:
    post(world, ["好的。", "好的。", "好的。"], "reply")
    assert replies(world) == []
    assert replies(world, "dingtalk:direct:p1") == ["k1"]
    world.now += timedelta(seconds=5)
    assert replies(world) == ["k0", "k2"], "whoever wrote them is gone, or has too much to do"


def test_a_reply_tells_whether_another_letter_waits_in_its_chat(world: World) -> None:
    post(world, ["一", "二"], topic="reply")
    with world.database.session() as session:
        second = Letter(to=Address("dingtalk", ChatKind.DIRECT, "p0"), body=Text("再一", "自查"), key="k0#1")
        intake.post(session, [second], now=world.now)
        lease = world.now + LEASE
        claimed = delivery.claim_replies(session, "dingtalk", now=world.now, limit=8, leased_until=lease)
    assert [(one.key, one.more) for one in claimed] == [("k0", True), ("k1", False)]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_what_no_session_is_needed_for_anybody_carries(world: World) -> None:
    request = Letter(
        to=Address("dingtalk", ChatKind.DIRECT, "chen"), body=Text("请看。", "自查"), topic="request", key="r"
    )
    with world.database.session() as session:
        intake.post(session, [request], now=world.now)
    post(world, ["好的。"], "reply")
    assert replies(world, "dingtalk:direct:p0") == ["r", "k0"]
    with world.database.session() as session:
        letters = session.exec(select(Outgoing.id).where(Outgoing.key == "k0")).all()
        delivery.put_off(session, [one or 0 for one in letters], until=world.now, trouble="later")
    assert replies(world) == ["k0"], "it has been tried by the one who wrote it"
