"""Closes carried forward: only for who asks, only over what is closed, always marked, and never into the grid."""

import pytest

from messages import DayGrid, Fill, GetBars, GetDigest, GetGaps, GetHistory, GetLastBars, Message, Verdict
from messages.tables.columns import freeze
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS
from tests.builders import arrived, bar, bars, day_grid, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, TWO, WEDNESDAY, core_with, minutes

LONG = session_tiny(6)
FORWARD = Fill.FORWARD
HOLED: list[Message] = [opened(LONG, ["A", "B"]), arrived(*bars("A", "09:31", 5, None, None, 7)), time("09:36")]


def marked(day: DayGrid, *cells: tuple[int, Verdict]) -> DayGrid:
    """A day of history whose first symbol has these verdicts."""
    verdicts = day.verdicts.copy()
    for slot, verdict in cells:
        verdicts[slot, 0] = verdict
    return DayGrid(session=day.session, symbols=day.symbols, values=day.values, verdicts=freeze(verdicts))


def test_a_minute_without_a_bar_has_the_close_before_it_and_no_volume() -> None:
    window = ask(core_with(*HOLED), GetBars(symbol="A", fill=FORWARD))

    assert minutes(window, LONG.start_ns) == [1, 2, 3, 4, 5]
    assert (
        window.close.tolist() == window.open.tolist() == window.high.tolist() == window.low.tolist() == [5, 5, 5, 7, 7]
    )
    assert window.volume.tolist() == [100, 0, 0, 100, 0]
    assert window.is_filled.tolist() == [False, True, True, False, True]
    assert window.is_complete.tolist() == [True, False, False, True, False]
    assert window.empty_minutes == 3


def test_nothing_stands_before_the_first_bar_or_without_any() -> None:
    core = core_with(*HOLED)

    assert minutes(ask(core, GetBars(symbol="A", start="09:30", end="09:32", fill=FORWARD)), LONG.start_ns) == [1]
    assert len(ask(core, GetBars(symbol="B", fill=FORWARD))) == 0


def test_a_close_is_carried_into_a_part_of_the_session_from_before_it() -> None:
    window = ask(core_with(*HOLED), GetBars(symbol="A", start="09:33", end="09:34", fill=FORWARD))

    assert (window.close.tolist(), window.is_filled.tolist()) == ([5], [True])


def test_a_minute_that_is_not_closed_is_not_filled() -> None:
    core = core_with(opened(LONG, ["A"]), arrived(bar("A")), time("09:33"), grace_ns=90 * SECOND_NS)

    assert minutes(ask(core, GetBars(symbol="A", fill=FORWARD)), LONG.start_ns) == [0]


def test_last_bars_are_counted_with_what_is_carried() -> None:
    window = ask(core_with(*HOLED), GetLastBars(symbol="A", count=3, fill=FORWARD))

    assert (minutes(window, LONG.start_ns), window.close.tolist(), window.short) == ([3, 4, 5], [5, 7, 7], 0)


def test_a_block_without_any_bar_is_carried_and_one_with_a_hole_is_not() -> None:
    core = core_with(opened(LONG, ["A"]), arrived(*bars("A", "09:30", 4, None, None, None, None, 7)), time("09:36"))
    window = ask(core, GetBars(symbol="A", interval=TWO, fill=FORWARD))

    assert (window.close.tolist(), window.is_filled.tolist()) == ([4, 4, 7], [False, True, False])
    assert (window.base_counts.tolist(), window.base_expected.tolist()) == ([1, 0, 1], [2, 2, 2])
    assert window.end_ns.tolist() == [LONG.start_ns + minute * MINUTE_NS for minute in (2, 4, 6)]


def test_the_verdict_says_why_there_is_no_bar() -> None:
    told = ((1, Verdict.NO_TRADE), (2, Verdict.ABANDONED))
    day = marked(day_grid(MONDAY, [bar("A", "09:30", 5, session=MONDAY)]), *told)
    core = core_with(opened(TUESDAY, ["A"], [day]))
    base, two = (ask(core, GetHistory(symbol="A", interval=i, fill=FORWARD)) for i in (ONE_MINUTE, TWO))

    assert [one.verdict for one in base.bars()] == [
        Verdict.STREAMED,
        Verdict.NO_TRADE,
        Verdict.ABANDONED,
        Verdict.MISSING,
    ]
    assert [one.verdict for one in two.bars()] == [Verdict.STREAMED, Verdict.ABANDONED]


def across() -> list[Message]:
    """Monday ends with 4 at 09:32; Tuesday has 6 at 09:31 only; Wednesday nothing yet, two minutes closed."""
    monday = day_grid(MONDAY, bars("A", "09:30", None, 3, 4, session=MONDAY))
    tuesday = day_grid(TUESDAY, [bar("A", "09:31", 6)])
    return [opened(WEDNESDAY, ["A"], [monday, tuesday]), time("09:32", session=WEDNESDAY)]


@pytest.mark.parametrize(
    ("count", "closes", "short"),
    [
        (1, [6], 0),
        (2, [6, 6], 0),
        (5, [6, 6, 6, 6, 6], 0),
        (6, [4, 6, 6, 6, 6, 6], 0),
        (9, [3, 4, 4, 4, 6, 6, 6, 6, 6], 0),
        (12, [3, 4, 4, 4, 6, 6, 6, 6, 6], 3),
    ],
)
def test_last_bars_with_history_carry_the_close_of_the_day_before(count: int, closes: list[float], short: int) -> None:
    window = ask(core_with(*across()), GetLastBars(symbol="A", count=count, with_history=True, fill=FORWARD))

    assert (window.close.tolist(), window.short) == (closes, short)


def test_last_bars_without_history_carry_nothing_over_the_boundary() -> None:
    window = ask(core_with(*across()), GetLastBars(symbol="A", count=5, fill=FORWARD))

    assert (len(window), window.short) == (0, 5)


def test_history_begins_each_session_with_its_first_bar() -> None:
    window = ask(core_with(*across()), GetHistory(symbol="A", sessions=2, fill=FORWARD))

    assert window.close.tolist() == [3, 4, 4, 6, 6, 6]


def test_daily_history_carries_over_a_session_without_a_bar() -> None:
    days = [
        day_grid(MONDAY, [bar("A", "09:30", 5, session=MONDAY)]),
        day_grid(TUESDAY, [], ["A"]),
    ]
    core = core_with(opened(WEDNESDAY, ["A"], days))
    window = ask(core, GetHistory(symbol="A", sessions=2, interval=ONE_DAY, fill=FORWARD))

    assert (window.close.tolist(), window.is_filled.tolist(), window.short) == ([5, 5], [False, True], 0)


def test_frames_and_tables_show_the_mark_only_where_it_was_asked_for() -> None:
    core = core_with(*HOLED)
    plain, filled = (ask(core, GetBars(symbol="A", fill=fill)) for fill in (None, FORWARD))

    assert "is_filled" not in plain.to_pandas().columns
    assert filled.to_pandas()["is_filled"].tolist() == filled.is_filled.tolist()
    assert "is_filled" not in plain.to_arrow().column_names
    assert filled.to_arrow()["is_filled"].to_pylist() == filled.is_filled.tolist()


def test_asking_for_it_puts_no_bar_into_the_session() -> None:
    core = core_with(*HOLED)
    before = ask(core, GetDigest()), ask(core, GetGaps())
    ask(core, GetLastBars(symbol="A", count=9, fill=FORWARD))
    ask(core, GetBars(symbol="A", interval=TWO, fill=FORWARD))

    assert (ask(core, GetDigest()), ask(core, GetGaps())) == before
    assert ask(core, GetBars(symbol="A")).close.tolist() == [5, 7]


def test_vwap_and_trades_are_never_carried() -> None:
    core = core_with(opened(LONG, ["A"]), arrived(bar("A", vwap=9, trades=3)), time("09:32"), keep_extra=True)
    one, blank = ask(core, GetBars(symbol="A", fill=FORWARD)).bars()

    assert (one.vwap, one.trades) == (9, 3)
    assert (blank.vwap, blank.trades) == (None, None)


def test_a_repair_takes_the_place_of_what_was_carried() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, None, 3)), opened(WEDNESDAY, ["A"]))
    asked = GetHistory(symbol="A", fill=FORWARD)
    before = ask(core, asked)
    play(core, [arrived(bar("A", "09:31", 2), now=WEDNESDAY.start_ns)])
    after = ask(core, asked)

    assert (before.close.tolist(), before.is_filled.tolist()) == ([1, 1, 3, 3], [False, True, False, True])
    assert (after.close.tolist(), after.is_filled.tolist()) == ([1, 2, 3, 3], [False, False, False, True])
