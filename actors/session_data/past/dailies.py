"""Daily bars of sessions whose minutes are not in memory, or not any more."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from actors.market.daily import beside, joined, kept
from actors.session_data.hold.windows import Piece
from messages.history import DailyBars
from messages.tables.columns import Indices


class Dailies:
    """A table of daily bars, and where each symbol's column is."""

    def __init__(self, table: DailyBars | None = None) -> None:
        self.table = table
        symbols = table.symbols if table is not None else ()
        self.columns = {symbol: column for column, symbol in enumerate(symbols)}
        self._days = np.array([date.fromisoformat(day).toordinal() for day in self.dates], dtype=np.int32)

    @property
    def dates(self) -> tuple[str, ...]:
        """The sessions, ascending."""
        return () if self.table is None else self.table.dates

    def with_days(self, tables: Sequence[DailyBars], length: int, without: frozenset[str]) -> "Dailies":
        """Return the last ``length`` sessions of these and of others, less the dates that are named.

        Of two rows for one session that of ``tables`` stays.
        """
        held = [*tables, *([] if self.table is None else [self.table])]
        if not held or length <= 0:
            return Dailies()
        table = joined(held)
        rows = [row for row, day in enumerate(table.dates) if day not in without][-length:]
        return Dailies(table if len(rows) == len(table) else kept(table, rows))

    def widened(self, table: DailyBars) -> "Dailies":
        """Return these with another table's columns beside them; of two for one cell the one that is here stays."""
        return Dailies(table if self.table is None else beside(self.table, table))

    def counts(self, symbols: Sequence[str]) -> Indices:
        """Return in how many sessions each symbol has a bar."""
        if self.table is None:
            return np.zeros(len(symbols), dtype=np.int32)
        has_bar = np.append((self.table.counts > 0).sum(axis=0, dtype=np.int32), np.int32(0))
        return has_bar[[self.columns.get(symbol, -1) for symbol in symbols]]

    def piece(self, symbol: str, last: int, *, with_blanks: bool = False) -> Piece | None:
        """Return a symbol's bars of the last so many sessions; ``None`` where none of them knows it."""
        table, column = self.table, self.columns.get(symbol)
        if table is None or column is None or last <= 0:
            return None
        counts = table.counts[-last:, column]
        known = np.flatnonzero(counts >= 0) + max(len(table) - last, 0)
        if len(known) == 0:
            return None
        counts, expected = table.counts[known, column], table.expected[known]
        empty = np.cumsum(expected - counts, dtype=np.int32)
        piece = Piece(
            start_ns=table.start_ns[known],
            end_ns=table.end_ns[known],
            values=table.values[known, :, column],
            verdicts=table.verdicts[known, column],
            counts=counts,
            expected=expected,
            revisions=np.zeros(len(known), dtype=np.uint32),
            finished=np.ones(len(known), dtype=np.bool_),
            days=self._days[known],
            empty_before=empty - (expected - counts),
            empty_through=empty,
            empty=int(empty[-1]),
        )
        return piece if with_blanks else piece.cut(counts > 0)
