"""The messages of a ``jsonlines`` feed: one JSON object a line, told apart by its ``type``.

=============  ============================================================================================
type           fields
=============  ============================================================================================
bar            symbol start open high low close volume [vwap trades correction final]
tick           symbol at price size [conditions tape id]
quote          symbol at bid ask [bid_size ask_size]
cancel         symbol id at price size: the trade with that id was none
correction     symbol id at price size corrected_price corrected_size [corrected_id]: it was another
status         symbol at code [message reason_code reason halted]: ``halted`` is true, false or not known
day_volume     symbol start volume: the sender's own count of today's volume, to check ours by
heartbeat      none: nothing happened, and the sender lives
=============  ============================================================================================

``start``, the beginning of a bar's interval, and ``at`` are whole nanoseconds since the epoch, or RFC 3339 with an
offset: ``"2024-07-02T09:30:00-04:00"``, at most nine digits after the second. Prices and sizes are numbers, never
text; an ``id`` is text or a whole number. ``correction`` (true or false) says that a bar replaces one that was sent
before. ``final`` says whether a bar's minute is over: one that is not is left out, and one that is may be ahead of
this computer's clock. Fields in brackets may be left out; a field that is not listed is an error. Lines are UTF-8 and
at most one megabyte; empty ones are skipped.
"""

import re
from typing import Annotated, Any, TypeAlias

import msgspec

from actors.market.instants import rfc_3339
from messages.feeds import Rejection
from messages.values import Nanos

Symbol: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Instant: TypeAlias = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | str

TradeId: TypeAlias = str | int
"""A number means the text that it is written as."""

INSTANT = "nanoseconds since the epoch, or RFC 3339 with an offset"
_FIELD = re.compile(r"`\$\.?([^`]*)`")
_NAMED = re.compile(r"field `([^`]*)`")
_SHOWN = 200


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag_field="type"):
    """A message of the sender."""


class BarLine(Line, frozen=True, kw_only=True, gc=False, tag="bar"):
    """A base bar."""

    symbol: Symbol
    start: Instant
    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float | None = None
    trades: float | None = None
    correction: bool = False
    final: bool | None = None


class TickLine(Line, frozen=True, kw_only=True, gc=False, tag="tick"):
    """A trade."""

    symbol: Symbol
    at: Instant
    price: float
    size: float
    conditions: str = ""
    tape: str = ""
    id: TradeId = ""


class QuoteLine(Line, frozen=True, kw_only=True, gc=False, tag="quote"):
    """The best bid and offer."""

    symbol: Symbol
    at: Instant
    bid: float
    ask: float
    bid_size: float = 0.0
    ask_size: float = 0.0


class CancelLine(Line, frozen=True, kw_only=True, gc=False, tag="cancel"):
    """A trade was none."""

    symbol: Symbol
    id: TradeId
    at: Instant
    price: float
    size: float


class CorrectionLine(Line, frozen=True, kw_only=True, gc=False, tag="correction"):
    """A trade was another."""

    symbol: Symbol
    id: TradeId
    at: Instant
    price: float
    size: float
    corrected_price: float
    corrected_size: float
    corrected_id: TradeId = ""


class StatusLine(Line, frozen=True, kw_only=True, gc=False, tag="status"):
    """The exchange says something of a symbol's trading."""

    symbol: Symbol
    at: Instant
    code: str
    message: str = ""
    reason_code: str = ""
    reason: str = ""
    halted: bool | None = None


class DayVolumeLine(Line, frozen=True, kw_only=True, gc=False, tag="day_volume"):
    """The sender's own count of today's volume."""

    symbol: Symbol
    start: Instant
    volume: float


class HeartbeatLine(Line, frozen=True, kw_only=True, gc=False, tag="heartbeat"):
    """The sender lives."""


AnyLine: TypeAlias = (
    BarLine | TickLine | QuoteLine | CancelLine | CorrectionLine | StatusLine | DayVolumeLine | HeartbeatLine
)


class BadInstant(ValueError):
    """A time that is none; its text is the field."""


def decoder() -> "msgspec.json.Decoder[AnyLine]":
    """Return a strict decoder of one line."""
    return msgspec.json.Decoder(AnyLine)


def nanos(instant: Instant, field: str) -> Nanos:
    """Return a time as it is used inside.

    Raises:
        BadInstant: it is none.
    """
    if isinstance(instant, int):
        return instant
    instant_ns = rfc_3339(instant)
    if instant_ns is None:
        raise BadInstant(field)
    return instant_ns


def rejection(number: int, line: bytes, error: Exception) -> Rejection:
    """Return what is wrong with a line, in words that its sender can use."""
    seen = line[:_SHOWN].decode("utf-8", "replace")
    if isinstance(error, BadInstant):
        return Rejection(number=number, field=str(error), expected=INSTANT, seen=seen)
    field, expected = explained(error)
    return Rejection(number=number, field=field, expected=expected, seen=seen)


def explained(error: Exception) -> tuple[str, str]:
    """Return the field that msgspec complains of, and what it wants to see there."""
    text = str(error)
    named: Any = _NAMED.search(text) or _FIELD.search(text)
    return (named[1] if named else ""), text.split(" - at ", maxsplit=1)[0].removeprefix("Expected ")
