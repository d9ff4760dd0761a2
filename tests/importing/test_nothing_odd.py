"""Of a file that nobody is asked about, nothing would be told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.nothing_odd import nothing_odd
from actors.importing.oddities import Oddities, Suspects
from actors.market.calendar import Calendar
from actors.reading.format import Stamp
from messages.tables.columns import Stamps
from messages.values import MINUTE_NS, ONE_MINUTE, SegmentKind
from tests.depth import examples
from tests.importing.imports import SESSIONS

NEW_YORK = SESSIONS["XNYS"]
DATES = ("2024-03-07", "2024-03-08", "2024-03-11", "2024-07-03")  # clocks change in between, and the last closes early
OPEN = {date: session.open_ns for date in DATES if (session := NEW_YORK.session(date)) is not None}
HOURS = {"regular": (0, 390), "all": (-330, 630), "half": (0, 210), "before": (-330, -1), "after": (391, 600)}


def day(date: str, first: int, last: int) -> Stamps:
    """Return the minutes of a day, counted from its open, both included."""
    return OPEN[date] + np.arange(first, last) * MINUTE_NS


def told(starts_ns: Stamps, calendar: Calendar, *, is_end: bool) -> list[str]:
    """Return what is told of a file alone."""
    stamp, suspects = Stamp.END if is_end else Stamp.START, Suspects(zone=True, calendar=True)
    oddities = Oddities(calendar, stamp=stamp, stamp_said_by="", suspects=suspects)
    oddities.note(starts_ns, calendar.assign(starts_ns))
    return oddities.told()


def are_nothing(files: list[Stamps], calendar: Calendar, ends: list[bool]) -> list[bool]:
    """Ask about all at once."""
    starts_ns = np.concatenate(files)
    edges = np.append(0, np.cumsum([len(file) for file in files]))
    found = nothing_odd(starts_ns, edges, calendar.assign(starts_ns), np.array(ends), calendar, ONE_MINUTE)
    return found.tolist()


@pytest.mark.parametrize("name", ["regular", "all", "half"])
@pytest.mark.parametrize("is_end", [False, True])
def test_of_a_day_in_its_hours_there_is_nothing_to_tell(name: str, is_end: bool) -> None:
    file = day("2024-03-08", *HOURS[name])

    assert told(file, NEW_YORK, is_end=is_end) == []
    assert are_nothing([file], NEW_YORK, [is_end]) == [True]


@pytest.mark.parametrize(
    ("file", "is_end"),
    [
        (day("2024-03-08", 1, 391), False),
        (day("2024-03-08", 60, 450), False),
        (day("2024-03-08", -60, 330), False),
        (day("2024-03-08", -1, 389), True),
        (day("2024-03-08", -330, -30), False),
        (day("2024-03-08", 395, 600), False),
    ],
)
def test_of_a_day_of_which_there_is_something_to_tell_one_is_asked(file: Stamps, is_end: bool) -> None:
    sound = day("2024-03-11", *HOURS["all"])

    assert told(file, NEW_YORK, is_end=is_end) != []
    assert are_nothing([sound, file, sound], NEW_YORK, [False, is_end, False]) == [True, False, True]


def some(shift: int, ranges: dict[str, tuple[int, int]], gaps: int) -> Stamps:
    """Return the minutes of several days, of each some hours; some are left out, and those outside the calendar's."""
    starts_ns = np.concatenate([day(date, first, last) for date, (first, last) in sorted(ranges.items())])
    starts_ns = np.delete(starts_ns + shift * MINUTE_NS, slice(2, None, gaps) if gaps else slice(0))
    return starts_ns[NEW_YORK.assign(starts_ns).segment != SegmentKind.OUTSIDE]


ranges = st.dictionaries(st.sampled_from(DATES), st.sampled_from([*HOURS.values()]), min_size=1)
files = st.builds(some, st.sampled_from([0, 1, -1, 30, -60, 90]), ranges, st.sampled_from([0, 2, 3])).filter(len)


@examples(200)
@given(st.lists(st.tuples(files, st.booleans()), min_size=1, max_size=5))
def test_of_what_nobody_is_asked_about_nothing_would_be_told(files: list[tuple[Stamps, bool]]) -> None:
    found = are_nothing([file for file, _ in files], NEW_YORK, [is_end for _, is_end in files])

    for (file, is_end), is_nothing in zip(files, found, strict=True):
        assert not is_nothing or told(file, NEW_YORK, is_end=is_end) == []


@examples(100)
@given(st.lists(st.integers(-3_000, 3_000), min_size=2, max_size=2))
def test_regular_time_is_counted_as_its_minutes_are(minutes: list[int]) -> None:
    first, last = sorted(minutes)
    between = day("2024-03-08", first, last)

    (counted,) = NEW_YORK.regular_ns(*(np.array([OPEN["2024-03-08"] + at * MINUTE_NS]) for at in (first, last)))

    segments = NEW_YORK.assign(between).segment
    assert counted == np.count_nonzero(segments == SegmentKind.REGULAR) * MINUTE_NS
