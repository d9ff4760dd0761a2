"""Calendars of exchange_calendars, whatever version of pandas computes them."""

import hashlib
import warnings

import exchange_calendars
import numpy as np
import pytest
from exchange_calendars.calendar_utils import _default_calendar_factories as factories
from exchange_calendars.pandas_extensions.offsets import OrthodoxEaster

from actors.market.hours import exchanges
from actors.market.timetable import Schedule
from tests.market.hours.digests import DIGESTS, MADE_WITH


def schedule(name: str, start: str, end: str) -> Schedule:
    exchanges.repair()
    kind = factories[name]
    first, last = kind.bound_min(), kind.bound_max()
    return exchanges.schedule_of(
        kind(
            start=start if first is None or str(first.date()) < start else first,
            end=end if last is None or str(last.date()) > end else last,
        )
    )


def dates(found: Schedule) -> list[str]:
    return [str(np.datetime64(int(day), "D")) for day in found.labels]


@pytest.mark.parametrize(
    ("name", "monday", "sunday", "special"),
    [
        ("XMOS", "2024-10-28", "2024-11-03", "2024-11-02"),
        pytest.param("XBOM", "2025-01-27", "2025-02-02", "2025-02-01", marks=pytest.mark.slow),
        pytest.param("XKRX", "1998-11-30", "1998-12-06", "1998-12-05", marks=pytest.mark.slow),
    ],
)
def test_a_saturday_on_which_an_exchange_traded_is_one_of_its_sessions(name, monday, sunday, special):
    found = dates(schedule(name, monday, sunday))

    assert special in found
    assert len(found) == 6


@pytest.mark.parametrize(
    ("name", "holiday", "session"),
    [
        ("ASEX", "2024-05-03", "2024-05-02"),
        *(
            pytest.param(*row, marks=pytest.mark.slow)
            for row in (
                ("XBSE", "2024-05-06", "2024-05-07"),
                ("XCYS", "2024-05-07", "2024-05-08"),
                ("XBEL", "2024-05-06", "2024-05-07"),
            )
        ),
        ("XTAE", "2024-04-23", "2024-04-24"),
    ],
    ids=["Athens", "Bucharest", "Nicosia", "Belgrade", "Tel Aviv"],
)
def test_orthodox_easter_and_passover_are_holidays(name, holiday, session):
    found = dates(schedule(name, "2024-04-21", "2024-05-10"))

    assert holiday not in found
    assert session in found


def test_what_the_package_says_itself_of_an_offset_is_left_alone():
    exchanges.repair()
    before = vars(OrthodoxEaster).copy()

    exchanges.repair()

    assert vars(OrthodoxEaster) == before


@pytest.mark.slow
@pytest.mark.skipif(exchange_calendars.__version__ != MADE_WITH, reason=f"the digests are those of {MADE_WITH}")
@pytest.mark.parametrize("name", DIGESTS)
def test_every_calendar_is_to_the_second_what_it_is_under_pandas_3_0(name):
    found = schedule(name, "1990-01-01", "2027-12-31")

    digest = hashlib.sha256()
    for column in (found.labels, found.starts, found.ends):
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    assert (len(found.labels), digest.hexdigest()[:16]) == DIGESTS[name]


def test_every_calendar_of_the_package_has_its_digest():
    assert exchange_calendars.__version__ != MADE_WITH or set(factories) == set(DIGESTS)


def test_what_the_package_is_warned_of_is_no_error_of_an_application_that_wants_none() -> None:
    with warnings.catch_warnings(action="error"):
        made = exchanges.schedule_of(exchanges._calendar("XICE"))

    assert made.zone == "Atlantic/Reykjavik"
