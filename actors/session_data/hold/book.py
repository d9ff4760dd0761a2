"""The book of one session: its grid, how much of it is closed, and what has been made of it."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from actors.market.axis import axis_of
from actors.market.digest import digest
from actors.market.gaps import find_gaps
from actors.session_data.hold.derived import DerivedBars
from actors.session_data.hold.grid import Claim, Grid, columns_where
from actors.session_data.hold.halts import Halts
from actors.session_data.hold.known import Known
from actors.session_data.hold.ledger import Ledger
from actors.session_data.hold.marking import mark_cells
from actors.session_data.hold.recorded import Recorded
from actors.session_data.hold.senders import Senders
from actors.session_data.hold.updates import Updates
from actors.settings import SessionRules
from messages.base import Event
from messages.events import BarsUpdated, GapDetected, MinuteClosed, SymbolsChanged
from messages.repairs import GapNarrowed
from messages.tables.columns import CLOSE, FIELDS, BarBatch, BarVerdicts, Indices, Mask
from messages.values import FIRST_WITH_BAR, Bar, Gap, Nanos, TradingSession, Verdict, VerdictRun

# Plain numbers: numpy asks an enum member five questions before it takes it for one.
_LATE, _STREAMED, _NO_TRADE = int(Verdict.LATE), int(Verdict.STREAMED), int(Verdict.NO_TRADE)
_FILLED, _IN_PART = int(Verdict.FILLED), int(Verdict.IN_PART)


class Book:
    """Everything known about one session. Only ``SessionDataCore`` writes to it."""

    def __init__(
        self,
        session: TradingSession,
        symbols: Sequence[str],
        rules: SessionRules,
        halts: Halts,
        unseen: Iterable[str] = (),
        spare: Grid | None = None,
    ) -> None:
        self.session = session
        self.halts = halts
        self.axis = axis_of(session)
        self.grid = Grid(self.axis, symbols, has_extra=rules.keep_extra, spare=spare)
        self.ledger = Ledger()
        self.closed = 0
        """Slots ``[0, closed)`` are closed."""
        self.revision = 0
        self.has_ended = False
        """Whether the close of the session was told."""
        self.is_heard = True
        """Whether anybody hears of whole minutes; else they need not be put into words."""
        self.tells_bars = True
        """Whether anybody hears of their bars."""
        self.untold: tuple[int, BarBatch, slice, int] | None = None
        """Of the last minute whose bars were not told: its slot, which rows they are of a batch, and the revision."""
        self.unseen: set[str] = set(unseen)
        """Of these the tape has bars, but nobody knows them yet: they join with their first one."""
        self.removed: set[str] = set(unseen)
        """Who has a column and is not active; ``welcome`` and ``dismiss`` change it."""
        self._symbols: tuple[str, ...] | None = None
        self._everybody: slice | Indices | None = None
        self.newcomers: list[str] = []
        """Who has joined since somebody looked."""
        self.catching_up: dict[str, int] = {}
        """Who lacks minutes that were over when it joined, and how many slots that were."""
        self.has_parts = False
        """Whether bars have been found to be made of a part of their trades."""
        self.catch_up_before = 0
        """Nobody waits for minutes of slots before this: somebody joined when they were over."""
        self.outside: dict[tuple[str, Nanos], Bar] = {}
        self._rules = rules
        capacity = self.grid.verdicts.shape[1]
        self.derived = DerivedBars(self.axis, rules.intervals, capacity)
        self.updates = Updates(capacity)
        self._starts_ns = self.axis.plain_starts_ns
        self._table = tuple(symbols)  # that of the tape, as a rule
        self._columns_of_table: Indices = np.arange(len(symbols), dtype=np.int32)
        self._is_in_order = True
        self.recorded = Recorded(self.axis)
        self._known = Known()

    def recall(self, runs: Sequence[VerdictRun], senders: Senders, bars: BarVerdicts | None = None) -> None:
        """Remember what an earlier run of this day found out about minutes without a bar; told when they close.

        And how its ``bars`` came, which is told when they come again.
        """
        if bars is not None:
            self.recorded.remember(bars, self.grid)
        if runs:
            self._known.remember(runs, self.grid, senders)
            # Not for what is known of minutes to come: that there is anything nobody may learn before.
            self.revision += self.recall_many(slice(0, self.closed))

    # --- symbols

    @property
    def symbols(self) -> tuple[str, ...]:
        """The active symbols, sorted; the same object until one joins or leaves."""
        if self._symbols is None:
            self._symbols = tuple(sorted(symbol for symbol in self.grid.symbols if symbol not in self.removed))
        return self._symbols

    @property
    def everybody(self) -> slice | Indices:
        """The columns of the active symbols, in their order; a slice where they are all there are, in that order."""
        if self._everybody is None:
            columns = [self.grid.columns[symbol] for symbol in self.symbols]
            is_in_order = columns == list(range(len(self.grid.symbols)))
            self._everybody = slice(0, len(columns)) if is_in_order else np.array(columns, dtype=np.int32)
        return self._everybody

    def active(self) -> Mask:
        """Return for each column whether its symbol is active."""
        return np.array([symbol not in self.removed for symbol in self.grid.symbols], dtype=np.bool_)

    def column(self, symbol: str) -> int | None:
        """Return the column of an active symbol."""
        return None if symbol in self.removed else self.grid.columns.get(symbol)

    def welcome(self, symbols: Sequence[str]) -> SymbolsChanged:
        """Let symbols join, or come back."""
        for symbol in symbols:
            self.grid.add(symbol)
        self.removed.difference_update(symbols)
        self.unseen.difference_update(symbols)
        self._symbols = self._everybody = None
        capacity = self.grid.verdicts.shape[1]
        self.derived.widen(capacity)
        self.recorded.widen(capacity)
        self.updates.widen(capacity)
        self._table = ()
        self.newcomers += symbols
        return SymbolsChanged(added=tuple(symbols))

    def reveal(self) -> list[Event]:
        """The session is over: let those join of whom no bar has come, and say what they lack."""
        symbols = tuple(sorted(self.unseen))
        return [self.welcome(symbols), *self.gaps_before(symbols)] if symbols else []

    def derived_before(self, symbols: Sequence[str]) -> list[Event]:
        """Return the derived bars that ended while these symbols were away."""
        out: list[Event] = []
        columns: Indices = np.array([self.grid.columns[symbol] for symbol in symbols], dtype=np.int32)
        self.derived.on_return(self.grid, columns, self.closed, self.revision, out)
        return out

    def dismiss(self, symbols: Sequence[str]) -> None:
        """Let symbols leave; their columns stay."""
        self.removed.update(symbols)
        self._symbols = self._everybody = None
        for symbol in symbols:
            self.catching_up.pop(symbol, None)

    def gaps_before(self, symbols: Sequence[str]) -> list[GapDetected]:
        """Return the minutes that closed without these symbols, before they joined."""
        gaps = self._lacking(symbols)
        self.ledger.gaps += len(gaps)
        return gaps

    def missing(self) -> list[GapDetected]:
        """Return what has been missing and is still, of every active symbol."""
        return self._lacking(self.symbols)

    def _lacking(self, symbols: Sequence[str]) -> list[GapDetected]:
        missing = np.zeros((self.axis.slots, len(symbols)), dtype=np.bool_)
        columns = [self.grid.columns[symbol] for symbol in symbols]
        missing[: self.closed] = self.grid.verdicts[: self.closed, columns] < _NO_TRADE
        missing |= self.grid.verdicts[:, columns] == _IN_PART
        gaps = find_gaps(missing, self.axis, symbols)
        return [GapDetected(session_date=self.session.date, gap=gap, is_catch_up=True) for gap in gaps]

    def columns_of(self, batch: BarBatch) -> Indices | slice:
        """Return the columns of one minute's bars, -1 where a symbol is unknown; all columns as a slice."""
        columns = self.columns_of_table(batch.symbols)
        if self._is_in_order and len(batch) == len(self._table):
            return slice(0, len(batch))
        return columns[batch.symbol_index]

    def columns_of_table(self, symbols: tuple[str, ...]) -> Indices:
        """Return the column of each symbol of a table, -1 where one is unknown."""
        if symbols is not self._table:
            get = self.grid.columns.get
            self._columns_of_table = np.array([get(symbol, -1) for symbol in symbols], dtype=np.int32)
            in_order = np.arange(len(symbols), dtype=np.int32)
            self._is_in_order = bool(np.array_equal(self._columns_of_table, in_order))
            self._table = symbols
        return self._columns_of_table

    @property
    def last_slot(self) -> int:
        """No slot after this one has a bar."""
        latest, closed = self.derived.latest, self.closed
        return latest if latest >= closed else closed - 1

    # --- writing

    def end_of(self, slot: int) -> Nanos:
        """Return the end of a slot."""
        return self._starts_ns[slot] + self.axis.step_ns

    def write(
        self,
        slot: int,
        columns: Indices | slice,
        batch: BarBatch,
        claim: Claim,
        now_ns: Nanos,
        out: list[Event],
        *,
        is_fill: bool = False,
    ) -> None:
        """Write one minute's bars and put out what follows from it; of a fill, what was missing is not news."""
        revision = self.revision + 1
        is_late = slot < self.closed
        was_missing = None if is_fill or claim.is_part else self._were_asked_for(slot, columns)
        given = _IN_PART if claim.is_part else _FILLED if is_fill else _LATE if is_late else _STREAMED
        verdict = self.recorded.verdicts(slot, columns, claim, given)
        written = self.grid.write(slot, columns, batch.values, verdict, claim, revision)
        self.ledger.take(written)
        self.ledger.corrections += written.accepted if claim.is_correction else 0
        narrowed = self._narrowed(slot, columns, was_missing, claim)
        changed = written.changed
        if changed is not None:
            if not changed.any():
                return
            columns = columns_where(columns, changed)
            # As held: a bar that lost against a correction changes the verdict of its cell, not the values.
            batch = self.grid.minute(slot, columns)
        self.revision = revision
        self.stamp(columns, now_ns)
        out.append(BarsUpdated(interval=batch.interval, batch=batch, revision=revision, is_repair=written.is_repair))
        self.derived.on_write(self.grid, slot, columns, self.closed, revision, out)
        out += narrowed

    def _were_asked_for(self, slot: int, columns: Indices | slice) -> Mask | None:
        """Return which of a minute's bars somebody may have been asked for, if any."""
        if slot >= self.closed and not self.has_parts:
            return None
        held = self.grid.verdicts[slot, columns]
        asked: Mask = held == _IN_PART if slot >= self.closed else (held < FIRST_WITH_BAR) | (held == _IN_PART)
        return asked

    def withdraw(self, slot: int, columns: Indices, claim: Claim, now_ns: Nanos, out: list[Event]) -> None:
        """Take one minute's bars of one sender out, and put out what follows from it."""
        revision = self.revision + 1
        gone = self.grid.withdraw(slot, columns, claim, revision)
        self.revision = revision
        if len(gone):
            self.stamp(gone, now_ns)
            out.append(self.grid.withdrawn(slot, gone, revision))
            self.derived.on_withdrawal(self.grid, slot, gone, self.closed, revision, out)

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

    def _narrowed(
        self, slot: int, columns: Indices | slice, was_missing: Mask | None, claim: Claim
    ) -> list[GapNarrowed]:
        """Say which minutes are no longer missing."""
        if was_missing is None or not was_missing.any():
            return []
        symbols = tuple(self.grid.symbols[column] for column in columns_where(columns, was_missing).tolist())
        gap = Gap(symbols=symbols, start_ns=self._starts_ns[slot], end_ns=self.end_of(slot))
        return [GapNarrowed(session_date=self.session.date, gap=gap, source=claim.source)]

    def mark(self, gaps: Sequence[Gap], verdict: Verdict, sender: int) -> None:
        """Give minutes without a bar a verdict, where theirs says less."""
        self.revision += 1
        mark_cells(self.grid, gaps, verdict, sender)

    def close_until(self, now_ns: Nanos, out: list[Event]) -> None:
        """Close every minute that ended ``grace`` before now, in order."""
        last_ended_ns = now_ns - self.axis.step_ns
        deadline_ns = last_ended_ns - self._rules.grace_ns
        starts_ns = self._starts_ns
        while self.closed < len(starts_ns):
            slot, start_ns = self.closed, starts_ns[self.closed]
            if start_ns > deadline_ns and not (start_ns <= last_ended_ns and self._is_complete(slot)):
                return
            self.closed += 1
            self._close(slot, out)

    def _is_complete(self, slot: int) -> bool:
        """Whether every active symbol has its bar of a minute; where there is none yet, one may be on its way."""
        verdicts = self.grid.verdicts[slot, : len(self.grid.symbols)]
        return len(verdicts) > len(self.removed) and bool(
            (verdicts >= FIRST_WITH_BAR).all(where=self.active() if self.removed else True)
        )

    def _close(self, slot: int, out: list[Event]) -> None:
        verdicts = self.grid.verdicts[slot, : len(self.grid.symbols)]
        expected = len(verdicts) - len(self.removed)
        missing: tuple[str, ...] = ()
        wanted: tuple[str, ...] = ()
        # A look at the smallest verdict is a tenth of the cost of finding out who has which.
        if self.removed or verdicts.min(initial=_STREAMED) < FIRST_WITH_BAR:
            active = self.active()
            self.recall_many(slice(slot, slot + 1))
            halted = self.halts.mark(self.grid, self._starts_ns, slot)
            missing = self._names(active & (verdicts < FIRST_WITH_BAR))
            wanted = self._names(active & (verdicts < _NO_TRADE))
            for gap, sender in halted:  # in part: there may be a bar all the same, so it is asked for
                mark_cells(self.grid, [gap], Verdict.NO_TRADE, sender)
        self.derived.on_close(self.grid, slot, None if not self.removed else self.active(), self.revision, out)
        out += self.closing(slot, expected, missing, wanted)

    def closing(self, slot: int, expected: int, missing: tuple[str, ...], wanted: tuple[str, ...]) -> list[Event]:
        """Return what is told when a minute closes: of how many symbols which lack a bar, and whose is asked for."""
        (closed,) = self.closed_whole(slice(slot, slot + 1), expected)
        if missing:
            present = expected - len(missing)
            closed = msgspec.structs.replace(closed, present=present, missing=missing, is_complete=False)
        if not wanted:
            return [closed]
        self.ledger.gaps += 1
        gap = Gap(symbols=wanted, start_ns=closed.start_ns, end_ns=closed.end_ns)
        is_catch_up = slot < self.catch_up_before
        return [closed, GapDetected(session_date=self.session.date, gap=gap, is_catch_up=is_catch_up)]

    def closed_whole(self, slots: slice, expected: int) -> list[MinuteClosed]:
        """Return what is told of minutes that have closed with a bar of each of so many symbols."""
        tz, step_ns = self.session.tz, self.axis.step_ns
        return [
            MinuteClosed(start_ns=start_ns, end_ns=start_ns + step_ns, present=expected, expected=expected, tz=tz)
            for start_ns in self._starts_ns[slots]
        ]

    def recall_many(self, slots: slice) -> bool:
        """Let minutes that close have what an earlier run of this day knew of them; return whether it knew any."""
        return self._known.tell(self.grid, slots)

    @property
    def has_grace(self) -> bool:
        """Whether minutes stay open after their end."""
        return self._rules.grace_ns > 0

    def _names(self, mask: Mask) -> tuple[str, ...]:
        symbols = self.grid.symbols
        return tuple(symbols[column] for column in np.flatnonzero(mask).tolist())

    def stamp(self, columns: Indices | slice, now_ns: Nanos) -> None:
        """Remember when symbols changed."""
        self.updates.stamp(columns, len(self.grid.symbols), now_ns)

    # --- sums

    def digest(self) -> str:
        """Return the digest: presence, fields and derived bars, symbols sorted; not how they came to be."""
        columns = [self.grid.columns[symbol] for symbol in self.symbols]
        values, present = self.grid.values[:, :, columns], self.grid.present()[:, columns]
        return digest(self.session.date, self.symbols, values, present, self.axis, self._rules.intervals)

    def check(self) -> None:
        """Assert what must always be true."""
        self.ledger.check()
        present = self.grid.present()
        closes = self.grid.values[:, CLOSE, : len(self.grid.symbols)]
        assert bool((np.isfinite(closes) == present).all()), "a bar without values, or values without a bar"


def _says_no_more(bar: Bar, held: Bar) -> bool:
    """Return whether a bar is the held one; a vwap or number of trades that it does not know does not count."""
    vwap = held.vwap if bar.vwap is None else bar.vwap
    trades = held.trades if bar.trades is None else bar.trades
    return msgspec.structs.replace(bar, vwap=vwap, trades=trades) == held
