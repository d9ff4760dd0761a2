"""Minutes that are lacking, as questions for a source: exactly these, or more where that costs not half as much."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from actors.market.axis import SessionAxis
from actors.market.gaps import find_gaps
from messages.tables.columns import Mask
from messages.values import Gap


def questions(
    lacking: Mask,
    axis: SessionAxis,
    names: Sequence[str],
    *,
    most_symbols: int | None = None,
    rows_a_page: int | Mapping[str, int] | None = None,
    is_exact: bool = False,
) -> list[Gap]:
    """Return what to ask for.

    Args:
        lacking: slots x names.
        axis: of the session.
        names: of the columns.
        most_symbols: as many as one question may name.
        rows_a_page: how many bars an answer has, by which a question costs; by symbol, where each has its own answers.
        is_exact: whether no other minutes may be asked for, whatever that costs.
    """
    gaps = list(_chunked(find_gaps(lacking, axis, names), most_symbols))
    if is_exact or len(gaps) < 2:
        return gaps
    whole = list(_chunked(find_gaps(_hull(lacking), axis, names), most_symbols))
    return whole if 2 * _cost(whole, axis, rows_a_page) < _cost(gaps, axis, rows_a_page) else gaps


def _chunked(gaps: Sequence[Gap], most_symbols: int | None) -> Iterator[Gap]:
    for gap in gaps:
        size = most_symbols or len(gap.symbols)
        for first in range(0, len(gap.symbols), size):
            yield Gap(symbols=gap.symbols[first : first + size], start_ns=gap.start_ns, end_ns=gap.end_ns)


def _hull(lacking: Mask) -> Mask:
    """Return everything from the first minute that anybody lacks to the last, of all who lack any."""
    rows = np.flatnonzero(lacking.any(axis=1))
    hull = np.zeros_like(lacking)
    hull[rows[0] : rows[-1] + 1, lacking.any(axis=0)] = True
    return hull


def _cost(gaps: Sequence[Gap], axis: SessionAxis, rows_a_page: int | Mapping[str, int] | None) -> int:
    """Return how many pages are asked for at most."""
    if rows_a_page is None:
        return len(gaps)
    spans = [(gap.symbols, (gap.end_ns - gap.start_ns) // axis.step_ns) for gap in gaps]
    if isinstance(rows_a_page, int):
        return sum(-(-len(symbols) * count // rows_a_page) for symbols, count in spans)
    return sum(-(-count // rows_a_page[symbol]) for symbols, count in spans for symbol in symbols)
