"""LEAN's trade ticks, folded to one-minute bars with vwap and number of trades.

No header: milliseconds since midnight, price, size, exchange, sale condition and a flag for suspicious trades; crypto
has time, price, size and perhaps the flag. LEAN's own bars leave suspicious trades out, and so do these. They leave out
some sale conditions as well, and these do not, so volumes and extremes may differ a little from the minute files.
Where the day's minute or second bars stand beside a file it is read only when ``--format`` says so.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from actors.reading.format import Block, Coverage, Format, Hints, RawBars, Stamp
from actors.reading.layout import Layout
from actors.reading.peek import Head, members
from actors.reading.stamps import StampForm
from actors.reading.trades import TradeTape, without_stamp
from actors.vendors.lean import folders
from actors.vendors.lean.folders import Place

_CRYPTO = ("crypto", "cryptofuture")
_FLAG_PLACE: dict[str, int] = dict.fromkeys(_CRYPTO, 3)
_USUAL_FLAG_PLACE = 5


def _sniff(head: Head) -> bool:
    place = folders.place_within(head)
    return place is not None and place.holds("tick", "trade") and place.has_beside("minute", "second") is None


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    place = folders.place_holding(path, "tick", "trade", "lean-tick is trade ticks")
    for member in members(path):
        assembler = folders.assembler_of(fmt, without_stamp(hints), place, member)
        tape = TradeTape(assembler)
        for block in folders.dated_blocks(place, member, _layout(place, member)):
            _take(block, tape)
        yield from tape.bars()


def _layout(place: Place, member: str) -> Layout:
    width = len(Head(place.path, member).cells(0))
    flag = _FLAG_PLACE.get(place.asset, _USUAL_FLAG_PLACE)
    numbers = {"price": 1, "size": 2} | ({"suspicious": flag} if flag < width else {})
    return Layout(
        delimiter=",",
        places={"time": 0} | numbers,
        width=width,
        header_lines=0,
        form=StampForm.TIME_OF_DAY,
        numbers=tuple(numbers),
    )


def _take(block: Block, tape: TradeTape) -> None:
    tape.add_broken(block.broken)
    price, size, *flag = block.values
    if flag and flag[0].any():
        is_clear = flag[0] != 1
        tape.leave_out(suspicious=int(np.count_nonzero(~is_clear)))
        tape.add(block.stamps_ns[is_clear], price[is_clear], size[is_clear], block.rows[is_clear])
    else:
        tape.add(block.stamps_ns, price, size, block.rows)


LEAN_TICK = Format(
    name="lean-tick",
    title="LEAN trade ticks, folded to minutes",
    source=folders.SOURCE,
    stamp=Stamp.START,
    tz=None,
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    takes_zips=True,
    has_capitals=False,
    sniff=_sniff,
    read=_read,
)
