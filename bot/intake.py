"""The one transaction of one incoming message: admit, lock, answer, post, commit; the ack comes after (DESIGN §3).

Killed before the commit, nothing happened and the platform pushes again; killed after, the inbox refuses the copy.
Knows neither the platform nor what is said.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.threads import DatabaseThread
from handlers import router, texts
from handlers.campaign.definition import Campaign
from handlers.desk import Desk
from handlers.messages import Content, Inbound, Letter, Text, to_json
from storage import inbox, outbox
from storage.database import Database, DatabaseFailure
from storage.vault import Vault

log = logging.getLogger(__name__)


class Intake:
    """Takes messages one at a time. `take` is the whole of it, synchronous; `receive` is the way in from the loop."""

    def __init__(
        self,
        *,
        database: Database,
        campaign: Campaign,
        vault: Vault,
        now: Callable[[], datetime],
        max_text: int = router.MAX_TEXT,
    ) -> None:
        self._database, self._campaign, self._vault = database, campaign, vault
        self._now, self._max_text = now, max_text

    async def receive(self, inbound: Inbound, thread: DatabaseThread) -> bool:
        """Returns when the message is stored for good. Raises what the database raised: then it must not be acked."""
        return await thread.run(lambda: self.take(inbound))

    def take(self, inbound: Inbound) -> bool:
        """False for a copy of a message that was taken before."""
        with self._database.session() as session:
            now = self._now()
            sender = inbound.sender_id
            if not inbox.admit(session, robot=inbound.robot, msg_id=inbound.msg_id, sender=sender, at=now):
                return False
            person, overtaken = inbox.take_turn(session, sender, inbound.received_at) if sender else (None, False)
            desk = Desk(
                session=session,
                campaign=self._campaign,
                inbound=inbound,
                person=person,
                now=now,
                vault=self._vault,
                overtaken=overtaken,
            )
            post(session, self._answer(desk), now=now, reply_key=f"{inbound.robot}/{inbound.msg_id}")
        if inbound.content is Content.WITHHELD:
            log.error(
                "a message came without its text: the month's Webhook & Stream quota is used up (20001); "
                "see 开发者后台 → 资源管理",
                extra={"action": "quota.withheld"},
            )
        return True

    def _answer(self, desk: Desk) -> list[Letter]:
        """The letters; where the talk fails, nothing of it stays but the record of the failure and an apology."""
        savepoint = desk.session.begin_nested()
        try:
            letters = router.answer(desk, self._max_text)
            desk.session.flush()
        except DatabaseFailure:
            raise  # not the talk's fault: nothing is stored, nothing is acked, the platform pushes again
        except Exception:
            savepoint.rollback()
            desk.session.expire_all()
            reference = f"E-{secrets.token_hex(2).upper()}"
            log.exception("answering failed, reference %s", reference, extra={"action": "intake.fault"})
            inbound = desk.inbound
            inbox.blame(desk.session, robot=inbound.robot, msg_id=inbound.msg_id, fault=reference)
            return [desk.reply(Text(texts.broken(reference), texts.TITLE))]
        savepoint.commit()
        return letters


def post(session: Session, letters: Sequence[Letter], *, now: datetime, reply_key: str = "") -> int:
    """Puts letters into the outbox: replies under `<message>#n`, the others under their own keys. Returns how many
    were new."""
    posts = [
        outbox.Post(
            key=letter.key or f"{reply_key}#{n}",
            lane=str(letter.to),
            topic=letter.topic,
            body=to_json(letter.body),
            not_before=letter.not_before or now,
            expires_at=letter.expires_at,
            bulk=letter.bulk,
        )
        for n, letter in enumerate(letters)
    ]
    return outbox.post(session, posts)
