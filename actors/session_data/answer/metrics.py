"""Symbols' sessions so far, in numbers."""

from collections.abc import Sequence

import numpy as np

from actors.market.metrics import qualities_of, sums_of
from actors.session_data.hold.book import Book
from messages.columns import VOLUME, Floats
from messages.replies import SessionMetrics
from messages.values import FIRST_WITH_BAR

_AT_ONCE = 64
"""Symbols whose bars are gathered together: a megabyte."""


def metrics_of(book: Book, symbols: Sequence[str]) -> list[SessionMetrics]:
    """Return the metrics of active symbols."""
    groups = (symbols[first : first + _AT_ONCE] for first in range(0, len(symbols), _AT_ONCE))
    return [metrics for group in groups for metrics in _metrics_of(book, group)]


def _metrics_of(book: Book, symbols: Sequence[str]) -> list[SessionMetrics]:
    regular, is_regular, grid = book.axis.regular, book.axis.is_regular, book.grid
    numbers = [grid.columns[symbol] for symbol in symbols]
    verdicts = grid.verdicts[:, numbers]
    present = verdicts[regular] >= FIRST_WITH_BAR
    first, high, low, last, vwap, volume = sums_of(grid.values[regular][:, :, numbers], present)
    closed = int(is_regular[: book.closed].sum())
    columns = {
        "symbol": symbols,
        "open": _or_none(first),
        "high": _or_none(high),
        "low": _or_none(low),
        "last": _or_none(last),
        "vwap": _or_none(vwap),
        "volume": volume.tolist(),
        "bars": present.sum(axis=0).tolist(),
        "first_update_ns": [at_ns or None for at_ns in book.first_update_ns[numbers].tolist()],
        "last_update_ns": [at_ns or None for at_ns in book.last_update_ns[numbers].tolist()],
        "quality": qualities_of(verdicts[regular], closed),
        "extended_quality": qualities_of(verdicts[~is_regular], book.closed - closed),
        "extended_volume": np.nansum(grid.values[~is_regular, VOLUME][:, numbers], axis=0).tolist(),
        "revision": grid.revisions[:, numbers].max(axis=0).tolist(),
        "is_catching_up": [symbol in book.catching_up for symbol in symbols],
    }
    return [SessionMetrics(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _or_none(numbers: Floats) -> list[float | None]:
    return [None if number != number else number for number in numbers.tolist()]  # noqa: PLR0124  # NaN
