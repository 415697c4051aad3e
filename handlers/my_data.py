"""我的数据: what is held about whoever asks, why, until when and who can see it; and what to do where it is wrong.

Only ever about the sender, in 1:1, numbers masked.
"""

from datetime import timedelta

from handlers import menus
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.texts import own_data as texts
from storage import cases, own_data, read_states, roster
from storage.models import Person, Unit
from storage.vault import VaultError, phone_purpose

MOST_OPEN = 3
"""So many requests of one person wait at a time."""


def show(desk: Desk, person: Person) -> list[Letter]:
    """«我的数据»."""
    campaign = desk.campaign
    case = cases.find(desk.session, campaign.id, person.id or 0)
    pledge = cases.pledge(desk.session, case) if case else None
    held = own_data.held(desk.session, campaign.id, person)
    told = texts.held(
        campaign,
        roster=texts.in_roster(person.name, desk.unit_name(desk.unit_of(person)), _phone(desk, person)),
        case=texts.checked(campaign, case.submitted_at, case.receipt, held.answers, held.submissions) if case else "",
        pledge=texts.pledged(campaign, pledge.at, pledge.text_version, pledge.number_mask) if pledge else "",
        risks=held.risks,
        exemptions=held.exemptions,
        drawn=held.drawn,
        read=read_states.of_people(desk.session, campaign.id, [person.id or 0]).get(person.id or 0, ""),
        actions=held.actions,
        until=campaign.deadline + timedelta(days=campaign.retention.records),
    )
    desk.record("own_data")
    return [desk.offer(told, menus.numbered((texts.EDIT, texts.EDIT), (texts.WRONG, texts.WRONG)))]


def _phone(desk: Desk, person: Person) -> str:
    """Masked; empty where none is known."""
    if not person.phone_sealed:
        return ""
    try:
        number = desk.vault.open(person.phone_sealed, phone_purpose(person.staff_id))
    except VaultError:
        return texts.UNREADABLE
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "****"


def ask(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«资料有误 单位应为岩泉街道»: goes to the coordinator, who sees it in 待办."""
    if not command.rest:
        return [desk.tell(texts.HOW_TO_ASK)]
    if own_data.waiting(desk.session, person) >= MOST_OPEN:
        return [desk.tell(texts.ENOUGH)]
    asked = own_data.ask(desk.session, person, command.rest, desk.now)
    desk.record("own_data.wrong", subject=f"request/{asked.id}")
    unit = desk.unit_of(person)
    looking = [one for one in roster.coordinators(desk.session, unit, desk.now) if one.id != person.id]
    told = texts.asked_above(person.name, unit.name, command.rest, asked.id or 0)
    options = menus.numbered((texts.MENDED, f"{texts.MENDED} {asked.id}"))
    letters = [
        letter for one in looking for letter in desk.write_to(one, told, options, key=f"data/{asked.id}/{one.id}")
    ]
    return [desk.tell(texts.asked([one.name for one in looking])), *letters]


def mended(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«资料已改 3», said by a coordinator: who asked is told. Without a number: what is open."""
    open_ones = [found for top in _tops(desk, person) for found in own_data.open_requests(desk.session, top.path)]
    if not command.rest:
        lines = [texts.waiting_line(who.name, unit.name, one.text, one.id or 0) for one, who, unit in open_ones]
        return [desk.confide("\n".join(lines) or texts.NONE_OPEN)]
    found = next((one for one in open_ones if one[0].id == int(command.rest)), None)
    if found is None:
        return [desk.confide(texts.no_such(command.rest))]
    request, who, _ = found
    own_data.close(desk.session, request, person.id or 0, desk.now)
    desk.record("own_data.mended", subject=f"request/{request.id}")
    told = desk.write_to(who, texts.MENDED_FOR_YOU, key=f"data/{request.id}/mended")
    return [desk.confide(texts.closed(who.name)), *told]


def _tops(desk: Desk, person: Person) -> list[Unit]:
    return [unit for _, unit in desk.reach(person).appointments]
