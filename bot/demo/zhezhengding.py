"""浙政钉 in the demo: who is known there and under which ids, the settings of its app, and where the chat page listens.

The gateway has the same ids from the world file; nothing else is agreed between the two.
"""

import socket
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.channels.zhezhengding.login import PLATFORM
from bot.demo.roster import personas
from bot.page_settings import PageSettings
from bot.zhezhengding_settings import ZhezhengdingSettings
from storage import accounts, roster
from storage.database import Database
from storage.rows import Roster, UnitKind

_KEY, _SECRET, _TENANT = "zzdsandbox", "sandbox-zzd-secret", "196729"
_PORT = 8070
_TODOS_A_SECOND = 100.0
_FIRST_ACCOUNT = 77_000_001


def page_address(*, any_port: bool) -> str:
    """Where the chat page will listen: the port of the settings' default if it is free and wanted, or any other."""
    for port in (0,) if any_port else (_PORT, 0):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return f"http://127.0.0.1:{one.getsockname()[1]}"
    raise OSError("no free port")


def settings(gateway: str, page: str) -> dict[str, Any]:
    """By field name, all of them said; without a page 浙政钉 is off, whatever the environment says."""
    on = bool(page)
    client = Path(str(resources.files("bot") / "sandbox" / "page" / "client.js"))
    rooms = (ZhezhengdingSettings, PageSettings)
    return {
        **{name: field.default for room in rooms for name, field in room.model_fields.items()},
        "zzd_base_url": gateway,
        "zzd_app_key": _KEY if on else "",
        "zzd_app_secret": _SECRET,
        "zzd_tenant_id": _TENANT,
        "zzd_todo_rate": _TODOS_A_SECOND,
        "platforms": (PLATFORM, "dingtalk") if on else (),
        "h5_url": page,
        "h5_port": urlsplit(page).port or _PORT,
        "h5_jsapi": client,
        "h5_frame_ancestors": gateway,
    }


def known(world: dict[str, Any], people: Roster) -> dict[str, Any]:
    """The world file with the ids of 浙政钉: those of `introduce`; nobody else is known there."""
    ids = _ids(people)
    for entry in world["people"]:
        staff_id = entry["staffId"]
        entry |= {"accountId": ids[staff_id]} if staff_id in ids else {"onlyDingtalk": True}
    return world


def introduce(database: Database, people: Roster, at: datetime) -> None:
    """The bot learns the ids, as it does from the directory."""
    with database.session() as session:
        for staff_id, account_id in _ids(people).items():
            if person := roster.person(session, staff_id):
                accounts.link(session, platform=PLATFORM, account_id=account_id, person_id=person.id or 0, at=at)


def _ids(people: Roster) -> dict[str, str]:
    """accountIds by staff id: of the people of villages and communities, and of everybody a visitor can be; the others
    work in DingTalk."""
    villages = {unit.code for unit in people.units if unit.kind is UnitKind.VILLAGE}
    featured = {persona.staff_id for persona in personas(people) if not persona.outside}
    there = (one.staff_id for one in people.people if one.unit_code in villages or one.staff_id in featured)
    return {staff_id: str(_FIRST_ACCOUNT + n) for n, staff_id in enumerate(there)}
