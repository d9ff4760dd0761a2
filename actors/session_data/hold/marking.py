"""Verdicts on minutes without a bar, written where they belong."""

from collections.abc import Sequence

import numpy as np

from actors.session_data.hold.grid import Grid
from messages.values import Gap, Verdict


def mark_cells(grid: Grid, gaps: Sequence[Gap], verdict: Verdict, sender: int) -> None:
    """Give cells without a bar a verdict, where theirs says less; what lies outside the grid is left out.

    Args:
        grid: written to.
        gaps: which minutes of which symbols.
        verdict: ``ABANDONED`` or ``NO_TRADE``.
        sender: the number of who says so.
    """
    for gap in gaps:
        slots = slice(grid.axis.slots_before(gap.start_ns), grid.axis.slots_before(gap.end_ns))
        columns = [grid.columns[symbol] for symbol in gap.symbols if symbol in grid.columns]
        cells = np.ix_(range(slots.start, slots.stop), columns)
        grid.kept.touch(slots.start)
        says_less = grid.verdicts[cells] < verdict
        grid.verdicts[cells] = np.where(says_less, np.uint8(verdict), grid.verdicts[cells])
        grid.sources[cells] = np.where(says_less, np.uint8(sender), grid.sources[cells])
