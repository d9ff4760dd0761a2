"""Closed sessions: how they roll, how long they are kept, and how readers see across the boundary."""

import msgspec
import numpy as np
import pytest

from actors.session_data.core import SessionDataCore
from messages import (
    AddSymbols,
    GapDetected,
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetHistory,
    GetLastBars,
    GetLatestBar,
    GetMatrix,
    GetMetrics,
    GetSession,
    MinuteClosed,
    SessionBoundary,
)
from messages.tables.columns import freeze
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS, Interval
from tests.builders import arrived, at, bar, bars, closed, day_grid, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, MONDAY, TUESDAY, TWO, WEDNESDAY, core_with, refusal, told

DAYS = [session_tiny(4, day=f"2024-06-{number}") for number in range(10, 20)]


def three_days(**rules: object) -> SessionDataCore:
    """Monday read from a store, Tuesday played (09:32 missing), Wednesday open with two bars."""
    monday = day_grid(MONDAY, bars("A", "09:30", 1, 2, 3, 4, session=MONDAY), ["B"])
    return core_with(
        opened(TUESDAY, ["A", "B"], [monday]),
        arrived(*bars("A", "09:30", 5, 6, None, 8)),
        closed(TUESDAY),
        opened(WEDNESDAY, ["A", "B", "C"]),
        arrived(*bars("A", "09:30", 9, 10, session=WEDNESDAY)),
        **rules,
    )


def past(core: SessionDataCore, sessions: int = 1, symbol: str = "A", interval: Interval = ONE_MINUTE) -> list[float]:
    found: list[float] = ask(core, GetHistory(symbol=symbol, sessions=sessions, interval=interval)).close.tolist()
    return found


def test_history_is_the_last_closed_sessions_oldest_first() -> None:
    core = three_days()

    assert [past(core, sessions) for sessions in (1, 2, 9)] == [[5, 6, 8], [1, 2, 3, 4, 5, 6, 8], [1, 2, 3, 4, 5, 6, 8]]


def test_where_nobody_reads_history_it_is_known_who_traded_and_nothing_else() -> None:
    kept, unread = (three_days(trailing_sessions=2, keeps_minutes=keeps) for keeps in (True, False))
    assert kept.history.traded() == unread.history.traded() == {"A"}
    assert (kept.history.dates, unread.history.dates) == ((MONDAY.date, TUESDAY.date), ())

    before = session_tiny(4, day="2024-06-07")
    for number, day in enumerate(DAYS):
        older = [day_grid(before, bars("B", "09:30", 1, session=before))] if number == 0 else []
        for core in (kept, unread):
            play(core, [opened(day, ["A", "B", "C"], older), arrived(bar("ABC"[number % 3], "09:31", session=day))])
        assert kept.history.traded() == unread.history.traded()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_window_of_a_session_stays_as_it_was_read_when_the_next_one_is_played(keeps: bool) -> None:
    core = core_with(
        opened(TUESDAY, ["A", "B"]), arrived(*bars("A", "09:30", 5, 6, 7, 8)), closed(TUESDAY), keeps_minutes=keeps
    )
    held, matrix = ask(core, GetBars(symbol="A")), ask(core, GetMatrix(count=4))
    play(core, [opened(WEDNESDAY, ["A", "B"]), arrived(*bars("A", "09:30", 1, 2, 3, 4, session=WEDNESDAY))])

    assert held.close.tolist() == [5, 6, 7, 8]
    assert matrix["close"][:, 0].tolist() == [5, 6, 7, 8]
    assert ask(core, GetBars(symbol="A")).close.tolist() == [1, 2, 3, 4]


def test_history_gives_bars_of_any_interval() -> None:
    core = three_days()
    two = ask(core, GetHistory(symbol="A", sessions=2, interval=TWO))

    assert past(core, 2, interval=ONE_DAY) == [4, 8]
    assert two.close.tolist() == [2, 4, 6, 8]
    assert two.is_complete.tolist() == [True, True, True, False]


def test_history_counts_the_minutes_without_a_bar() -> None:
    assert ask(three_days(), GetHistory(symbol="A", sessions=2)).empty_minutes == 1


def test_a_symbol_without_a_bar_that_day_has_an_empty_history() -> None:
    core = three_days()

    assert past(core, 2, "B") == past(core, 2, "C") == []


def test_an_unknown_symbol_has_no_history() -> None:
    asked = GetHistory(symbol="AA", sessions=2)

    assert refusal(three_days(), asked) == "UnknownSymbol: unknown symbol 'AA'; nearest: A"


def test_a_symbol_of_the_past_that_is_not_in_the_session_has_its_history() -> None:
    core = core_with(opened(TUESDAY, ["A"], [day_grid(MONDAY, bars("OLD", "09:30", 1, 2, session=MONDAY))]))

    assert past(core, 1, "OLD") == [1, 2]


@pytest.mark.parametrize("sessions", [0, -1])
def test_history_of_no_session_is_an_error(sessions: int) -> None:
    assert "1 or more" in refusal(three_days(), GetHistory(symbol="A", sessions=sessions))


@pytest.mark.parametrize("count", [0, -1])
def test_no_last_bars_is_an_error(count: int) -> None:
    assert "1 or more" in refusal(three_days(), GetLastBars(symbol="A", count=count))


@pytest.mark.parametrize(
    ("count", "expected", "empty"),
    [
        (1, [10], 0),
        (2, [9, 10], 0),
        (3, [8, 9, 10], 0),
        (4, [6, 8, 9, 10], 1),
        (6, [4, 5, 6, 8, 9, 10], 1),
        (99, [1, 2, 3, 4, 5, 6, 8, 9, 10], 1),
    ],
)
def test_last_bars_reach_back_across_the_boundary(count: int, expected: list[float], empty: int) -> None:
    window = ask(three_days(), GetLastBars(symbol="A", count=count, with_history=True))

    assert window.close.tolist() == expected
    assert window.empty_minutes == empty
    assert np.all(np.diff(window.start_ns) > 0)


def test_last_bars_stay_in_the_session_unless_history_is_asked_for() -> None:
    assert ask(three_days(), GetLastBars(symbol="A", count=9)).close.tolist() == [9, 10]


def test_last_bars_of_an_interval_never_cross_the_boundary() -> None:
    window = ask(three_days(), GetLastBars(symbol="A", count=3, interval=FIVE, with_history=True, include_partial=True))

    assert window.close.tolist() == [4, 8, 10]
    assert window.volume.tolist() == [400, 300, 200]
    assert [one.is_partial for one in window.bars()] == [False, False, True]


def test_a_day_without_a_bar_between_two_days_counts_as_empty_minutes() -> None:
    core = core_with(
        opened(TUESDAY, ["A"], [day_grid(MONDAY, [bar("A", "09:33", session=MONDAY)])]),
        opened(WEDNESDAY, ["A"]),
        arrived(bar("A", "09:30", session=WEDNESDAY)),
    )
    window = ask(core, GetLastBars(symbol="A", count=2, with_history=True))

    assert len(window) == 2
    assert window.empty_minutes == 4


def test_a_day_that_did_not_have_the_symbol_is_passed_over() -> None:
    core = core_with(
        opened(TUESDAY, ["B"], [day_grid(MONDAY, [bar("A", "09:33", session=MONDAY)])]),
        opened(WEDNESDAY, ["A"]),
        arrived(bar("A", "09:30", session=WEDNESDAY)),
    )
    window = ask(core, GetLastBars(symbol="A", count=2, with_history=True))

    assert (len(window), window.empty_minutes) == (2, 0)


@pytest.mark.parametrize("trailing", [0, 1, 3])
def test_only_so_many_sessions_are_kept(trailing: int) -> None:
    core = core_with(trailing_sessions=trailing)
    for number, day in enumerate(DAYS):
        play(core, [opened(day, ["A"]), arrived(bar("A", "09:30", 1 + number, session=day)), closed(day)])

    assert past(core, 99) == [9 - i for i in range(trailing)][::-1]


def test_days_come_in_their_order_and_a_day_that_is_there_stays_as_it_is() -> None:
    grids = [day_grid(day, [bar("A", "09:30", 1 + number, session=day)]) for number, day in enumerate(DAYS)]
    other = day_grid(DAYS[1], [bar("A", "09:30", 99, session=DAYS[1])])
    core = core_with(opened(DAYS[3], ["A"], [grids[2], grids[1]]), opened(DAYS[4], ["A"], [grids[0], other]))

    assert past(core, 99) == [1, 2, 3]


def test_readers_see_the_closed_session_until_the_next_opens() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A", "09:33", 5)), closed(TUESDAY))
    play(core, [time("23:00")])

    assert ask(core, GetSession()) == TUESDAY
    assert ask(core, GetLatestBar(symbol="A")).close == 5

    play(core, [opened(WEDNESDAY, ["A", "B"])])

    assert ask(core, GetSession()) == WEDNESDAY
    assert ask(core, GetLatestBar(symbol="A")) is None
    assert ask(core, GetBarCount(symbol="A")) == 0
    assert ask(core, GetMetrics(symbol="A")).volume == 0
    assert ask(core, GetActiveSymbols()) == ("A", "B")


def test_what_was_read_before_the_roll_stays_as_it_was() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A", "09:30", 5)))
    window = ask(core, GetBars(symbol="A"))
    play(core, [arrived(bar("A", "09:30", 6)), closed(TUESDAY), opened(WEDNESDAY, ["A"])])

    assert window.close.tolist() == [5]
    assert past(core) == [6]


def test_a_closed_session_says_its_name_and_the_opening_keeps_its_history_to_itself() -> None:
    core = core_with()
    said = told(core, SessionBoundary, opened(TUESDAY, ["A"], [day_grid(MONDAY, [])]), closed(TUESDAY))

    assert said == [opened(TUESDAY, ["A"]), closed(TUESDAY)]


def test_what_is_still_open_when_the_next_session_opens_closes_first() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A", "09:32")), time("09:33"), grace_ns=90 * SECOND_NS)
    said = play(core, [opened(WEDNESDAY, ["A"])])

    assert [type(one) for one in said].index(SessionBoundary) == len(said) - 1
    assert [one.start_ns for one in said if isinstance(one, MinuteClosed)] == [at(f"09:3{i}") for i in (1, 2, 3)]
    assert [one.session_date for one in said if isinstance(one, GapDetected)] == [TUESDAY.date] * 2


def test_a_minute_in_its_grace_closes_when_the_next_session_follows_at_once() -> None:
    core = core_with(opened(TUESDAY, ["A"]), time("09:33"), closed(TUESDAY), grace_ns=5 * SECOND_NS)
    follower = session_tiny(4, day=WEDNESDAY.date)
    said = told(core, MinuteClosed, opened(follower, ["A"], now=TUESDAY.end_ns + SECOND_NS))

    assert [one.end_ns for one in said] == [TUESDAY.end_ns]


def test_a_day_of_five_fields_has_no_vwap_beside_a_session_that_keeps_it() -> None:
    core = three_days(keep_extra=True)
    play(core, [arrived(bar("A", "09:32", vwap=9.5, session=WEDNESDAY))])
    window = ask(core, GetLastBars(symbol="A", count=9, with_history=True))

    assert window.vwap is not None
    assert np.isnan(window.vwap).tolist() == [True] * 8 + [False]


def test_a_day_that_keeps_the_vwap_is_cut_to_the_fields_of_the_session() -> None:
    plain = day_grid(MONDAY, bars("A", "09:30", 1, 2, session=MONDAY))
    values = freeze(np.concatenate([plain.values, plain.values[:, :2]], axis=1))
    core = core_with(opened(TUESDAY, ["A"], [msgspec.structs.replace(plain, values=values)]))
    window = ask(core, GetHistory(symbol="A"))

    assert window.vwap is None
    assert window.to_numpy().shape == (2, 5)


def test_a_symbol_that_joined_late_is_in_the_history_of_its_day() -> None:
    core = core_with(opened(TUESDAY, ["A"]), AddSymbols(symbols=("Z",)), arrived(bar("Z", "09:33", 7)))
    play(core, [opened(WEDNESDAY, ["A"])])

    assert past(core, 1, "Z") == [7]


def test_history_and_session_share_one_clock() -> None:
    window = ask(three_days(), GetHistory(symbol="A"))

    assert window.now_ns == WEDNESDAY.start_ns + 2 * MINUTE_NS
    assert window.tz == WEDNESDAY.tz
