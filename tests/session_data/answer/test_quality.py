"""The two numbers by symbol, interval and session: exact on half-days and around breaks, never above what is there."""

import msgspec
import pytest

from messages import DayGrid, GetQuality, GetVerdicts, Quality, QualityReport, Verdict, VerdictCounts, VerdictRun
from messages.tables.columns import freeze
from messages.values import ONE_DAY, ONE_MINUTE, Interval
from tests.builders import (
    BREAK_DAY,
    DAY,
    HALF_DAY,
    MINUTE_NS,
    arrived,
    at,
    bar,
    bars,
    closed,
    day_grid,
    opened,
    session_tiny,
    time,
)
from tests.session_data.streams import ask, minutes_of
from tests.session_data.telling import FIVE, MONDAY, TUESDAY, TWO, WEDNESDAY, core_with, refusal

LONG = session_tiny(6)


def numbers(report: QualityReport) -> tuple[float | None, float | None, int]:
    quality = report.quality
    return quality.completeness, quality.bar_quality, quality.closed


def no_trade(day: DayGrid, *slots: int) -> DayGrid:
    verdicts = day.verdicts.copy()
    verdicts[list(slots), 0] = Verdict.NO_TRADE
    return DayGrid(session=day.session, symbols=day.symbols, values=day.values, verdicts=freeze(verdicts))


def test_a_closed_bar_is_complete_when_every_minute_of_it_has_its_bar() -> None:
    core = core_with(opened(LONG, ["A"]), arrived(*bars("A", "09:30", 1, 2, 3, None, 5)), time("09:35"))

    assert numbers(ask(core, GetQuality(interval=TWO))) == (50, 50, 2)
    assert numbers(ask(core, GetQuality())) == (80, 80, 5)
    assert numbers(ask(core, GetQuality(interval=FIVE))) == (0, 0, 1)
    assert numbers(ask(core, GetQuality(interval=ONE_DAY))) == (None, None, 0)


def test_the_verdicts_are_those_of_the_minutes_whatever_the_interval() -> None:
    core = core_with(opened(LONG, ["A"]), arrived(*bars("A", "09:30", 1, 2, 3, None, 5)), time("09:35"))

    assert ask(core, GetQuality(interval=TWO)).quality.verdicts == VerdictCounts(streamed=4, missing=1, pending=1)


def test_a_confirmed_minute_without_trades_makes_a_bar_as_good_but_not_complete() -> None:
    day = no_trade(day_grid(MONDAY, bars("A", "09:30", 1, None, 3, 4, session=MONDAY)), 1)
    core = core_with(opened(TUESDAY, ["A"], [day]))

    assert numbers(ask(core, GetQuality(interval=TWO, sessions=1))) == (50, 100, 2)
    assert numbers(ask(core, GetQuality(interval=ONE_DAY, sessions=1))) == (0, 100, 1)
    assert numbers(ask(core, GetQuality(sessions=1))) == (75, 100, 4)


def test_quality_can_be_asked_of_some_symbols() -> None:
    core = core_with(opened(TUESDAY, ["A", "B", "C"]), arrived(*bars("A", "09:30", 1, 2), bar("B")), time("09:32"))

    assert numbers(ask(core, GetQuality(symbols=("A",)))) == (100, 100, 2)
    assert numbers(ask(core, GetQuality(symbols=("A", "B")))) == (75, 75, 4)
    assert ask(core, GetQuality(symbols=("B", "C"))).worst == (("C", 0.0), ("B", 50.0))
    assert ask(core, GetQuality()).worst == (("C", 0.0), ("B", 50.0))


def test_the_worst_are_judged_by_the_interval_that_was_asked_for() -> None:
    core = core_with(opened(LONG, ["A", "B"]), arrived(*bars("A", "09:30", 1, 2, 3, None)), time("09:34"))

    assert ask(core, GetQuality(interval=TWO)).worst == (("B", 0.0), ("A", 50.0))


def test_duplicates_raise_nothing() -> None:
    given = arrived(*bars("A", "09:30", 1, None, 3))
    core = core_with(opened(LONG, ["A"]), given, given, given, time("09:33"))

    assert numbers(ask(core, GetQuality())) == (pytest.approx(200 / 3), pytest.approx(200 / 3), 3)
    assert ask(core, GetQuality()).duplicates == 4


@pytest.mark.parametrize(
    ("session", "interval", "closed_bars"),
    [
        (HALF_DAY, "1m", 210),
        (HALF_DAY, "1h", 4),
        (HALF_DAY, "1d", 1),
        (DAY, "1h", 7),
        (BREAK_DAY, "1m", 330),
        (BREAK_DAY, "1h", 3 + 3),
        (BREAK_DAY, "20m", 8 + 9),
    ],
)
def test_half_days_and_breaks_are_counted_as_they_are(session: object, interval: str, closed_bars: int) -> None:
    whole = [bar("A", start, session=session) for start in minutes_of(session)]  # type: ignore[arg-type]
    core = core_with(opened(session, ["A"]), arrived(*whole[:-1]), closed(session))  # type: ignore[arg-type]
    share = pytest.approx(100 * (closed_bars - 1) / closed_bars)

    assert numbers(ask(core, GetQuality(interval=Interval.parse(interval)))) == (share, share, closed_bars)


def test_extended_hours_are_counted_by_themselves_and_have_no_daily_bar() -> None:
    session = session_tiny(2, pre=2, post=2)
    first = session.start_ns
    given = [bar("A", first + minute * MINUTE_NS) for minute in (0, 1, 2, 4)]
    core = core_with(opened(session, ["A"]), arrived(*given), closed(session))
    two, daily = (ask(core, GetQuality(interval=interval)) for interval in (TWO, ONE_DAY))

    assert (two.quality.completeness, two.extended_quality.completeness) == (0, 50)
    assert (two.quality.closed, two.extended_quality.closed) == (1, 2)
    assert (daily.quality.completeness, daily.extended_quality.completeness) == (0, None)


def test_history_has_its_quality_over_the_sessions_that_are_held() -> None:
    monday = day_grid(MONDAY, bars("A", "09:30", 1, 2, session=MONDAY), ["B"])
    core = core_with(
        opened(TUESDAY, ["A", "C"], [monday]),
        arrived(*bars("A", "09:30", 1, 2, 3, 4)),
        opened(WEDNESDAY, ["A"]),
    )
    report = ask(core, GetQuality(sessions=5))

    assert (report.sessions, report.short, report.session_date) == ((MONDAY.date, TUESDAY.date), 3, TUESDAY.date)
    assert numbers(report) == (pytest.approx(600 / 16), pytest.approx(600 / 16), 16)
    assert report.worst == (("B", 0.0), ("C", 0.0), ("A", 75.0))
    assert (report.received, report.accepted, report.gaps) == (0, 0, 0)
    assert numbers(ask(core, GetQuality(symbols=("A",), sessions=1))) == (100, 100, 4)
    assert numbers(ask(core, GetQuality(symbols=("B",), sessions=2))) == (0, 0, 4)


def test_without_history_there_is_no_quality_of_it() -> None:
    report = ask(core_with(opened(TUESDAY, ["A"])), GetQuality(sessions=3))

    assert (report.quality, report.sessions, report.short) == (
        Quality(completeness=None, bar_quality=None, closed=0, verdicts=VerdictCounts()),
        (),
        3,
    )
    assert b"NaN" not in msgspec.json.encode(report)


@pytest.mark.parametrize("sessions", [0, 2])
def test_a_symbol_that_nobody_knows_is_refused(sessions: int) -> None:
    core = core_with(opened(TUESDAY, ["AAPL"], [day_grid(MONDAY, [], ["MSFT"])]))

    assert refusal(core, GetQuality(symbols=("AAPLE",), sessions=sessions)).startswith("UnknownSymbol")


def test_a_symbol_of_the_past_has_a_quality_in_the_past_only() -> None:
    core = core_with(opened(TUESDAY, ["AAPL"], [day_grid(MONDAY, [], ["MSFT"])]))

    assert numbers(ask(core, GetQuality(symbols=("MSFT",), sessions=1))) == (0, 0, 4)
    assert refusal(core, GetQuality(symbols=("MSFT",))).startswith("UnknownSymbol")


def test_sessions_are_none_or_some() -> None:
    assert "0 (the open one) or more, not -1" in refusal(core_with(opened(TUESDAY)), GetQuality(sessions=-1))


def test_a_report_says_what_it_is_of() -> None:
    core = core_with(opened(TUESDAY, ["A"]))

    assert (ask(core, GetQuality()).interval, ask(core, GetQuality()).sessions) == (ONE_MINUTE, ())
    assert ask(core, GetQuality(interval=TWO)).interval == TWO


def test_every_minute_has_a_verdict_and_those_to_come_are_pending() -> None:
    known = (
        VerdictRun(symbol="B", verdict=Verdict.NO_TRADE, start_ns=at("09:30"), end_ns=at("09:36"), source="archive"),
    )
    core = core_with(
        msgspec.structs.replace(opened(LONG, ["A", "B"]), runs=known),
        arrived(*bars("A", "09:30", 1, None, 3)),
        time("09:33"),
    )
    plane = ask(core, GetVerdicts())

    assert [Verdict(cell).name for cell in plane.of("A")] == ["STREAMED", "MISSING", "STREAMED", *["PENDING"] * 3]
    assert [Verdict(cell).name for cell in plane.of("B")] == [*["NO_TRADE"] * 3, *["PENDING"] * 3]
    assert (plane.symbols, plane.closed, plane.start_ns.tolist()) == (("A", "B"), 3, minutes_of(LONG))
    assert ask(core, GetVerdicts(symbols=("B",))).of("B").tolist() == plane.of("B").tolist()


def test_a_plane_that_was_given_is_nobody_s_to_change_nor_changed_by_what_comes() -> None:
    core = core_with(opened(LONG, ["A"]))
    plane = ask(core, GetVerdicts())
    core.handle(arrived(*bars("A", "09:30", 1, 2)))

    assert set(plane.of("A").tolist()) == {Verdict.PENDING}
    assert not plane.verdicts.flags.writeable


def test_a_plane_of_a_symbol_that_is_unknown_is_refused() -> None:
    assert refusal(core_with(opened(LONG, ["A"])), GetVerdicts(symbols=("Z",))).startswith("UnknownSymbol")
