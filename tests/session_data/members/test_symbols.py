"""Symbols that join, leave and come back while the session runs."""

from typing import Any

import numpy as np
import pytest

from messages import (
    AddSymbols,
    BarRejected,
    BarsUpdated,
    GapDetected,
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetChangesSince,
    GetDigest,
    GetGaps,
    GetHistory,
    GetLastBars,
    GetLatestBar,
    GetLatestBars,
    GetMetrics,
    GetQuality,
    GetSession,
    GetSnapshot,
    LoadSymbols,
    MinuteClosed,
    Query,
    RemoveSymbols,
    SessionReported,
    SymbolsChanged,
    Verdict,
)
from messages.values import ONE_MINUTE
from tests.builders import arrived, bar, bars, closed, minute_of, opened, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import (
    TUESDAY,
    TWO,
    WEDNESDAY,
    closes,
    core_with,
    counts,
    digest,
    refusal,
    told,
    updates,
)

OPEN = opened(TUESDAY, ["A", "B"])
OF_ONE_SYMBOL: list[Query[Any]] = [
    GetLatestBar(symbol="AAPK"),
    GetLatestBars(symbols=("MSFT", "AAPK")),
    GetLastBars(symbol="AAPK", count=1),
    GetLastBars(symbol="AAPK", count=1, with_history=True),
    GetBars(symbol="AAPK"),
    GetBarCount(symbol="AAPK"),
    GetMetrics(symbol="AAPK"),
    GetGaps(symbols=("MSFT", "AAPK")),
    GetSnapshot(symbols=("AAPK",)),
    GetHistory(symbol="AAPK"),
    RemoveSymbols(symbols=("MSFT", "AAPK")),
]
OF_THE_SESSION: list[Query[Any]] = [
    GetActiveSymbols(),
    GetDigest(),
    GetQuality(),
    GetGaps(),
    GetSnapshot(),
    GetChangesSince(revision=0),
    GetLatestBars(),
    GetBars(symbol="A"),
    AddSymbols(symbols=("A",)),
    RemoveSymbols(symbols=("A",)),
]


def name_of(query: object) -> str:
    return type(query).__name__


@pytest.mark.parametrize("query", OF_ONE_SYMBOL, ids=name_of)
def test_an_unknown_symbol_is_an_error_that_names_the_nearest(query: Query[Any]) -> None:
    core = core_with(opened(TUESDAY, ["AAPL", "MSFT"]))

    assert refusal(core, query) == "UnknownSymbol: unknown symbol 'AAPK'; nearest: AAPL"


@pytest.mark.parametrize("query", OF_THE_SESSION, ids=name_of)
def test_before_the_first_session_there_is_nothing_to_answer_from(query: Query[Any]) -> None:
    assert refusal(core_with(), query) == "NotReady: no session has been opened yet"


def test_before_the_first_session_there_is_no_session() -> None:
    assert ask(core_with(), GetSession()) is None


def test_a_known_symbol_without_a_bar_has_none() -> None:
    core = core_with(OPEN)

    assert ask(core, GetLatestBar(symbol="A")) is None
    assert ask(core, GetLatestBars()) == (None, None)
    assert ask(core, GetBarCount(symbol="A")) == 0
    assert len(ask(core, GetBars(symbol="A"))) == len(ask(core, GetLastBars(symbol="A", count=3))) == 0


def test_an_unknown_symbol_joins_on_first_sight() -> None:
    core = core_with(OPEN)
    said = play(core, [arrived(*minute_of(["A", "C"], "09:30"))])

    assert said[0] == SymbolsChanged(added=("C",))
    assert ask(core, GetActiveSymbols()) == ("A", "B", "C")
    assert ask(core, GetBarCount(symbol="C")) == 1


def test_an_unknown_symbol_is_turned_away_if_the_settings_say_so() -> None:
    core = core_with(OPEN, unknown_symbols="reject")
    said = play(core, [arrived(*minute_of(["A", "C"], "09:30"))])

    assert [type(one) for one in said] == [BarRejected, BarsUpdated]
    assert (said[0].bar.symbol, said[0].reason) == ("C", "unknown_symbol")
    assert ask(core, GetActiveSymbols()) == ("A", "B")


def test_a_symbol_that_joins_is_missing_in_the_minutes_before() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2)), time("09:32"), AddSymbols(symbols=("C",)))
    play(core, [arrived(bar("C", "09:32")), time("09:33")])
    metrics = ask(core, GetMetrics(symbol="C"))

    assert (metrics.bars, metrics.quality.closed) == (1, 3)
    assert (metrics.quality.verdicts.missing, metrics.quality.verdicts.streamed) == (2, 1)
    assert ask(core, GetMetrics(symbol="A")).bars == 2


def test_adding_symbols_answers_with_all_and_tells_only_what_is_new() -> None:
    core = core_with(OPEN)
    outcome = core.handle(AddSymbols(symbols=("C", "A", "D")))

    assert outcome.answer == ("A", "B", "C", "D")
    assert outcome.out == (
        SymbolsChanged(added=("C", "D")),
        LoadSymbols(session=TUESDAY, symbols=("C", "D")),
    )
    assert core.handle(AddSymbols(symbols=("A",))).out == ()


def test_a_grid_that_grows_keeps_every_bar() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2)), time("09:32"))
    joined = tuple(f"S{number:03}" for number in range(60))
    for symbol in joined:
        play(core, [AddSymbols(symbols=(symbol,))])
    play(core, [arrived(*minute_of(["A", "B", *joined], "09:32", 7)), time("09:33")])
    metrics = ask(core, GetMetrics(symbol="S059"))

    assert ask(core, GetBars(symbol="A")).close.tolist() == [1, 2, 7]
    assert ask(core, GetBars(symbol="S059")).close.tolist() == [7]
    assert metrics.first_update_ns == metrics.last_update_ns == TUESDAY.start_ns + 3 * 60_000_000_000


def test_a_symbol_that_joined_has_its_derived_bars() -> None:
    core = core_with(OPEN, intervals=(TWO,))
    joined = tuple(f"S{number}" for number in range(20))
    play(core, [AddSymbols(symbols=joined)])
    said = updates(core, TWO, arrived(bar("S19")), arrived(bar("S19", "09:31", 7)))

    assert [closes(update) for update in said] == [{"S19": 7}]


def test_the_digest_does_not_depend_on_the_order_in_which_symbols_joined() -> None:
    sent = [arrived(bar(symbol)) for symbol in ("A", "B", "C")]

    assert digest(core_with(OPEN, *sent)) == digest(core_with(opened(TUESDAY, ["C"]), *reversed(sent)))


def test_a_symbol_that_left_is_known_to_nobody() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")))
    outcome = core.handle(RemoveSymbols(symbols=("B",)))

    assert outcome.answer == ("A",)
    assert outcome.out == (SymbolsChanged(removed=("B",)),)
    assert ask(core, GetActiveSymbols()) == ("A",)
    assert "unknown symbol 'B'" in refusal(core, GetLatestBar(symbol="B"))
    assert "unknown symbol 'B'" in refusal(core, RemoveSymbols(symbols=("B",)))


def test_a_symbol_that_left_is_out_of_every_reply() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")), RemoveSymbols(symbols=("B",)))
    play(core, [time("09:32")])
    snapshot = ask(core, GetSnapshot())
    changes = ask(core, GetChangesSince(revision=0))

    assert [one.symbol for one in ask(core, GetLatestBars())] == ["A"]
    assert [one.symbol for one in snapshot.metrics] == ["A"]
    assert "B" not in [name for gap in ask(core, GetGaps()) for name in gap.symbols]
    assert (changes.symbols, len(changes)) == (("A",), 1)


def test_the_bars_of_a_symbol_that_left_are_turned_away() -> None:
    core = core_with(OPEN, RemoveSymbols(symbols=("B",)))
    rejected = told(core, BarRejected, arrived(*minute_of(["A", "B"], "09:30")), arrived(bar("B", "09:31")))

    assert [(one.bar.symbol, one.reason) for one in rejected] == [("B", "symbol_removed")] * 2


def test_a_symbol_that_left_is_in_no_count_and_in_no_digest() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")), RemoveSymbols(symbols=("B",)))
    alone = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")))
    (minute,) = told(core, MinuteClosed, time("09:31"))
    play(alone, [time("09:31")])

    assert (minute.present, minute.expected, minute.missing) == (1, 1, ())
    assert digest(core) == digest(alone)
    assert ask(core, GetQuality()).quality == ask(alone, GetQuality()).quality


def test_nobody_asks_for_the_minutes_of_a_symbol_that_left() -> None:
    core = core_with(opened(TUESDAY, ["A", "B", "C"]), RemoveSymbols(symbols=("B",)), arrived(bar("A")))
    said = play(core, [time("09:31")])

    assert [one.missing for one in said if isinstance(one, MinuteClosed)] == [("C",)]
    assert [one.gap.symbols for one in said if isinstance(one, GapDetected)] == [("C",)]


def test_a_symbol_that_left_is_in_no_report() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30", 7)), RemoveSymbols(symbols=("A",)))
    (said,) = told(core, SessionReported, closed(TUESDAY))

    assert said.report.symbols == ("B",)
    assert said.report.bars.tolist() == [1]


def test_a_symbol_that_comes_back_has_what_it_had() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")))
    before = digest(core), ask(core, GetMetrics(symbol="B"))
    play(core, [RemoveSymbols(symbols=("B",)), arrived(bar("B", "09:31"))])
    outcome = core.handle(AddSymbols(symbols=("B",)))

    assert outcome.out == (SymbolsChanged(added=("B",)), LoadSymbols(session=TUESDAY, symbols=("B",)))
    assert (digest(core), ask(core, GetMetrics(symbol="B")).volume) == (before[0], before[1].volume)
    assert told(core, BarRejected, arrived(bar("B", "09:31"))) == []


def test_removing_a_stranger_removes_nobody() -> None:
    core = core_with(OPEN)

    assert "unknown symbol 'X'" in refusal(core, RemoveSymbols(symbols=("A", "X")))
    assert ask(core, GetActiveSymbols()) == ("A", "B")


def test_a_symbol_that_left_may_be_in_the_next_session() -> None:
    core = core_with(OPEN, RemoveSymbols(symbols=("B",)), closed(TUESDAY), opened(WEDNESDAY, ["A", "B"]))
    play(core, [arrived(bar("B", "09:30", session=WEDNESDAY))])

    assert counts(core, "accepted", "rejected") == (1, 0)


def test_a_session_may_open_without_symbols() -> None:
    core = core_with(opened(TUESDAY))
    minute, said = told(core, MinuteClosed, time("09:31")), told(core, SessionReported, closed(TUESDAY))

    assert (minute[0].expected, minute[0].is_complete) == (0, True)
    assert said[0].report.symbol_reports() == []
    assert ask(core, GetQuality()).quality.completeness is None
    assert len(ask(core, GetChangesSince(revision=0))) == 0
    assert digest(core) == digest(core_with(opened(TUESDAY, ["A"])))


def test_bars_of_all_symbols_and_of_some_land_in_the_right_columns() -> None:
    core = core_with(opened(TUESDAY, ["C", "A", "B"]))
    play(core, [arrived(bar("A", "09:30", 1), bar("B", "09:30", 2), bar("C", "09:30", 3))])
    play(core, [arrived(bar("C", "09:31", 6), bar("A", "09:31", 4))])

    assert [one.close for one in ask(core, GetLatestBars(symbols=("A", "B", "C")))] == [4, 2, 6]
    assert np.all(ask(core, GetBars(symbol="A", interval=ONE_MINUTE)).verdicts == Verdict.STREAMED)


def test_who_comes_back_has_the_derived_bars_published_that_ended_meanwhile() -> None:
    core = core_with(OPEN, arrived(*minute_of(["A", "B"], "09:30")), RemoveSymbols(symbols=("A",)), time("09:36"))
    said = play(core, [AddSymbols(symbols=("A",))])
    again = play(core, [RemoveSymbols(symbols=("A",)), AddSymbols(symbols=("A",))])

    derived = [one for one in said if isinstance(one, BarsUpdated)]
    assert [str(one.interval) for one in derived] == ["5m", "15m", "30m", "1h", "1d"]  # for the session is short
    assert all((one.batch.names(), one.base_counts) == (["A"], (1,)) for one in derived)
    assert not [one for one in again if isinstance(one, BarsUpdated)]
