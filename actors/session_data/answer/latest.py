"""The latest base bars: of one symbol, or of many, where they lie in the grid."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from actors.session_data.hold.book import Book
from messages.tables.columns import FIELDS, Indices, Stamps
from messages.values import FIRST_WITH_BAR, Bar, Verdict

_LOOK_BACK = 8
"""So many slots before the last one that was written are looked at one by one."""
_VERDICTS = tuple(Verdict)
_NOT_KEPT: tuple[float | None, float | None] = (None, None)
"""What a bar says of vwap and trades where they are not kept."""


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
    slot = latest_slot(book, column)
    if slot is None:
        return None
    grid, axis, end_ns = book.grid, book.axis, book.end_of(slot)
    first, high, low, close, volume, *more = grid.values[slot, :, column].tolist()
    vwap, trades = [None if value != value else value for value in more] if more else _NOT_KEPT  # noqa: PLR0124  # NaN
    return Bar(
        symbol=symbol,
        interval=axis.interval,
        start_ns=end_ns - axis.step_ns,
        end_ns=end_ns,
        open=first,
        high=high,
        low=low,
        close=close,
        volume=volume,
        vwap=vwap,
        trades=trades,
        verdict=_VERDICTS[grid.verdicts.item(slot, column)],
        revision=grid.revisions.item(slot, column),
        tz=book.session.tz,
    )


def latest_bars(book: Book, symbols: Sequence[str], columns: slice | Indices) -> tuple[Bar | None, ...]:
    """Return the latest base bar of each of these symbols, whose columns these are."""
    if not symbols or book.last_slot < 0:
        return (None,) * len(symbols)
    grid, axis = book.grid, book.axis
    slots = _latest_slots(book, columns)
    numbers = np.arange(grid.verdicts.shape[1])[columns]
    rows = grid.values[slots, :, numbers].T.tolist()
    verdicts, revisions = grid.verdicts[slots, numbers].tolist(), grid.revisions[slots, numbers].tolist()
    starts_ns, ends_ns = axis.starts_ns[slots].tolist(), axis.ends_ns[slots].tolist()
    bare = Bar(
        symbol="",
        interval=axis.interval,
        start_ns=starts_ns[0],
        end_ns=ends_ns[0],
        open=0.0,
        high=0.0,
        low=0.0,
        close=0.0,
        volume=0.0,
        verdict=_VERDICTS[verdicts[0]],
        revision=revisions[0],
        tz=book.session.tz,
    )
    # The minute that has just come, nearly always: a copy of what its bars have in common costs half of making one.
    is_alike = all(each.count(each[0]) == len(each) for each in (starts_ns, verdicts, revisions))
    if is_alike and len(rows) == len(FIELDS):
        made = [
            replace(bare, symbol=symbol, open=first, high=high, low=low, close=close, volume=volume)
            for symbol, first, high, low, close, volume in zip(symbols, *rows, strict=True)
        ]
    else:
        extra = [[None if value != value else value for value in row] for row in rows[len(FIELDS) :]]  # noqa: PLR0124  # NaN
        made = [
            replace(
                bare,
                symbol=symbol,
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
            )
            for symbol, start_ns, end_ns, first, high, low, close, volume, vwap, trades, verdict, revision in zip(
                symbols,
                starts_ns,
                ends_ns,
                *rows[: len(FIELDS)],
                *(extra or [[None] * len(slots)] * 2),
                verdicts,
                revisions,
                strict=True,
            )
        ]
    if min(verdicts) >= FIRST_WITH_BAR:
        return tuple(made)
    return tuple(one if one.verdict >= FIRST_WITH_BAR else None for one in made)


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
