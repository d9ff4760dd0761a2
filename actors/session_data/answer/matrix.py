"""Many symbols at the same minutes: a slice of the session's grid, and of the days before it.

A row is a bar of the calendar that has closed; nobody's bar moves into a row that is another minute's.
"""

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np

from actors.market.back_adjustment import Factors
from actors.session_data.answer.daily_rows import DailyRows
from actors.session_data.answer.grid_rows import GridRows
from actors.session_data.answer.rows import Rows, joined
from actors.session_data.hold.book import Book
from actors.session_data.past.history import History
from messages.errors import SettingsError
from messages.queries import GetMatrix
from messages.tables.columns import CLOSE, FIELDS, Floats, Indices, Mask, freeze
from messages.tables.matrices import BarMatrix
from messages.values import FIRST_WITH_BAR, BarField, Nanos

_PLACES = {field: place for place, field in enumerate(BarField)}


class MatrixReader:
    """Answers one question for a matrix.

    Args:
        book: the open session.
        history: the closed ones.
        symbols: whose bars, in this order; all of them active.
        columns: where they stand in the grid of the open session.
        query: which bars.

    Raises:
        SettingsError: a field is not kept.
    """

    def __init__(
        self, book: Book, history: History, symbols: tuple[str, ...], columns: slice | Indices, query: GetMatrix
    ) -> None:
        self._book = book
        self._history = history
        self._symbols = symbols
        self._columns = columns
        self._query = query
        self._asked = query.fields or tuple(BarField)[: len(FIELDS)]
        self._fields = [_PLACES[field] for field in self._asked]
        for field, place in zip(self._asked, self._fields, strict=True):
            if place >= book.grid.values.shape[1]:
                raise SettingsError(f"fields: {field} is not kept: name it with rules={{'keep_extra': True}}")
        if query.fill is not None and CLOSE not in self._fields:
            self._fields.append(CLOSE)
        self._factors = self._adjustments() if query.is_adjusted else {}
        """By column what its bars are multiplied with, where there is anything to adjust."""

    def read(self, now_ns: Nanos) -> BarMatrix:
        """Return the matrix as of a moment of session time."""
        query, book = self._query, self._book
        is_of_days = query.interval.is_daily or query.interval.is_long
        if is_of_days:
            rows = DailyRows(book, self._history, self._symbols, self._fields, self._factors).read(query)
        else:
            rows = self._intraday()
        is_filled: Mask = np.zeros(rows.verdicts.shape, dtype=np.bool_)
        if query.fill is not None:
            before = np.full(len(self._symbols), np.nan) if is_of_days else self._closes_before(rows)
            rows, is_filled = rows.carried(self._fields, before)
        rows = rows.last(query.count)
        return BarMatrix(
            symbols=self._symbols,
            fields=self._asked,
            interval=query.interval,
            start_ns=freeze(rows.start_ns),
            end_ns=freeze(rows.end_ns),
            values=freeze(rows.values[: len(self._asked)]),
            verdicts=freeze(rows.verdicts),
            is_complete=freeze(rows.complete),
            is_filled=freeze(is_filled[len(is_filled) - len(rows) :]),
            tz=book.session.tz,
            now_ns=now_ns,
            revision=book.revision,
            fill=query.fill,
            short=query.count - len(rows),
            is_adjusted=query.is_adjusted,
        )

    def _adjustments(self) -> dict[int, Factors]:
        history, day = self._history, self._book.session.date
        return {
            column: history.factors(symbol, day)
            for column, symbol in enumerate(self._symbols)
            if history.has_adjustments(symbol)
        }

    def _intraday(self) -> Rows:
        parts: list[Rows] = []
        wanted = self._query.count
        for day in self._days():
            if wanted <= 0:
                break
            part = self._last(day, wanted)
            parts.insert(0, part.adjusted(self._fields, self._factors, day.days) if self._factors else part)
            wanted -= len(part)
        return joined(parts)

    def _last(self, day: GridRows, count: int) -> Rows:
        """Return the last rows of a session; longer ones of the open session are kept until the next is over."""
        interval, axis = self._query.interval, day.axis
        if axis is not self._book.axis or interval == axis.interval or self._factors:
            return day.last(interval, self._fields, count)
        kept, key = self._book.grid.kept, ("rows", interval)  # one of each length, for they may be large
        asked = self._symbols, tuple(self._fields), count, bisect_right(axis.plain_edges(interval), day.closed)
        held: tuple[object, Rows] | None = kept.get(key)
        if held is None or held[0] != asked:
            held = asked, day.last(interval, self._fields, count)
            kept.put(key, held, day.closed)
        return held[1]

    def _days(self) -> Iterator[GridRows]:
        """Go back in time, the open session first."""
        book, grid = self._book, self._book.grid
        yield GridRows(
            axis=book.axis, values=grid.values, verdicts=grid.verdicts, closed=book.closed, columns=self._columns
        )
        history = self._history
        for day in reversed(history.last(len(history.dates)) if self._query.with_history else ()):
            yield GridRows.of_day(day, self._symbols)

    def _closes_before(self, rows: Rows) -> Floats:
        """Return the last close of each symbol before the first row, NaN where there is none."""
        closes = np.full(len(self._symbols), np.nan)
        if not len(rows):
            return closes
        places = np.flatnonzero(rows.verdicts[0] < FIRST_WITH_BAR)
        for day in self._days():
            if not len(places):
                break
            end = min(day.axis.slots_before(int(rows.start_ns[0])), day.closed)
            found = day.last_closes(places, end)
            for column in set(places.tolist()) & self._factors.keys():
                found[places == column] *= self._factors[column].of(day.days)[0]
            closes[places] = found
            places = places[np.isnan(found)]
        return closes
