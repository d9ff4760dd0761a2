"""The latest base bars: of one symbol, or of many, where they lie in the grid."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import CELL
from messages.tables.columns import FIELDS, Indices, Stamps
from messages.values import FIRST_WITH_BAR, Bar, Verdict

_USUAL = len(FIELDS)
_LOOK_BACK = 8
"""So many slots before the last one that was written are looked at one by one."""
_VERDICTS = tuple(Verdict)


def latest_slot(book: Book, column: int) -> int | None:
    """Return the last slot that has a bar."""
    verdict, last = book.grid.verdicts.item, book.last_slot
    if last >= 0 and verdict(last, column) >= FIRST_WITH_BAR:
        return last
    for slot in range(last, max(last - _LOOK_BACK, -1), -1):
        if verdict(slot, column) >= FIRST_WITH_BAR:
            return slot
    slots = np.flatnonzero(book.grid.verdicts[: last + 1, column] >= FIRST_WITH_BAR)
    return int(slots[-1]) if len(slots) else None


def latest_bar(book: Book, column: int, symbol: str) -> Bar | None:
    """Return the latest base bar of a symbol."""
    grid, closed, latest = book.grid, book.closed, book.derived.latest
    slot = latest if latest >= closed else closed - 1  # the last slot, at a third of the cost of asking for it
    verdict = grid.verdicts.item(slot, column) if slot >= 0 else 0
    if verdict < FIRST_WITH_BAR:
        found = latest_slot(book, column)
        if found is None:
            return None
        slot, verdict = found, grid.verdicts.item(found, column)
    row = grid.unpacked(grid.values, (slot * grid.stride + column) * CELL)
    first, high, low, close, volume = row if len(row) == _USUAL else row[:_USUAL]
    axis = book.axis
    bar = Bar(
        symbol=symbol,
        interval=axis.interval,
        start_ns=axis.plain_starts_ns[slot],
        end_ns=axis.plain_ends_ns[slot],
        open=first,
        high=high,
        low=low,
        close=close,
        volume=volume,
        verdict=_VERDICTS[verdict],
        revision=grid.revisions.item(slot, column),
        tz=book.session.tz,
    )
    if len(row) == _USUAL:
        return bar
    vwap, trades = [None if value != value else value for value in row[_USUAL:]]  # noqa: PLR0124  # NaN
    return replace(bar, vwap=vwap, trades=trades)


def latest_bars(book: Book, symbols: Sequence[str], columns: slice | Indices) -> tuple[Bar | None, ...]:
    """Return the latest base bar of each of these symbols, whose columns these are."""
    if not symbols or book.last_slot < 0:
        return (None,) * len(symbols)
    made = _of_one_minute(book, symbols, columns)
    return _one_by_one(book, symbols, columns) if made is None else made


def _of_one_minute(book: Book, symbols: Sequence[str], columns: slice | Indices) -> tuple[Bar, ...] | None:
    """Return the bars of the last minute, where all of them came as one, as they nearly always do; else ``None``."""
    grid, slot = book.grid, book.last_slot
    told, revisions = grid.verdicts[slot, columns].tobytes(), grid.revisions[slot, columns]
    verdict, revision = told[0], revisions.item(0)
    is_alike = told.count(verdict) == len(told) and bool((revisions == revision).all())
    if verdict < FIRST_WITH_BAR or not is_alike or grid.values.shape[1] > len(FIELDS):
        return None
    # A copy of what they have in common costs half of making one.
    bare = latest_bar(book, int(np.arange(grid.verdicts.shape[1])[columns][0]), symbols[0])
    assert bare is not None, "a bar without a verdict"
    rows = grid.values[slot][:, columns].tolist()
    return tuple(
        [
            replace(bare, symbol=symbol, open=first, high=high, low=low, close=close, volume=volume)
            for symbol, first, high, low, close, volume in zip(symbols, *rows, strict=True)
        ]
    )


def _one_by_one(book: Book, symbols: Sequence[str], columns: slice | Indices) -> tuple[Bar | None, ...]:
    grid, axis = book.grid, book.axis
    slots = _latest_slots(book, columns)
    numbers = np.arange(grid.verdicts.shape[1])[columns]
    rows = grid.values[slots, :, numbers].T.tolist()
    extra = [[None if value != value else value for value in row] for row in rows[len(FIELDS) :]]  # noqa: PLR0124  # NaN
    return tuple(
        Bar(
            symbol=symbol,
            interval=axis.interval,
            start_ns=start_ns,
            end_ns=end_ns,
            open=first,
            high=high,
            low=low,
            close=close,
            volume=volume,
            vwap=vwap,
            trades=trades,
            verdict=_VERDICTS[verdict],
            revision=revision,
            tz=book.session.tz,
        )
        if verdict >= FIRST_WITH_BAR
        else None
        for symbol, start_ns, end_ns, first, high, low, close, volume, vwap, trades, verdict, revision in zip(
            symbols,
            axis.starts_ns[slots].tolist(),
            axis.ends_ns[slots].tolist(),
            *rows[: len(FIELDS)],
            *(extra or [[None] * len(slots)] * 2),
            grid.verdicts[slots, numbers].tolist(),
            grid.revisions[slots, numbers].tolist(),
            strict=True,
        )
    )


def _latest_slots(book: Book, columns: slice | Indices) -> Stamps:
    """Return for each column the last slot that has a bar; of one without any bar some slot."""
    last = book.last_slot
    verdicts = book.grid.verdicts
    slots: Stamps = np.full(len(verdicts[last, columns]), last, dtype=np.int64)
    lacking = np.flatnonzero(verdicts[last, columns] < FIRST_WITH_BAR)
    if len(lacking):
        numbers = np.arange(verdicts.shape[1])[columns][lacking]
        has_bar = verdicts[: last + 1][::-1, numbers] >= FIRST_WITH_BAR
        slots[lacking] -= has_bar.argmax(axis=0)
    return slots
