"""Which sessions a backtest plays, and the sentences with which an impossible wish is refused."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.settings import SessionRules, Settings
from actors.storage.memory import MemoryStore
from actors.stream_coordinator.backtest.planning import Planner
from actors.stream_coordinator.backtest.store_asked import calendar_name, check_length
from messages import (
    BarBatch,
    DataError,
    PlanLiveSessions,
    PlanSessions,
    RunFailed,
    SessionsPlanned,
    SettingsError,
    UnknownSymbol,
)
from messages.values import Interval, Verdict
from tests.builders import bar, instant, session_xnys
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


def plan(store: MemoryStore, *, has_upstream: bool = False, **wanted: Any) -> tuple[str, ...] | str:
    """The dates that are planned, or the reason for which nothing is."""
    outbox, settings = Outbox(), Settings(store="memory", **wanted)
    Planner(settings, store, xnys(), outbox, has_upstream=has_upstream).tell(PlanSessions())
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


def test_a_day_without_a_session_is_not_played_and_said() -> None:
    outbox = Outbox()
    store = store_of("2024-07-03", "2024-07-05")
    put(store, "2024-07-04", "AAPL")
    Planner(Settings(store="memory"), store, xnys(), outbox).tell(PlanSessions())
    (said,) = outbox.of(SessionsPlanned)

    assert [session.date for session in said.sessions] == ["2024-07-03", "2024-07-05"]
    assert said.without_session == ("2024-07-04",)


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


@pytest.mark.parametrize(
    ("wanted", "dates"),
    [
        ({}, DATES),
        ({"symbols": ("SPY",)}, (DATES[0], DATES[2])),
        ({"symbols": ("AAPL",)}, DATES[1:2]),
        ({"symbols": ("AAPL", "SPY")}, DATES[:3]),
        ({"symbols": ("SPY",), "last": 1}, DATES[2:3]),
        ({"symbols": ("SPY",), "last": 2, "end": DATES[2]}, (DATES[0], DATES[2])),
        ({"symbols": ("SPY",), "start": DATES[1]}, DATES[2:3]),
        ({"symbols": ("SPY",), "has_upstream": True}, DATES[:3]),
        ({"symbols": ("SPY",), "has_upstream": True, "last": 2}, DATES[1:3]),
    ],
)
def test_of_symbols_that_are_named_the_days_are_played_that_are_theirs(wanted: dict[str, Any], dates: Any) -> None:
    store = MemoryStore()
    for date, symbol in zip(DATES, ("SPY", "AAPL", "SPY", "MSFT"), strict=True):
        put(store, date, symbol)

    assert plan(store, **wanted) == dates


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


def test_a_store_whose_bars_are_of_another_length_is_refused() -> None:
    seconds = Settings(store="memory", rules=SessionRules(base_interval=Interval.parse("1s")))

    check_length(Settings(store="memory"), store_of(*DATES))
    check_length(seconds, MemoryStore())
    with pytest.raises(SettingsError, match="store memory holds bars of 1m; this system's base interval is 1s"):
        check_length(seconds, store_of(*DATES))


def test_an_empty_store_says_what_to_do() -> None:
    with pytest.raises(DataError, match="the store memory is empty; import something first"):
        calendar_name(Settings(store="memory"), MemoryStore())


def test_the_error_for_an_unknown_symbol_is_its_own() -> None:
    assert str(plan(store_of(*DATES), symbols=("ZZZZZZ",))) == str(UnknownSymbol.among("ZZZZZZ", ["AAPL", "MSFT"]))


# --- the sessions that come


def coming(day: str, clock: str, calendar: Calendar | None = None) -> list[str]:
    """The dates that are planned on a live day, at an instant in UTC."""
    outbox = Outbox()
    planner = Planner(Settings(store="memory"), MemoryStore(), calendar or xnys(), outbox)
    planner.tell(PlanLiveSessions(now_ns=instant(day, clock)))
    (said,) = outbox.of(SessionsPlanned)
    return [session.date for session in said.sessions]


def test_before_the_open_and_within_hours_todays_session_is_the_first() -> None:
    assert coming("2024-07-02", "05:00") == coming("2024-07-02", "19:59") == ["2024-07-02", "2024-07-03", "2024-07-05"]


def test_at_the_close_the_next_session_is_the_first_also_after_a_half_day() -> None:
    assert coming("2024-07-02", "20:00")[0] == "2024-07-03"
    assert coming("2024-07-03", "16:59")[0] == "2024-07-03"
    assert coming("2024-07-03", "17:00")[0] == "2024-07-05"


def test_weekends_and_holidays_are_passed_over() -> None:
    assert coming("2024-07-05", "21:00") == coming("2024-07-07", "12:00") == ["2024-07-08", "2024-07-09", "2024-07-10"]
    assert coming("2024-07-04", "12:00")[0] == "2024-07-05"


@pytest.mark.parametrize(
    ("friday", "closes", "monday"),
    [("2024-03-08", "21:00", "2024-03-11"), ("2024-11-01", "20:00", "2024-11-04")],
    ids=["spring", "autumn"],
)
def test_when_clocks_change_a_session_is_still_over_at_its_close(friday: str, closes: str, monday: str) -> None:
    planned = coming(friday, closes)

    assert planned[0] == monday
    assert coming(friday, f"{int(closes[:2]) - 1}:59")[0] == friday
    assert coming(monday, f"{int(closes[:2]) + (-1 if friday < '2024-06' else 1)}:00")[0] > monday


def test_a_session_that_began_yesterday_evening_is_still_the_first() -> None:
    assert coming("2024-07-02", "01:00", Calendar("CMES"))[0] == "2024-07-02"
    assert coming("2024-07-01", "23:00", Calendar("CMES"))[0] == "2024-07-02"


def test_round_the_clock_the_next_session_is_planned_at_midnight() -> None:
    assert coming("2024-07-02", "24:00", Calendar("24/7")) == ["2024-07-03", "2024-07-04", "2024-07-05"]


class Torn(MemoryStore):
    """A store that lost the days of a year."""

    def dates_left(self, calendar: str) -> tuple[tuple[str, ...], dict[str, str]]:
        return self.dates(calendar), {"2023": "2023.parquet cannot be read"}


@pytest.mark.parametrize(
    ("wanted", "trailing", "planned"),
    [
        ({"start": "2024-07-02"}, 1, DATES[1:]),
        ({"last": 1}, 3, DATES[3:]),
        ({"last": 2, "end": "2024-07-03"}, 0, DATES[1:3]),
        ({"start": "2023-12-01"}, 0, "2023.parquet cannot be read"),
        (
            {"start": "2024-07-02"},
            2,
            "2023.parquet cannot be read",
        ),  # it looks back further
        ({"last": 1}, 4, "2023.parquet cannot be read"),
        ({}, 0, "2023.parquet cannot be read"),
        ({"end": "2024-07-02"}, 0, "2023.parquet cannot be read"),
    ],
)
def test_a_file_of_days_that_cannot_be_read_is_in_the_way_of_those_alone_who_would_need_it(
    wanted: dict[str, Any], trailing: int, planned: tuple[str, ...] | str
) -> None:
    store = Torn()
    for date in DATES:
        put(store, date, "AAPL")

    assert plan(store, rules=SessionRules(trailing_sessions=trailing), **wanted) == planned


def test_where_no_day_is_left_the_damage_is_the_reason() -> None:
    assert plan(Torn(), start="2024-07-02") == "2023.parquet cannot be read"
