"""The commands `zicha outbox …` and `zicha quota`: what is on its way, what needs a hand, and the brake. Parses and
prints; never the text of a letter.
"""

from collections.abc import Callable
from typing import Annotated

import typer

from bot import app as composition
from bot import terminal
from bot.foundation import Foundation
from handlers import leak_guard
from handlers import quota as month_of_quota
from handlers.months import month_of
from handlers.texts import quota as quota_texts
from storage import audit, brakes, outbox
from storage.brakes import Brake
from storage.outbox import TROUBLED, State

cli = typer.Typer(help="发件箱：看、重发、放弃、暂停群发", invoke_without_command=True, rich_markup_mode=None)

STATES = {
    State.WAITING: "待发",
    State.SENDING: "发送中",
    State.SENT: "已发",
    State.REFUSED: "被拒",
    State.DOUBTFUL: "存疑",
    State.WITHDRAWN: "已撤",
    State.EXPIRED: "过期未发",
}
_OPERATOR = "operator"
_ALL = 1_000_000


@cli.callback()
def show(
    context: typer.Context,
    state: Annotated[list[State] | None, typer.Option(help="只看这些状态，可以写几次")] = None,
    topic: Annotated[str, typer.Option(help="只看一类，例如 reminder、nudge、broadcast、reply")] = "",
    limit: Annotated[int, typer.Option(help="最多列出多少条", min=1, max=100_000)] = 20,
) -> None:
    """发件箱：各状态的数量，以及没送到或存疑的消息。"""
    if context.invoked_subcommand:
        return
    with terminal.foundation(terminal.config()) as base:
        for line in lines(base, states=tuple(state or TROUBLED), topic=topic, limit=limit):
            _say(line)


_Numbers = Annotated[list[int] | None, typer.Argument(help="消息的编号，zicha outbox 列出的第一列")]
_State = Annotated[State | None, typer.Option(help="不写编号时：这个状态的全部，doubtful 或 refused")]
_Topic = Annotated[str, typer.Option(help="和 --state 一起：只要这一类")]


@cli.command()
def resend(numbers: _Numbers = None, state: _State = None, topic: _Topic = "") -> None:
    """再发一次被拒或存疑的消息。存疑的可能已经送到，对方会收到两次。"""
    with terminal.foundation(terminal.config()) as base:
        _say(_by_hand(base, outbox.resend, "resend", _chosen(base, numbers, state, topic)))


@cli.command()
def drop(numbers: _Numbers = None, state: _State = None, topic: _Topic = "") -> None:
    """放弃被拒或存疑的消息，不再列出。"""
    with terminal.foundation(terminal.config()) as base:
        _say(_by_hand(base, outbox.drop, "drop", _chosen(base, numbers, state, topic)))


@cli.command()
def pause(why: Annotated[str, typer.Option(help="为什么停，会显示给别人看")] = "操作员暂停") -> None:
    """停下所有群发和提醒，几秒内在每个进程生效；回答照常。"""
    if leak_guard.look(why) or leak_guard.has_phone(why):
        terminal.fail("--why 会显示给别人看：不要写号码和名单")
    with terminal.foundation(terminal.config()) as base, base.database.session() as session:
        now = composition.real_clock()
        brakes.pause(session, why, at=now)
        audit.record(session, at=now, actor=_OPERATOR, action="outbox.pause", detail=why)
    _say("群发和提醒已停；已经交给平台的收不回。接着发：zicha outbox go-on")


@cli.command("go-on")
def go_on() -> None:
    """接着发群发和提醒：取消暂停，也取消“额度用完”的停发。"""
    with terminal.foundation(terminal.config()) as base, base.database.session() as session:
        now = composition.real_clock()
        held = brakes.go_on(session)
        audit.record(session, at=now, actor=_OPERATOR, action="outbox.go_on", detail=f"{len(held)}")
    _say("接着发。" if held else "没有停过。")


def quota() -> None:
    """本月用了多少接口调用、Webhook 和 Stream 额度。"""
    config = terminal.config()
    with terminal.foundation(config) as base, base.database.reading() as session:
        now = composition.real_clock()
        month = month_of(now, base.campaigns[0].zone)
        _say(quota_texts.told(month_of_quota.month(session, config.means, now, month)))


def lines(base: Foundation, *, states: tuple[State, ...] = TROUBLED, topic: str = "", limit: int = 20) -> list[str]:
    """Counts by state, what holds bulk, then letters: number, state, time, kind, key, reason; never the text."""
    now, zone = composition.real_clock(), base.campaigns[0].zone
    with base.database.reading() as session:
        counts, held = outbox.counts(session), brakes.holding(session, now)
        letters = outbox.look(session, states=states, topic=topic, limit=limit)
    told = ["，".join(f"{STATES[State(state)]} {n}" for state, n in sorted(counts.items())) or "发件箱是空的"]
    told += [_held(brake) for brake in held]
    for letter in letters:
        at = f"{letter.at.astimezone(zone):%Y-%m-%d %H:%M}" if letter.at else ""
        told.append(f"{letter.id}  {STATES[letter.state]}  {at}  {letter.topic}  {letter.key}  {letter.why}".rstrip())
    return told


def _held(brake: Brake) -> str:
    until = f"到 {brake.until:%Y-%m-%d}" if brake.until else "直到 zicha outbox go-on"
    return f"群发和提醒停着，{until}：{brake.why}"


def _chosen(base: Foundation, numbers: list[int] | None, state: State | None, topic: str) -> list[int]:
    if numbers and not state and not topic:
        return numbers
    if numbers or state not in TROUBLED:
        terminal.fail("写消息的编号，或者 --state doubtful、--state refused，二选一")
    with base.database.reading() as session:
        return [letter.id for letter in outbox.look(session, states=(state,), topic=topic, limit=_ALL)]


def _by_hand(base: Foundation, work: Callable[..., int], name: str, ids: list[int]) -> str:
    """Does it to the letters and says to how many; audited."""
    now = composition.real_clock()
    with base.database.session() as session:
        done = work(session, ids, at=now)
        audit.record(session, at=now, actor=_OPERATOR, action=f"outbox.{name}", detail=f"{done} of {len(ids)}")
    told = {"resend": "等着重发", "drop": "放弃了"}[name]
    rest = len(ids) - done
    return f"{told} {done} 条。" + (f"另外 {rest} 条不是被拒或存疑，没有动。" if rest else "")


def _say(line: str) -> None:
    terminal.console.print(line, soft_wrap=True, markup=False)
