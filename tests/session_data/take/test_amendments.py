"""Trades that are cancelled or corrected, and the bars that were folded from them."""

import pytest

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AmendmentMissed,
    BarsUpdated,
    BarsWithdrawn,
    GetBars,
    GetDigest,
    GetGaps,
    GetMetrics,
    GetQuality,
    Interval,
    RemoveSymbols,
    SessionSealed,
    SessionSettled,
    TradeAmended,
    Verdict,
)
from tests.builders import arrived, bar, closed, opened
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, TUESDAY, TWO, WEDNESDAY, latest, told, updates
from tests.session_data.trading import (
    GRACE_NS,
    START,
    after,
    came,
    cancelled,
    connected,
    corrected,
    rows,
    time,
    trade,
    trading,
)

ONE, DAILY = Interval.parse("1m"), Interval.parse("1d")


def test_a_cancelled_trade_is_taken_out_of_its_bar_which_is_corrected() -> None:
    core = trading(came(trade(1, 101, 2), trade(2, 150, 7), ids=("x", "y")), time(65))
    (repair,) = updates(core, ONE, cancelled("y"), time(65.25))

    assert rows(core) == [(101, 101, 101, 101, 2)]
    assert latest(core) == (101, Verdict.CORRECTED)
    assert repair.is_repair


def test_a_trade_that_is_cancelled_before_its_bar_is_told_was_never_in_it() -> None:
    core = trading(came(trade(1, 101), trade(2, 150), ids=("x", "y")), cancelled("y"), time(65))

    assert rows(core) == [(101, 101, 101, 101, 1)]
    assert latest(core) == (101, Verdict.STREAMED)


def test_a_corrected_trade_has_another_price_size_and_name() -> None:
    core = trading(came(trade(1, 101, 2), trade(2, 150, 7), ids=("x", "y")), time(65))
    renamed = TradeAmended(
        feed="trades",
        symbol="A",
        trade_id="y",
        at_ns=after(66),
        price=150,
        size=7,
        corrected_price=105,
        corrected_size=3,
        corrected_id="z",
    )
    told(core, BarsUpdated, renamed, time(66))
    once = rows(core)
    told(core, BarsUpdated, corrected("z", 104), time(67))

    assert once == [(101, 105, 101, 105, 5)]
    assert rows(core) == [(101, 104, 101, 104, 5)]
    assert told(core, AmendmentMissed, cancelled("y"))


def test_a_trade_without_an_id_is_found_by_its_price_and_size_and_of_equals_the_last() -> None:
    same = trade(1, 101, 2), trade(5, 90), trade(9, 101, 2)
    core = trading(came(*same), time(65), cancelled(price=101, size=2), time(65.25))
    of_named = trading(came(*same), time(65), cancelled("x", price=101, size=2), time(65.25))

    assert rows(core) == rows(of_named) == [(101, 101, 90, 90, 3)]


def test_a_trade_of_another_name_is_not_taken_for_it_although_price_and_size_are_the_same() -> None:
    core = trading(came(trade(1, 101, 2), ids=("x",)), time(65))
    unknown = cancelled("y", price=101, size=2)

    assert told(core, AmendmentMissed, unknown, time(66)) == [
        AmendmentMissed(amendment=unknown, reason="unknown_trade")
    ]
    assert rows(core) == [(101, 101, 101, 101, 2)]


def test_an_amendment_is_told_to_who_listens_whether_or_not_the_trade_is_known() -> None:
    core = trading(came(trade(1), ids=("x",)))

    assert len(told(core, TradeAmended, cancelled("x"), cancelled("y"))) == 2


def test_a_trade_of_another_symbol_or_minute_is_found() -> None:
    core = trading(
        came(trade(1, symbol="B"), trade(2), ids=("b", "a")),
        came(trade(61, 104), ids=("c",)),
        cancelled("a"),
        time(125),
        symbols=("A", "B"),
    )

    assert [row[3] for row in rows(core)] == [104]


def test_a_correction_that_no_trade_can_be_is_not_followed_and_says_why() -> None:
    core = trading(came(trade(1), ids=("x",)), time(65))
    absurd, negative = corrected("x", float("nan")), corrected("x", 100, -1)

    assert [missed.reason for missed in told(core, AmendmentMissed, absurd, negative)] == [
        "not_finite",
        "size_negative",
    ]
    assert rows(core) == [(100, 100, 100, 100, 1)]


def test_amendments_of_a_feed_that_sends_bars_change_nothing_and_nothing_is_missed() -> None:
    core = trading(connected(has_bars=True), came(trade(1), is_folded=False), arrived(bar("A", START), now=after(60)))

    assert told(core, AmendmentMissed | BarsUpdated, cancelled(), time(65)) == []  # type: ignore[arg-type]  # isinstance takes a union


def test_before_the_first_trade_of_a_feed_nothing_can_be_amended() -> None:
    assert len(told(trading(connected()), AmendmentMissed, cancelled("x"))) == 1


def test_a_late_trade_goes_into_a_bar_that_was_corrected() -> None:
    core = trading(came(trade(1, 101), trade(2, 150), ids=("x", "y")), time(65), cancelled("y"), time(66))
    told(core, BarsUpdated, came(trade(3, 99), now=67), time(67))

    assert rows(core) == [(101, 101, 99, 99, 2)]
    assert latest(core) == (99, Verdict.CORRECTED)


# --- the only trade


def test_the_cancellation_of_the_only_trade_empties_its_minute_and_what_was_derived_from_it() -> None:
    core = trading(came(trade(1), ids=("x",)), time(245), intervals=(TWO, DAILY))
    told_ = told(core, BarsWithdrawn, cancelled("x"), time(246))

    assert [(gone.interval, gone.symbols, gone.start_ns) for gone in told_] == [
        (ONE, ("A",), START),
        (TWO, ("A",), START),
        (DAILY, ("A",), START),
    ]
    assert rows(core) == rows(core, interval=TWO) == rows(core, interval=DAILY) == []
    assert ask(core, GetMetrics(symbol="A")).volume == 0
    quality = ask(core, GetQuality()).quality
    assert (quality.verdicts.no_trade, quality.verdicts.missing) == (1, 3)


def test_derived_bars_that_have_others_left_are_made_of_those() -> None:
    core = trading(
        came(trade(1, 90), ids=("x",)), came(trade(61, 102)), came(trade(241)), time(246), intervals=(TWO, FIVE)
    )
    said = told(core, BarsUpdated | BarsWithdrawn, cancelled("x"), time(247))  # type: ignore[arg-type]  # isinstance takes a union

    assert [(type(one), str(one.interval)) for one in said] == [
        (BarsWithdrawn, "1m"),
        (BarsUpdated, "2m"),
        (BarsUpdated, "5m"),
    ]
    assert rows(core, interval=TWO) == [(102, 102, 102, 102, 1)]


def test_a_session_whose_only_trade_was_cancelled_is_as_if_there_had_been_none() -> None:
    core = trading(came(trade(1), trade(2, symbol="B"), ids=("x", "y")), time(245), symbols=("A", "B"))
    told(core, BarsWithdrawn, cancelled("x"), time(246))
    other = trading(came(trade(2, symbol="B")), time(245), symbols=("A", "B"))

    assert ask(core, GetDigest()) == ask(other, GetDigest())


def test_a_minute_that_is_emptied_before_it_is_told_is_no_gap() -> None:
    core = trading(came(trade(1), ids=("x",)), cancelled("x"))

    assert told(core, BarsWithdrawn, time(65)) == []
    assert ask(core, GetGaps()) == ()
    assert ask(core, GetQuality()).quality.verdicts.no_trade == 1


def test_a_trade_that_comes_after_all_fills_the_minute_again() -> None:
    core = trading(came(trade(1), ids=("x",)), time(65), cancelled("x"), time(66), came(trade(5, 97), now=67), time(67))

    assert rows(core) == [(97, 97, 97, 97, 1)]
    assert rows(core, interval=TWO, include_partial=True) == [(97, 97, 97, 97, 1)]


def test_a_bar_of_another_sender_stays_when_our_only_trade_is_cancelled() -> None:
    core = trading(
        came(trade(1), ids=("x",)),
        time(65),
        arrived(bar("A", START, 77), now=after(66), source="desk"),
        cancelled("x"),
        sources=("desk",),
    )

    assert told(core, BarsWithdrawn, time(67)) == []
    assert latest(core) == (77, Verdict.STREAMED)


def test_a_bar_outside_the_session_goes_with_its_only_trade() -> None:
    core = trading(came(trade(-90), ids=("x",), now=-30), time(-20))
    kept = len(core._book.outside) if core._book else 0
    told(core, BarsWithdrawn, cancelled("x"), time(-19))

    assert (kept, core._book and core._book.outside) == (1, {})


def test_a_symbol_that_has_left_is_emptied_in_silence() -> None:
    core = trading(came(trade(1), ids=("x",)), time(65), RemoveSymbols(symbols=("A",)), symbols=("A", "B"))

    assert told(core, BarsWithdrawn, cancelled("x"), time(66)) == []


@pytest.mark.parametrize("symbols", [("A",), ("A", "B")])
def test_a_minute_of_a_session_that_has_rolled_is_emptied_too(symbols: tuple[str, ...]) -> None:
    core = trading(
        came(*(trade(1, symbol=symbol) for symbol in symbols), ids=symbols),
        time(245),
        opened(WEDNESDAY, ["A"], now=after(250)),
        symbols=symbols,
        intervals=(TWO,),
    )
    gone = told(core, BarsWithdrawn, cancelled("A"), time(251))

    assert [(one.interval, one.symbols) for one in gone] == [(ONE, ("A",)), (TWO, ("A",))]
    assert told(core, BarsWithdrawn, cancelled("A"), time(252)) == []


def test_a_bar_of_another_sender_in_a_session_that_has_rolled_stays_too() -> None:
    core = trading(
        came(trade(1), ids=("x",)),
        time(245),
        opened(WEDNESDAY, ["A"], now=after(250)),
        arrived(bar("A", START, 77), now=after(251), source="desk"),
        sources=("desk",),
    )

    assert told(core, BarsWithdrawn, cancelled("x"), time(252)) == []


def test_a_settled_session_whose_trade_is_cancelled_is_certified_again() -> None:
    core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
    play(core, [opened(TUESDAY, ["A"]), came(trade(1), ids=("x",)), time(245)])
    settled = told(core, SessionSealed, closed(TUESDAY, now=after(246)), SessionSettled(session_date=TUESDAY.date))
    again = told(core, SessionSealed, cancelled("x"), time(247))

    assert [int((one.day.verdicts >= Verdict.FILLED).sum()) for one in (*settled, *again)] == [1, 0]


def test_the_correction_of_a_bar_is_read_by_interval() -> None:
    core = trading(came(trade(1), trade(2, 90), ids=("x", "y")), time(245), cancelled("y"), time(246), intervals=(TWO,))

    assert [one.verdict for one in ask(core, GetBars(symbol="A", interval=TWO)).bars()] == [Verdict.CORRECTED]
