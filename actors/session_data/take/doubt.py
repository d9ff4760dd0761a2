"""Bars that were told and turn out to be made of a part of their trades stand, and somebody is asked for them."""

from collections.abc import Sequence

import numpy as np

from actors.session_data.hold.book import Book
from actors.session_data.hold.doubted import Doubted
from actors.session_data.hold.senders import Senders
from actors.session_data.past.sealer import Sealer
from messages.base import Event
from messages.events import BarsUpdated, GapDetected
from messages.tables.columns import Indices
from messages.values import Gap, Nanos


def doubt(
    doubted: Sequence[Doubted], book: Book | None, sealer: Sealer, senders: Senders, now_ns: Nanos
) -> list[Event]:
    """Give bars of the session at hand the verdict IN_PART where they are their feed's own; say so, and ask for them.

    A minute in which a feed's trades made no bar is not known to have none, nor one that was taken for halted by its
    word alone: it is missing again.
    """
    out: list[Event] = []
    for one in doubted if book is not None else ():
        assert book is not None, "checked above"
        slot = book.axis.slot_of(one.start_ns)
        columns = [column for symbol in one.symbols if (column := book.column(symbol)) is not None]
        if slot is not None:
            out += _doubt(book, slot, np.array(columns, dtype=np.int32), senders.number(one.source), now_ns)
    return [*out, *sealer.seal_again(book, {}, now_ns)] if out else []


def _doubt(book: Book, slot: int, columns: Indices, sender: int, now_ns: Nanos) -> list[Event]:
    stands, emptied = book.grid.doubt(slot, columns, sender, book.revision + 1)
    if not len(stands) and not len(emptied):
        return []
    book.revision += 1
    book.has_parts = True
    book.stamp(stands, now_ns)
    out: list[Event] = []
    if len(stands):
        bars = book.grid.minute(slot, stands)
        out.append(BarsUpdated(interval=bars.interval, batch=bars, revision=book.revision, is_repair=True))
    symbols = tuple(sorted(book.grid.symbols[column] for column in [*stands.tolist(), *emptied.tolist()]))
    gap = Gap(symbols=symbols, start_ns=book.axis.start_of(slot), end_ns=book.end_of(slot))
    book.ledger.gaps += 1
    return [*out, GapDetected(session_date=book.session.date, gap=gap)]
