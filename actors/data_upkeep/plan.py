"""Missing minutes, put together into requests; and what became of each of them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from actors.market.axis import SessionAxis
from actors.market.gaps import gaps_of
from messages.certificates import GapOutcome, GapStory
from messages.tables.columns import BarBatch, BarKeys, Mask, Stamps, freeze
from messages.values import Gap, Nanos

OUTCOMES = (GapOutcome.CLOSED, GapOutcome.NO_TRADE, GapOutcome.ABANDONED)


class Plan:
    """Minutes that are asked for with one request, until each of them has its verdict.

    Args:
        number: by which plans of equal due time are told apart.
        axis: of the session whose minutes they are.
        symbols: sorted.
        starts_ns: the minutes, ascending.
        wanted: minutes x symbols; which are missing.
        due_ns: when to ask first.
    """

    def __init__(
        self,
        number: int,
        axis: SessionAxis,
        symbols: tuple[str, ...],
        starts_ns: Stamps,
        wanted: Mask,
        due_ns: Nanos,
    ) -> None:
        self.number = number
        self.session = axis.session
        self.symbols = symbols
        self.starts_ns = starts_ns
        self.wanted = wanted
        self.open = wanted.copy()
        self.due_ns = due_ns
        self.attempts = 0
        """How often all sources were asked in vain, and one of them at least answered."""
        self.tries = 0
        """How often they were asked in vain, whether one answered or not."""
        self.is_answered = False
        """Whether a source has answered in this attempt."""
        self.is_parked = False
        """Whether it waits for a source that answers again."""
        self.is_urgent = False
        """Whether somebody waits for its verdicts: then an attempt counts that nobody answered."""
        self.calls = 0
        self.error = ""
        """How the last request that failed did."""
        self.source = 0
        """Whom to ask next, in this attempt."""
        self.is_asked = False
        """Whether a request for it is out, or waits for its turn."""
        self.is_second_call = False
        """Whether this source is asked again because it failed."""
        self._axis = axis
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

    @property
    def has_given_up(self) -> bool:
        """Whether minutes of it were given up."""
        return any(outcome is GapOutcome.ABANDONED for outcome, _, _ in self._settled)

    def missing(self) -> BarKeys:
        """Return what is still to be asked for; not nothing."""
        rows, columns = np.nonzero(self.open)
        present, index = np.unique(columns, return_inverse=True)
        return BarKeys(
            symbols=tuple(self.symbols[column] for column in present.tolist()),
            symbol_index=freeze(index.astype(np.int32)),
            start_ns=freeze(self.starts_ns[rows]),
        )

    @property
    def end_ns(self) -> Nanos:
        """When the last minute ends that has no verdict."""
        rows = np.flatnonzero(self.open.any(axis=1))
        return int(self.starts_ns[rows[-1]]) + self._axis.step_ns

    def cells_of(self, batch: BarBatch) -> tuple[Mask, Mask]:
        """Return which bars of a batch are still wanted, bar by bar, and the cells that they fill."""
        # A source's table may name its whole market.
        named = (
            range(len(batch.symbols)) if len(batch.symbols) <= len(batch) else np.unique(batch.symbol_index).tolist()
        )
        columns = np.full(len(batch.symbols), -1, dtype=np.int32)
        columns[named] = [self._columns.get(batch.symbols[number], -1) for number in named]
        column = columns[batch.symbol_index]
        row = np.searchsorted(self.starts_ns, batch.start_ns)
        row[row == len(self.starts_ns)] = 0
        hit = (column >= 0) & (self.starts_ns[row] == batch.start_ns) & (batch.interval == self.session.base_interval)
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

    def recalled(self) -> Mask:
        """Return the cells that have no bar and no word that there is none, and have nothing more to do with them."""
        cells = self.open.copy()
        for how in [how for how in self._settled if how[0] is GapOutcome.ABANDONED]:
            cells |= self._settled.pop(how)
        self.open = self.nothing()
        return cells

    def gaps(self, cells: Mask) -> tuple[Gap, ...]:
        """Return cells as gaps."""
        columns, rows = np.nonzero(cells.T)
        slots = self._axis.slots_of(self.starts_ns)[rows]
        return gaps_of(slots, columns, self._axis, self.symbols)

    def stories(self, now_ns: Nanos | None = None) -> list[GapStory]:
        """Return what became of its minutes; with a time as well what is open at that time."""
        settled = list(self._settled.items())
        if now_ns is not None and self.open.any():
            settled.append(((GapOutcome.OPEN, now_ns, ""), self.open))
        return [
            GapStory(
                symbols=gap.symbols,
                start_ns=gap.start_ns,
                end_ns=gap.end_ns,
                detected_ns=gap.start_ns + self._axis.step_ns,
                settled_ns=settled_ns,
                attempts=self.calls,
                source=source,
                outcome=outcome,
                error=self.error,
            )
            for (outcome, settled_ns, source), cells in settled
            for gap in self.gaps(cells)
        ]


def clustered(
    missing: Mapping[Nanos, Sequence[str]], within_ns: Nanos | None, step_ns: Nanos, most_symbols: int | None
) -> list[tuple[tuple[str, ...], Stamps, Mask]]:
    """Put missing minutes together into requests.

    Minutes less than ``within_ns`` apart are one request, for all symbols that miss any of them: the same minutes
    missing for many symbols are one request and not a thousand.

    Args:
        missing: for each minute the symbols that lack it.
        within_ns: how near two gaps must be; ``None``: they may be any distance apart.
        step_ns: the length of a minute.
        most_symbols: as many as a source takes at once; ``None``: any number.

    Returns:
        For each request its symbols, its minutes, and which of them are wanted, minutes x symbols.
    """
    requests: list[tuple[tuple[str, ...], Stamps, Mask]] = []
    starts = np.array(sorted(missing), dtype=np.int64)
    lacking = [missing[start_ns] for start_ns in starts.tolist()]
    everybody = sorted(set().union(*lacking))
    place = {symbol: number for number, symbol in enumerate(everybody)}
    plane = np.zeros((len(starts), len(everybody)), dtype=np.bool_)
    rows = np.repeat(np.arange(len(starts)), [len(symbols) for symbols in lacking])
    plane[rows, [place[symbol] for symbols in lacking for symbol in symbols]] = True
    size = most_symbols or max(len(everybody), 1)
    for first in range(0, len(everybody), size):
        chunk = plane[:, first : first + size]
        rows = np.flatnonzero(chunk.any(axis=1))
        for run in [rows] if within_ns is None else _near(rows, starts, step_ns + max(within_ns, 1)):
            columns = np.flatnonzero(chunk[run].any(axis=0))
            symbols = tuple(everybody[first + column] for column in columns.tolist())
            requests.append((symbols, starts[run], chunk[run[:, np.newaxis], columns]))
    return requests


def _near(rows: Stamps, starts_ns: Stamps, apart_ns: Nanos) -> list[Stamps]:
    """Return rows in groups, a new one where a minute starts ``apart_ns`` after the one before or later."""
    return np.split(rows, np.flatnonzero(np.diff(starts_ns[rows]) >= apart_ns) + 1)
