"""What people pass to a method, made into what messages hold, or refused: one converter for each kind of argument.

Every public method of ``System`` takes its arguments through these, in the thread of the caller, before anything is
told or asked. Each names the argument and what it takes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from threading import TIMEOUT_MAX
from typing import Any, TypeVar

import msgspec
import numpy as np

from actors.market import instants
from messages.errors import DataError, SettingsError, shown
from messages.tables.columns import BarBatch
from messages.values import Bar, Interval, Nanos, Quote, Tick, Verdict

E = TypeVar("E", bound=StrEnum)

_MOST = 10**9
"""Nobody has so many bars, and sums of such numbers stay far from any limit."""
_SLOWEST = 0.001


def text(given: object, name: str) -> str:
    """Return a text that is not empty and can be written down."""
    if isinstance(given, str) and given and _can_be_written(given):
        return str.__str__(given)  # of a member of an enum, what it says, and not its name
    raise refused(name, "a text that is not empty", given)


def symbol(given: object, name: str = "symbol") -> str:
    """Return a symbol."""
    if isinstance(given, str) and given and _can_be_written(given):
        return str.__str__(given)
    raise refused(name, "one symbol, such as 'AAPL'", given)


def symbols(given: object, name: str = "symbols") -> tuple[str, ...]:
    """Return symbols: several, or one, which is a text."""
    several = tuple(_several(given, name, "a symbol or several, such as ['AAPL', 'MSFT']"))
    if set(map(type, several)) == {str} and all(several) and _is_plain("".join(several)):  # type: ignore[arg-type]
        return several  # type: ignore[return-value]  # each is a str
    return tuple(symbol(one, name) for one in several)


def each_symbol(given: Iterable[object], name: str = "symbols") -> tuple[str, ...]:
    """Return symbols that were passed one by one, or several at once."""
    return tuple(one for part in given for one in symbols(part, name))


def texts(given: object, name: str) -> tuple[str, ...]:
    """Return several texts, or the one that was given."""
    return tuple(text(one, name) for one in _several(given, name, "a text or several"))


def count(given: object, name: str, least: int = 1) -> int:
    """Return a whole number of things."""
    number = instants.whole_number(given)
    if number is None or not least <= number <= _MOST:
        raise refused(name, f"a whole number, {least} or more", given)
    return number


def whole(given: object, name: str) -> int:
    """Return a whole number of any size that a computer counts with."""
    number = instants.whole_number(given)
    if number is None or abs(number) >= 1 << 63:
        raise refused(name, "a whole number", given)
    return number


def revision(given: object) -> int:
    """Return a session's revision."""
    number = instants.whole_number(given)
    if number is None or not 0 <= number < 1 << 63:
        raise refused("revision", "the whole number of an earlier reply's revision, 0 or more", given)
    return number


def number(given: object, name: str) -> float:
    """Return a number."""
    if isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool):
        try:
            return float(given)
        except OverflowError:
            pass
    raise refused(name, "a number", given)


def speed(given: object) -> float:
    """Return how many times as fast as real time; 0: as fast as possible."""
    factor = number(given, "speed")
    if factor == 0 or _SLOWEST <= factor < math.inf:
        return factor
    raise SettingsError(f"speed is 0 (as fast as possible) or a number from {_SLOWEST} on, not {shown(given)}")


def seconds(given: object, name: str = "timeout") -> float | None:
    """Return how long to wait; ``None``: for ever."""
    if given is None:
        return None
    limit = _in_seconds(given, name)
    if limit < 0 or math.isnan(limit):
        raise refused(name, "seconds, 0 or more, or None", given)
    return limit


def patience(given: object, name: str = "timeout") -> float:
    """Return how long a lock is to be waited for: not at all where the time is over, and not longer than it can be."""
    limit = _in_seconds(given, name)
    if math.isnan(limit):
        raise refused(name, "seconds, or None", given)
    return min(max(limit, 0.0), TIMEOUT_MAX)


def _in_seconds(given: object, name: str) -> float:
    if isinstance(given, timedelta):
        return given.total_seconds() if given == given else math.nan  # noqa: PLR0124  # NaT, which is one, is not
    return number(given, name)


def flag(given: object, name: str) -> bool:
    """Return whether or not."""
    if given is False or given is True:
        return given
    if isinstance(given, (bool, np.bool_)) or instants.whole_number(given) in (0, 1):
        return bool(given)
    raise refused(name, "True or False", given)


def choice(kind: type[E], given: object, name: str) -> E:
    """Return one of a few words."""
    if type(given) is kind:
        return given
    if isinstance(given, str) and given in set(kind):
        return kind(given)
    words = list(map(repr, map(str, kind)))
    raise refused(name, f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0], given)


def choices(kind: type[E], given: object, name: str) -> tuple[E, ...]:
    """Return some of a few words, each once: several, or the one that was given."""
    if type(given) is tuple:
        return tuple(dict.fromkeys([choice(kind, one, name) for one in given]))
    takes = f"one or several of {', '.join(map(repr, map(str, kind)))}"
    return choices(kind, tuple(_several(given, name, takes)), name)


def interval(given: object, name: str = "interval") -> Interval:
    """Return the length of a bar."""
    try:
        return _interval_of_text(given) if type(given) is str else Interval.parse(given)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


@lru_cache(maxsize=64)
def _interval_of_text(text: str) -> Interval:
    return Interval.parse(text)


def intervals(given: object, name: str = "intervals") -> tuple[Interval, ...]:
    """Return lengths of bars: several, or one."""
    if isinstance(given, Interval) or not isinstance(given, Iterable):
        return (interval(given, name),)
    return tuple(interval(one, name) for one in _several(given, name, "an interval or several, such as ['5m', '1h']"))


def told_intervals(given: object, told: Sequence[Interval], name: str = "intervals") -> tuple[Interval, ...]:
    """Return lengths of bars that events tell of: some of those that are ``told``."""
    found = intervals(given, name)
    for one in found:
        if one.is_long:
            raise SettingsError(f"{name}: {one} is longer than one session: it can be read, but is not told")
        if one not in told:
            raise SettingsError(
                f"{name}: {one} can be read, but is not told; told are {', '.join(map(str, told))}: name it among the "
                f"intervals of the System too, as in rules={{'intervals': ['{one}']}}"
            )
    return found


def moment(given: object, name: str) -> Nanos | str:
    """Return an instant, or what only a session can say: a clock time or a date."""
    try:
        return instants.moment(given)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


def day(given: object, name: str) -> str | None:
    """Return a date, ISO; ``None``: none was given."""
    try:
        return None if given is None else instants.day(given)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


def parts(given: object, name: str, *methods: str) -> tuple[Any, ...]:
    """Return things that have these methods: several, or the one that was given."""
    if all(hasattr(given, method) for method in methods):
        return (given,)
    takes = f"one or several things with {' and '.join(f'{method}()' for method in methods)}"
    several_parts = tuple(_several(given, name, takes))
    for part in several_parts:
        if isinstance(part, str) or not all(hasattr(part, method) for method in methods):
            raise refused(name, takes, part)
    return several_parts


# --- what is published


def published(given: object) -> Bar | BarBatch | Quote | Tick:
    """Return what was given with every field of the type that it says, for a struct checks nothing."""
    match given:
        case Bar():
            return _bar(given)
        case BarBatch():
            return _batch(given)
        case Quote():
            return _with(given, ("bid", "ask", "bid_size", "ask_size"))
        case Tick():
            return _with(given, ("price", "size"), conditions=_any_text(given.conditions, "conditions"))
        case _:
            raise refused("item", "a Bar, BarBatch, Quote or Tick", given)


P = TypeVar("P", Quote, Tick)


def _with(given: P, numbers: tuple[str, ...], **more: Any) -> P:
    sized = {name: number(getattr(given, name), name) for name in numbers}
    at_ns = _instant(given.at_ns, "at_ns")
    return msgspec.structs.replace(given, symbol=symbol(given.symbol), at_ns=at_ns, **sized, **more)


def _bar(bar: Bar) -> Bar:
    return Bar(
        symbol=symbol(bar.symbol),
        start_ns=_instant(bar.start_ns, "start_ns"),
        open=number(bar.open, "open"),
        high=number(bar.high, "high"),
        low=number(bar.low, "low"),
        close=number(bar.close, "close"),
        volume=number(bar.volume, "volume"),
        vwap=None if bar.vwap is None else number(bar.vwap, "vwap"),
        trades=None if bar.trades is None else number(bar.trades, "trades"),
        interval=interval(bar.interval),
        end_ns=_instant(bar.end_ns, "end_ns"),
        verdict=_verdict(bar.verdict),
        base_count=count(bar.base_count, "base_count", 0),
        base_expected=count(bar.base_expected, "base_expected", 0),
        is_partial=flag(bar.is_partial, "is_partial"),
        revision=revision(bar.revision),
        tz=text(bar.tz, "tz"),
    )


def _batch(batch: BarBatch) -> BarBatch:
    columns = (batch.symbol_index, batch.start_ns, batch.values)
    if not all(isinstance(column, np.ndarray) for column in columns):
        raise SettingsError("the columns of a batch are numpy arrays; make one with BarBatch.of or BarBatch.build")
    index, starts, values = columns
    if index.dtype.kind not in "iu" or starts.dtype.kind not in "iu" or values.dtype.kind not in "iuf":
        raise SettingsError("a batch has whole numbers for symbol_index and start_ns, and numbers for values")
    table = symbols(batch.symbols)
    if len(index) and not (index.min() >= 0 and index.max() < len(table)):
        raise SettingsError("a batch has a symbol_index that is no place in its table of symbols")
    for start_ns in (starts.min(), starts.max()) if len(starts) else ():
        _instant(start_ns, "start_ns")
    try:
        return BarBatch.build(table, index, starts, values, interval(batch.interval))
    except DataError as error:
        raise SettingsError(str(error)) from error


def _instant(given: object, name: str) -> Nanos:
    if instants.whole_number(given) is None:
        raise refused(name, "whole nanoseconds since 1970, UTC", given)
    try:
        return instants.nanos(given)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


def _verdict(given: object) -> Verdict:
    try:
        return Verdict(given)  # type: ignore[arg-type]  # whether it is one is the question
    except ValueError:
        raise refused("verdict", "a Verdict", given) from None


def _any_text(given: object, name: str) -> str:
    return "" if given == "" else text(given, name)


# --- what they share


def _several(given: object, name: str, takes: str) -> Iterable[object]:
    """Return what there is to go through; a text is one thing, not its letters."""
    if isinstance(given, str):
        return (given,)
    is_number = isinstance(given, np.ndarray) and not given.ndim  # which says of itself that it can be gone through
    if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray, memoryview, Mapping)) or is_number:
        raise refused(name, takes, given)
    return given


def _is_plain(given: str) -> bool:
    return given.isascii() and given.isprintable()


def _can_be_written(given: str) -> bool:
    """Return whether it has no halves of letters and no control characters."""
    return given.isprintable() if given.isascii() else not any(0xD800 <= ord(letter) <= 0xDFFF for letter in given)


def refused(name: str, takes: str, given: object) -> SettingsError:
    """Make the error that says what an argument takes."""
    return SettingsError(f"{name} is {takes}, not {shown(given)}")
