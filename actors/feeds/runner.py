"""A feed's own thread: it connects, reads, tells, notices silence, and connects again."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import assert_never

import msgspec

from actors.feeds.alarm_clock import AlarmClock
from actors.feeds.outgoing import Outgoing
from actors.feeds.paced import PacedFeed
from actors.feeds.port import Feed
from actors.feeds.tally import Tally
from actors.kernel.address import Address
from actors.kernel.clock import Clock
from actors.kernel.telemetry import alarm
from actors.settings import FeedRules
from messages.errors import BarkeeperError, ConnectionLost, FeedError, FeedRefused
from messages.feeds import (
    EVERYTHING,
    FeedConnected,
    FeedEnded,
    FeedEvent,
    FeedHealth,
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

_CLOSING_S = 1.0


class _Silent(ConnectionLost):
    """Nothing came for too long."""


class FeedRunner:
    """Drives one feed, and tells what comes of it; an address for what may be told to a feed.

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
        self._jitter = Random(self._rules.seed)  # noqa: S311  # spreads reconnects, guards nothing
        self._orders: queue.SimpleQueue[SubscribeSymbols | UnsubscribeSymbols] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._alarm = AlarmClock(clock)
        self._attempt = 0
        self._losses_in_a_row = 0
        self._heard_ns: Nanos = 0
        self._next_report = 0.0
        self._thread = threading.Thread(target=self._run, name=f"barkeeper-feed-{feed.name}", daemon=True)
        feed.subscribe(symbols)

    def start(self) -> None:
        """Start the thread; the first time only."""
        if self._thread.ident is None:
            self._thread.start()

    def tell(self, message: FeedInbox) -> None:
        """Take a ticket back, or change what is subscribed, soon; never waits. From any thread."""
        match message:
            case FeedSettled():
                self._outgoing.settled(message.ticket)
            case SubscribeSymbols() | UnsubscribeSymbols():
                self._orders.put(message)
            case _:
                assert_never(message)
        self._alarm.wake()

    def health(self) -> FeedHealth:
        """Return how the feed is; from any thread."""
        return self._tally.health(waiting=self._outgoing.waiting, conflated=self._outgoing.conflated)

    def close(self, timeout_s: float = _CLOSING_S) -> None:
        """End the thread, waiting for it that long; may be called twice, and before ``start``."""
        self._stopping.set()
        self._alarm.wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # --- the feed's thread

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and self._keep_one_connection():
                pass
        finally:
            self._leave()
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
        except Exception as error:  # noqa: BLE001  # a bug in a feed must not silence it for good
            alarm("feed_bug", feed=self.name, error=repr(error))
            return self._lost(ConnectionLost(repr(error)))
        return False

    def _connect(self) -> None:
        self._attempt += 1
        self._obey()
        self._feed.connect(self._stopping)
        now_ns = self._heard_ns = self._clock.now_ns()
        self._tally.connected()
        has_bars = self._feed.has_bars
        self._put(FeedConnected(feed=self.name, attempt=self._attempt, has_bars=has_bars, arrived_ns=now_ns))
        self._attempt = 0

    def _listen(self) -> None:
        for items in self._feed.reads():
            now_ns = self._clock.now_ns()
            self._pass_on(items, now_ns)
            self._check_for_silence(now_ns)
            self._hold_while_behind()
            self._obey()
            self._report_now_and_then()
            if self._stopping.is_set():
                return
        self._put(FeedEnded(feed=self.name, arrived_ns=self._clock.now_ns()))

    def _pass_on(self, items: tuple[FeedItem, ...], now_ns: Nanos) -> None:
        for item in items:
            self._tally.add(item, now_ns)
            self._put(msgspec.structs.replace(item, arrived_ns=now_ns))
            if not isinstance(item, MessagesRejected | SymbolsRefused):  # an answer is no data, and neither is noise
                self._heard_ns = now_ns
                self._losses_in_a_row = 0

    def _check_for_silence(self, now_ns: Nanos) -> None:
        if not self._feed.is_remote or not self._expects_data(now_ns):
            self._heard_ns = max(self._heard_ns, now_ns)
        silent_s = (now_ns - self._heard_ns) / SECOND_NS
        if silent_s >= self._rules.stale_after_s:
            raise _Silent(f"nothing came for {silent_s:.0f} s")

    def _hold_while_behind(self) -> None:
        """Leave the feed unread while too much waits: its own buffers fill up, and hold up whoever sends."""
        while self._outgoing.waiting >= self._rules.most_waiting and not self._stopping.is_set():
            self._alarm.wait(self._rules.report_every_s)
            self._report_now_and_then()
            self._heard_ns = self._clock.now_ns()

    def _obey(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if isinstance(order, SubscribeSymbols):
                self._feed.subscribe(order.symbols)
            else:
                self._feed.unsubscribe(order.symbols)

    def _lost(self, error: FeedError) -> bool:
        """Tell that there is no connection; wait, and return whether to try again."""
        if self._stopping.is_set():
            return False
        self._leave()
        self._tally.lost(str(error))
        self._losses_in_a_row += 1
        now_ns = self._clock.now_ns()
        retry_ns = None if isinstance(error, FeedRefused) else now_ns + self._backoff_ns()
        if retry_ns is not None:
            self._alarm.set_for(retry_ns)
        is_stale = isinstance(error, _Silent)
        lost = FeedLost(feed=self.name, reason=str(error), is_stale=is_stale, retry_ns=retry_ns, arrived_ns=now_ns)
        self._put(lost)
        return retry_ns is not None and self._wait_until(retry_ns)

    def _leave(self) -> None:
        try:
            self._feed.close()
        except Exception as error:  # noqa: BLE001  # as above: the connection is gone, one way or the other
            alarm("feed_bug", feed=self.name, error=repr(error))

    def _backoff_ns(self) -> Nanos:
        doubled = self._rules.backoff_s * 2.0 ** min(self._losses_in_a_row - 1, 60)
        wait_s = min(doubled, self._rules.longest_backoff_s) * (1.0 + self._rules.jitter * self._jitter.random())
        return round(wait_s * SECOND_NS)

    def _wait_until(self, due_ns: Nanos) -> bool:
        while not self._stopping.is_set() and self._clock.now_ns() < due_ns:
            self._alarm.wait(self._rules.report_every_s or None)
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
