"""Which trades of a feed have been taken before: one id of a symbol is one trade, however often it is sent."""

from collections import deque
from collections.abc import Sequence

from messages.feeds import TradeAmended
from messages.values import DAY_NS, Nanos, Tick


class KnownTrades:
    """The ids of a feed's latest trades, as hashes: of at least ``most`` of them, and of half as many more at most.

    Vendors number trades anew each day. So an id is known only within the session and the day (UTC) of its trade.
    """

    def __init__(self, most: int) -> None:
        self._most_of_a_part = (most + 1) // 2
        self._parts: deque[set[int]] = deque([set()], maxlen=3)
        self._session = 0
        self._session_ns: Nanos = 0

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def open(self, start_ns: Nanos) -> None:
        """Note that a session begins; trades of the one before may still come."""
        self._session += 1
        self._session_ns = start_ns

    def are_new(self, ticks: Sequence[Tick], ids: Sequence[str], reasons: Sequence[str]) -> list[bool]:
        """Remember trades; return for each whether it was not known. One without an id never is.

        One that is refused for a reason is not remembered: it may come again.
        """
        start_ns, session, latest = self._session_ns, self._session, self._parts[-1]
        keys = [
            hash((tick.symbol, name, session if (at_ns := tick.at_ns) >= start_ns else session - 1, at_ns // DAY_NS))
            for tick, name in zip(ticks, ids, strict=True)
        ]
        if len(latest) + len(keys) <= self._most_of_a_part and all(ids) and not any(reasons):
            some = set(keys)
            if len(some) == len(keys) and all(map(some.isdisjoint, self._parts)):  # nearly always, and much faster
                latest |= some
                return [True] * len(keys)
        found: list[bool] = []
        for key, name, reason in zip(keys, ids, reasons, strict=True):
            is_known = bool(name) and not reason
            found.append(not (is_known and self._has(key)))
            if is_known:
                self._add(key)  # for as long as if it were new
        return found

    def has_amendment(self, amendment: TradeAmended) -> bool:
        """Return whether just this was noted before: the same of the same trade, and said at the same time."""
        return bool(amendment.trade_id) and self._has(_said(amendment))

    def note(self, amendment: TradeAmended) -> None:
        """Remember what was done to a trade, and how it is called from now on."""
        self._add(_said(amendment))
        if amendment.corrected_id:
            self._add(self._key(amendment.symbol, amendment.corrected_id, amendment.at_ns))

    def _key(self, symbol: str, trade_id: str, at_ns: Nanos) -> int:
        session = self._session if at_ns >= self._session_ns else self._session - 1
        return hash((symbol, trade_id, session, at_ns // DAY_NS))

    def _has(self, key: int) -> bool:
        return any(key in part for part in self._parts)

    def _add(self, key: int) -> None:
        if len(self._parts[-1]) >= self._most_of_a_part:
            self._parts.append(set())
        self._parts[-1].add(key)


def _said(amendment: TradeAmended) -> int:
    one = amendment
    return hash((one.symbol, one.trade_id, one.at_ns, one.corrected_price, one.corrected_size, one.corrected_id))
