"""What every feed can do, whoever sends: the port that the runner drives."""

import threading
from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from messages.feeds import FeedItem

POLL_S = 0.05
"""How long a read waits for something to come, in seconds of real time."""


class Feed(Protocol):
    """A source of bars, quotes and trades as they happen.

    Everything is called from one thread, the runner's, which tells what comes of it; from another one only when a call
    did not come back for ``answer_within_s``. A feed only decodes: silence, reconnects and flow control are the
    runner's. It may be connected again after it was lost or closed.

    One whose trades state sale conditions may have ``sale_rules``: the name of the rules in ``market.sale_conditions``
    by which bars are folded from them.
    """

    @property
    def name(self) -> str:
        """Who it is, in every event it gives and in the verdicts of its bars."""
        ...

    @property
    def has_bars(self) -> bool:
        """Whether it sends bars; else they must be folded from its ticks."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether its silence may mean that the connection is dead, although it seems to stand."""
        ...

    def connect(self, stopping: threading.Event) -> None:
        """Reach the far side and subscribe what is wanted; gives up soon after ``stopping`` is set.

        Raises:
            ConnectionLost: it cannot be reached; trying again may help.
            FeedRefused: it will not have us; trying again cannot help.
        """
        ...

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Want these symbols too (``EVERYTHING``: all there are), from now on or from when it is connected.

        Raises:
            ConnectionLost: the connection broke; the symbols are wanted none the less.
        """
        ...

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Want these symbols no more.

        Raises:
            ConnectionLost: as in ``subscribe``.
        """
        ...

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what each read gave, in order; nothing when nothing came for ``POLL_S``. Ends when there is no more.

        Raises:
            ConnectionLost: the connection broke.
            FeedRefused: the far side ended it for good.
        """
        ...

    def close(self) -> None:
        """Release what is held; may be called twice, and before ``connect``."""
        ...


@runtime_checkable
class Probed(Protocol):
    """A feed whose connection breaks by itself soon after the far side has gone: its silence says nothing."""

    @property
    def is_probed(self) -> bool:
        """Whether pings are answered, or the network probes the far side, on the connection that stands."""
        ...
