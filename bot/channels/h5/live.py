"""Pages that are open now. Each has a bell; it is rung when there may be something new. Holds nothing that is said."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Live:
    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    @contextmanager
    def watching(self, lane: str) -> Iterator[asyncio.Event]:
        """A bell for one open page."""
        bell = asyncio.Event()
        bells = self._bells.setdefault(lane, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells and self._bells.get(lane) is bells:
                del self._bells[lane]

    def ring(self, lane: str) -> None:
        for bell in self._bells.get(lane, ()):
            bell.set()

    def watchers(self, lane: str) -> int:
        """How many pages of a chat are open."""
        return len(self._bells.get(lane, ()))

    @property
    def present(self) -> tuple[str, ...]:
        """The chats with an open page."""
        return tuple(self._bells)

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """The server stops: every page is let go; it comes back by itself."""
        self._closed = True
        for lane in self.present:
            self.ring(lane)
