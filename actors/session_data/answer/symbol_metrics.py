"""One symbol's session so far, carried on minute by minute: what a loop asks for again and again.

It is what ``metrics`` sums up for many symbols at once, to the last bit; bars of open minutes are left to that.
"""

from math import isfinite
from typing import NamedTuple

from actors.market.metrics import NO_MINUTES, Counts, counted, quality_so_far
from actors.session_data.answer.metrics import metrics_of, so_far
from actors.session_data.hold.book import Book
from messages.replies import SessionMetrics
from messages.tables.columns import FIELDS, VOLUME, VWAP
from messages.values import FIRST_WITH_BAR

_FEW = 8
"""So many minutes are added one by one; of more the sums are made at once."""


class _Sums(NamedTuple):
    """What closed slots ``[0, until)`` of a symbol come to, as plain numbers; prices are NaN before its first bar."""

    until: int
    open: float
    high: float
    low: float
    last: float
    volume: float
    typical: float
    own: float
    has_own: bool
    bars: int
    extended_volume: float
    revision: int
    regular: Counts
    """How many of the regular slots have each verdict."""
    extended: Counts


def metrics_of_symbol(book: Book, symbol: str, column: int) -> SessionMetrics:
    """Return the metrics of an active symbol, whose column this is."""
    closed = book.closed
    if book.last_slot >= closed:
        return metrics_of(book, (symbol,), slice(column, column + 1))[0]
    kept, key = book.grid.kept, ("sums", column)
    sums: _Sums | None = kept.get(key)
    if sums is None or sums.until < closed:
        is_near = sums is not None and closed <= sums.until + _FEW
        sums = _carried_on(book, column, sums) if sums is not None and is_near else _anew(book, symbol, column)
        kept.put(key, sums, closed)
    return _said(book, symbol, column, sums)


def _anew(book: Book, symbol: str, column: int) -> _Sums:
    come = so_far(book, (symbol,), slice(column, column + 1))
    sums, hours = come.sums, book.axis.regular
    told = book.grid.verdicts[: book.closed, column].tobytes()
    inside = told[hours.start : hours.stop]
    around = told[: hours.start] + told[hours.stop :]
    return _Sums(
        until=book.closed,
        open=sums.open.item(),
        high=sums.high.item(),
        low=sums.low.item(),
        last=sums.last.item(),
        volume=sums.volume.item(),
        typical=sums.typical.item(),
        own=sums.own.item(),
        has_own=sums.has_own.item(),
        bars=sums.bars.item(),
        extended_volume=come.extended_volume.item(),
        revision=come.revisions.item(),
        regular=counted(inside, 0, len(inside)),
        extended=counted(around, 0, len(around)),
    )


def _carried_on(book: Book, column: int, sums: _Sums) -> _Sums:
    """Add the minutes that have closed since."""
    until, first, high, low, last, volume, typical, own, has_own, bars, outside, revision, regular, extended = sums
    grid, begin, end = book.grid, book.axis.regular.start, book.axis.regular.stop
    values, verdict_at, revision_at = grid.values, grid.verdicts.item, grid.revisions.item
    for slot in range(until, book.closed):
        row, verdict, changed = values[slot, :, column].tolist(), verdict_at(slot, column), revision_at(slot, column)
        revision = max(revision, changed)
        if not begin <= slot < end:
            extended = _with(extended, verdict)
            outside += row[VOLUME] if verdict >= FIRST_WITH_BAR else 0.0
            continue
        regular = _with(regular, verdict)
        if verdict < FIRST_WITH_BAR:
            continue
        opened, top, bottom, last, traded = row[: len(FIELDS)]
        if not bars:
            first, high, low = opened, top, bottom
        high, low = max(high, top), min(low, bottom)
        bars += 1
        volume += traded
        typical += traded * ((top + bottom + last) / 3)
        if len(row) > len(FIELDS):
            own += traded * row[VWAP] if isfinite(row[VWAP]) else 0.0
            has_own = has_own and isfinite(row[VWAP])
    until = book.closed
    return _Sums(
        until, first, high, low, last, volume, typical, own, has_own, bars, outside, revision, regular, extended
    )


def _with(counts: Counts, verdict: int) -> Counts:
    return (*counts[:verdict], counts[verdict] + 1, *counts[verdict + 1 :])


def _said(book: Book, symbol: str, column: int, sums: _Sums) -> SessionMetrics:
    hours, closed, slots = book.axis.regular, book.closed, book.axis.slots
    regular = hours.stop - hours.start
    regular_closed = max(min(closed, hours.stop) - hours.start, 0)
    extended, extended_closed = slots - regular, closed - regular_closed
    has_bars, volume = sums.bars > 0, sums.volume
    traded = sums.own if sums.has_own and book.grid.values.shape[1] > len(FIELDS) else sums.typical
    return SessionMetrics(
        symbol=symbol,
        open=sums.open if has_bars else None,
        high=sums.high if has_bars else None,
        low=sums.low if has_bars else None,
        last=sums.last if has_bars else None,
        volume=volume,
        vwap=traded / volume if volume > 0 else None,
        bars=sums.bars,
        first_update_ns=book.updates.first_ns.item(column) or None,
        last_update_ns=book.updates.last_ns.item(column) or None,
        quality=quality_so_far(sums.regular, sums.regular, regular - regular_closed, regular_closed),
        extended_quality=(
            quality_so_far(sums.extended, sums.extended, extended - extended_closed, extended_closed)
            if extended
            else NO_MINUTES
        ),
        extended_volume=sums.extended_volume,
        revision=sums.revision,
        is_catching_up=symbol in book.catching_up,
    )
