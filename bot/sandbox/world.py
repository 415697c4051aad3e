"""The invented organisation: people, groups, the robot. Read once from the world file, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROBOT = "robot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    staff_id: str
    name: str
    title: str = ""
    featured: bool = False
    note: str = ""
    external: bool = False
    admin: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "staffId": self.staff_id,
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "featured": self.featured,
            "external": self.external,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    conversation_id: str
    title: str
    members: tuple[str, ...]
    robot: bool = True  # whether the robot was added to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    number: int
    name: str
    parent: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRobot:
    """A robot somebody added to a group by hand: whoever has its token may speak, if its guards let them."""

    token: str
    conversation_id: str
    name: str
    secret: str = ""
    keywords: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    corp_id: str
    robot: dict[str, str]
    people: dict[str, Person]
    groups: dict[str, Group]
    samples: dict[str, Path]
    """Files a visitor without any at hand may send, by the name they are sent under."""
    departments: dict[int, Department]
    hidden_departments: frozenset[int]
    """Outside of what the app may read."""
    custom_robots: dict[str, CustomRobot]
    """By their tokens."""

    @property
    def robot_name(self) -> str:
        return self.robot.get("name", "机器人")

    def find(self, words: str, limit: int) -> list[Person]:
        """People whose name, place or id holds the words; those whose name begins with them first."""
        words = words.strip()
        hits = [p for p in self.people.values() if words in p.name or words in p.title or words == p.staff_id]
        return sorted(hits, key=lambda p: not p.name.startswith(words))[:limit]

    def groups_of(self, staff_id: str) -> list[Group]:
        return [group for group in self.groups.values() if staff_id in group.members]


def load(path: Path) -> World:
    data = json.loads(path.read_text(encoding="utf-8"))
    people = (
        Person(
            staff_id=p["staffId"],
            name=p["name"],
            title=p.get("title", ""),
            featured=bool(p.get("featured")),
            note=p.get("note", ""),
            external=bool(p.get("external")),
            admin=bool(p.get("admin")),
        )
        for p in data["people"]
    )
    groups = (
        Group(
            conversation_id=g["conversationId"],
            title=g["title"],
            members=tuple(g["members"]),
            robot=bool(g.get("robot", True)),
        )
        for g in data.get("groups", [])
    )
    return World(
        data["corpId"],
        dict(data["robot"]),
        {p.staff_id: p for p in people},
        {g.conversation_id: g for g in groups},
        {name: Path(file) for name, file in data.get("samples", {}).items()},
        {d["deptId"]: _department(d) for d in data.get("departments", [])},
        frozenset(d["deptId"] for d in data.get("departments", []) if d.get("hidden")),
        {robot.token: robot for robot in map(_custom_robot, data.get("customRobots", []))},
    )


def _department(told: dict[str, Any]) -> Department:
    return Department(
        number=told["deptId"],
        name=told["name"],
        parent=told.get("parentId", 0),
        members=tuple(told.get("members", ())),
    )


def _custom_robot(data: dict[str, Any]) -> CustomRobot:
    return CustomRobot(
        token=data["token"],
        conversation_id=data["conversationId"],
        name=data.get("name", "机器人"),
        secret=data.get("secret", ""),
        keywords=tuple(data.get("keywords", ())),
        ips=tuple(data.get("ips", ())),
    )
