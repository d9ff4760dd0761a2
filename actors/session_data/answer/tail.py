"""The commonest reads by a short way: the latest bar of a symbol, and its last few where no minute is missing.

What they answer is what ``hold.windows`` would cut out of the whole day; where that takes a second look (holes, bars in
the making, clipped blocks, vwap), they answer nothing, and the whole day is cut.
"""

import numpy as np

from actors.session_data.hold.book import Book
from actors.session_data.hold.windows import Heading, Revisions
from messages.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, Floats, Indices, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Bar, Verdict
from messages.windows import BarWindow

_LOOK_BACK = 8
"""So many slots before the last one that ended are looked at one by one."""


def latest_slot(book: Book, column: int) -> int | None:
    """Return the last slot that has a bar."""
    verdicts = book.grid.verdicts[:, column]
    near = min(book.closed + 1, len(verdicts) - 1)
    if near + 1 == len(verdicts) or not (verdicts[near + 1 :] >= FIRST_WITH_BAR).any():
        for slot in range(near, max(near - _LOOK_BACK, -1), -1):
            if verdicts[slot] >= FIRST_WITH_BAR:
                return slot
    slots = np.flatnonzero(verdicts >= FIRST_WITH_BAR)
    return int(slots[-1]) if len(slots) else None


def latest_bar(book: Book, column: int, symbol: str, tz: str) -> Bar | None:
    """Return the latest base bar of a symbol."""
    slot = latest_slot(book, column)
    if slot is None:
        return None
    grid, axis = book.grid, book.axis
    row = grid.values[slot, :, column].tolist()
    extra = [None if value != value else value for value in row[len(FIELDS) :]] or [None, None]  # noqa: PLR0124  # NaN
    start_ns = int(axis.starts_ns[slot])
    return Bar(
        symbol=symbol,
        interval=axis.interval,
        start_ns=start_ns,
        end_ns=start_ns + axis.step_ns,
        open=row[OPEN],
        high=row[HIGH],
        low=row[LOW],
        close=row[CLOSE],
        volume=row[VOLUME],
        vwap=extra[0],
        trades=extra[1],
        verdict=Verdict(int(grid.verdicts[slot, column])),
        revision=int(grid.revisions[slot, column]),
        tz=tz,
    )


def latest_bars(book: Book, columns: Indices, heading: Heading) -> tuple[Bar | None, ...]:
    """Return the latest base bar of each of the heading's symbols."""
    axis, grid = book.axis, book.grid
    has_bar = grid.verdicts[:, columns] >= FIRST_WITH_BAR
    some = np.flatnonzero(has_bar.any(axis=0))
    columns, slots = columns[some], axis.slots - 1 - has_bar[::-1, some].argmax(axis=0)
    ones = np.ones(len(some), dtype=np.int32)
    window = BarWindow(
        symbol_index=some.astype(np.int32),
        start_ns=axis.starts_ns[slots],
        end_ns=axis.starts_ns[slots] + axis.step_ns,
        values=grid.values[slots, :, columns].T,
        verdicts=grid.verdicts[slots, columns],
        base_counts=ones,
        base_expected=ones,
        revisions=grid.revisions[slots, columns],
        forming=np.zeros(len(some), dtype=np.bool_),
        **{name: getattr(heading, name) for name in heading.__struct_fields__},
    )
    found = dict(zip(some.tolist(), window.bars(), strict=True))
    return tuple(found.get(place) for place in range(len(heading.symbols)))


def last_window(book: Book, column: int, count: int, heading: Heading, *, is_today: bool = True) -> BarWindow | None:
    """Return the last ``count`` finished bars of a symbol, or nothing where the short way does not reach.

    Fewer where ``is_today`` says that none before today's are wanted.
    """
    interval = heading.interval
    if interval == book.axis.interval:
        return _last_base(book, column, count, heading, is_today=is_today)
    if interval.is_daily or interval.is_long or book.grid.values.shape[1] != len(FIELDS):
        return None
    return _last_derived(book, column, count, heading, is_today=is_today)


def _last_base(book: Book, column: int, asked: int, heading: Heading, *, is_today: bool) -> BarWindow | None:
    last = latest_slot(book, column)
    if last is None or (last + 1 < asked and not is_today):
        return None
    first, end = max(last + 1 - asked, 0), last + 1
    grid = book.grid
    verdicts = grid.verdicts[first:end, column].copy()
    if int(verdicts.min()) < FIRST_WITH_BAR:
        return None
    values = np.ascontiguousarray(grid.values[first:end, :, column].T)
    slots = slice(first, end)
    short = asked - len(verdicts)
    return _window(book, heading, (slots, slots), values, verdicts, grid.revisions[first:end, column].copy(), short)


def _last_derived(book: Book, column: int, asked: int, heading: Heading, *, is_today: bool) -> BarWindow | None:
    grid, axis = book.grid, book.axis
    edges = axis.edges(heading.interval)
    finished = int(edges.searchsorted(book.closed, side="right")) - 1  # blocks whose slots are closed
    count = min(asked, finished)
    if count == 0 or (count < asked and not is_today):
        return None
    first, end = int(edges[finished - count]), int(edges[finished])
    length = axis.length_of(heading.interval)
    cells = grid.verdicts[first:end, column]
    is_all_there = int(cells.min()) >= FIRST_WITH_BAR
    # While minutes stay open any block that follows, not the next alone, may be finished: a clipped one is short.
    is_more_coming = bool((grid.verdicts[edges[finished + 1 :] - 1, column] >= FIRST_WITH_BAR).any())
    # A block that a segment's end clips is shorter than the others.
    if not is_all_there or is_more_coming or end - first != count * length:
        return None
    inside: Floats = grid.values[first:end, :, column].reshape(count, length, len(FIELDS))
    values = np.empty((len(FIELDS), count))
    values[OPEN], values[CLOSE] = inside[:, 0, OPEN], inside[:, -1, CLOSE]
    np.maximum.reduce(inside[:, :, HIGH], axis=1, out=values[HIGH])
    np.minimum.reduce(inside[:, :, LOW], axis=1, out=values[LOW])
    values[VOLUME] = np.add.accumulate(inside[:, :, VOLUME], axis=1)[:, -1]  # in order of time, as ``sum_of_slots``
    verdicts = np.maximum.reduce(cells.reshape(count, length), axis=1)
    revisions = np.maximum.reduce(grid.revisions[first:end, column].reshape(count, length), axis=1)
    slots = slice(first, end, length), slice(first + length - 1, end, length)
    return _window(book, heading, slots, values, verdicts, revisions, asked - count)


def _window(
    book: Book,
    heading: Heading,
    slots: tuple[slice, slice],
    values: Floats,
    verdicts: Verdicts,
    revisions: Revisions,
    short: int,
) -> BarWindow:
    """Put a window together of bars that lack nothing; ``slots`` are those that they begin and end with."""
    axis, count = book.axis, len(verdicts)
    length = axis.length_of(heading.interval)
    counts = axis.ones[:count] if length == 1 else freeze(np.full(count, length, dtype=np.int32))
    return BarWindow(
        symbols=heading.symbols,
        symbol_index=axis.zeros[:count],
        interval=heading.interval,
        start_ns=axis.starts_ns[slots[0]],
        end_ns=axis.ends_ns[slots[1]],
        values=freeze(values),
        verdicts=freeze(verdicts),
        base_counts=counts,
        base_expected=counts,
        revisions=freeze(revisions),
        forming=axis.nowhere[:count],
        tz=heading.tz,
        now_ns=heading.now_ns,
        revision=heading.revision,
        short=short,
        is_adjusted=heading.is_adjusted,
    )
