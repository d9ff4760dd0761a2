"""Bars that were told and turn out to be made of a part of their trades stand, and somebody is asked for them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from actors.market.gaps import find_gaps
from actors.session_data.hold.book import Book
from actors.session_data.hold.doubted import Doubted
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.senders import Senders
from actors.session_data.past.history import History, HistoryDay
from actors.session_data.past.sealer import Sealer
from messages.base import Event
from messages.events import BarsUpdated, GapDetected
from messages.tables.columns import Indices
from messages.values import Gap, Nanos, Verdict


def doubt(
    doubted: Sequence[Doubted], book: Book | None, history: History, sealer: Sealer, senders: Senders, now_ns: Nanos
) -> list[Event]:
    """Give bars the verdict IN_PART where they are their feed's own; say so, and ask for them.

    They are of the session at hand or, where one follows the other at once, of the day that has just rolled.
    A minute in which a feed's trades made no bar is not known to have none, nor one that was taken for halted by its
    word alone: it is missing again.
    """
    if book is None:
        return []
    out: list[Event] = []
    past: dict[str, list[Doubted]] = {}
    for one in doubted:
        slot = book.axis.slot_of(one.start_ns)
        if slot is not None:
            out += _doubt(book, slot, _columns(one.symbols, book.column), senders.number(one.source), now_ns)
        elif (day := history.owner(one.start_ns)) is not None and day.sources is not None:
            past.setdefault(day.date, []).append(one)
    repaired: dict[str, int] = {}
    for date, some in past.items():
        if events := _doubt_day(history, date, some, senders):
            out += events
            repaired[date] = 0
    return [*out, *sealer.seal_again(book, repaired, now_ns)] if out else []


def in_doubt(history: History) -> Iterator[GapDetected]:
    """Return the minutes in doubt of the day that rolled last, for who may not have heard of them."""
    for day in history.last(1):
        if day.sources is not None:
            gaps = find_gaps(day.grid.verdicts == Verdict.IN_PART, day.axis, day.grid.symbols)
            yield from (GapDetected(session_date=day.date, gap=gap, is_catch_up=True) for gap in gaps)


def _columns(symbols: Iterable[str], column: Callable[[str], int | None]) -> Indices:
    found = (column(symbol) for symbol in symbols)
    return np.array([place for place in found if place is not None], dtype=np.int32)


def _doubt(book: Book, slot: int, columns: Indices, sender: int, now_ns: Nanos) -> list[Event]:
    stands, emptied = book.grid.doubt(slot, columns, sender, book.revision + 1)
    if not len(stands) and not len(emptied):
        return []
    book.revision += 1
    book.has_parts = True
    book.stamp(stands, now_ns)
    book.ledger.gaps += 1
    return _told(book.grid, slot, stands, emptied, book.revision)


def _doubt_day(history: History, date: str, doubted: Sequence[Doubted], senders: Senders) -> list[Event]:
    day = history.day(date)
    assert day is not None, "a minute has no owner"
    grid = Grid.thawed(day.grid, day.axis, day.sources)
    out = [event for one in doubted for event in _doubt_past(grid, day, one, senders.number(one.source))]
    if out:
        history.replace(day, grid)
    return out


def _doubt_past(grid: Grid, day: HistoryDay, one: Doubted, sender: int) -> list[Event]:
    slot, revision = day.axis.slot_of(one.start_ns), day.revision + 1
    assert slot is not None, "a minute of another day"
    stands, emptied = grid.doubt(slot, _columns(one.symbols, day.columns.get), sender, revision)
    return _told(grid, slot, stands, emptied, revision) if len(stands) or len(emptied) else []


def _told(grid: Grid, slot: int, stands: Indices, emptied: Indices, revision: int) -> list[Event]:
    out: list[Event] = []
    if len(stands):
        bars = grid.minute(slot, stands)
        out.append(BarsUpdated(interval=bars.interval, batch=bars, revision=revision, is_repair=True))
    symbols = tuple(sorted(grid.symbols[column] for column in [*stands.tolist(), *emptied.tolist()]))
    start_ns = grid.axis.start_of(slot)
    gap = Gap(symbols=symbols, start_ns=start_ns, end_ns=start_ns + grid.axis.step_ns)
    return [*out, GapDetected(session_date=grid.axis.session.date, gap=gap)]
