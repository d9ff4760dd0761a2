"""The commonest reads by a short way: the last few bars of a symbol where no minute is missing, and how many it has.

What they answer is what ``hold.windows`` would cut out of the whole day; where that takes a second look (holes, bars in
the making, clipped blocks, vwap), they answer nothing, and the whole day is cut.
"""

import operator
import re
from bisect import bisect_right
from functools import reduce
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from actors.session_data.answer.latest import latest_slot
from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.windows import Revisions
from messages.queries import GetLastBars
from messages.tables.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, Floats, Verdicts, freeze
from messages.tables.windows import BarWindow
from messages.values import FIRST_WITH_BAR, Interval, Nanos

_SPARE = 64
"""So many bars may follow in a room before another one is made."""
_NO_BAR = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; a search in the bytes costs a third of min()


class _Room(msgspec.Struct, frozen=True, gc=False):
    """Where bars stand one behind the other, with space for those that will follow; windows are parts of it."""

    values: Floats
    """Fields x bars."""
    verdicts: Verdicts
    revisions: Revisions
    shown: tuple[Floats, Verdicts, Revisions]
    """The same, read-only, as what is cut out of it is then."""

    @classmethod
    def of(cls, values: Floats, verdicts: Verdicts, revisions: Revisions) -> "_Room":
        """Return one that begins with these bars."""
        count = len(verdicts)
        planes = (
            np.empty((len(values), count + _SPARE)),
            np.empty(count + _SPARE, dtype=np.uint8),
            np.empty(count + _SPARE, dtype=np.uint32),
        )
        room = cls(*planes, (freeze(planes[0].view()), freeze(planes[1].view()), freeze(planes[2].view())))
        room.values[:, :count], room.verdicts[:count], room.revisions[:count] = values, verdicts, revisions
        return room

    @classmethod
    def empty(cls, book: Book) -> "_Room":
        """Return one without any."""
        return cls.of(np.empty((book.grid.values.shape[1], 0)), np.empty(0, np.uint8), np.empty(0, np.uint32))


class _Bars(msgspec.Struct, frozen=True, gc=False):
    """The last bars, which lack nothing, and the window that shows them."""

    until: int
    """They are made of slots before this one."""
    holds_before: int
    """They are the last ones until the first so many slots are over."""
    room: _Room
    end: int
    """So many bars are in the room."""
    window: BarWindow
    """As of when they were found; each answer is a copy that says when it was given: a fifth of making one."""


def bar_count(book: Book, column: int, interval: Interval) -> int | None:
    """Return how many finished bars a symbol has, or nothing where the short way does not reach."""
    grid, last = book.grid, book.last_slot
    if interval == book.axis.interval:
        told = grid.verdicts[: last + 1, column].tobytes()
        return len(told) - sum(map(told.count, range(FIRST_WITH_BAR)))
    if interval.is_long or last >= book.closed:  # in minutes that are open some of the bars may be finished
        return None
    edges = book.axis.edges(interval)
    finished = bisect_right(book.axis.plain_edges(interval), book.closed) - 1
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
    kept, interval, count, over = book.grid.kept, query.interval, query.count, book.last_slot + 1
    key = (column, interval, count)
    bars: _Bars | None = kept.get(key)
    if bars is None or not bars.until <= over < bars.holds_before:
        if interval == book.axis.interval:
            bars = _last_base(book, column, query, bars)
        elif interval.is_daily or interval.is_long or book.grid.values.shape[1] != len(FIELDS):
            return None
        else:
            bars = _last_derived(book, column, query, bars)
        if bars is not None and bars.until <= book.closed:  # what comes in open minutes would throw all away
            kept.put(key, bars, bars.until)
    if bars is None or (query.with_history and bars.window.short):
        return None
    if query.is_adjusted:
        return replace(bars.window, now_ns=now_ns, revision=book.revision, is_adjusted=True)
    return replace(bars.window, now_ns=now_ns, revision=book.revision)


def _last_base(book: Book, column: int, query: GetLastBars, before: _Bars | None) -> _Bars | None:
    last, count = latest_slot(book, column), query.count
    if last is None:
        over = book.last_slot + 1
        return _begun(book, query, _Room.empty(book), 0, over, 1, over + 1)
    if before is not None and before.until > last:
        return before
    if before is not None and before.until == last < book.closed:
        return _with_next(book, column, query, before)
    grid, slots = book.grid, slice(max(last + 1 - count, 0), last + 1)
    told = grid.verdicts[slots, column]
    if _NO_BAR.search(told.tobytes()) is not None:
        return None
    room = _Room.of(grid.values[slots, :, column].T, told, grid.revisions[slots, column])
    return _begun(book, query, room, len(told), slots.stop, 1, last + 2)


def _with_next(book: Book, column: int, query: GetLastBars, before: _Bars) -> _Bars:
    """Return the last base bars with the one that follows them, which is there."""
    grid, room, slot, place = book.grid, before.room, before.until, before.end
    if place == len(room.verdicts):
        room, place = _moved_in(before, query.count)
    room.values[:, place] = grid.values[slot, :, column]
    room.verdicts[place], room.revisions[place] = grid.verdicts[slot, column], grid.revisions[slot, column]
    end, stop = place + 1, slot + 1
    if before.window.short:
        return _begun(book, query, room, end, stop, 1, slot + 2)
    window = _moved(before.window, book, room, end - query.count, end, stop, 1)
    return _Bars(stop, slot + 2, room, end, window)


def _last_derived(book: Book, column: int, query: GetLastBars, before: _Bars | None) -> _Bars | None:
    axis, closed, interval = book.axis, book.closed, query.interval
    edges = axis.plain_edges(interval)
    finished = bisect_right(edges, closed) - 1  # blocks whose slots are closed
    # While minutes stay open any block that follows, not the next alone, may be finished: a clipped one is short.
    if book.last_slot >= closed:
        ends = axis.edges(interval)[finished + 1 :] - 1
        if bool((book.grid.verdicts[ends, column] >= FIRST_WITH_BAR).any()):
            return None
    until, length = edges[finished], axis.length_of(interval)
    if before is not None and before.until == until:
        return before
    if finished < 1:
        return _begun(book, query, _Room.empty(book), 0, edges[0], length, edges[1])
    holds_before = edges[finished + 1] if finished + 1 < len(edges) else axis.slots + 1
    if before is not None and before.until == edges[finished - 1]:
        bars = _followed(book, column, query, before, slice(before.until, until), length, holds_before)
        if bars is not None:
            return bars
    blocks = min(query.count, finished)
    room = _folded(book, column, slice(edges[finished - blocks], until), blocks, length)
    return None if room is None else _begun(book, query, room, blocks, until, length, holds_before)


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
    book: Book, column: int, query: GetLastBars, before: _Bars, slots: slice, length: int, holds_before: int
) -> _Bars | None:
    """Return the last bars with one more, of these slots; nothing where it lacks a minute."""
    # A bar of open minutes may still change, and who has read it has a part of the room.
    bar = None if slots.stop > book.closed else _bar_of(book.grid, column, slots, length)
    if bar is None:
        return None
    room, place = before.room, before.end
    if place == len(room.verdicts):
        room, place = _moved_in(before, query.count)
    room.values[:, place], room.verdicts[place], room.revisions[place] = bar
    end = place + 1
    if before.window.short:
        return _begun(book, query, room, end, slots.stop, length, holds_before)
    window = _moved(before.window, book, room, end - query.count, end, slots.stop, length)
    return _Bars(slots.stop, holds_before, room, end, window)


def _moved_in(bars: _Bars, count: int) -> tuple[_Room, int]:
    """Return another room that begins with the last so many bars, and their number: who has read them keeps theirs."""
    room, last = bars.room, slice(max(bars.end - count, 0), bars.end)
    return _Room.of(room.values[:, last], room.verdicts[last], room.revisions[last]), last.stop - last.start


def _bar_of(grid: Grid, column: int, slots: slice, length: int) -> tuple[Any, int, int] | None:
    """Return one bar: its values, verdict and revision; nothing where it lacks a minute."""
    told = grid.verdicts[slots, column].tobytes()
    if len(told) != length or _NO_BAR.search(told) is not None:
        return None
    opens, highs, lows, closes, volumes = grid.values[slots, :, column].T.tolist()
    bar = opens[0], max(highs), min(lows), closes[-1], reduce(operator.add, volumes)
    return bar, max(told), max(grid.revisions[slots, column].tolist())


def _begun(book: Book, query: GetLastBars, room: _Room, end: int, until: int, length: int, holds_before: int) -> _Bars:
    """Return the last bars of a room, of ``length`` slots each, up to ``until``."""
    count = min(end, query.count)
    zeros, lengths, nowhere = book.axis.plain(count, length)
    bare = BarWindow(
        symbols=(query.symbol,),
        symbol_index=zeros,
        start_ns=book.axis.starts_ns,
        end_ns=book.axis.ends_ns,
        values=room.shown[0],
        verdicts=room.shown[1],
        revisions=room.shown[2],
        interval=query.interval,
        base_counts=lengths,
        base_expected=lengths,
        forming=nowhere,
        tz=book.session.tz,
        now_ns=0,
        revision=0,
        short=query.count - count,
    )
    return _Bars(until, holds_before, room, end, _moved(bare, book, room, end - count, end, until, length))


def _moved(window: BarWindow, book: Book, room: _Room, begin: int, end: int, until: int, length: int) -> BarWindow:
    """Return a window of other bars of a room: what else windows of so many have, they have in common."""
    axis, (values, verdicts, revisions) = book.axis, room.shown
    first = until - (end - begin) * length
    return replace(
        window,
        start_ns=axis.starts_ns[first:until:length],
        end_ns=axis.ends_ns[first + length - 1 : until : length],
        values=values[:, begin:end],
        verdicts=verdicts[begin:end],
        revisions=revisions[begin:end],
    )
