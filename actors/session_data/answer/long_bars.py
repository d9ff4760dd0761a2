"""Bars of several sessions, ``2d`` to ``6d`` and weeks: made of daily bars, when somebody asks.

A bar is finished once a later one has begun, or its last weekday has closed. One that began before the first session
in memory is left out: nobody would see that its open is not its open.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from actors.market.aggregate import fold
from actors.session_data.answer.fill_forward import carried
from actors.session_data.hold.windows import NOTHING, Piece
from messages.tables.columns import Floats, Indices, Mask
from messages.values import Interval

_MONDAY = date(1970, 1, 5).toordinal()
_ROUND_THE_CLOCK = "24/7"


class Blocks:
    """Which bar of an interval a session's date belongs to.

    Args:
        interval: longer than one session.
        calendar: whose sessions they are; only one has its days at weekends too.
    """

    def __init__(self, interval: Interval, calendar: str) -> None:
        self._weeks = interval.weeks
        self._count = interval.weeks or interval.seconds // 86_400
        self._week = 7 if calendar == _ROUND_THE_CLOCK else 5

    def of(self, days: Indices) -> Indices:
        """Return the number of each date's bar; dates are ordinals."""
        return ((days - _MONDAY) // 7 if self._weeks else self._places(days)) // self._count

    def begins(self, day: int) -> bool:
        """Return whether a date is the first of its bar."""
        return self._is_edge(day, day - 1)

    def ends(self, day: int) -> bool:
        """Return whether nothing follows a date in its bar but days without a session."""
        is_weekend_next = self._week < 7 and (day - _MONDAY) % 7 == self._week - 1
        return self._is_edge(day + 3 if is_weekend_next else day + 1, day)

    def _is_edge(self, day: int, before: int) -> bool:
        both = self.of(np.array([before, day], dtype=np.int32)).tolist()
        return bool(both[0] != both[1])

    def _places(self, days: Indices) -> Indices:
        week, day = np.divmod(days - _MONDAY, 7)
        places: Indices = week * self._week + np.minimum(day, self._week - 1)
        return places


def long_bars(
    pieces: Sequence[Piece], blocks: Blocks, *, today: int, oldest: int, is_first: bool, has_blanks: bool
) -> Piece:
    """Return the bars that daily bars come to, oldest first, the last one perhaps unfinished.

    Args:
        pieces: daily bars in order of time, of one symbol, and a blank for each day that has none.
        blocks: which bar each is part of.
        today: the date of the session that is open, an ordinal.
        oldest: the date of the first session in memory, an ordinal.
        is_first: whether nothing was before it.
        has_blanks: whether a bar may begin and end with a blank. What it lacks, it lacks in any case.
    """
    days = _joined([piece for piece in pieces if len(piece)])
    if not len(days):
        return days
    number = blocks.of(days.days)
    every, at = np.unique(number, return_index=True)
    expected = np.add.reduceat(days.expected, at).astype(np.int32)
    if not has_blanks:
        has_bar: Mask = days.counts > 0
        days, number = days.cut(has_bar), number[has_bar]
    if not is_first and not blocks.begins(oldest):
        whole: Mask = number != int(blocks.of(np.array([oldest], dtype=np.int32))[0])
        days, number = days.cut(whole), number[whole]
    if not len(days):
        return days
    first = np.flatnonzero(np.append(np.True_, number[1:] != number[:-1])).astype(np.int32)
    edges = np.append(first, np.int32(len(days)))
    last = edges[1:] - 1
    values, _ = fold(days.values[:, :, None], (days.counts > 0)[:, None], edges)
    is_past = number[last] < int(blocks.of(np.array([today], dtype=np.int32))[0])
    is_over = np.array([blocks.ends(day) for day in days.days[last].tolist()], dtype=np.bool_)
    return Piece(
        start_ns=days.start_ns[first],
        end_ns=days.end_ns[last],
        values=values[:, :, 0],
        verdicts=np.maximum.reduceat(days.verdicts, first),
        counts=np.add.reduceat(days.counts, first).astype(np.int32),
        expected=expected[np.searchsorted(every, number[first])],
        revisions=np.maximum.reduceat(days.revisions, first),
        finished=is_past | (is_over & days.finished[last]),
        days=days.days[last],
        empty_before=days.empty_before[first],
        empty_through=days.empty_through[last],
        empty=days.empty,
    )


def finished(piece: Piece, *, fill: bool, partial: bool) -> Piece:
    """Return the bars that may be told: blanks are carried or left out, and on request an unfinished one is there."""
    chosen = piece if partial else piece.cut(piece.finished)
    return carried([chosen], is_across=True)[0] if fill else chosen.cut(chosen.counts > 0)


def _joined(pieces: Sequence[Piece]) -> Piece:
    if not pieces:
        return NOTHING
    before = np.cumsum([0, *(piece.empty for piece in pieces)], dtype=np.int32)
    fields = max(piece.values.shape[1] for piece in pieces)
    columns = {
        name: np.concatenate([getattr(piece, name) for piece in pieces])
        for name in Piece.__struct_fields__
        if name not in ("empty", "empty_before", "empty_through", "values")
    }
    return Piece(
        values=np.concatenate([_wide(piece, fields) for piece in pieces]),
        empty_before=np.concatenate([piece.empty_before + at for piece, at in zip(pieces, before, strict=False)]),
        empty_through=np.concatenate([piece.empty_through + at for piece, at in zip(pieces, before, strict=False)]),
        empty=int(before[-1]),
        **columns,
    )


def _wide(piece: Piece, fields: int) -> Floats:
    missing = fields - piece.values.shape[1]
    return np.pad(piece.values, ((0, 0), (0, missing)), constant_values=np.nan) if missing else piece.values
