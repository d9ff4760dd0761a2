"""What is required of history, and what of it is there at the opening; daily bars, and who is known."""

from typing import Any

import msgspec
import pytest

from actors.market.axis import SessionAxis
from actors.market.daily import joined, reduced
from actors.session_data.core import SessionDataCore
from messages import (
    Adjustment,
    Background,
    DataError,
    DayGrid,
    GetHistory,
    GetLastBars,
    GetWarmUp,
    HistoryPlan,
    RequireHistory,
    Requirement,
    SessionBoundary,
    SettingsError,
    WarmUp,
    WarmUpReported,
)
from messages.values import ONE_DAY
from tests.builders import arrived, bar, bars, closed, day_grid, opened, session_tiny
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, WEDNESDAY, core_with, refusal, told

DAYS = [session_tiny(4, day=f"2024-06-{number}") for number in range(10, 16)]
LATER = session_tiny(4, day="2024-06-16")


def grid(number: int, *symbols: str, close: float | None = None) -> DayGrid:
    """A day of history on which each symbol closes at the day's number."""
    session = DAYS[number]
    rows = [one for name in symbols for one in bars(name, "09:30", 99, close or 10 + number, session=session)]
    return day_grid(session, rows)


def opening(
    grids: list[DayGrid],
    daily: list[DayGrid],
    *,
    trailing: int = 2,
    sessions: int = 6,
    needs: tuple[Requirement, ...] = (),
    adjustments: tuple[Adjustment, ...] = (),
    begins: str = DAYS[0].date,
    session: Any = LATER,
    symbols: tuple[str, ...] = ("A",),
) -> SessionBoundary:
    tables = [reduced(SessionAxis(day.session), day.symbols, day.values, day.verdicts) for day in daily]
    plan = HistoryPlan(trailing_sessions=trailing, daily_sessions=sessions, store_begins=begins, needs=needs)
    background = Background(plan=plan, daily=joined(tables) if tables else None, adjustments=adjustments)
    return msgspec.structs.replace(opened(session, symbols, grids), background=background)


def need(interval: str, count: int, symbol: str = "A") -> Requirement:
    return Requirement.of(symbol, interval, count)


def required(*needs: Requirement) -> list[RequireHistory]:
    return [RequireHistory(requirement=one) for one in needs]


def closes(core: SessionDataCore, sessions: int = 9, symbol: str = "A", **how: Any) -> list[float]:
    found: list[float] = ask(core, GetHistory(symbol=symbol, sessions=sessions, interval=ONE_DAY, **how)).close.tolist()
    return found


FOUR_DAILY = [grid(number, "A", "B") for number in range(4)]
TWO_WHOLE = [grid(number, "A") for number in (4, 5)]


def test_daily_bars_reach_further_back_than_minutes() -> None:
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY))

    assert closes(core) == [10, 11, 12, 13, 14, 15]
    assert closes(core, 3) == [13, 14, 15]
    assert closes(core, 2) == [14, 15]
    assert len(ask(core, GetHistory(symbol="A", sessions=9))) == 4


@pytest.mark.parametrize(
    ("sessions", "interval", "symbol", "short"),
    [(6, "1d", "A", 0), (9, "1d", "A", 3), (2, "1m", "A", 0), (6, "2m", "A", 4), (6, "1d", "B", 2), (2, "1m", "B", 2)],
)
def test_a_window_says_how_many_sessions_it_lacks(sessions: int, interval: str, symbol: str, short: int) -> None:
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY))
    asked = GetHistory(symbol=symbol, sessions=sessions, interval=need(interval, 1).interval)

    assert ask(core, asked).short == short


def test_last_daily_bars_reach_back_over_the_minutes() -> None:
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY), arrived(*bars("A", "09:30", 1, 2, 3, 20, session=LATER)))
    window = ask(core, GetLastBars(symbol="A", count=5, interval=ONE_DAY, with_history=True))
    more = ask(core, GetLastBars(symbol="A", count=8, interval=ONE_DAY, with_history=True))

    assert (window.close.tolist(), window.short) == ([12, 13, 14, 15, 20], 0)
    assert (len(more), more.short) == (7, 1)


def test_a_day_whose_minutes_are_let_go_of_stays_as_a_daily_bar() -> None:
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY), arrived(bar("A", "09:33", 16, session=LATER)), closed(LATER))
    play(core, [opening([], [], session=session_tiny(4, day="2024-06-17"))])

    assert closes(core) == [11, 12, 13, 14, 15, 16]
    assert ask(core, GetHistory(symbol="A", sessions=9)).short == 7
    assert closes(core, symbol="B") == [11, 12, 13]


def test_settings_say_how_many_are_kept_where_nobody_else_does() -> None:
    core = core_with(trailing_sessions=1, daily_sessions=3)
    for number, day in enumerate([*DAYS, LATER]):
        play(core, [opened(day, ["A"]), arrived(bar("A", "09:30", 10 + number, session=day)), closed(day)])

    assert closes(core) == [13, 14, 15]


def test_without_daily_sessions_no_daily_bar_outlives_its_minutes() -> None:
    core = core_with(trailing_sessions=1)
    for number, day in enumerate(DAYS[:3]):
        play(core, [opened(day, ["A"]), arrived(bar("A", "09:30", 10 + number, session=day)), closed(day)])

    assert closes(core) == [11]


def test_a_day_that_comes_with_its_minutes_takes_the_place_of_its_daily_bar() -> None:
    core = core_with(opening([grid(5, "A")], FOUR_DAILY, trailing=1))
    play(
        core,
        [opening([grid(3, "A", close=50), grid(4, "A")], [], trailing=4, session=session_tiny(4, day="2024-06-17"))],
    )

    assert closes(core) == [11, 12, 50, 14, 15]


def test_a_symbol_of_an_older_day_is_known() -> None:
    core = core_with(opened(WEDNESDAY, ["A"], [grid_of(MONDAY, "OLD"), grid_of(TUESDAY, "A")]))
    asked = GetHistory(symbol="OLD", sessions=1)

    assert (len(ask(core, asked)), ask(core, asked).short) == (0, 1)
    assert len(ask(core, GetHistory(symbol="OLD", sessions=2))) == 1


def grid_of(session: Any, symbol: str) -> DayGrid:
    return day_grid(session, [bar(symbol, "09:30", 5, session=session)])


def test_a_symbol_that_only_daily_bars_know_is_known() -> None:
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY))

    assert len(ask(core, GetHistory(symbol="B", sessions=1))) == 0
    assert refusal(core, GetHistory(symbol="C", sessions=9)).startswith("UnknownSymbol")


# --- what is required


def test_a_session_opens_with_a_report_of_what_was_required() -> None:
    needs = (need("1d", 6), need("2m", 4), need("2m", 5), need("1m", 1, "B"))
    core = core_with(*required(*needs, need("1d", 2)))
    (report,) = told(core, WarmUpReported, opening(TWO_WHOLE, FOUR_DAILY, needs=needs, begins="2020-01-02"))

    assert report.needs == (
        WarmUp(requirement=need("1d", 6), there=6),
        WarmUp(requirement=need("2m", 5), there=2, reason="the last 2 sessions have no more"),
        WarmUp(requirement=need("1m", 1, "B"), there=0, reason="the last 2 sessions have no more"),
    )
    assert (report.session_date, report.is_warm) == (LATER.date, False)
    assert report.summary == (
        "A 2m: 5 asked, 2 there: the last 2 sessions have no more; "
        "B 1m: 1 asked, 0 there: the last 2 sessions have no more"
    )


def test_where_all_is_there_the_report_says_warm() -> None:
    core = core_with(*required(need("1d", 2), need("1m", 3)))
    (report,) = told(core, WarmUpReported, opened(LATER, ["A"], TWO_WHOLE))

    assert (report.summary, report.is_warm) == ("warm", True)
    assert [str(one) for one in report.needs] == ["A 1d: 2 asked, 2 there", "A 1m: 3 asked, 4 there"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (opening(TWO_WHOLE, FOUR_DAILY, needs=(need("1d", 9),)), "the store begins on 2024-06-10"),
        (opening([], [], needs=(need("1d", 9),), begins="2024-07-01"), "the store begins on 2024-07-01"),
        (opening([], [], needs=(need("1d", 9),), begins=""), "the last 0 sessions have no more"),
        (opening(TWO_WHOLE, FOUR_DAILY), "it was required after this session was read"),
        (opened(LATER, ["A"], TWO_WHOLE), "the last 2 sessions have no more"),
        (opened(LATER, ["A"], [grid_of(MONDAY, "Z")]), "no session before has this symbol"),
    ],
)
def test_what_is_short_has_a_reason(message: SessionBoundary, reason: str) -> None:
    core = core_with(*required(need("1d", 9)), message)
    (found,) = ask(core, GetWarmUp())

    assert (found.is_warm, found.reason) == (False, reason)


def test_a_report_names_the_first_that_are_short_and_counts_the_others() -> None:
    core = core_with(*required(*(need("1d", 99, f"S{number}") for number in range(8))))
    (report,) = told(core, WarmUpReported, opened(LATER, ["A"], TWO_WHOLE))

    assert report.summary.startswith("S0 1d: 99 asked, 0 there: no session before has this symbol; S1 1d")
    assert report.summary.endswith("; and 3 more")
    assert len(report.needs) == 8


def test_where_nothing_is_required_nothing_is_reported() -> None:
    core = core_with()

    assert told(core, WarmUpReported, opened(LATER, ["A"])) == []
    assert ask(core, GetWarmUp()) == ()


def test_a_requirement_that_comes_while_it_runs_is_answered_at_once() -> None:
    core = core_with(opened(LATER, ["A"], TWO_WHOLE), *required(need("1d", 2)))

    assert [str(one) for one in ask(core, GetWarmUp())] == ["A 1d: 2 asked, 2 there"]


@pytest.mark.parametrize(("interval", "count"), [("5m", 0), ("5m", -1), ("90s", 1), ("8d", 1), ("x", 1)])
def test_a_requirement_has_to_make_sense(interval: str, count: int) -> None:
    with pytest.raises(SettingsError):
        Requirement.of("A", interval, count)


# --- splits and dividends


def test_history_is_raw_unless_it_shall_be_adjusted() -> None:
    split = Adjustment(symbol="A", ex_date=DAYS[4].date, split_ratio=2.0)
    dividend = Adjustment(symbol="A", ex_date=DAYS[2].date, dividend=1.1)
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY, adjustments=(split, dividend)))

    assert closes(core) == [10, 11, 12, 13, 14, 15]
    assert closes(core, is_adjusted=True) == pytest.approx([10 * 0.9 / 2, 11 * 0.9 / 2, 12 / 2, 13 / 2, 14, 15])
    assert closes(core, 2, is_adjusted=True) == [14, 15]


def test_what_is_still_to_come_changes_nothing() -> None:
    future = Adjustment(symbol="A", ex_date="2024-06-17", split_ratio=2.0)
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY, adjustments=(future,)))

    assert closes(core, is_adjusted=True) == [10, 11, 12, 13, 14, 15]


def test_a_split_of_today_reaches_back_and_leaves_today_alone() -> None:
    split = Adjustment(symbol="A", ex_date=LATER.date, split_ratio=5.0)
    core = core_with(opening(TWO_WHOLE, [], adjustments=(split,)), arrived(bar("A", "09:30", 3, session=LATER)))
    window = ask(core, GetLastBars(symbol="A", count=3, with_history=True, is_adjusted=True))

    assert window.close.tolist() == [99 / 5, 3, 3]
    assert window.volume.tolist() == [500, 500, 100]
    assert window.is_adjusted


def test_the_vwap_is_adjusted_as_the_prices_are_and_trades_are_not() -> None:
    split = Adjustment(symbol="A", ex_date=LATER.date, split_ratio=5.0)
    core = core_with(opened(DAYS[5], ["A"]), arrived(bar("A", vwap=10, trades=4, session=DAYS[5])), keep_extra=True)
    play(core, [opening([], [], adjustments=(split,))])
    (one,) = ask(core, GetHistory(symbol="A", is_adjusted=True)).bars()

    assert (one.vwap, one.trades) == (2, 4)


def test_a_dividend_that_eats_up_the_price_is_refused_by_name() -> None:
    absurd = Adjustment(symbol="A", ex_date=DAYS[4].date, dividend=13.0)
    core = core_with(opening(TWO_WHOLE, FOUR_DAILY, adjustments=(absurd,)))

    assert refusal(core, GetHistory(symbol="A", sessions=6, is_adjusted=True)).startswith(f"{DataError.__name__}: A")
    assert closes(core, 6) == [10, 11, 12, 13, 14, 15]


def test_bars_of_an_interval_are_made_once_and_again_after_a_repair() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, 2, 3)), opened(WEDNESDAY, ["A"]))
    (day,) = core.history.last(9)
    first = day.piece("A", ONE_DAY)
    play(core, [arrived(bar("A", "09:33", 4), now=WEDNESDAY.start_ns)])
    (repaired,) = core.history.last(9)

    assert day.piece("A", ONE_DAY) is first
    assert repaired is core.history.day(TUESDAY.date)
    assert closes(core) == [4]
