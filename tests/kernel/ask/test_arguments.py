"""What people pass to a method is made into what messages hold, or refused by a sentence with its name."""

import math
import threading
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from actors.kernel.ask import arguments as take
from messages import Bar, BarBatch, Fill, Interval, Quote, SettingsError, Tick
from messages.values import ONE_MINUTE

AT = 1_719_930_600_000_000_000
BAR = Bar(symbol="A", start_ns=AT, open=1.0, high=1.0, low=1.0, close=1.0, volume=1.0)
BATCH = BarBatch.of([BAR, msgspec.structs.replace(BAR, symbol="B")])
TICK = Tick(symbol="A", at_ns=AT, price=1.0, size=1.0)
QUOTE = Quote(symbol="A", at_ns=AT, bid=1.0, ask=2.0)
FIVE = Interval(seconds=300)


class Mine(str, Enum):  # noqa: UP042  # as programs have it that are older than StrEnum
    """Symbols as a program may name them; of a member, ``str`` says its name and not what it is."""

    APPLE = "AAPL"


@pytest.mark.parametrize(
    ("given", "symbols"),
    [
        ("AAPL", ("AAPL",)),
        (np.str_("AAPL"), ("AAPL",)),
        (Mine.APPLE, ("AAPL",)),
        ([Mine.APPLE, "B"], ("AAPL", "B")),
        (["B", "A", "B"], ("B", "A", "B")),
        (iter("AB"), ("A", "B")),
        (pd.Index(["A", "B"]), ("A", "B")),
        (np.array(["A", "B"]), ("A", "B")),
        ((), ()),
    ],
)
def test_one_text_is_one_symbol_and_anything_else_is_gone_through(given: Any, symbols: tuple[str, ...]) -> None:
    taken = take.symbols(given)

    assert taken == symbols
    assert {type(symbol) for symbol in taken} <= {str}


def test_symbols_come_one_by_one_or_several_at_once() -> None:
    assert take.each_symbol(("A", ["B", "C"], {"D"})) == ("A", "B", "C", "D")


@pytest.mark.parametrize("given", [5, np.int32(5), np.uint64(5)])
def test_a_count_is_a_whole_number_of_python_s_or_numpy_s(given: Any) -> None:
    assert (take.count(given, "n"), type(take.count(given, "n"))) == (5, int)


@pytest.mark.parametrize("given", ["5m", FIVE, timedelta(minutes=5), pd.Timedelta("5min"), np.timedelta64(5, "m")])
def test_an_interval_is_text_or_a_length_of_time(given: Any) -> None:
    assert take.interval(given) == FIVE
    assert take.intervals(given) == take.intervals([given]) == (FIVE,)


def test_numbers_words_and_switches_are_taken_as_they_are_meant() -> None:
    assert (take.number(np.float32(0.5), "x"), take.number(2, "x"), take.speed(0)) == (0.5, 2.0, 0.0)
    assert (take.seconds(None), take.seconds(math.inf), take.seconds(np.int64(3))) == (None, math.inf, 3.0)
    assert (take.seconds(timedelta(minutes=1)), take.patience(pd.Timedelta("1s")), take.patience(-1)) == (60, 1, 0)
    assert take.patience(math.inf) == take.patience(10**30) == threading.TIMEOUT_MAX
    assert (take.flag(np.bool_(True), "x"), take.flag(0, "x")) == (True, False)
    assert take.choice(Fill, "forward", "fill") is Fill.FORWARD


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: take.symbol(None), "symbol is one symbol, such as 'AAPL', not None"),
        (lambda: take.symbol(["A"]), r"symbol is one symbol, such as 'AAPL', not \['A'\]"),
        (lambda: take.symbol(""), "symbol is one symbol, such as 'AAPL', not ''"),
        (lambda: take.symbol("\ud800"), "symbol is one symbol"),
        (lambda: take.symbol("A\n"), "symbol is one symbol"),
        (lambda: take.symbols(None), "symbols is a symbol or several, such as .* not None"),
        (lambda: take.symbols(b"AB"), "symbols is a symbol or several"),
        (lambda: take.symbols({"A": 1}), "symbols is a symbol or several"),
        (lambda: take.symbols(np.array("AB")), "symbols is a symbol or several"),
        (lambda: take.symbols([1]), "symbols is one symbol, such as 'AAPL', not 1"),
        (lambda: take.count(10.0, "n"), "n is a whole number, 1 or more, not 10.0"),
        (lambda: take.count(0, "n"), "n is a whole number, 1 or more, not 0"),
        (lambda: take.count(True, "n"), "n is a whole number"),
        (lambda: take.count(10**40, "n"), "n is a whole number"),
        (lambda: take.revision(-1), "revision is the whole number"),
        (lambda: take.interval(5), "interval: 5 is no interval; write it as 1m, 5m, 1h or 1d"),
        (lambda: take.interval(timedelta(seconds=1.5)), "is no interval"),
        (lambda: take.interval("1M"), "interval: '1M' is so many months to others; minutes are written 1m"),
        (lambda: take.interval(pd.Timedelta(days=8)), "more than one day are 2d to 6d, and 1w to 52w"),
        (lambda: take.told_intervals("7m", [FIVE]), "intervals: 7m can be read, but is not told; told are 5m: name it"),
        (lambda: take.told_intervals(["5m", "1w"], [FIVE]), "1w is longer than one session: it can be read"),
        (lambda: take.intervals(None), "intervals: None is no interval"),
        (lambda: take.moment("soon", "start"), "start: 'soon' is no clock time and no moment"),
        (lambda: take.day("soon", "date"), "date: 'soon' is no date"),
        (lambda: take.choice(Fill, ["forward"], "fill"), "fill is 'forward', not"),
        (lambda: take.flag("no", "adjusted"), "adjusted is True or False, not 'no'"),
        (lambda: take.speed(1e-9), "speed is 0 .* or a number from 0.001 on, not 1e-09"),
        (lambda: take.speed("fast"), "speed is a number, not 'fast'"),
        (lambda: take.speed(math.nan), "speed is 0"),
        (lambda: take.seconds("x"), "timeout is a number, not 'x'"),
        (lambda: take.seconds(-1), "timeout is seconds, 0 or more, or None, not -1"),
        (lambda: take.number(10**400, "x"), "x is a number"),
        (lambda: take.text(None, "name"), "name is a text that is not empty, not None"),
        (lambda: take.parts(5, "feeds", "reads"), r"feeds is one or several things with reads\(\), not 5"),
        (lambda: take.parts(["x"], "feeds", "reads"), "feeds is one or several things"),
        (lambda: take.symbol("x" * 1000 + "\n"), r"not 'x{79}\.\.\."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_name_and_what_it_takes(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        call()


def test_an_error_names_even_what_cannot_be_shown() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(SettingsError, match="not something of type Odd"):
        take.symbol(Odd())


# --- what is published


@pytest.mark.parametrize("item", [BAR, BATCH, QUOTE])
def test_what_is_sound_is_published_as_it_is(item: Any) -> None:
    assert take.published(item) == item


def test_numbers_of_numpy_and_whole_prices_are_made_into_what_a_bar_holds() -> None:
    bar = msgspec.structs.replace(BAR, start_ns=np.int64(AT), open=np.float64(1), volume=1, symbol=np.str_("A"))
    tick = msgspec.structs.replace(TICK, at_ns=np.int64(AT), price=np.float32(1), size=1)

    assert take.published(bar) == BAR
    assert [type(value) for value in msgspec.structs.astuple(take.published(bar))[:3]] == [str, int, float]
    assert take.published(tick) == TICK


def test_a_batch_that_was_made_by_hand_is_put_in_order_and_looked_through_again() -> None:
    starts = np.array([AT + ONE_MINUTE.span_ns, AT])
    made = BarBatch(symbols=("A",), symbol_index=np.zeros(2, np.int32), start_ns=starts, values=np.ones((5, 2)))

    taken = take.published(msgspec.structs.replace(made, is_sane=True))

    assert isinstance(taken, BarBatch)
    assert (taken.start_ns.tolist(), taken.is_sane) == (sorted(starts.tolist()), False)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (None, "item is a Bar, BarBatch, Quote or Tick, not None"),
        ({"symbol": "A"}, "item is a Bar, BarBatch, Quote or Tick, not {'symbol': 'A'}"),
        (msgspec.structs.replace(BAR, start_ns="x"), "start_ns is whole nanoseconds since 1970, UTC, not 'x'"),
        (msgspec.structs.replace(BAR, start_ns=AT // 10**6), "start_ns: .* as milliseconds it is 2024-07-02"),
        (msgspec.structs.replace(BAR, open="1"), "open is a number, not '1'"),
        (msgspec.structs.replace(BAR, interval="1m", symbol=5), "symbol is one symbol"),
        (msgspec.structs.replace(BAR, verdict=99), "verdict is a Verdict, not 99"),
        (msgspec.structs.replace(TICK, price=None), "price is a number"),
        (msgspec.structs.replace(QUOTE, ask=[2]), "ask is a number"),
        (msgspec.structs.replace(BATCH, values=[1]), "the columns of a batch are numpy arrays"),
        (msgspec.structs.replace(BATCH, values=np.ones((4, 2))), "a batch needs 5 or 7 rows"),
        (msgspec.structs.replace(BATCH, symbol_index=np.array([0, 5])), "no place in its table"),
        (msgspec.structs.replace(BATCH, symbol_index=np.array([0, 0])), "each minute of a symbol at most once"),
        (msgspec.structs.replace(BATCH, start_ns=np.array([1, 2])), "start_ns: 1 is no time in nanoseconds"),
        (msgspec.structs.replace(BATCH, start_ns=np.array(["x", "y"])), "whole numbers for symbol_index and start_ns"),
    ],
)
def test_what_is_no_bar_is_refused_before_anybody_is_told(item: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        take.published(item)
