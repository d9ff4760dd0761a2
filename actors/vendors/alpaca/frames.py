"""What Alpaca's market-data stream sends, read strictly: MessagePack arrays of messages, told apart by ``T``.

The field names are Alpaca's: https://docs.alpaca.markets/docs/real-time-stock-pricing-data. Fields that are not named
here are passed over, since Alpaca adds some from time to time.
"""

import struct
from typing import TypeAlias

import msgspec
from msgspec.msgpack import Ext

from actors.feeds.frames import FrameReader
from actors.feeds.gathered import Gathering
from messages.feeds import DayVolumeReported, TradeAmended, TradingStatusChanged
from messages.values import SECOND_NS, Bar, Nanos, Quote, Tick

_TIMESTAMP = -1
_HALTED = frozenset({"2", "H", "P"})
_RESUMED = frozenset({"3", "T"})
"""Status codes: digits of tapes A and B (CTA), letters of tapes C and O (UTP)."""


class AlpacaMessage(msgspec.Struct, frozen=True, tag_field="T"):
    """One element of a frame."""


class _BarFields(AlpacaMessage, frozen=True):
    S: str
    t: Ext
    o: float
    h: float
    l: float  # noqa: E741  # Alpaca's own name
    c: float
    v: float
    vw: float | None = None
    n: float | None = None


class MinuteBar(_BarFields, frozen=True, tag="b"):
    """A minute is over."""


class UpdatedBar(_BarFields, frozen=True, tag="u"):
    """A minute that is over changed: trades came in late."""


class DailyBar(_BarFields, frozen=True, tag="d"):
    """The day so far."""


class Trade(AlpacaMessage, frozen=True, tag="t"):
    """A trade."""

    S: str
    t: Ext
    p: float
    s: float
    i: int | None = None
    x: str = ""
    c: tuple[str, ...] | None = None
    z: str = ""


class TopOfBook(AlpacaMessage, frozen=True, tag="q"):
    """The best bid and offer."""

    S: str
    t: Ext
    bp: float
    ap: float
    bs: float = 0.0
    as_: float = msgspec.field(default=0.0, name="as")


class Correction(AlpacaMessage, frozen=True, tag="c"):
    """A trade was another."""

    S: str
    t: Ext
    op: float
    os: float
    cp: float
    cs: float
    x: str = ""
    oi: int | None = None
    ci: int | None = None


class CancelError(AlpacaMessage, frozen=True, tag="x"):
    """A trade was none."""

    S: str
    t: Ext
    p: float
    s: float
    x: str = ""
    i: int | None = None


class Status(AlpacaMessage, frozen=True, tag="s"):
    """A halt, a resumption, or something else."""

    S: str
    t: Ext
    sc: str
    sm: str = ""
    rc: str = ""
    rm: str = ""


class Subscribed(AlpacaMessage, frozen=True, tag="subscription"):
    """All that is subscribed now, by channel."""

    trades: tuple[str, ...] | None = None
    quotes: tuple[str, ...] | None = None
    bars: tuple[str, ...] | None = None
    updatedBars: tuple[str, ...] | None = None  # noqa: N815  # the names of the channels
    dailyBars: tuple[str, ...] | None = None  # noqa: N815
    statuses: tuple[str, ...] | None = None


class Failure(AlpacaMessage, frozen=True, tag="error"):
    """The last thing that was asked for cannot be."""

    code: int
    msg: str = ""


class Success(AlpacaMessage, frozen=True, tag="success"):
    """Connected, or authenticated."""

    msg: str


Datum: TypeAlias = MinuteBar | UpdatedBar | DailyBar | Trade | TopOfBook | Correction | CancelError | Status
Answer: TypeAlias = Subscribed | Failure | Success


def reader() -> FrameReader["Datum | Answer"]:
    """Return what decodes frames."""
    return FrameReader(msgspec.msgpack.Decoder, Datum | Answer)


def gather(datum: Datum, feed: str, gathering: Gathering) -> None:
    """Put a message in our terms.

    Raises:
        ValueError: its time is none.
    """
    if isinstance(datum, TopOfBook):
        gathering.quote(_quote(datum))
    elif isinstance(datum, Trade):
        gathering.tick(_tick(datum), _trade_id(datum.x, datum.i))
    elif isinstance(datum, MinuteBar | UpdatedBar):
        is_correction = isinstance(datum, UpdatedBar)
        gathering.bar(_bar(datum), is_correction=is_correction, is_final=not is_correction)  # sent when it is over
    elif isinstance(datum, DailyBar):
        start_ns = nanos_of(datum.t)
        gathering.rare(DayVolumeReported(feed=feed, symbol=datum.S, start_ns=start_ns, volume=datum.v))
    elif isinstance(datum, Status):
        gathering.rare(_status(datum, feed))
    else:
        gathering.rare(_amended(datum, feed))


def nanos_of(stamp: Ext) -> Nanos:
    """Return a time of MessagePack's timestamp extension, in any of its three lengths.

    Raises:
        ValueError: it is none.
    """
    data = bytes(stamp.data)
    if stamp.code != _TIMESTAMP or len(data) not in (4, 8, 12):
        raise ValueError(f"Expected a `timestamp`, got extension {stamp.code} - at `$.t`")
    if len(data) == 12:
        nanos, seconds = struct.unpack(">Iq", data)
    else:
        packed = int.from_bytes(data, "big")
        nanos, seconds = (packed >> 34, packed & ((1 << 34) - 1)) if len(data) == 8 else (0, packed)
    instant_ns: int = seconds * SECOND_NS + nanos
    if abs(instant_ns) >= 1 << 63:
        raise ValueError("Expected a time before the year 2262 - at `$.t`")
    return instant_ns


def _bar(bar: MinuteBar | UpdatedBar) -> Bar:
    return Bar(
        symbol=bar.S,
        start_ns=nanos_of(bar.t),
        open=bar.o,
        high=bar.h,
        low=bar.l,
        close=bar.c,
        volume=bar.v,
        vwap=bar.vw,
        trades=bar.n,
    )


def _tick(trade: Trade) -> Tick:
    conditions = " ".join(code for code in trade.c or () if code.strip())  # a regular trade of tapes A and B is " "
    return Tick(
        symbol=trade.S, at_ns=nanos_of(trade.t), price=trade.p, size=trade.s, conditions=conditions, tape=trade.z
    )


def _quote(top: TopOfBook) -> Quote:
    return Quote(symbol=top.S, at_ns=nanos_of(top.t), bid=top.bp, ask=top.ap, bid_size=top.bs, ask_size=top.as_)


def _status(status: Status, feed: str) -> TradingStatusChanged:
    return TradingStatusChanged(
        feed=feed,
        symbol=status.S,
        at_ns=nanos_of(status.t),
        code=status.sc,
        message=status.sm,
        reason_code=status.rc,
        reason=status.rm,
        is_halted=True if status.sc in _HALTED else False if status.sc in _RESUMED else None,
    )


def _amended(amendment: Correction | CancelError, feed: str) -> TradeAmended:
    at_ns = nanos_of(amendment.t)
    if isinstance(amendment, CancelError):
        return TradeAmended(
            feed=feed,
            symbol=amendment.S,
            trade_id=_trade_id(amendment.x, amendment.i),
            at_ns=at_ns,
            price=amendment.p,
            size=amendment.s,
        )
    return TradeAmended(
        feed=feed,
        symbol=amendment.S,
        trade_id=_trade_id(amendment.x, amendment.oi),
        at_ns=at_ns,
        price=amendment.op,
        size=amendment.os,
        corrected_price=amendment.cp,
        corrected_size=amendment.cs,
        corrected_id=_trade_id(amendment.x, amendment.ci),
    )


def _trade_id(exchange: str, number: int | None) -> str:
    """Trades are numbered by their exchange, so both make the name of one."""
    return "" if number is None else f"{exchange}{number}"
