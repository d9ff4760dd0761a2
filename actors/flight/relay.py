"""One seat at the session for all who listen from other processes: the session tells once, however many they are.

A thread of ours takes what was told and passes it on to bounded queues; bytes are made of it once, by who sends it
first. It works a small part of the time only: when much is told it comes back later and takes more at once, and the
session goes on meanwhile.
"""

import math
import threading
import time

import msgspec

from actors.flight.ear import Ear, Form, Portion
from actors.kernel.future import Future
from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.subscription import Subscription
from actors.kernel.telemetry import alarm
from messages.base import Event
from messages.errors import BarkeeperError, QueryFailed
from messages.events import BoundaryKind, MinuteClosed, SessionBoundary
from messages.history import WarmUpReported
from messages.values import Policy

_BOUND = 20_000
"""Events that may wait for our thread, which takes all of them at once: a dozen days of a backtest at full speed."""
_PORTION = 64
"""Events that are sent together: of a market of 500 symbols it is a megabyte."""

_REST = 15
"""So many times as long as it has worked, our thread leaves the session alone."""
_EACH_S, _ROW_S = 50e-6, 60e-9
"""What it costs the session's process to wake whoever sends to a listener, and to pack or send a bar of 56 bytes."""
_LONGEST_REST_S = 0.25
_RACING_S = 0.05
"""Where minutes close faster than so, the tape runs at full speed."""
_PATIENCE_S = 1.0


class _Wish(msgspec.Struct, frozen=True):
    """What some listeners have in common."""

    wanted: Filter
    form: Form


class Relay:
    """Listens while anybody does, and passes on. It is never waited for: its seat drops what is too much."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._lock = threading.Lock()
        self._watches: list[_Watch] = []
        """The last one is that which newcomers join; those before it have come to their end."""

    def join(self, ear: Ear, wanted: Filter, form: Form) -> None:
        """Let somebody listen from now on."""
        with self._lock:
            if not self._watches or self._watches[-1].is_over:
                own = self._fanout.subscribe("other processes", Filter(), Policy.DROP_OLDEST, _BOUND)
                self._watches.append(_Watch(own))
            self._watches[-1].join(ear, _Wish(wanted, form))

    def leave(self, ear: Ear) -> None:
        """Somebody listens no more; the last one closes the seat."""
        ear.finish(None)
        with self._lock:
            self._watches = [watch for watch in self._watches if not watch.is_empty_without(ear)]

    def close(self, error: BaseException | None) -> None:
        """Let all listeners end, after what waits for them; where the session has ended, with what it told last."""
        with self._lock:
            watches, self._watches = self._watches, []
        for watch in watches:
            watch.hasten()
            watch.end(error)


class _Watch:
    """From the first listener to the last, or to the end of what is told.

    Args:
        own: our seat.
    """

    def __init__(self, own: Subscription) -> None:
        self._own = own
        self._lock = threading.Lock()
        self._ears: dict[_Wish, list[Ear]] = {}
        self._opening: list[Event] = []
        """Which session is open, and how warm it is: what newcomers are told first."""
        self._is_hasty = threading.Event()
        self._thread = threading.Thread(target=self._run, name="barkeeper-relay", daemon=True)

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        return self._own.seat.is_over

    def join(self, ear: Ear, wish: _Wish) -> None:
        """Let somebody listen."""
        with self._lock:
            self._ears.setdefault(wish, []).append(ear)
            ear.push(_portions(self._opening, wish))
        if self._thread.ident is None:
            self._thread.start()

    def is_empty_without(self, ear: Ear) -> bool:
        """Let somebody go, and return whether that was the last one, and it is over."""
        with self._lock:
            self._ears = {
                wish: left for wish, ears in self._ears.items() if (left := [one for one in ears if one is not ear])
            }
            if self._ears:
                return False
        self._own.close()
        return True

    def hasten(self) -> None:
        """Rest no more; if the session has ended, wait until all of it has been passed on."""
        self._is_hasty.set()
        if self.is_over:
            self._thread.join(_PATIENCE_S)

    def end(self, error: BaseException | None) -> None:
        """Let all go."""
        with self._lock:
            ears, self._ears = [ear for some in self._ears.values() for ear in some], {}
        self._own.close()  # which our thread takes for the end, of nobody any more
        for ear in ears:
            ear.finish(error)

    def _run(self) -> None:
        seat, lost, minute_s = self._own.seat, 0, -math.inf
        try:
            while True:
                events, waiter = _drained(seat)
                minutes, began_s = sum(isinstance(event, MinuteClosed) for event in events), time.monotonic()
                if minutes and began_s - minute_s < minutes * _RACING_S and not seat.is_over:
                    self._is_hasty.wait(_LONGEST_REST_S)  # the tape runs at full speed: the session goes first
                    more, waiter = _drained_further(seat)
                    events, began_s = events + more, time.monotonic()
                minute_s = began_s if minutes else minute_s
                dropped, lost = seat.dropped - lost, seat.dropped
                sent_s = self._pass_on(events, dropped) if events else 0.0
                if events and not seat.is_over:
                    worked_s = time.monotonic() - began_s + sent_s
                    self._is_hasty.wait(min(_REST * worked_s, _LONGEST_REST_S))
                if waiter is not None:
                    waiter.get()
        except _Over as over:
            self.end(over.error)
        except Exception as error:  # noqa: BLE001  # a bug of ours: who listens is told, and the session goes on
            alarm("relay_broke", error=repr(error))
            self.end(QueryFailed(f"what was told could not be passed on: {error!r}"))

    def _pass_on(self, events: list[Event], lost: int) -> float:
        """Pass on, and return how many seconds it will take to send it."""
        with self._lock:
            for event in events:
                if isinstance(event, SessionBoundary) and event.kind is BoundaryKind.OPENED:
                    self._opening = [event]
                elif isinstance(event, WarmUpReported):
                    self._opening.append(event)
            sent_s = 0.0
            for wish, ears in self._ears.items():
                portions = _portions(events, wish)
                for ear in ears:
                    ear.push(portions, lost)
                rows = sum(portion.rows for portion in portions)
                sent_s += len(ears) * (_EACH_S + rows * _ROW_S) + rows * _ROW_S
            return sent_s


def _portions(events: list[Event], wish: _Wish) -> list[Portion]:
    picked = [kept for event in events if (kept := wish.wanted.pick(event)) is not None]
    return [Portion(picked[first : first + _PORTION], wish.form) for first in range(0, len(picked), _PORTION)]


class _Over(Exception):
    """The seat has come to its end."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def _drained(seat: Seat) -> tuple[list[Event], Future[None] | None]:
    """Return what is there, a portion at most, and what to wait for if that was all."""
    events: list[Event] = []
    while len(events) < _BOUND:
        taken, error = _taken(seat)
        if isinstance(taken, tuple):
            events.append(taken[0])
        elif taken is not None:
            return events, taken
        elif events:
            return events, None  # what is left is the end, which comes again
        else:
            raise _Over(error)
    return events, None


def _drained_further(seat: Seat) -> tuple[list[Event], Future[None] | None]:
    try:
        return _drained(seat)
    except _Over:
        return [], None  # it comes again, after what is in hand


def _taken(seat: Seat) -> tuple[tuple[Event, int] | Future[None] | None, BaseException | None]:
    try:
        return seat.take(), None
    except BarkeeperError as error:
        return None, error
