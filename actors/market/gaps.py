"""Gaps: runs of missing minutes, those that symbols have in common told once."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
    by_symbol = np.ascontiguousarray(missing.T)
    first, last = _edges(by_symbol, np.diff(axis.segment_numbers) != 0)
    columns: list[int] = (first // axis.slots).tolist()
    starts_ns = axis.starts_ns[first % axis.slots].tolist()
    ends_ns = (axis.starts_ns[last % axis.slots] + axis.step_ns).tolist()
    runs: dict[tuple[int, int], list[str]] = defaultdict(list)
    for column, start_ns, end_ns in zip(columns, starts_ns, ends_ns, strict=True):
        runs[start_ns, end_ns].append(symbols[column])
    return tuple(
        Gap(symbols=tuple(names), start_ns=start_ns, end_ns=end_ns)
        for (start_ns, end_ns), names in sorted(runs.items())
    )


def _edges(by_symbol: Mask, is_after_edge: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first and the last cell of every run, counted through symbol by symbol."""
    begins, ends = by_symbol.copy(), by_symbol.copy()
    begins[:, 1:] &= ~by_symbol[:, :-1] | is_after_edge
    ends[:, :-1] &= ~by_symbol[:, 1:] | is_after_edge
    return np.flatnonzero(begins), np.flatnonzero(ends)
