"""A settled session is sealed as it stands; a day of history that changes afterwards is sealed again."""

from typing import Any

import pytest
from msgspec.structs import replace

from actors.market.axis import SessionAxis
from actors.market.digest import digest as digest_of
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarBatch,
    BarsFilled,
    BarsUpdated,
    Gap,
    GapAbandoned,
    GetHistory,
    Message,
    NoTradeConfirmed,
    RemoveSymbols,
    SessionReported,
    SessionSealed,
    SessionSettled,
    Verdict,
)
from messages.values import FIRST_WITH_BAR, Bar, TradingSession, VerdictRun
from tests.builders import arrived, at, bar, bars, closed, day_grid, opened
from tests.certificates import run
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, MONDAY, TUESDAY, TWO, digest, told


def core_with(*messages: Message, has_upkeep: bool = True, keeps_prints: bool = False, **rules: Any) -> SessionDataCore:
    given = SessionRules(**{"intervals": (TWO, FIVE), **rules})
    core = SessionDataCore(given, has_upkeep=has_upkeep, keeps_prints=keeps_prints)
    play(core, list(messages))
    return core


def lived(**rules: Any) -> SessionDataCore:
    """Tuesday is over: A lacks its second minute, B its last two."""
    a, b = bars("A", "09:30", 1, None, 3, 4), bars("B", "09:30", 5, 6)
    return core_with(opened(TUESDAY, ["B", "A"]), arrived(*a, *b, now="09:34"), closed(TUESDAY), **rules)


def filled(*given: Bar, session: TradingSession = TUESDAY, source: str = "upstream") -> BarsFilled:
    return BarsFilled(session_date=session.date, batch=BarBatch.of(given), source=source)


def marked(
    kind: type[NoTradeConfirmed] | type[GapAbandoned],
    symbols: str,
    start: str,
    end: str,
    session: TradingSession = TUESDAY,
    source: str = "exchange",
) -> Message:
    gap = Gap(symbols=tuple(symbols), start_ns=at(start, session), end_ns=at(end, session))
    return kind(session_date=session.date, gaps=(gap,), source=source)


def settled(core: SessionDataCore, session: TradingSession = TUESDAY) -> SessionSealed:
    (sealed,) = told(core, SessionSealed, SessionSettled(session_date=session.date))
    return sealed


def digest_in(sealed: SessionSealed) -> str:
    day = sealed.day
    has_bar = day.verdicts >= FIRST_WITH_BAR
    return digest_of(day.session.date, day.symbols, day.values, has_bar, SessionAxis(day.session), sealed.intervals)


def test_a_session_that_settles_is_reported_sealed_and_passed_on_in_this_order() -> None:
    said = play(lived(), [SessionSettled(session_date=TUESDAY.date)])

    assert [type(message) for message in said] == [SessionReported, SessionSealed, SessionSettled]


def test_the_report_comes_at_settlement_and_not_at_the_close() -> None:
    core = core_with(opened(TUESDAY, ["A"]))

    assert told(core, SessionReported, closed(TUESDAY)) == []
    assert len(told(core, SessionReported, SessionSettled(session_date=TUESDAY.date))) == 1


def test_without_upkeep_it_comes_at_the_close_and_nothing_is_sealed() -> None:
    core = core_with(opened(TUESDAY, ["A"]), has_upkeep=False)

    assert len(told(core, SessionReported, closed(TUESDAY))) == 1
    assert told(core, SessionSealed, arrived(bar("A", "09:31"), now="09:34")) == []


def test_a_sealed_day_has_the_digest_of_the_session() -> None:
    core = lived()
    sealed = settled(core)

    assert sealed.day.symbols == ("A", "B")
    assert digest_in(sealed) == digest(core)
    assert (sealed.issued_by, sealed.intervals, sealed.now_ns) == ("session", (TWO, FIVE), TUESDAY.end_ns)


def test_it_is_a_copy_that_stays_as_it_is() -> None:
    core = lived()
    sealed = settled(core)
    before = digest_in(sealed)
    play(core, [arrived(bar("A", "09:31", 2), now="09:34")])

    assert digest_in(sealed) == before != digest(core)
    assert not sealed.day.values.flags.writeable
    assert not sealed.day.verdicts.flags.writeable


@pytest.mark.parametrize("symbols", [["A", "B"], ["B", "A"]])
def test_the_order_in_which_symbols_joined_makes_no_difference(symbols: list[str]) -> None:
    core = core_with(opened(TUESDAY, symbols), arrived(*bars("A", "09:30", 1, 2), *bars("B", "09:30", 5), now="09:34"))
    play(core, [closed(TUESDAY)])
    sealed = settled(core)

    assert (sealed.day.symbols, sealed.day.values[0, 3, :].tolist()) == (("A", "B"), [1, 5])


def test_minutes_without_a_bar_are_sealed_with_who_gave_them_their_verdict() -> None:
    core = lived()
    play(
        core,
        [
            marked(NoTradeConfirmed, "AB", "09:31", "09:33"),
            marked(GapAbandoned, "B", "09:32", "09:34", source="upstream"),
        ],
    )

    assert settled(core).runs == (
        run("A", "09:31", "09:32", source="exchange", session=TUESDAY),
        run("B", "09:32", "09:33", source="exchange", session=TUESDAY),
        run("B", "09:33", "09:34", Verdict.ABANDONED, source="upstream", session=TUESDAY),
    )


def test_what_an_earlier_run_knew_is_sealed_again_with_its_source() -> None:
    known: tuple[VerdictRun, ...] = (run("A", "09:31", "09:33", source="exchange", session=TUESDAY),)
    core = core_with(replace(opened(TUESDAY, ["A"]), runs=known), closed(TUESDAY))

    assert settled(core).runs == known


def test_corrections_and_refusals_are_counted() -> None:
    core = lived()
    play(
        core,
        [
            arrived(bar("A", "09:30", 7), now="09:34", is_correction=True),
            arrived(bar("A", "09:30", 8), now="09:34", is_correction=True),
            filled(bar("A", "09:31", low=500.0)),
        ],
    )
    sealed = settled(core)

    assert (sealed.corrections, sealed.rejected) == (2, {"low_too_high": 1})


def test_a_removed_symbol_is_not_part_of_the_day() -> None:
    core = lived()
    play(core, [RemoveSymbols(symbols=("B",))])

    assert settled(core).day.symbols == ("A",)


def test_extra_fields_are_sealed_too() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A", vwap=3.0, trades=4.0)), closed(TUESDAY), keep_extra=True)

    assert settled(core).day.values[0, 5:, 0].tolist() == [3.0, 4.0]


def test_a_session_that_nobody_holds_any_more_is_passed_on_and_no_more() -> None:
    said = play(lived(), [SessionSettled(session_date="1999-01-04")])

    assert said == [SessionSettled(session_date="1999-01-04")]


# --- days of history


def with_monday(**rules: Any) -> SessionDataCore:
    grid = day_grid(MONDAY, bars("B", "09:30", 1, None, 3, session=MONDAY), ["B", "A"])
    return core_with(opened(TUESDAY, ["A", "B"], [grid]), **rules)


def test_a_fill_for_a_closed_day_repairs_it_and_seals_it_again() -> None:
    core = with_monday()
    said = play(core, [filled(bar("B", "09:31", 2, session=MONDAY), session=MONDAY)])
    (sealed,) = [message for message in said if isinstance(message, SessionSealed)]
    window = ask(core, GetHistory(symbol="B"))

    assert [str(m.interval) for m in said if isinstance(m, BarsUpdated)] == ["1m", "2m", "5m"]
    assert all(m.is_repair and m.revision == 1 for m in said if isinstance(m, BarsUpdated))
    assert (window.close.tolist(), window.verdicts.tolist()[1]) == ([1, 2, 3], Verdict.FILLED)
    assert (sealed.day.session, sealed.issued_by, sealed.day.symbols) == (MONDAY, "fill", ("A", "B"))
    assert sealed.day.values[:3, 3, 1].tolist() == [1, 2, 3]


def test_so_does_a_late_bar() -> None:
    said = play(with_monday(), [arrived(bar("B", "09:31", 2, session=MONDAY), now="09:31")])

    assert [m.issued_by for m in said if isinstance(m, SessionSealed)] == ["fill"]


def test_a_fill_that_changes_nothing_seals_nothing() -> None:
    said = play(with_monday(), [filled(bar("B", "09:30", 9, session=MONDAY), session=MONDAY)])

    assert said == []


def test_a_fill_for_two_days_seals_the_closed_one() -> None:
    core = with_monday()
    play(core, [arrived(bar("A", "09:30"), now="09:31")])
    said = play(core, [filled(bar("B", "09:31", 2, session=MONDAY), bar("B", "09:30", 5))])

    assert [m.day.session for m in said if isinstance(m, SessionSealed)] == [MONDAY]
    assert digest(core) == digest(
        core_with(opened(TUESDAY, ["A", "B"]), arrived(bar("A"), now="09:31"), filled(bar("B", "09:30", 5)))
    )


def test_a_verdict_for_a_closed_day_is_given_and_seals_it_again() -> None:
    core, told_of = with_monday(), marked(NoTradeConfirmed, "B", "09:31", "09:34", MONDAY)
    said = play(core, [told_of])
    (sealed,) = [message for message in said if isinstance(message, SessionSealed)]

    assert said[0] == told_of
    assert sealed.runs == (
        run("B", "09:31", "09:32", source="exchange", session=MONDAY),
        run("B", "09:33", "09:34", source="exchange", session=MONDAY),
    )


def test_a_session_that_settled_and_rolled_is_sealed_again_with_what_it_knew() -> None:
    core = core_with(
        opened(MONDAY, ["A"]), arrived(*bars("A", "09:30", 1, session=MONDAY), now="09:34"), closed(MONDAY)
    )
    play(core, [marked(NoTradeConfirmed, "A", "09:31", "09:33", MONDAY)])
    first = settled(core, MONDAY)
    said = play(core, [opened(TUESDAY, ["A"]), filled(bar("A", "09:31", 2, session=MONDAY), session=MONDAY)])
    (second,) = [message for message in said if isinstance(message, SessionSealed)]

    assert first.runs == (run("A", "09:31", "09:33", source="exchange", session=MONDAY),)
    assert second.runs == (run("A", "09:32", "09:33", source="exchange", session=MONDAY),)
    assert digest_in(first) != digest_in(second)
