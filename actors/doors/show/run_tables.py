"""Tables of a run: its sessions, its symbols, and where some of them stand."""

from collections.abc import Iterable, Sequence

import numpy as np

from actors.doors.commands.playback import Replay
from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from messages.replies import SessionMetrics, SessionReport, SymbolReport

FEW_SYMBOLS = 12
"""Up to so many symbols are shown one by one."""

_SESSIONS = (
    Column("Session", is_text=True),
    Column("Hours", rank=4, is_text=True),
    Column("Symbols", rank=3),
    Column("Bars"),
    Column("Complete"),
    Column("Derived", rank=1),
    Column("Transition", rank=2),
    Column("Bars/s", rank=1),
)


def sessions(replay: Replay, title: str = "Sessions") -> Sheet:
    """Return a row a session, and their sum."""
    sheet = Sheet(f"{title}, in exchange time ({replay.sessions[0].session.tz})", _SESSIONS)
    for report in replay.sessions:
        sheet.add(*_session(report, replay.session_seconds.get(report.session.date)))
    sheet.sum_up(*_all_sessions(replay))
    return sheet


def _session(report: SessionReport, seconds: float | None) -> tuple[str, ...]:
    session, bars = report.session, int(report.bars.sum())
    return (
        session.date,
        figures.span(session.open_ns, session.close_ns, session.tz),
        figures.count(int(np.count_nonzero(report.bars))),
        figures.count(bars),
        figures.percent(_completeness((report,))),
        figures.count(int(report.derived.sum())),
        figures.milliseconds(report.transition_ms),
        figures.rate(bars, seconds),
    )


def _all_sessions(replay: Replay) -> tuple[str, ...]:
    reports = replay.sessions
    slowest = max((report.transition_ms for report in reports if report.transition_ms is not None), default=None)
    return (
        f"{len(reports)} sessions" if len(reports) != 1 else "1 session",
        "",
        figures.count(len(symbols_of(reports))),
        figures.count(sum(int(report.bars.sum()) for report in reports)),
        figures.percent(_completeness(reports)),
        figures.count(sum(int(report.derived.sum()) for report in reports)),
        figures.NOTHING if slowest is None else f"max {figures.milliseconds(slowest)}",
        figures.rate(replay.bars, replay.seconds),
    )


def _completeness(reports: Iterable[SessionReport]) -> float | None:
    expected = bars = 0
    for report in reports:
        expected += report.closed * len(report.symbols)
        bars += int(report.bars.sum())
    return 100.0 * bars / expected if expected else None


def symbols_of(reports: Iterable[SessionReport]) -> set[str]:
    """Return the symbols that have bars."""
    return {symbol for report in reports for symbol, bars in zip(report.symbols, report.bars, strict=True) if bars}


def symbols(reports: Sequence[SessionReport]) -> Sheet:
    """Return a row a symbol: what all its sessions came to."""
    by_symbol: dict[str, list[SymbolReport]] = {}
    for report in reports:
        for of_symbol in report.symbol_reports():
            by_symbol.setdefault(of_symbol.symbol, []).append(of_symbol)
    intervals = [str(interval) for interval in reports[0].intervals]
    columns = [Column("Symbol", is_text=True), Column("Bars"), Column("Complete"), Column("High"), Column("Low")]
    columns += [Column("Volume", rank=1), *(Column(interval, rank=2 + i) for i, interval in enumerate(intervals))]
    sheet = Sheet("Symbols", columns)
    closed = sum(report.closed for report in reports)
    for symbol in sorted(by_symbol):
        sheet.add(symbol, *_symbol(by_symbol[symbol], intervals, closed))
    return sheet


def _symbol(reports: list[SymbolReport], intervals: list[str], closed: int) -> tuple[str, ...]:
    bars = sum(report.bars for report in reports)
    highs = [report.high for report in reports if report.high is not None]
    lows = [report.low for report in reports if report.low is not None]
    decimals = figures.decimals_of([*highs, *lows])
    return (
        figures.count(bars),
        figures.percent(100.0 * bars / closed if closed else None),
        figures.price(max(highs, default=None), decimals),
        figures.price(min(lows, default=None), decimals),
        figures.volume(sum(report.volume for report in reports)),
        *(figures.count(sum(report.derived[interval] for report in reports)) for interval in intervals),
    )


def metrics(title: str, all_metrics: Iterable[SessionMetrics]) -> Sheet:
    """Return a row a symbol: where its session stands."""
    columns = [Column("Symbol", is_text=True), Column("Open"), Column("High"), Column("Low"), Column("Last")]
    columns += [Column("Change"), Column("VWAP", rank=2), Column("Volume", rank=1), Column("Bars", rank=3)]
    sheet = Sheet(title, [*columns, Column("Complete")])
    for one in all_metrics:
        prices = (one.open, one.high, one.low, one.last)
        decimals = figures.decimals_of(prices)
        sheet.add(
            one.symbol,
            *(figures.price(price, decimals) for price in prices),
            figures.change(one.open, one.last),
            figures.price(one.vwap, decimals),
            figures.volume(one.volume),
            figures.count(one.bars),
            figures.percent(one.completeness),
        )
    return sheet
