"""The doors to the platforms: one per platform, all with the same three ways of saying that a letter did not go.

DeliveryError
 ├─ Refused    the platform will never take this letter; the reason goes to the operator
 ├─ Later      nothing was taken; ask again after `delay` seconds
 └─ Doubtful   no answer: it may have arrived, so it is not sent again by itself
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from handlers.messages import Address, Choice, Text


class DeliveryError(Exception):
    """A letter did not go out for certain. The message is for the operator; it holds no text and no person."""


class Refused(DeliveryError):
    pass


class Later(DeliveryError):
    def __init__(self, why: str, delay: float = 1.0) -> None:
        super().__init__(why)
        self.delay = delay


class Doubtful(DeliveryError):
    pass


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file made for one letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parcel:
    """What a channel delivers: one body, its paper made, to one chat, or to as many persons as the channel takes in one
    call (`most_together`). `key` is that of the (first) letter."""

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
    """A platform. `deliver` returns the platform's receipt or raises one of the three errors for the whole parcel."""

    name: str
    most_together: int
    """So many persons get the same words in one call."""

    async def deliver(self, parcel: Parcel) -> Receipt: ...
