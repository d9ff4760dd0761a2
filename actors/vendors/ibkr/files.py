"""Historical bars of Interactive Brokers as ib_insync and ib_async frame them: ``util.df(bars).to_csv()``, bar start.

The header is ``date,open,high,low,close,volume,average,barCount``, after the frame's index if that was written too.
Stamps carry an offset; as the TWS API itself writes them they are ``20240308 09:30:00 US/Eastern``, and without the
zone they are in the one that was chosen at login, which nobody else knows: then ``--tz`` says it. A volume, average and
count of -1 mean that there are none, as for midpoints. The file's name gives the symbol.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import delimited
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head
from messages.tables.columns import TRADES, VOLUME, VWAP

_ROLES = {"date": "time", "average": "vwap", "barCount": "trades"} | {
    name: name for name in ("open", "high", "low", "close", "volume")
}
_NONE = -1.0


def _sniff(head: Head) -> bool:
    return set(_ROLES) <= set(head.cells(0))


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    head = Head(path, hints.member)
    columns = tuple(_ROLES.get(name, "") for name in head.cells(0))
    fmt = msgspec.structs.replace(fmt, columns=columns)
    for file in delimited.opens(fmt, path, hints):
        yield msgspec.structs.replace(file, told=_without_placeholders)


def _without_placeholders(raw: RawBars) -> RawBars:
    if len(raw.values) > TRADES:
        is_none = raw.values[TRADES] == _NONE
        raw.values[VWAP, is_none] = raw.values[TRADES, is_none] = np.nan
    raw.values[VOLUME, raw.values[VOLUME] == _NONE] = np.nan
    return raw


IBKR = Format(
    name="ibkr",
    title="Interactive Brokers bars (ib_insync, ib_async)",
    source="https://interactivebrokers.github.io/tws-api/historical_bars.html",
    stamp=Stamp.START,
    tz=None,
    adjusted=None,  # TRADES are adjusted for splits, ADJUSTED_LAST for dividends too
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=TextReader(_opens),
)
