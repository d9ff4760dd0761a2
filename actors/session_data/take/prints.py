"""The latest quotes and trades of each symbol, and a bounded window of them; and which of them can be true."""

import math
import sys
from collections import Counter, deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from messages.events import PrintsRejected
from messages.feeds import TradeAmended
from messages.values import Nanos, Quote, Tick

P = TypeVar("P", bound=Quote | Tick)


class Prints(Generic[P]):
    """Prints in order of time, at most ``length`` of each symbol."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._kept: dict[str, deque[P]] = {}

    def extend(self, items: Iterable[P]) -> None:
        """Keep many."""
        kept_of = self._kept
        for item in items:
            kept = kept_of.get(item.symbol)
            if kept and kept[-1].at_ns <= item.at_ns:  # nearly always, and a call takes as long as the rest
                kept.append(item)
            else:
                self.add(item)

    def add(self, item: P) -> None:
        """Keep one; one that comes late goes to its place."""
        kept = self._kept.get(item.symbol)
        if kept is None:
            kept = self._kept[item.symbol] = deque(maxlen=self._length)
        if not kept or kept[-1].at_ns <= item.at_ns:
            kept.append(item)
        elif len(kept) < self._length or kept[0].at_ns <= item.at_ns:
            later: list[P] = []  # few, as a rule: what comes late is late by a moment
            while kept and kept[-1].at_ns > item.at_ns:
                later.append(kept.pop())
            kept.append(item)
            kept.extend(reversed(later))

    def latest(self, symbol: str) -> P | None:
        """Return the latest, or ``None``."""
        kept = self._kept.get(symbol)
        return kept[-1] if kept else None

    def last(self, symbol: str, count: int) -> tuple[P, ...]:
        """Return the last ``count`` that are kept, oldest first."""
        kept = self._kept.get(symbol, ())
        return tuple(kept)[-count:] if count > 0 else ()

    def symbols(self) -> set[str]:
        """Return the symbols that have any."""
        return set(self._kept)

    def clear(self) -> None:
        """Forget all: a new session begins."""
        self._kept.clear()


_LEAST_POSITIVE, _MOST = math.nextafter(0.0, 1.0), sys.float_info.max


class Judge:
    """Says what is wrong with a trade or a quote, in the words in which bars are refused; nothing: it is sane.

    A quote may have no bid or no offer, which feeds write as zero; a trade has a price.
    """

    def __init__(self, *, allow_negative: bool) -> None:
        self._least_price = -_MOST if allow_negative else _LEAST_POSITIVE
        self._least_quote = -_MOST if allow_negative else 0.0

    def ticks(self, ticks: Iterable[Tick], now_ns: Nanos) -> list[str]:
        """Judge trades, one by one."""
        least = self._least_price
        return [
            ""
            if least <= tick.price <= _MOST and 0.0 <= tick.size <= _MOST and tick.at_ns <= now_ns
            else _fault((tick.price,), (tick.size,), least) or "in_the_future"
            for tick in ticks
        ]

    def correction(self, amendment: TradeAmended) -> str:
        """Judge what a trade is said to have been instead."""
        price, size = amendment.corrected_price, amendment.corrected_size
        given = amendment.price if price is None else price, amendment.size if size is None else size
        return _fault(given[:1], given[1:], self._least_price)

    def quotes(self, quotes: Iterable[Quote], now_ns: Nanos) -> list[str]:
        """Judge quotes, one by one."""
        least = self._least_quote
        return [
            ""
            if least <= quote.bid <= _MOST
            and least <= quote.ask <= _MOST
            and 0.0 <= quote.bid_size <= _MOST
            and 0.0 <= quote.ask_size <= _MOST
            and quote.at_ns <= now_ns
            else _fault((quote.bid, quote.ask), (quote.bid_size, quote.ask_size), least) or "in_the_future"
            for quote in quotes
        ]


def _fault(prices: tuple[float, ...], sizes: tuple[float, ...], least: float) -> str:
    if not all(map(math.isfinite, (*prices, *sizes))):
        return "not_finite"
    if min(prices) < least:
        return "price_not_positive" if least > 0 else "price_negative"
    return "size_negative" if min(sizes) < 0 else ""


def sifted(items: tuple[P, ...], reasons: list[str], source: str) -> tuple[tuple[P, ...], tuple[PrintsRejected, ...]]:
    """Part what was judged sane from the rest; ``reasons`` are by item, empty for a sane one."""
    if not any(reasons):
        return items, ()
    first = next(item for item, reason in zip(items, reasons, strict=True) if reason)
    rejected = PrintsRejected(
        source=source,
        reasons=tuple(sorted(Counter(filter(None, reasons)).items())),
        tick=first if isinstance(first, Tick) else None,
        quote=first if isinstance(first, Quote) else None,
    )
    return tuple(item for item, reason in zip(items, reasons, strict=True) if not reason), (rejected,)
