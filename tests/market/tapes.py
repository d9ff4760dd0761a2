"""Tapes to damage, and a slow look at what is delivered of them."""

from collections.abc import Iterator

import msgspec
import numpy as np

from actors.market.axis import SessionAxis
from actors.market.faults import DamagedTape
from actors.market.validate import Fault, faults
from messages.tables.columns import BarBatch, Tape
from messages.values import Bar, Nanos, TradingSession
from tests.builders import DAY

SYMBOLS = ("AAA", "BBB", "CCC")
Cell = tuple[str, Nanos]


def tape_of(
    session: TradingSession = DAY, symbols: tuple[str, ...] = SYMBOLS, *, quiet: float = 0.0, fields: int = 5
) -> Tape:
    """A tape on which no two bars are alike; ``quiet`` is the share of minutes without one."""
    starts = SessionAxis(session).starts_ns
    cells = np.arange(len(starts) * len(symbols))
    cells = cells[np.random.default_rng(1).random(len(cells)) >= quiet]
    slots, columns = np.divmod(cells, len(symbols))
    base = 10.0 + cells
    values = np.array([base, base + 0.5, base - 0.5, base + 0.25, base % 7, base, base][:fields])
    batch = BarBatch.build(symbols, columns, starts[slots], values)
    return Tape(session=session, batch=msgspec.structs.replace(batch, is_sane=True))


def slots_of(tape: Tape) -> range:
    return range(SessionAxis(tape.session).slots)


def told(damaged: DamagedTape) -> Iterator[tuple[int, BarBatch, Bar]]:
    """Every bar that is delivered, with the slot and the batch that it comes with."""
    for slot in slots_of(damaged.tape):
        for batch in damaged.deliveries(slot):
            yield from ((slot, batch, bar) for bar in batch.bars())


def is_sound(bar: Bar, *, allow_negative: bool = False) -> bool:
    return reason(bar, allow_negative=allow_negative) is Fault.SANE


def reason(bar: Bar, *, allow_negative: bool = False) -> Fault:
    batch = BarBatch.of([bar])
    return Fault(int(faults(batch.values, batch.start_ns, allow_negative=allow_negative)[0]))


def cell(bar: Bar) -> Cell:
    return bar.symbol, bar.start_ns


def missing(damaged: DamagedTape) -> set[Cell]:
    """The cells of the tape's bars that never come."""
    return {cell(bar) for bar in damaged.tape.batch.bars()} - {cell(bar) for _, _, bar in told(damaged)}
