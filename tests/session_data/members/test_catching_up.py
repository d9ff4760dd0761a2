"""Who joins after minutes of the session are over is catching up until each of them has its verdict."""

from typing import Any

import pytest

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    Gap,
    GapAbandoned,
    GapDetected,
    GetMetrics,
    GetQuality,
    LockSymbols,
    Message,
    NoTradeConfirmed,
    RemoveSymbols,
    RequireHistory,
    Requirement,
    SymbolsCatchingUp,
    SymbolsCaughtUp,
    UnlockSymbols,
)
from messages.repairs import BarsFilled
from messages.values import SECOND_NS, Nanos
from tests.builders import BarBatch, arrived, at, bar, bars, opened, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, WEDNESDAY

GRACE_NS = 5 * SECOND_NS
TWO_MINUTES = (opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, 2), now="09:32"))
"""A's first two minutes are over."""


def live(*messages: Message, needed: tuple[str, ...] = (), **rules: Any) -> SessionDataCore:
    core = SessionDataCore(SessionRules(**{"grace_ns": GRACE_NS, **rules}), has_upkeep=True, needed=needed)
    play(core, list(messages))
    return core


def said(core: SessionDataCore, *messages: Message) -> list[tuple[str, tuple[str, ...], bool]]:
    """Who begins to catch up, and who has caught up."""
    kinds = {SymbolsCatchingUp: "begin", SymbolsCaughtUp: "done"}
    told = play(core, list(messages))
    return [
        (kinds[type(m)], m.symbols, m.is_required) for m in told if isinstance(m, SymbolsCatchingUp | SymbolsCaughtUp)
    ]


def filled(*given: Any) -> BarsFilled:
    return BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of(given), source="upstream")


def gap(symbol: str, start: str | Nanos, end: str | Nanos) -> Gap:
    return Gap(symbols=(symbol,), start_ns=at(start), end_ns=at(end))


def silent(symbol: str, start: str, end: str) -> NoTradeConfirmed:
    return NoTradeConfirmed(session_date=TUESDAY.date, gaps=(gap(symbol, start, end),), source="upstream")


def abandoned(symbol: str, start: str, end: str) -> GapAbandoned:
    return GapAbandoned(session_date=TUESDAY.date, gaps=(gap(symbol, start, end),), source="upstream")


def test_a_session_that_opens_on_time_has_nobody_to_wait_for() -> None:
    assert said(live(), opened(TUESDAY, ["A"]), time("09:33")) == []


def test_a_session_that_is_opened_late_catches_up_with_all_its_symbols() -> None:
    core = live()

    assert said(core, opened(TUESDAY, ["A", "B"], now=at("09:32"))) == [("begin", ("A", "B"), True)]
    assert ask(core, GetQuality()).catching_up == ("A", "B")
    assert ask(core, GetQuality(symbols=("B",))).catching_up == ("B",)
    assert ask(core, GetMetrics(symbol="A")).is_catching_up


def test_each_symbol_is_done_when_every_minute_before_it_joined_has_its_verdict() -> None:
    core = live(opened(TUESDAY, ["A", "B"], now=at("09:32")))

    assert said(core, filled(*bars("A", "09:30", 1), *bars("B", "09:30", 1, 2))) == [("done", ("B",), True)]
    assert said(core, silent("A", "09:31", "09:32")) == [("done", ("A",), False)]
    assert ask(core, GetQuality()).catching_up == ()
    assert not ask(core, GetMetrics(symbol="A")).is_catching_up


def test_a_minute_that_is_given_up_is_waited_for_no_longer() -> None:
    core = live(opened(TUESDAY, ["A"], now=at("09:32")))

    assert said(core, abandoned("A", "09:30", "09:31")) == []
    assert said(core, abandoned("A", "09:31", "09:32")) == [("done", ("A",), False)]


def test_what_was_recorded_earlier_today_is_not_caught_up_with() -> None:
    core = live(opened(TUESDAY, ["A"], now=at("09:32")))

    assert said(core, arrived(*bars("A", "09:30", 1, 2), now="09:32", source="recording")) == [("done", ("A",), False)]


def test_minutes_after_it_joined_are_nothing_to_catch_up_with() -> None:
    core = live(opened(TUESDAY, ["A"], now=at("09:31")))

    assert said(core, filled(*bars("A", "09:30", 1)), time("09:34")) == [("done", ("A",), False)]


def test_who_is_added_catches_up_and_who_is_first_seen_does_too() -> None:
    core = live(*TWO_MINUTES)

    assert said(core, AddSymbols(symbols=("B",))) == [("begin", ("B",), True)]
    assert said(core, arrived(bar("C", "09:31"), now="09:32")) == [("begin", ("C",), True)]
    assert said(core, filled(bar("C", "09:30"))) == [("done", ("C",), True)]


def test_the_minute_that_is_running_when_it_joins_comes_from_the_stream_or_is_a_gap_like_any_other() -> None:
    core = live(*TWO_MINUTES)
    at_join = at("09:32") + 20 * SECOND_NS
    play(core, [time(at_join), AddSymbols(symbols=("B", "C"))])
    told = play(core, [arrived(bar("A", "09:32"), bar("B", "09:32"), now="09:33"), time(at("09:33") + GRACE_NS)])
    gaps = [(m.gap.symbols, m.is_catch_up) for m in told if isinstance(m, GapDetected)]

    assert gaps == [(("C",), False)]
    assert [m.gap.start_ns for m in told if isinstance(m, GapDetected)] == [at("09:32")]
    assert ask(core, GetQuality(symbols=("B",))).quality.verdicts.streamed == 1


def test_the_same_minute_from_the_stream_and_from_upstream_counts_once() -> None:
    core = live(*TWO_MINUTES, AddSymbols(symbols=("B",)))
    play(core, [arrived(bar("B", "09:32", 7), now="09:33"), filled(*bars("B", "09:30", 5, 6, 99))])
    metrics = ask(core, GetMetrics(symbol="B"))

    assert (metrics.bars, metrics.volume, metrics.last) == (3, 300.0, 7.0)


def test_gaps_from_before_somebody_joined_are_marked_and_those_after_are_not() -> None:
    core = live()
    before = play(core, [opened(TUESDAY, ["A"], now=at("09:32")), time(at("09:32") + GRACE_NS)])
    after = play(core, [time(at("09:33") + GRACE_NS)])

    assert [m.is_catch_up for m in before if isinstance(m, GapDetected)] == [True, True]
    assert [m.is_catch_up for m in after if isinstance(m, GapDetected)] == [False]


def test_who_leaves_or_comes_back_with_all_it_had_is_not_waited_for() -> None:
    core = live(*TWO_MINUTES, AddSymbols(symbols=("B",)))

    assert said(core, RemoveSymbols(symbols=("B", "A"))) == [("done", (), False)]
    assert said(core, AddSymbols(symbols=("A",))) == []


def test_only_symbols_that_are_needed_hold_the_session_up_where_any_are_named() -> None:
    core = live(*TWO_MINUTES, needed=("A",))

    assert said(core, AddSymbols(symbols=("B",))) == [("begin", ("B",), False)]
    assert said(core, filled(*bars("B", "09:30", 1, 2))) == [("done", ("B",), False)]


def test_a_lock_or_a_requirement_makes_a_symbol_needed() -> None:
    core = live(*TWO_MINUTES, AddSymbols(symbols=("B", "C")), needed=("A",))
    need = RequireHistory(requirement=Requirement.of("C", "1m", 1))

    assert said(core, LockSymbols(symbols=("B",), name="desk")) == [("begin", ("B", "C"), True)]
    assert said(core, UnlockSymbols(name="desk")) == [("done", (), False)]
    assert said(core, need) == [("begin", ("B", "C"), True)]


def test_the_next_session_starts_with_nobody_behind() -> None:
    core = live(*TWO_MINUTES, AddSymbols(symbols=("B",)))

    assert said(core, opened(WEDNESDAY, ["A", "B"])) == []
    assert ask(core, GetQuality()).catching_up == ()


@pytest.mark.parametrize("core", [SessionDataCore(), SessionDataCore(has_upkeep=True, fills=False)])
def test_where_nobody_looks_after_missing_minutes_nobody_catches_up(core: SessionDataCore) -> None:
    assert said(core, *TWO_MINUTES, time("09:32"), AddSymbols(symbols=("B",))) == []
