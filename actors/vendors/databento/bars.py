"""Databento's minutes, seconds and trades into one-minute bars, whether they came as DBN or as text."""

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

import numpy as np

from actors.reading.assemble import Assembler
from actors.reading.fold import TickFolder, merged
from actors.reading.format import Block, RawBars, Unsupported
from actors.reading.trades import Refused, TradeTape, assembled, made
from actors.vendors.databento.records import MINUTES, SECONDS, TRADES
from actors.vendors.lean.seconds import ONE_SECOND, folded, sound_seconds
from messages.tables.columns import Floats, Stamps

SCALE = 1e9
"""What prices in whole billionths are to be divided by."""


class Records(Protocol):
    """The records of a file, block by block; what cannot be read is counted in ``refused``."""

    refused: Refused

    @property
    def symbols(self) -> Collection[str]:
        """The symbol table, which may grow with the blocks."""
        ...

    def bars(self) -> Iterator[Block]:
        """Yield bars of one length."""
        ...

    def trades(self) -> Iterator[Block]:
        """Yield trades: price and size."""
        ...


class Venues:
    """Sees to it that bars come from one venue."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def check(self, publishers: Stamps | Floats) -> None:
        """Note the publishers of some bars.

        Raises:
            Unsupported: by now there are several.
        """
        self._seen.update(int(publisher) for publisher in np.unique(publishers) if np.isfinite(publisher))
        if len(self._seen) > 1:
            raise Unsupported(
                f"bars of several venues (publishers {', '.join(map(str, sorted(self._seen)))}): which of them "
                "traded last in a minute is not known; import the trades, which are folded into one bar a minute"
            )


def bars_of(schema: str, records: Records, assembler: Assembler) -> Iterator[RawBars]:
    """Yield the one-minute bars of a file of one of the schemas that are imported."""
    read: dict[str, Callable[[Records, Assembler], Iterator[RawBars]]]
    read = {MINUTES: _minutes, SECONDS: _seconds, TRADES: _trades}
    yield from read[schema](records, assembler)


def _minutes(records: Records, assembler: Assembler) -> Iterator[RawBars]:
    for block in records.bars():
        yield from assembler.assembled(block)
    nothing_more = TickFolder().finish()
    yield from assembled(assembler, nothing_more, tuple(records.symbols), records.refused)


def _seconds(records: Records, assembler: Assembler) -> Iterator[RawBars]:
    may_be = assembler.allow_negative
    sound = [sound_seconds(block, records.refused, allow_negative=may_be) for block in records.bars()]
    parts = [folded(block, assembler) for block in sound]
    if parts:
        bars = merged(parts)
        if assembler.base != ONE_SECOND:
            assembler.remark(made(sum(len(block.rows) for block in sound), "one-second bar", bars, assembler.base))
        yield from assembled(assembler, bars, tuple(records.symbols), records.refused)


def _trades(records: Records, assembler: Assembler) -> Iterator[RawBars]:
    tape = TradeTape(assembler, records.symbols)
    for block in records.trades():
        price, size = block.values
        tape.add(block.stamps_ns, price, size, block.rows, symbol_index=block.symbol_index)
    for broken in records.refused:
        tape.add_broken(broken)
    yield from tape.bars()
