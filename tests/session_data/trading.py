"""Short ways to say that trades come, from a feed that sends no bars."""

from typing import Any

from actors.session_data.core import SessionDataCore
from messages import Bar, FeedConnected, GetBars, Tick, TicksArrived, TimeAdvanced, TradeAmended
from messages.values import SECOND_NS, Nanos
from tests.builders import opened
from tests.session_data.streams import ask
from tests.session_data.telling import TUESDAY, core_with

FEED = "trades"
START = TUESDAY.start_ns
GRACE_NS = 5 * SECOND_NS


def after(seconds: float) -> Nanos:
    """So many seconds after the open."""
    return START + round(seconds * SECOND_NS)


def trade(second: float, price: float = 100.0, size: float = 1.0, symbol: str = "A") -> Tick:
    return Tick(symbol=symbol, at_ns=after(second), price=price, size=size)


def came(*ticks: Tick, now: float | None = None, ids: tuple[str, ...] = (), **more: Any) -> TicksArrived:
    """Trades, as soon as the last of them was made unless the second is given."""
    now_ns = max(tick.at_ns for tick in ticks) if now is None else after(now)
    return TicksArrived(ticks=ticks, ids=ids, now_ns=now_ns, **{"source": FEED, "is_folded": True, **more})


def time(second: float) -> TimeAdvanced:
    return TimeAdvanced(now_ns=after(second))


def cancelled(trade_id: str = "", price: float = 100.0, size: float = 1.0, symbol: str = "A") -> TradeAmended:
    return TradeAmended(feed=FEED, symbol=symbol, trade_id=trade_id, at_ns=after(0), price=price, size=size)


def corrected(trade_id: str, price: float, size: float | None = None, **more: Any) -> TradeAmended:
    return TradeAmended(
        feed=FEED,
        **{"symbol": "A", "trade_id": trade_id, "at_ns": after(0), "price": 100.0, "size": 1.0, **more},
        corrected_price=price,
        corrected_size=size,
    )


def connected(second: float = -60, *, has_bars: bool = False) -> FeedConnected:
    return FeedConnected(feed=FEED, attempt=1, has_bars=has_bars, arrived_ns=after(second))


def trading(*messages: Any, symbols: tuple[str, ...] = ("A",), **rules: Any) -> SessionDataCore:
    """A session of four minutes that has been told these; five seconds of grace."""
    return core_with(opened(TUESDAY, symbols), *messages, **{"grace_ns": GRACE_NS, **rules})


def rows(core: SessionDataCore, symbol: str = "A", **asked: Any) -> list[tuple[float, ...]]:
    """Open, high, low, close and volume of a symbol's bars."""
    return [shape(bar) for bar in ask(core, GetBars(symbol=symbol, **asked)).bars()]


def shape(bar: Bar) -> tuple[float, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume
