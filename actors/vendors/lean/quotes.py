"""LEAN's minute quotes, as mid prices: what forex and CFD have instead of trades.

No header: milliseconds since midnight, bid open, high, low, close, last bid size, and the same of the ask. A bar is the
mean of the two sides' open, high, low and close; nothing is known to have traded, so its volume is 0. Where a side is
empty there is no mid. The files of a market that has trades too are read only when ``--format`` says so.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Block, Coverage, Format, Hints, Stamp
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.spelling.header import PRICES
from actors.reading.stamps import StampForm
from actors.vendors.lean import folders
from actors.vendors.lean.folders import QUOTED_ONLY
from messages.tables.columns import VOLUME

_BID = tuple(f"bid {price}" for price in PRICES)
_ASK = tuple(f"ask {price}" for price in PRICES)
_QUOTES = Layout(
    delimiter=",",
    places={"time": 0} | {role: 1 + place for place, role in enumerate((*_BID, "", *_ASK)) if role},
    width=11,
    header_lines=0,
    form=StampForm.TIME_OF_DAY,
    numbers=(*_BID, *_ASK),
)
_MIDS = "prices are mids of bid and ask, and every volume is 0"


def _sniff(head: Head) -> bool:
    place = folders.place_within(head)
    return place is not None and place.holds("minute", "quote") and place.asset in QUOTED_ONLY


def _opens(fmt: Format, path: Path, hints: Hints) -> Iterator[Opened]:
    place = folders.place_holding(path, "minute", "quote", "lean-quote is minute quotes")
    for file in folders.opened(fmt, hints, place, _QUOTES):
        file.assembler.remark(_MIDS)
        yield msgspec.structs.replace(file, made=partial(_mids, file.made))


def _mids(dated: Callable[[Block], Block], block: Block) -> Block:
    values = np.zeros((VOLUME + 1, len(block.rows)))
    values[:VOLUME] = (block.values[: len(_BID)] + block.values[len(_BID) :]) / 2
    return msgspec.structs.replace(dated(block), values=values)


LEAN_QUOTE = Format(
    name="lean-quote",
    title="LEAN minute quotes, as mid prices",
    source=folders.SOURCE,
    stamp=Stamp.START,
    tz=None,
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    takes_zips=True,
    has_capitals=False,
    sniff=_sniff,
    read=TextReader(_opens),
)
