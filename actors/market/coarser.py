"""Bars made of shorter ones of the same day: seconds that were stored, where a session is one of minutes."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from actors.market.planes import spread
from messages.tables.columns import BarBatch, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Interval, TradingSession, VerdictRun

_AT_ONCE = 64
"""So many symbols are made at once: a day of seconds is a megabyte for each."""


def is_finer(held: Interval, base: Interval) -> bool:
    """Return whether bars of one length can be made of bars of another, shorter one."""
    return held < base and base.seconds % held.seconds == 0


def coarser(bars: BarBatch, verdicts: Verdicts, session: TradingSession) -> tuple[BarBatch, Verdicts]:
    """Return the base bars of a session, made as derived bars are; what lies in none of its segments is left out.

    Args:
        bars: shorter ones, of which a base bar is a whole multiple.
        verdicts: of each; a base bar has the best of those of its bars.
        session: with its base interval.
    """
    fine = SessionAxis(msgspec.structs.replace(session, base_interval=bars.interval))
    edges, starts_ns = fine.edges(session.base_interval), SessionAxis(session).starts_ns
    blocks, columns, values, best = [], [], [], []
    for first in range(0, len(bars.symbols), _AT_ONCE):
        names = bars.symbols[first : first + _AT_ONCE]
        grid, plane = spread(fine, names, bars, verdicts, len(bars.values))
        folded, counts = fold(grid, plane >= FIRST_WITH_BAR, edges)
        block, column = np.nonzero(counts)
        blocks.append(block)
        columns.append(column + first)
        values.append(folded[block, :, column].T)
        best.append(np.maximum.reduceat(plane, edges[:-1], axis=0)[block, column])
    if not blocks:
        return BarBatch.of(()), verdicts
    block, column = np.concatenate(blocks), np.concatenate(columns)
    order = np.lexsort((column, block))
    batch = BarBatch(
        symbols=bars.symbols,
        symbol_index=freeze(column[order].astype(np.int32)),
        start_ns=freeze(starts_ns[block[order]]),
        values=freeze(np.ascontiguousarray(np.concatenate(values, axis=1)[:, order])),
        interval=session.base_interval,
    )
    return batch, freeze(np.concatenate(best)[order])


def whole_runs(runs: Sequence[VerdictRun], base: Interval) -> tuple[VerdictRun, ...]:
    """Return runs cut back to the base bars that they cover from end to end."""
    step_ns = base.span_ns
    cut = (
        msgspec.structs.replace(
            run, start_ns=-(-run.start_ns // step_ns) * step_ns, end_ns=run.end_ns // step_ns * step_ns
        )
        for run in runs
    )
    return tuple(run for run in cut if run.start_ns < run.end_ns)
