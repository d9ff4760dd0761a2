"""What is read for a session: its tape, and each session before it once, as much of it as is needed."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.prefetch import Prefetching
from actors.data_upkeep.repairs import Repairs
from actors.settings import UpkeepRules
from messages import (
    Background,
    HistoryPlan,
    Prefetch,
    PrefetchFailed,
    ReadFailed,
    ReadSession,
    RequireHistory,
    Requirement,
    SessionPrefetched,
    SessionRead,
    SymbolsChanged,
    TradingSession,
)
from tests.builders import session_tiny
from tests.stream_coordinator.backtest.playing import tape

DATES = tuple(f"2024-07-{day:02}" for day in range(1, 25))
HALF_DAY = "2024-07-08"


def session_of(date: str) -> TradingSession | None:
    """Six minutes, or three; the last date has no session."""
    return None if date == DATES[-1] else session_tiny(3 if date == HALF_DAY else 6, day=date)


def prefetching(
    trailing: int = 3, symbols: Sequence[str] | None = None, dates: Sequence[str] = DATES, daily: int = 0
) -> Prefetching:
    return Prefetching(dates, symbols, trailing, daily, session_of)


def core(trailing: int = 3, symbols: Sequence[str] | None = None, dates: Sequence[str] = DATES) -> DataUpkeepCore:
    return DataUpkeepCore(prefetching(trailing, symbols, dates), Repairs(UpkeepRules(), (), is_ordered=True))


def read(made: Prefetching, date: str) -> ReadSession:
    job = made.wanted(Prefetch(session=session_tiny(2, day=date)))
    made.check()
    return job


def need(interval: str, bars: int, symbol: str = "A") -> Requirement:
    return Requirement.of(symbol, interval, bars)


def days(first: int, last: int) -> tuple[str, ...]:
    """The dates from one day of the month to another, both included."""
    return tuple(f"2024-07-{day:02}" for day in range(first, last + 1))


def test_a_session_is_read_with_the_days_before_it() -> None:
    assert read(prefetching(), "2024-07-10") == ReadSession(
        session=session_tiny(2, day="2024-07-10"),
        history=days(7, 9),
        plan=HistoryPlan(trailing_sessions=3, daily_sessions=0, oldest=DATES[6], store_begins=DATES[0]),
    )


def test_history_is_counted_in_days_that_the_store_has() -> None:
    made = prefetching(dates=("2024-01-02", "2024-07-01", "2024-07-09", "2024-07-10"))

    assert read(made, "2024-07-10").history == ("2024-01-02", "2024-07-01", "2024-07-09")


def test_the_store_s_first_day_has_no_history() -> None:
    job = read(prefetching(daily=5), DATES[0])

    assert (job.history, job.daily) == ((), ())
    assert job.plan == HistoryPlan(trailing_sessions=3, daily_sessions=5, oldest="", store_begins=DATES[0])


def test_without_a_day_in_the_store_there_is_no_history() -> None:
    job = read(prefetching(dates=()), DATES[0])

    assert job.plan == HistoryPlan(trailing_sessions=3, daily_sessions=0)


def test_without_trailing_sessions_no_history_is_read() -> None:
    assert read(prefetching(trailing=0), "2024-07-10").history == ()


def test_a_day_that_is_held_is_not_read_again() -> None:
    made = prefetching()
    read(made, "2024-07-10")

    assert read(made, "2024-07-11").history == ()


def test_after_a_jump_the_days_in_between_are_read() -> None:
    made = prefetching()
    read(made, "2024-07-10")

    assert read(made, "2024-07-13").history == days(11, 12)


def test_a_session_that_was_played_is_history_also_where_the_store_does_not_have_it() -> None:
    made = prefetching(dates=days(1, 5))
    first = read(made, "2024-07-06")

    assert first.history == days(3, 5)
    assert read(made, "2024-07-07").history == ()
    assert read(made, "2024-07-08").plan == HistoryPlan(
        trailing_sessions=3, daily_sessions=0, oldest="2024-07-05", store_begins="2024-07-01"
    )


def test_daily_bars_are_read_of_the_sessions_before_those_with_their_minutes() -> None:
    job = read(prefetching(daily=8), "2024-07-15")

    assert (job.history, job.daily) == (days(12, 14), days(7, 11))


def test_minutes_that_are_let_go_of_stay_as_daily_bars() -> None:
    made = prefetching(daily=8)
    read(made, "2024-07-15")
    following = [read(made, date) for date in days(16, 20)]

    assert [(job.history, job.daily) for job in following] == [((), ())] * 5


def test_fewer_daily_bars_than_sessions_with_minutes_need_no_reading() -> None:
    assert read(prefetching(daily=2), "2024-07-15").daily == ()


def test_a_requirement_of_daily_bars_needs_no_minutes() -> None:
    made = prefetching()
    made.require(need("1d", 10))
    job = read(made, "2024-07-20")

    assert (job.history, job.daily) == (days(17, 19), days(10, 16))
    assert job.plan is not None
    assert job.plan.needs == (need("1d", 10),)


@pytest.mark.parametrize(("interval", "bars", "first"), [("2d", 3, 12), ("5d", 1, 10), ("1w", 1, 6)])
def test_a_requirement_of_longer_bars_reads_one_bar_more_for_the_first_may_have_begun_before(
    interval: str, bars: int, first: int
) -> None:
    made = prefetching()
    made.require(need(interval, bars))
    job = read(made, "2024-07-20")

    assert (job.history, job.daily) == (days(17, 19), days(first, 16))


@pytest.mark.parametrize(
    ("bars", "first"),
    [(1, 17), (9, 17), (10, 16), (33, 9), (34, 8), (35, 8), (36, 7), (39, 6), (999, 1)],
)
def test_a_requirement_of_shorter_bars_is_counted_by_the_length_of_the_sessions(bars: int, first: int) -> None:
    made = prefetching()
    made.require(need("2m", bars))

    assert read(made, "2024-07-20").history == days(first, 19)


def test_a_date_without_a_session_counts_for_nothing() -> None:
    made = prefetching(trailing=0)
    made.require(need("2m", 3))

    assert read(made, "2024-07-25").history == days(23, 24)


def test_without_a_calendar_no_session_has_bars_of_a_part_of_a_day() -> None:
    made = Prefetching(DATES, None, 1)
    made.require(need("2m", 3))

    assert read(made, "2024-07-05").history == days(1, 4)


def test_the_largest_requirement_of_an_interval_counts() -> None:
    made = prefetching(trailing=0)
    for symbol, bars in (("A", 6), ("B", 12), ("C", 3)):
        made.require(need("2m", bars, symbol))

    assert read(made, "2024-07-20").history == days(16, 19)


def test_what_is_required_later_is_read_with_the_next_session() -> None:
    made = prefetching()
    read(made, "2024-07-15")
    made.require(need("1d", 6))
    made.require(need("1d", 6))
    job = read(made, "2024-07-16")

    assert (job.history, job.daily) == ((), days(10, 11))
    assert job.plan is not None
    assert (job.plan.daily_sessions, job.plan.needs) == (6, (need("1d", 6),))


def test_days_that_were_let_go_of_before_they_were_required_are_read_again() -> None:
    made = prefetching(trailing=1)
    read(made, "2024-07-15")
    read(made, "2024-07-16")
    made.require(need("1m", 13))

    assert read(made, "2024-07-17").history == days(14, 14)


@given(
    st.integers(0, 4),
    st.integers(0, 9),
    st.lists(st.sampled_from(DATES), min_size=1, max_size=24, unique=True).map(sorted),
    st.dictionaries(st.integers(0, 23), st.builds(need, st.sampled_from(["1m", "2m", "1d"]), st.integers(1, 20))),
)
def test_over_a_whole_run_what_session_data_holds_is_what_was_wanted(
    trailing: int, daily: int, plan: list[str], needs: dict[int, Requirement]
) -> None:
    made = prefetching(trailing, daily=daily)
    minutes: set[str] = set()
    bars: set[str] = set()
    for number, date in enumerate(plan):
        if number in needs:
            made.require(needs[number])
        job = read(made, date)
        assert job.plan is not None
        assert minutes.isdisjoint(job.history)  # nothing is read twice
        assert (minutes | bars).isdisjoint(job.daily)

        # What SessionData does with it: keep the last so many, with and without their minutes.
        kept, most = job.plan.trailing_sessions, max(job.plan.trailing_sessions, job.plan.daily_sessions)
        held = sorted({*minutes, *job.history})
        retired = held[: max(len(held) - kept, 0)]
        bars |= {*retired, *job.daily} if job.plan.daily_sessions else set()
        minutes = set(held[len(retired) :])
        older = sorted(bars - minutes)
        bars = set(older[max(len(older) - max(job.plan.daily_sessions - len(minutes), 0), 0) :])
        before = [day for day in DATES if day < date]

        assert sorted(minutes) == before[max(len(before) - kept, 0) :]
        assert sorted(minutes | bars) == before[max(len(before) - most, 0) :]
        minutes.add(date)


def test_the_symbols_that_are_asked_for_are_read() -> None:
    assert read(prefetching(symbols=("A", "B")), "2024-07-10").symbols == ("A", "B")


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"added": ("C",)}, ("A", "B", "C")),
        ({"added": ("A",)}, ("A", "B")),
        ({"removed": ("A",)}, ("B",)),
        ({"removed": ("A",), "added": ("C",)}, ("B", "C")),
        ({"removed": ("A", "B")}, ()),
    ],
)
def test_symbols_that_join_or_leave_are_read_or_not_from_the_next_session_on(
    change: dict[str, Any], after: tuple[str, ...]
) -> None:
    made = prefetching(symbols=("A", "B"))

    made.symbols_changed(SymbolsChanged(**change))

    assert read(made, "2024-07-10").symbols == after


def test_who_reads_everything_reads_everything_whoever_joins() -> None:
    made = prefetching()

    made.symbols_changed(SymbolsChanged(added=("C",)))

    assert read(made, "2024-07-10").symbols is None


def test_days_out_of_order_are_no_sound_listing() -> None:
    with pytest.raises(AssertionError):
        prefetching(dates=("2024-07-02", "2024-07-01")).check()


def test_the_room_passes_on_what_is_wanted_changed_and_required() -> None:
    room = core(symbols=("A",))
    room.handle(SymbolsChanged(added=("B",)))
    room.handle(RequireHistory(requirement=need("1d", 4)))
    (job,) = room.handle(Prefetch(session=session_tiny(2, day="2024-07-10"))).out

    assert isinstance(job, ReadSession)
    assert (job.symbols, job.history, job.daily) == (("A", "B"), days(7, 9), days(6, 6))


def test_what_was_read_goes_to_the_stream() -> None:
    played, background = tape(session_tiny(2)), Background(plan=HistoryPlan(trailing_sessions=1, daily_sessions=2))

    assert core().handle(SessionRead(tape=played, background=background)).out == (
        SessionPrefetched(tape=played, background=background),
    )


def test_what_could_not_be_read_goes_to_the_stream_with_its_reason() -> None:
    session = session_tiny(2)

    failed = core().handle(ReadFailed(session=session, reason="torn")).out

    assert failed == (PrefetchFailed(session=session, reason="torn"),)


def test_what_could_not_be_read_is_read_whole_when_it_is_wanted_again() -> None:
    room = core()
    session = session_tiny(2, day="2024-07-10")
    room.handle(Prefetch(session=session_tiny(2, day="2024-07-09")))
    first = room.handle(Prefetch(session=session)).out
    room.handle(ReadFailed(session=session, reason="torn"))

    assert room.handle(Prefetch(session=session)).out == first
