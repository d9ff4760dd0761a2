"""Upstreams that are asked for missing minutes: they have what they are given, and fail when they are told to."""

import threading
from collections.abc import Callable, Iterable, Sequence

from actors.kernel.ports import SourceAnswer
from messages import Bar, BarBatch, Gap, TradingSession
from messages.values import MINUTE_NS, Nanos

Asked = tuple[tuple[str, ...], Nanos, Nanos]


def never(call: int) -> bool:
    return False


def always(call: int) -> bool:
    return True


def three_of_ten(call: int) -> bool:
    """Every call has a number; three of any ten in a row fail, spread so that two next to each other do."""
    return call % 10 in (1, 2, 6)


class Upstream:
    """A source in memory.

    Args:
        bars: what it has.
        fails: whether the call of a number, counted from 0, raises.
        no_trade: minutes that it says were never traded.
    """

    def __init__(
        self,
        bars: Iterable[Bar] = (),
        name: str = "upstream",
        *,
        fails: Callable[[int], bool] = never,
        no_trade: Sequence[Gap] = (),
        is_authoritative: bool = False,
        delay_ns: Nanos = 0,
        most_symbols: int | None = None,
    ) -> None:
        self.name = name
        self.is_authoritative = is_authoritative
        self.delay_ns = delay_ns
        self.most_symbols = most_symbols
        self.asked: list[Asked] = []
        self.closed = 0
        self._bars = {(bar.symbol, bar.start_ns): bar for bar in bars}
        self._fails = fails
        self._no_trade = tuple(no_trade)
        self._lock = threading.Lock()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        with self._lock:
            call = len(self.asked)
            self.asked.append((tuple(symbols), start_ns, end_ns))
        if self._fails(call):
            raise ConnectionError(f"{self.name} does not answer")
        keys = ((symbol, start) for symbol in symbols for start in range(start_ns, end_ns, MINUTE_NS))
        bars = BarBatch.of(self._bars[key] for key in keys if key in self._bars)
        return SourceAnswer(bars=bars, no_trade=self._no_trade)

    def close(self) -> None:
        self.closed += 1
