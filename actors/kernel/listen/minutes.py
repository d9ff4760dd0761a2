"""The minutes of a run, to loop over."""

from collections.abc import AsyncIterator, Iterator

from actors.kernel.listen.subscription import Subscription
from messages.events import MinuteClosed


class Minutes:
    """The minutes of a run, one after the other; leaving the loop lets the run go on without it."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    def __iter__(self) -> Iterator[MinuteClosed]:
        with self._subscription as events:
            for event in events:
                assert isinstance(event, MinuteClosed), "nothing else was asked for"
                yield event

    async def __aiter__(self) -> AsyncIterator[MinuteClosed]:
        with self._subscription as events:
            async for event in events:
                assert isinstance(event, MinuteClosed), "nothing else was asked for"
                yield event
