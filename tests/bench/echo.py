"""The baseline of a turn, in its own process: the same SDK frames, HTTP client and gateway, no storage and no form."""

import asyncio
import os

from bot.app import real_clock
from bot.channels import Parcel
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.stream import Stream
from bot.config import load
from handlers.messages import Inbound, Text


async def serve() -> None:
    config = load()
    sessions = Sessions()
    api = DingTalk(config, sessions, real_clock)
    under_way: set[asyncio.Task[object]] = set()

    async def receive(inbound: Inbound) -> None:
        parcel = Parcel(key=inbound.msg_id, to=(inbound.chat,), body=Text(inbound.text, "回声"), reply=True)
        task = asyncio.create_task(api.deliver(parcel))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    await Stream(api=api, sessions=sessions, robot=config.robot_code, corp_id="", receive=receive).run()


if __name__ == "__main__":
    os.environ.setdefault("ZICHA_LOG_LEVEL", "WARNING")
    asyncio.run(serve())
