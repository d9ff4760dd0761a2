"""Messages with the dull fields filled in, and trading sessions made by hand."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from messages import (
    Bar,
    BarArrived,
    BarBatch,
    BarsArrived,
    BoundaryKind,
    DayGrid,
    Segment,
    SegmentKind,
    SessionBoundary,
    TimeAdvanced,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS, SECOND_NS, Nanos

NEW_YORK = "America/New_York"
EARLY_CLOSES = {"2024-07-03": "13:00"}
PRE, REGULAR, POST = SegmentKind.PRE_MARKET, SegmentKind.REGULAR, SegmentKind.POST_MARKET


def instant(day: str, clock: str, tz: str = "UTC") -> Nanos:
    """Return the nanoseconds of a clock time in a zone; ``24:00`` is the next midnight."""
    hours, minutes = clock.split(":")
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(tz))
    return int((midnight + timedelta(hours=int(hours), minutes=int(minutes))).timestamp()) * SECOND_NS


def segments(day: str, tz: str, *parts: tuple[SegmentKind, str, str]) -> tuple[Segment, ...]:
    return tuple(Segment(kind=k, start_ns=instant(day, a, tz), end_ns=instant(day, b, tz)) for k, a, b in parts)


def session_xnys(day: str = "2024-07-02", *, extended: bool = False) -> TradingSession:
    """New York: 390 minutes, or 210 on the half-day 2024-07-03; with 04:00 to 20:00 (17:00) around them if extended."""
    close = EARLY_CLOSES.get(day, "16:00")
    parts = [(REGULAR, "09:30", close)]
    if extended:
        parts = [(PRE, "04:00", "09:30"), *parts, (POST, close, "17:00" if day in EARLY_CLOSES else "20:00")]
    return TradingSession(calendar="XNYS", date=day, tz=NEW_YORK, segments=segments(day, NEW_YORK, *parts))


def session_xhkg(day: str = "2024-07-02") -> TradingSession:
    """Hong Kong: 150 minutes, lunch, 180 minutes."""
    parts = segments(day, "UTC", (REGULAR, "01:30", "04:00"), (REGULAR, "05:00", "08:00"))
    return TradingSession(calendar="XHKG", date=day, tz="Asia/Hong_Kong", segments=parts)


def session_boats(day: str = "2024-07-02") -> TradingSession:
    """Blue Ocean's night before a day: 480 minutes from 20:00 on, over midnight."""
    eve = (datetime.fromisoformat(day) - timedelta(days=1)).date().isoformat()
    parts = segments(eve, NEW_YORK, (REGULAR, "20:00", "28:00"))
    return TradingSession(calendar="BOATS", date=day, tz=NEW_YORK, segments=parts)


def session_24_7(day: str = "2024-07-02") -> TradingSession:
    """Round the clock: 1440 minutes."""
    parts = segments(day, "UTC", (REGULAR, "00:00", "24:00"))
    return TradingSession(calendar="24/7", date=day, tz="UTC", segments=parts)


def session_tiny(
    *regular: int, pre: int = 0, post: int = 0, lunch: int = 2, day: str = "2024-07-02", tz: str = NEW_YORK
) -> TradingSession:
    """A few minutes from 09:30, New York: ``session_tiny(4, 3)`` has a break of ``lunch`` minutes in it."""
    start = instant(day, "09:30", tz)
    made = [Segment(kind=PRE, start_ns=start - pre * MINUTE_NS, end_ns=start)] if pre else []
    for minutes in regular:
        made.append(Segment(kind=REGULAR, start_ns=start, end_ns=start + minutes * MINUTE_NS))
        start = made[-1].end_ns + lunch * MINUTE_NS
    if post:
        start = made[-1].end_ns
        made.append(Segment(kind=POST, start_ns=start, end_ns=start + post * MINUTE_NS))
    return TradingSession(calendar="TINY", date=day, tz=tz, segments=tuple(made))


DAY = session_xnys()
HALF_DAY = session_xnys("2024-07-03")
EXTENDED_DAY = session_xnys(extended=True)
BREAK_DAY = session_xhkg()
ROUND_THE_CLOCK = session_24_7()
NIGHT = session_boats()


def at(clock: str | Nanos, session: TradingSession = DAY) -> Nanos:
    """Return the nanoseconds of a clock time of the session's exchange; nanoseconds as they are."""
    return instant(session.date, clock, session.tz) if isinstance(clock, str) else clock


def bar(
    symbol: str = "AAPL",
    start: str | Nanos = "09:30",
    close: float = 100.0,
    *,
    open: float | None = None,  # noqa: A002  # the field's own name
    high: float | None = None,
    low: float | None = None,
    volume: float = 100.0,
    vwap: float | None = None,
    trades: float | None = None,
    session: TradingSession = DAY,
) -> Bar:
    """A sound bar: what is not given follows from the close."""
    first = close if open is None else open
    return Bar(
        symbol=symbol,
        start_ns=at(start, session),
        open=first,
        high=max(first, close) if high is None else high,
        low=min(first, close) if low is None else low,
        close=close,
        volume=volume,
        vwap=vwap,
        trades=trades,
    )


def bars(symbol: str, start: str | Nanos, *closes: float | None, session: TradingSession = DAY) -> list[Bar]:
    """Bars of consecutive minutes; ``None`` leaves a minute out."""
    first = at(start, session)
    return [
        bar(symbol, first + i * MINUTE_NS, close, session=session)
        for i, close in enumerate(closes)
        if close is not None
    ]


def minute_of(
    symbols: Iterable[str], start: str | Nanos, close: float = 100.0, *, session: TradingSession = DAY
) -> list[Bar]:
    """The same minute of several symbols."""
    return [bar(symbol, start, close, session=session) for symbol in symbols]


def arrived(
    *given: Bar, now: str | Nanos | None = None, source: str = "tape", is_correction: bool = False, receipt: int = 0
) -> BarArrived | BarsArrived:
    """One bar as ``BarArrived``, more as ``BarsArrived``; at the end of the last one unless ``now`` is given."""
    now_ns = max(one.known_ns for one in given) if now is None else at(now)
    if len(given) == 1:
        return BarArrived(bar=given[0], now_ns=now_ns, source=source, is_correction=is_correction, receipt=receipt)
    batch = BarBatch.of(given)
    return BarsArrived(batch=batch, now_ns=now_ns, source=source, is_correction=is_correction, receipt=receipt)


def time(now: str | Nanos, *, session: TradingSession = DAY, ticket: int = 0) -> TimeAdvanced:
    return TimeAdvanced(now_ns=at(now, session), ticket=ticket)


def opened(
    session: TradingSession = DAY,
    symbols: Sequence[str] = (),
    history: Sequence[DayGrid] = (),
    *,
    now: Nanos | None = None,
    ticket: int = 0,
) -> SessionBoundary:
    """The session opens, at its own start unless ``now`` is given."""
    return SessionBoundary(
        kind=BoundaryKind.OPENED,
        session=session,
        now_ns=session.start_ns if now is None else now,
        symbols=tuple(symbols),
        history=tuple(history),
        ticket=ticket,
    )


def closed(session: TradingSession = DAY, *, now: Nanos | None = None, ticket: int = 0) -> SessionBoundary:
    """The session closes, at its own end unless ``now`` is given."""
    now_ns = session.end_ns if now is None else now
    return SessionBoundary(kind=BoundaryKind.CLOSED, session=session, now_ns=now_ns, ticket=ticket)


def day_grid(session: TradingSession, given: Iterable[Bar], symbols: Sequence[str] = ()) -> DayGrid:
    """A day of history that holds these bars as streamed, five fields; symbols without a bar may be named."""
    rows = list(given)
    names = tuple(sorted({*symbols, *(one.symbol for one in rows)}))
    minutes = [start for part in session.segments for start in range(part.start_ns, part.end_ns, MINUTE_NS)]
    values = np.full((len(minutes), 5, len(names)), np.nan)
    verdicts = np.full((len(minutes), len(names)), Verdict.MISSING, dtype=np.uint8)
    for one in rows:
        minute, column = minutes.index(one.start_ns), names.index(one.symbol)
        values[minute, :, column] = (one.open, one.high, one.low, one.close, one.volume)
        verdicts[minute, column] = Verdict.STREAMED
    values.flags.writeable = verdicts.flags.writeable = False
    return DayGrid(session=session, symbols=names, values=values, verdicts=verdicts)
