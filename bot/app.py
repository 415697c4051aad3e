"""The composition root: builds everything from a `Config` on its foundation, starts it, stops it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot import alarms, starting
from bot.alarms import Alarms
from bot.broadcasts import Broadcasts
from bot.changes import Changes
from bot.channels import Channel
from bot.channels.callback.door import CallbackDoor
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.h5.ground import Ground
from bot.channels.h5.live import Live
from bot.channels.h5.page import Page, Uploads
from bot.channels.h5.site import Site
from bot.channels.stream import Stream
from bot.channels.webhook import GroupRobots
from bot.channels.work_notices import WorkNotices
from bot.channels.zhezhengding.login import PLATFORM
from bot.channels.zhezhengding.platform import Zhezhengding
from bot.config import Config
from bot.fetcher import Counter, Fetcher
from bot.foundation import Foundation, lay_foundation, load_campaigns, real_clock
from bot.groups import finder
from bot.health import Health
from bot.metrics import Metrics
from bot.notary import Notary
from bot.postman import Postman
from bot.quota import Quota
from bot.read_states import ReadStates
from bot.reception import Reception
from bot.scheduler import Metronome
from bot.talk import Talk
from bot.threads import DatabaseThread
from bot.turnstile import Turnstile
from bot.watch import Ward, Watch
from handlers.messages import ChatKind, Inbound
from handlers.reaching import NOTICES

log = logging.getLogger(__name__)

__all__ = ["App", "Clock", "Foundation", "lay_foundation", "load_campaigns", "real_clock"]

Clock = Callable[[], datetime]

_KEYS_EVERY = 30.0
"""Seconds between two looks at the data keys."""


def notary_of(base: Foundation, clock: Clock) -> Notary:
    return Notary(database=base.database, campaigns=base.campaigns, vault=base.vault, anchor=base.anchor, now=clock)


class App:
    """The running bot. `run` returns when `stop` is called or its task is cancelled; nothing acked is lost."""

    def __init__(self, config: Config, foundation: Foundation, clock: Clock = real_clock) -> None:
        self._base, self._clock = foundation, clock
        campaigns, database = foundation.campaigns, foundation.database
        self._thread = DatabaseThread()
        sessions = Sessions()
        self._api = DingTalk(config, sessions, clock, count=lambda unit: self._quota.count(unit))
        self.metrics = Metrics()
        self.talk = Talk.of(config, foundation, self._thread, clock)
        self._reception = Reception(
            intake=self.talk,
            most=config.queue,
            metrics=self.metrics,
            are_first=lambda inbounds: self._turnstile.are_first(inbounds),
            given=self._given,
            is_alone=lambda: self._turnstile.is_alone,
        )
        self._turnstile = Turnstile(database, self._reception.receive)
        self.zhezhengding = Zhezhengding.of(
            config, database, campaigns, self._thread, sessions, now=clock, real_now=real_clock
        )
        self._platforms, self._hears_stream = config.platforms_in_order, config.hears_stream
        self.callback = self._callback(config, sessions) if config.callback != "off" else None
        live, ground = Live(), self._ground(config)
        self.site = self._site(ground, live)
        self._robots = GroupRobots(
            config, finder(foundation, self._thread), clock, count=lambda unit: self._quota.count(unit)
        )
        channels: list[Channel] = [self._api] if config.has_dingtalk else []
        channels.append(self._robots)
        channels += [WorkNotices(self._api.api, config.agent, clock)] if config.agent and config.has_dingtalk else []
        if self.zhezhengding:
            beyond = self.zhezhengding.channel
            channels.append(Page(ground, live, name=PLATFORM, beyond=beyond) if self.site else beyond)
        self._postman = Postman(
            database=database,
            campaigns=campaigns,
            vault=foundation.vault,
            channels={channel.name: channel for channel in channels},
            talk=self.talk,
            thread=self._thread,
            now=clock,
            real_now=real_clock,
            alarm=self._quota_alarm,
            delivered=self.metrics.delivered,
            shared=not database.is_sqlite,
        )
        self._quota = Quota(
            database=database,
            campaigns=campaigns,
            thread=self._thread,
            now=clock,
            means=config.means,
            warn_at=config.quota_alarm,
            alarm=self._quota_alarm,
        )
        self.alarms = Alarms(
            to=alarms.recipients(config.alarm_staff, (config.platforms_in_order or (self._api.name,))[0]),
            database=database,
            thread=self._thread,
            now=clock,
            wake=self._postman.wake,
        )
        self._fetcher = Fetcher(
            counter=Counter(database=database, campaigns=campaigns, vault=foundation.vault, now=clock),
            sources={self._api.name: self._api} | ({PLATFORM: Uploads(ground)} if self.site else {}),
            thread=self._thread,
            real_now=real_clock,
            arrived=self._postman.replied,
            most_mb=config.max_file_mb,
        )
        self._read_states = ReadStates.of(config, self._api.read_status, foundation, self._thread, clock)
        self._metronome = Metronome(
            database=database,
            campaigns=campaigns,
            thread=self._thread,
            now=clock,
            wake=self._postman.wake,
            every=config.tick_seconds,
            notices=NOTICES & {channel.name for channel in channels},
        )
        self._notary, self._every = notary_of(foundation, clock), config.tick_seconds
        self._notary.alarm = lambda told: self.alarms.raise_(alarms.Kind.TAMPERING, told)
        self._broadcasts = Broadcasts(
            database=database,
            campaigns=campaigns,
            thread=self._thread,
            now=clock,
            wake=self._postman.wake_all,
            post_slice=self.talk.post_slice,
        )
        self._changes = Changes(
            database=database,
            campaigns=campaigns,
            thread=self._thread,
            now=clock,
            wake=self._postman.wake,
        )
        self.stream = Stream(
            api=self._api,
            sessions=sessions,
            robot=config.robot_code,
            corp_id=config.corp_id,
            receive=self._receive,
            connections=config.stream_connections,
            silence=config.stream_silence,
            metrics=self.metrics,
        )
        ward = Ward(
            config=config,
            database=database,
            campaigns=campaigns,
            thread=self._thread,
            stream=self.stream,
            hears=self._hears_stream,
            alarms=self.alarms,
            metrics=self.metrics,
            now=clock,
            real_now=real_clock,
        )
        self._watch = Watch(ward)
        self.health = Health(ward) if config.metrics_port else None
        self._stopping = asyncio.Event()

    def _ground(self, config: Config) -> Ground:
        base = self._base
        return Ground(
            config=config,
            database=base.database,
            campaigns=base.campaigns,
            vault=base.vault,
            thread=self._thread,
            now=self._clock,
            real_now=real_clock,
            receive=self._receive,
        )

    def _callback(self, config: Config, sessions: Sessions) -> CallbackDoor:
        return CallbackDoor(
            config,
            database=self._base.database,
            thread=self._thread,
            sessions=sessions,
            receive=self._receive,
            real_now=real_clock,
        )

    def _site(self, ground: Ground, live: Live) -> Site | None:
        """The chat page, where it has an address and somebody can log in to it."""
        config = ground.config
        if not config.has_page:
            return None
        if self.zhezhengding is None:
            told = "ZICHA_H5_URL is set, but nobody can log in to the page without 浙政钉: set ZZD_APP_KEY"
            log.warning(told, extra={"action": "page.off"})
            return None
        return Site(ground, live, {PLATFORM: self.zhezhengding.login}, config.zzd_tenant_id)

    def _quota_alarm(self, words: str) -> None:
        self.alarms.raise_(alarms.Kind.QUOTA, words)

    async def _receive(self, inbound: Inbound) -> None:
        self._quota.received(inbound)
        self.metrics.arrived(f"{inbound.robot}/{inbound.msg_id}")
        await self._turnstile.receive(inbound)
        if self.zhezhengding:
            self.zhezhengding.todos.wake(inbound.chat)
        if inbound.files:
            self._fetcher.wake()

    def _given(self, inbounds: Sequence[Inbound]) -> None:
        """The replies are claimed right behind the turns; in a group some is answered in private."""
        in_private = (replace(one.chat, kind=ChatKind.DIRECT, id=one.sender_id) for one in inbounds)
        self._postman.replied(*(one.chat for one in inbounds), *in_private)

    def _put_in_order(self) -> None:
        base, keyed = self._base, self._postman.keyed
        starting.put_in_order(base.database, platforms=self._platforms, keyed=keyed, now=self._clock())

    async def _follow_keys(self) -> None:
        """Data keys that another process made or destroyed are taken up within a moment, not only when one is met."""
        while True:
            await asyncio.sleep(_KEYS_EVERY)
            try:
                await self.talk.refresh_keys()
            except Exception:
                log.exception("the data keys could not be looked at", extra={"action": "keys.trouble"})

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        starting.warn(self._base.campaigns, self._clock())
        await self._thread.run(self._put_in_order)
        await self._thread.run(self._metronome.learn)
        await self._turnstile.open()
        self._metronome.start()
        beside = [
            asyncio.create_task(self._changes.run()),
            asyncio.create_task(self._follow_keys()),
            asyncio.create_task(self._watch.run()),
            asyncio.create_task(self._notary.run(self._thread, self._postman.wake, self._every)),
        ]
        parts: list[Coroutine[Any, Any, None]] = [self.stream.run()] if self._hears_stream else []
        parts += [door.run() for door in (self.site, self.callback, self.health) if door]
        parts += [self._fetcher.run(), self.alarms.run(), self._postman.run(), self._read_states.run()]
        parts += self.zhezhengding.parts() if self.zhezhengding else []
        parts += [self._broadcasts.run(), self._quota.run()]  # stops last: the others' last calls are counted
        tasks = [asyncio.create_task(part) for part in parts]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # a part that ended by itself has failed: say how
        finally:
            self._metronome.stop()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            # no more messages first, then the files and letters they caused; what stays goes out at the next start
            for task in tasks:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            stopping.cancel()
            await self._thread.run(self._notary.work)
            await self._api.close()
            await self._robots.close()
            if self.zhezhengding:
                await self.zhezhengding.close()
            await self._turnstile.close()
            self._reception.close()
            await self.talk.answered()
            self._thread.close()
            self.talk.end()
            self._base.database.close()
            log.info("stopped", extra={"action": "app.stopped"})
