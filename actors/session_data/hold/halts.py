"""Which symbols their exchange has halted, by the word of feeds: in a halt there is nothing to be lost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from actors.session_data.hold.doubted import Doubted
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.marking import mark_cells
from messages.feeds import FeedConnected, FeedEnded, FeedLost, TradingStatusChanged
from messages.tables.columns import BarBatch
from messages.values import DAY_NS, SECOND_NS, Gap, Nanos, Verdict

_TOLD_LATE = 10
"""How many minutes that have closed are looked at again for halts."""
_MOMENT_NS = 5 * SECOND_NS
"""What a connection may take that is made anew because nothing came: no word is missed in it."""


class Halt(msgspec.Struct, kw_only=True):
    """Trading of a symbol stood still from ``start_ns`` to ``end_ns``."""

    symbol: str
    feed: str
    sender: int
    """The number of who says so."""
    start_ns: Nanos
    end_ns: Nanos | None = None
    """``None``: it has not ended yet."""
    counted_ns: Nanos = 0
    """The end of the latest minute that had closed, and was taken to be halted while nobody knew of an end."""


class Halts:
    """Remembers halts from the word that begins them to the word that ends them, or a bar that shows their end.

    Who is not connected cannot say that a halt is over: nothing is known of it from when the connection surely stood.
    What says that it was not over yet when the feed was there again is a resumption later on. Minutes that were taken
    for halted, and turn out not to have been known to be, are missing again.

    Args:
        number: of who says so, as in a grid's plane of sources.
    """

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self._running: dict[str, list[Halt]] = {}
        """By symbol what its feeds say, each once."""
        self._over: list[Halt] = []
        self._cut_off: dict[str, set[str]] = {}
        """By feed that is away the symbols that were halted by its word."""
        self._perhaps: dict[str, Halt] = {}
        """Who was one of these, from the new connection on."""
        self._silenced_ns: dict[str, Nanos] = {}

    def __bool__(self) -> bool:
        return bool(self._running or self._over)

    @property
    def feeds(self) -> frozenset[str]:
        """By whose word any symbol is halted."""
        return frozenset(halt.feed for halt in chain(*self._running.values()))

    def note(
        self, message: TradingStatusChanged | FeedConnected | FeedLost | FeedEnded, step_ns: Nanos
    ) -> list[Doubted]:
        """Hear of a halt or a resumption, or of who tells of them; return which minutes were not halted after all.

        Args:
            message: what is heard.
            step_ns: how long minutes are.
        """
        ended: list[Halt] = []
        match message:
            case TradingStatusChanged():
                ended = self._note_status(message)
            case FeedConnected():
                silenced_ns = self._silenced_ns.pop(message.feed, None)
                if silenced_ns is None or message.arrived_ns > silenced_ns + _MOMENT_NS:
                    ended = self._lose(message.feed, message.arrived_ns if silenced_ns is None else silenced_ns)
                    self._find(message.feed, message.arrived_ns)
            case FeedLost(is_stale=True, is_unusual=False):
                self._silenced_ns[message.feed] = message.arrived_ns
            case FeedLost(heard_until_ns=heard_ns) if heard_ns:
                ended = self._lose(message.feed, min(heard_ns, self._silenced_ns.pop(message.feed, heard_ns)))
            case FeedLost() | FeedEnded():
                ended = self._lose(message.feed, self._silenced_ns.pop(message.feed, message.arrived_ns))
        return [one for halt in ended for one in _doubted(halt, step_ns)]

    def _note_status(self, message: TradingStatusChanged) -> list[Halt]:
        symbol, feed, at_ns = message.symbol, message.feed, message.at_ns
        if message.is_halted is True and all(halt.feed != feed for halt in self._running.get(symbol, ())):
            self._perhaps.pop(symbol, None)
            halt = Halt(symbol=symbol, feed=feed, sender=self._number(_sayer(feed)), start_ns=at_ns)
            self._running.setdefault(symbol, []).append(halt)
        elif message.is_halted is False:
            perhaps = self._perhaps.pop(symbol, None)
            return self._end([*self._running.pop(symbol, ()), *([] if perhaps is None else [perhaps])], at_ns)
        return []

    def _lose(self, feed: str, at_ns: Nanos) -> list[Halt]:
        """Nobody tells any more what becomes of the halts of a feed."""
        gone = [halt for halt in chain(*self._running.values()) if halt.feed == feed]
        for halt in gone:
            self._cut_off.setdefault(feed, set()).add(halt.symbol)
            self._running[halt.symbol].remove(halt)
        self._running = {symbol: halts for symbol, halts in self._running.items() if halts}
        return self._end(gone, at_ns)

    def _find(self, feed: str, at_ns: Nanos) -> None:
        for symbol in self._cut_off.pop(feed, ()):
            self._perhaps[symbol] = Halt(symbol=symbol, feed=feed, sender=self._number(_sayer(feed)), start_ns=at_ns)

    def traded(self, batch: BarBatch) -> None:
        """Hear of bars: one of a minute that began in a halt shows that the halt is over."""
        some = self._running or self._perhaps
        for symbol, start_ns in zip(batch.names(), batch.start_ns.tolist(), strict=True) if some else ():
            if any(start_ns >= halt.start_ns for halt in self._running.get(symbol, ())):
                self._end(self._running.pop(symbol), start_ns)
            if symbol in self._perhaps:
                del self._perhaps[symbol]

    def _end(self, halts: Sequence[Halt], at_ns: Nanos) -> list[Halt]:
        if halts:
            self._over = [over for over in self._over if (over.end_ns or 0) > at_ns - DAY_NS]
        for halt in halts:
            halt.end_ns = at_ns
            self._over.append(halt)
        return list(halts)

    def mark(self, grid: Grid, starts_ns: Sequence[Nanos], slot: int) -> list[tuple[Gap, int]]:
        """Let minutes that a symbol was halted for have that verdict; return those that it was for the greater part.

        Args:
            grid: written to.
            starts_ns: the session's minutes.
            slot: the one that closes; some before it are looked at too, for a halt may be told late.
        """
        partly: list[tuple[Gap, int]] = []
        for halt, gap, is_whole in (
            self._minutes(starts_ns[max(slot - _TOLD_LATE, 0) : slot + 1], grid.axis.step_ns) if self else ()
        ):
            if halt.end_ns is None:
                halt.counted_ns = max(halt.counted_ns, gap.end_ns)
            if is_whole:
                mark_cells(grid, [gap], Verdict.NO_TRADE, halt.sender)
            else:
                partly.append((gap, halt.sender))
        return partly

    def _minutes(self, starts_ns: Iterable[Nanos], step_ns: Nanos) -> Iterator[tuple[Halt, Gap, bool]]:
        """Yield halts, minutes for the greater part of which they lasted, and whether from end to end.

        Args:
            starts_ns: the minutes to look at.
            step_ns: how long they are.
        """
        for start_ns in starts_ns:
            for halt in (*self._over, *chain(*self._running.values())):
                first_ns, end_ns = max(start_ns, halt.start_ns), start_ns + step_ns
                halted_ns = (end_ns if halt.end_ns is None else min(end_ns, halt.end_ns)) - first_ns
                if 2 * halted_ns >= step_ns:
                    gap = Gap(symbols=(halt.symbol,), start_ns=start_ns, end_ns=end_ns)
                    yield halt, gap, halted_ns == step_ns


def _sayer(feed: str) -> str:
    """Return who says of a minute that it was halted."""
    return f"{feed} (halt)"


def _doubted(halt: Halt, step_ns: Nanos) -> Iterator[Doubted]:
    """Yield the minutes that were taken to be halted, and were not known to be to their end."""
    end_ns = halt.counted_ns if halt.end_ns is None else halt.end_ns
    for start_ns in range(end_ns // step_ns * step_ns, halt.counted_ns, step_ns):
        yield Doubted(_sayer(halt.feed), start_ns, (halt.symbol,))
