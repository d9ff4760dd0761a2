"""The minutes of a run, to loop over."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast

from actors.kernel.listen.subscription import Subscription
from messages.events import MinuteClosed


class Minutes:
    """The minutes of a run, one after the other.

    Each loop listens anew and goes on where the tape stands: after one that was left, with the next minute.
    """

    def __init__(self, subscribe: Callable[[], Subscription]) -> None:
        self._subscribe = subscribe

    def __repr__(self) -> str:
        return "<Minutes of a run: go through them with for>"

    def __iter__(self) -> Iterator[MinuteClosed]:
        return Loop(self._subscribe())

    def __aiter__(self) -> AsyncIterator[MinuteClosed]:
        return Loop(self._subscribe())


class Loop:
    """One loop over them. It is over with its first error, an interrupt too, for a traceback may keep it for long."""

    def __init__(self, events: Subscription) -> None:
        self._events = events
        self._promised = cast("Callable[[], MinuteClosed | None]", events.promised)  # nothing else is asked for
        self._take = cast("Callable[[], MinuteClosed]", events.__next__)
        self._given = 0

    def close(self) -> None:
        """Leave the loop. May be called twice."""
        self._events.close()

    async def aclose(self) -> None:
        """Leave the loop."""
        self._events.close()

    def __iter__(self) -> Iterator[MinuteClosed]:
        return self

    def __aiter__(self) -> AsyncIterator[MinuteClosed]:
        return self

    def __next__(self) -> MinuteClosed:
        try:
            minute = self._promised() or self._take()
        except BaseException:
            self._leave()
            raise
        self._given += 1
        return minute

    async def __anext__(self) -> MinuteClosed:
        try:
            minute = cast("MinuteClosed", await anext(self._events))
        except BaseException:
            self._leave()
            raise
        self._given += 1
        return minute

    def _leave(self) -> None:
        """Leave; a minute that an interrupt kept from the loop is for the next one."""
        self._events.put_back(self._given)
        self._events.close()
