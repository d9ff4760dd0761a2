"""LEAN's trade ticks, folded to one-minute bars with vwap and number of trades.

No header: milliseconds since midnight, price, size, exchange, sale condition and a flag for suspicious trades; crypto
has time, price, size and perhaps the flag. LEAN's own bars leave suspicious trades out, and so do these; of US equities
they take prices by the rules ``lean`` of sale conditions, unless others are named. What still differs is that LEAN puts
the closing auction into the last minute, and counts the opening one otherwise.

Where the day's minute or second bars stand beside a file it is read only when ``--format`` says so.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from actors.market.sale_conditions import SaleRules, sale_rules
from actors.reading.format import Block, Coverage, Format, Hints, RawBars, Stamp
from actors.reading.layout import Layout
from actors.reading.peek import Head, members
from actors.reading.stamps import StampForm
from actors.reading.trades import TradeTape, without_stamp
from actors.vendors.lean import folders
from actors.vendors.lean.folders import Place
from messages.values import MINUTE_NS

_CRYPTO = ("crypto", "cryptofuture")
_FLAG_PLACE: dict[str, int] = dict.fromkeys(_CRYPTO, 3)
_USUAL_FLAG_PLACE = 5
_CONDITIONS = "conditions"


def _sniff(head: Head) -> bool:
    place = folders.place_within(head)
    return place is not None and place.holds("tick", "trade") and place.has_beside("minute", "second") is None


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    place = folders.place_holding(path, "tick", "trade", "lean-tick is trade ticks")
    for member in members(path):
        assembler = folders.assembler_of(fmt, without_stamp(hints), place, member)
        tape = TradeTape(assembler)
        rules = sale_rules(hints.sale_conditions or "lean")
        for block in folders.dated_blocks(place, member, _layout(place, member)):
            _take(block, tape, rules)
        yield from tape.bars()


def _layout(place: Place, member: str) -> Layout:
    width = len(Head(place.path, member).cells(0))
    flag = _FLAG_PLACE.get(place.asset, _USUAL_FLAG_PLACE)
    numbers = {"price": 1, "size": 2} | ({"suspicious": flag} if flag < width else {})
    has_conditions = place.asset == "equity" and width > _USUAL_FLAG_PLACE
    return Layout(
        delimiter=",",
        places={"time": 0} | numbers | ({_CONDITIONS: 4} if has_conditions else {}),
        width=width,
        header_lines=0,
        form=StampForm.TIME_OF_DAY,
        numbers=tuple(numbers),
        label=_CONDITIONS if has_conditions else "",
    )


def _take(block: Block, tape: TradeTape, rules: SaleRules) -> None:
    tape.add_broken(block.broken)
    price, size, *flag = block.values
    sets = None
    if block.label_index is not None:
        sets = rules.sets_of(block.labels, block.label_index, block.stamps_ns // MINUTE_NS)
    if flag and flag[0].any():
        is_clear = flag[0] != 1
        tape.leave_out(suspicious=int(np.count_nonzero(~is_clear)))
        cleared = None if sets is None else sets[is_clear]
        tape.add(block.stamps_ns[is_clear], price[is_clear], size[is_clear], block.rows[is_clear], sets=cleared)
    else:
        tape.add(block.stamps_ns, price, size, block.rows, sets=sets)


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
