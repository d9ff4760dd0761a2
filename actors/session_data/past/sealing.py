"""What a settled session is certified from, and the verdicts that a closed day is still given."""

from collections.abc import Sequence

import numpy as np

from actors.market.axis import SessionAxis
from actors.market.planes import runs_told
from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.marking import mark_cells
from actors.session_data.hold.senders import Senders
from actors.session_data.past.history import History, HistoryDay
from messages.repairs import SessionSealed
from messages.tables.columns import DayGrid, Floats, Verdicts, freeze
from messages.values import Gap, Interval, Nanos, Verdict


def sealed_book(
    book: Book,
    senders: Senders,
    intervals: tuple[Interval, ...],
    issued_by: str,
    counts: tuple[int, dict[str, int]],
    now_ns: Nanos,
) -> SessionSealed:
    """Return a session as it stands; its book may still be written to.

    ``counts`` are the corrections and the refusals by reason since it was sealed last.
    """
    corrections, rejected = counts
    columns = [book.grid.columns[symbol] for symbol in book.symbols]
    return _sealed(
        DayGrid(
            session=book.session,
            symbols=book.symbols,
            values=_picked(book.grid.lend(), columns),
            verdicts=freeze(book.grid.verdicts[:, columns]),
        ),
        book.grid.sources[:, columns],
        senders,
        intervals,
        corrections=corrections,
        rejected=rejected,
        issued_by=issued_by,
        now_ns=now_ns,
    )


def sealed_day(
    day: HistoryDay, senders: Senders, intervals: tuple[Interval, ...], corrections: int, now_ns: Nanos
) -> SessionSealed:
    """Return a day of history as it stands, after a repair of which so many bars were corrections."""
    count = len(day.grid.symbols)
    order = sorted(range(count), key=day.grid.symbols.__getitem__)
    sources = np.zeros(day.grid.verdicts.shape, dtype=np.uint8) if day.sources is None else day.sources[:, :count]
    return _sealed(
        DayGrid(
            session=day.grid.session,
            symbols=tuple(day.grid.symbols[column] for column in order),
            values=_picked(day.grid.values, order),
            verdicts=freeze(day.grid.verdicts[:, order]),
        ),
        sources[:, order],
        senders,
        intervals,
        corrections=corrections,
        rejected={},
        issued_by="fill",
        now_ns=now_ns,
    )


def mark_day(history: History, day: HistoryDay, gaps: Sequence[Gap], verdict: Verdict, sender: int) -> None:
    """Give minutes of a closed day a verdict."""
    grid = Grid.thawed(day.grid, day.axis, day.sources)
    mark_cells(grid, gaps, verdict, sender)
    history.replace(day, grid)


def _sealed(
    day: DayGrid,
    sources: Verdicts,
    senders: Senders,
    intervals: tuple[Interval, ...],
    *,
    corrections: int,
    rejected: dict[str, int],
    issued_by: str,
    now_ns: Nanos,
) -> SessionSealed:
    return SessionSealed(
        day=day,
        runs=runs_told(SessionAxis(day.session), day.symbols, day.verdicts, sources, senders.names),
        intervals=intervals,
        corrections=corrections,
        rejected=rejected,
        issued_by=issued_by,
        now_ns=now_ns,
    )


def _picked(values: Floats, columns: Sequence[int]) -> Floats:
    """Return some columns of values that nobody writes to; all of them are not copied."""
    if columns == list(range(values.shape[2])):
        return values
    return freeze(values[:, :, list(columns)])
