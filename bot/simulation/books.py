"""The books at the end: what people believe, what the platform counted and what the database says have to agree.

Every page is a function of the three accounts; what differs is a line. Must not know where the accounts come from.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from bot import quota
from bot.simulation.believed import Belief, Beliefs
from bot.simulation.kept import Kept, Lane
from bot.simulation.reading import NUDGE, UNFINISHED
from bot.simulation.temper import is_working_day

_COST_OF_A_KILL = quota.MOST
"""What the bot may not have written down when it is killed, of all that is billed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How often and when people may be written to unasked, as the campaign says."""

    most: int
    begins: time
    ends: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the gateway counted."""

    pushed: int
    """Messages pushed to the bot, copies included."""
    lost: int
    """Messages it gave up."""
    webhook: int
    api: int
    violations: tuple[str, ...] = ()
    kills: int = 0
    """How often the bot was killed; each may cost the bot's own count its last seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    beliefs: Beliefs
    kept: Kept
    platform: Platform
    rules: Rules
    reporting: frozenset[str] = frozenset()
    """Units whose return has to reach the city."""

    @property
    def people(self) -> Mapping[str, Belief]:
        return self.beliefs.people


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    title: str
    told: str
    differences: tuple[str, ...]
    explained: tuple[str, ...] = ()
    """What is not as on a day without faults, and why that is right."""


@dataclass(slots=True)
class _Notes:
    told: str = ""
    wrong: list[str] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)


def close(accounts: Accounts) -> tuple[Page, ...]:
    """Every page of the books."""
    pages = []
    for title, check in _CHECKS.items():
        notes = _Notes()
        notes.told = check(accounts, notes)
        pages.append(
            Page(title=title, told=notes.told, differences=tuple(notes.wrong), explained=tuple(notes.explained))
        )
    return tuple(pages)


def _finished(accounts: Accounts, notes: _Notes) -> str:
    kept = accounts.kept.receipts
    believed = {who: one.receipt for who, one in accounts.people.items() if one.receipt}
    for who in sorted({*kept, *believed}):
        if who not in kept:
            notes.wrong.append(f"{who} 收到回执 {believed[who]}，数据库里没有提交")
        elif who not in believed:
            if _unsure(accounts, who):
                notes.explained.append(f"{who} 已提交，回执那条消息存疑，本人不知道")
            else:
                notes.wrong.append(f"{who} 在数据库里已提交（{kept[who]}），本人没有收到回执")
        elif kept[who] != believed[who]:
            notes.wrong.append(f"{who} 的回执是 {believed[who]}，数据库里是 {kept[who]}")
    if len(set(kept.values())) != len(kept):
        notes.wrong.append("有人的回执号相同")
    told = accounts.beliefs.figures
    if told is not None and told != (len(kept), len(accounts.people)):
        notes.wrong.append(f"市里看到 {told[0]}/{told[1]}，数据库里 {len(kept)}/{len(accounts.people)}")
    return f"{len(accounts.people)} 人，{len(believed)} 人收到回执，数据库里 {len(kept)} 人已提交"


def _answers(accounts: Accounts, notes: _Notes) -> str:
    compared = 0
    for who, belief in accounts.people.items():
        kept = accounts.kept.answers.get(who, {})
        for key, said in belief.settled.items():
            if key.endswith("id_number"):
                continue  # sealed: that the pledge is signed is compared instead
            compared += 1
            if sorted(kept.get(key, ())) != sorted(said):
                notes.wrong.append(f"{who} 的“{key}”答的是 {_list(said)}，数据库里是 {_list(kept.get(key, ()))}")
    return f"{compared} 个回答逐个比过"


def _pledges(accounts: Accounts, notes: _Notes) -> str:
    believed = {who for who, one in accounts.people.items() if one.signed}
    signed = accounts.kept.signed
    notes.wrong += [f"{who} 看到已签署，数据库里没有" for who in sorted(believed - signed)]
    for who in sorted(signed - believed):
        if _unsure(accounts, who):
            notes.explained.append(f"{who} 已签署，回执那条消息存疑，本人不知道")
        else:
            notes.wrong.append(f"{who} 在数据库里已签署，本人没有看到")
    notes.wrong += accounts.kept.troubles
    entered = accounts.kept.pledges_entered
    return f"{len(believed)} 人看到已签署，数据库里 {len(signed)} 人；存证链里 {entered} 条，逐条核对"


def _messages(accounts: Accounts, notes: _Notes) -> str:
    """Each was taken once and answered."""
    kept = accounts.kept
    said = Counter(message for one in accounts.people.values() for message in one.said)
    for message in said:
        if kept.taken[message] != 1:
            notes.wrong.append(f"消息 {message} 在数据库里有 {kept.taken[message]} 条")
        elif message in kept.faults:
            notes.wrong.append(f"消息 {message} 程序没处理好（{kept.faults[message]}）")
        elif not kept.replies[message]:
            notes.wrong.append(f"消息 {message} 没有写回答")
    notes.wrong += [f"消息 {message} 没有人说过" for message in kept.taken if message not in said]
    waited = {message for one in accounts.people.values() for message in one.unanswered}
    for message in sorted(waited):
        why = "回答存疑或被撤下" if message in kept.doubtful_replies else "回答晚到"
        notes.explained.append(f"消息 {message} 本人没等到回答：{why}")
    if accounts.platform.lost:
        notes.wrong.append(f"平台放弃了 {accounts.platform.lost} 条消息")
    notes.wrong += [f"平台不认：{line}" for line in accounts.platform.violations]
    return f"{len(said)} 条消息，收下 {len(kept.taken)} 条，{len(waited)} 条当时没等到回答"


def _letters(accounts: Accounts, notes: _Notes) -> str:
    """Whatever was sent was heard once; what is doubtful was heard once or not."""
    heard = doubtful = 0
    for who, belief in accounts.people.items():
        lane = accounts.kept.lanes.get(who, Lane())
        heard += belief.heard
        doubtful += lane.doubtful
        if not lane.sent <= belief.heard <= lane.sent + lane.doubtful:
            notes.wrong.append(f"{who} 收到 {belief.heard} 条，发件箱里发出 {lane.sent} 条、存疑 {lane.doubtful} 条")
    notes.wrong += [f"发件箱里还有 {line}" for line in accounts.kept.left]
    if doubtful:
        notes.explained.append(f"{doubtful} 条存疑：平台没有应答，或机器人发到一半被杀；不自动重发，本人可以再问")
    states = "，".join(f"{state} {count}" for state, count in sorted(accounts.kept.states.items()))
    return f"大家收到 {heard} 条；发件箱 {states}"


def _reminders(accounts: Accounts, notes: _Notes) -> str:
    rules, total, most = accounts.rules, 0, 0
    moments: set[tuple[str, date]] = set()
    for who, belief in accounts.people.items():
        total += len(belief.reminded)
        most = max(most, len(belief.reminded))
        if len(belief.reminded) > rules.most:
            notes.wrong.append(f"{who} 被提醒 {len(belief.reminded)} 次，最多 {rules.most} 次")
        seen = Counter((one.rule, one.audience, one.at.date()) for one in belief.reminded)
        notes.wrong += [f"{who} 在 {day} 收到 {n} 次提醒 {rule}" for (rule, _, day), n in seen.items() if n > 1]
        for one in belief.reminded:
            if one.audience == UNFINISHED:
                if one.rule != NUDGE:
                    moments.add((one.rule, one.at.date()))
                if belief.finished_at and one.place > belief.finished_place:
                    notes.wrong.append(f"{who} 已经提交，{one.at:%m-%d %H:%M} 还收到提醒 {one.rule}")
            if not (is_working_day(one.at.date()) and rules.begins <= one.at.time() < rules.ends):
                notes.wrong.append(f"{who} 在 {one.at:%m-%d %H:%M} 收到提醒 {one.rule}：不是工作时间")
    notes.wrong += _forgotten(accounts, moments)
    return f"{total} 条提醒，一个人最多 {most} 条（规定最多 {rules.most} 条）"


def _forgotten(accounts: Accounts, moments: set[tuple[str, date]]) -> Iterator[str]:
    """Whoever had not finished by the end of a day a reminder came on was reminded on it."""
    for who, belief in accounts.people.items():
        if accounts.kept.lanes.get(who, Lane()).doubtful:
            continue
        got = {(one.rule, one.at.date()) for one in belief.reminded}
        for rule, day in moments:
            unfinished = belief.finished_at is None or belief.finished_at.date() > day
            if unfinished and (rule, day) not in got and len(belief.reminded) < accounts.rules.most:
                yield f"{who} 在 {day} 还没有提交，没有收到提醒 {rule}"


def _returns(accounts: Accounts, notes: _Notes) -> str:
    """They reached the city, and the sums of each level are those of its parts."""
    beliefs, kept = accounts.beliefs, accounts.kept.returns
    for unit in sorted(accounts.reporting):
        there = kept.get(unit)
        if there is None or there.state != "accepted":
            notes.wrong.append(f"{unit} 的反馈表没有到：{there.state if there else '没有办过'}")
            continue
        content = there.content
        for name, number in there.figures.items():
            parts = content["own"][name] + sum(part["figures"][name] for part in content["below"])
            if number != parts:
                notes.wrong.append(f"{unit} 的反馈表“{name}”是 {number}，本级和下级相加是 {parts}")
        for part in content["below"]:
            below = kept.get(part["unit"])
            if below is None or below.digest != part["digest"] or below.figures != part["figures"]:
                notes.wrong.append(f"{unit} 的反馈表里 {part['unit']} 和它自己的不一样")
        _told(accounts, unit, notes)
    for unit in sorted(beliefs.handed_up | beliefs.accepted):
        if unit not in kept or kept[unit].state not in ("submitted", "accepted"):
            notes.wrong.append(f"{unit} 以为已上报，数据库里不是")
    notes.wrong += beliefs.troubles
    counted = sum(
        kept[unit].content["own"]["finished"] for unit in accounts.reporting if unit in kept and kept[unit].content
    )
    back = sum(beliefs.sent_back.values())
    return f"{len(accounts.reporting)} 个单位应报，到市里的合计 {counted} 人；退回过 {back} 次"


def _told(accounts: Accounts, unit: str, notes: _Notes) -> None:
    """What the coordinator was told is what was confirmed, and what their colleagues said."""
    told, figures = accounts.beliefs.confirmed.get(unit), accounts.kept.returns[unit].figures
    if told is None:
        notes.explained.append(f"{unit} 的联络员没有看到确认时的数字")
        return
    if (told.finished, told.expected) != (figures["finished"], figures["expected"]):
        wrong = f"{told.finished}/{told.expected}，确认的内容里是 {figures['finished']}/{figures['expected']}"
        notes.wrong.append(f"{unit} 的联络员看到 {wrong}")
    own = accounts.kept.returns[unit].content["own"]["finished"]
    if not told.at_least <= own <= told.at_most:
        notes.wrong.append(f"{unit} 的反馈表里本级完成 {own} 人，同事里说完成的有 {told.at_least} 到 {told.at_most} 人")


def _quota(accounts: Accounts, notes: _Notes) -> str:
    """The bot's own count against the platform's; a kill costs it the last seconds and nothing else."""
    platform, used = accounts.platform, accounts.kept.quota
    pairs = (("inbound", platform.pushed), ("webhook", platform.webhook), ("api", platform.api))
    lost = sum(max(counted - used.get(unit, 0), 0) for unit, counted in pairs)
    explained = lost <= _COST_OF_A_KILL * platform.kills
    for unit, counted in pairs:
        own = used.get(unit, 0)
        if own > counted:
            notes.wrong.append(f"机器人记了 {own} 次 {unit}，平台只有 {counted} 次")
        elif own < counted:
            told = f"机器人记了 {own} 次 {unit}，平台 {counted} 次"
            (notes.explained if explained else notes.wrong).append(told)
    return f"平台计：收到的消息 {platform.pushed}，webhook {platform.webhook}，API {platform.api}"


_CHECKS: dict[str, Callable[[Accounts, _Notes], str]] = {
    "提交": _finished,
    "回答": _answers,
    "承诺书": _pledges,
    "消息": _messages,
    "发件箱": _letters,
    "提醒": _reminders,
    "上报": _returns,
    "额度": _quota,
}


def _unsure(accounts: Accounts, who: str) -> bool:
    """Whether a letter to somebody is doubtful: then they may not know."""
    return accounts.kept.lanes.get(who, Lane()).doubtful > 0


def _list(values: tuple[str, ...]) -> str:
    return "、".join(values) or "（没有）"
