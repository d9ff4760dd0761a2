"""The oracle on what came before: closes carried bar by bar, splits taken out one by one, quality counted in loops."""

from datetime import date as calendar_date

import msgspec

from messages import Adjustment, Bar, Interval, Verdict
from messages.values import ONE_DAY
from tests.oracle_day import WITH_BAR, Day

BEST_WITHOUT_BAR = (Verdict.NO_TRADE, Verdict.ABANDONED, Verdict.MISSING)


def bars_of(days: list[Day], symbol: str, interval: Interval) -> list[Bar]:
    """The finished bars of some days."""
    return [one for day in days for one in day.derived(symbol, interval) if not one.is_partial]


def carried(
    days: list[Day],
    symbol: str,
    interval: Interval,
    *,
    is_across: bool,
    adjustments: list[Adjustment],
    daily: list[Day],
) -> list[Bar]:
    """Every closed block from the first bar on: its bar, or the close before it."""
    made: list[Bar] = []
    close: float | None = None
    for day in days:
        if not is_across:
            close = None
        bars = {one.start_ns: one for one in day.derived(symbol, interval) if not one.is_partial}
        for block in day.blocks(interval) if symbol in day.symbols else ():
            one = bars.get(block[0])
            if one is not None:
                one = adjusted(one, day, adjustments, daily)
                close = one.close
                made.append(one)
            elif close is not None and all(start in day.closed for start in block):
                made.append(_blank(day, symbol, interval, block, close))
    return made


def _blank(day: Day, symbol: str, interval: Interval, block: list[int], close: float) -> Bar:
    told = [day.verdict(symbol, start) for start in block]
    return Bar(
        symbol=symbol,
        interval=interval,
        start_ns=block[0],
        end_ns=block[-1] + 60_000_000_000,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=0.0,
        verdict=next(verdict for verdict in BEST_WITHOUT_BAR if verdict in told),
        base_count=0,
        base_expected=len(block),
        tz=day.session.tz,
    )


def adjusted(one: Bar, day: Day, adjustments: list[Adjustment], daily: list[Day]) -> Bar:
    """A bar as it would be quoted now: each later event taken out, the earliest first."""
    for event in sorted(adjustments, key=lambda event: event.ex_date):
        if event.symbol != one.symbol or event.ex_date <= day.session.date:
            continue
        factor = 1 / event.split_ratio
        closes = [
            bar.close
            for earlier in daily
            if calendar_date.fromisoformat(earlier.session.date) < calendar_date.fromisoformat(event.ex_date)
            for bar in earlier.derived(one.symbol, ONE_DAY)
        ]
        if closes:
            factor *= 1 - event.dividend / closes[-1]
        one = msgspec.structs.replace(
            one,
            open=one.open * factor,
            high=one.high * factor,
            low=one.low * factor,
            close=one.close * factor,
            volume=one.volume * event.split_ratio,
        )
    return one


def quality(days: list[Day], symbols: list[str], interval: Interval, *, regular: bool) -> tuple[int, int, int]:
    """Closed blocks; those with all their minutes; those whose every minute has a bar or never had one."""
    closed = complete = good = 0
    for day in days:
        inside = set(day.minutes(regular=regular))
        for symbol in symbols:
            for block in day.blocks(interval):
                if symbol in day.symbols and set(block) <= inside and set(block) <= day.closed:
                    told = [day.verdict(symbol, start) for start in block]
                    closed += 1
                    complete += all(verdict in WITH_BAR for verdict in told)
                    good += all(verdict in (*WITH_BAR, Verdict.NO_TRADE) for verdict in told)
    return closed, complete, good
