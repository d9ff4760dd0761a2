"""A live day in which anything may go wrong in any order: what DESIGN.md calls invariant is looked at after each step.

The whole house in one thread, its clock by hand: the feed drops, repeats, delays and garbles, connections and upstream
break, the store refuses, symbols join. Whatever happened, in the end it is the day that it would have been.
"""

import random
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from messages import (
    Bar,
    BarBatch,
    Event,
    FeedBars,
    GetActiveSymbols,
    GetBars,
    GetDigest,
    GetMetrics,
    GetQuality,
    MinuteClosed,
    Policy,
)
from messages.feeds import FeedConnected, FeedLost
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import at
from tests.depth import examples
from tests.system.faulty_day import Disk
from tests.system.test_live_members import FEED, LAST, MARKET, RULES, SESSION, SOME, YESTERDAY, LiveDay, undisturbed
from tests.upstreams import Upstream

TRUTH = {(one.symbol, one.start_ns): one for one in MARKET.day(SESSION).bars.bars()}
MINUTES = range(SESSION.open_ns, SESSION.close_ns, MINUTE_NS)
UPS_AND_DOWNS_END = "09:42"
"""Of a session from 9:30 to 9:45: then all is well again, and what is still missing can be had."""
FAULTS = ("high", "close", "volume", "stamp", "day")


def values(one: Bar) -> tuple[float, ...]:
    return one.open, one.high, one.low, one.close, one.volume


class AnyDay(RuleBasedStateMachine):
    """What may happen, and what must be so all the while."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = self.made()
        self.disk.merge("XNYS", YESTERDAY.date, MARKET.day(YESTERDAY))
        self.is_source_down = False
        self.source = Upstream(TRUTH.values(), fails=lambda _: self.is_source_down, is_authoritative=True)
        self.board = self.begun()
        self.board.up()
        self.heard = self.board.listen("minutes", policy=Policy.DROP_OLDEST)
        self.board.until("09:30")
        self.minutes: list[int] = []
        self.seen: set[tuple[str, int]] = set()
        self.lost: set[str] = set()
        """Symbols whose bars the feed does not send at the moment."""

    def made(self) -> Disk:
        """Return an empty store."""
        return Disk()

    def begun(self) -> LiveDay:
        """Return the house, which is not up yet."""
        return LiveDay("09:29", SOME, [self.source], store=self.disk, dice=random.Random(7))

    # --- what happens

    @property
    def now_ns(self) -> int:
        return self.board.time.now_ns()

    def is_day(self) -> bool:
        return self.now_ns < at(UPS_AND_DOWNS_END, SESSION)

    @precondition(is_day)
    @rule(steps=st.integers(1, 24))
    def time_passes(self, steps: int) -> None:
        kept = self.board.subscribed
        self.board.subscribed = kept - self.lost
        until = self.now_ns + steps * 5 * SECOND_NS
        self.board.until(min(until, at(UPS_AND_DOWNS_END, SESSION)))
        self.board.subscribed = kept

    @rule(symbols=st.sets(st.sampled_from(MARKET.symbols)))
    def the_feed_leaves_symbols_out(self, symbols: set[str]) -> None:
        self.lost = symbols

    @rule(picks=st.lists(st.tuples(st.sampled_from(MARKET.symbols), st.sampled_from(MINUTES)), max_size=5))
    def bars_come_when_they_like(self, picks: list[tuple[str, int]]) -> None:
        """Late, twice, in another order; and some before their time."""
        self.send([TRUTH[pick] for pick in picks if pick in TRUTH and pick[0] in self.active()])

    @rule(pick=st.sampled_from(sorted(TRUTH)), fault=st.sampled_from(FAULTS))
    def nonsense_comes(self, pick: tuple[str, int], fault: str) -> None:
        bar = TRUTH[pick]
        wrong: dict[str, dict[str, Any]] = {
            "high": {"high": bar.low - 1.0},
            "close": {"close": float("nan")},
            "volume": {"volume": -1.0},
            "stamp": {"start_ns": bar.start_ns + SECOND_NS},
            "day": {"start_ns": bar.start_ns - 30 * 24 * 60 * MINUTE_NS},
        }
        self.send([msgspec.structs.replace(bar, **wrong[fault])])

    @rule()
    def the_connection_breaks(self) -> None:
        again_ns = self.now_ns + SECOND_NS
        self.board.stream_coordinator.tell(
            FeedLost(feed=FEED, reason="reset by peer", retry_ns=again_ns, arrived_ns=self.now_ns)
        )
        self.lost = set(MARKET.symbols)

    @rule()
    def the_connection_is_made(self) -> None:
        self.board.stream_coordinator.tell(FeedConnected(feed=FEED, attempt=1, arrived_ns=self.now_ns))
        self.lost = set()

    @rule(is_down=st.booleans())
    def the_upstream_breaks_or_mends(self, is_down: bool) -> None:  # hypothesis passes by name
        self.is_source_down = is_down

    @rule(is_full=st.booleans())
    def the_disk_is_full_or_not(self, is_full: bool) -> None:
        self.disk.is_full = is_full

    @precondition(lambda self: LAST not in self.board.subscribed)
    @rule()
    def a_symbol_joins(self) -> None:
        self.board.add(LAST)

    def send(self, bars: list[Bar]) -> None:
        if bars:
            self.board.stream_coordinator.tell(FeedBars(feed=FEED, batch=BarBatch.of(bars), arrived_ns=self.now_ns))
        self.board.settle()

    def polled(self) -> Event | None:
        """The next event; ``None``: there is none yet, or none will come."""
        try:
            return self.heard.poll()
        except StopIteration:
            return None

    def active(self) -> tuple[str, ...]:
        return self.board.ask(GetActiveSymbols())

    # --- what must be so

    @invariant()
    def nothing_is_known_before_its_time_and_nothing_is_lost(self) -> None:
        bars = [one for symbol in self.active() for one in self.board.ask(GetBars(symbol=symbol)).bars()]
        longer = [GetBars(symbol=symbol, interval=interval) for symbol in self.active() for interval in RULES.intervals]
        held = {(one.symbol, one.start_ns) for one in bars}

        assert all(one.end_ns <= self.now_ns for one in bars)
        assert all(one.end_ns <= self.now_ns for asked in longer for one in self.board.ask(asked).bars())
        assert held >= self.seen
        assert [one for one in bars if values(one) != values(TRUTH[one.symbol, one.start_ns])] == []
        self.seen = held

    @invariant()
    def what_is_summed_up_is_what_is_held(self) -> None:
        for symbol in self.active():
            bars = self.board.ask(GetBars(symbol=symbol)).bars()
            metrics = self.board.ask(GetMetrics(symbol=symbol))

            assert metrics.bars == len(bars)
            assert abs(metrics.volume - sum(one.volume for one in bars)) < 1e-6 * max(metrics.volume, 1.0)
            assert metrics.high == max((one.high for one in bars), default=None)
            assert metrics.low == min((one.low for one in bars), default=None)

    @invariant()
    def what_came_is_accounted_for(self) -> None:
        report = self.board.ask(GetQuality())

        assert report.accepted + report.rejected + report.duplicates == report.received
        assert report.rejected == sum(number for _, number in report.reasons)

    @invariant()
    def minutes_are_told_once_in_order_when_they_are_over(self) -> None:
        for event in iter(self.polled, None):
            assert isinstance(event, MinuteClosed)
            self.minutes.append(event.start_ns)
            assert event.start_ns + MINUTE_NS <= self.now_ns

        assert self.minutes == list(MINUTES[: len(self.minutes)])

    def teardown(self) -> None:
        self.is_source_down = self.disk.is_full = False
        self.the_connection_is_made()
        if LAST not in self.board.subscribed:
            self.board.add(LAST)
        self.board.until("09:50")
        self.minutes_are_told_once_in_order_when_they_are_over()
        self.nothing_is_known_before_its_time_and_nothing_is_lost()

        assert self.minutes == list(MINUTES)
        assert self.board.ask(GetDigest()) == undisturbed()[0]
        assert self.board.ask(GetQuality()).quality.bar_quality == 100.0
        certificate = self.board.certificate()
        assert certificate is not None
        assert certificate.date in self.disk.certified("XNYS")


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(examples(40), stateful_step_count=20, report_multiple_bugs=False)
