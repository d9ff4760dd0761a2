"""Clock times in a session that begins on the evening before its date."""

from datetime import datetime, timedelta

import pytest

from messages import Bar, GetBars, Segment, TradingSession
from messages.values import MINUTE_NS, moment
from tests.builders import REGULAR, arrived, bar, instant, opened
from tests.session_data.streams import ask
from tests.session_data.telling import core_with

CHICAGO = "America/Chicago"


def futures(date: str) -> tuple[TradingSession, list[Bar]]:
    """From 17:00 on the evening before until 16:00, and a bar of A at every full hour, whose close says which."""
    eve = f"{datetime.fromisoformat(date) - timedelta(days=1):%Y-%m-%d}"
    start_ns, end_ns = instant(eve, "17:00", CHICAGO), instant(date, "16:00", CHICAGO)
    parts = (Segment(kind=REGULAR, start_ns=start_ns, end_ns=end_ns),)
    session = TradingSession(calendar="CMES", date=date, tz=CHICAGO, segments=parts)
    hours = range(start_ns, end_ns, 60 * MINUTE_NS)
    return session, [bar("A", start, float(f"{moment(start, CHICAGO):%d%H}")) for start in hours]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("17:00", "20:00", [117, 118, 119]),
        ("22:00", "01:00", [122, 123, 200]),
        ("10:00", "12:00", [210, 211]),
        ("14:00", "16:00", [214, 215]),
        ("15:00", "16:30", [215]),
        ("16:30", None, []),
        (None, "18:00", [117]),
    ],
)
def test_a_clock_time_of_a_session_that_begins_the_evening_before_is_one_at_which_it_is_open(
    start: str | None, end: str | None, expected: list[int]
) -> None:
    session, given = futures("2024-07-02")
    core = core_with(opened(session, ["A"]), arrived(*given))

    assert ask(core, GetBars(symbol="A", start=start, end=end)).close.tolist() == expected


@pytest.mark.parametrize("date", ["2024-03-11", "2024-11-04"])
def test_so_is_one_on_the_evening_of_the_sunday_on_which_the_clocks_changed(date: str) -> None:
    session, given = futures(date)
    core = core_with(opened(session, ["A"]), arrived(*given))
    evening, morning = (ask(core, GetBars(symbol="A", start=clock)).bars()[0] for clock in ("18:00", "10:00"))

    assert [f"{one.start:%a %H:%M}" for one in (evening, morning)] == ["Sun 18:00", "Mon 10:00"]


def night(end: str) -> TradingSession:
    """From 17:00 on the evening before."""
    start_ns, end_ns = instant("2024-07-01", "17:00", CHICAGO), instant("2024-07-02", end, CHICAGO)
    parts = (Segment(kind=REGULAR, start_ns=start_ns, end_ns=end_ns),)
    return TradingSession(calendar="CMES", date="2024-07-02", tz=CHICAGO, segments=parts)


def test_an_end_that_is_the_first_of_the_session_too_is_not_before_the_start() -> None:
    core = core_with(opened(night("16:00"), ["A"]), arrived(bar("A", instant("2024-07-02", "15:59", CHICAGO))))

    assert len(ask(core, GetBars(symbol="A", start="15:00", end="17:00"))) == 1


def test_a_start_at_which_the_session_begins_is_its_start_and_not_its_end() -> None:
    session = night("17:00")
    core = core_with(opened(session, ["A"]), arrived(bar("A", session.start_ns)))

    assert len(ask(core, GetBars(symbol="A", start="17:00"))) == 1
    assert len(ask(core, GetBars(symbol="A", end="17:00"))) == 1
