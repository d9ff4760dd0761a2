"""Pages put together to one batch of bars: only what was asked for, each minute of a symbol once."""

from collections.abc import Sequence

import numpy as np

from actors.vendors.history.pages import Page, PageRequest
from messages.tables.columns import FIELDS, BarBatch, Indices, Stamps, freeze


def joined(pages: Sequence[Page], request: PageRequest) -> tuple[BarBatch, int]:
    """Return the bars of pages, and how many rows are of no use because their start is none of a bar.

    Of two for the same minute the later one stays. Bars of other symbols or other times are left out without a word:
    vendors show the minute after the last, and one that is still forming.
    """
    batches = [page.bars for page in pages if len(page.bars)]
    symbols = tuple(sorted(request.symbols))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    indexes = [np.array([place.get(name, -1) for name in one.symbols], np.int32)[one.symbol_index] for one in batches]
    index: Indices = np.concatenate([np.zeros(0, np.int32), *indexes])
    starts: Stamps = np.concatenate([np.zeros(0, np.int64), *(one.start_ns for one in batches)])
    values = np.full((max([len(FIELDS), *(len(one.values) for one in batches)]), len(starts)), np.nan)
    first = 0
    for one in batches:
        values[: len(one.values), first : first + len(one)] = one.values
        first += len(one)
    inside = (index >= 0) & (starts >= request.start_ns) & (starts < request.end_ns)
    is_start = starts % request.interval.span_ns == 0
    rows = np.flatnonzero(inside & is_start)
    order = rows[np.lexsort((index[rows], starts[rows]))]  # stable: of equal ones the later page's is last
    is_last = np.ones(len(order), dtype=np.bool_)
    is_last[:-1] = (starts[order][1:] != starts[order][:-1]) | (index[order][1:] != index[order][:-1])
    order = order[is_last]
    bars = BarBatch(
        symbols=symbols,
        symbol_index=freeze(index[order]),
        start_ns=freeze(starts[order]),
        values=freeze(np.ascontiguousarray(values[:, order])),
        interval=request.interval,
    )
    unread = sum(page.unread for page in pages) + int(np.count_nonzero(inside & ~is_start))
    return bars, unread
