"""A feed that is silent for a while: the same clock time in every session, whatever its calendar."""

import pytest

from actors.market.axis import SessionAxis
from actors.market.faults import Faults, damage
from messages.values import MINUTE_NS, Segment, SegmentKind, TradingSession, moment
from tests.builders import DAY, HALF_DAY, instant, session_xhkg, session_xnys
from tests.market.tapes import SYMBOLS, Cell, missing, tape_of, told

SEVEN = "10:00-10:07"


def clocks_of(cells: set[Cell], tz: str) -> set[str]:
    """The exchange-local times of these cells."""
    return {moment(start_ns, tz).strftime("%H:%M") for _, start_ns in cells}


@pytest.mark.parametrize("date", ["2024-03-08", "2024-03-11", "2024-07-03", "2024-11-01", "2024-11-04"])
def test_an_outage_is_at_the_same_local_time_whatever_the_clocks_do(date: str) -> None:
    gone = missing(damage(tape_of(session_xnys(date)), Faults(outages=(SEVEN,))))

    assert gone == {
        (symbol, instant(date, f"10:0{minute}", "America/New_York")) for symbol in SYMBOLS for minute in range(7)
    }


def test_a_half_day_has_only_the_part_of_an_outage_before_its_close() -> None:
    gone = missing(damage(tape_of(HALF_DAY), Faults(outages=("12:58-13:05", "15:00-15:10"))))

    assert clocks_of(gone, HALF_DAY.tz) == {"12:58", "12:59"}


def test_an_outage_over_lunch_takes_from_both_sides_of_it() -> None:
    session = session_xhkg()

    gone = missing(damage(tape_of(session), Faults(outages=("11:58-13:02",))))

    assert clocks_of(gone, session.tz) == {"11:58", "11:59", "13:00", "13:01"}


@pytest.mark.parametrize("outage", ["23:58-00:02", "23:58 - 00:02", "23:58-24:00"])
def test_an_outage_may_last_past_midnight_in_a_session_that_began_the_day_before(outage: str) -> None:
    tz = "America/Chicago"
    opens, closes = instant("2024-07-01", "17:00", tz), instant("2024-07-02", "16:00", tz)
    part = Segment(kind=SegmentKind.REGULAR, start_ns=opens, end_ns=closes)
    futures = TradingSession(calendar="CMES", date="2024-07-02", tz=tz, segments=(part,))

    gone = missing(damage(tape_of(futures), Faults(outages=(outage,))))

    past = set() if outage.endswith("24:00") else {"00:00", "00:01"}
    assert clocks_of(gone, tz) == {"23:58", "23:59"} | past


def test_a_session_in_which_the_clocks_change_has_its_outage_by_the_clock() -> None:
    begin, end = instant("2024-03-10", "00:00", "America/New_York"), instant("2024-03-10", "12:00", "America/New_York")
    part = Segment(kind=SegmentKind.REGULAR, start_ns=begin, end_ns=end)
    night = TradingSession(calendar="X", date="2024-03-10", tz="America/New_York", segments=(part,))

    gone = missing(damage(tape_of(night), Faults(outages=("01:58-03:02", "10:00-10:01"))))

    assert clocks_of(gone, night.tz) == {"01:58", "01:59", "03:00", "03:01", "10:00"}


def test_nothing_at_all_arrives_while_the_feed_is_silent() -> None:
    tape = tape_of(symbols=tuple(map(str, range(20))))
    silent = {slot for slot, at in enumerate(SessionAxis(DAY).starts_ns) if 30 <= (at - DAY.open_ns) // MINUTE_NS < 37}

    damaged = damage(tape, Faults(outages=(SEVEN,), delay=0.5, duplicate=0.5))

    assert {slot for slot, _, _ in told(damaged)} == set(range(390)) - silent
