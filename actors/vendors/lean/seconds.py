"""LEAN's second trade bars, folded to one-minute bars: what they are where a day has no minute file.

The columns are those of the minute bars. A second whose row can be no bar is left out of its minute and counted. Where
the day's minute bars stand beside the file it is read only when ``--format`` says so.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.market.validate import Fault, faults
from actors.reading.assemble import Assembler
from actors.reading.fold import MinuteBars, fold_bars, merged
from actors.reading.format import EXAMPLES, Block, BrokenRow, Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head, members
from actors.reading.trades import Refused, assembled, made, without_stamp
from actors.vendors.lean import folders
from actors.vendors.lean.minutes import BARS
from messages.tables.columns import FIELDS
from messages.values import SECOND_NS, Interval

ONE_SECOND = Interval(seconds=1)

_SOUND = "whole seconds, prices above 0 between low and high, and a volume of 0 or more"


def _sniff(head: Head) -> bool:
    place = folders.place_within(head)
    return place is not None and place.holds("second", "trade") and place.has_beside("minute") is None


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    place = folders.place_holding(path, "second", "trade", "lean-second is second trades")
    for member in members(path):
        assembler = folders.assembler_of(fmt, without_stamp(hints), place, member)
        seconds, refused = 0, Refused()
        parts = []
        for block in folders.dated_blocks(place, member, BARS):
            refused.add_broken(block.broken)
            sound = sound_seconds(block, refused, allow_negative=assembler.allow_negative)
            seconds += len(sound.rows)
            parts.append(folded(sound, assembler))
        if parts:
            bars = merged(parts)
            if hints.base != ONE_SECOND:
                assembler.remark(made(seconds, "one-second bar", bars, hints.base))
            yield from assembled(assembler, bars, ("",), refused)


def folded(seconds: Block, assembler: Assembler) -> MinuteBars:
    """Return the wanted bars of some one-second bars: of a minute as a rule, or the seconds as they are."""
    step_ns = assembler.base.span_ns
    return fold_bars(seconds.stamps_ns, seconds.values, seconds.symbol_index, seconds.rows, step_ns)


def sound_seconds(block: Block, refused: Refused, *, allow_negative: bool) -> Block:
    """Return the seconds of a block that can be bars; the others are counted."""
    codes = faults(block.values, block.stamps_ns, step_ns=SECOND_NS, allow_negative=allow_negative)
    if not codes.any():
        return block
    for code in np.unique(codes[codes != 0]).tolist():
        places = np.flatnonzero(codes == code)
        refused.add(Fault(code).reason, [_example(block, place) for place in places[:EXAMPLES].tolist()], len(places))
    keep = codes == 0
    return msgspec.structs.replace(
        block,
        stamps_ns=block.stamps_ns[keep],
        symbol_index=block.symbol_index[keep],
        values=block.values[:, keep],
        rows=block.rows[keep],
    )


def _example(block: Block, place: int) -> BrokenRow:
    seen = ", ".join(
        f"{name} {value:.10g}" for name, value in zip(FIELDS, block.values[:, place].tolist(), strict=True)
    )
    return BrokenRow(row=int(block.rows[place]), field="row", seen=seen, expected=_SOUND)


LEAN_SECOND = Format(
    name="lean-second",
    title="LEAN second trade bars, folded to minutes",
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
