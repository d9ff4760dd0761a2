"""What Databento's gateway sends, put in our terms: bars, trades, the names of instruments, errors by number.

Records carry an instrument's number; which symbol it stands for is told before its first record, once a session, and
again when it changes (https://databento.com/docs/api-live/basics/symbology). Trades have no number of their own: those
of one instrument, instant and sequence are told apart by their order, which is the same whenever they are sent again.
"""

from typing import Any

from actors.market.instants import counted
from actors.vendors.databento.bars import SCALE
from messages.errors import ConnectionLost, FeedError, FeedRefused, in_line
from messages.feeds import EVERYTHING, Rejection
from messages.values import ONE_MINUTE, Bar, Interval, Nanos, Tick

EVERY_SYMBOL = "ALL_SYMBOLS"
ONE_SECOND = Interval(seconds=1)
_UNDEFINED = 2**63 - 1
_INTERVALS = {33: ONE_MINUTE, 32: ONE_SECOND}
ERROR, NAMING = 21, 22
"""Types of record: https://databento.com/docs/standards-and-conventions/common-fields-enums-types"""
_KEY_FAILED, _KEY_OFF, _TOO_MANY, NO_SUCH_SYMBOL, BAD_REQUEST, _INTERNAL, _SKIPPED, AGED_OUT = range(1, 9)
_FOR_GOOD = {_KEY_FAILED, _KEY_OFF, BAD_REQUEST}
"""Errors that trying again cannot mend; after the others it is tried again, and what was missed is asked for:
https://databento.com/docs/api-live/basics/errors"""


class Instruments:
    """Which symbols, as they were asked for, a number stands for."""

    def __init__(self) -> None:
        self._names: dict[int, dict[str, None]] = {}
        self._asked: dict[str, str] = {}

    def ask(self, symbols: list[str]) -> None:
        """Note how symbols are spelled by us: Databento spells those of exchanges in capitals."""
        self._asked.update((symbol.upper(), symbol) for symbol in symbols)

    def name(self, record: Any) -> None:
        """Take the message that names an instrument."""
        asked = self._asked.get(str(record.stype_in_symbol).upper())
        symbol = asked if asked is not None else _own(str(record.stype_in_symbol), str(record.stype_out_symbol))
        self._names.setdefault(int(record.instrument_id), {})[symbol] = None

    def of(self, number: int) -> tuple[str, ...]:
        """Return its symbols; none: nothing was said of it."""
        return tuple(self._names.get(number, ()))


def _own(asked: str, found: str) -> str:
    # Either side may be the number; of two names the one that was found is the instrument's own.
    return asked if found.isdigit() or found == EVERY_SYMBOL else found


class OneVenue:
    """Sees to it that the bars of a minute come from one venue.

    Args:
        only: the number of the publisher whose records are used; ``None``: they are all one's, or it is an error.
    """

    def __init__(self, only: int | None = None) -> None:
        self._only = only
        self._last: dict[tuple[int, int], tuple[Nanos, int]] = {}

    def has(self, record: Any) -> bool:
        """Return whether a record is of the venue that is wanted."""
        return self._only is None or int(record.publisher_id) == self._only

    def check(self, record: Any) -> None:
        """Note the publisher of a bar.

        Raises:
            FeedRefused: another one has a bar of the same instrument and time.
        """
        key, publisher = (int(record.instrument_id), int(record.rtype)), int(record.publisher_id)
        at_ns = int(record.ts_event)
        last_ns, last = self._last.get(key, (0, publisher))
        self._last[key] = at_ns, publisher
        if at_ns == last_ns and publisher != last:
            raise FeedRefused(
                f"Databento sends bars of several venues (publishers {min(last, publisher)}, {max(last, publisher)}): "
                "which of them traded last in a minute is not known; ask for trades, which are folded into one bar, or "
                "name the one publisher that is meant"
            )


class TradeIds:
    """Names for trades that are the same whenever the trades are sent again."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[tuple[int, int, int], int]] = {}

    def name(self, record: Any) -> str:
        """Return how a trade is called among those of its symbol."""
        key = (int(record.publisher_id), int(record.ts_event), int(record.sequence))
        last, number = self._last.get(record.instrument_id, (None, -1))
        number = number + 1 if key == last else 0
        self._last[record.instrument_id] = key, number
        return "-".join(map(str, (*key, number)))


def bar_of(record: Any, symbol: str) -> Bar:
    """Return a bar of a minute or a second.

    Raises:
        ValueError: a price is not defined, or its time.
    """
    prices = (record.open, record.high, record.low, record.close)
    if _UNDEFINED in prices:
        raise ValueError("a price is not defined")
    first, high, low, last = (price / SCALE for price in prices)
    return Bar(
        symbol=symbol,
        start_ns=counted(int(record.ts_event)),
        open=first,
        high=high,
        low=low,
        close=last,
        volume=float(record.volume),
        interval=_INTERVALS[int(record.rtype)],
    )


def tick_of(record: Any, symbol: str) -> Tick:
    """Return a trade, at the time of its receipt: Databento makes bars by that.

    Raises:
        ValueError: its price is not defined, or its time.
    """
    if record.price == _UNDEFINED:
        raise ValueError("a price is not defined")
    return Tick(symbol=symbol, at_ns=counted(int(record.ts_recv)), price=record.price / SCALE, size=float(record.size))


def rejection(number: int, record: Any, field: str, expected: str) -> Rejection:
    """Return what is told of a record that cannot be used."""
    seen = f"{type(record).__name__} of instrument {record.instrument_id} at {record.ts_event}"
    return Rejection(number=number, field=field, expected=expected, seen=seen)


def error_of(record: Any) -> FeedError | None:
    """Return what an error of the gateway means for the connection; ``None``: it is about a symbol only."""
    code = int(record.code or 0)
    if code == NO_SUCH_SYMBOL:
        return None
    return (FeedRefused if code in _FOR_GOOD else ConnectionLost)(f"Databento: {in_line(record.err)}")


def symbols_in(text: str, wanted: list[str]) -> tuple[str, ...]:
    """Return which of our symbols an error names."""
    words = {word.strip("'\"`,.:;()[]").upper() for word in text.split()}
    return tuple(symbol for symbol in wanted if symbol.upper() in words and symbol != EVERYTHING)
