"""FirstRate Data's one-minute text files: ``YYYY-MM-DD HH:MM:SS,open,high,low,close,volume``, start, US Eastern.

The first line is a row, or ``timestamp,open,high,low,close,volume``. What a file holds stands in its name, also within
the zips that FirstRate serves: ``AAPL_1min_adjsplitdiv.txt``, ``AAPL_full_1min_adjsplit.txt`` or
``AAPL_1min_UNADJUSTED.txt``. Minutes without volume have no row.
Anybody may call a file ``AAPL_1min.txt``, and crypto under such a name is in UTC: what says nothing of adjustment is
FirstRate's only where the user says so.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from actors.reading import delimited, naming
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head
from actors.reading.stamps import StampForm, form_of

_COLUMNS = ("time", "open", "high", "low", "close", "volume")
_HEADER = ["timestamp", "open", "high", "low", "close", "volume"]
_NAME = re.compile(r"(?P<symbol>.+?)(?:_full)?_1min(?:_(?P<kind>.+))?", re.IGNORECASE)
_STOCKS = ("adjsplitdiv", "adjsplit", "unadjusted")
_FUTURES = re.compile(r"continuous_(?:un|ratio_|absolute_)?adjusted")


def _sniff(head: Head) -> bool:
    kind = _kind(Path(head.member) if head.member else head.path)
    first = head.cells(int(head.cells(0) == _HEADER))
    is_row = len(first) == len(_COLUMNS) and form_of(first[0]) is StampForm.ISO
    return is_row and (kind in _STOCKS or _FUTURES.fullmatch(kind or "") is not None)


def _kind(path: Path) -> str | None:
    """Return what a name says of adjustment, empty text where nothing, ``None`` if it is no name of FirstRate's."""
    named = _NAME.fullmatch(naming.stem_of(path))
    return None if named is None else (named["kind"] or "").lower()


def _symbol(path: Path) -> str:
    named = _NAME.fullmatch(naming.stem_of(path))
    return named["symbol"] if named else ""


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    kind = _kind(Path(hints.member) if hints.member else path)
    if kind not in (*_STOCKS, "", None):
        fmt = msgspec.structs.replace(fmt, calendar=None)  # futures, currencies and what else there is
    is_adjusted = "un" not in kind if kind and "adj" in kind else None
    for file in delimited.opens(fmt, path, hints, symbol_named=_symbol):
        yield msgspec.structs.replace(file, told=partial(_adjusted, is_adjusted))


def _adjusted(is_adjusted: bool | None, bars: RawBars) -> RawBars:
    return msgspec.structs.replace(bars, adjusted=is_adjusted)


FIRSTRATE = Format(
    name="firstrate",
    title="FirstRate Data one-minute text",
    source="https://firstratedata.com/_readme/stock.txt",
    stamp=Stamp.START,
    tz="America/New_York",
    adjusted=None,  # the file's name says
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    calendar="XNYS",
    is_anybodys=True,
    columns=_COLUMNS,
    sniff=_sniff,
    read=TextReader(_opens),
)
