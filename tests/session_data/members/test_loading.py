"""What the store has of symbols that join: their history, their day so far, and in a backtest the rest of it."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from actors.market.axis import SessionAxis
from actors.market.daily import reduced
from actors.session_data.core import SessionDataCore
from actors.session_data.members.joining import joined
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    Adjustment,
    Background,
    Bar,
    BarBatch,
    BarsArrived,
    BarsUpdated,
    BoundaryKind,
    DayGrid,
    GetHistory,
    GetLastBars,
    GetLatestBars,
    GetMetrics,
    GetQuality,
    GetQuotes,
    GetWarmUp,
    HistoryPlan,
    LoadSymbols,
    Message,
    MinuteApplied,
    MinuteClosed,
    MinuteSettled,
    RemoveSymbols,
    RequireHistory,
    Requirement,
    SessionBoundary,
    SymbolsJoined,
    SymbolsLoaded,
    Tape,
    TradingSession,
    Verdict,
    VerdictRun,
    WarmUpReported,
)
from messages.events import QuoteArrived
from messages.values import ONE_DAY, ONE_MINUTE, SECOND_NS, Quote
from tests.builders import at, bar, bars, closed, day_grid, minute_of, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, WEDNESDAY, core_with, digest

FRIDAY = session_tiny(4, day="2024-06-28")
PLAN = HistoryPlan(trailing_sessions=1, daily_sessions=2, oldest="2024-06-28", store_begins="2024-06-28")
OPEN = opened(TUESDAY, ["A"], [day_grid(MONDAY, bars("A", "09:30", 1, 2, 3, 4, session=MONDAY))])


def whole(*given: Bar, now: str, ticket: int = 0) -> BarsArrived:
    return BarsArrived(batch=BarBatch.of(given), now_ns=at(now), is_whole=True, ticket=ticket)


def loaded(
    symbols: str,
    *given: Bar,
    session: TradingSession = TUESDAY,
    history: Iterable[DayGrid] = (),
    runs: tuple[VerdictRun, ...] = (),
    is_played: bool = True,
    **more: Any,
) -> SymbolsLoaded:
    return SymbolsLoaded(
        session_date=session.date,
        symbols=tuple(symbols),
        tape=Tape(session=session, batch=BarBatch.of(given), runs=runs),
        history=tuple(history),
        is_played=is_played,
        **more,
    )


def backtest(*messages: Message, **rules: Any) -> SessionDataCore:
    core = SessionDataCore(SessionRules(**rules), holds_arrivals=True)
    play(core, list(messages))
    return core


def add(symbols: str) -> AddSymbols:
    return AddSymbols(symbols=tuple(symbols))


# --- in a backtest


def test_who_joins_is_loaded_and_what_has_ended_is_there_and_nothing_later() -> None:
    core = backtest(OPEN, whole(*bars("A", "09:30", 1, 2), now="09:32"))
    asked = play(core, [add("B")])
    early = play(core, [loaded("B", *bars("B", "09:30", 5, 6, 7, 8))])
    said = play(core, [time("09:32")])

    assert early == []
    assert [m for m in asked if isinstance(m, LoadSymbols)] == [LoadSymbols(session=TUESDAY, symbols=("B",))]
    assert [m for m in said if isinstance(m, SymbolsJoined)] == [
        SymbolsJoined(session_date=TUESDAY.date, symbols=("B",))
    ]
    assert [one.close for one in ask(core, GetLastBars(symbol="B", count=9)).bars()] == [5, 6]


def test_the_rest_of_its_day_comes_minute_by_minute_as_if_it_had_been_there_all_along() -> None:
    core = backtest(OPEN, whole(*bars("A", "09:30", 1, 2), now="09:32"), add("B"))
    play(core, [loaded("B", *bars("B", "09:30", 5, 6, 7, 8))])
    said = play(core, [whole(bar("A", "09:32", 3), now="09:33"), time("09:34")])
    same = backtest(opened(TUESDAY, ["A", "B"]))
    play(same, [whole(*bars("A", "09:30", 1, 2, 3), *bars("B", "09:30", 5, 6, 7, 8), now="09:34")])

    assert [m.present for m in said if isinstance(m, MinuteClosed)] == [2, 1]
    assert digest(core) == digest(same)
    assert ask(core, GetMetrics(symbol="B")).quality.verdicts.streamed == 2


def test_minutes_wait_until_who_joins_is_loaded_and_readers_do_not() -> None:
    core = backtest(OPEN, whole(bar("A", "09:30"), now="09:31"), add("B"))
    waiting = [whole(bar("A", "09:31", 2), now="09:32", ticket=7), time("09:33", ticket=8)]
    before = play(core, [*waiting, QuoteArrived(quote=Quote(symbol="A", at_ns=at("09:33"), bid=1, ask=2), now_ns=0)])
    seen = ask(core, GetLatestBars())
    after = play(core, [loaded("B", *bars("B", "09:30", 5, 6, 7))])

    assert before == []
    assert seen[1] is None
    assert [m.ticket for m in after if isinstance(m, MinuteSettled)] == [7, 8]
    assert [m.present for m in after if isinstance(m, MinuteClosed)] == [2, 1]
    assert len(ask(core, GetQuotes(symbol="A", count=5))) == 1


def test_what_was_loaded_is_seen_with_the_next_minute_whenever_it_was_loaded() -> None:
    for is_early in (True, False):
        core = backtest(OPEN, whole(bar("A", "09:30"), now="09:31"), add("B"))
        news, minute = loaded("B", *bars("B", "09:30", 5, 6, 7)), whole(bar("A", "09:31", 2), now="09:32")
        first, second = [news, minute] if is_early else [minute, news]
        play(core, [first])
        seen = ask(core, GetMetrics(symbol="B")).bars
        said = play(core, [second])

        assert (seen, ask(core, GetMetrics(symbol="B")).bars) == (0, 2)
        assert [type(m).__name__ for m in said][-1] == "MinuteClosed"
        assert [m.symbols for m in said if isinstance(m, SymbolsJoined)] == [("B",)]


def test_when_the_session_is_over_there_is_no_minute_to_wait_for() -> None:
    core = backtest(OPEN, closed(TUESDAY), add("B"))

    assert [m for m in play(core, [loaded("B", bar("B", "09:30"))]) if isinstance(m, SymbolsJoined)]


def test_if_two_are_loaded_minutes_wait_for_both() -> None:
    core = backtest(OPEN, add("B"), add("C"))
    play(core, [whole(bar("A", "09:30"), now="09:31", ticket=7)])

    assert not [m for m in play(core, [loaded("B")]) if isinstance(m, MinuteSettled)]
    assert [m.ticket for m in play(core, [loaded("C", bar("C", "09:30"))]) if isinstance(m, MinuteSettled)] == [7]
    assert ask(core, GetMetrics(symbol="C")).bars == 1


def test_on_a_live_day_nothing_waits_and_the_rest_comes_from_the_feeds() -> None:
    core = core_with(OPEN, time("09:31"), add("B"), grace_ns=SECOND_NS)
    play(core, [whole(bar("A", "09:31"), bar("B", "09:31", 6), now="09:32")])
    said = play(core, [loaded("B", *bars("B", "09:30", 5, 6, 7), is_played=False), time("09:34")])

    assert [one.close for one in ask(core, GetLastBars(symbol="B", count=9)).bars()] == [5, 6]
    assert [m.batch.names() for m in said if isinstance(m, BarsUpdated) and m.interval == ONE_MINUTE] == [["B"]]
    assert ask(core, GetQuality()).duplicates == 1


def test_a_symbol_of_the_tape_that_comes_back_is_played_from_the_tape() -> None:
    core = backtest(opened(TUESDAY, ["A", "B"]), RemoveSymbols(symbols=("B",)))
    play(core, [whole(*minute_of(["A", "B"], "09:30"), now="09:31"), add("B")])
    play(core, [loaded("B", *bars("B", "09:30", 100, 100)), whole(*minute_of(["A", "B"], "09:31"), now="09:32")])
    report = ask(core, GetQuality())

    assert ask(core, GetMetrics(symbol="B")).bars == 2
    assert (report.duplicates, dict(report.reasons)) == (0, {"symbol_removed": 1})


def test_who_leaves_while_it_is_loaded_gets_nothing_and_who_leaves_later_gets_no_more() -> None:
    core = backtest(OPEN, whole(bar("A", "09:30"), now="09:31"), add("BC"), RemoveSymbols(symbols=("B",)))
    play(core, [loaded("BC", *bars("B", "09:30", 5, 6), *bars("C", "09:30", 5, 6, 7)), time("09:31")])
    play(core, [RemoveSymbols(symbols=("C",)), whole(bar("A", "09:31"), now="09:32"), time("09:34")])

    assert (ask(core, GetQuality()).received, ask(core, GetQuality()).rejected) == (3, 0)


def test_what_an_earlier_run_found_out_is_known_of_who_joins() -> None:
    run = VerdictRun(symbol="B", verdict=Verdict.NO_TRADE, start_ns=at("09:30"), end_ns=at("09:32"), source="exchange")
    more = VerdictRun(symbol="C", verdict=Verdict.NO_TRADE, start_ns=at("09:32"), end_ns=at("09:33"), source="exchange")
    core = backtest(OPEN, whole(*bars("A", "09:30", 1), now="09:31"), add("B"), loaded("B", runs=(run,)))
    play(core, [add("C"), loaded("C", *bars("C", "09:30", 1, 2), runs=(more,))])
    play(core, [whole(*bars("A", "09:31", 2, 3), now="09:33")])

    assert ask(core, GetMetrics(symbol="B")).quality.verdicts.no_trade == 2
    assert ask(core, GetMetrics(symbol="C")).quality.bar_quality == 100.0


def test_a_store_that_could_not_be_read_is_no_reason_to_wait() -> None:
    core = backtest(OPEN, add("B"))
    play(core, [whole(bar("A", "09:30"), now="09:31", ticket=3)])
    said = play(core, [SymbolsLoaded(session_date=TUESDAY.date, symbols=("B",), reason="the disk is gone")])

    assert [m.reason for m in said if isinstance(m, SymbolsJoined)] == ["the disk is gone"]
    assert [m.ticket for m in said if isinstance(m, MinuteSettled)] == [3]


# --- from session to session


def test_a_session_that_was_read_before_somebody_joined_opens_when_that_is_loaded_too() -> None:
    core = backtest(OPEN, add("B"), loaded("B"), closed(TUESDAY))
    said = play(core, [opened(WEDNESDAY, ["A"], ticket=5)])
    then = play(core, [loaded("B", *bars("B", "09:30", 1, 2, session=WEDNESDAY), session=WEDNESDAY)])

    assert [m for m in said if isinstance(m, LoadSymbols)] == [LoadSymbols(session=WEDNESDAY, symbols=("B",))]
    assert not [m for m in said if isinstance(m, MinuteSettled)]
    assert [m.ticket for m in then if isinstance(m, MinuteSettled)] == [5]
    play(core, [whole(bar("A", at("09:30", WEDNESDAY)), now=at("09:31", WEDNESDAY))])
    assert ask(core, GetMetrics(symbol="B")).bars == 1


def test_a_ticket_that_goes_through_data_upkeep_waits_as_well() -> None:
    core = SessionDataCore(has_upkeep=True, holds_arrivals=True)
    play(core, [OPEN, add("B"), loaded("B"), closed(TUESDAY)])
    said = play(core, [opened(WEDNESDAY, ["A"], ticket=5), loaded("B", session=WEDNESDAY)])

    assert [m.ticket for m in said if isinstance(m, MinuteApplied)] == [5]


def test_what_was_loaded_for_a_session_that_has_rolled_is_not_taken() -> None:
    core = core_with(OPEN, add("B"), closed(TUESDAY), opened(WEDNESDAY, ["A", "B"]))
    play(core, [loaded("B", *bars("B", "09:30", 1, 2))])

    assert ask(core, GetQuality()).received == 0


def test_before_any_session_nothing_can_be_taken() -> None:
    assert play(core_with(), [loaded("B", bar("B"))]) == [SymbolsJoined(session_date=TUESDAY.date, symbols=("B",))]


def test_a_boundary_waits_too() -> None:
    core = backtest(OPEN, add("B"))
    kinds = [m.kind for m in play(core, [closed(TUESDAY), loaded("B")]) if isinstance(m, SessionBoundary)]

    assert kinds == [BoundaryKind.CLOSED]


# --- history


def monday(symbol: str, *closes: float) -> DayGrid:
    return day_grid(MONDAY, bars(symbol, "09:30", *closes, session=MONDAY))


def test_the_trailing_history_of_who_joins_is_there() -> None:
    core = backtest(OPEN, add("B"), loaded("B", history=[monday("B", 7, 8)]), time("09:31"))

    assert [one.close for one in ask(core, GetHistory(symbol="B")).bars()] == [7, 8]
    assert [one.close for one in ask(core, GetHistory(symbol="A")).bars()] == [1, 2, 3, 4]
    assert len(ask(core, GetLastBars(symbol="B", count=2, with_history=True)).bars()) == 2


def test_a_day_that_only_who_joins_has_is_a_day_of_history_now() -> None:
    core = backtest(opened(TUESDAY, ["A"]), add("B"), loaded("B", history=[monday("B", 7, 8)]), time("09:31"))

    assert len(ask(core, GetHistory(symbol="B"))) == 2


def test_who_comes_back_has_the_history_it_had() -> None:
    core = backtest(OPEN, RemoveSymbols(symbols=("A",)), add("A"), loaded("A", history=[monday("A", 9)]))

    assert [one.close for one in ask(core, GetHistory(symbol="A")).bars()] == [1, 2, 3, 4]


def test_a_day_that_was_played_here_is_widened_and_can_be_repaired_after_it() -> None:
    core = backtest(opened(MONDAY, ["A"]), whole(bar("A", at("09:30", MONDAY), 1), now=at("09:31", MONDAY)))
    play(core, [closed(MONDAY), opened(TUESDAY, ["A"]), add("B"), loaded("B", history=[monday("B", 7)])])
    play(core, [BarsArrived(batch=BarBatch.of(bars("B", "09:31", 8, session=MONDAY)), now_ns=TUESDAY.start_ns)])

    assert [one.close for one in ask(core, GetHistory(symbol="B")).bars()] == [7, 8]
    assert [one.close for one in ask(core, GetHistory(symbol="A")).bars()] == [1]


def test_daily_bars_and_adjustments_of_who_joins_are_there() -> None:
    friday = day_grid(FRIDAY, bars("B", "09:30", 20.0, session=FRIDAY))
    daily = reduced(SessionAxis(FRIDAY), friday.symbols, friday.values, friday.verdicts)
    split = Adjustment(symbol="B", ex_date=TUESDAY.date, split_ratio=2.0)
    background = Background(plan=PLAN, daily=daily, adjustments=(split,))
    joins = add("B"), loaded("B", background=background), time("09:31")
    core = backtest(opened(TUESDAY, ["A"]), *joins, daily_sessions=2)
    window = ask(core, GetHistory(symbol="B", sessions=2, interval=ONE_DAY, is_adjusted=True))

    assert [one.close for one in window.bars()] == [10.0]


def test_daily_bars_of_who_joins_stand_beside_those_that_are_there() -> None:
    held, more = (
        reduced(SessionAxis(FRIDAY), day.symbols, day.values, day.verdicts)
        for day in (day_grid(FRIDAY, bars(symbol, "09:30", 20.0, session=FRIDAY)) for symbol in "AB")
    )
    opening = replace(opened(TUESDAY, ["A"]), background=Background(plan=PLAN, daily=held))
    core = backtest(opening, add("B"), loaded("B", background=Background(plan=PLAN, daily=more)))
    play(core, [time("09:31"), add("C"), loaded("C", background=Background(plan=PLAN)), time("09:31")])
    window = {symbol: ask(core, GetHistory(symbol=symbol, sessions=2, interval=ONE_DAY)) for symbol in "AB"}

    assert [len(window[symbol]) for symbol in "AB"] == [1, 1]


def test_what_is_required_of_who_joins_is_reported_when_it_is_loaded() -> None:
    need = Requirement.of("B", "1m", 2)
    core = backtest(OPEN, RequireHistory(requirement=need), add("B"))
    said = play(core, [loaded("B", history=[monday("B", 7, 8)]), time("09:31")])

    assert [m.is_warm for m in said if isinstance(m, WarmUpReported)] == [True]
    assert [one.there for one in ask(core, GetWarmUp())] == [2]


# --- batches put together


def test_batches_with_and_without_extra_fields_are_put_together_in_order() -> None:
    left, right = BarBatch.of([bar("B", "09:31", 2), bar("B", "09:30", 1)]), BarBatch.of([bar("A", "09:31", vwap=9.0)])
    both = joined(left, right)

    assert [(one.symbol, one.start_ns, one.vwap) for one in both.bars()] == [
        ("B", at("09:30"), None),
        ("A", at("09:31"), 9.0),
        ("B", at("09:31"), None),
    ]
    assert joined(left, BarBatch.of(())) is left
    assert joined(BarBatch.of(()), right) is right
