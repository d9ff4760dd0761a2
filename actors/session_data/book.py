"""The book of one session: its grid, how much of it is closed, and what has been made of it."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from actors.session_data.derived import DerivedBars
from actors.session_data.grid import Claim, Grid
from actors.session_data.ledger import Ledger
from actors.settings import SessionRules
from messages.base import Event
from messages.columns import CLOSE, FIELDS, HIGH, LOW, VOLUME, BarBatch, Floats, Indices, Mask, Stamps
from messages.events import BarsUpdated, GapDetected, MinuteClosed, SymbolsChanged
from messages.replies import SessionReport
from messages.values import FIRST_WITH_BAR, ONE_MINUTE, Bar, Gap, Nanos, TradingSession, Verdict

# Plain numbers: numpy asks an enum member five questions before it takes it for one.
_LATE, _STREAMED, _NO_TRADE = int(Verdict.LATE), int(Verdict.STREAMED), int(Verdict.NO_TRADE)


class Book:
    """Everything known about one session. Only ``SessionDataCore`` writes to it."""

    def __init__(self, session: TradingSession, symbols: Sequence[str], rules: SessionRules) -> None:
        self.session = session
        self.axis = SessionAxis(session)
        self.grid = Grid(self.axis, symbols, has_extra=rules.keep_extra)
        self.ledger = Ledger()
        self.closed = 0
        """Slots ``[0, closed)`` are closed."""
        self.revision = 0
        self.removed: set[str] = set()
        self.outside: dict[tuple[str, Nanos], Bar] = {}
        self._rules = rules
        capacity = self.grid.verdicts.shape[1]
        self.derived = DerivedBars(self.axis, rules.intervals, capacity)
        self.first_update_ns: Stamps = np.zeros(capacity, dtype=np.int64)
        self.last_update_ns: Stamps = np.zeros(capacity, dtype=np.int64)
        self._starts_ns: list[int] = self.axis.starts_ns.tolist()
        self._is_all_stamped = False
        self._table: tuple[str, ...] = ()
        self._columns_of_table: Indices = np.zeros(0, dtype=np.int32)
        self._is_in_order = False

    # --- symbols

    @property
    def symbols(self) -> list[str]:
        """The active symbols, sorted."""
        return sorted(symbol for symbol in self.grid.symbols if symbol not in self.removed)

    def active(self) -> Mask:
        """Return for each column whether its symbol is active."""
        return np.array([symbol not in self.removed for symbol in self.grid.symbols], dtype=np.bool_)

    def column(self, symbol: str) -> int | None:
        """Return the column of an active symbol."""
        return None if symbol in self.removed else self.grid.columns.get(symbol)

    def add(self, symbol: str) -> None:
        """Let a symbol join, or come back."""
        self.removed.discard(symbol)
        self.grid.add(symbol)
        capacity = self.grid.verdicts.shape[1]
        self.derived.widen(capacity)
        if len(self.first_update_ns) < capacity:
            spare = np.zeros(capacity - len(self.first_update_ns), dtype=np.int64)
            self.first_update_ns = np.concatenate([self.first_update_ns, spare])
            self.last_update_ns = np.concatenate([self.last_update_ns, spare])
        self._is_all_stamped = False
        self._table = ()

    def welcome(self, symbols: Sequence[str]) -> SymbolsChanged:
        """Let symbols join on first sight."""
        for symbol in symbols:
            self.add(symbol)
        return SymbolsChanged(added=tuple(symbols))

    def columns_of(self, batch: BarBatch) -> Indices | slice:
        """Return the columns of one minute's bars, -1 where a symbol is unknown; all columns as a slice."""
        if batch.symbols is not self._table:
            get = self.grid.columns.get
            self._columns_of_table = np.array([get(symbol, -1) for symbol in batch.symbols], dtype=np.int32)
            in_order = np.arange(len(batch.symbols), dtype=np.int32)
            self._is_in_order = bool(np.array_equal(self._columns_of_table, in_order))
            self._table = batch.symbols
        if self._is_in_order and len(batch) == len(self._table):
            return slice(0, len(batch))
        return self._columns_of_table[batch.symbol_index]

    # --- writing

    def write(
        self, slot: int, columns: Indices | slice, batch: BarBatch, claim: Claim, now_ns: Nanos, out: list[Event]
    ) -> None:
        """Write one minute's bars and put out what follows from it."""
        revision = self.revision + 1
        written = self.grid.write(
            slot, columns, batch.values, _LATE if slot < self.closed else _STREAMED, claim, revision
        )
        self.ledger.take(written)
        changed = written.changed
        if changed is not None:
            if not changed.any():
                return
            columns = columns_where(columns, changed)
            # As held: a bar that lost against a correction changes the verdict of its cell, not the values.
            batch = self.grid.minute(slot, columns)
        self.revision = revision
        self._stamp(columns, now_ns)
        out.append(BarsUpdated(interval=ONE_MINUTE, batch=batch, revision=revision, is_repair=written.is_repair))
        self.derived.on_write(self.grid, slot, columns, self.closed, revision, out)

    def keep_outside(self, batch: BarBatch) -> None:
        """Keep bars that lie in no segment: accepted, counted, never in the grid."""
        if not self._rules.keep_extra:
            batch = msgspec.structs.replace(batch, values=batch.values[: len(FIELDS)])
        for bar in batch.bars():
            key = (bar.symbol, bar.start_ns)
            if key in self.outside and _says_no_more(bar, self.outside[key]):
                self.ledger.duplicates += 1
            else:
                self.outside[key] = bar
                self.ledger.accepted += 1
                self.ledger.outside += 1

    def close_until(self, now_ns: Nanos, out: list[Event]) -> None:
        """Close every minute that ended ``grace`` before now, in order."""
        last_start_ns = now_ns - self._rules.grace_ns - self.axis.step_ns
        starts_ns = self._starts_ns
        while self.closed < len(starts_ns) and starts_ns[self.closed] <= last_start_ns:
            slot = self.closed
            self.closed += 1
            self._close(slot, out)

    def _close(self, slot: int, out: list[Event]) -> None:
        start_ns = self._starts_ns[slot]
        end_ns = start_ns + self.axis.step_ns
        verdicts = self.grid.verdicts[slot, : len(self.grid.symbols)]
        expected = len(verdicts) - len(self.removed)
        missing: tuple[str, ...] = ()
        wanted: tuple[str, ...] = ()
        # A look at the smallest verdict is a tenth of the cost of finding out who has which.
        if self.removed or verdicts.min(initial=_STREAMED) < FIRST_WITH_BAR:
            active = self.active()
            missing = self._names(active & (verdicts < FIRST_WITH_BAR))
            wanted = self._names(active & (verdicts < _NO_TRADE))
        self.derived.on_close(self.grid, slot, self.revision, out)
        out.append(
            MinuteClosed(
                start_ns=start_ns,
                end_ns=end_ns,
                present=expected - len(missing),
                expected=expected,
                missing=missing,
                is_complete=not missing,
            )
        )
        if wanted:
            self.ledger.gaps += 1
            gap = Gap(symbols=wanted, start_ns=start_ns, end_ns=end_ns)
            out.append(GapDetected(session_date=self.session.date, gap=gap))

    def _names(self, mask: Mask) -> tuple[str, ...]:
        symbols = self.grid.symbols
        return tuple(symbols[column] for column in np.flatnonzero(mask).tolist())

    def _stamp(self, columns: Indices | slice, now_ns: Nanos) -> None:
        self.last_update_ns[columns] = now_ns
        if not self._is_all_stamped:
            first = self.first_update_ns[columns]
            self.first_update_ns[columns] = np.where(first == 0, now_ns, first)
            self._is_all_stamped = bool(self.first_update_ns[: len(self.grid.symbols)].all())

    # --- sums

    def digest(self) -> str:
        """Return the digest: presence, fields and derived bars, symbols sorted; not how they came to be."""
        has_bar = self.grid.present()
        columns = [self.grid.columns[s] for s in self.symbols if has_bar[:, self.grid.columns[s]].any()]
        values = self.grid.values[:, : len(FIELDS)][:, :, columns]
        present = has_bar[:, columns]
        total = hashlib.blake2b(digest_size=16)
        total.update("\n".join([self.session.date, *(self.grid.symbols[c] for c in columns)]).encode())
        total.update(np.packbits(present).tobytes())
        total.update(_canonical(values))
        for interval in self._rules.intervals:
            derived, counts = fold(values, present, self.axis.edges(interval))
            total.update(_canonical(derived))
            total.update(counts.astype("<i4").tobytes())
        return total.hexdigest()

    def report(self) -> SessionReport:
        """Return what the session came to, regular minutes only."""
        symbols = self.symbols
        columns = [self.grid.columns[symbol] for symbol in symbols]
        count, regular = len(self.grid.symbols), self.axis.regular
        values = self.grid.values[regular]
        return SessionReport(
            session=self.session,
            symbols=tuple(symbols),
            bars=self.grid.present()[regular].sum(axis=0, dtype=np.int32)[columns],
            high=np.fmax.reduce(values[:, HIGH, :count], axis=0)[columns],
            low=np.fmin.reduce(values[:, LOW, :count], axis=0)[columns],
            volume=np.nansum(values[:, VOLUME, :count], axis=0)[columns],
            closed=max(min(self.closed, regular.stop) - regular.start, 0),
            intervals=self._rules.intervals,
            derived=np.array(
                [self.derived.count(series, count)[columns] for series in range(len(self._rules.intervals))],
                dtype=np.int32,
            ).reshape(len(self._rules.intervals), len(symbols)),
        )

    def check(self) -> None:
        """Assert what must always be true."""
        self.ledger.check()
        present = self.grid.present()
        closes = self.grid.values[:, CLOSE, : len(self.grid.symbols)]
        assert bool((np.isfinite(closes) == present).all()), "a bar without values, or values without a bar"


def columns_where(columns: Indices | slice, keep: Mask) -> Indices:
    """Return the columns for which ``keep`` is true."""
    if isinstance(columns, slice):
        return np.flatnonzero(keep).astype(np.int32)
    return columns[keep]


def _says_no_more(bar: Bar, held: Bar) -> bool:
    """Return whether a bar is the held one; a vwap or number of trades that it does not know does not count."""
    vwap = held.vwap if bar.vwap is None else bar.vwap
    trades = held.trades if bar.trades is None else bar.trades
    return msgspec.structs.replace(bar, vwap=vwap, trades=trades) == held


def _canonical(values: Floats) -> bytes:
    """Return the bytes of values with one NaN and one zero."""
    plain = values + 0.0  # -0.0 becomes 0.0
    plain[np.isnan(plain)] = np.nan
    return np.ascontiguousarray(plain, dtype="<f8").tobytes()
