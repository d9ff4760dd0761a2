"""Hours as people write them."""

import pytest

from actors.market.hours.spelling import day_number, session_ranges
from messages.errors import SettingsError


def clocks(*texts: str, label: str | None = None) -> list[str]:
    found = session_ranges(texts, None if label is None else day_number(label))
    return [" ".join(f"{m // 1440:+d} {m % 1440 // 60:02}:{m % 60:02}" for m in span) for span in found]


def test_hours_are_of_the_day_of_the_session():
    assert clocks("09:30-16:00") == ["+0 09:30 +0 16:00"]
    assert clocks("0:00-24:00") == ["+0 00:00 +1 00:00"]
    assert clocks("09:15-10:00, 11:30-12:30") == clocks("09:15-10:00", "11:30 - 12:30")
    assert clocks("09:15-10:00, 11:30-12:30") == ["+0 09:15 +0 10:00", "+0 11:30 +0 12:30"]


def test_hours_that_end_before_they_begin_begin_on_the_evening_before():
    assert clocks("17:00-16:00") == ["-1 17:00 +0 16:00"]
    assert clocks("17:00-17:00") == ["-1 17:00 +0 17:00"]
    assert clocks("21:00-02:30, 09:00-10:15") == ["-1 21:00 +0 02:30", "+0 09:00 +0 10:15"]


def test_hours_that_come_before_earlier_ones_are_of_the_evening_before():
    assert clocks("21:00-23:00, 09:00-10:15") == ["-1 21:00 -1 23:00", "+0 09:00 +0 10:15"]


def test_a_special_session_may_say_the_date_of_each_time():
    hours = "2024-09-27 21:00 - 2024-09-28 02:30"

    assert clocks(hours, "09:00-15:00", label="2024-09-30") == ["-3 21:00 -2 02:30", "+0 09:00 +0 15:00"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("10-16",), "'10-16' is no range of clock times; write it as 10:00-16:30"),
        (("10:00-16:61",), "'16:61' is no clock time"),
        (("",), "is no range"),
        ((), "hours are missing"),
        (("2024-09-27 21:00 - 23:00",), "both times of a special session have a date"),
        (("2024-09-30 16:00 - 2024-09-30 10:00",), "are in no order of time"),
        (("2024-09-30 10:00 - 2024-09-30 16:00", "11:00-12:00"), "are in no order of time"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(texts, said):
    with pytest.raises(SettingsError, match=said):
        clocks(*texts, label="2024-09-30")
