"""The commonest reads by a short way: the last few bars of a symbol where no minute is missing, and how many it has.

What they answer is what ``hold.windows`` would cut out of the whole day; where that takes a second look (holes, bars in
the making, clipped blocks, vwap), they answer nothing, and the whole day is cut.
"""

import re
from bisect import bisect_right

import msgspec
import numpy as np

from actors.session_data.answer.latest import latest_slot
from actors.session_data.hold.book import Book
from actors.session_data.hold.windows import Revisions
from messages.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.queries import GetLastBars
from messages.values import FIRST_WITH_BAR, Interval, Nanos
from messages.windows import BarWindow

_NO_BAR = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; a search in the bytes costs a third of min()


class _Bars(msgspec.Struct, frozen=True, gc=False):
    """Bars that lack nothing, by the column; what windows say of them that stays as it is."""

    until: int
    """They are made of slots before this one."""
    start_ns: Stamps
    end_ns: Stamps
    values: Floats
    verdicts: Verdicts
    revisions: Revisions
    zeros: Indices
    counts: Indices
    nowhere: Mask


def bar_count(book: Book, column: int, interval: Interval) -> int | None:
    """Return how many finished bars a symbol has, or nothing where the short way does not reach."""
    grid, last = book.grid, book.last_slot
    if interval == book.axis.interval:
        told = grid.verdicts[: last + 1, column].tobytes()
        return len(told) - sum(map(told.count, range(FIRST_WITH_BAR)))
    if interval.is_long or last >= book.closed:  # in minutes that are open some of the bars may be finished
        return None
    edges = book.axis.edges(interval)
    finished = bisect_right(book.axis.edge_list(interval), book.closed) - 1
    if finished < 1:
        return 0
    first = edges[0]
    best = np.maximum.reduceat(grid.verdicts[first : edges[finished], column], edges[:finished] - first)
    return int(np.count_nonzero(best >= FIRST_WITH_BAR))


def last_window(book: Book, column: int, query: GetLastBars, now_ns: Nanos) -> BarWindow | None:
    """Return the last finished bars of a symbol, or nothing where the short way does not reach.

    Args:
        book: the open session.
        column: of the symbol.
        query: how many, and of which length; nothing is filled, nothing partial.
        now_ns: session time.
    """
    interval = query.interval
    if interval == book.axis.interval:
        bars = _last_base(book, column, query)
    elif interval.is_daily or interval.is_long or book.grid.values.shape[1] != len(FIELDS):
        return None
    else:
        bars = _last_derived(book, column, query)
    if bars is None:
        return None
    return BarWindow(
        symbols=(query.symbol,),
        symbol_index=bars.zeros,
        interval=interval,
        start_ns=bars.start_ns,
        end_ns=bars.end_ns,
        values=bars.values,
        verdicts=bars.verdicts,
        base_counts=bars.counts,
        base_expected=bars.counts,
        revisions=bars.revisions,
        forming=bars.nowhere,
        tz=book.session.tz,
        now_ns=now_ns,
        revision=book.revision,
        short=query.count - len(bars.start_ns),
        is_adjusted=query.is_adjusted,
    )


def _last_base(book: Book, column: int, query: GetLastBars) -> _Bars | None:
    last = latest_slot(book, column)
    if last is None or (last + 1 < query.count and query.with_history):
        return None
    slots = slice(max(last + 1 - query.count, 0), last + 1)
    key = (column, query.interval, query.count)
    bars = _kept(book, key, slots.stop)
    if bars is None:
        grid = book.grid
        told = grid.verdicts[slots, column].tobytes()
        if _NO_BAR.search(told) is not None:
            return None
        values = np.ascontiguousarray(grid.values[slots, :, column].T)
        verdicts = np.frombuffer(told, dtype=np.uint8)
        bars = _bars(book, slots, slots, 1, values, verdicts, grid.revisions[slots, column].copy())
        _keep(book, key, bars)
    return bars


def _last_derived(book: Book, column: int, query: GetLastBars) -> _Bars | None:
    axis, interval, closed = book.axis, query.interval, book.closed
    edges = axis.edge_list(interval)
    finished = bisect_right(edges, closed) - 1  # blocks whose slots are closed
    count = min(query.count, finished)
    if count == 0 or (count < query.count and query.with_history):
        return None
    # While minutes stay open any block that follows, not the next alone, may be finished: a clipped one is short.
    if book.last_slot >= closed:
        ends = axis.edges(interval)[finished + 1 :] - 1
        if bool((book.grid.verdicts[ends, column] >= FIRST_WITH_BAR).any()):
            return None
    slots = slice(edges[finished - count], edges[finished])
    key = (column, interval, count)
    bars = _kept(book, key, slots.stop)
    if bars is None:
        bars = _folded(book, column, slots, count, axis.length_of(interval))
        if bars is not None:
            _keep(book, key, bars)
    return bars


def _kept(book: Book, key: tuple[int, Interval, int], until: int) -> _Bars | None:
    """Return bars that were put together before, if they still are the last ones."""
    bars: _Bars | None = book.grid.kept.get(key)
    return bars if bars is not None and bars.until == until else None


def _keep(book: Book, key: tuple[int, Interval, int], bars: _Bars) -> None:
    """Keep bars of minutes that are over; what comes in open ones would throw all away that is kept."""
    if bars.until <= book.closed:
        book.grid.kept.put(key, bars, bars.until)


def _folded(book: Book, column: int, slots: slice, count: int, length: int) -> _Bars | None:
    grid = book.grid
    cells = grid.verdicts[slots, column]
    # A block that a segment's end clips is shorter than the others.
    if slots.stop - slots.start != count * length or _NO_BAR.search(cells.tobytes()) is not None:
        return None
    inside: Floats = grid.values[slots, :, column].reshape(count, length, len(FIELDS))
    values = np.empty((len(FIELDS), count))
    values[OPEN], values[CLOSE] = inside[:, 0, OPEN], inside[:, -1, CLOSE]
    np.maximum.reduce(inside[:, :, HIGH], axis=1, out=values[HIGH])
    np.minimum.reduce(inside[:, :, LOW], axis=1, out=values[LOW])
    values[VOLUME] = np.add.accumulate(inside[:, :, VOLUME], axis=1)[:, -1]  # in order of time, as ``sum_of_slots``
    verdicts = np.maximum.reduce(cells.reshape(count, length), axis=1)
    revisions = np.maximum.reduce(grid.revisions[slots, column].reshape(count, length), axis=1)
    firsts, lasts = slice(slots.start, slots.stop, length), slice(slots.start + length - 1, slots.stop, length)
    return _bars(book, firsts, lasts, length, values, verdicts, revisions)


def _bars(
    book: Book, firsts: slice, lasts: slice, length: int, values: Floats, verdicts: Verdicts, revisions: Revisions
) -> _Bars:
    """Put columns together; ``firsts`` and ``lasts`` are the slots that bars begin and end with."""
    axis = book.axis
    return _Bars(
        lasts.stop,
        axis.starts_ns[firsts],
        axis.ends_ns[lasts],
        freeze(values),
        freeze(verdicts),
        freeze(revisions),
        *axis.plain(len(verdicts), length),
    )
