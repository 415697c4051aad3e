"""What the process of the talk does, one request after the other: turns are taken, letters claimed and settled.

In the rush, what is asked for while something is done shares its commit. Must not know who asks, nor what is said.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from bot.apart import Answer, Line, travel
from bot.dispatch import Carried, Dispatch
from bot.intake import Intake
from handlers.messages import Address, Inbound
from storage.database import Database, DatabaseFailure, StatementFailure
from storage.delivery import Claimed

log = logging.getLogger(__name__)

_SHORT = frozenset({"claim_replies", "settle"})
_MANY = 10
"""So many people's turns share their commit with what is asked for meanwhile. A few people's are acked at once: with
200 messages a second that halves the time to the ack, and costs nothing that is short then."""


class TalkError(Exception):
    """The other process failed in a way that is none of the database's; what it was stands in the log."""


@dataclass(frozen=True, slots=True)
class Request:
    """`whom` is one of the workers, `what` what it can do."""

    whom: str
    what: str
    about: Sequence[Any] = ()
    people: int = 0
    """How many wait for their ack."""

    @property
    def shares(self) -> bool:
        """Whether it may be done in one commit with others."""
        return self.what in _SHORT or self.people >= _MANY


travel(Request, Inbound, Address, Carried, Claimed)


@dataclass(frozen=True, slots=True)
class Workers:
    intake: Intake
    dispatch: Dispatch
    database: Database

    def do(self, request: Request) -> object:
        """In a transaction of its own."""
        if request.whom == "intake":
            return getattr(self.intake, request.what)(*request.about)
        with self.database.session() as session:
            return getattr(self.dispatch, request.what)(session, *request.about)

    def serve(self, line: Line) -> None:
        """For as long as there is a line."""
        request = line.read()
        while request is not None:
            answers, following = self._together(request, line)
            line.answer(answers)
            request = following or line.read()

    def _together(self, first: Request, line: Line) -> tuple[list[Answer], Request | None]:
        """What was asked for is done, with all that is asked for meanwhile, up to the next turns. Where one of them
        fails, each is done alone. Their answers, and what is to be done next. On a server turns have their commit for
        themselves: other processes would wait for claims of letters they cannot see yet."""
        if not first.shares or (first.people and not self.database.is_sqlite):
            return [self.answer(first)], None
        done: list[Request] = []
        answers: list[Answer] = []
        following: Request | None = first
        try:
            with self.database.session() as session:
                while following and following.shares and not (done and following.people):
                    done.append(following)
                    following = None
                    answers.append((self._do_in(session, done[-1]), None))
                    following = line.read(wait=False)
        except DatabaseFailure as error:
            is_gone = not self.intake.takes_anything()
            answers = [_failed(request, error) if is_gone else self.answer(request) for request in done]
        except Exception:  # noqa: BLE001 - whose fault it was comes out, and into the log, where each is alone
            answers = [self.answer(request) for request in done]
        return answers, following

    def _do_in(self, session: Session, request: Request) -> object:
        if request.whom == "intake":
            return self.intake.taken(session, *request.about)
        done = getattr(self.dispatch, request.what)(session, *request.about)
        session.flush()
        session.expunge_all()  # the next finds the database as a transaction of its own would
        return done

    def answer(self, request: Request) -> Answer:
        """What was done, or the error, as they go to another process."""
        try:
            done = self.do(request)
        except StatementFailure as error:
            return None, _bare(error)
        except Exception as error:
            log.exception("the talk failed", extra={"action": "talk.trouble"})
            return None, TalkError(type(error).__name__)
        if isinstance(done, list):
            done = [_bare(one) if isinstance(one, Exception) else one for one in done]
        return done, None


def _failed(request: Request, error: DatabaseFailure) -> Answer:
    return ([_bare(error)] * request.people, None) if request.people else (None, _bare(error))


def _bare(error: Exception) -> StatementFailure:
    """Without the traceback and the driver's own objects, which stay here."""
    words = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return failure(words) if isinstance(error, DatabaseFailure) else StatementFailure(words)


def failure(words: str) -> DatabaseFailure:
    return DatabaseFailure("", {}, Exception(words), hide_parameters=True)
