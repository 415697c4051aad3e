"""The verdict: what the gateway's books say against what the bot's database says, when everything has come to rest."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox_process import JSON, SandboxProcess

ENDED = {"sent", "doubtful", "expired", "withdrawn"}


@dataclass(frozen=True, slots=True)
class Letter:
    key: str
    lane: str
    topic: str
    state: str
    words: str


def rows(data: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / "zicha.sqlite3", timeout=60)) as database:
        return database.execute(question, values).fetchall()


def letters(data: Path) -> list[Letter]:
    found = rows(data, "select key, lane, topic, state, body from outgoing order by id")
    return [Letter(*line[:4], words=json.loads(line[4]).get("markdown", "")) for line in found]


def at_rest(box: SandboxProcess, data: Path, people: Iterable[str]) -> bool:
    """Every message acked, every file fetched or given up, every letter at its end."""
    said = (message for who in people for message in box.messages(who) if message["mine"])
    if not all(message["read"] for message in said):
        return False
    if rows(data, "select 1 from errand where state not in ('done', 'lost')"):
        return False
    return all(letter.state in ENDED for letter in letters(data))


def judge(box: SandboxProcess, data: Path, people: list[str]) -> list[str]:
    """What is wrong, a line each; empty where nothing is."""
    written = letters(data)
    wrong = [*_messages(box, data, people, written)]
    for who in people:
        wrong += _chat(who, box.replies(who), [one for one in written if one.lane == f"dingtalk:direct:{who}"])
    wrong += [entry["summary"] for entry in box.ledger("violation")]
    return wrong


def _messages(box: SandboxProcess, data: Path, people: list[str], written: list[Letter]) -> Iterable[str]:
    said = [message for who in people for message in box.messages(who) if message["mine"]]
    if unread := [message["id"] for message in said if not message["read"]]:
        yield f"messages nobody acked: {unread}"
    ((kept, different, faults),) = rows(
        data, "select count(*), count(distinct msg_id), sum(fault != '') from inbound where sender != ''"
    )
    if kept != different or kept != len(said):
        yield f"{len(said)} messages were said, {kept} stored, {different} of them different"
    if faults:
        yield f"{faults} messages could not be answered"
    answered = {letter.key.rpartition("#")[0] for letter in written if letter.topic == "reply"}
    if len(answered) < len(said):
        yield f"{len(said)} messages, {len(answered)} of them answered"


def _chat(who: str, seen: list[JSON], written: list[Letter]) -> Iterable[str]:
    """Everything sent was seen once; what is doubtful was seen once or not; nothing else was seen."""
    shown = Counter(_bare(message["text"]) for message in seen if message["kind"] != "file")
    sent = Counter(_bare(letter.words) for letter in written if letter.state == "sent" and letter.words)
    unsure = Counter(_bare(letter.words) for letter in written if letter.state == "doubtful" and letter.words)
    for words in {*shown, *sent, *unsure}:
        if not sent[words] <= shown[words] <= sent[words] + unsure[words]:
            counts = f"seen {shown[words]}, sent {sent[words]}, doubtful {unsure[words]}"
            yield f"{who}: {counts}: {words[:60]!r}"
    if left := [letter.key for letter in written if letter.state not in ENDED]:
        yield f"{who}: neither sent nor listed: {left}"


def _bare(words: str) -> str:
    """The first paragraph: buttons, where there are many, are written as text by one of the ways to a chat."""
    return words.strip().split("\n\n")[0]


def forms(data: Path) -> dict[str, list[tuple[str, str]]]:
    """What everybody's form says at the end, by staff id."""
    found: dict[str, list[tuple[str, str]]] = {}
    question = (
        "select p.staff_id, a.key, a.given from answer a join self_check c on c.id = a.case_id "
        "join person p on p.id = c.person_id order by p.staff_id, a.key, a.id"
    )
    for who, key, given in rows(data, question):
        found.setdefault(who, []).append((key, json.dumps(json.loads(given or "null"), sort_keys=True)))
    return found
