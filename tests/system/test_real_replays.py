"""Real days, imported and replayed through the started system, against a plain pandas computation over the files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.storage.memory import MemoryStore
from actors.system import System
from messages.replies import SessionReport, SymbolReport
from tests.importing.test_real_imports import alphavantage, calendar_of, expected, lean, perpetual, sane, yahoo
from tests.real_data import DATA, needs_data

pytestmark = [needs_data, pytest.mark.slow]

Reader = Callable[[Path], pd.DataFrame]


def replayed(store: MemoryStore, calendar: str) -> list[tuple[object, ...]]:
    """Play everything to the end; return what ``expected`` yields, from the sessions' reports."""
    with System.backtest(store=store, calendar=calendar) as system:
        summary = system.run(timeout=120)
        quality = system.quality().get(timeout=5)

    assert quality.accepted + quality.rejected + quality.duplicates == quality.received
    return [
        found(session, report) for session in summary.sessions for report in session.symbol_reports() if report.bars
    ]


def found(session: SessionReport, report: SymbolReport) -> tuple[object, ...]:
    """Return date, symbol, bars, missing minutes, high, low and volume."""
    missing = session.session.expected_minutes - report.bars
    volume = pytest.approx(report.volume, rel=1e-12)
    return session.session.date, report.symbol, report.bars, missing, report.high, report.low, volume


def compare(paths: list[Path], read: Reader, calendar: str, tz: str | None = None) -> None:
    """Import the files, replay them, and compare with what pandas reads."""
    store = MemoryStore()
    import_paths(paths, store, ImportOptions(tz=tz, calendar=calendar), calendars=calendar_of)
    frame = sane(pd.concat([read(path) for path in paths]))

    assert replayed(store, calendar) == sorted(expected(calendar, frame))


def test_a_week_of_alpha_vantage_replays_to_what_the_files_say() -> None:
    compare(sorted((DATA / "alphavantage").glob("*_1min.csv")), alphavantage, "XNYS")


def test_equities_of_lean_replay_to_what_the_files_say() -> None:
    compare(sorted((DATA / "lean/Data/equity/usa/minute").glob("*/201310*_trade.zip")), lean, "XNYS")


def test_a_half_day_of_yahoo_replays_to_what_the_files_say() -> None:
    compare([DATA / "yahoo" / name for name in ("AGG.csv", "DIA.csv", "QQQ.csv")], yahoo, "XNYS")


def test_days_around_the_clock_replay_to_what_the_files_say() -> None:
    paths = sorted((DATA / "lean/Data/crypto/coinbase/minute").glob("*/*_trade.zip"))
    compare(paths, lean, "24/7")


@pytest.mark.slow
def test_a_month_of_a_perpetual_replays_to_what_the_file_says() -> None:
    compare(sorted((DATA / "nautilus").glob("btc-perp-*.csv")), perpetual, "24/7", tz="UTC")


@pytest.mark.slow
def test_the_vendors_own_quarter_hours_are_those_that_are_folded() -> None:
    """Alpha Vantage gives 15-minute bars too: an answer to aggregation that is not ours.

    Of SPY both files come from the same prints; of other symbols the vendor's two files contradict each other.
    """
    store = MemoryStore()
    import_paths([DATA / "alphavantage/SPY_1min.csv"], store, calendars=calendar_of)
    with System.backtest(store=store, calendar="XNYS") as system:
        system.run(timeout=120)
        ours = system.last_bars("SPY", 130, "15m", with_history=True).get(timeout=5).to_pandas()

    theirs = vendor_quarters("SPY").loc[ours.index]
    fields = ["open", "high", "low", "close", "volume"]
    assert len(ours) == 130
    assert (ours[fields].to_numpy() == theirs[fields].to_numpy(dtype=float)).all()


def vendor_quarters(symbol: str) -> pd.DataFrame:
    """Read the vendor's 15-minute bars, labelled by their start."""
    frame = pd.read_csv(DATA / f"alphavantage/{symbol}_15min.csv")
    ends = pd.to_datetime(frame["datetime"]).dt.tz_localize("America/New_York")
    return frame.set_index(pd.DatetimeIndex(ends - pd.Timedelta(minutes=15))).sort_index()
