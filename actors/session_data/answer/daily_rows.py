"""Rows of days, and of several days: of the sessions in memory, with their minutes or without, and of the open one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from actors.market.aggregate import fold
from actors.market.back_adjustment import Factors
from actors.market.daily import UNKNOWN, reduced
from actors.session_data.answer.long_bars import Blocks
from actors.session_data.answer.rows import Rows, joined
from actors.session_data.hold.book import Book
from actors.session_data.past.history import History
from messages.history import DailyBars
from messages.queries import GetMatrix
from messages.tables.columns import Indices, Mask
from messages.values import Interval


class DailyRows:
    """Daily bars of some symbols, and what longer ones are made of them.

    Args:
        book: the open session.
        history: those before it.
        symbols: whose bars, in the order of their columns.
        fields: which of their numbers.
        factors: by column, what takes splits and dividends out.
    """

    def __init__(
        self,
        book: Book,
        history: History,
        symbols: Sequence[str],
        fields: Sequence[int],
        factors: Mapping[int, Factors],
    ) -> None:
        self._book = book
        self._history = history
        self._symbols = symbols
        self._fields = fields
        self._factors = factors

    def read(self, query: GetMatrix) -> Rows:
        """Return the finished rows; more than were asked for, where closes are to be carried into them."""
        if not query.interval.is_long:
            return self._joined(query, self._fields)[0]
        every = range(self._book.grid.values.shape[1])
        rows, days = self._joined(query, every)
        return self._long(rows, days, query.interval, with_history=query.with_history)

    def _joined(self, query: GetMatrix, fields: Sequence[int]) -> tuple[Rows, Indices]:
        """Return the daily rows in order of time, and of each its date as a number of days."""
        reaches_back = query.with_history or query.interval.is_long
        needs_all = query.interval.is_long or query.fill is not None
        parts: list[Rows] = []
        numbers: list[int] = []
        for table in self._tables() if reaches_back else self._today():
            if len(numbers) >= query.count and not needs_all:
                break
            days = [date.fromisoformat(day).toordinal() for day in table.dates]
            part = _rows_of(table, self._symbols, fields)
            parts.insert(0, part.adjusted(fields, self._factors, np.array(days, dtype=np.int32)))
            numbers[:0] = days
        if not parts:
            return _nothing(len(fields), len(self._symbols)), np.zeros(0, dtype=np.int32)
        return joined(parts), np.array(numbers, dtype=np.int32)

    def _tables(self) -> Iterator[DailyBars]:
        """Go back in time."""
        yield from self._today()
        for day in reversed(self._history.last(len(self._history.dates))):
            yield day.daily
        if self._history.dailies.table is not None:
            yield self._history.dailies.table

    @property
    def _is_today_over(self) -> bool:
        return bool(self._book.closed >= self._book.axis.regular.stop)

    def _today(self) -> Iterator[DailyBars]:
        book, grid = self._book, self._book.grid
        if self._is_today_over:
            count = len(grid.symbols)
            yield reduced(book.axis, grid.symbols, grid.values[:, :, :count], grid.verdicts[:, :count])

    def _long(self, rows: Rows, days: Indices, interval: Interval, *, with_history: bool) -> Rows:
        """Fold days; a bar is finished once a later one has begun, or its last weekday has closed."""
        session, history = self._book.session, self._history
        blocks = Blocks(interval, session.calendar)
        today = np.array([date.fromisoformat(session.date).toordinal()], dtype=np.int32)
        current, number = int(blocks.of(today)[0]), blocks.of(days)
        kept: Mask = np.ones(len(days), dtype=np.bool_) if with_history else number == current
        oldest = (*history.daily_dates, *history.dates, session.date)[0]
        is_first = history.plan is not None and oldest <= history.plan.store_begins
        oldest_day = np.array([date.fromisoformat(oldest).toordinal()], dtype=np.int32)
        if not is_first and not blocks.begins(int(oldest_day[0])):
            kept &= number != int(blocks.of(oldest_day)[0])
        rows, days, number = rows.cut(kept), days[kept], number[kept]
        if not len(rows):
            return _nothing(len(self._fields), len(self._symbols))
        first = np.flatnonzero(np.append(np.True_, number[1:] != number[:-1])).astype(np.int32)
        edges = np.append(first, np.int32(len(days)))
        last = edges[1:] - 1
        known = np.ones_like(rows.complete) if rows.known is None else rows.known
        folded, counts = fold(np.ascontiguousarray(rows.values.transpose(1, 0, 2)), rows.present, edges)
        is_over = np.array([blocks.ends(day) for day in days[last].tolist()], dtype=np.bool_)
        made = Rows(
            start_ns=rows.start_ns[first],
            end_ns=rows.end_ns[last],
            values=np.ascontiguousarray(folded.transpose(1, 0, 2))[list(self._fields)],
            verdicts=np.maximum.reduceat(rows.verdicts, first, axis=0),
            complete=np.logical_and.reduceat(rows.complete | ~known, first, axis=0) & (counts > 0),
            known=np.logical_or.reduceat(known, first, axis=0),
        )
        return made.cut((number[last] < current) | (is_over & self._is_today_over))


def _rows_of(table: DailyBars, symbols: Sequence[str], fields: Sequence[int]) -> Rows:
    place = {symbol: column for column, symbol in enumerate(table.symbols)}
    columns = np.array([place.get(symbol, -1) for symbol in symbols], dtype=np.int32)
    counts = np.append(table.counts, np.full((len(table), 1), UNKNOWN, dtype=np.int32), axis=1)[:, columns]
    if not len(table.symbols):
        columns = columns[:0]
    values = np.full((len(fields), *counts.shape), np.nan)
    for at, field in enumerate(fields):
        if field < table.values.shape[1] and len(columns):
            values[at] = table.values[:, field][:, columns]
    verdicts = table.verdicts[:, columns] if len(columns) else np.zeros(counts.shape, dtype=np.uint8)
    rows = Rows(
        start_ns=table.start_ns,
        end_ns=table.end_ns,
        values=values,
        verdicts=verdicts,
        complete=(counts > 0) & (counts == table.expected[:, None]),
    )
    return rows.only_known(counts > UNKNOWN)


def _nothing(fields: int, symbols: int) -> Rows:
    return Rows(
        start_ns=np.zeros(0, dtype=np.int64),
        end_ns=np.zeros(0, dtype=np.int64),
        values=np.zeros((fields, 0, symbols)),
        verdicts=np.zeros((0, symbols), dtype=np.uint8),
        complete=np.zeros((0, symbols), dtype=np.bool_),
    )
