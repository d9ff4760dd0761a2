"""A session of a vendor that is over and was read whole, chunk by chunk of its symbols."""

from collections.abc import Collection

from actors.kernel.ports import SourceAnswer
from actors.storage.source import HeldDay
from actors.vendors.history.joining import joined
from actors.vendors.history.pages import Page, PageRequest
from messages.tables.columns import BarKeys
from messages.values import TradingSession

ANY_TIME = float("inf")


class HeldSession:
    """What was read of a session that is over, chunk by chunk of its symbols."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self._chunks: list[tuple[frozenset[str], HeldDay]] = []

    def add(self, answer: SourceAnswer, symbols: Collection[str]) -> None:
        """Hold what was read of some symbols more."""
        self._chunks.append((frozenset(symbols), HeldDay(answer.bars, answer.no_trade, ANY_TIME)))
        self.names |= frozenset(symbols)

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Return what there is of these bars."""
        start_ns, end_ns = int(missing.start_ns[0]), int(missing.start_ns[-1]) + session.base_interval.span_ns
        found = [(day, day.pick(missing)) for names, day in self._chunks if not names.isdisjoint(missing.symbols)]
        span = PageRequest(symbols=missing.symbols, start_ns=start_ns, end_ns=end_ns, interval=session.base_interval)
        bars, _ = joined([Page(bars=bars) for _, bars in found], span)
        no_trade = [gap for day, _ in found for gap in day.no_trade_of(missing.symbols, start_ns, end_ns)]
        return SourceAnswer(bars=bars, no_trade=tuple(no_trade))
