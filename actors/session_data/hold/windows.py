"""What readers get: windows of columns, cut from the grid of the session and from days of history."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from messages.tables.columns import FIELDS, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.tables.windows import BarWindow
from messages.values import FIRST_WITH_BAR, Fill, Interval, Nanos, Verdict

Revisions = npt.NDArray[np.uint32]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's column of one session: where its bars are cut from."""

    axis: SessionAxis
    values: Floats
    """Slots x fields."""
    verdicts: Verdicts
    revisions: Revisions
    closed: int
    """Slots ``[0, closed)`` are closed."""
    forming: tuple[int, ...] = ()
    """Slots whose bar is still being made of trades."""

    @property
    def present(self) -> Mask:
        """For each slot, whether there is a bar."""
        mask: Mask = self.verdicts >= FIRST_WITH_BAR
        return mask

    @property
    def is_closed(self) -> Mask:
        """For each slot, whether it is closed."""
        mask: Mask = np.arange(self.axis.slots) < self.closed
        return mask

    @property
    def day(self) -> int:
        """The session's date as a number of days."""
        return date.fromisoformat(self.axis.session.date).toordinal()

    def empty_before(self) -> Indices:
        """Return for each slot, and for their end, how many slots before it are closed and have no bar."""
        empty = np.zeros(self.axis.slots + 1, dtype=np.int32)
        np.cumsum(~self.present[: self.closed], out=empty[1 : self.closed + 1])
        empty[self.closed + 1 :] = empty[self.closed]
        return empty

    def with_forming(self, bars: Sequence[tuple[int, Sequence[float]]]) -> "Column":
        """Return a copy with bars that are still being made, each its slot and values, where there is none yet."""
        values, verdicts = self.values.copy(), self.verdicts.copy()
        for slot, bar in bars:
            if verdicts[slot] < FIRST_WITH_BAR:
                values[slot], verdicts[slot] = bar, Verdict.STREAMED
        forming = tuple(np.flatnonzero(verdicts != self.verdicts).tolist())
        return msgspec.structs.replace(self, values=values, verdicts=verdicts, forming=forming)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of one symbol in order, from one session, or daily bars of consecutive ones.

    It may hold blanks: what is closed and has no bar, with NaN for values and a ``count`` of 0.
    """

    start_ns: Stamps
    end_ns: Stamps
    values: Floats
    """Bars x fields."""
    verdicts: Verdicts
    counts: Indices
    expected: Indices
    revisions: Revisions
    finished: Mask
    days: Indices
    """For each bar, its session's date as a number of days."""
    empty_before: Indices
    """For each bar, how many closed minutes before it, in this piece, have no bar."""
    empty_through: Indices
    """The same up to its end."""
    empty: int
    """The same in all; it stays when bars are cut away."""

    def __len__(self) -> int:
        return len(self.start_ns)

    def cut(self, chosen: "slice | Mask") -> "Piece":
        """Return some of the bars."""
        names = [name for name in self.__struct_fields__ if name != "empty"]
        return Piece(empty=self.empty, **{name: getattr(self, name)[chosen] for name in names})


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a window says besides its bars."""

    symbols: tuple[str, ...]
    interval: Interval
    tz: str
    now_ns: Nanos
    revision: int
    fill: Fill | None = None
    short: int = 0
    is_adjusted: bool = False
    is_before_session: bool = False


def bars_of(column: Column, interval: Interval, *, include_partial: bool = False, with_blanks: bool = False) -> Piece:
    """Return a column's bars of an interval: those that are finished, and on request the forming ones and blanks."""
    if interval == column.axis.interval:
        some = column.present | column.is_closed if with_blanks else column.present
        return _base_bars(column, np.flatnonzero(some).astype(np.int32))
    piece = _derived_bars(column, interval, with_blanks=with_blanks)
    return piece if include_partial else piece.cut(piece.finished)


def _base_bars(column: Column, slots: Indices) -> Piece:
    start_ns = column.axis.starts_ns[slots]
    ones = np.ones(len(slots), dtype=np.int32)
    empty = column.empty_before()
    verdicts = column.verdicts[slots]
    return Piece(
        start_ns=start_ns,
        end_ns=start_ns + column.axis.step_ns,
        values=column.values[slots],
        verdicts=verdicts,
        counts=(verdicts >= FIRST_WITH_BAR).astype(np.int32),
        expected=ones,
        revisions=column.revisions[slots],
        finished=~np.isin(slots, column.forming) if column.forming else ones.astype(np.bool_),
        days=ones * np.int32(column.day),
        empty_before=empty[slots],
        empty_through=empty[slots + 1],
        empty=int(empty[-1]),
    )


def _derived_bars(column: Column, interval: Interval, *, with_blanks: bool) -> Piece:
    edges = column.axis.edges(interval)
    inside = slice(int(edges[0]), int(edges[-1]))
    present = column.present
    values, counts = fold(column.values[:, :, None], present[:, None], edges)
    first, end = edges[:-1], edges[1:]
    starts = first - first[0]
    settled = present | column.is_closed
    ended = (end <= column.closed) | (np.logical_and.reduceat(settled[inside], starts) & present[end - 1])
    for slot in column.forming:
        ended &= (slot < first) | (end <= slot)
    some = counts[:, 0] > 0
    if with_blanks:
        some |= end <= column.closed
    # Of a day only the regular minutes count: what lies around them is no part of it.
    empty = column.empty_before()[inside.start : inside.stop + 1]
    empty = empty - empty[0]
    return Piece(
        start_ns=column.axis.starts_ns[first][some],
        end_ns=column.axis.starts_ns[end - 1][some] + column.axis.step_ns,
        values=values[some, :, 0],
        verdicts=np.maximum.reduceat(column.verdicts[inside], starts)[some],
        counts=counts[some, 0],
        expected=(end - first)[some],
        revisions=np.maximum.reduceat(column.revisions[inside], starts)[some],
        finished=ended[some],
        days=np.full(int(some.sum()), column.day, dtype=np.int32),
        empty_before=empty[starts][some],
        empty_through=empty[end - first[0]][some],
        empty=int(empty[-1]),
    )


def window_of(pieces: Sequence[Piece], owners: Sequence[int], fields: int, heading: Heading) -> BarWindow:
    """Join pieces into one window.

    Args:
        pieces: in the order in which they shall stand.
        owners: for each piece, its symbol's place among those of the heading.
        fields: how many rows the values have; a piece with fewer gets NaN.
        heading: what the window says besides.
    """
    kept = [(piece, owner) for piece, owner in zip(pieces, owners, strict=True) if len(piece)]
    parts = [piece for piece, _ in kept] or [NOTHING]
    lengths = [len(piece) for piece in parts]
    return BarWindow(
        symbol_index=freeze(np.repeat([owner for _, owner in kept] or [0], lengths).astype(np.int32)),
        start_ns=freeze(np.concatenate([piece.start_ns for piece in parts])),
        end_ns=freeze(np.concatenate([piece.end_ns for piece in parts])),
        values=freeze(np.ascontiguousarray(np.concatenate([_padded(piece.values, fields) for piece in parts]).T)),
        verdicts=freeze(np.concatenate([piece.verdicts for piece in parts])),
        base_counts=freeze(np.concatenate([piece.counts for piece in parts])),
        base_expected=freeze(np.concatenate([piece.expected for piece in parts])),
        revisions=freeze(np.concatenate([piece.revisions for piece in parts])),
        forming=freeze(~np.concatenate([piece.finished for piece in parts])),
        empty_minutes=_empty_minutes(pieces, owners),
        **{name: getattr(heading, name) for name in heading.__struct_fields__},
    )


def _padded(values: Floats, fields: int) -> Floats:
    if values.shape[1] >= fields:
        return values[:, :fields]
    return np.hstack([values, np.full((len(values), fields - values.shape[1]), np.nan)])


def _empty_minutes(pieces: Sequence[Piece], owners: Sequence[int]) -> int:
    """Count the closed minutes without a bar between each symbol's first and last bar."""
    runs: dict[int, list[Piece]] = defaultdict(list)
    for piece, owner in zip(pieces, owners, strict=True):
        runs[owner].append(piece)
    return sum(_empty_between(run) for run in runs.values())


def _empty_between(pieces: Sequence[Piece]) -> int:
    filled = [place for place, piece in enumerate(pieces) if len(piece)]
    if not filled:
        return 0
    first, last = pieces[filled[0]], pieces[filled[-1]]
    until_last = sum(piece.empty for piece in pieces[filled[0] : filled[-1]])
    return until_last - int(first.empty_before[0]) + int(last.empty_through[-1])


_NO_NUMBERS: Indices = freeze(np.zeros(0, dtype=np.int32))
_NO_STAMPS: Stamps = freeze(np.zeros(0, dtype=np.int64))
NOTHING = Piece(
    start_ns=_NO_STAMPS,
    end_ns=_NO_STAMPS,
    values=freeze(np.zeros((0, len(FIELDS)))),
    verdicts=freeze(np.zeros(0, dtype=np.uint8)),
    counts=_NO_NUMBERS,
    expected=_NO_NUMBERS,
    revisions=freeze(np.zeros(0, dtype=np.uint32)),
    finished=freeze(np.zeros(0, dtype=np.bool_)),
    days=_NO_NUMBERS,
    empty_before=_NO_NUMBERS,
    empty_through=_NO_NUMBERS,
    empty=0,
)
