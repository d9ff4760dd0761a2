"""Which sessions a backtest plays, and the sentences with which an impossible wish is refused."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.settings import Settings
from actors.storage.memory import MemoryStore
from actors.stream_coordinator.planning import Planner, calendar_name
from messages import BarBatch, DataError, PlanSessions, RunFailed, SessionsPlanned, SettingsError, UnknownSymbol
from messages.values import Verdict
from tests.builders import bar, session_xnys
from tests.doubles import Outbox

DATES = ("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05")


@cache
def xnys() -> Calendar:
    return Calendar("XNYS")


def put(store: MemoryStore, date: str, *symbols: str, calendar: str = "XNYS") -> None:
    batch = BarBatch.of([bar(symbol, "09:30", session=session_xnys(date)) for symbol in symbols])
    store.merge(calendar, date, StoredDay(bars=batch, verdicts=np.full(len(batch), Verdict.STREAMED, np.uint8)))


def store_of(*dates: str, symbols: tuple[str, ...] = ("AAPL", "MSFT")) -> MemoryStore:
    store = MemoryStore()
    for date in dates:
        put(store, date, *symbols)
    return store


def plan(store: MemoryStore, **wanted: Any) -> tuple[str, ...] | str:
    """The dates that are planned, or the reason for which nothing is."""
    outbox = Outbox()
    Planner(Settings(store="memory", **wanted), store, xnys(), outbox).tell(PlanSessions())
    (said,) = outbox.messages
    if isinstance(said, SessionsPlanned):
        return tuple(session.date for session in said.sessions)
    assert isinstance(said, RunFailed)
    return said.reason


@pytest.mark.parametrize(
    ("wanted", "dates"),
    [
        ({}, DATES),
        ({"start": "2024-07-02"}, DATES[1:]),
        ({"end": "2024-07-02"}, DATES[:2]),
        ({"start": "2024-07-02", "end": "2024-07-04"}, DATES[1:3]),
        ({"last": 1}, DATES[3:]),
        ({"last": 2, "end": "2024-07-03"}, DATES[1:3]),
        ({"last": 99}, DATES),
        ({"symbols": ("AAPL",)}, DATES),
    ],
)
def test_the_sessions_of_the_store_that_lie_in_the_range_are_played(wanted: dict[str, Any], dates: Any) -> None:
    assert plan(store_of(*DATES), **wanted) == dates


def test_sessions_that_the_store_does_not_have_are_left_out() -> None:
    assert plan(store_of("2024-07-01", "2024-07-05")) == ("2024-07-01", "2024-07-05")


def test_a_date_that_is_no_session_is_left_out() -> None:
    assert plan(store_of("2024-07-03", "2024-07-04", "2024-07-05")) == ("2024-07-03", "2024-07-05")


def test_a_range_without_a_day_says_what_the_store_has() -> None:
    assert plan(store_of(*DATES), start="2024-08-01") == (
        "the store's days of XNYS run from 2024-07-01 to 2024-07-05: none lies in the range asked for"
    )


def test_a_calendar_that_the_store_does_not_have_says_what_it_has() -> None:
    store = MemoryStore()
    put(store, "2024-07-02", "AAPL", calendar="XHKG")

    assert plan(store) == "the store memory has no day of calendar XNYS; it has: XHKG"


def test_an_empty_store_has_no_day_of_any_calendar() -> None:
    assert plan(MemoryStore()) == "the store memory has no day of calendar XNYS; it has: none"


def test_an_unknown_symbol_names_the_nearest() -> None:
    assert plan(store_of(*DATES), symbols=("APPL",)) == "unknown symbol 'APPL'; nearest: AAPL"


def test_a_symbol_that_only_one_day_has_is_known() -> None:
    store = store_of(*DATES)
    put(store, "2024-07-05", "NVDA")

    assert plan(store, symbols=("AAPL", "NVDA")) == DATES


def test_a_symbol_that_only_days_outside_the_range_have_is_unknown() -> None:
    store = store_of(*DATES)
    put(store, "2024-07-05", "NVDA")

    assert str(plan(store, symbols=("NVDA",), end="2024-07-03")).startswith("unknown symbol 'NVDA'")


def test_a_listing_that_cannot_be_read_fails_the_run() -> None:
    class Unplugged(MemoryStore):
        def dates(self, calendar: str) -> tuple[str, ...]:
            raise OSError("the disk is gone")

    assert plan(Unplugged()) == "the disk is gone"


def test_the_store_s_only_calendar_is_the_one_to_use() -> None:
    assert calendar_name(Settings(store="memory"), store_of(*DATES)) == "XNYS"


def test_a_calendar_that_is_named_is_used_whatever_the_store_has() -> None:
    assert calendar_name(Settings(store="memory", calendar="24/7"), MemoryStore()) == "24/7"


def test_of_several_calendars_one_must_be_named() -> None:
    store = store_of(*DATES)
    put(store, "2024-07-02", "0005", calendar="XHKG")

    with pytest.raises(SettingsError, match="several calendars, XHKG, XNYS: name one of them"):
        calendar_name(Settings(store="memory"), store)


def test_an_empty_store_says_what_to_do() -> None:
    with pytest.raises(DataError, match="the store memory is empty; import something first"):
        calendar_name(Settings(store="memory"), MemoryStore())


def test_the_error_for_an_unknown_symbol_is_its_own() -> None:
    assert str(plan(store_of(*DATES), symbols=("ZZZZZZ",))) == str(UnknownSymbol.among("ZZZZZZ", ["AAPL", "MSFT"]))
