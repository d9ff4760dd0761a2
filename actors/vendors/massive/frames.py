"""What Massive's stream of stocks sends: JSON arrays of messages, told apart by ``ev``; times are milliseconds.

The field names are Massive's: https://massive.com/docs/websocket/stocks/aggregates-per-minute and .../stocks/trades.
Fields that are not named here are passed over.
"""

from typing import TypeAlias

import msgspec

from actors.feeds.frames import FrameReader
from actors.market.instants import counted
from messages.values import Bar, Interval, Nanos, Tick

_MILLISECOND_NS = 10**6


class MassiveMessage(msgspec.Struct, frozen=True, tag_field="ev"):
    """One element of a frame."""


class Status(MassiveMessage, frozen=True, tag="status"):
    """Whether something that was asked for is granted, or why the connection ends."""

    status: str
    message: str = ""


class _AggregateFields(MassiveMessage, frozen=True):
    sym: str
    s: int
    o: float
    h: float
    l: float  # noqa: E741  # Massive's own name
    c: float
    v: float
    vw: float | None = None
    av: float | None = None
    dv: str | None = None


class MinuteAggregate(_AggregateFields, frozen=True, tag="AM"):
    """A minute is over, or what was told of it has changed: a trade was reported late."""


class SecondAggregate(_AggregateFields, frozen=True, tag="A"):
    """A second is over."""


class Trade(MassiveMessage, frozen=True, tag="T"):
    """A trade."""

    sym: str
    t: int
    p: float
    s: float = 0.0
    x: int = 0
    i: str = ""
    z: int | None = None
    c: tuple[int, ...] | None = None
    ds: str | None = None


Aggregate: TypeAlias = MinuteAggregate | SecondAggregate
AnyMessage: TypeAlias = MinuteAggregate | SecondAggregate | Trade | Status


def reader() -> FrameReader[AnyMessage]:
    """Return what decodes frames."""
    return FrameReader(msgspec.json.Decoder, AnyMessage)


def bar_of(aggregate: Aggregate, interval: Interval) -> Bar:
    """Return an aggregate in our terms.

    Raises:
        ValueError: a number in it is none.
    """
    return Bar(
        symbol=aggregate.sym,
        start_ns=nanos(aggregate.s),
        open=aggregate.o,
        high=aggregate.h,
        low=aggregate.l,
        close=aggregate.c,
        volume=_exact(aggregate.dv, aggregate.v),
        vwap=aggregate.vw,
        interval=interval,
    )


def tick_of(trade: Trade) -> tuple[Tick, str]:
    """Return a trade in our terms, and its id: trades are numbered by their exchange.

    Raises:
        ValueError: a number in it is none.
    """
    tick = Tick(
        symbol=trade.sym,
        at_ns=nanos(trade.t),
        price=trade.p,
        size=_exact(trade.ds, trade.s),
        conditions=" ".join(map(str, trade.c or ())),
        tape="" if trade.z is None else str(trade.z),
    )
    return tick, f"{trade.x}:{trade.i}" if trade.i else ""


def nanos(milliseconds: int) -> Nanos:
    """Return a time of Massive's.

    Raises:
        ValueError: it is none that we can count to.
    """
    return counted(milliseconds * _MILLISECOND_NS)


def _exact(decimal: str | None, rounded: float) -> float:
    """Return an amount of shares: fractions are told beside, as text."""
    return rounded if decimal is None else float(decimal)
