"""A fast live day with a bug in one place: the first message of a kind raises, before or after it was handled."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args
from unittest.mock import patch

from actors.data_upkeep.core import DataUpkeepCore
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.kernel.outcome import Outcome
from actors.session_data.core import SessionDataCore
from actors.settings import LiveRules
from actors.storage.parquet import ParquetStore
from actors.stream_coordinator.live import LiveCore
from actors.system import System
from actors.system_manager.core import SystemManagerCore
from messages import Control, Message, Query, SystemStatus, inboxes
from messages.errors import BarkeeperError
from tests.system.live import FAST_UPKEEP, Mortal, clock_before, live, market_feed, session_of, upstream_of

MARKET = SimulatedMarket.of_size(3)
HEARD = SimulatedMarket(symbols=MARKET.symbols[:2])
"""What the feed has of it: the bars of the third symbol come from the upstream."""
SESSION = session_of(closed=("09:34-16:00",))
CLOSED = ("09:34-16:00",)
BARS = 3 * 4
SPEED = 600.0
_TO_START_S = 3.0
ROOMS: tuple[tuple[type[Any], Any], ...] = (
    (SessionDataCore, inboxes.SessionDataInbox),
    (LiveCore, inboxes.LiveStreamInbox),
    (DataUpkeepCore, inboxes.DataUpkeepInbox),
    (SystemManagerCore, inboxes.SystemManagerInbox),
)


class Place(NamedTuple):
    """Where the bug is."""

    core: type[Any]
    kind: type[Message]
    is_handled: bool
    """Whether the core has changed when it raises, and only what it says is lost."""

    def __str__(self) -> str:
        return f"{self.core.__name__}-{self.kind.__name__}-{'after' if self.is_handled else 'before'}"


class Fate(NamedTuple):
    """What became of a day."""

    place: Place
    is_struck: bool
    is_over: bool
    failure: str
    stored: int
    seconds: float
    closing_s: float
    left: tuple[str, ...]
    """Threads that were still there."""
    status: SystemStatus | None

    @property
    def is_well(self) -> bool:
        """Whether it ended by itself with its bars recorded, or in an error that says why; quickly, leaving nothing."""
        ended = self.is_over and (bool(self.failure) or self.stored == BARS)
        return ended and self.closing_s < 5.0 and not self.left


def places() -> Iterator[Place]:
    """Yield every place where a bug may be: a room, and what it is told."""
    for core, inbox in ROOMS:
        for kind in sorted(get_args(inbox), key=lambda kind: kind.__name__):
            if not issubclass(kind, Query) or issubclass(kind, Control):
                yield from (Place(core, kind, is_handled) for is_handled in (False, True))


class Bug:
    """Raises on one message of a kind, whenever that comes; or on all from then on.

    Args:
        place: where.
        nth: on which.
        once: whether on no other.
    """

    def __init__(self, place: Place, nth: int = 1, *, once: bool = True) -> None:
        self.has_struck = False
        self._left = nth
        self._is_once = once
        self._place = place
        self._handle = place.core.handle
        self._message: object = None

    def bound(self) -> Callable[[Any, Any], Outcome]:
        """Return a function, which becomes a method of the core."""
        return lambda core, message: self._take(core, message)  # noqa: PLW0108  # a bound method would get no core

    def _take(self, core: Any, message: Any) -> Outcome:
        """Handle a message, but for one, which raises whenever it comes."""
        if isinstance(message, self._place.kind) and self._strikes(message):
            self.has_struck, self._message = True, message
            if self._place.is_handled:
                self._handle(core, message)
            raise RuntimeError("a bug put in by a test")
        outcome: Outcome = self._handle(core, message)
        return outcome

    def _strikes(self, message: Any) -> bool:
        if self.has_struck:
            return message is self._message or not self._is_once
        self._left -= 1
        return self._left == 0


def struck(
    place: Place, patience_s: float = 20.0, nth: int = 1, *, once: bool = True, max_restarts: int = 5, deaths: int = 2
) -> Fate:
    """Live the day, and tell what became of it."""
    bug = Bug(place, nth, once=once)
    before = set(threading.enumerate())
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(place.core, "handle", bug.bound()),
    ):
        store = Path(folder) / "store"
        clock = clock_before(SESSION, SPEED)
        clock.hold()  # a busy machine takes minutes of this clock to start
        feed = Mortal(market_feed(HEARD, SESSION, clock), deaths=deaths)
        system = live(
            str(store),
            [feed],
            clock,
            symbols=MARKET.symbols,
            closed=CLOSED,
            sources=[upstream_of(MARKET, SESSION)],
            upkeep=FAST_UPKEEP,
            live=LiveRules(auto_roll=False, max_restarts=max_restarts),
        )
        began = time.monotonic()
        is_over, failure = _ends(system, clock, patience_s)
        seconds, status = time.monotonic() - began, _status(system)
        began = time.monotonic()
        system.close()
        closing_s = time.monotonic() - began
        clock.close()
        day = ParquetStore(store, read_only=True).read("XNYS", SESSION.date) if store.is_dir() else None
        stored = 0 if day is None else len(day.bars)
    left = tuple(thread.name for thread in set(threading.enumerate()) - before if thread.is_alive())
    return Fate(place, bug.has_struck, is_over, failure, stored, seconds, closing_s, left, status)


def _ends(system: System, clock: SystemClock, patience_s: float) -> tuple[bool, str]:
    """Start, and wait for the end; return whether it came, and which error it was."""
    found: list[str] = []
    late = threading.Timer(_TO_START_S, clock.go_on)  # where the start itself needs the time
    late.start()

    def listen() -> None:
        try:
            system.start(timeout=patience_s)
            clock.go_on()
            for _ in system.subscribe(["sessions"], policy="drop_oldest"):
                pass
            found.append("")
        except BarkeeperError as error:
            found.append(str(error))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    thread.join(patience_s)
    late.cancel()
    late.join()
    return (bool(found), found[0] if found else "")


def _status(system: System) -> SystemStatus | None:
    try:
        status: SystemStatus = system.status().get(timeout=1)
    except BarkeeperError:
        return None
    return status
