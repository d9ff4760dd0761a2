"""Missing minutes, put together into requests; and what became of each of them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from actors.market.axis import SessionAxis
from actors.market.gaps import find_gaps
from messages.certificates import GapOutcome, GapStory
from messages.columns import BarBatch, Mask, Stamps
from messages.values import Gap, Nanos, TradingSession

OUTCOMES = (GapOutcome.CLOSED, GapOutcome.NO_TRADE, GapOutcome.ABANDONED)


class Plan:
    """Minutes that are asked for with one request, until each of them has its verdict.

    Args:
        number: by which plans of equal due time are told apart.
        session: whose minutes they are.
        symbols: sorted.
        starts_ns: the minutes, ascending.
        wanted: minutes x symbols; which are missing.
        due_ns: when to ask first.
    """

    def __init__(
        self,
        number: int,
        session: TradingSession,
        symbols: tuple[str, ...],
        starts_ns: Stamps,
        wanted: Mask,
        due_ns: Nanos,
    ) -> None:
        self.number = number
        self.session = session
        self.symbols = symbols
        self.starts_ns = starts_ns
        self.wanted = wanted
        self.open = wanted.copy()
        self.due_ns = due_ns
        self.attempts = 0
        """How often all sources were asked in vain."""
        self.calls = 0
        self.source = 0
        """Whom to ask next, in this attempt."""
        self.is_asked = False
        """Whether a request for it is out, or waits for its turn."""
        self.is_second_call = False
        """Whether this source is asked again because it failed."""
        self._axis = SessionAxis(session)
        self._columns = {symbol: column for column, symbol in enumerate(symbols)}
        self._settled: dict[tuple[GapOutcome, Nanos, str], Mask] = {}

    @property
    def date(self) -> str:
        """The session's date."""
        return self.session.date

    @property
    def is_over(self) -> bool:
        """Whether every minute has its verdict."""
        return not self.open.any()

    def request(self) -> tuple[tuple[str, ...], Nanos, Nanos]:
        """Return what is still to be asked for: symbols, and from when until when."""
        rows = np.flatnonzero(self.open.any(axis=1))
        names = tuple(self.symbols[column] for column in np.flatnonzero(self.open.any(axis=0)).tolist())
        return names, int(self.starts_ns[rows[0]]), int(self.starts_ns[rows[-1]]) + self._axis.step_ns

    def cells_of(self, batch: BarBatch) -> tuple[Mask, Mask]:
        """Return which bars of a batch are still wanted, bar by bar, and the cells that they fill."""
        columns = np.full(len(batch.symbols), -1, dtype=np.int32)
        for number in np.unique(batch.symbol_index).tolist():  # a source's table may name its whole market
            columns[number] = self._columns.get(batch.symbols[number], -1)
        column = columns[batch.symbol_index]
        row = np.searchsorted(self.starts_ns, batch.start_ns)
        row[row == len(self.starts_ns)] = 0
        hit = (column >= 0) & (self.starts_ns[row] == batch.start_ns)
        hit[hit] = self.open[row[hit], column[hit]]
        cells = self.nothing()
        cells[row[hit], column[hit]] = True
        return hit, cells

    def cells_within(self, gaps: Iterable[Gap]) -> Mask:
        """Return the open cells that lie in these gaps."""
        cells = self.nothing()
        for gap in gaps:
            rows = slice(*np.searchsorted(self.starts_ns, (gap.start_ns, gap.end_ns)).tolist())
            cells[rows, [self._columns[symbol] for symbol in gap.symbols if symbol in self._columns]] = True
        return cells & self.open

    def nothing(self) -> Mask:
        """Return no cell at all."""
        return np.zeros_like(self.open)

    def forget(self, symbols: frozenset[str]) -> None:
        """Ask for these symbols no more; there is nothing to tell of them."""
        self.open[:, [self._columns[symbol] for symbol in symbols if symbol in self._columns]] = False

    def settle(self, cells: Mask, outcome: GapOutcome, now_ns: Nanos, source: str) -> Mask:
        """Give open cells their outcome; return which of them were open."""
        cells = cells & self.open
        if cells.any():
            self.open &= ~cells
            how = (outcome, now_ns, source)
            self._settled[how] = cells | self._settled.get(how, cells)
        return cells

    def gaps(self, cells: Mask) -> tuple[Gap, ...]:
        """Return cells as gaps."""
        rows = self._axis.slots_of(self.starts_ns)
        present = np.flatnonzero(cells.any(axis=0))
        plane = np.zeros((self._axis.slots, len(present)), dtype=np.bool_)
        plane[rows] = cells[:, present]
        return find_gaps(plane, self._axis, [self.symbols[column] for column in present.tolist()])

    def stories(self) -> list[GapStory]:
        """Return what became of its minutes."""
        return [
            GapStory(
                symbols=gap.symbols,
                start_ns=gap.start_ns,
                end_ns=gap.end_ns,
                detected_ns=gap.start_ns + self._axis.step_ns,
                settled_ns=now_ns,
                attempts=self.calls,
                source=source,
                outcome=outcome,
            )
            for (outcome, now_ns, source), cells in self._settled.items()
            for gap in self.gaps(cells)
        ]


def clustered(
    missing: Mapping[Nanos, Sequence[str]], within_ns: Nanos, step_ns: Nanos, most_symbols: int | None
) -> list[tuple[tuple[str, ...], Stamps, Mask]]:
    """Put missing minutes together into requests.

    Minutes less than ``within_ns`` apart are one request, for all symbols that miss any of them: the same minutes
    missing for many symbols are one request and not a thousand.

    Args:
        missing: for each minute the symbols that lack it.
        within_ns: how near two gaps must be.
        step_ns: the length of a minute.
        most_symbols: as many as a source takes at once; ``None``: any number.

    Returns:
        For each request its symbols, its minutes, and which of them are wanted, minutes x symbols.
    """
    requests: list[tuple[tuple[str, ...], Stamps, Mask]] = []
    everybody = sorted({symbol for symbols in missing.values() for symbol in symbols})
    place = {symbol: number for number, symbol in enumerate(everybody)}
    starts = np.array(sorted(missing), dtype=np.int64)
    plane = np.zeros((len(starts), len(everybody)), dtype=np.bool_)
    for row, start_ns in enumerate(starts.tolist()):
        plane[row, [place[symbol] for symbol in missing[start_ns]]] = True
    size = most_symbols or max(len(everybody), 1)
    for first in range(0, len(everybody), size):
        chunk = plane[:, first : first + size]
        rows = np.flatnonzero(chunk.any(axis=1))
        breaks = np.flatnonzero(np.diff(starts[rows]) - step_ns >= max(within_ns, 1)) + 1
        for run in np.split(rows, breaks):
            columns = np.flatnonzero(chunk[run].any(axis=0))
            symbols = tuple(everybody[first + column] for column in columns.tolist())
            requests.append((symbols, starts[run], chunk[np.ix_(run, columns)]))
    return requests
