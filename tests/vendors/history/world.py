"""What the contract of histories needs of a vendor: its real client, and a server of ours that speaks its protocol."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from actors.vendors.history.asker import Persistence
from actors.vendors.history.entry import HistoryEntry, Pace
from actors.vendors.history.pacer import Pacer
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.history.source import VendorSource
from messages import Bar, TradingSession
from messages.values import Nanos
from tests.builders import DAY

QUICK = Persistence(tries=4, backoff_s=0.001)


class HistoryWorld(ABC):
    """A vendor with bars, from when it is made until ``stop``.

    Args:
        bars: what the vendor has; their symbols are some of ``symbols``.
        pace: what its server allows; ``None``: anything.
        rows_a_page: how many bars a page of it holds; ``None``: as many as the vendor's.
    """

    entry: HistoryEntry
    tape: str
    symbols: tuple[str, str, str]
    """Names that this vendor might have, in their order."""
    session: TradingSession = DAY
    faults: frozenset[str] = frozenset({"error", "cut", "html", "junk", "drop", "empty"})
    """Ways in which its server can fail; ``mute`` it must be able to be."""
    secrets: tuple[str, ...] = ()
    """Keys that must stand nowhere."""
    refuses_symbols: bool = True
    """Whether it has an answer for symbols that cannot be."""
    requests_in_vain: int = 1
    """How many it takes until a symbol is refused."""
    says_how_long: bool = True
    """Whether who is too fast is told for how long to wait."""
    refuses_before_it_asks: bool = False
    """Whether the client knows by itself which symbols cannot be."""
    requests_a_question: int = 1
    """How many it takes to ask about two symbols, the last minutes of which have no bar."""
    requests_to_see_the_end: int = 0
    """How many of them find nothing."""
    way_s: float = 0.0
    """By how much the way to it may differ from one request to the next: a handshake of TLS, or making a client, takes
    its time."""
    most_trades: int = 500
    """How many a busy minute has; of a vendor whose trades are folded they are all sent."""
    pages: bool = True
    """Whether its pages can be made short."""

    @abstractmethod
    def __init__(
        self, bars: Iterable[Bar], *, pace: tuple[int, float] | None = None, rows_a_page: int | None = None
    ) -> None: ...

    @abstractmethod
    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        """Return the vendor's real client, set to our server."""

    @abstractmethod
    def fail_next(self, *kinds: str) -> None:
        """Let the next requests fail in these ways, one after the other."""

    @property
    @abstractmethod
    def requests(self) -> int:
        """How many requests came, those that failed or were refused included."""

    @property
    @abstractmethod
    def refused_for_pace(self) -> int:
        """How many were too fast."""

    @abstractmethod
    def wait_for_requests(self, count: int) -> None:
        """Wait until so many have come."""

    @abstractmethod
    def set_clock(self, now_ns: Nanos) -> None:
        """Let it be that time at the vendor's."""

    def rename(self, old: str, new: str, date: str) -> None:
        """Let a symbol have another name from a date on; of a vendor that tells it."""
        raise NotImplementedError

    @abstractmethod
    def stop(self) -> None:
        """End the server, and whoever waits for it."""

    def vanish(self) -> None:
        """Let nobody be at its address any more; those who ask stay."""
        self.stop()
        self.stop = lambda: None  # type: ignore[method-assign]  # it has been

    def source(
        self,
        *,
        now_ns: Callable[[], Nanos] | None = None,
        pace: tuple[Pace, ...] = (),
        deadline_s: float = 5.0,
        wrong_keys: bool = False,
        **more: Any,
    ) -> VendorSource:
        """Return the vendor as an upstream; long after the session, in no hurry, with a pacer of its own."""
        request = HistoryRequest(
            entry=self.entry, tape=self.tape, adjustment=self.entry.adjustments[0], deadline_s=deadline_s
        )
        opened = self.open(request, wrong_keys=wrong_keys)
        after_ns = self.session.end_ns + 24 * 3600 * 10**9
        given = {"persistence": QUICK, "pacer": Pacer(pace), **more}
        return VendorSource(opened, request, now_ns=now_ns or (lambda: after_ns), **given)


class HttpWorld(HistoryWorld):
    """A vendor whose server speaks HTTP."""

    server: Any
    """A ``VendorServer``."""

    def fail_next(self, *kinds: str) -> None:
        self.server.fail_next(*kinds)

    @property
    def requests(self) -> int:
        return len(self.server.calls)

    @property
    def refused_for_pace(self) -> int:
        refused: int = self.server.refused_for_pace
        return refused

    def wait_for_requests(self, count: int) -> None:
        self.server.wait_for_calls(count)

    def set_clock(self, now_ns: Nanos) -> None:
        self.server.date_s = now_ns / 10**9

    def stop(self) -> None:
        self.server.stop()
