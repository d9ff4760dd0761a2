"""Real days with holes, filled from a second store that has everything: the exact minutes come back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from actors.feeds.simulated.market import SimulatedMarket
from actors.importing.into_store import ImportOptions, import_paths
from actors.market.axis import SessionAxis
from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from actors.verifying import Standing, verify_store
from messages import BarBatch, SessionCertificate
from tests.importing.test_real_imports import calendar_of
from tests.real_data import DATA, needs_data

pytestmark = [needs_data, pytest.mark.slow]


def imported(calendar: str, *patterns: str) -> Callable[[], MemoryStore]:
    def read() -> MemoryStore:
        store = MemoryStore()
        paths = [path for pattern in patterns for path in sorted(DATA.glob(pattern))]
        assert paths, patterns
        import_paths(paths, store, ImportOptions(calendar=calendar), calendars=calendar_of)
        return store

    return read


def with_a_lunch_break() -> MemoryStore:
    """No real minutes of a market with a lunch break are here."""
    store, market = MemoryStore(), SimulatedMarket.of_size(6, quiet=0.4)
    for session in calendar_of("XHKG").sessions("2024-07-02", "2024-07-05"):
        store.merge("XHKG", session.date, market.day(session))
    return store


MARKETS = {
    "a week of New York": ("XNYS", imported("XNYS", "alphavantage/*_1min.csv")),
    "illiquid funds and a half-day": ("XNYS", imported("XNYS", "yahoo/AGG.csv", "yahoo/DIA.csv", "yahoo/QQQ.csv")),
    "the week after the clocks changed": ("XNYS", imported("XNYS", "yahoo/AAPL.csv", "yahoo/GOOG.csv")),
    "Korea": ("XKRX", imported("XKRX", "yahoo/233740.KS.csv")),
    "around the clock": ("24/7", imported("24/7", "lean/Data/crypto/coinbase/minute/*/*_trade.zip")),
    "a lunch break": ("XHKG", with_a_lunch_break),
}

market = pytest.mark.parametrize("name", MARKETS)


def in_session(calendar: str, date: str, bars: BarBatch) -> BarBatch:
    session = calendar_of(calendar).session(date)
    assert session is not None
    return bars.where(SessionAxis(session).slots_of(bars.start_ns) >= 0)


def holed(whole: MemoryStore, calendar: str, folder: Path, share: float = 0.05) -> ParquetStore:
    """Another store that lacks some of the bars, one or more of every day."""
    store, dice = ParquetStore(folder), np.random.default_rng(5)
    for date in whole.dates(calendar):
        day = whole.read(calendar, date)
        assert day is not None
        keep = dice.random(len(day.bars)) >= share
        keep[len(keep) // 2] = False
        store.merge(calendar, date, replace(day, bars=day.bars.where(keep), verdicts=day.verdicts[keep]))
    return store


def played(
    store: MemoryStore | ParquetStore, calendar: str, upstream: MemoryStore | None, **more: object
) -> dict[str, SessionCertificate]:
    """Play and certify everything; return the certificates."""
    sources = [] if upstream is None else [StoreSource(upstream, "upstream", is_authoritative=True)]
    with System.backtest(store=store, calendar=calendar, sources=sources, certify=True, pace="free", **more) as system:
        summary = system.run(timeout=300)
    assert summary.failure is None
    found = {date: store.certificate(calendar, date) for date in store.dates(calendar)}
    return {date: one for date, one in found.items() if one is not None}


@market
def test_holes_are_filled_from_a_second_store_and_kept(name: str, tmp_path: Path) -> None:
    calendar, read = MARKETS[name]
    whole = read()
    store = holed(whole, calendar, tmp_path / "store")
    healed = played(store, calendar, whole)
    for date in whole.dates(calendar):
        day, filled = whole.read(calendar, date), store.read(calendar, date)
        assert day is not None
        assert filled is not None
        assert in_session(calendar, date, filled.bars) == replace(in_session(calendar, date, day.bars), is_sane=False)

    assert [one.bar_quality for one in healed.values()] == [100.0] * len(healed)
    assert {date: one.digest for date, one in healed.items()} == {
        date: one.digest for date, one in played(read(), calendar, None).items()
    }
    assert {one.standing for one in verify_store(store).days} == {Standing.MATCH}


@market
def test_a_certified_day_replays_to_the_same_digest_and_quality(name: str, tmp_path: Path) -> None:
    calendar, read = MARKETS[name]
    whole = read()
    store = holed(whole, calendar, tmp_path / "store")
    first = played(store, calendar, whole)
    again = played(store, calendar, None)

    assert {date: (one.digest, one.bar_quality, one.completeness) for date, one in first.items()} == {
        date: (one.digest, one.bar_quality, one.completeness) for date, one in again.items()
    }
    assert {one.standing for one in verify_store(store).days} == {Standing.MATCH}


@market
def test_a_feed_that_loses_doubles_delays_and_damages_bars_is_healed(name: str) -> None:
    calendar, read = MARKETS[name]
    store = read()
    faults = Faults(drop=0.05, delay=0.05, duplicate=0.02, corrupt=0.01, outages=("12:00-12:07",), seed=2)
    healed = played(store, calendar, read(), faults=faults)

    assert {one.bar_quality for one in healed.values()} == {100.0}
    assert {date: one.digest for date, one in healed.items()} == {
        date: one.digest for date, one in played(read(), calendar, None).items()
    }
