"""A store as an upstream: what one store lacks another may have."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import msgspec
import numpy as np

from actors.kernel.ports import BarStore, SourceAnswer
from messages.columns import BarBatch
from messages.values import Gap, Nanos, TradingSession, Verdict

_DAYS_HELD = 2
"""The day at hand, and the next one."""
_HELD_S = 30.0
"""Seconds of real time after which a day is read anew: somebody may be writing to it."""


class _HeldDay(msgspec.Struct, frozen=True):
    bars: BarBatch | None
    no_trade: tuple[Gap, ...]
    until: float


class StoreSource:
    """Answers from the days of a store; what their certificates call NO_TRADE it confirms.

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
        self._held: OrderedDict[tuple[str, str], _HeldDay] = OrderedDict()
        self._lock = Lock()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Return what the store has."""
        day = self._day(session)
        wanted = frozenset(symbols)
        no_trade = tuple(
            Gap(symbols=gap.symbols, start_ns=max(gap.start_ns, start_ns), end_ns=min(gap.end_ns, end_ns))
            for gap in day.no_trade
            if gap.symbols[0] in wanted and gap.start_ns < end_ns and gap.end_ns > start_ns
        )
        if day.bars is None:
            return SourceAnswer(bars=BarBatch.of(()), no_trade=no_trade)
        first, last = np.searchsorted(day.bars.start_ns, (start_ns, end_ns)).tolist()
        bars = day.bars.rows(first, last)
        return SourceAnswer(bars=bars if wanted.issuperset(bars.symbols) else bars.only(wanted), no_trade=no_trade)

    def read_ahead(self, session: TradingSession) -> None:
        """Have the day of a session in memory before it is asked for."""
        self._day(session)

    def close(self) -> None:
        """Close the store."""
        self._held.clear()
        self._store.close()

    def _day(self, session: TradingSession) -> _HeldDay:
        key = (session.calendar, session.date)
        with self._lock:  # one reads, the others wait for what it read
            held = self._held.get(key)
            if held is None or held.until < time.monotonic():
                held = self._held[key] = self._read(session)
                while len(self._held) > _DAYS_HELD:
                    self._held.popitem(last=False)
            return held

    def _read(self, session: TradingSession) -> _HeldDay:
        day = self._store.read(session.calendar, session.date)
        certificate = self._store.certificate(session.calendar, session.date)
        runs = () if certificate is None else certificate.runs
        gaps = [
            Gap(symbols=(run.symbol,), start_ns=run.start_ns, end_ns=run.end_ns)
            for run in runs
            if run.verdict is Verdict.NO_TRADE
        ]
        return _HeldDay(None if day is None else day.bars, tuple(gaps), time.monotonic() + _HELD_S)
