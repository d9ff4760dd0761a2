"""What a session came to, by the column."""

import numpy as np

from actors.session_data.hold.book import Book
from messages.base import Event
from messages.events import SessionReported
from messages.replies import SessionReport
from messages.tables.columns import HIGH, LOW, VOLUME


def reported(book: Book | None, date: str) -> list[Event]:
    """Say what the session of a date came to, regular minutes only; nothing, if that is not the one at hand."""
    return [] if book is None or book.session.date != date else [SessionReported(report=_report_of(book))]


def _report_of(book: Book) -> SessionReport:
    symbols, grid, derived = book.symbols, book.grid, book.derived
    columns = book.everybody
    count, regular = len(grid.symbols), book.axis.regular
    values, present = grid.values[regular], grid.present()[regular]
    return SessionReport(
        session=book.session,
        symbols=symbols,
        bars=present.sum(axis=0, dtype=np.int32)[columns],
        high=np.fmax.reduce(values[:, HIGH, :count], axis=0)[columns],
        low=np.fmin.reduce(values[:, LOW, :count], axis=0)[columns],
        volume=values[:, VOLUME, :count].sum(axis=0, where=present.all() or present)[columns],
        closed=max(min(book.closed, regular.stop) - regular.start, 0),
        intervals=derived.intervals,
        derived=derived.counts(count)[:, columns],
    )
