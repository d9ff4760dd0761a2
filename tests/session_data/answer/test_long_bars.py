"""Bars of two days to weeks, against a slow grouping of the days by the calendar on the wall."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from messages import Fill, GetBarCount, GetBars, GetHistory, GetLastBars, GetLatestBar, GetQuality
from messages.values import MINUTE_NS, Bar, Interval
from tests.builders import arrived, bars, closed, day_grid, opened, session_tiny, time
from tests.depth import also_slow
from tests.session_data.streams import ask
from tests.session_data.telling import core_with, refusal

MINUTES = 3
MONDAY = date(2024, 6, 3)
LONG = also_slow(["2d", "5d", "1w"], ["3d", "4d", "2w", "4w"])


class Day(NamedTuple):
    """A session, and the closes of its minutes; ``None`` where nothing came."""

    day: date
    closes: tuple[int | None, ...]


def session(day: date) -> Any:
    return session_tiny(MINUTES, day=day.isoformat())


def bars_of(one: Day) -> list[Bar]:
    return bars("A", "09:30", *one.closes, session=session(one.day))


def lived(days: list[Day], *, is_closed: bool = False) -> SessionDataCore:
    """All days but the last are history; of that as many minutes have passed as it has closes."""
    *past, today = days
    now = session(today.day).start_ns + len(today.closes) * MINUTE_NS
    return core_with(
        opened(session(today.day), ["A"], [day_grid(session(one.day), bars_of(one), ["A"]) for one in past]),
        *([arrived(*bars_of(today))] if bars_of(today) else []),
        time(now),
        *([closed(session(today.day))] if is_closed else []),
        trailing_sessions=99,
    )


# --- the slow way


def block(day: date, text: str) -> int:
    """Count weeks, or weekdays one by one, from Monday 1970-01-05."""
    count, since = int(text[:-1]), date(1970, 1, 5)
    if text.endswith("w"):
        return (day - since).days // 7 // count
    weeks, rest = divmod((day - since).days, 7)
    return (weeks * 5 + min(rest, 4)) // count


def slow(days: list[Day], text: str, *, is_closed: bool) -> list[tuple[str, list[int], bool]]:
    """Each bar that may be told: its first date, open, high, low and close of closes, and whether it is finished."""
    oldest, today = days[0].day, days[-1].day
    begun = {block(oldest, text)} if block(oldest - timedelta(days=1), text) == block(oldest, text) else set()
    groups: dict[int, list[Day]] = {}
    for one in days:
        if any(close is not None for close in one.closes):
            groups.setdefault(block(one.day, text), []).append(one)
    told = []
    for number, group in sorted(groups.items()):
        if number in begun:
            continue
        closes = [close for one in group for close in one.closes if close is not None]
        following = group[-1].day + timedelta(days=3 if group[-1].day.weekday() == 4 else 1)
        is_last_over = group[-1].day != today or is_closed or len(group[-1].closes) == MINUTES
        is_over = block(today, text) > number or (block(following, text) > number and is_last_over)
        told.append((group[0].day.isoformat(), [closes[0], max(closes), min(closes), closes[-1]], is_over))
    return told


def shown(window: Any) -> list[tuple[str, list[int], bool]]:
    rows = zip(window.bars(), window.forming.tolist(), strict=True)
    return [
        (f"{one.start:%Y-%m-%d}", [int(part) for part in (one.open, one.high, one.low, one.close)], not forming)
        for one, forming in rows
    ]


CLOSES = st.lists(st.one_of(st.none(), st.integers(1, 50)), min_size=MINUTES, max_size=MINUTES).map(tuple)


@st.composite
def weeks(draw: st.DrawFn) -> list[Day]:
    """Weekdays of some weeks without some holidays; the last of them is under way."""
    first = MONDAY + timedelta(days=draw(st.integers(0, 13)))
    weekdays = [day for step in range(draw(st.integers(3, 45))) if (day := first + timedelta(days=step)).weekday() < 5]
    holidays = draw(st.sets(st.sampled_from(weekdays), max_size=4)) if weekdays else set()
    kept = [day for day in weekdays if day not in holidays] or [MONDAY]
    past = [Day(day, draw(CLOSES)) for day in kept[:-1]]
    return [*past, Day(kept[-1], draw(CLOSES)[: draw(st.integers(0, MINUTES))])]


@pytest.mark.parametrize("text", LONG)
@given(days=weeks(), is_closed=st.booleans())
def test_long_bars_are_the_days_of_the_calendars_weeks_and_of_counted_weekdays(
    text: str, days: list[Day], is_closed: bool
) -> None:
    interval, core = Interval.parse(text), lived(days, is_closed=is_closed)
    expected = slow(days, text, is_closed=is_closed)

    whole = ask(core, GetLastBars(symbol="A", count=99, interval=interval, with_history=True, include_partial=True))
    over = ask(core, GetLastBars(symbol="A", count=2, interval=interval, with_history=True))

    assert shown(whole) == expected
    assert shown(over) == [one for one in expected if one[2]][-2:]
    assert over.short == 2 - len(over)


# --- by example

FORTNIGHT = [Day(MONDAY + timedelta(days=step), (10 + step, 20 + step, None)) for step in (0, 1, 2, 3, 4, 7, 8)]
WEEK = Interval.parse("1w")


def test_a_week_is_partial_until_its_last_weekday_has_closed() -> None:
    core = lived([*FORTNIGHT, Day(date(2024, 6, 12), (1,))])

    (partial,) = ask(core, GetBars(symbol="A", interval=WEEK, include_partial=True)).bars()
    history = ask(core, GetLastBars(symbol="A", count=5, interval=WEEK, with_history=True))

    assert (f"{partial.start:%m-%d %H:%M}", partial.open, partial.low, partial.close) == ("06-10 09:30", 17, 1, 1)
    assert len(ask(core, GetBars(symbol="A", interval=WEEK))) == 0
    assert [(one.open, one.high, one.close) for one in history.bars()] == [(10, 24, 24)]


def test_on_friday_evening_the_week_is_told() -> None:
    core = lived([*FORTNIGHT[:4], FORTNIGHT[4]._replace(closes=(5, 6, 7))], is_closed=True)

    latest = ask(core, GetLatestBar(symbol="A", interval=WEEK))

    assert (latest.open, latest.high, latest.low, latest.close) == (10, 23, 5, 7)
    assert ask(core, GetBarCount(symbol="A", interval=WEEK)) == 1


def test_a_bar_says_how_many_of_its_minutes_are_there() -> None:
    (week,) = ask(lived(FORTNIGHT), GetHistory(symbol="A", sessions=9, interval=WEEK)).bars()
    window = ask(lived(FORTNIGHT), GetHistory(symbol="A", sessions=9, interval=WEEK))

    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([10], [15])
    assert week.volume == sum(one.volume for day in FORTNIGHT[:5] for one in bars_of(day))


def opens(core: SessionDataCore, sessions: int, text: str) -> list[float]:
    found: list[float] = ask(
        core, GetHistory(symbol="A", sessions=sessions, interval=Interval.parse(text))
    ).open.tolist()
    return found


def test_a_bar_that_began_before_memory_is_left_out() -> None:
    since_tuesday = lived(FORTNIGHT[1:])

    assert opens(since_tuesday, 9, "1w") == []
    assert opens(since_tuesday, 9, "2d") == [11, 13]
    assert opens(lived(FORTNIGHT[2:]), 9, "2d") == [13]


def test_history_is_of_the_bars_that_end_in_the_last_sessions() -> None:
    core = lived(FORTNIGHT)

    assert [opens(core, sessions, "2d") for sessions in (1, 2, 3, 9)] == [[], [13], [13], [11, 13]]


def test_a_week_without_a_bar_is_carried_where_that_is_asked_for() -> None:
    quiet = [
        Day(MONDAY + timedelta(days=step), (9, None, None) if step < 7 else (None,) * 3) for step in (0, 4, 7, 11, 14)
    ]
    core = lived([*quiet, Day(date(2024, 6, 18), (3,))])

    window = ask(core, GetLastBars(symbol="A", count=9, interval=WEEK, with_history=True, fill=Fill.FORWARD))

    assert (window.close.tolist(), window.volume.tolist()[1], window.is_filled.tolist()) == ([9, 9], 0, [False, True])


def test_where_there_is_nothing_to_carry_the_window_is_empty() -> None:
    core = lived([Day(MONDAY, (None, None))])

    assert len(ask(core, GetLastBars(symbol="A", count=2, interval=WEEK, fill=Fill.FORWARD))) == 0


@pytest.mark.parametrize("query", [GetQuality(interval=WEEK), GetQuality(interval=WEEK, sessions=1)])
def test_what_is_asked_of_single_sessions_refuses_longer_bars(query: GetQuality) -> None:
    assert refusal(lived(FORTNIGHT), query) == (
        "SettingsError: interval 1w is longer than one session; here 1d is the longest"
    )


def test_round_the_clock_days_at_weekends_count() -> None:
    from actors.session_data.answer.long_bars import Blocks

    saturday, sunday, monday = (date(2024, 6, day).toordinal() for day in (8, 9, 10))
    two, week = Blocks(Interval.parse("2d"), "24/7"), Blocks(WEEK, "24/7")

    assert week.ends(sunday)
    assert not week.ends(saturday)
    assert week.begins(monday)
    assert not Blocks(Interval.parse("2d"), "XNYS").begins(saturday)
    assert two.begins(saturday) != two.begins(sunday)


@pytest.mark.parametrize("fill", [None, Fill.FORWARD])
@pytest.mark.parametrize("empty", range(5))
def test_a_week_that_lacks_a_day_is_not_complete_whether_it_is_filled_or_not(fill: Fill | None, empty: int) -> None:
    days = [Day(MONDAY + timedelta(days=step), (None,) * 3 if step == empty else (1, 2, 3)) for step in range(5)]
    core = lived([*days, Day(date(2024, 6, 10), (1, 2, 3))])
    window = ask(core, GetLastBars(symbol="A", count=1, interval=WEEK, with_history=True, fill=fill))

    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([12], [15])
    assert window.is_complete.tolist() == [False]
