"""Binance klines as data.binance.vision packs them: twelve columns, mostly without a header, stamped with the open.

Stamps are milliseconds since 1970, in spot files since 2025 microseconds; the magnitude tells. The file's name gives
the symbol: ``BTCUSDT-1m-2024-01.zip``. A minute without a trade has a row with volume 0.
"""

import re

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Stamp
from actors.reading.peek import Head

_COLUMNS = ("time", "open", "high", "low", "close", "volume", "", "", "trades", "", "", "")
_OPEN_TIME = re.compile(r"\d{13}|\d{16}")


def _sniff(head: Head) -> bool:
    first, second = head.cells(0), head.cells(1)
    row = second if first[:2] == ["open_time", "open"] else first
    return len(row) == len(_COLUMNS) and all(_OPEN_TIME.fullmatch(row[place]) for place in (0, 6))


BINANCE = Format(
    name="binance",
    title="Binance klines",
    source="https://github.com/binance/binance-public-data#klines",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=True,
    calendar="24/7",
    columns=_COLUMNS,
    sniff=_sniff,
    read=delimited.TextReader(delimited.opens),
)
