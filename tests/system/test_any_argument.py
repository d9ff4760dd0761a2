"""Whatever is passed to whichever method: it is taken or refused in words, a run goes on, and the same minutes come."""

import contextlib
import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.clock import SystemClock
from actors.kernel.future import Future
from actors.kernel.listen.subscription import Subscription
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.settings import SessionRules, Settings
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import Bar, BarBatch, BarkeeperError, Interval, Quote, SystemState, Tick
from tests.depth import examples
from tests.system.worlds import memory, short

MAKERS = {"backtest", "live"}
ENDS_OR_SLOWS = {"start", "run", "close", "set_speed"}
"""What they take means what it says; here they only get what they do not take."""

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**63, 10**30, 1_549_895_400_000]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["", "\ud800", "5m", "1d", "0m", "10:30", "2024-07-01", "25:00", "bars", "forward", "block", "live"]
    ),
    st.binary(max_size=3),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.sampled_from(
        [
            np.int64(3),
            np.float64("nan"),
            np.bool_(1),
            np.datetime64("NaT"),
            np.array([1, 2]),
            pd.NaT,
            object(),
            len,
            int,
        ]
    ),
)
JUNK = st.recursive(
    SCALARS,
    lambda some: st.one_of(
        st.lists(some, max_size=3),
        st.dictionaries(st.text(max_size=3), some, max_size=2),
        st.tuples(some, some),
        *(
            st.fixed_dictionaries(dict.fromkeys(kind.__struct_fields__, some)).map(lambda f, kind=kind: kind(**f))
            for kind in (Bar, Quote, Tick, Interval, BarBatch)
        ),
    ),
    max_leaves=4,
)


def doors(kind: type[Any], *, makers: bool) -> list[str]:
    """Every public method that takes anything: found, so that a new one cannot be forgotten."""
    methods = (name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name)))
    found = [name for name in methods if inspect.signature(getattr(kind, name)).parameters.keys() - {"self"}]
    return [name for name in found if (name in MAKERS) is makers]


@cache
def store() -> MemoryStore:
    return memory(2, 2, quiet=0.0)


@cache
def undisturbed() -> list[Any]:
    with short(store()) as system:
        return list(system.minutes())


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A method, and something for what it needs, and for some of what it does not need."""
    name = draw(st.sampled_from(doors(System, makers=False)))
    junk = JUNK if name not in ENDS_OR_SLOWS else JUNK.filter(lambda value: not is_number(value))
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    for parameter in list(inspect.signature(getattr(System, name)).parameters.values())[1:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            args = tuple(draw(st.lists(junk, max_size=2)))
        elif parameter.default is parameter.empty or name in ENDS_OR_SLOWS or draw(st.booleans()):
            is_sound = name not in ENDS_OR_SLOWS and parameter.name == "symbol" and draw(st.booleans())
            named[parameter.name] = store().symbols("XNYS", "2024-07-01")[0] if is_sound else draw(junk)
    return name, args, named


def is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float, np.number, Decimal))


def called(system: System, call: tuple[str, tuple[Any, ...], dict[str, Any]]) -> Future[Any] | None:
    """Call, and return the future that comes of it, if any."""
    name, args, named = call
    try:
        answer = getattr(system, name)(*args, **named)
    except (TypeError, BarkeeperError):
        return None
    if isinstance(answer, Subscription):
        answer.close()
    return answer if isinstance(answer, Future) else None


@examples(15)
@given(disturbances=st.lists(calls(), min_size=15, max_size=15))
def test_no_argument_of_any_method_changes_a_run(disturbances: list[Any]) -> None:
    answers, waiting = [], iter(disturbances)
    with short(store()) as system:
        seen = []
        for minute in system.minutes():
            seen.append(minute)
            answers += [called(system, call) for call in [next(waiting, None)] if call is not None]
        for answer in answers:
            if answer is not None:
                with contextlib.suppress(BarkeeperError):
                    answer.get(timeout=10)
        status = system.status().get(timeout=10)

    assert seen == undisturbed()
    assert (status.state, status.failure, sum(room.quarantined for room in status.rooms)) == (
        SystemState.RUNNING,
        None,
        0,
    )


@examples(40)
@given(data=st.data())
@pytest.mark.parametrize("name", doors(System, makers=True))
def test_an_option_is_taken_or_refused_in_words(name: str, data: st.DataObject) -> None:
    known = [one for one in inspect.signature(getattr(System, name)).parameters if one not in ("store", "more")]
    options = {data.draw(st.sampled_from([*known, "last", "rules", "upkeep", "closed", "fill_from"])): data.draw(JUNK)}
    needed = {"calendar": "XNYS", "feeds": ()} if name == "live" else {}
    with contextlib.suppress(BarkeeperError):
        getattr(System, name)(store(), **(needed | options)).close()


def methods(of: Any, needed: Mapping[str, Any], *left_out: str) -> dict[str, tuple[Any, Mapping[str, Any]]]:
    """Every public method of a thing that takes anything, with what it needs."""
    found: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for name in dir(of):
        if not name.startswith("_") and name not in left_out and callable(method := getattr(of, name)):
            takes = inspect.signature(method).parameters
            if takes:
                missing = [one for one, how in takes.items() if how.default is how.empty]
                found[f"{type(of).__name__}.{name}"] = method, {one: needed[one] for one in missing}
    return found


@cache
def doors_beside() -> dict[str, tuple[Any, Mapping[str, Any]]]:
    """What programs call besides a system: what it is made of, what it answers with, calendars, batches."""
    day = dict.fromkeys(("date", "start", "end", "after", "before", "at", "dates"), "2024-07-02")
    columns = {"symbols": ("A",), "symbol_index": np.array([0]), "start_ns": np.array([0]), "values": np.ones((5, 1))}
    first = store().symbols("XNYS", "2024-07-01")[0]
    with short(store()) as system:
        answers = [
            system.last_bars(first, 3, with_history=True).get(timeout=10),
            system.matrix(3, with_history=True).get(timeout=10),
            system.verdicts().get(timeout=10),
        ]
        found = methods(system.calendar, day)
    for answer in answers:
        found |= methods(answer, {"symbol": first}, "plot", "bar")
    return found | {
        **methods(Calendar("XNYS"), day, "assign", "counts_when_later", "regular_hours", "regular_ns"),
        "Calendar": (Calendar, {"name": "XNYS"}),
        "Faults": (Faults, {}),
        "SessionRules": (partial(SessionRules, trade_ids=5), {}),
        "BarBatch.of": (BarBatch.of, {"bars": ()}),
        "BarBatch.build": (BarBatch.build, columns),
        "BarBatch.to_pandas": (BarBatch.of([]).to_pandas, {}),
        "Interval.parse": (Interval.parse, {"given": "5m"}),
        "SystemClock": (SystemClock, {}),
    }


CHECKED = {
    "Calendar": ("name", "closed"),
    "SessionRules": ("intervals", "base_interval"),
    "BarBatch.build": ("symbols", "symbol_index", "start_ns", "values"),
}
"""Of those that take what only types describe, what people spell."""


@examples(150)
@given(data=st.data())
def test_what_is_no_system_takes_or_refuses_too(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(doors_beside())))
    called, needed = doors_beside()[name]
    parameter = data.draw(st.sampled_from(CHECKED.get(name) or tuple(inspect.signature(called).parameters)))
    with contextlib.suppress(BarkeeperError):
        called(**{**needed, parameter: data.draw(JUNK)})


WRONG: list[tuple[Any, str]] = [
    (lambda: Faults(drop=np.float64("nan")), "drop is the probability"),
    (lambda: Faults(seed=1.5), "a seed is a whole number"),  # type: ignore[arg-type]
    (lambda: Faults(outages=None), "outages are ranges"),  # type: ignore[arg-type]
    (lambda: Calendar(None), "a calendar is named"),  # type: ignore[arg-type]
    (lambda: Calendar("XNYS", closed=b"10:00-10:07"), "closed is a range"),  # type: ignore[arg-type]
    (lambda: Calendar("XNYS").session(None), "no date"),  # type: ignore[arg-type]
    (lambda: SessionRules(intervals="5 minutes"), "no interval"),  # type: ignore[arg-type]
    (lambda: SessionRules(base_interval=Interval(seconds=None)), "no interval"),  # type: ignore[arg-type]
    (lambda: SessionRules(intervals=Interval(seconds=None)), "no interval"),  # type: ignore[arg-type]
    (lambda: BarBatch.of("bars"), "made of bars"),  # type: ignore[arg-type]
    (lambda: BarBatch.of([]).to_pandas(tz="Mars/Olympus"), "tz is a zone"),
    (lambda: BarBatch.of([]).to_pandas(tz=None), "tz is a zone"),  # type: ignore[arg-type]
    (lambda: BarBatch.build(("A",), np.array([-1]), np.array([0]), np.ones((5, 1))), "no place in its table"),
    (lambda: BarBatch.build(("A",), np.array([0]), np.array([0.5]), np.ones((5, 1))), "whole nanoseconds"),
    (lambda: BarBatch.build(("A",), np.array([0]), np.array([0]), "prices"), "arrays of numbers"),  # type: ignore[arg-type]
    (lambda: Interval.parse(np.timedelta64(1, "Y")), "no interval"),
    (lambda: Interval.parse(timedelta(milliseconds=500)), "no interval"),
]


@pytest.mark.parametrize(("call", "said"), WRONG)
def test_what_is_refused_is_named(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(BarkeeperError, match=said):
        call()


def test_one_is_enough_where_several_may_be_named_and_several_may_come_one_by_one() -> None:
    one = Faults(outages=("10:00-10:07",))
    assert Faults(outages="10:00-10:07") == one  # type: ignore[arg-type]
    assert Faults(outages=(text for text in one.outages)) == one  # type: ignore[arg-type]
    assert SessionRules(intervals="5m") == SessionRules(intervals=(Interval.parse("5m"),))  # type: ignore[arg-type]
    assert Settings(store="s", symbols=(s for s in "AB")).symbols == ("A", "B")  # type: ignore[arg-type]
    noon = Calendar("XNYS", closed="12:00-13:00").session(date(2024, 7, 2))
    assert noon is not None
    assert [part.end_ns - part.start_ns for part in noon.regular] == [150 * 60 * 10**9, 180 * 60 * 10**9]


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_starts_are_taken_as_datetimes_of_any_unit(unit: str) -> None:
    starts: Any = np.array(["2024-07-02T13:30"], dtype=f"datetime64[{unit}]")
    assert BarBatch.build(("A",), np.array([0]), starts, np.ones((5, 1))).start_ns.tolist() == [1_719_927_000 * 10**9]
