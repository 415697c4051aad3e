"""Which reminders are due, and the letters they become. `due` is pure; nothing is remembered here: the key of a
firing and of each letter is the memory (`storage.cases.fire`, the outbox)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import menus, texts
from handlers.campaign.definition import Campaign, ReminderRule
from handlers.desk import full_name
from handlers.manners import polite_day
from handlers.messages import Address, ChatKind, Choice, Letter, Text
from storage import cases, oversight, roster
from storage.models import Firing


@dataclass(frozen=True, slots=True)
class Due:
    """A rule and the moment it is for."""

    rule: ReminderRule
    at: datetime

    @property
    def late_by(self) -> datetime:
        """After this it is not sent any more."""
        return self.at + timedelta(hours=self.rule.late_by_hours)


def calendar(campaign: Campaign) -> list[Due]:
    """Every moment of every rule, earliest first. A day off moves to the working day before it (notice: 30 May 2022
    is a Monday; one day before is a Sunday, so that reminder comes on Friday the 27th)."""
    moments: dict[datetime, Due] = {}
    for rule in sorted(campaign.reminders, key=lambda rule: -rule.days_before):
        wanted = campaign.deadline - timedelta(days=rule.days_before)
        day = polite_day(campaign, wanted)
        if day < campaign.published or (rule.days_before == 0 and day != wanted):
            continue  # what is said on the last day is said on no other
        at = datetime.combine(day, rule.at, campaign.zone)
        moments[at] = Due(rule, at)  # two rules that meet are one reminder, that of the nearer deadline
    return sorted(moments.values(), key=lambda due: due.at)


def due(campaign: Campaign, now: datetime) -> list[Due]:
    """The moments that have come and are not too late."""
    return [moment for moment in calendar(campaign) if moment.at <= now <= moment.late_by]


def fire(session: Session, campaign: Campaign, moment: Due, *, now: datetime, channel: str) -> list[Letter] | None:
    """The letters of a moment, for those unfinished now; None if it was dealt with before, here or elsewhere."""
    day = moment.at.astimezone(campaign.zone).date()
    firing = Firing(campaign=campaign.id, rule=moment.rule.id, day=day, fired_at=now)
    if not cases.fire(session, firing):
        return None
    letters: list[Letter] = []
    if "people" in moment.rule.to:
        letters += _to_people(session, campaign, moment, channel)
    if "groups" in moment.rule.to:
        letters += _to_groups(session, campaign, moment)
    return letters


def _key(campaign: Campaign, moment: Due, recipient: str) -> str:
    local = moment.at.astimezone(campaign.zone)
    return f"{campaign.id}/{moment.rule.id}/{local:%Y-%m-%dT%H:%M}/{recipient}"


def _to_people(session: Session, campaign: Campaign, moment: Due, channel: str) -> Iterator[Letter]:
    for person, _, begun in oversight.unfinished(session, campaign.id, "/"):
        # no name in it: the same words go to twenty persons in one call, and calls are counted
        words = moment.rule.people_text.format(state=texts.state_of(begun=begun), **_when(campaign, moment))
        yield Letter(
            to=Address(channel, ChatKind.DIRECT, person.staff_id),
            body=Choice(texts.TITLE, words, menus.numbered(("继续", "继续"))),
            topic="reminder",
            key=_key(campaign, moment, f"p{person.id}"),
            expires_at=moment.late_by,
            bulk=True,
        )


def _to_groups(session: Session, campaign: Campaign, moment: Due) -> Iterator[Letter]:
    for group, unit in roster.groups(session):
        total, _ = oversight.rolled_up(session, campaign.id, unit)
        if not total.missing:
            continue
        words = moment.rule.group_text.format(
            unit=full_name(roster.chain(session, unit)),
            expected=total.expected,
            finished=total.finished,
            missing=total.missing,
            percent=f"{total.percent}%",
            **_when(campaign, moment),
        )
        yield Letter(
            to=Address(group.channel, ChatKind.GROUP, group.conversation_id),
            body=Text(words, texts.TITLE),
            topic="reminder",
            key=_key(campaign, moment, f"g{group.conversation_id}"),
            expires_at=moment.late_by,
            bulk=True,
        )


def _when(campaign: Campaign, moment: Due) -> dict[str, str]:
    days = (campaign.deadline - moment.at.astimezone(campaign.zone).date()).days
    return {"deadline": texts.day(campaign.deadline), "days": str(days)}
