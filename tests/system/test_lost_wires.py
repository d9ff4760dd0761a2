"""A whole day of trades over a real connection that dies in a minute, and is found lost when its bar has been told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import SocketSource
from actors.kernel.clock import SystemClock
from actors.kernel.ports import StoredDay
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from messages import Bar, MinuteClosed, SessionCertificate
from messages.certificates import GapOutcome
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS, Nanos, Verdict
from tests.feeds.jsonlines.sender import LineServer
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, session_of
from tests.system.worlds import short

pytestmark = pytest.mark.slow

FIVE = ("09:35-16:00",)
SESSION = session_of(closed=FIVE)
NAMES = ("A", "B", "C")
EVERY_S = 3
DIED_NS = SESSION.open_ns + 80 * SECOND_NS
"""In the second minute; it is found lost when that has been told, half a minute after its end."""


def price(symbol: str, at_ns: Nanos) -> float:
    """Another one in every trade."""
    return 100.0 + NAMES.index(symbol) + (at_ns - SESSION.open_ns) // SECOND_NS / 100


def trades() -> Iterator[tuple[str, Nanos]]:
    for at_ns in range(SESSION.open_ns + SECOND_NS, SESSION.end_ns, EVERY_S * SECOND_NS):
        yield from ((symbol, at_ns) for symbol in NAMES)


def day() -> StoredDay:
    """The bars of all that is traded, by loops."""
    made = []
    for start_ns in range(SESSION.open_ns, SESSION.end_ns, MINUTE_NS):
        for name in NAMES:
            prices = [
                price(name, at_ns) for one, at_ns in trades() if one == name and 0 <= at_ns - start_ns < MINUTE_NS
            ]
            made.append(
                Bar(
                    symbol=name, start_ns=start_ns, open=prices[0], high=max(prices), low=min(prices),
                    close=prices[-1], volume=float(len(prices)),
                )
            )  # fmt: skip
    bars = BarBatch.of(made)
    return StoredDay(bars=bars, verdicts=bars.symbol_index.astype("u1") * 0 + Verdict.STREAMED, tz=SESSION.tz)


@contextmanager
def wire(clock: SystemClock, is_told: threading.Event) -> Iterator[int]:
    """Send the day; from some moment on nothing gets through, and when the minute is told the connection is gone."""
    server, stopping = LineServer(), threading.Event()

    def send() -> None:
        is_cut = False
        for symbol, at_ns in trades():
            while clock.now_ns() < at_ns:
                if stopping.wait(0.002):
                    return
            if is_told.is_set() and not is_cut:
                server.hang_up()
                is_cut = True
            if at_ns < DIED_NS or is_cut:
                line = {"type": "tick", "symbol": symbol, "at": at_ns, "price": price(symbol, at_ns), "size": 1.0}
                server.write(json.dumps(line).encode() + b"\n")

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    try:
        yield server.port
    finally:
        stopping.set()
        sending.join(10)
        server.close()


def certificate(*sources: StoreSource) -> SessionCertificate:
    """Of the day as it was lived."""
    clock = clock_before(SESSION, 40, early_ns=20 * SECOND_NS)
    is_told = threading.Event()
    with wire(clock, is_told) as port:
        feed = JsonLinesFeed(SocketSource("127.0.0.1", port), name="wire", has_bars=False)
        with live(
            MemoryStore(), [feed], clock, symbols=NAMES, closed=FIVE, sources=sources, upkeep=FAST_UPKEEP
        ) as system:
            for minute in system.subscribe(("minutes",), policy="drop_oldest", bound=1000):
                if isinstance(minute, MinuteClosed) and minute.start_ns == SESSION.open_ns + MINUTE_NS:
                    is_told.set()
            found = system.certificate().get(timeout=10)
    assert found is not None
    return found


def test_what_was_heard_in_part_is_asked_for_and_the_day_is_the_one_that_was_traded() -> None:
    store = MemoryStore()
    store.merge("XNYS", DATE, day())
    found = certificate(StoreSource(store, "upstream"))

    assert (found.bar_quality, sum(one.in_part for one in found.symbols)) == (100.0, 0)
    second = [story for story in found.gaps if story.start_ns <= SESSION.open_ns + MINUTE_NS < story.end_ns]
    assert [(one.symbols, one.outcome, one.source) for one in second] == [(NAMES, GapOutcome.CLOSED, "upstream")]
    with short(store, closed=FIVE) as backtest:
        backtest.run(timeout=30)
        assert backtest.digest().get(timeout=5) == found.digest


def test_where_nobody_can_be_asked_the_certificate_says_what_was_heard_in_part() -> None:
    found = certificate()

    assert [one.in_part for one in found.symbols] == [1, 1, 1]
    assert 20.0 <= (found.bar_quality or 0.0) == (found.completeness or 0.0) - 20.0
