"""The doors to the platforms: one per platform, all with the same three ways of saying that a letter did not go.

DeliveryError
 ├─ Refused    the platform will never take this letter; the reason goes to the operator
 │   ├─ SomeoneRefused   one of several persons is the reason: nobody got it, each may be asked for alone
 │   └─ TooLarge         a file that is larger than allowed
 ├─ Later      nothing was taken; ask again after `delay` seconds
 │   ├─ TooFast          the platform says we call too often
 │   └─ QuotaGone        the month's calls are used up: bulk stops until the month turns or the operator says so
 └─ Doubtful   no answer: it may have arrived, so it is not sent again by itself unless the channel is `keyed`
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import SEEK_END
from typing import BinaryIO, Protocol

from bot.channels.pace import Pace
from handlers.messages import Address, Choice, Text


class NoRoom(Exception):
    """More messages wait than may: this one is not acked, so that it comes again."""


class DeliveryError(Exception):
    """A letter did not go out for certain. The message is for the operator; it holds no text and no person."""


class Refused(DeliveryError):
    pass


class SomeoneRefused(Refused):
    """A call for several persons failed because of one of them."""


class TooLarge(Refused):
    """A file is larger than what is taken."""


class Later(DeliveryError):
    def __init__(self, why: str, delay: float = 1.0) -> None:
        super().__init__(why)
        self.delay = delay


class TooFast(Later):
    """Said about how often we call, not about this letter."""


class QuotaGone(Later):
    """The organisation's calls of this month are used up."""


class Doubtful(DeliveryError):
    pass


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file made for one letter, read from its beginning as often as it is sent; whoever made it closes it."""

    name: str
    content: BinaryIO

    @property
    def size(self) -> int:
        return self.content.seek(0, SEEK_END)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parcel:
    """What a channel delivers: one body, its paper made, to one chat, or to as many persons as the channel takes in one
    call (`most_together`). `key` is new for every call, and the same where a keyed channel is asked once more because
    no answer came."""

    key: str
    to: tuple[Address, ...]
    body: Text | Choice | Attachment
    reply: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform took the parcel; `untaken` are those persons for whom it did not, each with the reason."""

    id: str
    untaken: Mapping[Address, DeliveryError] = field(default_factory=dict)


class Channel(Protocol):
    """A platform, or one way of it. What it declares is all the postman knows about it; `deliver` returns the
    platform's receipt or raises one of the errors above for the whole parcel."""

    name: str
    """How addresses of it begin (`dingtalk:direct:…`)."""
    keyed: bool
    """It refuses a repeated `Parcel.key` (webhook `msgUuid`, 浙政钉 `bizMsgId`): a call without an answer is made once
    more with the same key. False: such a letter is doubtful, and the operator decides."""
    most_together: int
    """So many persons get the same words in one call."""

    @property
    def largest(self) -> int | None:
        """So many bytes may a file have. None: files do not travel this way, no more than their name is told, and none
        is made."""
        ...

    @property
    def pace(self) -> Pace:
        """How often bulk may call. A letter is claimed only when its call may begin, so that a killed process leaves
        few in doubt; a channel with other limits beside this one keeps them inside `deliver` and raises `Later` rather
        than wait for more than a few seconds."""
        ...

    async def deliver(self, parcel: Parcel) -> Receipt: ...


class Source(Protocol):
    """A platform that keeps files people sent. `fetch` raises `Refused` where the code is of no use any more."""

    async def fetch(self, code: str, *, robot: str, most: int) -> bytes: ...
