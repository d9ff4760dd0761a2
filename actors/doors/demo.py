"""The main job: a market that it makes itself, replayed through the real system."""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from actors.doors import figures, paper, tables
from actors.doors.invocation import command
from actors.doors.playing import Replay, play
from actors.doors.progress import replay_bar
from actors.doors.version import version
from actors.feeds.simulated import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages.replies import SessionReport
from messages.values import TradingSession

CALENDAR = "XNYS"
FIRST_DAY, LAST_DAY = "2024-07-02", "2024-07-05"
"""Three sessions around Independence Day, the second one a half-day."""
SYMBOLS = 50
QUIET = 0.02
"""The share of minutes without a trade."""
SHOWN = 5


def run() -> None:
    """Write the market's days where they are not there yet, replay them, and print what came of it."""
    folder = store_folder()
    paper.show(
        f"A synthetic market of {SYMBOLS} symbols on {CALENDAR}, the same one every time: three sessions",
        f"from {FIRST_DAY} to {LAST_DAY}, one of them a half-day, replayed minute by minute.",
        "",
    )
    write_market(folder)
    with System.backtest(store=folder, calendar=CALENDAR, start=FIRST_DAY, end=LAST_DAY) as system:
        with replay_bar() as show_progress:
            replay = play(system, show_progress)
        paper.show(tables.sessions(replay), *_standing(system, replay))
    paper.show(*_closing_words(folder, _shown(replay.sessions[-1])))


def store_folder() -> Path:
    """Return where the market lies: below ``BARKEEPER_CACHE``, else where this user's caches are."""
    # A later version may make another market: what this one wrote is not to be mixed with it.
    return _cache() / f"demo-{version()}"


def _cache() -> Path:
    if chosen := os.environ.get("BARKEEPER_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "barkeeper"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "barkeeper"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "barkeeper"


def write_market(folder: Path) -> None:
    """Write those of the market's days that the store does not have."""
    with contextlib.closing(ParquetStore(folder)) as store:
        there = store.dates(CALENDAR)
        for session in _sessions():
            if session.date not in there:
                store.merge(CALENDAR, session.date, SimulatedMarket.of_size(SYMBOLS, quiet=QUIET).day(session))


def _sessions() -> tuple[TradingSession, ...]:
    return Calendar(CALENDAR).sessions(FIRST_DAY, LAST_DAY)


def _shown(report: SessionReport) -> tuple[str, ...]:
    """Return the symbols that traded most, and the two with the most minutes without a trade."""
    by_volume = [report.symbols[place] for place in (-report.volume).argsort(kind="stable")]
    by_bars = [report.symbols[place] for place in report.bars.argsort(kind="stable")]
    return (*by_volume[: SHOWN - 2], *by_bars[1::-1])


def _standing(system: System, replay: Replay) -> Sequence[paper.Sheet]:
    """Ask the session that has just closed about a few of its symbols."""
    report = replay.sessions[-1]
    shown = _shown(report)
    metrics = [system.metrics(symbol) for symbol in shown]
    bars = [system.latest_bar(symbol, interval) for symbol in shown for interval in ("1m", "15m")]
    day = figures.weekday(report.session.date)
    return (
        tables.metrics(
            f"At the close of {day}: the most active symbols, and the quietest",
            [future.get(timeout=10) for future in metrics],
        ),
        tables.latest("Their latest bars", [future.get(timeout=10) for future in bars]),
    )


def _closing_words(folder: Path, symbols: Sequence[str]) -> Sequence[str]:
    store = ("--store", str(folder))
    return (
        f"The bars lie in {folder} (Parquet, one file a day).",
        "",
        "To try next:",
        f"  {command('inspect', *store, '--symbols', symbols[-1])}",
        f"  {command('backtest', *store, '--symbols', ','.join(symbols[:2]), '--last', '1', '--speed', '3600')}",
        f"  {command('backtest', *store, '--json')}",
        f"  {command('import', '--help')}",
    )
