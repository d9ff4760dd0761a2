"""What comes for a session that has not been opened yet: it waits, and goes in right after the opening.

Round the clock a session opens when the grace of the one before it is over, and any session only when it is in memory:
until then SessionData has no place for its first bars, trades and quotes.
"""

from collections.abc import Iterable
from itertools import compress
from typing import TypeAlias

import msgspec
import numpy as np

from actors.stream_coordinator.live_day.coming import Coming
from messages.base import Message
from messages.events import BarArrived, BarsArrived, QuoteArrived, QuotesArrived, TickArrived, TicksArrived
from messages.feeds import TradeAmended
from messages.tables.columns import BarBatch, freeze
from messages.values import Nanos

MOST_KEPT = 500_000
"""Bars, trades and quotes that wait; what comes after them goes on, to be refused and counted."""
Part: TypeAlias = Message | None


class Beforehand:
    """Keeps what belongs to the next session until that is open; what is stamped ahead of our clock belongs to none.

    Args:
        coming: which that is.
        is_followed: whether sessions follow one another: else there is none after the first.
    """

    def __init__(self, coming: Coming, *, is_followed: bool) -> None:
        self._coming = coming
        self._is_followed = is_followed
        self._is_first = True
        self._kept: list[Message] = []
        self._size = 0

    def let_by(self, messages: Iterable[Message], now_ns: Nanos) -> list[Message]:
        """Return what may go on now."""
        session = self._coming.next if self._is_first or self._is_followed else None
        if session is None or session.start_ns > now_ns:
            return [*messages]
        out: list[Message] = []
        for message in messages:
            now, later = self._parted(message, session.start_ns, now_ns)
            if later is not None and self._size >= MOST_KEPT:
                now, later = message, None
            if now is not None:
                out.append(now)
            if later is not None:
                self._kept.append(later)
                self._size += _size(later)
        return out

    def opened(self, now_ns: Nanos) -> list[Message]:
        """A session is open: return what has waited for it, and perhaps for the one after it."""
        self._is_first = False
        return self.give_up(now_ns)

    def give_up(self, now_ns: Nanos) -> list[Message]:
        """Nothing opens any more: return all that has waited; SessionData refuses it, and counts it."""
        kept, self._kept, self._size = self._kept, [], 0
        return _as_of(now_ns, kept)

    def _parted(self, message: Message, start_ns: Nanos, now_ns: Nanos) -> tuple[Part, Part]:
        """Return what of a message may go on, and what belongs to the session that began at ``start_ns``."""
        match message:
            case BarsArrived():
                return _bars_parted(message, start_ns, now_ns)
            case TicksArrived():
                return _ticks_parted(message, start_ns, now_ns)
            case QuotesArrived(quotes=quotes):
                is_early = any(start_ns <= quote.at_ns <= now_ns for quote in quotes)
            case BarArrived(bar=bar):
                is_early = start_ns <= bar.start_ns <= now_ns
            case TickArrived(tick=item) | QuoteArrived(quote=item):
                is_early = start_ns <= item.at_ns <= now_ns
            case TradeAmended(feed=feed):  # the trade that it tells of may be waiting
                is_early = any(isinstance(kept, TicksArrived) and kept.source == feed for kept in self._kept)
            case _:
                is_early = False
        return _whole(message, is_early=is_early)


def _size(message: Message) -> int:
    match message:
        case BarsArrived(batch=many) | TicksArrived(ticks=many) | QuotesArrived(quotes=many):
            return len(many)
        case _:
            return 1


def _bars_parted(message: BarsArrived, start_ns: Nanos, now_ns: Nanos) -> tuple[Part, Part]:
    batch = message.batch
    if len(batch) == 0 or batch.start_ns[-1] > now_ns:  # a feed's minutes that are not over come one by one
        return message, None
    first = int(np.searchsorted(batch.start_ns, start_ns))
    if first in (0, len(batch)) or message.receipt:  # there is one receipt for all of them
        return _whole(message, is_early=first < len(batch))
    now, later = (
        msgspec.structs.replace(message, batch=batch.rows(*rows)) for rows in ((0, first), (first, len(batch)))
    )
    return now, later


def _ticks_parted(message: TicksArrived, start_ns: Nanos, now_ns: Nanos) -> tuple[Part, Part]:
    are_early = [start_ns <= tick.at_ns <= now_ns for tick in message.ticks]
    if len({*are_early}) < 2:
        return _whole(message, is_early=any(are_early))
    now, later = (
        msgspec.structs.replace(
            message, ticks=tuple(compress(message.ticks, who)), ids=tuple(compress(message.ids, who))
        )
        for who in ([not early for early in are_early], are_early)
    )
    return now, later


def _whole(message: Message, *, is_early: bool) -> tuple[Part, Part]:
    return (None, message) if is_early else (message, None)


def _as_of(now_ns: Nanos, messages: Iterable[Message]) -> list[Message]:
    """Return what has waited as if it came now: a feed's bars in one, or the first would close the others' minutes."""
    out: list[Message] = []
    places: dict[str, int] = {}
    for message in messages:
        if not isinstance(message, BarsArrived):
            out.append(_now(message, now_ns))
            continue
        place = places.get(message.source)
        held = None if place is None else out[place]
        if place is not None and isinstance(held, BarsArrived) and _follows(held, message):
            out[place] = msgspec.structs.replace(held, batch=_joined(held.batch, message.batch))
        else:
            places[message.source] = len(out)
            out.append(_now(message, now_ns))
    return out


def _now(message: Message, now_ns: Nanos) -> Message:
    return message if isinstance(message, TradeAmended) else msgspec.structs.replace(message, now_ns=now_ns)


def _follows(before: BarsArrived, after: BarsArrived) -> bool:
    """Return whether bars are of later minutes than others, and nobody has to tell them apart."""
    kinds = [(one.is_correction, one.receipt, one.batch.interval, len(one.batch.values)) for one in (before, after)]
    return kinds[0] == kinds[1] and not after.receipt and bool(before.batch.start_ns[-1] < after.batch.start_ns[0])


def _joined(before: BarBatch, after: BarBatch) -> BarBatch:
    symbols = tuple(sorted({*before.symbols, *after.symbols}))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    index = [
        np.array([place[name] for name in one.symbols], dtype=np.int32)[one.symbol_index] for one in (before, after)
    ]
    return BarBatch(
        symbols=symbols,
        symbol_index=freeze(np.concatenate(index)),
        start_ns=freeze(np.concatenate([before.start_ns, after.start_ns])),
        values=freeze(np.concatenate([before.values, after.values], axis=1)),
        interval=before.interval,
        is_sane=before.is_sane and after.is_sane,
    )
