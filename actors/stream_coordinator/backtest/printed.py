"""What a session was told, by what it came to know: as if it had all come from one feed, each bar when it did."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from messages.events import BarsArrived, TimeAdvanced
from messages.inboxes import Journaled
from messages.repairs import BarsFilled, GapAbandoned, NoTradeConfirmed
from messages.tables.columns import BarBatch, Mask, Prints, freeze
from messages.values import FIRST_WITH_BAR, SECOND_NS, Gap, Nanos, TradingSession, Verdict

Rows: TypeAlias = npt.NDArray[np.intp]

_SOURCE = "tape"


class Presence:
    """Counts who has a bar of each minute: one of which everybody has one closes before its time.

    Args:
        members: who was there at the opening; others join with their first bar.
    """

    def __init__(self, members: Iterable[str]) -> None:
        self._members = set(members)
        self._there: dict[Nanos, set[str]] = {}

    def completes(self, symbol: str, start_ns: Nanos) -> bool:
        """Take a bar; return whether everybody has one of its minute now."""
        self._members.add(symbol)
        there = self._there.setdefault(start_ns, set())
        there.add(symbol)
        return len(there) == len(self._members)


def told_of(prints: Prints, session: TradingSession) -> list[tuple[Nanos, Journaled]]:
    """Return what a session was told, in order, each with the time at which it was: to the second, what came as bars.

    What came in one second is told at once, when the last of it came; but nothing with what closed a minute that came
    after that.

    Args:
        prints: what it came to know.
        session: which.
    """
    told: list[tuple[Nanos, Journaled]] = []
    for first, last in itertools.pairwise(_edges(prints)):
        known_ns, kind = int(prints.known_ns[last - 1]), Verdict(int(prints.verdicts[first]))
        told += [(known_ns, message) for message in _told(prints, np.arange(first, last), known_ns, kind, session)]
    return told


def _edges(prints: Prints) -> list[int]:
    """Return where to cut the rows: between seconds, between verdicts, and after what completes a minute."""
    if not len(prints):
        return []
    seconds = prints.known_ns // SECOND_NS
    is_new: Mask = (np.diff(seconds) != 0) | (np.diff(prints.verdicts) != 0)
    edges = {0, len(prints), *(np.flatnonzero(is_new) + 1).tolist()}
    presence = Presence(prints.members)
    rows = zip(prints.names(), prints.start_ns.tolist(), (prints.verdicts >= FIRST_WITH_BAR).tolist(), strict=True)
    edges |= {
        row + 1 for row, (symbol, start, is_bar) in enumerate(rows) if is_bar and presence.completes(symbol, start)
    }
    return sorted(edges)


def _told(
    prints: Prints,
    rows: Rows,
    known_ns: Nanos,
    kind: Verdict,
    session: TradingSession,
) -> Iterator[Journaled]:
    match kind:
        case Verdict.NO_TRADE:
            yield NoTradeConfirmed(session_date=session.date, gaps=tuple(_gaps(prints, rows)), source=_SOURCE)
        case Verdict.ABANDONED:
            yield GapAbandoned(session_date=session.date, gaps=tuple(_gaps(prints, rows)), source=_SOURCE)
        case Verdict.FILLED:
            yield TimeAdvanced(now_ns=known_ns)  # a fill does not say when it came
            is_other = _replaces(prints, rows)
            for batch in _batches(prints, rows[~is_other]):
                yield BarsFilled(session_date=session.date, batch=batch, source=_SOURCE)
            for batch in _batches(prints, rows[is_other]):  # nobody doubts in a replay what came first
                yield BarsArrived(batch=batch, now_ns=known_ns, source=_SOURCE, is_correction=True)
        case _:
            if kind is Verdict.LATE:
                yield TimeAdvanced(now_ns=known_ns)  # its minute had closed, if only just
            is_correction = kind is Verdict.CORRECTED
            for batch in _batches(prints, rows):
                yield BarsArrived(batch=batch, now_ns=known_ns, source=_SOURCE, is_correction=is_correction)


def _replaces(prints: Prints, rows: Rows) -> Mask:
    """Return which of these bars take the place of one that was made of a part of its trades."""
    parts = np.flatnonzero(prints.verdicts == Verdict.IN_PART)
    cells = set(zip(prints.symbol_index[parts].tolist(), prints.start_ns[parts].tolist(), strict=True))
    keys = zip(prints.symbol_index[rows].tolist(), prints.start_ns[rows].tolist(), strict=True)
    return np.fromiter((key in cells for key in keys), dtype=np.bool_, count=len(rows))


def _gaps(prints: Prints, rows: Rows) -> Iterator[Gap]:
    span_ns = prints.interval.span_ns
    for row in rows.tolist():
        start_ns = int(prints.start_ns[row])
        symbol = prints.symbols[int(prints.symbol_index[row])]
        yield Gap(symbols=(symbol,), start_ns=start_ns, end_ns=start_ns + span_ns)


def _batches(prints: Prints, rows: Rows) -> Iterator[BarBatch]:
    """Yield bars that became known at once; those of a cell that became known twice one after the other."""
    while len(rows):
        order = rows[np.lexsort((rows, prints.symbol_index[rows], prints.start_ns[rows]))]
        starts, index = prints.start_ns[order], prints.symbol_index[order]
        is_first = np.concatenate([[True], (np.diff(starts) != 0) | (np.diff(index) != 0)])
        now = order[is_first]
        yield BarBatch(
            symbols=prints.symbols,
            symbol_index=freeze(prints.symbol_index[now]),
            start_ns=freeze(prints.start_ns[now]),
            values=freeze(prints.values[:, now]),
            interval=prints.interval,
        ).narrowed()  # its table names who will come
        rows = np.sort(order[~is_first])
