"""Massive's (formerly Polygon's) flat files: one gzip a day with the minutes of every ticker, UTC, bar start.

``us_stocks_sip/minute_aggs_v1/2024/03/2024-03-08.csv.gz`` has the header
``ticker,volume,open,close,high,low,window_start,transactions``: the close comes before the high. ``window_start`` is
the start of the minute in nanoseconds since 1970. Prices are as traded, pre-market and after-hours are there, and a
minute without a qualifying trade has no row. The files of indices lack volume and transactions. Tickers of other
asset classes begin with a letter and a colon.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.peek import Head

_PRICES = {"ticker", "open", "close", "high", "low", "window_start"}
_ALL = _PRICES | {"volume", "transactions"}
_CALENDARS = {"X": "24/7", "C": "FX", "O": "XNYS", "": "XNYS"}
_MANY = 20


def _sniff(head: Head) -> bool:
    header = head.cells(0)
    return len(header) == len(set(header)) and set(header) in (_PRICES, _ALL)


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    for number, raw in enumerate(delimited.read(fmt, path, hints)):
        if number == 0 and _is_daily(raw):
            raise Unsupported("day aggregates, one row a ticker; only one-minute bars are imported")
        yield msgspec.structs.replace(raw, calendar=_calendar(raw))


def _is_daily(raw: RawBars) -> bool:
    is_one_instant = len(raw.start_ns) >= _MANY and bool((raw.start_ns == raw.start_ns[0]).all())
    return is_one_instant and len(raw.symbols) == len(raw.start_ns)


def _calendar(raw: RawBars) -> str | None:
    asset_class, colon, _ = raw.symbols[0].partition(":")
    return _CALENDARS.get(asset_class if colon else "")


MASSIVE = Format(
    name="massive",
    title="Massive (Polygon) flat files",
    source="https://massive.com/docs/flat-files/stocks/minute-aggregates",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    is_complete=True,
    sniff=_sniff,
    read=_read,
)
