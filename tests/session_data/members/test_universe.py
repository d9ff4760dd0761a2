"""Where everything is played: who is there at the open is who traded before, or is named; others come by a bar."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    BarArrived,
    BarBatch,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    GapDetected,
    GetActiveSymbols,
    GetMetrics,
    GetQuality,
    Message,
    MinuteClosed,
    RequireHistory,
    Requirement,
    SessionReported,
    SymbolsChanged,
    SymbolsLoaded,
    UnknownSymbol,
    Verdict,
    VerdictRun,
)
from messages.values import Bar
from tests.builders import at, bar, bars, closed, day_grid, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, WEDNESDAY, core_with, digest

TRADED = day_grid(MONDAY, [*bars("A", "09:30", 1, 2, session=MONDAY), *bars("GONE", "09:30", 1, session=MONDAY)])


def replay(*messages: Message, **rules: Any) -> SessionDataCore:
    core = SessionDataCore(SessionRules(**rules), holds_arrivals=True, plays_all=True)
    play(core, list(messages))
    return core


def whole(*given: Bar, now: str) -> BarsArrived:
    return BarsArrived(batch=BarBatch.of(given), now_ns=at(now), is_whole=True)


def test_at_the_open_those_are_there_who_traded_before_whether_they_will_today_or_not() -> None:
    core = replay(opened(TUESDAY, ["A", "LATE"], [TRADED]))

    assert ask(core, GetActiveSymbols()) == ("A", "GONE")
    assert isinstance(core.handle(GetMetrics(symbol="LATE")).error, UnknownSymbol)


def test_at_the_first_open_nobody_is_there() -> None:
    assert ask(replay(opened(TUESDAY, ["A", "B"])), GetActiveSymbols()) == ()


@pytest.mark.parametrize(
    "named",
    [RequireHistory(requirement=Requirement.of("LATE", "1m", 2)), AddSymbols(symbols=("LATE",))],
)
def test_who_is_named_by_anybody_is_there(named: Message) -> None:
    core = replay(opened(MONDAY, ["A"]), named, SymbolsLoaded(session_date=MONDAY.date, symbols=("LATE",)))
    play(core, [closed(MONDAY), opened(TUESDAY, ["LATE", "OTHER"])])

    assert ask(core, GetActiveSymbols()) == ("LATE",)


def test_others_come_with_their_first_bar_and_lack_what_was_before_it() -> None:
    core = replay(opened(TUESDAY, ["A", "LATE"], [day_grid(MONDAY, bars("A", "09:30", 1, session=MONDAY))]))
    both = whole(bar("A", "09:31"), bar("LATE", "09:31"), now="09:32")
    said = play(core, [whole(bar("A", "09:30"), now="09:31"), both])

    assert [(m.present, m.expected) for m in said if isinstance(m, MinuteClosed)] == [(1, 1), (2, 2)]
    assert [m.added for m in said if isinstance(m, SymbolsChanged)] == [("LATE",)]
    assert [m.gap.symbols for m in said if isinstance(m, GapDetected)] == [("LATE",)]


def test_at_its_close_a_day_is_the_same_as_if_everybody_had_been_there_all_along() -> None:
    told = [whole(*bars("A", "09:30", 1, 2), *bars("LATE", "09:31", 5), now="09:32"), time("09:34"), closed(TUESDAY)]
    core, same = replay(opened(TUESDAY, ["A", "LATE"])), core_with(opened(TUESDAY, ["A", "LATE"]))
    (report,) = [m.report for m in play(core, told) if isinstance(m, SessionReported)]
    (wanted,) = [m.report for m in play(same, told) if isinstance(m, SessionReported)]

    assert digest(core) == digest(same)
    assert (report.symbols, report.bars.tolist()) == (wanted.symbols, wanted.bars.tolist())
    assert ask(core, GetQuality()).quality == ask(same, GetQuality()).quality


def test_who_has_no_bar_all_day_is_known_at_the_close_with_what_an_earlier_run_found_out() -> None:
    session = session_tiny(4)
    run = VerdictRun(symbol="Q", verdict=Verdict.NO_TRADE, start_ns=at("09:30"), end_ns=at("09:34"), source="x")
    opening = replace(opened(session, ["A", "Q"]), runs=(run,))
    core = replay(opening)
    play(core, [whole(*bars("A", "09:30", 1, 2, 3, 4), now="09:34")])
    before = ask(core, GetActiveSymbols())
    said = play(core, [closed(session)])

    assert (before, ask(core, GetActiveSymbols())) == (("A",), ("A", "Q"))
    assert [m for m in said if isinstance(m, GapDetected)] == []
    assert ask(core, GetMetrics(symbol="Q")).quality.verdicts.no_trade == 4


@pytest.mark.parametrize(("rule", "there"), [("add", ("LATE",)), ("reject", ())])
def test_a_bar_of_ones_own_makes_known_whom_the_rules_let_in_and_the_tapes_own_always_are(
    rule: str, there: tuple[str, ...]
) -> None:
    core = replay(opened(TUESDAY, ["LATE"]), unknown_symbols=rule)
    said = play(core, [time("09:31"), BarArrived(bar=bar("LATE", "09:30"), now_ns=at("09:31"), source="desk")])

    assert ask(core, GetActiveSymbols()) == there
    assert [m.reason for m in said if isinstance(m, BarRejected)] == (["unknown_symbol"] if rule == "reject" else [])
    play(core, [whole(bar("LATE", "09:31"), now="09:32")])
    assert ask(core, GetActiveSymbols()) == ("LATE",)


def test_a_day_that_was_played_counts_as_one_on_which_they_traded() -> None:
    core = replay(opened(TUESDAY, ["A"]), whole(bar("A", "09:30"), now="09:31"), closed(TUESDAY))
    play(core, [opened(WEDNESDAY, ["B"])])

    assert ask(core, GetActiveSymbols()) == ("A",)


def test_a_table_of_symbols_names_those_who_are_there_and_says_nothing_of_who_will_be() -> None:
    """Whether somebody new trades later today, or one who is known does not, shows in no event before."""
    first = [bar("A", "09:30"), bar("GONE", "09:30")]
    with_a_newcomer = [opened(TUESDAY, ["A", "GONE", "NEW"], [TRADED]), whole(*first, now="09:31")]
    without = [opened(TUESDAY, ["A", "GONE"], [TRADED]), whole(*first, now="09:31")]
    one_is_quiet = [opened(TUESDAY, ["A"], [TRADED]), whole(first[0], now="09:31")]

    def tables(messages: list[Message]) -> set[tuple[str, ...]]:
        core = SessionDataCore(holds_arrivals=True, plays_all=True)
        return {said.batch.symbols for said in play(core, messages) if isinstance(said, BarsUpdated)}

    assert tables(with_a_newcomer) == tables(without) == tables(one_is_quiet) == {("A", "GONE")}
