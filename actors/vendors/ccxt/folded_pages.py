"""Bars of the past folded from an exchange's trades, by the rules that those of the stream are folded by.

A page of trades may end within a minute. What it has of that minute is carried to the page after it, and is kept for
some time: a page that fails is asked for again.
"""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from actors.session_data.take.folded_trades import Trades
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, freeze
from messages.values import Interval, Nanos

_MILLISECOND_NS = 10**6
_KEPT = 64
Trade = Mapping[str, Any]


class FoldedPages:
    """Carries what is not whole from one page to the next; asked from several threads."""

    def __init__(self) -> None:
        self._carried: OrderedDict[int, list[Trade]] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def take(self, came: Iterable[Trade], carried: int, step: int, end: int) -> tuple[list[Trade], int | None, int]:
        """Return the trades of whole intervals, and where the next page begins; times are milliseconds.

        Args:
            came: a page of trades, those of the page before among them.
            carried: the number under which something was kept; 0: nothing was.
            step: how long an interval is.
            end: before when trades are wanted.

        Returns:
            The trades, the millisecond of the next page or ``None`` if there is no more, and what is carried to it.
        """
        with self._lock:
            before = self._carried.get(carried, [])
        known = {_name(trade) for trade in before}
        new = [trade for trade in came if _name(trade) not in known]
        trades = sorted([*before, *new], key=lambda trade: int(trade["timestamp"]))
        if not new or trades[-1]["timestamp"] >= end:
            return trades, None, 0
        last: int = trades[-1]["timestamp"]
        edge = last // step * step
        number = next(self._numbers)
        with self._lock:
            self._carried[number] = [trade for trade in trades if trade["timestamp"] >= edge]
            while len(self._carried) > _KEPT:
                self._carried.popitem(last=False)
        return [trade for trade in trades if trade["timestamp"] < edge], last, number


def is_sound(trade: Trade) -> bool:
    """Return whether a trade has what a bar is folded from."""
    return all(isinstance(trade.get(name), int | float) for name in ("timestamp", "price", "amount"))


def folded(symbol: str, trades: Iterable[Trade], interval: Interval) -> BarBatch:
    """Return the bars of trades that are in order of time."""
    starts: list[Nanos] = []
    rows: list[list[float]] = []
    for start_ns, of_bar in _bars(trades, interval):
        if of_bar.has_price:
            starts.append(start_ns)
            rows.append(of_bar.fold(has_extra=True))
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(FIELDS) + len(EXTRA_FIELDS))
    return BarBatch(
        symbols=(symbol,),
        symbol_index=freeze(np.zeros(len(rows), dtype=np.int32)),
        start_ns=freeze(np.array(starts, dtype=np.int64)),
        values=freeze(np.ascontiguousarray(values.T)),
        interval=interval,
    )


def _bars(trades: Iterable[Trade], interval: Interval) -> Iterator[tuple[Nanos, Trades]]:
    step_ns = interval.span_ns
    for start, some in itertools.groupby(trades, lambda trade: trade["timestamp"] * _MILLISECOND_NS // step_ns):
        of_bar = Trades()
        for trade in some:
            at_ns = trade["timestamp"] * _MILLISECOND_NS
            of_bar.add(at_ns, float(trade["price"]), float(trade["amount"]), trade.get("id") or "")
        yield start * step_ns, of_bar


def _name(trade: Trade) -> str:
    return trade.get("id") or f"{trade['timestamp']} {trade['price']} {trade['amount']}"
