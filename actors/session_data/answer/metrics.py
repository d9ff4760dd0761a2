"""Symbols' sessions so far, in numbers."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.aggregate import sum_of_slots
from actors.market.metrics import Sums, qualities_of
from actors.session_data.hold.book import Book
from actors.session_data.hold.windows import Revisions
from messages.replies import SessionMetrics
from messages.tables.columns import FIELDS, VOLUME, Floats, Indices
from messages.values import FIRST_WITH_BAR

_AT_ONCE = 64
"""Symbols whose bars are gathered together, so that they fit into a core's own memory."""


class SoFar(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What slots ``[0, until)`` of some columns come to."""

    until: int
    sums: Sums
    """Of the regular ones."""
    extended_volume: Floats
    revisions: Revisions
    """The highest of each column."""


def metrics_of(book: Book, symbols: Sequence[str], columns: slice | Indices) -> list[SessionMetrics]:
    """Return the metrics of active symbols, whose columns these are."""
    return [
        metrics
        for first in range(0, len(symbols), _AT_ONCE)
        for metrics in _metrics_of(book, symbols[first : first + _AT_ONCE], _some(columns, first))
    ]


def _some(columns: slice | Indices, first: int) -> slice | Indices:
    if isinstance(columns, slice):
        return slice(columns.start + first, min(columns.start + first + _AT_ONCE, columns.stop))
    some = columns[first : first + _AT_ONCE]
    return slice(int(some[0]), int(some[0]) + 1) if len(some) == 1 else some


def _metrics_of(book: Book, symbols: Sequence[str], columns: slice | Indices) -> list[SessionMetrics]:
    grid, regular, closed = book.grid, book.axis.regular, book.closed
    come = so_far(book, tuple(symbols), columns)
    sums, catching_up = come.sums, book.catching_up
    regular_closed = max(min(closed, regular.stop) - regular.start, 0)
    verdicts = grid.verdicts[:, columns]
    around = verdicts[:0]
    if regular.stop - regular.start < len(verdicts):
        around = np.concatenate([verdicts[: regular.start], verdicts[regular.stop :]])
    rows = zip(
        symbols,
        *map(_or_none, (sums.open, sums.high, sums.low, sums.last, sums.vwap(has_own=_has_extra(book)))),
        sums.volume.tolist(),
        sums.bars.tolist(),
        book.updates.first_ns[columns].tolist(),
        book.updates.last_ns[columns].tolist(),
        qualities_of(verdicts[regular], regular_closed),
        qualities_of(around, closed - regular_closed),
        come.extended_volume.tolist(),
        come.revisions.tolist(),
        strict=True,
    )
    return [
        SessionMetrics(
            symbol=symbol,
            open=first,
            high=high,
            low=low,
            last=last,
            volume=volume,
            vwap=vwap,
            bars=bars,
            first_update_ns=first_ns or None,
            last_update_ns=last_ns or None,
            quality=quality,
            extended_quality=extended,
            extended_volume=extended_volume,
            revision=revision,
            is_catching_up=symbol in catching_up,
        )
        for (
            *(symbol, first, high, low, last, vwap, volume, bars, first_ns, last_ns, quality, extended),
            extended_volume,
            revision,
        ) in rows
    ]


def so_far(book: Book, symbols: tuple[str, ...], columns: slice | Indices) -> SoFar:
    """Return what all slots come to; what those that are closed do is kept, and carried on from there."""
    kept, key = book.grid.kept, ("metrics", symbols)
    held: SoFar | None = kept.get(key)
    if held is None:
        count = len(symbols)
        held = SoFar(
            until=0,
            sums=Sums.none(count),
            extended_volume=np.zeros(count),
            revisions=np.zeros(count, dtype=np.uint32),
        )
    if held.until < book.closed:
        held = _carried_on(book, held, columns, book.closed)
        kept.put(key, held, book.closed)
    return _carried_on(book, held, columns, max(book.last_slot + 1, book.closed))


def _carried_on(book: Book, held: SoFar, columns: slice | Indices, until: int) -> SoFar:
    if held.until == until:
        return held
    grid, regular = book.grid, book.axis.regular
    sums, extended = held.sums, held.extended_volume
    inside = slice(max(held.until, regular.start), min(until, regular.stop))
    if inside.start < inside.stop:
        present = grid.verdicts[inside, columns] >= FIRST_WITH_BAR
        sums = sums.plus(grid.values[inside][:, :, columns], present)
    for around in (
        slice(held.until, min(until, regular.start)),
        slice(max(held.until, regular.stop), until),
    ):
        if around.start < around.stop:
            volumes = grid.values[around, VOLUME][:, columns]
            rows = np.concatenate([extended[np.newaxis], np.where(np.isnan(volumes), 0.0, volumes)])
            extended = sum_of_slots(rows[np.newaxis])[0]
    changed = grid.revisions[held.until : until, columns].max(axis=0)
    return SoFar(until=until, sums=sums, extended_volume=extended, revisions=np.maximum(held.revisions, changed))


def _has_extra(book: Book) -> bool:
    return bool(book.grid.values.shape[1] > len(FIELDS))


def _or_none(numbers: Floats) -> list[float | None]:
    return [None if number != number else number for number in numbers.tolist()]  # noqa: PLR0124  # NaN
