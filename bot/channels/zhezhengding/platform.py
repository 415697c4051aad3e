"""浙政钉 as the composition root sees it: its parts, built together, run together, closed together."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from bot.channels import Channel
from bot.channels.callback.replies import BySession
from bot.channels.dingtalk import Sessions
from bot.channels.zhezhengding.gateway import Gateway
from bot.channels.zhezhengding.login import PLATFORM, Login
from bot.channels.zhezhengding.notices import Notices
from bot.channels.zhezhengding.todos import Todos
from bot.config import Config
from bot.threads import DatabaseThread
from handlers.campaign.definition import Campaign
from handlers.manners import next_polite
from storage.database import Database


class Zhezhengding:
    def __init__(
        self,
        config: Config,
        *,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        sessions: Sessions,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
    ) -> None:
        """`now` is the campaign's time; signatures carry the real one."""
        self.gateway = Gateway(config, real_now)
        self.login = Login(self.gateway, config.zzd_tenant_id)
        self.notices = Notices(
            config,
            self.gateway,
            database=database,
            thread=thread,
            now=now,
            polite=lambda at: next_polite(campaigns[0], at) == at,
        )
        calls = config.callback != "off" and config.callback_platform == PLATFORM
        self._by_session = BySession(config, self.notices, sessions, now) if calls else None
        self.channel: Channel = self._by_session or self.notices
        self.todos = Todos(config, self.gateway, database=database, campaigns=campaigns, thread=thread, now=now)

    @classmethod
    def of(
        cls,
        config: Config,
        database: Database,
        campaigns: tuple[Campaign, ...],
        thread: DatabaseThread,
        sessions: Sessions,
        *,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
    ) -> "Zhezhengding | None":
        """None where it is not set up."""
        if not config.has_zhezhengding:
            return None
        return cls(
            config, database=database, campaigns=campaigns, thread=thread, sessions=sessions, now=now, real_now=real_now
        )

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the bot does."""
        return [self.notices.run(), self.todos.run()]

    async def close(self) -> None:
        await self.gateway.close()
        if self._by_session:
            await self._by_session.close()
