"""The commonest reads by a short way: the last few bars of a symbol where no minute is missing, and how many it has.

What they answer is what ``hold.windows`` would cut out of the whole day; where that takes a second look (holes, bars in
the making, clipped blocks, vwap), they answer nothing, and the whole day is cut.
"""

import operator
import re
from bisect import bisect_right
from functools import reduce

import msgspec
import numpy as np

from actors.session_data.answer.latest import latest_slot
from actors.session_data.hold.book import Book
from actors.session_data.hold.windows import Revisions
from messages.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.queries import GetLastBars
from messages.values import FIRST_WITH_BAR, Interval, Nanos
from messages.windows import BarWindow

_SPARE = 64
"""So many bars may follow in a room before another one is made."""
_NO_BAR = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; a search in the bytes costs a third of min()


class _Room(msgspec.Struct, frozen=True, gc=False):
    """Where bars stand one behind the other, with space for those that will follow; windows are parts of it."""

    values: Floats
    """Fields x bars."""
    verdicts: Verdicts
    revisions: Revisions

    @classmethod
    def of(cls, values: Floats, verdicts: Verdicts, revisions: Revisions) -> "_Room":
        """Return one that begins with these bars."""
        count = len(verdicts)
        room = cls(
            np.empty((len(values), count + _SPARE)),
            np.empty(count + _SPARE, dtype=np.uint8),
            np.empty(count + _SPARE, dtype=np.uint32),
        )
        room.values[:, :count], room.verdicts[:count], room.revisions[:count] = values, verdicts, revisions
        return room


class _Bars(msgspec.Struct, frozen=True, gc=False):
    """The last bars, which lack nothing, by the column; what windows say of them that stays as it is."""

    until: int
    """They are made of slots before this one."""
    holds_before: int
    """They are the last ones until the first so many slots are over."""
    room: _Room
    end: int
    """So many bars are in the room."""
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
    grid, interval, count = book.grid, query.interval, query.count
    key = (column, interval, count)
    bars: _Bars | None = grid.kept.get(key)
    if bars is None or not bars.until <= book.last_slot + 1 < bars.holds_before:
        if interval == book.axis.interval:
            bars = _last_base(book, column, count, bars)
        elif interval.is_daily or interval.is_long or grid.values.shape[1] != len(FIELDS):
            return None
        else:
            bars = _last_derived(book, column, interval, count, bars)
        if bars is not None and bars.until <= book.closed:  # what comes in open minutes would throw all away
            grid.kept.put(key, bars, bars.until)
    if bars is None or (query.with_history and len(bars.start_ns) < count):
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
        short=count - len(bars.start_ns),
        is_adjusted=query.is_adjusted,
    )


def _last_base(book: Book, column: int, count: int, before: _Bars | None) -> _Bars | None:
    last = latest_slot(book, column)
    if last is None:
        return None
    if before is not None and before.until > last:
        return before
    if before is not None and before.until == last:
        bars = _followed(book, column, before, slice(last, last + 1), 1, count, last + 2)
        if bars is not None:
            return bars
    grid, slots = book.grid, slice(max(last + 1 - count, 0), last + 1)
    told = grid.verdicts[slots, column]
    if _NO_BAR.search(told.tobytes()) is not None:
        return None
    room = _Room.of(grid.values[slots, :, column].T, told, grid.revisions[slots, column])
    return _bars(book, room, len(told), slots.stop, 1, count, last + 2)


def _last_derived(book: Book, column: int, interval: Interval, count: int, before: _Bars | None) -> _Bars | None:
    axis, closed = book.axis, book.closed
    edges = axis.edge_list(interval)
    finished = bisect_right(edges, closed) - 1  # blocks whose slots are closed
    if finished == 0:
        return None
    # While minutes stay open any block that follows, not the next alone, may be finished: a clipped one is short.
    if book.last_slot >= closed:
        ends = axis.edges(interval)[finished + 1 :] - 1
        if bool((book.grid.verdicts[ends, column] >= FIRST_WITH_BAR).any()):
            return None
    until, length = edges[finished], axis.length_of(interval)
    if before is not None and before.until == until:
        return before
    holds_before = edges[finished + 1] if finished + 1 < len(edges) else axis.slots + 1
    if before is not None and before.until == edges[finished - 1]:
        bars = _followed(book, column, before, slice(before.until, until), length, count, holds_before)
        if bars is not None:
            return bars
    blocks = min(count, finished)
    room = _folded(book, column, slice(edges[finished - blocks], until), blocks, length)
    return None if room is None else _bars(book, room, blocks, until, length, count, holds_before)


def _folded(book: Book, column: int, slots: slice, count: int, length: int) -> _Room | None:
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
    return _Room.of(values, verdicts, revisions)


def _followed(
    book: Book, column: int, before: _Bars, slots: slice, length: int, count: int, holds_before: int
) -> _Bars | None:
    """Return the last bars with one more, of these slots; nothing where it lacks a minute, or there is no space."""
    grid, room, place = book.grid, before.room, before.end
    told = grid.verdicts[slots, column].tobytes()
    # A bar of open minutes may still change, and who has read it has a part of the room.
    is_open = slots.stop > book.closed
    if is_open or place == len(room.verdicts) or len(told) != length or _NO_BAR.search(told) is not None:
        return None
    if length == 1:
        room.values[:, place] = grid.values[slots.start, :, column]
        room.verdicts[place], room.revisions[place] = told[0], grid.revisions.item(slots.start, column)
    else:
        opens, highs, lows, closes, volumes = grid.values[slots, :, column].T.tolist()
        bar = opens[0], max(highs), min(lows), closes[-1], reduce(operator.add, volumes)
        room.values[:, place] = bar
        room.verdicts[place], room.revisions[place] = max(told), max(grid.revisions[slots, column].tolist())
    return _bars(book, room, place + 1, slots.stop, length, count, holds_before)


def _bars(book: Book, room: _Room, end: int, until: int, length: int, count: int, holds_before: int) -> _Bars:
    """Return the last bars of a room, ``count`` at most, of ``length`` slots each, up to ``until``."""
    axis, begin = book.axis, max(end - count, 0)
    first = until - (end - begin) * length
    return _Bars(
        until,
        holds_before,
        room,
        end,
        axis.starts_ns[first:until:length],
        axis.ends_ns[first + length - 1 : until : length],
        freeze(room.values[:, begin:end]),
        freeze(room.verdicts[begin:end]),
        freeze(room.revisions[begin:end]),
        *axis.plain(end - begin, length),
    )
