from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.reading.stamps import UNREADABLE, StampForm, epoch_ns, form_of, localise, read_texts
from messages.errors import DataError
from messages.values import MINUTE_NS, SECOND_NS

NINE_THIRTY = 1_709_890_200 * SECOND_NS  # 2024-03-08 09:30:00 as if it were UTC


@pytest.mark.parametrize(
    ("sample", "form"),
    [
        ("2024-03-08 09:30:00", StampForm.ISO),
        ("2024-03-08T09:30", StampForm.ISO),
        ("2024-03-08 09:30:00.000000", StampForm.ISO),
        ("2024-03-08 09:30:00-05:00", StampForm.ISO_OFFSET),
        ("2024-03-08T14:30:00.123456789Z", StampForm.ISO_OFFSET),
        ("1709890200", StampForm.EPOCH),
        ("1709890200000", StampForm.EPOCH),
        ("1709890200000000000", StampForm.EPOCH),
        ("1709890200.0", StampForm.EPOCH_FRACTION),
        ("20240308 093000", StampForm.TEXT),
        ("20240308093000", StampForm.TEXT),
        ("03/08/2024 09:30", StampForm.TEXT),
    ],
)
def test_a_stamp_shows_its_form(sample: str, form: StampForm) -> None:
    assert form_of(sample) is form


@pytest.mark.parametrize(
    "text",
    [
        "20240308 093000", "20240308 09:30:00", "20240308093000", "03/08/2024 09:30", "2024/03/08 09:30:00",
        "3/8/2024 9:30:00 AM", "08.03.2024 09:30", "202403080930", "08-Mar-2024 09:30:00",
    ],
)  # fmt: skip
def test_dates_and_times_are_read_as_people_write_them(text: str) -> None:
    assert read_texts(np.array([text], object), StampForm.TEXT).tolist() == [NINE_THIRTY]


def test_a_day_above_twelve_decides_which_is_the_month() -> None:
    texts = np.array(["08/03/2024 09:30", "13/03/2024 09:30"], object)

    assert read_texts(texts, StampForm.TEXT).tolist() == [NINE_THIRTY, NINE_THIRTY + 5 * 1440 * MINUTE_NS]


@pytest.mark.parametrize("form", list(StampForm))
def test_what_is_no_stamp_is_unreadable_in_every_form(form: StampForm) -> None:
    assert read_texts(np.array(["rubbish", ""], object), form).tolist() == [UNREADABLE, UNREADABLE]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024-03-08 09:30:00", StampForm.ISO),
        ("2024-03-08T04:30:00-05:00", StampForm.ISO_OFFSET),
        ("1709890200000", StampForm.EPOCH),
        ("1709890200.0", StampForm.EPOCH_FRACTION),
    ],
)
def test_the_slow_way_reads_what_the_fast_one_does(text: str, form: StampForm) -> None:
    assert read_texts(np.array([text, "x"], object), form).tolist() == [NINE_THIRTY, UNREADABLE]


def test_a_stamp_of_another_form_than_the_rest_is_unreadable() -> None:
    texts = np.array(["2024-03-08 09:30:00", "2024-03-08 09:30:00Z", "2024-13-08 09:30:00"], object)

    assert read_texts(texts, StampForm.ISO).tolist() == [NINE_THIRTY, UNREADABLE, UNREADABLE]


def test_milliseconds_since_midnight_are_a_time_of_day() -> None:
    assert read_texts(np.array(["34200000"], object), StampForm.TIME_OF_DAY).tolist() == [34_200 * SECOND_NS]


@given(st.integers(1_000_000_000, 4_000_000_000), st.sampled_from([1, 10**3, 10**6, 10**9]))
@settings(deadline=None)
def test_the_magnitude_tells_the_unit(seconds: int, per_second: int) -> None:
    assert epoch_ns(np.array([seconds * per_second])).tolist() == [seconds * SECOND_NS]


def test_units_may_change_within_a_file() -> None:
    mixed = np.array([1_735_689_540_000, 1_735_689_600_000_000])

    assert np.diff(epoch_ns(mixed)).tolist() == [MINUTE_NS]
    assert len(epoch_ns(mixed[:0])) == 0


@given(
    st.lists(st.integers(19_000 * 1440, 19_400 * 1440), min_size=1, max_size=30),
    st.sampled_from(
        ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "UTC", "America/Sao_Paulo"]
    ),
)
@settings(deadline=None)
def test_local_time_becomes_utc_as_the_zone_database_says(minutes: list[int], zone: str) -> None:
    local = [datetime(1970, 1, 1) + timedelta(minutes=minute) for minute in minutes]

    expected = [round(moment.replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND_NS for moment in local]
    assert localise(np.array(minutes) * MINUTE_NS, zone).utc_ns.tolist() == expected


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * SECOND_NS  # noqa: UP017


def test_a_repeated_hour_is_read_as_its_first_pass_and_counted() -> None:
    found = localise(np.array([local("2024-11-03 01:30"), local("2024-11-03 03:30")]), "America/New_York")

    assert found.utc_ns.tolist() == [local("2024-11-03 05:30"), local("2024-11-03 08:30")]
    assert (found.ambiguous, found.nonexistent) == (1, 0)


def test_a_skipped_hour_is_read_with_the_offset_from_before_and_counted() -> None:
    found = localise(np.array([local("2024-03-10 02:30"), local("2024-03-10 03:30")]), "America/New_York")

    assert found.utc_ns.tolist() == [local("2024-03-10 07:30"), local("2024-03-10 07:30")]
    assert (found.ambiguous, found.nonexistent) == (0, 1)


def test_an_unknown_zone_is_an_error_that_shows_how_to_write_one() -> None:
    with pytest.raises(DataError, match="'Mars/Olympus' is no time zone; write it as America/New_York"):
        localise(np.array([0]), "Mars/Olympus")
