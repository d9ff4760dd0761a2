"""What readers are answered: windows, clock times, partial bars, holes, changes and snapshots."""

import pytest

from messages import (
    AddSymbols,
    Bar,
    BarWindow,
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetChangesSince,
    GetLastBars,
    GetLatestBar,
    GetLatestBars,
    GetMetrics,
    GetSession,
    GetSnapshot,
    Message,
    RemoveSymbols,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, SECOND_NS
from tests.builders import NEW_YORK, REGULAR, arrived, at, bar, bars, minute_of, opened, segments, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, TUESDAY, TWO, core_with, minutes, refusal

LONG = session_tiny(7)
FIRST = at("09:30")
OPEN = opened(LONG, ["A", "B"])
SEVEN = arrived(*bars("A", "09:30", 1, 2, 3, 4, 5, 6, 7))


def day_in_new_york(date: str) -> TradingSession:
    """A whole day by the clock: 23 hours when summer time begins, 25 when it ends."""
    parts = segments(date, NEW_YORK, (REGULAR, "00:00", "24:00"))
    return TradingSession(calendar="TEST", date=date, tz=NEW_YORK, segments=parts)


def starts(window: BarWindow) -> list[int]:
    return minutes(window, FIRST)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [0, 1, 2, 3, 4, 5, 6]),
        ("09:32", None, [2, 3, 4, 5, 6]),
        (None, "09:32", [0, 1]),
        ("09:31", "09:33", [1, 2]),
        ("09:31", "09:33:00", [1, 2]),
        (FIRST + 2 * MINUTE_NS, FIRST + 4 * MINUTE_NS, [2, 3]),
        (FIRST + 2 * MINUTE_NS + 1, "09:34", [3]),
        ("09:33", "09:33", []),
        ("09:34", "09:34", []),
        ("2024-07-02", "2024-07-02", [0, 1, 2, 3, 4, 5, 6]),
        ("2024-07-01", None, [0, 1, 2, 3, 4, 5, 6]),
        ("2024-07-03", None, []),
        (None, "2024-07-01", []),
        ("09:31:00.000000001", "09:33:00.000000001", [2, 3]),
        ("00:00", "23:59", [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_bars_between_two_moments_are_half_open(
    start: int | str | None, end: int | str | None, expected: list[int]
) -> None:
    assert starts(ask(core_with(OPEN, SEVEN), GetBars(symbol="A", start=start, end=end))) == expected


@pytest.mark.parametrize(
    ("start", "end", "is_before"),
    [("2024-06-28", "2024-07-01", True), (None, "09:30", True), (None, FIRST - 1, True), (None, "09:31", False),
     ("2024-07-03", None, False), ("09:33", "09:33", False), (None, None, False)],
)  # fmt: skip
def test_bars_that_all_lie_before_the_session_are_said_to(
    start: int | str | None, end: int | str | None, is_before: bool
) -> None:
    window = ask(core_with(OPEN, SEVEN), GetBars(symbol="A", start=start, end=end))

    assert window.is_before_session is is_before
    assert ("before this session: see history()" in repr(window)) is is_before


def test_bars_of_an_interval_are_chosen_by_their_start() -> None:
    core = core_with(OPEN, SEVEN, time("09:37"))

    assert starts(ask(core, GetBars(symbol="A", start="09:31", end="09:35", interval=TWO))) == [2, 4]


@pytest.mark.parametrize(("date", "hours"), [("2024-03-10", 9.5), ("2024-11-03", 11.5), ("2024-07-02", 10.5)])
def test_a_clock_time_is_the_exchange_s_also_when_the_clocks_change(date: str, hours: float) -> None:
    session = day_in_new_york(date)
    half_past_ten = session.start_ns + int(hours * 60) * MINUTE_NS
    given = [bar("A", half_past_ten + i * MINUTE_NS, 2 + i) for i in (-1, 0, 1)]
    core = core_with(opened(session, ["A"]), arrived(*given))
    window = ask(core, GetBars(symbol="A", start="10:30", end="10:31"))

    assert [f"{one.start:%H:%M}" for one in window.bars()] == ["10:30"]
    assert window.close.tolist() == [2]


def test_a_span_that_ends_before_it_starts_is_an_error_that_names_both() -> None:
    expected = "SettingsError: the end 2024-07-02 09:31:00-04:00 is before the start 2024-07-02 09:34:00-04:00"

    assert refusal(core_with(OPEN, SEVEN), GetBars(symbol="A", start="09:34", end="09:31")) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, [6]), (3, [4, 5, 6]), (99, [0, 1, 2, 3, 4, 5, 6])])
def test_the_last_bars_are_the_last_that_exist(count: int, expected: list[int]) -> None:
    assert starts(ask(core_with(OPEN, SEVEN), GetLastBars(symbol="A", count=count))) == expected


def test_last_bars_say_how_many_minutes_between_are_empty() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:31", 1, None, None, 4, None, 6)), time("09:37"))
    two, three = (ask(core, GetLastBars(symbol="A", count=count)) for count in (2, 3))

    assert (starts(two), two.empty_minutes) == ([4, 6], 1)
    assert (starts(three), three.empty_minutes) == ([1, 4, 6], 3)


def test_minutes_before_the_first_and_after_the_last_bar_are_not_between() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:33")), time("09:37"))

    assert ask(core, GetBars(symbol="A")).empty_minutes == 0


def test_the_empty_minutes_of_derived_bars_are_those_inside_them_too() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:31", 1, None, None, None, 5)), time("09:36"))
    window = ask(core, GetBars(symbol="A", interval=TWO))

    assert starts(window) == [0, 4]
    assert window.empty_minutes == 4


def test_a_derived_bar_with_a_hole_is_given_and_says_that_it_is_not_complete() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, None, 3, 4)), time("09:34"))
    window = ask(core, GetBars(symbol="A", interval=TWO))

    assert window.is_complete.tolist() == [False, True]
    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([1, 2], [2, 2])


def test_a_forming_bar_is_given_only_on_request() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3)), time("09:33"))
    asked = {"symbol": "A", "interval": TWO}
    window = ask(core, GetBars(**asked, include_partial=True))

    assert starts(ask(core, GetBars(**asked))) == [0]
    assert starts(ask(core, GetLastBars(**asked, count=5))) == [0]
    assert ask(core, GetBarCount(**asked)) == 1
    assert (starts(window), window.is_complete.tolist(), window.partial) == ([0, 2], [True, False], True)
    assert ask(core, GetLastBars(**asked, count=1, include_partial=True)).close.tolist() == [3]


def test_two_bars_that_wait_out_a_long_grace_are_both_incomplete() -> None:
    core = core_with(OPEN, arrived(bar("A", "09:30"), bar("A", "09:32")), grace_ns=200 * SECOND_NS)
    window = ask(core, GetBars(symbol="A", interval=TWO, include_partial=True))

    assert len(ask(core, GetBars(symbol="A", interval=TWO))) == 0
    assert starts(window) == [0, 2]
    assert window.forming.tolist() == [True, True]
    assert window.is_complete.tolist() == [False, False]
    assert not any(one.is_complete for one in window.bars())


def test_the_day_so_far_is_a_forming_bar() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 3, 1, 2)))
    (day,) = ask(core, GetBars(symbol="A", interval=ONE_DAY, include_partial=True)).bars()

    assert (day.open, day.high, day.low, day.close, day.volume, day.is_partial) == (3, 3, 1, 2, 300, True)
    assert (day.start_ns, day.end_ns) == (LONG.start_ns, LONG.end_ns)


def test_latest_bars_come_in_the_order_asked_and_all_of_them_unless_named() -> None:
    core = core_with(opened(LONG, ["B", "A", "C"]), arrived(bar("A", close=1), bar("C", close=3)))
    named, every = ask(core, GetLatestBars(symbols=("C", "B", "A"))), ask(core, GetLatestBars())

    assert [one and one.close for one in named] == [3, None, 1]
    assert [one and one.close for one in every] == [1, None, 3]


def test_a_bar_count_counts_the_bars_that_exist() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, None, 3)), time("09:34"))

    assert [ask(core, GetBarCount(symbol=symbol)) for symbol in "AB"] == [2, 0]
    assert ask(core, GetBarCount(symbol="A", interval=TWO)) == 2


def test_a_window_that_was_read_does_not_change_with_the_grid() -> None:
    core = core_with(OPEN, SEVEN)
    windows = [ask(core, GetBars(symbol="A", interval=interval)) for interval in (FIVE, ONE_DAY)]
    windows.append(ask(core, GetBars(symbol="A")))
    before = [window.close.tolist() for window in windows]
    play(core, [arrived(bar("A", "09:34", 99)), arrived(bar("A", "09:36", 98))])

    assert [window.close.tolist() for window in windows] == before


def test_nobody_can_write_into_a_window() -> None:
    core = core_with(OPEN, SEVEN)
    for window in (ask(core, GetBars(symbol="A")), ask(core, GetBars(symbol="B"))):
        columns = [window.values, window.start_ns, window.end_ns, window.verdicts, window.revisions]

        assert not any(column.flags.writeable for column in columns)


def test_an_empty_window_states_the_time_the_zone_and_the_revision_all_the_same() -> None:
    window = ask(core_with(OPEN, SEVEN), GetBars(symbol="B"))

    assert (len(window), window.symbols, window.tz) == (0, ("B",), NEW_YORK)
    assert (window.now_ns, window.revision, window.empty_minutes) == (LONG.end_ns, 7, 0)


def test_changes_since_a_revision_are_the_bars_that_are_new_or_changed() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2), *bars("B", "09:30", 3, 4)))
    everything = ask(core, GetChangesSince(revision=0))
    play(core, [arrived(bar("B", "09:30", 9), is_correction=True), arrived(bar("A", "09:31", 2))])
    changed = ask(core, GetChangesSince(revision=everything.revision))

    assert [one.symbol for one in everything.bars()] == ["A", "A", "B", "B"]
    assert [(one.symbol, one.close, one.verdict) for one in changed.bars()] == [("B", 9, Verdict.CORRECTED)]
    assert changed.symbols == ("A", "B")
    assert len(ask(core, GetChangesSince(revision=changed.revision))) == 0


def test_who_follows_the_changes_holds_the_session() -> None:
    core = core_with(OPEN)
    held: dict[tuple[str, int], Bar] = {}
    revision = 0
    for price in (1, 2, 3):
        play(core, [arrived(bar("A", "09:30", price)), arrived(bar("B", f"09:3{price}", price))])
        window = ask(core, GetChangesSince(revision=revision))
        held |= {(one.symbol, one.start_ns): one for one in window.bars()}
        revision = window.revision

    assert sorted(held.values(), key=lambda one: (one.symbol, one.start_ns)) == [
        *ask(core, GetBars(symbol="A")).bars(),
        *ask(core, GetBars(symbol="B")).bars(),
    ]


def test_a_snapshot_is_one_cut() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30", 5)), time("09:31"))
    snapshot = ask(core, GetSnapshot())
    apart = [ask(core, GetMetrics(symbol=symbol)) for symbol in "AB"]
    play(core, [arrived(*minute_of(["A", "B"], "09:31", 6))])

    assert snapshot.metrics == tuple(apart)
    assert [one.close for one in snapshot.latest] == [5, 5]
    assert (snapshot.now_ns, snapshot.revision, snapshot.session_date) == (at("09:31"), 1, LONG.date)


def test_a_snapshot_of_some_symbols_comes_in_the_order_asked() -> None:
    core = core_with(opened(LONG, ["A", "B", "C"]), arrived(bar("B")))
    snapshot = ask(core, GetSnapshot(symbols=("C", "B")))

    assert [one.symbol for one in snapshot.metrics] == ["C", "B"]
    assert [one and one.symbol for one in snapshot.latest] == [None, "B"]


def test_a_query_after_an_event_sees_it() -> None:
    core = core_with(OPEN)
    for price in (1, 2, 3):
        core.handle(arrived(bar("A", "09:30", price)))

        assert ask(core, GetLatestBar(symbol="A")).close == price


def test_asking_changes_nothing() -> None:
    core = core_with(OPEN, SEVEN)
    first, again = (
        [ask(core, query) for query in (GetSession(), GetActiveSymbols(), GetSnapshot(), GetBars(symbol="A"))]
        for _ in range(2)
    )

    assert first == again
    assert ask(core, AddSymbols(symbols=())) == ask(core, RemoveSymbols(symbols=())) == ("A", "B")


def test_times_of_bars_are_aware_and_in_exchange_time() -> None:
    one = ask(core_with(opened(TUESDAY, ["A"]), arrived(bar("A"))), GetLatestBar(symbol="A"))

    assert (one.start.isoformat(), one.end.isoformat()) == ("2024-07-02T09:30:00-04:00", "2024-07-02T09:31:00-04:00")


@pytest.mark.parametrize(
    "told",
    [
        [arrived(bar("A", "09:30", 1), bar("B", "09:30", 2))],
        [arrived(bar("A", "09:30", 1), bar("B", "09:30", 2)), arrived(bar("A", "09:31", 3))],
        [arrived(bar("B", "09:30", 2)), time("09:31")],
        [arrived(bar("A", "09:30", 1), bar("B", "09:30", 2)), arrived(bar("B", "09:30", 5), is_correction=True)],
        [arrived(bar("A", "09:30", 1)), arrived(bar("B", "09:30", 2))],
        [time("09:31")],
    ],
)
@pytest.mark.parametrize("keep_extra", [False, True])
def test_the_latest_bars_of_all_are_those_of_each(told: list[Message], keep_extra: bool) -> None:
    core = core_with(OPEN, *told, keep_extra=keep_extra)

    for symbols in (("A", "B"), ("B", "A"), ("B",), ("B", "B")):
        each = tuple(ask(core, GetLatestBar(symbol=symbol)) for symbol in symbols)
        assert ask(core, GetLatestBars(symbols=symbols)) == each
    assert ask(core, GetLatestBars()) == ask(core, GetLatestBars(symbols=("A", "B")))
