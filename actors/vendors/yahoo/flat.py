"""Yahoo Finance's one-minute bars as yfinance writes them with ``to_csv``: ISO stamps with their offset, bar start.

The header is ``Datetime,Open,High,Low,Close,Volume`` with ``Adj Close``, ``Dividends`` or ``Stock Splits`` around it.
A symbol's suffix names its exchange (https://help.yahoo.com/kb/SLN2310.html), so it gives the calendar too. Rows
outside regular hours have volume 0: Yahoo prints them, so they are bars.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from actors.reading import delimited
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import OFFSET, Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head
from actors.reading.stamps import StampForm, form_of

_CALENDARS = {
    "L": "XLON", "KS": "XKRX", "KQ": "XKRX", "T": "XTKS", "HK": "XHKG", "SS": "XSHG", "SZ": "XSHG", "TW": "XTAI",
    "DE": "XETR", "F": "XFRA", "PA": "XPAR", "AS": "XAMS", "BR": "XBRU", "MI": "XMIL", "MC": "XMAD", "LS": "XLIS",
    "SW": "XSWX", "ST": "XSTO", "CO": "XCSE", "OL": "XOSL", "HE": "XHEL", "VI": "XWBO", "WA": "XWAR", "IR": "XDUB",
    "TO": "XTSE", "V": "XTSX", "AX": "XASX", "NZ": "XNZE", "SI": "XSES", "JK": "XIDX", "KL": "XKLS", "BK": "XBKK",
    "BO": "XBOM", "NS": "XBOM", "SA": "BVMF", "MX": "XMEX", "TA": "XTAE", "JO": "XJSE", "IS": "XIST",
}  # fmt: skip


_OF_NEW_YORK = ("-05:00", "-04:00", "-0500", "-0400", "+00:00", "+0000", "Z")


def calendar_of(symbol: str, stamp: str = "") -> str | None:
    """Return the calendar of a symbol in Yahoo's spelling, or ``None``: an index or an exchange not listed here.

    Args:
        symbol: in capitals.
        stamp: one of its stamps, if known: a name without a suffix is of the United States only where the offset is
            New York's, or that of UTC.
    """
    if symbol.endswith("=X"):
        return "FX"
    if symbol.endswith("=F"):
        return "CMES"
    if symbol.endswith(("-USD", "-EUR", "-GBP", "-BTC")):
        return "24/7"
    _, dot, suffix = symbol.rpartition(".")
    is_american = not symbol.startswith("^") and (not stamp or stamp.endswith(_OF_NEW_YORK))
    return _CALENDARS.get(suffix) if dot else "XNYS" if is_american else None


def _sniff(head: Head) -> bool:
    header = head.cells(0)
    fits = header[:1] == ["Datetime"] and {"Open", "High", "Low", "Close", "Volume"} <= set(header)
    return fits and len(head.lines) > 1 and form_of(head.cells(1)[0]) is StampForm.ISO_OFFSET


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    stamp = next(iter(Head(path, hints.member).cells(1)), "")
    for file in delimited.opens(fmt, path, hints):
        yield msgspec.structs.replace(file, told=partial(_at_home, stamp))


def _at_home(stamp: str, bars: RawBars) -> RawBars:
    return msgspec.structs.replace(bars, calendar=calendar_of(bars.symbols[0].upper(), stamp))


YAHOO = Format(
    name="yahoo",
    title="Yahoo Finance CSV (yfinance)",
    source="https://ranaroussi.github.io/yfinance/reference/api/yfinance.Ticker.history.html",
    stamp=Stamp.START,
    tz=OFFSET,
    adjusted=True,  # auto_adjust=True is the default
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=TextReader(_opens),
)
