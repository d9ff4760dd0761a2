"""Derived bars: when they are published, what they are made of, and when they are published again."""

import pytest

from messages import (
    Bar,
    BarBatch,
    BarsFilled,
    BarsUpdated,
    GetBarCount,
    GetBars,
    GetLatestBar,
    Interval,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS
from tests.builders import DAY, arrived, at, bar, bars, closed, minute_of, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, TUESDAY, TWO, closes, core_with, minutes, told, updates

LONG = session_tiny(7)
OPEN = opened(LONG, ["A", "B"])


def test_a_derived_bar_is_published_with_the_last_of_its_minutes() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30", 10, high=15, low=9)), time("09:31"), intervals=(TWO,))
    (update,) = updates(core, TWO, arrived(bar("A", "09:31", 12, high=13, low=7, volume=5)))
    (one,) = update.batch.bars()

    assert one == Bar(symbol="A", start_ns=at("09:30"), open=10, high=15, low=7, close=12, volume=105, interval=TWO)
    assert (update.base_counts, update.base_expected, update.is_repair) == (None, 2, False)


def test_each_symbol_has_its_bar_as_soon_as_its_own_minutes_are_there() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")), time("09:31"), intervals=(TWO,))
    said = updates(core, TWO, arrived(bar("B", "09:31", 7)), arrived(bar("A", "09:31", 8)), time("09:32"))

    assert [closes(update) for update in said] == [{"B": 7}, {"A": 8}]


def test_a_derived_bar_with_a_hole_waits_for_its_last_minute_to_close() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30", 5)), intervals=(TWO,))
    (update,) = updates(core, TWO, time("09:31"), time("09:32"))

    assert closes(update) == {"A": 5}
    assert (update.base_counts, update.base_expected) == ((1,), 2)


def test_a_block_with_a_hole_is_published_with_its_last_bar_once_the_hole_is_closed() -> None:
    core = core_with(OPEN, time("09:31"), intervals=(TWO,))
    (update,) = updates(core, TWO, arrived(bar("A", "09:31", 5)))

    assert (closes(update), update.base_counts) == ({"A": 5}, (1,))


def test_without_a_base_bar_there_is_no_derived_bar() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30")), intervals=(TWO, ONE_DAY))
    said = told(core, BarsUpdated, time("09:37"), closed(LONG))

    assert [closes(update) for update in said] == [{"A": 100}, {"A": 100}]
    assert ask(core, GetBarCount(symbol="B", interval=ONE_DAY)) == 0


def test_the_last_bar_of_a_session_is_clipped_at_its_end() -> None:
    core = core_with(OPEN, intervals=(FIVE,))
    said = updates(core, FIVE, *(arrived(one) for one in bars("A", "09:30", 1, 2, 3, 4, 5, 6, 7)))
    window = ask(core, GetBars(symbol="A", interval=FIVE))

    assert [(update.base_expected, update.base_counts) for update in said] == [(5, None), (2, None)]
    assert window.end_ns.tolist() == [at("09:35"), at("09:37")]
    assert window.is_complete.all()


@pytest.mark.parametrize(
    ("session", "starts"),
    [(session_tiny(3, 3), [0, 2, 5, 7]), (session_tiny(3, pre=3, post=3), [-3, -1, 0, 2, 3, 5])],
)
def test_intervals_begin_anew_in_every_segment(session: TradingSession, starts: list[int]) -> None:
    first = session.start_ns
    given = [bar("A", start) for part in session.segments for start in range(part.start_ns, part.end_ns, MINUTE_NS)]
    core = core_with(opened(session, ["A"]), arrived(*given), closed(session))
    window = ask(core, GetBars(symbol="A", interval=TWO))

    assert first <= int(window.start_ns[0])
    assert minutes(window, at("09:30")) == starts
    assert window.base_expected.tolist() == [2, 1] * (len(starts) // 2)


def test_the_daily_bar_spans_the_regular_hours_alone() -> None:
    session = session_tiny(2, 2, pre=1, post=1)
    core = core_with(opened(session, ["A"]), intervals=(ONE_DAY,))
    given = [bar("A", "09:29", 1), *bars("A", "09:30", 2, 3, None, None, 4, 5, 6)]
    said = updates(core, ONE_DAY, arrived(*given), closed(session))
    day = ask(core, GetLatestBar(symbol="A", interval=ONE_DAY))

    assert [(update.base_expected, closes(update)) for update in said] == [(4, {"A": 5})]
    assert (day.open, day.high, day.low, day.close, day.volume) == (2, 5, 2, 5, 400)
    assert (day.start_ns, day.end_ns, day.base_count) == (at("09:30"), at("09:36"), 4)


def test_a_correction_publishes_the_derived_bars_of_its_block_again_as_repairs() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3, 4, 5)), intervals=(TWO, FIVE))
    said = told(core, BarsUpdated, arrived(bar("A", "09:30", 9), is_correction=True))

    assert [(update.interval, update.batch.high.tolist(), update.is_repair) for update in said] == [
        (ONE_MINUTE, [9], True),
        (TWO, [9], True),
        (FIVE, [9], True),
    ]
    assert {update.revision for update in said} == {6}


def test_a_correction_before_the_block_is_published_repairs_no_derived_bar() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30")), intervals=(TWO,))
    (update,) = told(core, BarsUpdated, arrived(bar("A", "09:30", 9), is_correction=True))

    assert update.interval == ONE_MINUTE


def test_a_late_bar_fills_up_its_derived_bar() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30", 5)), time("09:32"), intervals=(TWO,))
    (update,) = updates(core, TWO, arrived(bar("A", "09:31", 6)))

    assert (closes(update), update.base_counts, update.is_repair) == ({"A": 6}, None, True)


def test_a_late_first_bar_makes_a_derived_bar_after_all() -> None:
    core = core_with(OPEN, arrived(bar("B", "09:30")), time("09:32"), intervals=(TWO,))
    (update,) = updates(core, TWO, arrived(bar("A", "09:31", 6)))

    assert (closes(update), update.base_counts) == ({"A": 6}, (1,))


def test_a_duplicate_publishes_nothing() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2)), intervals=(TWO,))

    assert told(core, BarsUpdated, arrived(bar("A", "09:31", 2))) == []


def test_the_grace_holds_back_only_what_has_a_hole() -> None:
    core = core_with(OPEN, intervals=(TWO,), grace_ns=30 * SECOND_NS)
    said = updates(core, TWO, arrived(*bars("A", "09:30", 1, 2), bar("B", "09:30", 3)), time("09:32"))
    later = updates(core, TWO, time(at("09:32") + 30 * SECOND_NS))

    assert [closes(update) for update in said] == [{"A": 2}]
    assert [closes(update) for update in later] == [{"B": 3}]


def test_a_derived_bar_has_the_best_verdict_and_the_last_revision_of_its_minutes() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3, 4)))
    play(core, [arrived(bar("A", "09:31", 5), is_correction=True)])
    window = ask(core, GetBars(symbol="A", interval=TWO))

    assert window.verdicts.tolist() == [Verdict.CORRECTED, Verdict.STREAMED]
    assert window.revisions.tolist() == [5, 4]


def test_the_latest_bar_of_an_interval_is_the_last_finished_one() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3)))

    assert ask(core, GetLatestBar(symbol="A", interval=TWO)).close == 2
    assert ask(core, GetLatestBar(symbol="A", interval=FIVE)) is None
    assert ask(core, GetLatestBar(symbol="B", interval=TWO)) is None


def test_the_latest_bar_may_be_the_forming_one_if_it_is_asked_for() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3)))
    forming = ask(core, GetLatestBar(symbol="A", interval=TWO, include_partial=True))

    assert (forming.close, forming.base_count, forming.base_expected) == (3, 1, 2)
    assert forming.is_partial
    assert not forming.is_complete
    assert not ask(core, GetLatestBar(symbol="A", include_partial=True)).is_partial


def test_intervals_that_are_not_published_can_be_read_all_the_same() -> None:
    core = core_with(OPEN, intervals=())
    said = told(core, BarsUpdated, arrived(*bars("A", "09:30", 1, 2, 3)))

    assert [update.interval for update in said] == [ONE_MINUTE] * 3
    assert ask(core, GetBars(symbol="A", interval=Interval.parse("3m"))).close.tolist() == [3]


def test_the_defaults_are_published_over_a_whole_day() -> None:
    core = core_with(opened(DAY, ["A"]))
    given = [bar("A", DAY.start_ns + i * MINUTE_NS) for i in range(390)]
    said = told(core, BarsUpdated, *(arrived(one) for one in given), closed(DAY))
    published = [str(update.interval) for update in said]

    assert {name: published.count(name) for name in dict.fromkeys(published)} == {
        "1m": 390,
        "5m": 78,
        "15m": 26,
        "30m": 13,
        "1h": 7,
        "1d": 1,
    }


def test_what_was_published_does_not_change_with_the_grid() -> None:
    core = core_with(opened(TUESDAY, ["A"]), intervals=(TWO,))
    said = told(core, BarsUpdated, arrived(bar("A", "09:30", 1)), arrived(bar("A", "09:31", 2)))
    play(core, [arrived(bar("A", "09:30", 8)), arrived(bar("A", "09:31", 9))])

    assert [closes(update) for update in said] == [{"A": 1}, {"A": 2}, {"A": 2}]


def test_a_longer_bar_that_went_out_before_its_last_minute_closed_is_repaired_by_a_fill() -> None:
    core = core_with(opened(TUESDAY, ["A", "B"]), time("09:31"), intervals=(TWO,), grace_ns=5 * SECOND_NS)
    play(core, [time(at("09:31") + 5 * SECOND_NS)])
    early = updates(core, TWO, arrived(bar("A", "09:31", 5.0), now="09:32"))
    fill = BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of([bar("A", "09:30", 9.0)]), source="upstream")
    late = updates(core, TWO, fill, time(at("09:32") + 5 * SECOND_NS))

    assert [one.high for update in early for one in update.batch.bars()] == [5.0]
    assert [one.high for update in late for one in update.batch.bars()] == [9.0]
