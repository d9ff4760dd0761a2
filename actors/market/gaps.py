"""Gaps: runs of missing minutes, those that symbols have in common told once."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from actors.market.axis import SessionAxis
from messages.tables.columns import Indices, Mask, Stamps
from messages.values import Gap


def find_gaps(missing: Mask, axis: SessionAxis, symbols: Sequence[str]) -> tuple[Gap, ...]:
    """Return the gaps of a session, in order of time, then of length.

    A run never crosses a segment's edge: after a lunch break, or at the open, begins another gap.

    Args:
        missing: slots x symbols; whether the bar is missing.
        axis: the session's slots.
        symbols: the names of the columns.
    """
    columns, slots = np.nonzero(missing.T)
    return gaps_of(slots, columns, axis, symbols)


def gaps_of(slots: Stamps | Indices, columns: Stamps, axis: SessionAxis, symbols: Sequence[str]) -> tuple[Gap, ...]:
    """Return the gaps of minutes that are given one by one.

    Args:
        slots: of each missing bar; symbol by symbol in order of time.
        columns: of each missing bar.
        axis: the session's slots.
        symbols: the names of the columns.
    """
    if len(slots) == 0:
        return ()
    segments = axis.segment_numbers[slots]
    is_next = (slots[1:] == slots[:-1] + 1) & (columns[1:] == columns[:-1]) & (segments[1:] == segments[:-1])
    breaks = np.flatnonzero(~is_next)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(slots) - 1)
    starts_ns, ends_ns = axis.starts_ns[slots[first]].tolist(), (axis.starts_ns[slots[last]] + axis.step_ns).tolist()
    runs: dict[tuple[int, int], list[str]] = defaultdict(list)
    of_each: list[int] = columns[first].tolist()
    for column, start_ns, end_ns in zip(of_each, starts_ns, ends_ns, strict=True):
        runs[start_ns, end_ns].append(symbols[column])
    return tuple(
        Gap(symbols=tuple(names), start_ns=start_ns, end_ns=end_ns)
        for (start_ns, end_ns), names in sorted(runs.items())
    )
