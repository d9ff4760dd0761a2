"""What is read for a session: its tape, and each trailing day once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.data_upkeep.core import DataUpkeepCore
from messages import (
    Gap,
    GapDetected,
    Prefetch,
    PrefetchFailed,
    ReadFailed,
    ReadSession,
    SessionPrefetched,
    SessionRead,
    SymbolsChanged,
)
from tests.builders import closed, opened, session_tiny
from tests.stream_coordinator.playing import tape

DATES = tuple(f"2024-07-{day:02}" for day in range(1, 25))


def upkeep(trailing: int = 3, symbols: Sequence[str] | None = None, dates: Sequence[str] = DATES) -> DataUpkeepCore:
    return DataUpkeepCore(dates, symbols, trailing)


def prefetch(core: DataUpkeepCore, date: str) -> ReadSession:
    (job,) = core.handle(Prefetch(session=session_tiny(2, day=date))).out
    assert isinstance(job, ReadSession)
    core.check()
    return job


def close(core: DataUpkeepCore, date: str) -> None:
    core.handle(closed(session_tiny(2, day=date)))


def test_a_session_is_read_with_the_days_before_it() -> None:
    assert prefetch(upkeep(), "2024-07-10") == ReadSession(
        session=session_tiny(2, day="2024-07-10"), history=("2024-07-07", "2024-07-08", "2024-07-09")
    )


def test_history_is_counted_in_days_that_the_store_has() -> None:
    core = upkeep(dates=("2024-01-02", "2024-07-01", "2024-07-09", "2024-07-10"))

    assert prefetch(core, "2024-07-10").history == ("2024-01-02", "2024-07-01", "2024-07-09")


def test_the_store_s_first_day_has_no_history() -> None:
    assert prefetch(upkeep(), "2024-07-01").history == ()


def test_without_trailing_sessions_no_history_is_read() -> None:
    assert prefetch(upkeep(trailing=0), "2024-07-10").history == ()


def test_a_day_that_is_held_is_not_read_again() -> None:
    core = upkeep()
    prefetch(core, "2024-07-10")

    assert prefetch(core, "2024-07-11").history == ()


def test_after_a_jump_the_days_in_between_are_read() -> None:
    core = upkeep()
    prefetch(core, "2024-07-10")

    assert prefetch(core, "2024-07-13").history == ("2024-07-11", "2024-07-12")


@given(st.integers(0, 6), st.lists(st.sampled_from(DATES), min_size=1, max_size=24, unique=True).map(sorted))
def test_over_a_whole_run_each_day_of_history_is_read_once_and_little_is_held(trailing: int, plan: list[str]) -> None:
    core = upkeep(trailing)
    history: list[str] = []
    most = 0
    for session, after in zip(plan, [*plan[1:], None], strict=True):
        if session == plan[0]:
            history += prefetch(core, session).history
        if after is not None:
            history += prefetch(core, after).history
        most = max(most, len(core._held))
        close(core, session)

    wanted = {day for date in plan for day in DATES[max(DATES.index(date) - trailing, 0) : DATES.index(date)]}
    assert sorted(history) == sorted(wanted - set(plan))
    assert most <= 3 * trailing + 3


def test_the_symbols_that_are_asked_for_are_read() -> None:
    assert prefetch(upkeep(symbols=("A", "B")), "2024-07-10").symbols == ("A", "B")


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
    core = upkeep(symbols=("A", "B"))

    core.handle(SymbolsChanged(**change))

    assert prefetch(core, "2024-07-10").symbols == after


def test_who_reads_everything_reads_everything_whoever_joins() -> None:
    core = upkeep()

    core.handle(SymbolsChanged(added=("C",)))

    assert prefetch(core, "2024-07-10").symbols is None


def test_what_was_read_goes_to_the_stream() -> None:
    played = tape(session_tiny(2))

    assert upkeep().handle(SessionRead(tape=played)).out == (SessionPrefetched(tape=played),)


def test_what_could_not_be_read_goes_to_the_stream_with_its_reason() -> None:
    session = session_tiny(2)

    failed = upkeep().handle(ReadFailed(session=session, reason="torn")).out

    assert failed == (PrefetchFailed(session=session, reason="torn"),)


@pytest.mark.parametrize(
    "message",
    [
        opened(session_tiny(2)),
        closed(session_tiny(2)),
        GapDetected(session_date="2024-07-02", gap=Gap(symbols=("A",), start_ns=0, end_ns=60)),
    ],
)
def test_boundaries_and_gaps_are_taken_note_of_in_silence(message: Any) -> None:
    assert upkeep().handle(message).out == ()


def test_gaps_are_counted() -> None:
    core = upkeep()
    gap = GapDetected(session_date="2024-07-02", gap=Gap(symbols=("A",), start_ns=0, end_ns=60))

    for _ in range(3):
        core.handle(gap)

    assert core.gaps == 3


def test_an_opening_forgets_nothing() -> None:
    core = upkeep()
    prefetch(core, "2024-07-10")

    core.handle(opened(session_tiny(2, day="2024-07-10")))

    assert len(core._held) == 4


def test_days_out_of_order_are_no_sound_listing() -> None:
    with pytest.raises(AssertionError):
        upkeep(dates=("2024-07-02", "2024-07-01")).check()
