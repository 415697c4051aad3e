"""What the page keeps for a while only: uploads, sessions that have ended. Looked after once a minute, used or not."""

import asyncio
import logging
from datetime import timedelta

from sqlmodel import Session

from bot.channels.h5.ground import Ground
from storage import page_sessions, page_uploads

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds."""
UPLOADS_LIVE = timedelta(minutes=30)
"""Longer than all tries of the fetcher together."""


async def sweep(ground: Ground) -> None:
    """One round, in real time."""
    now, terms = ground.real_now(), ground.config.h5_terms

    def work(session: Session) -> None:
        page_uploads.forget_before(session, now - UPLOADS_LIVE)
        page_sessions.forget(session, terms, at=now)

    await ground.write(work)


async def keep_swept(ground: Ground) -> None:
    """Until cancelled."""
    while True:
        try:
            await sweep(ground)
        except Exception:
            log.exception("old uploads and sessions could not be dropped", extra={"action": "page.sweep"})
        await asyncio.sleep(EVERY)
