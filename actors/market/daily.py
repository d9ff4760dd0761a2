"""Daily bars of many sessions as one table: days reduced to a row each, and rows put together."""

from collections.abc import Sequence

import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from messages.history import DailyBars
from messages.tables.columns import Floats, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, ONE_DAY

UNKNOWN = -1
"""The count of a symbol that a session does not know."""


def reduced(axis: SessionAxis, symbols: Sequence[str], values: Floats, verdicts: Verdicts) -> DailyBars:
    """Return the daily bars of one session.

    Args:
        axis: the session's slots.
        symbols: a name for each column.
        values: slots x fields x symbols, NaN where there is no bar.
        verdicts: slots x symbols.
    """
    regular = axis.regular
    daily, counts = fold(values, verdicts >= FIRST_WITH_BAR, axis.edges(ONE_DAY))
    session = axis.session
    return DailyBars(
        dates=(session.date,),
        symbols=tuple(symbols),
        start_ns=freeze(np.array([session.open_ns], dtype=np.int64)),
        end_ns=freeze(np.array([session.close_ns], dtype=np.int64)),
        expected=freeze(np.array([regular.stop - regular.start], dtype=np.int32)),
        values=freeze(daily),
        counts=freeze(counts),
        verdicts=freeze(verdicts[regular].max(axis=0, initial=0)[None, :]),
    )


def joined(tables: Sequence[DailyBars]) -> DailyBars:
    """Return one table of all rows in order of time; of two for one session the first stays.

    Raises:
        ValueError: there is no table.
    """
    if len(tables) == 1:
        return tables[0]
    symbols = tuple(sorted({symbol for table in tables for symbol in table.symbols}))
    fields = max(table.values.shape[1] for table in tables)
    wide = [_widened(table, symbols, fields) for table in tables]
    dates = [date for table in wide for date in table.dates]
    order = sorted({date: row for row, date in reversed(list(enumerate(dates)))}.items())
    rows = np.array([row for _, row in order], dtype=np.int64)
    return DailyBars(
        dates=tuple(date for date, _ in order),
        symbols=symbols,
        start_ns=freeze(np.concatenate([table.start_ns for table in wide])[rows]),
        end_ns=freeze(np.concatenate([table.end_ns for table in wide])[rows]),
        expected=freeze(np.concatenate([table.expected for table in wide])[rows]),
        values=freeze(np.concatenate([table.values for table in wide])[rows]),
        counts=freeze(np.concatenate([table.counts for table in wide])[rows]),
        verdicts=freeze(np.concatenate([table.verdicts for table in wide])[rows]),
    )


def beside(table: DailyBars, more: DailyBars) -> DailyBars:
    """Return one table of both: all symbols, all sessions; of two for one cell the first's stays, if it knows it."""
    whole = joined([table, more])
    row = {date: number for number, date in enumerate(whole.dates)}
    rows = np.array([row[date] for date in more.dates], dtype=np.int64)
    other = _widened(more, whole.symbols, whole.values.shape[1])
    is_news = (whole.counts[rows] == UNKNOWN) & (other.counts != UNKNOWN)
    values, counts, verdicts = whole.values.copy(), whole.counts.copy(), whole.verdicts.copy()
    values[rows] = np.where(is_news[:, None, :], other.values, values[rows])
    counts[rows] = np.where(is_news, other.counts, counts[rows])
    verdicts[rows] = np.where(is_news, other.verdicts, verdicts[rows])
    return DailyBars(
        dates=whole.dates,
        symbols=whole.symbols,
        start_ns=whole.start_ns,
        end_ns=whole.end_ns,
        expected=whole.expected,
        values=freeze(values),
        counts=freeze(counts),
        verdicts=freeze(verdicts),
    )


def kept(table: DailyBars, rows: Sequence[int]) -> DailyBars:
    """Return some rows of a table."""
    chosen = np.array(rows, dtype=np.int64)
    return DailyBars(
        dates=tuple(table.dates[row] for row in rows),
        symbols=table.symbols,
        start_ns=freeze(table.start_ns[chosen]),
        end_ns=freeze(table.end_ns[chosen]),
        expected=freeze(table.expected[chosen]),
        values=freeze(table.values[chosen]),
        counts=freeze(table.counts[chosen]),
        verdicts=freeze(table.verdicts[chosen]),
    )


def _widened(table: DailyBars, symbols: tuple[str, ...], fields: int) -> DailyBars:
    """Return a table with a column for each of these symbols, and so many fields."""
    if table.symbols == symbols and table.values.shape[1] == fields:
        return table
    place = {symbol: column for column, symbol in enumerate(symbols)}
    columns = np.array([place[symbol] for symbol in table.symbols], dtype=np.int64)
    shape = (len(table), len(symbols))
    values = np.full((len(table), fields, len(symbols)), np.nan)
    values[:, : table.values.shape[1], columns] = table.values
    counts = np.full(shape, UNKNOWN, dtype=np.int32)
    counts[:, columns] = table.counts
    verdicts = np.zeros(shape, dtype=np.uint8)
    verdicts[:, columns] = table.verdicts
    return DailyBars(
        dates=table.dates,
        symbols=symbols,
        start_ns=table.start_ns,
        end_ns=table.end_ns,
        expected=table.expected,
        values=values,
        counts=counts,
        verdicts=verdicts,
    )
