"""The commonest reads by a short way: the last few bars of a symbol where no minute is missing, and how many it has.

What they answer is what ``hold.windows`` would cut out of the whole day; where that takes a second look (holes, bars in
the making, clipped blocks, vwap), they answer nothing, and the whole day is cut.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

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
_AT_ONCE = 512
"""Of so many slots the bars are made at once."""
_BARLESS = bytes(range(FIRST_WITH_BAR))
_NO_BAR = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; a search in the bytes costs a third of min()


_Bar: TypeAlias = tuple[Floats, int, int]
"""One bar: its values, verdict and revision."""


class _Room(msgspec.Struct, frozen=True, gc=False):
    """Where bars stand one behind the other, with space for those that will follow; windows are parts of it."""

    values: Floats
    """Fields x bars."""
    verdicts: Verdicts
    revisions: Revisions
    shown: tuple[Floats, Verdicts, Revisions]
    """The same, read-only, as what is cut out of it is then."""
    cells: tuple[memoryview, memoryview]
    """Verdicts and revisions to be written one by one, at a third of the cost."""

    @classmethod
    def of(cls, values: Floats, verdicts: Verdicts, revisions: Revisions) -> "_Room":
        """Return one that begins with these bars."""
        count = len(verdicts)
        planes = (
            np.empty((len(values), count + _SPARE)),
            np.empty(count + _SPARE, dtype=np.uint8),
            np.empty(count + _SPARE, dtype=np.uint32),
        )
        shown = (freeze(planes[0].view()), freeze(planes[1].view()), freeze(planes[2].view()))
        room = cls(*planes, shown, (planes[1].data, planes[2].data))
        room.values[:, :count], room.verdicts[:count], room.revisions[:count] = values, verdicts, revisions
        return room

    @classmethod
    def empty(cls, book: Book) -> "_Room":
        """Return one without any."""
        return cls.of(np.empty((book.grid.values.shape[1], 0)), np.empty(0, np.uint8), np.empty(0, np.uint32))

    def put(self, place: int, bar: _Bar) -> None:
        """Write a bar where nobody looks yet."""
        verdicts, revisions = self.cells
        self.values[:, place], verdicts[place], revisions[place] = bar


class _Coming(msgspec.Struct, frozen=True, gc=False):
    """Bars that follow, where the grid held them already. Nobody is shown any before it is over."""

    bars: dict[int, _Bar]
    """By their first slots."""
    until: int
    """They, and those before them, follow from slots before this one; a write to any of these throws all away."""


class _Bars(msgspec.Struct, frozen=True, gc=False):
    """The last bars, which lack nothing, and the window that shows them."""

    edges: Sequence[int]
    """Where bars of their length begin in the session; and last, where the last one ends."""
    place: int
    """They are made of slots before this one of the edges."""
    until: int
    """The same as a slot."""
    holds_before: int
    """They are the last ones until the first so many slots are over."""
    length: int
    """Each is made of so many slots."""
    room: _Room
    end: int
    """So many bars are in the room."""
    coming: _Coming
    window: BarWindow
    """As of when they were found; each answer is a copy that says when it was given: a fifth of making one."""


def bar_count(book: Book, column: int, interval: Interval) -> int | None:
    """Return how many finished bars a symbol has, or nothing where the short way does not reach."""
    grid, last = book.grid, book.last_slot
    if interval == book.axis.interval:
        told = grid.verdicts[: last + 1, column].tobytes()
        return len(told.translate(None, _BARLESS))
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
    kept, closed, latest = book.grid.kept, book.closed, book.derived.latest
    over = closed if latest < closed else latest + 1
    bars: _Bars | None = kept.made.get(query)
    if bars is None or not bars.until <= over < bars.holds_before:
        bars = _found(book, column, query, bars, over)
        if bars is not None and bars.until <= closed:  # what comes in open minutes would throw all away
            kept.put(query, bars, bars.coming.until)
    if bars is None or (query.with_history and bars.window.short):
        return None
    if query.is_adjusted:
        return replace(bars.window, now_ns=now_ns, revision=book.revision, is_adjusted=True)
    return replace(bars.window, now_ns=now_ns, revision=book.revision)


def _found(book: Book, column: int, query: GetLastBars, before: _Bars | None, over: int) -> _Bars | None:
    if before is not None and before.holds_before <= over == book.closed:
        bars = _followed(book, column, query, before, over)
        if bars is not None:
            return bars
    interval = query.interval
    if interval == book.axis.interval:
        return _last_base(book, column, query, before)
    if interval.is_daily or interval.is_long or book.grid.values.shape[1] != len(FIELDS):
        return None
    return _last_derived(book, column, query, before)


def _followed(book: Book, column: int, query: GetLastBars, before: _Bars, over: int) -> _Bars | None:
    """Return the last bars with the one that follows, where just that has come to it, and lacks no minute."""
    edges, place, until, length = before.edges, before.place + 1, before.holds_before, before.length
    holds_before = _end_of(book, edges, place)
    if over >= holds_before or until - before.until != length:  # a block that a segment's end clips is shorter
        return None
    coming = before.coming
    bar = coming.bars.get(before.until)
    if bar is None:
        coming = _coming(book, column, before)
        if (bar := coming.bars.get(before.until)) is None:
            return None
    room, end = before.room, before.end
    if end == len(room.verdicts):
        room, end = _moved_in(before, query.count)
    room.put(end, bar)
    end += 1
    if before.window.short:
        return _begun(book, query, room, end, edges, place, length, coming)
    window = _moved(before.window, book, room, end - query.count, end, until, length)
    return _Bars(edges, place, until, holds_before, length, room, end, coming, window)


def _coming(book: Book, column: int, bars: _Bars) -> _Coming:
    """Return the bars that follow, as far as no minute is missing; most of them are not over yet.

    While a reader takes minutes that were promised to him, the grid holds those after them too: so bars are made many
    at once, at a tenth of the cost of one by one.
    """
    first, edges, length = bars.until, bars.edges, bars.length
    last = min(bars.place + max(_AT_ONCE // length, 1), len(edges) - 1)
    while edges[last] - first != (last - bars.place) * length:  # behind a break they begin elsewhere
        last -= 1
    told = book.grid.verdicts[first : edges[last], column].tobytes()
    lacking = _NO_BAR.search(told)
    count = (len(told) if lacking is None else lacking.start()) // length
    until = first + count * length
    if not count:
        return _Coming({}, until)
    values, verdicts, revisions = _cut(book.grid, column, slice(first, until), length)
    rows = zip(values.T.copy(), verdicts.tolist(), revisions.tolist(), strict=True)
    return _Coming(dict(zip(range(first, until, length), rows, strict=True)), until)


def _moved_in(bars: _Bars, count: int) -> tuple[_Room, int]:
    """Return another room that begins with the last so many bars, and their number: who has read them keeps theirs."""
    room, last = bars.room, slice(max(bars.end - count, 0), bars.end)
    return _Room.of(room.values[:, last], room.verdicts[last], room.revisions[last]), last.stop - last.start


def _last_base(book: Book, column: int, query: GetLastBars, before: _Bars | None) -> _Bars | None:
    last, edges = latest_slot(book, column), book.axis.plain_edges(query.interval)
    if last is None:
        return _begun(book, query, _Room.empty(book), 0, edges, book.last_slot + 1, 1)
    if before is not None and before.until > last:
        return before
    return _cut_out(book, column, query, edges, last + 1, 1)


def _last_derived(book: Book, column: int, query: GetLastBars, before: _Bars | None) -> _Bars | None:
    axis, closed, interval = book.axis, book.closed, query.interval
    edges = axis.plain_edges(interval)
    finished = bisect_right(edges, closed) - 1  # blocks whose slots are closed
    # While minutes stay open any block that follows, not the next alone, may be finished: a clipped one is short.
    if book.last_slot >= closed:
        ends = axis.edges(interval)[finished + 1 :] - 1
        if bool((book.grid.verdicts[ends, column] >= FIRST_WITH_BAR).any()):
            return None
    if before is not None and before.until == edges[finished]:
        return before
    if finished < 1:
        return _begun(book, query, _Room.empty(book), 0, edges, 0, axis.length_of(interval))
    return _cut_out(book, column, query, edges, finished, axis.length_of(interval))


def _cut_out(
    book: Book, column: int, query: GetLastBars, edges: Sequence[int], place: int, length: int
) -> _Bars | None:
    """Return the last bars before one of the edges; nothing where they lack a minute."""
    count = min(query.count, place)
    slots = slice(edges[place - count], edges[place])
    told = book.grid.verdicts[slots, column].tobytes()
    # A block that a segment's end clips is shorter than the others.
    if len(told) != count * length or _NO_BAR.search(told) is not None:
        return None
    room = _Room.of(*_cut(book.grid, column, slots, length))
    return _begun(book, query, room, count, edges, place, length)


def _cut(grid: Grid, column: int, slots: slice, length: int) -> tuple[Floats, Verdicts, Revisions]:
    """Return the bars of these slots, of ``length`` each: fields x bars, verdicts and revisions."""
    told, revisions, inside = grid.verdicts[slots, column], grid.revisions[slots, column], grid.values[slots, :, column]
    if length == 1:
        return inside.T, told, revisions
    told, revisions = told.reshape(-1, length), revisions.reshape(-1, length)
    inside = inside.reshape(-1, length, len(FIELDS))
    values = np.empty((len(FIELDS), len(told)))
    values[OPEN], values[CLOSE] = inside[:, 0, OPEN], inside[:, -1, CLOSE]
    np.maximum.reduce(inside[:, :, HIGH], axis=1, out=values[HIGH])
    np.minimum.reduce(inside[:, :, LOW], axis=1, out=values[LOW])
    values[VOLUME] = np.add.accumulate(inside[:, :, VOLUME], axis=1)[:, -1]  # in order of time, as ``sum_of_slots``
    return values, np.maximum.reduce(told, axis=1), np.maximum.reduce(revisions, axis=1)


def _begun(
    book: Book,
    query: GetLastBars,
    room: _Room,
    end: int,
    edges: Sequence[int],
    place: int,
    length: int,
    coming: _Coming | None = None,
) -> _Bars:
    """Return the last bars of a room, which are made of the slots before one of the edges."""
    count, until = min(end, query.count), edges[place]
    coming = coming or _Coming({}, until)
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
    window = _moved(bare, book, room, end - count, end, until, length)
    return _Bars(edges, place, until, _end_of(book, edges, place), length, room, end, coming, window)


def _end_of(book: Book, edges: Sequence[int], place: int) -> int:
    """Return before how many slots are over the bar that begins at one of the edges is not."""
    return edges[place + 1] if place + 1 < len(edges) else book.axis.slots + 1


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
