"""Gaps: runs of missing minutes, those that symbols have in common told once."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from actors.market.axis import SessionAxis
from messages.columns import Mask
from messages.values import Gap


def find_gaps(missing: Mask, axis: SessionAxis, symbols: Sequence[str]) -> tuple[Gap, ...]:
    """Return the gaps of a session, in order of time, then of length.

    A run never crosses a segment's edge: after a lunch break, or at the open, begins another gap.

    Args:
        missing: slots x symbols; whether the bar is missing.
        axis: the session's slots.
        symbols: the names of the columns.
    """
    runs: dict[tuple[int, int], list[str]] = defaultdict(list)
    starts = axis.starts_ns
    for column, symbol in enumerate(symbols):
        slots = np.flatnonzero(missing[:, column])
        if len(slots) == 0:
            continue
        breaks = np.flatnonzero((np.diff(slots) != 1) | (np.diff(axis.segment_numbers[slots]) != 0)) + 1
        for run in np.split(starts[slots], breaks):
            runs[int(run[0]), int(run[-1]) + axis.step_ns].append(symbol)
    return tuple(
        Gap(symbols=tuple(names), start_ns=start_ns, end_ns=end_ns)
        for (start_ns, end_ns), names in sorted(runs.items())
    )
