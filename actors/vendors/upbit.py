"""Upbit's minute candles as its API names their fields, written as a table: newest first, bar start.

``candle_date_time_utc`` is the start of the candle; ``timestamp`` is when its last trade was, and ``market`` the symbol
(KRW-BTC). Minutes without a trade have no candle.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.reading import delimited
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, Stamp
from actors.reading.peek import Head

_ROLES = {
    "market": "symbol", "candle_date_time_utc": "time", "opening_price": "open", "high_price": "high",
    "low_price": "low", "trade_price": "close", "candle_acc_trade_volume": "volume",
}  # fmt: skip


def _sniff(head: Head) -> bool:
    return set(_ROLES) <= set(head.cells(0))


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    columns = tuple(_ROLES.get(name, "") for name in Head(path, hints.member).cells(0))
    yield from delimited.opens(msgspec.structs.replace(fmt, columns=columns), path, hints)


UPBIT = Format(
    name="upbit",
    title="Upbit minute candles",
    source="https://docs.upbit.com/kr/reference/list-candles-minutes",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    calendar="24/7",
    sniff=_sniff,
    read=TextReader(_opens),
)
