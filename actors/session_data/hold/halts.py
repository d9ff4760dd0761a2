"""Which symbols their exchange has halted, by the word of feeds: in a halt there is nothing to be lost."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from actors.session_data.hold.grid import Grid, mark_cells
from messages.feeds import TradingStatusChanged
from messages.tables.columns import BarBatch
from messages.values import DAY_NS, Gap, Nanos, Verdict

_TOLD_LATE = 10
"""How many minutes that have closed are looked at again for halts."""


class Halt(msgspec.Struct, kw_only=True):
    """Trading of a symbol stood still from ``start_ns`` to ``end_ns``."""

    symbol: str
    sender: int
    """The number of who says so."""
    start_ns: Nanos
    end_ns: Nanos | None = None
    """``None``: it has not ended yet."""


class Halts:
    """Remembers halts from the word that begins them to the word that ends them, or a bar that shows their end.

    Args:
        number: of who says so, as in a grid's plane of sources.
    """

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self._running: dict[str, Halt] = {}
        self._over: list[Halt] = []

    def __bool__(self) -> bool:
        return bool(self._running or self._over)

    def note(self, message: TradingStatusChanged) -> None:
        """Hear of a halt or a resumption."""
        symbol, at_ns = message.symbol, message.at_ns
        if message.is_halted is True and symbol not in self._running:
            self._running[symbol] = Halt(symbol=symbol, sender=self._number(f"{message.feed} (halt)"), start_ns=at_ns)
        elif message.is_halted is False:
            self._end(symbol, at_ns)

    def traded(self, batch: BarBatch) -> None:
        """Hear of bars: one of a minute that began in a halt shows that the halt is over."""
        for symbol, start_ns in zip(batch.names(), batch.start_ns.tolist(), strict=True) if self._running else ():
            halt = self._running.get(symbol)
            if halt is not None and start_ns >= halt.start_ns:
                self._end(symbol, start_ns)

    def _end(self, symbol: str, at_ns: Nanos) -> None:
        halt = self._running.pop(symbol, None)
        if halt is not None:
            halt.end_ns = at_ns
            self._over = [over for over in self._over if (over.end_ns or 0) > at_ns - DAY_NS]
            self._over.append(halt)

    def mark(self, grid: Grid, starts_ns: Sequence[Nanos], slot: int) -> list[tuple[Gap, int]]:
        """Let minutes that a symbol was halted for have that verdict; return those that it was for the greater part.

        Args:
            grid: written to.
            starts_ns: the session's minutes.
            slot: the one that closes; some before it are looked at too, for a halt may be told late.
        """
        partly: list[tuple[Gap, int]] = []
        for gap, sender, is_whole in (
            self._minutes(starts_ns[max(slot - _TOLD_LATE, 0) : slot + 1], grid.axis.step_ns) if self else ()
        ):
            if is_whole:
                mark_cells(grid, [gap], Verdict.NO_TRADE, sender)
            else:
                partly.append((gap, sender))
        return partly

    def _minutes(self, starts_ns: Iterable[Nanos], step_ns: Nanos) -> Iterator[tuple[Gap, int, bool]]:
        """Yield minutes of which a symbol was halted for the greater part; who says so; whether it was from end to end.

        Args:
            starts_ns: the minutes to look at.
            step_ns: how long they are.
        """
        for start_ns in starts_ns:
            for halt in (*self._over, *self._running.values()):
                first_ns, end_ns = max(start_ns, halt.start_ns), start_ns + step_ns
                halted_ns = (end_ns if halt.end_ns is None else min(end_ns, halt.end_ns)) - first_ns
                if 2 * halted_ns >= step_ns:
                    gap = Gap(symbols=(halt.symbol,), start_ns=start_ns, end_ns=end_ns)
                    yield gap, halt.sender, halted_ns == step_ns
