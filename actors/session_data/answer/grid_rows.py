"""Rows of one session's grid: its minutes as they lie there, and longer bars made of them."""

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from actors.session_data.answer.rows import Rows
from actors.session_data.past.history import HistoryDay
from messages.tables.columns import CLOSE, Floats, Indices, Mask, Stamps, Verdicts
from messages.values import FIRST_WITH_BAR, Interval


class GridRows(msgspec.Struct, frozen=True, kw_only=True):
    """One session's grid, and where the symbols stand in it that were asked for."""

    axis: SessionAxis
    values: Floats
    """Slots x fields x columns."""
    verdicts: Verdicts
    closed: int
    """Slots ``[0, closed)`` are closed."""
    columns: slice | Indices
    known: Mask | None = None
    """By symbol: whether the session knew it; ``None``: all of them."""

    @classmethod
    def of_day(cls, day: HistoryDay, symbols: Sequence[str]) -> "GridRows":
        """Return a closed session's; symbols that it did not know have nothing in it."""
        values, verdicts = day.grid.values, day.grid.verdicts
        columns = np.array([day.columns.get(symbol, -1) for symbol in symbols], dtype=np.int32)
        known = columns >= 0
        if not day.columns:
            values, verdicts = np.full((*values.shape[:2], 1), np.nan), np.zeros((len(verdicts), 1), dtype=np.uint8)
        return cls(
            axis=day.axis,
            values=values,
            verdicts=verdicts,
            closed=day.axis.slots,
            columns=columns,
            known=None if bool(known.all()) else known,
        )

    @property
    def days(self) -> Indices:
        """The session's date as a number of days."""
        return np.array([date.fromisoformat(self.axis.session.date).toordinal()], dtype=np.int32)

    def last(self, interval: Interval, fields: Sequence[int], count: int) -> Rows:
        """Return the last ``count`` closed rows of an interval, less where there are not so many."""
        is_base = interval == self.axis.interval
        rows = self._base(fields, count) if is_base else self._derived(interval, fields, count)
        if self.known is None:
            return rows
        return rows.only_known(np.broadcast_to(self.known, rows.verdicts.shape))

    def _base(self, fields: Sequence[int], count: int) -> Rows:
        slots = slice(max(self.closed - count, 0), self.closed)
        verdicts = np.array(self.verdicts[slots, self.columns])
        values = np.empty((len(fields), *verdicts.shape))
        for place, field in enumerate(fields):
            values[place] = self.values[slots, field][:, self.columns] if field < self.values.shape[1] else np.nan
        return Rows(
            start_ns=self.axis.starts_ns[slots],
            end_ns=self.axis.ends_ns[slots],
            values=values,
            verdicts=verdicts,
            complete=verdicts >= FIRST_WITH_BAR,
        )

    def _derived(self, interval: Interval, fields: Sequence[int], count: int) -> Rows:
        all_edges = self.axis.edges(interval)
        over = max(int(all_edges.searchsorted(self.closed, side="right")) - 1, 0)
        edges = all_edges[max(over - count, 0) : over + 1]
        if len(edges) < 2:
            return self._base(fields, 0)
        cells = slice(int(edges[0]), int(edges[-1]))
        verdicts = self.verdicts[cells][:, self.columns]
        folded, counts = fold(self.values[cells][:, :, self.columns], verdicts >= FIRST_WITH_BAR, edges - edges[0])
        values = np.empty((len(fields), *counts.shape))
        for place, field in enumerate(fields):
            values[place] = folded[:, field] if field < folded.shape[1] else np.nan
        return Rows(
            start_ns=self.axis.starts_ns[edges[:-1]],
            end_ns=self.axis.ends_ns[edges[1:] - 1],
            values=values,
            verdicts=np.maximum.reduceat(verdicts, edges[:-1] - edges[0], axis=0),
            complete=counts == (edges[1:] - edges[:-1])[:, None],
        )

    def last_closes(self, places: Stamps, end: int) -> Floats:
        """Return the last close before a slot of some of the symbols, NaN where there is none."""
        columns = np.arange(self.verdicts.shape[1])[self.columns][places]
        has_bar = self.verdicts[:end][:, columns] >= FIRST_WITH_BAR
        if self.known is not None:
            has_bar &= self.known[places]
        if not len(has_bar):
            return np.full(len(places), np.nan)
        latest = end - 1 - has_bar[::-1].argmax(axis=0)
        closes: Floats = np.where(has_bar.any(axis=0), self.values[latest, CLOSE, columns], np.nan)
        return closes
