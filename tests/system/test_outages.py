"""Outages of feed and sources together, and symbols that the feed will not send: what is healed, and who is named."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from actors.feeds.port import Feed
from actors.kernel.ports import SourceAnswer
from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import TradingSession
from messages.feeds import FeedItem, SymbolsRefused
from messages.values import MINUTE_NS, Nanos
from tests.depth import also_slow
from tests.feeds.worlds import MARKET
from tests.system.live import FAST_UPKEEP, Mortal, clock_before, live, lived, market_feed, session_of, upstream_of
from tests.system.worlds import DATES, fill, xnys
from tests.upstreams import Upstream, always

MORNING = ("13:00-16:00",)
OUTAGE_NS = 30 * MINUTE_NS
"""From the open."""


class Back(Upstream):
    """A source that fails until it is back."""

    is_back = False

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        self._fails = lambda _: not self.is_back
        return super().fetch(session, symbols, start_ns, end_ns)


@pytest.mark.parametrize(
    "outage", also_slow([(20, 10), (60, 30)], [(5, 0), (20, 90), (60, 0), (120, 0), (120, 30), (120, 59)])
)
def test_an_outage_of_all_is_healed_when_one_of_two_sources_is_back(outage: tuple[int, int]) -> None:
    minutes, back_after = outage
    store = MemoryStore()
    fill(store, 1, symbols=3, quiet=0.0, closed=MORNING)
    day = store.read("XNYS", DATES[0])
    session = xnys(MORNING).session(DATES[0])
    assert day is not None
    assert session is not None
    dead, back = Upstream(name="dead", fails=always), Back(day.bars.bars(), name="back")
    faults = Faults(outages=(f"10:00-{10 + minutes // 60}:{minutes % 60:02}",))
    with System.backtest(store, closed=MORNING, faults=faults, sources=(dead, back)) as system:
        for minute in system.minutes():
            back.is_back = minute.end_ns >= session.start_ns + OUTAGE_NS + (minutes + back_after) * MINUTE_NS
        certificate = system.certificate().get(timeout=10)

    assert certificate is not None
    assert (certificate.completeness, certificate.bar_quality) == (100.0, 100.0)
    assert [counts.filled for counts in certificate.symbols] == [minutes] * 3
    assert len(back.asked) < 2 * minutes + 60  # once it is back, everything is one plan


class Half(Mortal):
    """Another feed that will not send every other symbol."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(feed, deaths=0)
        self._refused: tuple[str, ...] = ()

    def subscribe(self, symbols: Iterable[str]) -> None:
        wanted = sorted(symbols)
        self._refused = tuple(wanted[::2])
        self._feed.subscribe(wanted[1::2])

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        yield (SymbolsRefused(feed=self.name, symbols=self._refused, reason="not in your plan"),)
        yield from self._feed.reads()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sources", "verdict"), [((), "missing"), (("dead",), "abandoned"), (("dead", "upstream"), "filled")]
)
def test_half_of_the_symbols_refused_the_others_come_and_those_are_asked_for_elsewhere(
    sources: tuple[str, ...], verdict: str
) -> None:
    session = session_of()
    clock, made = (
        clock_before(session, 120),
        {"dead": Upstream(name="dead", fails=always), "upstream": upstream_of(MARKET, session)},
    )
    with live(
        MemoryStore(),
        [Half(market_feed(MARKET, session, clock))],
        clock,
        symbols=MARKET.symbols,
        sources=[made[name] for name in sources],
        upkeep=FAST_UPKEEP,
    ) as system:
        lived(system, "settled")
        status, troubles = system.status().get(timeout=5), system.live_status().get(timeout=5).troubles
        certificate = system.certificate().get(timeout=5)

    half = len(MARKET.symbols) // 2
    assert certificate is not None
    assert [getattr(counts, verdict) for counts in certificate.symbols[::2]] == [8] * half
    assert [counts.streamed + counts.late for counts in certificate.symbols[1::2]] == [8] * half
    assert status.health == "degraded"
    assert any("does not send" in said and "not in your plan" in said for said in troubles)
