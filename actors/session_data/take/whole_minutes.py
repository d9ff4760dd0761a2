"""Many minutes at once: what arrives in whole minutes, and what is fetched for minutes that are missing.

Both do what ``Book.write`` does bar by bar, where nothing is in the way: every cell is empty, every symbol known.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from actors.kernel.listen.told import Told
from actors.session_data.hold.book import Book
from actors.session_data.hold.grid import Claim
from messages.base import Event
from messages.events import BarsUpdated, MinuteClosed
from messages.tables.columns import BarBatch, Indices
from messages.values import FIRST_WITH_BAR, Nanos, Verdict

_STREAMED, _FILLED, _NO_TRADE = int(Verdict.STREAMED), int(Verdict.FILLED), int(Verdict.NO_TRADE)


class Minutes:
    """The next minutes of the session, up to the last that has a bar, where nothing is in the way."""

    def __init__(self, book: Book, batch: BarBatch, rows: Indices, columns: Indices) -> None:
        self.batch = batch
        self.columns = columns
        self.slots = slice(book.closed, int(rows[-1]) + 1)
        edges = np.searchsorted(rows, np.arange(self.slots.start, self.slots.stop + 1))
        self.edges: list[int] = edges.tolist()
        """Of the bars, where each minute begins, and where the last ends."""
        self._rows = rows
        self._revisions = book.revision + np.cumsum(edges[1:] > edges[:-1])
        self._counted = book.ledger.received, book.ledger.accepted
        """As these were before the first of them."""
        self._derived: dict[int, list[BarsUpdated]] = {}
        self._missing: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._expected = len(book.grid.symbols)
        self._closings: list[MinuteClosed] = book.closed_whole(self.slots, self._expected) if book.is_heard else []
        """What is told of each minute that nobody's bar is missing of."""
        self._told = BarsUpdated(interval=batch.interval, batch=batch, revision=0)
        """As the minutes and their bars are told of: a copy that says which costs a third of making one."""
        self.tells_bars = book.is_heard and book.tells_bars
        """Whether their bars are told; they may be asked for in any case."""

    @classmethod
    def found(cls, book: Book, batch: BarBatch) -> "Minutes | None":
        """Return the minutes that these bars are all there is of; ``None`` where something is in the way."""
        columns = book.columns_of_table(batch.symbols)[batch.symbol_index]
        rows = _slots_of(book, batch, columns)
        if rows is None or int(rows[0]) < book.closed:
            return None
        if book.grid.verdicts[book.closed : int(rows[-1]) + 1, : len(book.grid.symbols)].any():
            return None
        return cls(book, batch, rows, columns)

    def write(self, book: Book, claim: Claim) -> None:
        """Write all of them into the grid, and reduce them to derived bars."""
        batch, rows, columns, slots, revisions = self.batch, self._rows, self.columns, self.slots, self._revisions
        count, first = len(book.grid.symbols), slots.start
        places = (rows - first) * count + columns
        # Where nearly all are there, copying the rest of each minute along is cheaper than placing bar by bar.
        if len(rows) * 2 > count * (slots.stop - first) and bool((places[1:] > places[:-1]).all()):
            present = None
            if len(rows) < count * (slots.stop - first):
                present = np.zeros((slots.stop - first, count), dtype=np.bool_)
                present.reshape(-1)[places] = True
            book.grid.write_minutes(slots, batch.values, present, _STREAMED, claim, revisions)
        else:
            book.grid.scatter(rows, columns, batch.values, _STREAMED, claim, revisions[rows - first])
        book.recorded.retell(slots, book.grid, claim)
        book.recall_many(slots)
        if self.tells_bars:
            self._derived = book.derived.on_minutes(book.grid, slots, revisions.tolist())
        else:
            book.derived.pass_by(book.grid, slots)
        self._missing = _missing(book, slots)

    def stamp(self, book: Book) -> None:
        """Remember when symbols changed."""
        book.updates.stamp_many(self.columns, book.axis.ends_ns[self._rows], len(book.grid.symbols))

    def rows_of(self, slot: int) -> BarBatch | None:
        """Return the bars of one of the minutes, if it has any."""
        begin, end = self.edges[slot - self.slots.start], self.edges[slot - self.slots.start + 1]
        return self.batch.rows(begin, end) if end > begin else None

    def whole(self, slot: int, most: int) -> int:
        """Return of how many minutes from this one on nobody's bar is missing, so many at most."""
        if not self._missing:
            return most
        return next((count for count in range(most) if slot + count in self._missing), most)

    def told(self, slot: int, count: int) -> Sequence[Told]:
        """Return what is told of so many minutes from this one on, of each of which nobody's bar is missing."""
        first = slot - self.slots.start
        minutes = slice(first, first + count)
        if not self.tells_bars:
            return self._closings[minutes]
        edges, revisions = self.edges[first : first + count + 1], self._revisions[minutes].tolist()
        bars = [self.batch.rows(begin, end) for begin, end in itertools.pairwise(edges)]
        each = zip(range(slot, slot + count), bars, revisions, self._closings[minutes], strict=True)
        return [
            [replace(self._told, batch=batch, revision=revision), *self._derived.get(at, ()), closing]
            for at, batch, revision, closing in each
        ]

    def close_plain(self, book: Book, slots: slice) -> None:
        """Close the next minutes, of which no bar is missing; to do so twice is to do so once."""
        place = slots.stop - 1 - self.slots.start
        last, end = self.edges[place : place + 2]
        (received, accepted), revision = self._counted, int(self._revisions[place])
        if not self.tells_bars:
            book.untold = slots.stop - 1, self.batch, slice(last, end), revision
        book.ledger.received, book.ledger.accepted = received + end, accepted + end
        book.revision, book.closed = revision, slots.stop

    def close(self, book: Book, slot: int, batch: BarBatch | None) -> list[Event]:
        """Close the next minute, whose bars these are, and return what follows from it."""
        out: list[Event] = []
        if batch is not None:
            count, ledger = len(batch.start_ns), book.ledger
            ledger.received += count
            ledger.accepted += count
            book.revision += 1
            if self.tells_bars:
                out.append(replace(self._told, batch=batch, revision=book.revision))
        if not self.tells_bars:
            place = slot - self.slots.start
            book.untold = slot, self.batch, slice(*self.edges[place : place + 2]), book.revision
        elif slot in self._derived:
            out += self._derived[slot]
        book.closed = slot + 1
        if slot in self._missing:
            out += book.closing(slot, self._expected, *self._missing[slot])
        else:
            out.append(self._closings[slot - self.slots.start])
        return out

    def pass_by(self, book: Book, out: list[Event]) -> None:
        """Close all of them where nobody hears of it; put out what is missing, for that is asked for."""
        book.ledger.received += len(self.batch)
        book.ledger.accepted += len(self.batch)
        book.revision = int(self._revisions[-1])
        book.closed = self.slots.stop
        for slot, missing in sorted(self._missing.items()):
            out += book.closing(slot, len(book.grid.symbols), *missing)[1:]


def play(book: Book, batch: BarBatch, claim: Claim, out: list[Event]) -> bool:
    """Write the next minutes, up to the last that has a bar, and close each after its bars.

    Args:
        book: written to.
        batch: all that these minutes have.
        claim: who sends it.
        out: gets what follows, minute by minute.

    Returns:
        Whether nothing was in the way; if something was, nothing was done.
    """
    minutes = Minutes.found(book, batch)
    if minutes is None:
        return False
    minutes.write(book, claim)
    minutes.stamp(book)
    if not book.is_heard:
        minutes.pass_by(book, out)
        return True
    for slot in range(minutes.slots.start, minutes.slots.stop):
        out += minutes.close(book, slot, minutes.rows_of(slot))
    return True


def bars_of_latest(book: Book) -> list[Event]:
    """Return what is told of the bars of the minute that closed last, where it was not told then."""
    out: list[Event] = []
    if book.untold is None or book.untold[0] != book.closed - 1:
        return out
    slot, batch, rows, revision = book.untold
    if len(bars := batch.rows(rows.start, rows.stop)):
        out.append(BarsUpdated(interval=bars.interval, batch=bars, revision=revision))
    book.derived.tell_again(book.grid, slot, revision, out)
    return out


def fill(book: Book, batch: BarBatch, claim: Claim, now_ns: Nanos, out: list[Event]) -> bool:
    """Write bars into closed minutes that lack them, and repair the derived bars that they belong to.

    Returns:
        Whether nothing was in the way; if something was, nothing was done.
    """
    # Not columns_of_table, which remembers the tape's table: this one is of the symbols that were asked for.
    table = np.array([book.grid.columns.get(symbol, -1) for symbol in batch.symbols], dtype=np.int32)
    columns = table[batch.symbol_index]
    rows = _slots_of(book, batch, columns)
    if rows is None:
        return False
    if int(rows[-1]) >= book.closed or (book.grid.verdicts[rows, columns] >= FIRST_WITH_BAR).any():
        return False
    book.revision += 1
    book.grid.scatter(rows, columns, batch.values, _FILLED, claim, book.revision)
    book.ledger.received += len(batch)
    book.ledger.accepted += len(batch)
    book.stamp(columns, now_ns)
    edges = [0, *(np.flatnonzero(np.diff(rows)) + 1).tolist(), len(rows)]
    for begin, end in itertools.pairwise(edges):
        out.append(BarsUpdated(interval=batch.interval, batch=batch.rows(begin, end), revision=book.revision))
    book.derived.on_fill(book.grid, rows, columns, book.closed, book.revision, out)
    return True


def _slots_of(book: Book, batch: BarBatch, columns: Indices) -> Indices | None:
    """Return the slot of each bar; ``None`` where one has none, or no column, or something is in the way."""
    is_fit = batch.is_sane and batch.interval == book.axis.interval and len(batch) > 0
    if not is_fit or book.removed or book.has_grace or int(columns.min()) < 0:
        return None
    starts = book.axis.starts_ns
    is_head = np.ones(len(batch), dtype=np.bool_)
    np.not_equal(batch.start_ns[1:], batch.start_ns[:-1], out=is_head[1:])
    minutes = batch.start_ns[is_head]  # far fewer than bars
    slots = np.searchsorted(starts, minutes)
    if int(slots[-1]) >= len(starts) or (starts[slots] != minutes).any():
        return None
    found: Indices = slots.astype(np.int32)
    if len(minutes) < len(batch):
        found = np.repeat(found, np.diff(np.append(np.flatnonzero(is_head), len(batch))))
    return found


def _missing(book: Book, slots: slice) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return for each slot that lacks bars whose they are, and which of them are to be asked for."""
    symbols = book.grid.symbols
    verdicts = book.grid.verdicts[slots, : len(symbols)]
    if verdicts.min(initial=FIRST_WITH_BAR) >= FIRST_WITH_BAR:
        return {}
    rows, columns = np.nonzero(verdicts < FIRST_WITH_BAR)
    is_wanted = (verdicts[rows, columns] < _NO_TRADE).tolist()
    found: dict[int, tuple[list[str], list[str]]] = {}
    for row, column, wanted in zip(rows.tolist(), columns.tolist(), is_wanted, strict=True):
        names = found.setdefault(row + slots.start, ([], []))
        names[0].append(symbols[column])
        if wanted:
            names[1].append(symbols[column])
    return {slot: (tuple(missing), tuple(wanted)) for slot, (missing, wanted) in found.items()}
