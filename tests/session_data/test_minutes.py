"""Minutes close on time, say who is missing, and at the end of the session are summed up."""

import numpy as np
import pytest

from messages import (
    BarsUpdated,
    Gap,
    GapDetected,
    GapNarrowed,
    GetGaps,
    GetMetrics,
    GetQuality,
    MinuteClosed,
    SessionBoundary,
    SessionReported,
    SymbolReport,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import EXTENDED_DAY, NEW_YORK, arrived, at, bar, bars, closed, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, TWO, core_with, told

OPEN = opened(TUESDAY, ["A", "B", "C"])


def test_a_minute_that_all_have_is_complete() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")))
    start = at("09:30")

    assert play(core, [time("09:31")]) == [
        MinuteClosed(
            start_ns=start, end_ns=start + MINUTE_NS, present=1, expected=1, missing=(), is_complete=True, tz=NEW_YORK
        )
    ]


def test_a_minute_that_some_miss_names_them_and_tells_their_gap() -> None:
    core = core_with(OPEN, arrived(bar("B", "09:31"), now="09:32"))
    start, end = at("09:31"), at("09:32")
    said = play(core, [time("09:32")])

    assert said[2:] == [
        MinuteClosed(
            start_ns=start, end_ns=end, present=1, expected=3, missing=("A", "C"), is_complete=False, tz=NEW_YORK
        ),
        GapDetected(session_date="2024-07-02", gap=Gap(symbols=("A", "C"), start_ns=start, end_ns=end)),
    ]


def test_minutes_close_in_order_and_each_once() -> None:
    core = core_with(OPEN)
    said = told(core, MinuteClosed, time("09:30"), time("09:33"), time("09:33"), time("20:00"))

    assert [one.start_ns for one in said] == [at("09:30") + i * MINUTE_NS for i in range(4)]


def test_a_minute_closes_at_its_end_and_not_before() -> None:
    core = core_with(OPEN)

    assert told(core, MinuteClosed, time(at("09:31") - 1)) == []
    assert len(told(core, MinuteClosed, time(at("09:31")))) == 1


def test_a_minute_stays_open_until_its_grace_is_over() -> None:
    core = core_with(OPEN, grace_ns=5 * SECOND_NS)

    assert told(core, MinuteClosed, time(at("09:31") + 5 * SECOND_NS - 1)) == []

    play(core, [arrived(bar("A"))])

    assert ask(core, GetMetrics(symbol="A")).quality.verdicts.streamed == 1
    assert [one.present for one in told(core, MinuteClosed, time(at("09:31") + 5 * SECOND_NS))] == [1]


def test_an_arrival_tells_the_time_but_closes_nothing() -> None:
    core = core_with(OPEN)

    assert told(core, MinuteClosed, arrived(bar("A", "09:31"))) == []
    assert ask(core, GetMetrics(symbol="A")).quality.closed == 0


def test_the_minutes_of_a_break_do_not_exist() -> None:
    lunch = session_tiny(2, 1, lunch=30)
    said = told(core_with(opened(lunch, ["A"])), MinuteClosed, time("11:00"))

    assert [one.start_ns for one in said] == [at("09:30"), at("09:31"), at("10:02")]


def test_a_late_bar_opens_no_closed_minute_again() -> None:
    core = core_with(OPEN, time("09:31"))
    said = play(core, [arrived(bar("A")), time("09:31")])

    assert [type(one) for one in said] == [BarsUpdated, GapNarrowed]
    assert ask(core, GetQuality()).gaps == 1


def test_gaps_are_counted_as_they_are_told() -> None:
    core = core_with(OPEN, arrived(bar("A"), bar("B"), bar("C")))

    assert len(told(core, GapDetected, time("09:34"))) == 3
    assert ask(core, GetQuality()).gaps == 3


def test_what_is_missing_so_far_is_told_in_runs_with_those_who_share_them() -> None:
    core = core_with(OPEN, arrived(bar("A"), bar("B")), time("09:33"))
    before, after = at("09:30"), at("09:33")
    second = before + MINUTE_NS
    whole, shared = (
        Gap(symbols=("C",), start_ns=before, end_ns=after),
        Gap(symbols=("A", "B"), start_ns=second, end_ns=after),
    )

    assert ask(core, GetGaps()) == (whole, shared)
    assert ask(core, GetGaps(symbols=("C",))) == (whole,)


def test_a_late_bar_closes_its_gap() -> None:
    core = core_with(opened(TUESDAY, ["A"]), time("09:32"), arrived(bar("A", "09:30")))

    assert ask(core, GetGaps()) == (Gap(symbols=("A",), start_ns=at("09:31"), end_ns=at("09:32")),)


def test_no_gap_crosses_a_break_or_holds_a_minute_that_is_still_open() -> None:
    lunch = session_tiny(2, 2, lunch=30)
    core = core_with(opened(lunch, ["A"]), time("10:03"))

    assert [(gap.start_ns, gap.end_ns) for gap in ask(core, GetGaps())] == [
        (at("09:30"), at("09:32")),
        (at("10:02"), at("10:03")),
    ]


def test_the_close_comes_first_then_the_minutes_that_were_left_then_the_report() -> None:
    said = play(core_with(opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, 2, 3))), [closed(TUESDAY)])

    assert said[0] == closed(TUESDAY)
    assert [one.start_ns for one in said if isinstance(one, MinuteClosed)] == [at(f"09:3{i}") for i in range(4)]
    assert isinstance(said[-1], SessionReported)


def test_the_report_of_a_session_has_its_exact_numbers() -> None:
    session = session_tiny(4, pre=2, post=1)
    outside_of_regular = [bar("A", "09:28", 999, volume=999), bar("A", "09:34", 1, volume=999)]
    core = core_with(
        opened(session, ["B", "A", "C"]),
        arrived(*bars("A", "09:30", 10, 12, 8, 11), *outside_of_regular),
        arrived(bar("B", "09:31", 20, high=25, low=15, volume=7)),
        intervals=(TWO,),
    )
    (said,) = told(core, SessionReported, closed(session))
    report = said.report

    assert (report.session, report.closed, report.transition_ms, report.is_prefetched) == (session, 4, None, False)
    assert report.symbol_reports() == [
        SymbolReport(symbol="A", bars=4, high=12, low=8, volume=400, completeness=100, derived={"2m": 2}),
        SymbolReport(symbol="B", bars=1, high=25, low=15, volume=7, completeness=25, derived={"2m": 1}),
        SymbolReport(symbol="C", bars=0, high=None, low=None, volume=0, completeness=0, derived={"2m": 0}),
    ]


def test_a_report_without_derived_intervals_has_no_rows_of_them() -> None:
    core = core_with(opened(TUESDAY, ["A", "B"]), intervals=())
    (said,) = told(core, SessionReported, closed(TUESDAY))

    assert said.report.derived.shape == (0, 2)
    assert said.report.derived.dtype == np.int32


def test_a_session_that_is_cut_short_is_reported_as_far_as_it_went() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")))
    (said,) = told(core, SessionReported, closed(TUESDAY, now=at("09:32")))

    assert (said.report.closed, said.report.symbol_reports()[0].completeness) == (2, 50)


def test_a_session_that_is_cut_short_before_its_open_has_no_completeness() -> None:
    core = core_with(opened(EXTENDED_DAY, ["A"]), time("05:00"))
    (said,) = told(core, SessionReported, closed(EXTENDED_DAY, now=at("05:00")))

    assert (said.report.closed, said.report.symbol_reports()[0].completeness) == (0, None)


@pytest.mark.parametrize("before", [[], [opened(TUESDAY, ["A"])]])
def test_the_close_of_another_session_is_passed_on_and_changes_nothing(before: list[SessionBoundary]) -> None:
    core = core_with(*before)

    assert play(core, [closed(MONDAY)]) == [closed(MONDAY)]
