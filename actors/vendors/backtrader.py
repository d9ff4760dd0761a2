"""backtrader's minute text files: ``Date,Time,Open,High,Low,Close,Volume,OpenInterest``, stamped with the bar's end.

The header of backtrader's own samples forgets the name of the time: it has seven names for eight columns. A stamp is
the end of its bar (the first of a session that opens at 09:00 is 09:01). Nothing in a file says its zone or symbol:
the samples are of Eurex, so Berlin is assumed and said, and ``--tz`` names another; ``--symbol`` is needed where the
name begins with a date.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from actors.reading import delimited, naming
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Coverage, Format, Hints, Stamp
from actors.reading.peek import Head
from messages.errors import DataError

_NAMES = ["Date", "Open", "High", "Low", "Close", "Volume", "OpenInterest"]
_COLUMNS = ("date", "clock", "open", "high", "low", "close", "volume", "")
_DATED_NAME = re.compile(r"\d{4}-\d\d-\d\d\b.*")
_ASSUMED = "the file does not say its zone: read as Europe/Berlin, the one of backtrader's samples; --tz names another"


def _sniff(head: Head) -> bool:
    return head.cells(0) == _NAMES and len(head.cells(1)) == len(_COLUMNS)


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    if not hints.symbol and _DATED_NAME.fullmatch(naming.stem_of(path)):
        raise DataError("neither a column nor the file's name gives the symbol; say it with --symbol")
    for file in delimited.opens(fmt, path, hints):
        if not hints.tz:
            file.assembler.remark(_ASSUMED)
        yield file


BACKTRADER = Format(
    name="backtrader",
    title="backtrader minute text",
    source="https://www.backtrader.com/docu/dataautoref/",
    stamp=Stamp.END,
    tz="Europe/Berlin",
    adjusted=None,
    coverage=Coverage.REGULAR,
    emits_empty_minutes=False,
    columns=_COLUMNS,
    sniff=_sniff,
    read=TextReader(_opens),
)
