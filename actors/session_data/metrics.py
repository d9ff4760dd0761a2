"""One symbol's session so far, in numbers."""

import numpy as np

from actors.market.metrics import prices_of, quality_of
from actors.session_data.book import Book
from actors.session_data.views import Column
from messages.columns import VOLUME
from messages.replies import Quality, SessionMetrics


def metrics_of(book: Book, symbol: str, column: Column) -> SessionMetrics:
    """Return the metrics of an active symbol, whose column this is."""
    regular = book.axis.regular
    values, present = column.values[regular], column.present[regular]
    first, high, low, last, mean = prices_of(values, present)
    number = book.grid.columns[symbol]
    return SessionMetrics(
        symbol=symbol,
        open=first,
        high=high,
        low=low,
        last=last,
        vwap=mean,
        volume=float(np.nansum(values[:, VOLUME])),
        bars=int(present.sum()),
        first_update_ns=int(book.first_update_ns[number]) or None,
        last_update_ns=int(book.last_update_ns[number]) or None,
        quality=_quality(column, extended=False),
        extended_quality=_quality(column, extended=True),
        extended_volume=float(np.nansum(column.values[~book.axis.is_regular, VOLUME])),
        revision=int(column.revisions.max(initial=0)),
        is_catching_up=symbol in book.catching_up,
    )


def _quality(column: Column, *, extended: bool) -> Quality:
    chosen = column.axis.is_regular != extended
    return quality_of(column.verdicts[chosen], int(chosen[: column.closed].sum()))
