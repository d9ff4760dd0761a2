"""What readers get: windows of columns, cut from the grid of the session and from days of history."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from messages.columns import Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, ONE_MINUTE, Interval, Nanos
from messages.windows import BarWindow

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

    @property
    def present(self) -> Mask:
        """For each slot, whether there is a bar."""
        mask: Mask = self.verdicts >= FIRST_WITH_BAR
        return mask

    def only(self, slot: int) -> "Piece":
        """Return the base bar of one slot."""
        return _base_bars(self, np.array([slot], dtype=np.int32))


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of one symbol from one session, in order."""

    start_ns: Stamps
    end_ns: Stamps
    values: Floats
    """Bars x fields."""
    verdicts: Verdicts
    counts: Indices
    expected: Indices
    revisions: Revisions
    finished: Mask
    first_slots: Indices
    end_slots: Indices
    column: Column

    def __len__(self) -> int:
        return len(self.start_ns)

    def cut(self, chosen: "slice | Mask") -> "Piece":
        """Return some of the bars."""
        names = [name for name in self.__struct_fields__ if name != "column"]
        return Piece(column=self.column, **{name: getattr(self, name)[chosen] for name in names})


def bars_of(column: Column, interval: Interval, *, include_partial: bool = False) -> Piece:
    """Return a column's bars of an interval: those that are finished, and on request the forming one."""
    slots = np.flatnonzero(column.present).astype(np.int32)
    piece = _base_bars(column, slots) if interval == ONE_MINUTE else _derived_bars(column, interval)
    return piece if include_partial else piece.cut(piece.finished)


def _base_bars(column: Column, slots: Indices) -> Piece:
    start_ns = column.axis.starts_ns[slots]
    ones = np.ones(len(slots), dtype=np.int32)
    return Piece(
        start_ns=start_ns,
        end_ns=start_ns + column.axis.step_ns,
        values=column.values[slots],
        verdicts=column.verdicts[slots],
        counts=ones,
        expected=ones,
        revisions=column.revisions[slots],
        finished=ones.astype(np.bool_),
        first_slots=slots,
        end_slots=slots + 1,
        column=column,
    )


def _derived_bars(column: Column, interval: Interval) -> Piece:
    edges = column.axis.edges(interval)
    inside = slice(int(edges[0]), int(edges[-1]))
    present = column.present
    values, counts = fold(column.values[:, :, None], present[:, None], edges)
    some = counts[:, 0] > 0
    first, end = edges[:-1], edges[1:]
    starts = first - first[0]
    settled = present | (np.arange(len(present)) < column.closed)
    ended = (end <= column.closed) | (np.logical_and.reduceat(settled[inside], starts) & present[end - 1])
    return Piece(
        start_ns=column.axis.starts_ns[first][some],
        end_ns=column.axis.starts_ns[end - 1][some] + column.axis.step_ns,
        values=values[some, :, 0],
        verdicts=np.maximum.reduceat(column.verdicts[inside], starts)[some],
        counts=counts[some, 0],
        expected=(end - first)[some],
        revisions=np.maximum.reduceat(column.revisions[inside], starts)[some],
        finished=ended[some],
        first_slots=first[some],
        end_slots=end[some],
        column=column,
    )


def window_of(
    pieces: Sequence[Piece],
    symbols: Sequence[str],
    owners: Sequence[int],
    *,
    interval: Interval,
    tz: str,
    now_ns: Nanos,
    revision: int,
    fields: int,
) -> BarWindow:
    """Join pieces into one window.

    Args:
        pieces: in the order in which they shall stand.
        symbols: the window's symbols.
        owners: for each piece, its symbol's place among them.
        interval: of all the bars.
        tz: the exchange's zone.
        now_ns: the session's time.
        revision: the session's revision.
        fields: how many rows the values have; a piece with fewer gets NaN.
    """
    kept = [(piece, owner) for piece, owner in zip(pieces, owners, strict=True) if len(piece)]
    if not kept:
        return _empty(symbols, interval, tz, now_ns, revision, fields)
    parts = [piece for piece, _ in kept]
    lengths = [len(piece) for piece in parts]
    return BarWindow(
        symbols=tuple(symbols),
        symbol_index=freeze(np.repeat([owner for _, owner in kept], lengths).astype(np.int32)),
        interval=interval,
        start_ns=freeze(np.concatenate([piece.start_ns for piece in parts])),
        end_ns=freeze(np.concatenate([piece.end_ns for piece in parts])),
        values=freeze(np.ascontiguousarray(np.concatenate([_padded(piece.values, fields) for piece in parts]).T)),
        verdicts=freeze(np.concatenate([piece.verdicts for piece in parts])),
        base_counts=freeze(np.concatenate([piece.counts for piece in parts])),
        base_expected=freeze(np.concatenate([piece.expected for piece in parts])),
        revisions=freeze(np.concatenate([piece.revisions for piece in parts])),
        tz=tz,
        now_ns=now_ns,
        revision=revision,
        empty_minutes=_empty_minutes(pieces, owners),
        partial=not bool(parts[-1].finished[-1]),
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
    empty = 0
    for place in range(filled[0], filled[-1] + 1) if filled else ():
        piece = pieces[place]
        first = int(piece.first_slots[0]) if place == filled[0] else 0
        end = int(piece.end_slots[-1]) if place == filled[-1] else piece.column.axis.slots
        empty += int((~piece.column.present[first : min(end, piece.column.closed)]).sum())
    return empty


def _empty(symbols: Sequence[str], interval: Interval, tz: str, now_ns: Nanos, revision: int, fields: int) -> BarWindow:
    stamps = freeze(np.zeros(0, dtype=np.int64))
    numbers = freeze(np.zeros(0, dtype=np.int32))
    return BarWindow(
        symbols=tuple(symbols),
        symbol_index=numbers,
        interval=interval,
        start_ns=stamps,
        end_ns=stamps,
        values=freeze(np.zeros((fields, 0))),
        verdicts=freeze(np.zeros(0, dtype=np.uint8)),
        base_counts=numbers,
        base_expected=numbers,
        revisions=freeze(np.zeros(0, dtype=np.uint32)),
        tz=tz,
        now_ns=now_ns,
        revision=revision,
    )
