"""Whatever is passed to whichever method of a running backtest: the run goes on, and the same minutes come."""

import contextlib
import inspect
from datetime import UTC
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.future import Future
from actors.kernel.listen.subscription import Subscription
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
