"""Moments and dates as people write them: one instant, whatever it is written in."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.instants import counted, day, moment, nanos, whole_number
from messages import SettingsError

NEW_YORK = ZoneInfo("America/New_York")
HALF_PAST_TEN = 1_719_930_600_000_000_000
"""2024-07-02 10:30 in New York."""


@pytest.mark.parametrize(
    "written",
    [
        HALF_PAST_TEN,
        np.int64(HALF_PAST_TEN),
        np.uint64(HALF_PAST_TEN),
        "2024-07-02T10:30:00-04:00",
        "2024-07-02T14:30:00Z",
        "2024-07-02 14:30:00.000000000+00:00",
        "2024-07-02t14:30:00z",
        "2024-07-02T14:30Z",
        "2024-07-02 10:30-0400",
        "2024-07-02T10:30:00.000-0400",
        datetime(2024, 7, 2, 10, 30, tzinfo=NEW_YORK),
        datetime(2024, 7, 2, 16, 30, tzinfo=timezone(timedelta(hours=2))),
        pd.Timestamp("2024-07-02 10:30", tz=NEW_YORK),
        pd.Timestamp("2024-07-02 10:30", tz=NEW_YORK).as_unit("s"),
        np.datetime64("2024-07-02T14:30"),
        np.datetime64("2024-07-02T14:30:00.000000000"),
        np.datetime64(HALF_PAST_TEN // 10**9, "s"),
    ],
)
def test_an_instant_may_be_written_in_many_ways(written: Any) -> None:
    assert (moment(written), nanos(written), type(moment(written))) == (HALF_PAST_TEN, HALF_PAST_TEN, int)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@given(ns=st.integers(10**17, 4 * 10**18))
def test_a_timestamp_is_taken_to_its_last_nanosecond(unit: Any, ns: int) -> None:
    stamp = pd.Timestamp(ns, tz="UTC").as_unit(unit, round_ok=True)

    assert moment(stamp) == moment(stamp.tz_convert("Asia/Tokyo")) == stamp.as_unit("ns").value
    assert moment(stamp.to_datetime64()) == stamp.as_unit("ns").value
    assert moment(pd.Timestamp(ns, tz="UTC").isoformat()) == ns


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("10:30", "10:30"), ("9:30", "09:30"), (" 9:30 ", "09:30"), ("9:30:05", "09:30:05"),
        ("00:00:00.5", "00:00:00.5"), (time(9, 30), "09:30:00"), (time(9, 30, 1, 500), "09:30:01.000500"),
    ],
)  # fmt: skip
def test_a_clock_time_is_left_to_the_session(written: str | time, clock: str) -> None:
    assert moment(written) == clock


DATES = ["2024-07-02", "2024-7-2", "20240702", "2024/07/02", "2024.7.2", np.str_("2024-07-02"), date(2024, 7, 2)]


@pytest.mark.parametrize("written", [*DATES, np.datetime64("2024-07-02")])
def test_a_date_may_be_written_in_many_ways_and_is_no_instant(written: Any) -> None:
    assert day(written) == moment(written) == "2024-07-02"


@pytest.mark.parametrize(
    "written",
    [datetime(2024, 7, 2, 10, 30), datetime(2024, 7, 2, 23, tzinfo=UTC), pd.Timestamp("2024-07-02")],
)
def test_a_datetime_has_a_date_of_its_own(written: Any) -> None:
    assert day(written) == "2024-07-02"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (20_240_701, "as a date it is written '2024-07-01'"),
        (20_240_732, "as seconds it is 1970-08-23"),
        (1_719_930_600, "as seconds it is 2024-07-02 14:30:00+00:00: multiply it by 1000000000"),
        (1_719_930_600_000, "as milliseconds it is 2024-07-02 14:30:00+00:00: multiply it by 1000000"),
        (np.int64(1_719_930_600_000_000), "as microseconds it is 2024-07-02 14:30:00+00:00: multiply it by 1000"),
        (-5, "as seconds it is 1969-12-31 23:59:55"),
    ],
)
def test_a_number_that_can_only_be_of_another_unit_says_which(number: Any, says: str) -> None:
    with pytest.raises(SettingsError, match="no time in nanoseconds") as refused:
        moment(number)

    assert says in str(refused.value)


def test_nothing_is_before_zero() -> None:
    assert moment(0) == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("soon", "'soon' is no clock time and no moment; write it as '10:30'"),
        ("", "is no clock time"),
        ("25:00", "is no clock time"),
        ("10:30Z", "is no clock time"),
        (time(10, 30, tzinfo=UTC), "00:00 has a zone; a clock time is the exchange's"),
        ("2024-02-30", "is no date"),
        ("2024-02-30T10:00:00Z", "is no clock time and no moment"),
        ("2024-07-02T10:30:00", "is no clock time and no moment"),
        (datetime(2024, 7, 2, 10, 30), "2024-07-02T10:30:00 has no time zone"),
        (pd.NaT, "NaT is no moment"),
        (np.datetime64("NaT"), "is no moment"),
        (np.datetime64("2024"), "its unit is 'Y'"),
        (1.7e18, "of type float"),
        (True, "of type bool"),
        (None, "of type NoneType"),
        ([HALF_PAST_TEN], "of type list"),
        (10**30, "outside of the years 1679 to 2261"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "outside of the years"),
        (datetime.max.replace(tzinfo=UTC), "outside of the years"),
    ],
)
def test_what_is_no_moment_is_refused_in_words(wrong: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        moment(wrong)


@pytest.mark.parametrize("wrong", ["x", "2024-7", "202472", "2024-07/02", 20240702, pd.NaT, np.datetime64("NaT"), None])
def test_what_is_no_date_is_refused_in_words(wrong: Any) -> None:
    with pytest.raises(SettingsError, match="is no date; write it as 2024-05-31"):
        day(wrong)


@pytest.mark.parametrize("given_", [5, np.int8(5), np.uint64(5), np.array(5)])
def test_whole_numbers_are_python_s_or_numpy_s(given_: Any) -> None:
    assert (whole_number(given_), type(whole_number(given_))) == (5, int)


@pytest.mark.parametrize("given_", [5.0, np.float64(5), "5", None, True, np.bool_(1), [5]])
def test_what_only_looks_like_a_whole_number_is_none(given_: Any) -> None:
    assert whole_number(given_) is None


def test_a_text_that_is_no_moment_is_refused_with_one_that_is() -> None:
    with pytest.raises(SettingsError, match="'yesterday' is no moment; write it as '2024-05-31T09:30:00-04:00'"):
        nanos("yesterday")


def test_an_instant_that_nanoseconds_do_not_reach_is_refused() -> None:
    assert counted((1 << 63) - 1) == (1 << 63) - 1
    with pytest.raises(ValueError, match="before the year 2262"):
        counted(-(1 << 63))
