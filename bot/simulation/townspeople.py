"""Everybody's days: when each sits down to their form, what makes them begin, what those in office have to do by when.

Must not know how a form or a return goes.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from random import Random

from bot.simulation import matters, temper
from bot.simulation.agenda import Agenda
from bot.simulation.believed import Belief, Beliefs
from bot.simulation.form import Form
from bot.simulation.gateway import Gateway
from bot.simulation.office import WAS_SENT_BACK, Office
from bot.simulation.phone import Phone, Switchboard, Timed
from bot.simulation.reading import UNFINISHED, Reading, Sort
from bot.simulation.temper import Temper, at, is_working_day, office_hour
from bot.simulation.town import group_of
from handlers.campaign.definition import Campaign
from storage.rows import PersonRow, Role, Roster, UnitKind

_FOLLOWS = 0.55
"""How often a reminder moves somebody who waits for one."""
_OPENINGS = ("你好", "开始", "自查")
_GOES_ON = "继续"
# The last day, from below upwards: hand up, receive and send back, mend, receive and hand up, …
_VILLAGES = time(16, 35)
_TOWNSHIPS_RECEIVE = time(17, 35)
_MENDED = time(18, 35)
_TOWNSHIPS = time(19, 35)
_COUNTIES = time(20, 35)
_CITY = time(21, 35)
_AT_LAST = time(22, 35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the days are played on."""

    campaign: Campaign
    begins: datetime
    line: Gateway
    agenda: Agenda
    switchboard: Switchboard
    timed: Timed
    now: Callable[[], datetime]


class Townspeople:
    def __init__(self, roster: Roster, stage: Stage, random: Random) -> None:
        self._stage, self._random, self._roster = stage, random, roster
        self.beliefs = Beliefs(people={})
        self._done: Counter[str] = Counter()
        self._counted: set[str] = set()
        stage.switchboard.told = self._told
        for serial, row in enumerate(roster.people):
            self._settles(serial, row)
        self._offices()

    def _settles(self, serial: int, row: PersonRow) -> None:
        stage, officer = self._stage, row.roles != {Role.STAFF}
        deadline = stage.campaign.deadline
        theirs = Random(f"{self._random.random()}")
        drawn = temper.character(theirs, first=stage.begins.date(), deadline=deadline, officer=officer)
        belief = Belief(
            staff_id=row.staff_id,
            name=row.name,
            unit=row.unit_code,
            officer=officer,
            character=drawn,
            meant=matters.draw(theirs, drawn.matter, deadline=deadline, serial=serial),
        )
        self.beliefs.people[row.staff_id] = belief
        phone = Phone(belief, stage.line, stage.now, stage.timed)
        stage.switchboard.phones[row.staff_id] = phone
        if drawn.begins:
            stage.agenda.add(max(drawn.begins, stage.begins), partial(self._sits_down, phone, theirs))

    # ---- a form

    async def _sits_down(self, phone: Phone, random: Random, *, again: bool = False) -> None:
        """Once or, for those who stop half-way, twice."""
        belief = phone.belief
        if phone.busy.locked() or belief.receipt:
            return
        stops = belief.character.stops and not again
        async with phone.busy:
            form = Form(phone, self._stage.campaign, random)
            opening = _GOES_ON if again else random.choice(_OPENINGS)
            done = await form.fill(opening, **({"at_most": random.randint(1, 3)} if stops else {}))
        if done and belief.character.temper is Temper.TWICE:
            self._stage.agenda.add(self._another_day(random), partial(self._changes, phone, random))
        if not done and not again:
            self._stage.agenda.add(self._another_day(random), partial(self._sits_down, phone, random, again=True))

    async def _changes(self, phone: Phone, random: Random) -> None:
        async with phone.busy:
            await Form(phone, self._stage.campaign, random).change()

    def _another_day(self, random: Random) -> datetime:
        """One of the next working days before everything is handed up."""
        today, last = self._stage.now().date(), self._stage.campaign.deadline
        days = [today + timedelta(days=n) for n in range(1, 5)]
        possible = [day for day in days if day <= last and is_working_day(day)]
        if not possible:
            return self._stage.now() + timedelta(minutes=random.uniform(10, 60))
        then = office_hour(random, random.choice(possible))
        return min(then, at(last, time(15, 30)))

    def _told(self, phone: Phone, reading: Reading) -> None:
        """What they have just read may set them going."""
        belief = phone.belief
        if belief.receipt and belief.staff_id not in self._counted:
            self._counted.add(belief.staff_id)
            self._done[belief.unit] += 1
        if reading.sort is Sort.REMINDER and reading.audience == UNFINISHED:
            self._reminded(phone)
        elif belief.officer and WAS_SENT_BACK.search(reading.text):
            self.beliefs.handed_up.discard(belief.unit)
            mending = at(self._stage.campaign.deadline, _MENDED)
            self._stage.agenda.add(max(mending, self._stage.now()), partial(self._hands_up, self._office(phone)))

    def _reminded(self, phone: Phone) -> None:
        belief = phone.belief
        waits = belief.character.temper is Temper.REMINDED and not belief.said
        if waits and self._random.random() < _FOLLOWS:
            theirs = Random(f"{self._random.random()}")
            then = self._stage.now() + timedelta(minutes=theirs.uniform(3, 360))
            self._stage.agenda.add(then, partial(self._sits_down, phone, theirs))

    # ---- offices

    def _offices(self) -> None:
        deadline, agenda = self._stage.campaign.deadline, self._stage.agenda
        early = deadline - timedelta(days=1)
        while not is_working_day(early):
            early -= timedelta(days=1)
        kinds = {unit.code: unit.kind for unit in self._roster.units}
        groups = {unit.code: group_of(unit) for unit in self._roster.units}
        for hour in (_VILLAGES, _TOWNSHIPS_RECEIVE, _MENDED, _TOWNSHIPS, _COUNTIES, _CITY, _AT_LAST):
            agenda.milestone(at(deadline, hour))
        for phone in self._stage.switchboard.phones.values():
            unit = phone.belief.unit
            if not phone.belief.officer:
                continue
            office = self._office(phone)
            match kinds[unit]:
                case UnitKind.VILLAGE:
                    then = max(office_hour(self._random, early), self._stage.begins)
                    agenda.add(min(then, at(early, time(17))), partial(self._hands_up, office, whole=True))
                    agenda.add(self._within(_VILLAGES), partial(self._hands_up, office))
                case UnitKind.TOWNSHIP:
                    bound = at(self._stage.begins.date(), time(9))
                    agenda.add(max(bound, self._stage.begins), partial(self._binds, phone, groups[unit]))
                    agenda.add(at(early, time(17, 35)), partial(self._receives, office))
                    agenda.add(self._within(_TOWNSHIPS_RECEIVE), partial(self._receives, office, strict=True))
                    agenda.add(self._within(_TOWNSHIPS), partial(self._receives, office, hands_up=True))
                case UnitKind.COUNTY:
                    agenda.add(self._within(_COUNTIES), partial(self._receives, office, hands_up=True))
                case _:
                    agenda.add(self._within(_CITY), partial(self._receives, office))
                    agenda.add(at(deadline, _AT_LAST), office.asks_progress)

    def _within(self, hour: time) -> datetime:
        """Some minutes after an hour of the last day, another for each."""
        return at(self._stage.campaign.deadline, hour) + timedelta(minutes=self._random.uniform(0, 50))

    def _office(self, phone: Phone) -> Office:
        random = Random(f"{self._random.random()}")
        return Office(phone, self.beliefs, random, lambda unit: self._done[unit])

    async def _hands_up(self, office: Office, *, whole: bool = False) -> None:
        async with office.phone.busy:
            await office.hand_up(whole=whole)

    async def _receives(self, office: Office, *, strict: bool = False, hands_up: bool = False) -> None:
        async with office.phone.busy:
            await office.receive(strict=strict)
            if hands_up:
                await office.hand_up(whole=False)

    async def _binds(self, phone: Phone, group: str) -> None:
        phone.belief.said.append(await self._stage.line.say(phone.belief.staff_id, "绑定", group))
