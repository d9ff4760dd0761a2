"""A live day that lost minutes, healed afterwards: its certificate is made anew, and what the live day told is kept."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.settings import UpkeepRules
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.verifying import Standing, verify_store
from messages import GapOutcome
from messages.feeds import FeedItem
from messages.values import MINUTE_NS
from tests.system.live import DATE, clock_before, live, lived, market_feed, session_of, upstream_of
from tests.system.test_live import replayed

SESSION = session_of()
MARKET = SimulatedMarket.of_size(3)


class Lossy:
    """A feed whose bars of two minutes are lost on the way."""

    name, has_bars, is_remote = "lossy", True, False

    def __init__(self, feed: object) -> None:
        self._feed = feed

    def connect(self, stopping: threading.Event) -> None:
        self._feed.connect(stopping)  # type: ignore[attr-defined]

    def subscribe(self, symbols: Iterable[str]) -> None:
        self._feed.subscribe(symbols)  # type: ignore[attr-defined]

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        self._feed.unsubscribe(symbols)  # type: ignore[attr-defined]

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        lost = {SESSION.start_ns + number * MINUTE_NS for number in (2, 5)}
        for items in self._feed.reads():  # type: ignore[attr-defined]
            yield tuple(item for item in items if not lost & set(_starts(item)))

    def close(self) -> None:
        self._feed.close()  # type: ignore[attr-defined]


def _starts(item: object) -> list[int]:
    batch = getattr(item, "batch", None)
    return [] if batch is None else list(map(int, batch.start_ns))


@pytest.mark.slow
def test_a_live_day_that_is_healed_is_verified_and_its_own_certificate_is_kept(tmp_path: Path) -> None:
    clock, folder = clock_before(SESSION, 300.0), tmp_path / "store"
    feed = Lossy(market_feed(MARKET, SESSION, clock))
    nobody = UpkeepRules(attempts=1, coalesce_s=1.0, backoff_s=1.0)
    with live(str(folder), [feed], clock, symbols=MARKET.symbols, upkeep=nobody) as system:
        lived(system)
        before = system.certificate().get(timeout=5)
    assert before is not None
    assert before.bar_quality == 75.0
    with closing(ParquetStore(folder)) as store:
        upstream = upstream_of(MARKET, SESSION)
        wanted = [Wanted(session=before.session, symbols=before.names)]
        report = fetch(store, [upstream], wanted, FetchOptions(is_abandoned_too=True, is_exact=True))
        after, earlier = store.certificate("XNYS", DATE), store.earlier("XNYS", DATE)
        verified = verify_store(store)
    whole = MemoryStore()
    whole.merge("XNYS", DATE, MARKET.day(SESSION))

    assert (report.sum_of("asked"), report.sum_of("filled")) == (6, 6)
    assert after is not None
    assert (after.bar_quality, after.issued_by, after.replaces) == (100.0, "fill", before.digest)
    assert after.digest == replayed(whole, closed=("09:38-16:00",))[0]
    assert [one.digest for one in earlier] == [before.digest]
    assert {gap.source for gap in after.gaps if gap.outcome is GapOutcome.CLOSED} >= {"upstream"}
    assert [day.standing for day in verified.days] == [Standing.MATCH]
