"""Letters on their way out: each once, in order, replies first, and never twice where nobody knows."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from storage import delivery, outbox, unsettled
from storage.database import Database
from storage.delivery import Claimed
from storage.outbox import Post, State
from tests.conftest import Worlds
from tests.world import MORNING, World

CHANNEL = "dingtalk"
LEASE = timedelta(minutes=2)
A_MINUTE = timedelta(minutes=1)


def letter(key: str, lane: str = "a", *, bulk: bool = False, topic: str = "reply", **times: object) -> Post:
    """`lane` is the name of a person."""
    lane = f"{CHANNEL}:direct:{lane}"
    return Post(key=key, lane=lane, topic=topic, body=f"{{{key}}}", bulk=bulk, **{"not_before": MORNING, **times})  # type: ignore[arg-type]


@pytest.fixture
def database(world: World) -> Database:
    return world.database


def post(database: Database, *letters: Post) -> int:
    with database.session() as session:
        return outbox.post(session, letters)


def claim(database: Database, *, limit: int = 10, after: timedelta = timedelta()) -> list[Claimed]:
    now = MORNING + after
    with database.session() as session:
        replies = delivery.claim_replies(session, CHANNEL, now=now, limit=limit, leased_until=now + LEASE)
        left = limit - len(replies)
        bulk = delivery.claim_bulk(session, CHANNEL, now=now, parcels=left, most=20, leased_until=now + LEASE)
        return [*replies, *(one for parcel in bulk for one in parcel)]


def settle(database: Database, claimed: Claimed, state: State = State.SENT) -> None:
    with database.session() as session:
        delivery.settle(session, [claimed.id], state, at=MORNING)


def sweep(database: Database, after: timedelta) -> tuple[int, int]:
    with database.session() as session:
        return unsettled.sweep(session, now=MORNING + after, real_now=MORNING + after)


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return outbox.counts(session)


def carried(database: Database, after: timedelta = timedelta()) -> list[str]:
    """Everything that goes now, as an untroubled postman carries it."""
    keys = []
    while batch := claim(database, after=after):
        for one in batch:
            settle(database, one)
        keys += [one.key for one in batch]
    return keys


def test_a_key_is_posted_once(database: Database) -> None:
    assert post(database, letter("k1"), letter("k2")) == 2
    assert post(database, letter("k2", "b"), letter("k3")) == 1
    assert carried(database) == ["k1", "k2", "k3"]
    assert post(database, letter("k1")) == 0, "not even after it was sent"


def test_a_chat_gets_one_letter_at_a_time_in_the_order_of_writing(database: Database) -> None:
    post(database, letter("a1"), letter("a2"), letter("b1", "b"), letter("a3"))
    first = claim(database)
    assert [one.key for one in first] == ["a1", "b1"]
    assert claim(database) == [], "both chats are busy"
    settle(database, first[0])
    assert [one.key for one in claim(database)] == ["a2"]


def test_replies_go_ahead_of_reminders(database: Database) -> None:
    post(database, *(letter(f"bulk{n}", f"lane{n}", bulk=True, topic="reminder") for n in range(5)))
    post(database, letter("reply", "lane9"), letter("own reply", "lane3"))
    keys = [one.key for one in claim(database, limit=3)]
    assert keys[:2] == ["reply", "own reply"]
    assert "bulk3" not in keys, "the chat with the reply is busy"


def test_the_order_holds_whatever_number_of_postmen_there_are(new_world: Worlds) -> None:
    world = new_world()
    other = Database(world.url)
    post(world.database, *(letter(f"{lane}{n}", lane) for n in range(3) for lane in "abc"))
    seen: dict[str, list[str]] = {}
    while True:
        batches = [(db, one) for db in (world.database, other) for one in claim(db, limit=2)]
        if not batches:
            break
        assert len({one.lane for _, one in batches}) == len(batches), "two under way in one chat"
        for db, one in batches:
            seen.setdefault(one.lane[-1], []).append(one.key)
            settle(db, one)
    other.close()
    assert seen == {lane: [f"{lane}{n}" for n in range(3)] for lane in "abc"}


def test_a_letter_waits_for_its_time(database: Database) -> None:
    post(database, letter("later", not_before=MORNING + A_MINUTE), letter("now"))
    assert carried(database) == ["now"]
    assert carried(database, after=A_MINUTE) == ["later"]


def test_no_answer_means_doubtful_and_is_not_sent_again(database: Database) -> None:
    post(database, letter("k1"))
    claim(database)
    assert sweep(database, LEASE) == (0, 0), "the lease is not over yet"
    assert sweep(database, LEASE + A_MINUTE) == (1, 0)
    assert counts(database) == {"doubtful": 1}
    assert carried(database, after=LEASE * 10) == []


def test_a_doubtful_letter_does_not_stop_the_next(database: Database) -> None:
    post(database, letter("k1"), letter("k2"))
    claim(database)
    sweep(database, LEASE + A_MINUTE)
    assert carried(database, after=LEASE + A_MINUTE) == ["k2"]


def test_an_answer_that_comes_late_still_counts(database: Database) -> None:
    post(database, letter("k1"))
    (one,) = claim(database)
    sweep(database, LEASE + A_MINUTE)
    settle(database, one)
    assert counts(database) == {"sent": 1}


def test_what_was_settled_stays_settled(database: Database) -> None:
    post(database, letter("k1"))
    (one,) = claim(database)
    settle(database, one, State.REFUSED)
    settle(database, one, State.SENT)
    assert counts(database) == {"refused": 1}


def test_a_letter_put_off_keeps_its_place(database: Database) -> None:
    post(database, letter("a1"), letter("a2"), letter("b1", "b"))
    first, other = claim(database)
    settle(database, other)
    with database.session() as session:
        delivery.put_off(session, [first.id], until=MORNING + A_MINUTE, trouble="busy")
    assert carried(database) == [], "what was written after it does not overtake it"
    assert carried(database, after=A_MINUTE) == ["a1", "a2"]


def test_a_reminder_put_off_does_not_hold_up_a_reply(database: Database) -> None:
    post(database, letter("reminder", bulk=True, topic="reminder"))
    (one,) = claim(database)
    with database.session() as session:
        delivery.put_off(session, [one.id], until=MORNING + A_MINUTE, trouble="busy")
    post(database, letter("reply"))
    assert carried(database) == ["reply"]
    assert carried(database, after=A_MINUTE) == ["reminder"]


def test_attempts_are_counted(database: Database) -> None:
    post(database, letter("k1"))
    for attempt in (1, 2, 3):
        (one,) = claim(database, after=A_MINUTE * attempt)
        assert one.attempts == attempt
        with database.session() as session:
            delivery.put_off(session, [one.id], until=MORNING, trouble="")


def test_what_is_too_late_expires(database: Database) -> None:
    post(database, letter("k1", expires_at=MORNING + A_MINUTE), letter("k2", "b"))
    assert sweep(database, A_MINUTE) == (0, 0)
    assert sweep(database, A_MINUTE * 2) == (0, 1)
    assert carried(database, after=A_MINUTE * 2) == ["k2"]


def test_only_waiting_letters_of_the_chat_and_topic_are_taken_back(database: Database) -> None:
    post(
        database,
        letter("sent", topic="reminder"),
        letter("waits", topic="reminder", not_before=MORNING + A_MINUTE),
        letter("nudge", topic="nudge", not_before=MORNING + A_MINUTE),
        letter("reply", not_before=MORNING + A_MINUTE),
        letter("other chat", "b", topic="reminder", not_before=MORNING + A_MINUTE),
    )
    assert carried(database) == ["sent"]
    with database.session() as session:
        assert outbox.withdraw(session, ["dingtalk:direct:a"], ("reminder", "nudge"), at=MORNING) == 2
    assert sorted(carried(database, after=A_MINUTE)) == ["other chat", "reply"]


def test_known_keys_are_told_from_new_ones(database: Database) -> None:
    post(database, *(letter(f"k{n}", f"lane{n}") for n in range(700)))
    with database.reading() as session:
        assert outbox.known_keys(session, [f"k{n}" for n in range(0, 1400, 2)]) == {f"k{n}" for n in range(0, 700, 2)}


def test_a_rolled_back_turn_posts_nothing(database: Database) -> None:
    def turn() -> None:
        with database.session() as session:
            outbox.post(session, [letter("k1")])
            raise LookupError("the turn failed")

    with pytest.raises(LookupError):
        turn()
    assert counts(database) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.sampled_from([State.SENT, State.REFUSED, State.DOUBTFUL])),
        max_size=12,
    )
)
@settings(max_examples=10, deadline=None)
def test_every_letter_is_carried_once_and_in_order(letters: list[tuple[str, bool, State]]) -> None:
    database = Database("sqlite://")
    SQLModel.metadata.create_all(database.engine)
    post(database, *(letter(f"{n}", lane, bulk=bulk) for n, (lane, bulk, _) in enumerate(letters)))
    went: list[int] = []
    while batch := claim(database, limit=3):
        for one in batch:
            went.append(int(one.key))
            settle(database, one, letters[int(one.key)][2])
    assert sorted(went) == list(range(len(letters)))
    for lane in "abc":
        mine = [n for n in went if letters[n][0] == lane]
        assert mine == sorted(mine, key=lambda n: (letters[n][1], n))
    database.close()


def test_a_letter_taken_back_is_not_the_last_seen_any_more(database: Database) -> None:
    """Asked for before and after, within one transaction."""
    post(database, letter("menu"), letter("digest", topic="digest"))
    lane = "dingtalk:direct:a"
    with database.session() as session:
        assert outbox.last(session, lane, now=MORNING).key == "digest"  # type: ignore[union-attr]
        assert outbox.withdraw(session, [lane], ["digest"], at=MORNING) == 1
        assert outbox.last(session, lane, now=MORNING).key == "menu"  # type: ignore[union-attr]
