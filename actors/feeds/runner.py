"""A feed's own thread: it connects, reads, tells, notices silence, and connects again; and who watches over it."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar, assert_never

import msgspec

from actors.feeds.alarm_clock import AlarmClock
from actors.feeds.outgoing import Outgoing
from actors.feeds.paced import PacedFeed
from actors.feeds.patience import Patience
from actors.feeds.port import Feed, Probed
from actors.feeds.tally import Tally
from actors.kernel.address import Address
from actors.kernel.clock import Clock
from actors.kernel.shelter import is_failure
from actors.kernel.telemetry import alarm
from actors.settings import FeedRules
from messages.errors import BarkeeperError, ConnectionLost, FeedError, FeedRefused, in_line
from messages.feeds import (
    EVERYTHING,
    FeedConnected,
    FeedEnded,
    FeedEvent,
    FeedHealth,
    FeedHeartbeat,
    FeedInbox,
    FeedItem,
    FeedLost,
    FeedReported,
    FeedSettled,
    MessagesRejected,
    SubscribeSymbols,
    SymbolsRefused,
    UnsubscribeSymbols,
)
from messages.values import SECOND_NS, Nanos

R = TypeVar("R")

_CLOSING_S = 1.0
_MOST_GIVEN_UP = 3
"""Threads that still wait for an answer which never came; with as many, nothing more is asked until one comes back."""


class _Silent(ConnectionLost):
    """Nothing came for too long."""


_NO_MORE = object()


class _GivenUp(BaseException):
    """An answer came when it was not waited for any more: this thread is not the feed's any longer."""


class _Call(NamedTuple):
    """What the feed was asked to do, and when by ``time.monotonic``."""

    what: str
    since_s: float


class FeedRunner:
    """Drives one feed, and tells what comes of it; an address for what may be told to a feed.

    A call to the feed that does not come back within ``answer_within_s`` is a loss: its thread is left to itself, and
    another takes the feed over. What the first one gets after all is thrown away.

    Args:
        feed: what is driven; nobody else may touch it.
        address: who is told (``FeedEvent``), from the feed's thread or from the one that settles a ticket.
        clock: what silence and back-off are measured by.
        rules: how patient it is.
        symbols: what is subscribed from the start.
        expects_data: whether the feed should give something at this time; silence at others means nothing.
    """

    def __init__(
        self,
        feed: Feed,
        address: Address[FeedEvent],
        clock: Clock,
        rules: FeedRules | None = None,
        *,
        symbols: Sequence[str] = (EVERYTHING,),
        expects_data: Callable[[Nanos], bool] = lambda _now_ns: True,
    ) -> None:
        self.name = feed.name
        self.is_replay = isinstance(feed, PacedFeed)
        """Whether all that comes is known before, and comes by the clock: if that stands still, so does the feed."""
        self._feed = feed
        self._clock = clock
        self._rules = rules or FeedRules()
        self._expects_data = expects_data
        self._outgoing = Outgoing(address, self._rules.credit)
        self._tally = Tally(feed.name)
        self._patience = Patience(self._rules)
        self._orders: queue.SimpleQueue[SubscribeSymbols | UnsubscribeSymbols] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._alarm = AlarmClock(clock)
        self._attempt = 0
        self._connected: FeedConnected | None = None
        self._is_probed = False
        self._life_ns: Nanos = 0
        self._came_ns: Nanos = 0
        """When anything last came, which beats made by us are not."""
        self._next_report = 0.0
        self._lock = threading.Lock()
        self._call: _Call | None = None
        self._given_up: list[threading.Thread] = []
        self._thread = self._new_thread(None)
        self._watch = threading.Thread(target=self._watch_over, name=f"barkeeper-watch-{feed.name}", daemon=True)
        self._begin_with(symbols)

    def _begin_with(self, symbols: Sequence[str]) -> None:
        try:
            self._feed.subscribe(symbols)
        except BarkeeperError:
            raise
        except BaseException as error:
            if not is_failure(error):
                raise
            raise FeedRefused(f"{self.name}: its subscribe raised {error!r}") from error

    def _new_thread(self, error: FeedError | None) -> threading.Thread:
        name = f"barkeeper-feed-{self.name}"
        return threading.Thread(target=self._run, args=(error,), name=name, daemon=True)

    def start(self) -> None:
        """Start the thread; the first time only."""
        if self._thread.ident is None:
            self._thread.start()
            self._watch.start()

    def tell(self, message: FeedInbox) -> None:
        """Take a ticket back, or change what is subscribed, soon; never waits. From any thread."""
        match message:
            case FeedSettled():
                self._tally.settled(message.taken)
                self._outgoing.settled(message.ticket)
            case SubscribeSymbols() | UnsubscribeSymbols():
                self._orders.put(message)
            case _:
                assert_never(message)
        self._alarm.wake()

    def make_good(self) -> None:
        """Something that was told may be lost: tell once more that there is a connection, and wait for no ticket."""
        connected, self._connected = self._connected, None
        if connected is not None:
            self._put(connected)
        self._outgoing.forgive()

    def health(self) -> FeedHealth:
        """Return how the feed is; from any thread."""
        return self._tally.health(waiting=self._outgoing.waiting, conflated=self._outgoing.conflated)

    def close(self, timeout_s: float = _CLOSING_S) -> None:
        """End the thread, waiting for it that long; may be called twice, and before ``start``."""
        self._stopping.set()
        self._alarm.wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # --- watching over the feed's thread

    def _watch_over(self) -> None:
        every_s = min(1.0, self._rules.answer_within_s / 4)
        while not self._stopping.wait(every_s) and not self._tally.is_over:
            self._give_up_who_waits_in_vain()

    def _give_up_who_waits_in_vain(self) -> None:
        with self._lock:
            call, patience_s = self._call, self._rules.answer_within_s
            if call is None or time.monotonic() - call.since_s < patience_s:
                return
            alarm("feed_gave_no_answer", feed=self.name, call=call.what)
            self._given_up = [thread for thread in (*self._given_up, self._thread) if thread.is_alive()]
            self._call = None
            self._thread = self._new_thread(ConnectionLost(f"{call.what} gave no answer for {patience_s:g} s"))
            self._thread.start()

    def _ask(self, what: str, call: Callable[[], R]) -> R:
        """Have the feed do something, unless it never comes back."""
        with self._lock:
            self._call = _Call(what, time.monotonic())
        try:
            return call()
        except Exception:
            raise
        except BaseException as error:  # a library that exits, or a task of its own that was cancelled
            raise ConnectionLost(f"{what} ended with {error!r}") from error
        finally:
            with self._lock:
                if threading.current_thread() is not self._thread:
                    raise _GivenUp
                self._call = None

    # --- the feed's thread

    def _run(self, error: FeedError | None) -> None:
        try:
            goes_on = error is None or self._lost(error, leaves=False)
            while goes_on and not self._stopping.is_set():
                goes_on = self._keep_one_connection()
            self._leave()
        except _GivenUp:
            return
        self._connected = None
        self._tally.over()
        self._report()

    def _keep_one_connection(self) -> bool:
        """Connect and read until it is over; return whether to try again."""
        try:
            self._connect()
            self._listen()
        except FeedError as error:
            return self._lost(error)
        except BarkeeperError as error:  # a day that cannot be read, a key file: no connection will mend it
            return self._lost(FeedRefused(str(error)))
        except _GivenUp:
            raise
        except BaseException as error:  # noqa: BLE001  # a bug in a feed must not silence it for good
            alarm("feed_bug", feed=self.name, error=repr(error))
            return self._lost(ConnectionLost(repr(error)))
        return False

    def _connect(self) -> None:
        self._attempt += 1
        self._obey()
        self._ask("connect", lambda: self._feed.connect(self._stopping))
        now_ns = self._life_ns = self._clock.now_ns()
        self._patience.connected(now_ns)
        self._is_probed = isinstance(self._feed, Probed) and self._feed.is_probed
        self._tally.connected()
        connected = FeedConnected(
            feed=self.name,
            attempt=self._attempt,
            has_bars=self._feed.has_bars,
            sale_rules=getattr(self._feed, "sale_rules", "none"),
            arrived_ns=now_ns,
        )
        self._connected = connected
        self._put(connected)
        self._attempt = 0

    def _listen(self) -> None:
        reads: Iterator[Any] = self._ask("read", lambda: iter(self._feed.reads()))
        while (items := self._ask("read", lambda: next(reads, _NO_MORE))) is not _NO_MORE:
            if not isinstance(items, tuple | list):
                raise ConnectionLost(f"its reads gave {type(items).__name__}; a tuple of what came is expected")
            now_ns = self._clock.now_ns()
            self._pass_on(tuple(items), now_ns)
            self._check_for_silence(now_ns)
            self._hold_while_behind()
            self._obey()
            self._report_now_and_then()
            if self._stopping.is_set():
                return
        self._put(FeedEnded(feed=self.name, arrived_ns=self._clock.now_ns()))

    def _pass_on(self, items: tuple[FeedItem, ...], now_ns: Nanos) -> None:
        for item in items:
            if isinstance(item, SymbolsRefused):
                item = msgspec.structs.replace(item, reason=in_line(item.reason))  # noqa: PLW2901  # in our words
            self._tally.add(item, now_ns)
            self._put(msgspec.structs.replace(item, feed=self.name, arrived_ns=now_ns))  # a feed may pass on another's
            if not isinstance(item, MessagesRejected | SymbolsRefused):  # an answer is no data, and neither is noise
                self._life_ns = self._came_ns = now_ns
                self._patience.came(now_ns)

    def _check_for_silence(self, now_ns: Nanos) -> None:
        if not self._feed.is_remote or not self._expects_data(now_ns):
            self._patience.excused(now_ns)
        elif self._patience.is_over(now_ns, is_probed=self._is_probed):
            raise _Silent(f"nothing came for {self._patience.silent_ns(now_ns) / SECOND_NS:.0f} s")
        if self._is_probed and (now_ns - self._life_ns) / SECOND_NS >= self._rules.stale_after_s / 3:
            self._life_ns = now_ns
            beat = FeedHeartbeat(feed=self.name, arrived_ns=now_ns)
            self._tally.add(beat, now_ns)
            self._put(beat)

    def _hold_while_behind(self) -> None:
        """Leave the feed unread while too much waits: its own buffers fill up, and hold up whoever sends."""
        while self._outgoing.waiting >= self._rules.most_waiting and not self._stopping.is_set():
            self._alarm.wait(self._rules.report_every_s)
            self._report_now_and_then()
            self._patience.excused(self._clock.now_ns())

    def _obey(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            change = self._feed.subscribe if isinstance(order, SubscribeSymbols) else self._feed.unsubscribe
            self._ask("subscribe", partial(change, order.symbols))

    def _lost(self, error: FeedError, *, leaves: bool = True) -> bool:
        """Tell that there is no connection; wait, and return whether to try again."""
        if self._stopping.is_set():
            return False
        if leaves:
            self._leave()
        now_ns, is_stale = self._clock.now_ns(), isinstance(error, _Silent)
        heard_ns, is_unusual = self._heard_until_ns(now_ns), self._patience.is_unusual(now_ns)
        self._connected = None
        reason = in_line(error)
        self._tally.lost(reason)
        retry_ns = None
        if is_stale:
            self._patience.silenced()
            retry_ns = now_ns
        elif not isinstance(error, FeedRefused):
            retry_ns = now_ns + self._patience.lost_ns()
            self._alarm.set_for(retry_ns)
        self._put(
            FeedLost(
                feed=self.name,
                reason=reason,
                is_stale=is_stale,
                is_unusual=is_stale and is_unusual,
                heard_until_ns=heard_ns,
                retry_ns=retry_ns,
                arrived_ns=now_ns,
            )
        )
        return retry_ns is not None and self._wait_until(retry_ns) and self._wait_for_those_given_up()

    def _heard_until_ns(self, now_ns: Nanos) -> Nanos:
        """Return when the connection that is lost surely stood; 0: there was none.

        One that breaks by itself when the far side has gone has done so within the time of a silence.
        """
        if self._connected is None:
            return 0
        probed_ns = now_ns - round(self._rules.stale_after_s * SECOND_NS) if self._is_probed else 0
        return max(self._connected.arrived_ns, self._came_ns, probed_ns)

    def _leave(self) -> None:
        try:
            self._ask("close", self._feed.close)
        except Exception as error:  # noqa: BLE001  # as above: the connection is gone, one way or the other
            alarm("feed_bug", feed=self.name, error=repr(error))

    def _wait_until(self, due_ns: Nanos) -> bool:
        while not self._stopping.is_set() and self._clock.now_ns() < due_ns:
            self._alarm.wait(self._rules.report_every_s or None)
            self._report_now_and_then()
        return not self._stopping.is_set()

    def _wait_for_those_given_up(self) -> bool:
        """Ask nothing more of a feed that has left too many calls without an answer."""
        while not self._stopping.is_set() and sum(map(threading.Thread.is_alive, self._given_up)) >= _MOST_GIVEN_UP:
            self._stopping.wait(self._rules.report_every_s or 1.0)
            self._report_now_and_then()
        return not self._stopping.is_set()

    def _put(self, event: FeedEvent) -> None:
        self._outgoing.put(event)

    def _report_now_and_then(self) -> None:
        now = time.monotonic()
        if now >= self._next_report:
            self._next_report = now + self._rules.report_every_s
            self._report()

    def _report(self) -> None:
        self._put(FeedReported(health=self.health()))
