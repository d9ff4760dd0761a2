"""Who joins in the middle lacks what came before, and who left is published no more."""

from collections.abc import Iterable

import pytest

from messages import (
    AddSymbols,
    BarBatch,
    BarsArrived,
    BarsUpdated,
    GapDetected,
    GapNarrowed,
    GetGaps,
    GetQuality,
    LoadSymbols,
    Message,
    MinuteClosed,
    NoTradeConfirmed,
    RemoveSymbols,
    SymbolsChanged,
)
from messages.values import MINUTE_NS, SECOND_NS, Bar, Gap
from tests.builders import arrived, at, bar, bars, closed, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, TWO, core_with, told, updates

TWO_MINUTES = (opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, 2), now="09:32"), time("09:32"))
"""A's first two minutes are over."""


def lacking(said: Iterable[Message]) -> list[tuple[str, int]]:
    """The minutes, counted from the start of Tuesday, that are said to be missing, and whose."""
    gaps = [message.gap for message in said if isinstance(message, GapDetected)]
    return [
        (symbol, (start_ns - TUESDAY.start_ns) // MINUTE_NS)
        for gap in gaps
        for symbol in gap.symbols
        for start_ns in range(gap.start_ns, gap.end_ns, MINUTE_NS)
    ]


def whole(*given: Bar, now: str) -> BarsArrived:
    return BarsArrived(batch=BarBatch.of(given), now_ns=at(now), is_whole=True)


@pytest.mark.parametrize("grace_ns", [0, 5 * SECOND_NS])
def test_who_joins_lacks_the_minutes_that_closed_before(grace_ns: int) -> None:
    core = core_with(*TWO_MINUTES, grace_ns=grace_ns)
    said = play(core, [AddSymbols(symbols=("B", "C"))])

    assert [type(message) for message in said] == [SymbolsChanged, LoadSymbols, GapDetected]
    assert lacking(said) == [("B", 0), ("B", 1), ("C", 0), ("C", 1)]
    assert ask(core, GetQuality()).gaps == 1


def test_who_joins_with_a_bar_lacks_all_but_that_one() -> None:
    core = core_with(*TWO_MINUTES)
    said = play(core, [arrived(bar("B", "09:31"), bar("C", "09:30"), now="09:32")])

    assert {message.added for message in said if isinstance(message, SymbolsChanged)} == {("B",), ("C",)}
    assert sorted(lacking(said)) == [("B", 0), ("C", 1)]


def test_who_joins_with_several_bars_lacks_what_is_between_them() -> None:
    core = core_with(*TWO_MINUTES, time("09:34"))
    said = play(core, [arrived(bar("B", "09:30"), bar("B", "09:32"), now="09:34")])
    came = [message.gap.start_ns for message in said if isinstance(message, GapNarrowed)]

    assert {minute for _, minute in lacking(said)} - {(ns - TUESDAY.start_ns) // MINUTE_NS for ns in came} == {1, 3}


def test_what_is_lacking_is_what_readers_are_told_and_what_counts() -> None:
    core = core_with(*TWO_MINUTES)
    said = play(core, [arrived(bar("B", "09:31"), now="09:32")])

    assert [message.gap for message in said if isinstance(message, GapDetected)] == list(ask(core, GetGaps()))
    assert ask(core, GetQuality()).quality.verdicts.missing == 1


def test_of_whole_minutes_the_one_in_which_a_symbol_joins_is_not_lacking() -> None:
    core = core_with(opened(TUESDAY, ["A"]))
    said = play(core, [whole(*bars("A", "09:30", 1, 2), bar("B", "09:31"), now="09:32")])

    assert lacking(said) == [("B", 0)]


def test_before_the_first_minute_has_closed_nothing_is_lacking() -> None:
    core = core_with(opened(TUESDAY, ["A"]))

    assert told(core, GapDetected, AddSymbols(symbols=("B",)), arrived(bar("C", "09:30"))) == []
    assert lacking(play(core, [time("09:31")])) == [("A", 0), ("B", 0)]


def test_who_is_there_already_lacks_nothing_new() -> None:
    core = core_with(*TWO_MINUTES)

    assert play(core, [AddSymbols(symbols=("A",))]) == []


def test_a_gap_before_joining_is_told_apart_from_one_after_lunch() -> None:
    session = session_tiny(2, 2)
    core = core_with(opened(session, ["A"]), time("09:36"))
    said = told(core, GapDetected, AddSymbols(symbols=("B",)))

    assert [(one.gap.start_ns, one.gap.end_ns) for one in said] == [
        (part.start_ns, part.end_ns) for part in session.segments
    ]
    assert ask(core, GetQuality()).gaps == 4 + 2


def test_who_comes_back_lacks_what_it_lacked_and_nothing_that_was_never_traded() -> None:
    core = core_with(opened(TUESDAY, ["A", "B"]), arrived(*bars("A", "09:30", 1, 2, 3), bar("B", "09:31"), now="09:33"))
    silent = Gap(symbols=("B",), start_ns=at("09:32"), end_ns=at("09:33"))
    play(core, [time("09:33"), NoTradeConfirmed(session_date=TUESDAY.date, gaps=(silent,), source="exchange")])

    assert lacking(play(core, [RemoveSymbols(symbols=("B",)), AddSymbols(symbols=("B",))])) == [("B", 0)]


# --- who left


def test_the_longer_bars_of_a_symbol_that_left_are_not_published() -> None:
    core = core_with(opened(TUESDAY, ["A", "B"]), intervals=(TWO,))
    play(core, [arrived(bar("A", "09:30"), bar("B", "09:30")), time("09:31"), RemoveSymbols(symbols=("B",))])
    said = updates(core, TWO, time("09:32"))

    assert [update.batch.names() for update in said] == [["A"]]


def test_if_nobody_is_left_nothing_is_published_and_minutes_close_all_the_same() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A", "09:30")), intervals=(TWO,))
    said = play(core, [RemoveSymbols(symbols=("A",)), closed(TUESDAY)])

    assert [message for message in said if isinstance(message, BarsUpdated | GapDetected)] == []
    assert [message.expected for message in said if isinstance(message, MinuteClosed)] == [0, 0, 0, 0]


def test_who_comes_back_before_a_longer_bar_is_over_has_it() -> None:
    core = core_with(opened(TUESDAY, ["A", "B"]), intervals=(TWO,))
    play(core, [arrived(bar("A", "09:30"), bar("B", "09:30", 7.0)), time("09:31"), RemoveSymbols(symbols=("B",))])
    said = updates(core, TWO, AddSymbols(symbols=("B",)), time("09:32"))

    assert sorted(name for update in said for name in update.batch.names()) == ["A", "B"]


def test_a_symbol_that_is_named_twice_joins_once() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")), time("09:31"))
    said = play(core, [AddSymbols(symbols=("D", "D"))])

    assert [one.added for one in said if isinstance(one, SymbolsChanged)] == [("D",)]
    assert [one.gap.symbols for one in said if isinstance(one, GapDetected)] == [("D",)]
