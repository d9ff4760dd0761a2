"""Words within stamps: what is left of one without them, and the zone that stands behind it."""

import pytest

from actors.reading.spelling.moments import plain, zoned


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("2024-01-15 09:30:00", "2024-01-15 09:30:00"),
        ("15-Jan-2024 9:30 AM", "15-Jan-2024 9:30 AM"),
        ("Monday, 15 January 2024 09:30", "15 January 2024 09:30"),
        ("15 March 2024 09:30", "15 March 2024 09:30"),
        ("Mo 15.01.2024 09:30", "15.01.2024 09:30"),
        ("2024年1月15日(月)9時30分5秒", "2024-1-15 9:30:5"),
        ("2024/1/15 下午2:05", "2024/1/15 2:05 PM"),
        ("2024-01-15D09:30:00.5", "2024-01-15 09:30:00.5"),
        ("2024-01-15 09:30 CST", "2024-01-15 09:30"),
    ],
)
def test_what_is_no_date_and_no_time_is_left_out(text: str, bare: str) -> None:
    assert plain(text) == bare


@pytest.mark.parametrize(
    ("text", "bare", "zone"),
    [
        ("2024-01-15 09:30 UTC", "2024-01-15 09:30", 0),
        ("2024-01-15 09:30 AM EST", "2024-01-15 09:30 AM", -300),
        ("20240115 09:30:00 US/Eastern", "20240115 09:30:00", "US/Eastern"),
        ("2024-01-15 04:30:00 America/New_York", "2024-01-15 04:30:00", "America/New_York"),
        ("01/15/2024 09:30 ET", "01/15/2024 09:30", "America/New_York"),
        ("15.01.2024 00:00:00.000 GMT+0530", "15.01.2024 00:00:00.000", 330),
        ("2024-01-15 09:30 UTC-3", "2024-01-15 09:30", -180),
        ("Mon Jan 15 2024 09:30:00 GMT-0500 (Eastern Standard Time)", "Mon Jan 15 2024 09:30:00", -300),
        ("20240115T093000Z", "20240115T093000", 0),
    ],
)
def test_a_zone_may_stand_behind_the_time(text: str, bare: str, zone: str | int) -> None:
    assert zoned(text) == (bare, zone)


@pytest.mark.parametrize("text", ["2024-01-15 09:30:00", "2024-01-15", "15-Jan-2024 9:30 AM", "2024-01-15 09:30 CST"])
def test_elsewhere_there_is_none(text: str) -> None:
    assert zoned(text) is None
