"""A store as an upstream: what one store lacks another may have."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from actors.kernel.ports import BarStore, SourceAnswer
from actors.kernel.prints import untraded_in
from actors.market.coarser import coarser, is_finer, whole_runs
from messages.tables.columns import BarBatch, BarKeys, Indices, Stamps, freeze
from messages.values import Gap, Nanos, TradingSession, Verdict

_DAYS_HELD = 2
"""The day at hand, and the next one."""
_HELD_S = 30.0
"""Seconds of real time after which a day is read anew: somebody may be writing to it."""


class HeldDay:
    """A day that was read, until a moment of ``time.monotonic``.

    Args:
        bars: sorted.
        no_trade: what was never traded, of one symbol each.
        until: when to read it anew.
    """

    def __init__(self, bars: BarBatch, no_trade: tuple[Gap, ...], until: float) -> None:
        self.bars = bars
        self.no_trade = no_trade
        self.until = until
        self._numbers = {symbol: number for number, symbol in enumerate(bars.symbols)}
        self._keys = self._keys_of(bars.start_ns, bars.symbol_index)

    def _keys_of(self, starts_ns: Stamps, numbers: Indices) -> Stamps:
        """Return what bars are sorted by, as one number each."""
        first_ns = self.bars.start_ns[0] if len(self.bars) else 0
        minutes: Stamps = (starts_ns - first_ns) // self.bars.interval.span_ns
        return minutes * len(self._numbers) + numbers

    def pick(self, missing: BarKeys) -> BarBatch:
        """Return the bars that are there of those that are missing."""
        bars = self.bars
        if len(bars) == 0:
            return bars
        numbers = np.array([self._numbers.get(symbol, -1) for symbol in missing.symbols], dtype=np.int32)
        number = numbers[missing.symbol_index]
        rows = np.searchsorted(self._keys, self._keys_of(missing.start_ns, number))
        rows[rows == len(bars)] = 0
        found = np.flatnonzero((bars.start_ns[rows] == missing.start_ns) & (bars.symbol_index[rows] == number))
        rows = rows[found]
        return BarBatch(
            symbols=missing.symbols,
            symbol_index=freeze(missing.symbol_index[found]),
            start_ns=freeze(missing.start_ns[found]),
            values=freeze(bars.values[:, rows]),
            interval=bars.interval,
        )

    def no_trade_of(self, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> tuple[Gap, ...]:
        """Return what is known never to have traded, of some symbols between two instants."""
        wanted = frozenset(symbols)
        return tuple(
            Gap(symbols=gap.symbols, start_ns=max(gap.start_ns, start_ns), end_ns=min(gap.end_ns, end_ns))
            for gap in self.no_trade
            if gap.symbols[0] in wanted and gap.start_ns < end_ns and gap.end_ns > start_ns
        )


class StoreSource:
    """Answers from the days of a store; what their certificates call NO_TRADE it confirms.

    So it does with what was found untraded of a day while that ran.

    Args:
        store: whose days.
        name: who it is, in verdicts and certificates.
        is_authoritative: whether a minute that it lacks was never traded.
    """

    most_symbols: int | None = None
    delay_ns: Nanos = 0

    def __init__(self, store: BarStore, name: str, *, is_authoritative: bool = False) -> None:
        self.name = name
        self.is_authoritative = is_authoritative
        self._store = store
        self._held: OrderedDict[tuple[str, str], HeldDay] = OrderedDict()
        self._lock = Lock()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Return what the store has."""
        day = self._day(session)
        wanted = frozenset(symbols)
        no_trade = day.no_trade_of(symbols, start_ns, end_ns)
        first, last = np.searchsorted(day.bars.start_ns, (start_ns, end_ns)).tolist()
        bars = day.bars.rows(first, last)
        return SourceAnswer(bars=bars if wanted.issuperset(bars.symbols) else bars.only(wanted), no_trade=no_trade)

    def holds(self, session: TradingSession, symbols: Sequence[str] = ()) -> bool:  # noqa: ARG002  # it has all or none
        """Return whether a day is in memory."""
        return self._fresh(session) is not None

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Return what the store has of these bars."""
        day = self._day(session)
        end_ns = int(missing.start_ns[-1]) + session.base_interval.span_ns
        no_trade = day.no_trade_of(missing.symbols, int(missing.start_ns[0]), end_ns)
        return SourceAnswer(bars=day.pick(missing), no_trade=no_trade)

    def read_ahead(self, session: TradingSession, symbols: Sequence[str] = ()) -> None:  # noqa: ARG002  # all cost as much
        """Have the day of a session in memory before it is asked for."""
        self._day(session)

    def close(self) -> None:
        """Close the store."""
        self._held.clear()
        self._store.close()

    def _day(self, session: TradingSession) -> HeldDay:
        if (held := self._fresh(session)) is not None:
            return held  # without waiting for who reads another day
        with self._lock:  # one reads, the others wait for what it read
            if (held := self._fresh(session)) is None:
                held = self._held[session.calendar, session.date] = self._read(session)
                while len(self._held) > _DAYS_HELD:
                    self._held.popitem(last=False)
            return held

    def _fresh(self, session: TradingSession) -> HeldDay | None:
        held = self._held.get((session.calendar, session.date))
        return None if held is None or held.until < time.monotonic() else held

    def _read(self, session: TradingSession) -> HeldDay:
        day = self._store.read(session.calendar, session.date)
        certificate = self._store.certificate(session.calendar, session.date)
        found = untraded_in(self._store, session.calendar, session.date)
        runs = whole_runs((*found, *(() if certificate is None else certificate.runs)), session.base_interval)
        gaps = [
            Gap(symbols=(run.symbol,), start_ns=run.start_ns, end_ns=run.end_ns)
            for run in runs
            if run.verdict is Verdict.NO_TRADE
        ]
        bars = BarBatch.of(()) if day is None else day.bars
        if day is not None and is_finer(bars.interval, session.base_interval):
            bars, _ = coarser(bars, day.verdicts, session)
        return HeldDay(bars, tuple(gaps), time.monotonic() + _HELD_S)
