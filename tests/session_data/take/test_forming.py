"""Bars that are folded from the trades of a feed that sends none."""

import msgspec
import pytest

from actors.session_data.take.forming import Forming
from messages import (
    AbandonGaps,
    AddSymbols,
    BarsFilled,
    BarsUpdated,
    FeedEnded,
    FeedLost,
    GapDetected,
    GetBars,
    GetGaps,
    GetLastBars,
    GetLatestBar,
    GetLatestTick,
    GetMetrics,
    GetQuality,
    GetTicks,
    Interval,
    MinuteClosed,
    PrintsRejected,
    RemoveSymbols,
    TimeAdvanced,
    Verdict,
)
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS
from tests.builders import arrived, bar, opened
from tests.session_data.streams import ask
from tests.session_data.telling import TUESDAY, TWO, WEDNESDAY, core_with, counts, latest, told, updates
from tests.session_data.trading import (
    FEED,
    GRACE_NS,
    START,
    after,
    came,
    cancelled,
    connected,
    rows,
    time,
    trade,
    trading,
)

ONE = Interval.parse("1m")


def test_a_bar_opens_with_the_first_trade_closes_with_the_last_and_sums_the_sizes() -> None:
    core = trading(came(trade(1, 101, 2), trade(20, 99, 3), trade(30, 104, 1), trade(50, 102, 4)), time(65))

    assert rows(core) == [(101, 104, 99, 102, 10)]
    assert latest(core) == (102, Verdict.STREAMED)


def test_trades_count_when_they_were_made_not_when_they_came() -> None:
    core = trading(came(trade(50, 102), trade(1, 101)), came(trade(59, 103), trade(10, 90), now=62), time(65))

    assert rows(core) == [(101, 103, 90, 103, 4)]


def test_of_trades_at_one_instant_the_order_of_arrival_decides() -> None:
    core = trading(came(trade(1, 101), trade(1, 102)), came(trade(1, 103), now=2), time(65))

    assert rows(core) == [(101, 103, 101, 103, 3)]


def test_the_first_bar_of_a_symbol_that_nobody_named_is_in_time_as_any_other() -> None:
    core = trading(connected(), came(trade(1), trade(50)), time(60.5), came(trade(61)), time(65), symbols=())

    assert latest(core) == (100, Verdict.STREAMED)


def test_a_bar_has_its_vwap_and_number_of_trades_where_they_are_kept() -> None:
    core = trading(came(trade(1, 100, 1), trade(2, 103, 2), trade(3, 90, 0)), time(65), keep_extra=True)
    (made,) = ask(core, GetBars(symbol="A")).bars()

    assert (made.vwap, made.trades) == (102, 3)


def test_a_trade_of_size_zero_sets_no_price_and_makes_no_bar() -> None:
    core = trading(came(trade(1, 100, 2), trade(2, 150, 0), trade(61, 100, 0)), time(125))

    assert rows(core) == [(100, 100, 100, 100, 2)]


def test_the_values_of_an_index_make_bars_without_volume_and_vwap() -> None:
    core = trading(came(trade(1, 100, 0)), time(65), keep_extra=True, zero_sizes_set_prices=True)
    (made,) = ask(core, GetBars(symbol="A")).bars()

    assert (made.volume, made.vwap, made.trades) == (0, None, 1)


def test_a_vwap_lies_within_the_prices_whatever_the_rounding() -> None:
    price = 0.1 + 0.2
    core = trading(came(*(trade(second, price, 0.1) for second in range(3))), time(65), keep_extra=True)
    (made,) = ask(core, GetBars(symbol="A")).bars()

    assert made.vwap == price


def test_a_sum_that_is_too_large_for_a_number_is_a_bar_that_is_refused() -> None:
    core = trading(came(trade(1, size=1e308), trade(2, size=1e308)), time(65))

    assert rows(core) == []
    assert ask(core, GetQuality()).reasons == (("not_finite", 1),)


def test_a_minute_of_the_whole_market_is_told_in_one_batch_when_the_feed_has_told_of_the_next() -> None:
    core = trading(symbols=("A", "B"))
    before = updates(core, ONE, came(trade(1, 101), trade(2, 50, symbol="B")), time(60))
    (told_,) = updates(core, ONE, came(trade(60.2, symbol="B")), time(60.25))

    assert before == []
    assert [(one.symbol, one.close, one.start_ns) for one in told_.batch.bars()] == [
        ("A", 101, START),
        ("B", 50, START),
    ]
    assert not told_.is_repair


def test_a_minute_of_a_feed_that_has_fallen_silent_is_told_when_its_grace_is_over() -> None:
    core = trading(came(trade(1)))

    assert told(core, BarsUpdated, time(64.75)) == []
    assert [type(said) for said in told(core, BarsUpdated | MinuteClosed, time(65))] == [BarsUpdated, MinuteClosed]  # type: ignore[arg-type]  # isinstance takes a union


def test_a_minute_is_never_told_before_it_is_over_by_the_clock() -> None:
    core = trading(came(trade(1)))
    ahead = came(trade(60), now=60)

    assert updates(core, ONE, time(59.75)) == []
    assert len(updates(core, ONE, ahead, time(60))) == 1


def test_a_session_ends_with_the_bars_of_its_last_minute_although_nothing_follows() -> None:
    core = trading(came(trade(1)), came(trade(181, 104)), time(245))

    assert [row[3] for row in rows(core)] == [100, 104]


def test_the_forming_bar_is_seen_by_who_asks_for_partial_bars_and_by_nobody_else() -> None:
    core = trading(came(trade(1, 101), trade(30, 99, 5)))
    forming = ask(core, GetLatestBar(symbol="A", include_partial=True))

    assert (forming.close, forming.volume, forming.is_partial, forming.start_ns) == (99, 6, True, START)
    assert [one.is_partial for one in ask(core, GetLastBars(symbol="A", count=1, include_partial=True)).bars()] == [
        True
    ]
    assert rows(core, include_partial=True) == [(101, 101, 99, 99, 6)]
    assert ask(core, GetLatestBar(symbol="A")) is None
    assert rows(core) == []
    assert ask(core, GetMetrics(symbol="A")).bars == 0


def test_a_forming_bar_is_part_of_the_forming_bars_of_longer_intervals() -> None:
    core = trading(came(trade(1, 101)), came(trade(61, 105)), time(65), came(trade(70, 95)))
    (partial,) = ask(core, GetBars(symbol="A", interval=TWO, include_partial=True)).bars()

    assert (partial.high, partial.low, partial.close, partial.base_count) == (105, 95, 95, 2)
    assert partial.is_partial
    assert rows(core, interval=TWO) == []


def test_a_block_with_a_forming_bar_is_not_finished_although_every_minute_of_it_has_one() -> None:
    core = trading(came(trade(1)), came(trade(61)), time(65))

    assert [one.is_partial for one in ask(core, GetBars(symbol="A", interval=TWO, include_partial=True)).bars()] == [
        True
    ]


def test_before_the_market_opens_what_forms_is_in_no_bar_of_the_session() -> None:
    core = trading(came(trade(-30), now=-29))

    assert rows(core, include_partial=True) == []


def test_a_bar_that_somebody_else_has_told_is_not_hidden_by_what_forms() -> None:
    core = trading(came(trade(1, 50)), arrived(bar("A", START, 77), now=after(60), source="desk"), symbols=("A", "B"))

    assert [row[3] for row in rows(core, include_partial=True)] == [77]


def test_what_was_forming_is_the_bar_when_its_minute_is_over() -> None:
    core = trading(came(trade(1, 101)), came(trade(61)), time(61))

    assert [one.is_partial for one in ask(core, GetBars(symbol="A", include_partial=True)).bars()] == [False, True]


def test_a_late_trade_corrects_its_bar_and_what_was_derived_from_it() -> None:
    core = trading(came(trade(1, 101)), came(trade(61, 102)), time(121), came(trade(121)), time(126), intervals=(TWO,))
    said = told(core, BarsUpdated, came(trade(30, 90, 4), now=127), time(127.25))

    assert [(update.interval, update.is_repair) for update in said] == [(ONE, True), (TWO, True)]
    assert rows(core)[0] == (101, 101, 90, 90, 5)
    assert rows(core, interval=TWO) == [(101, 102, 90, 102, 6)]
    assert counts(core, "revised") == (1,)


def test_the_first_trade_of_a_closed_minute_is_a_late_bar() -> None:
    core = trading(time(65), symbols=("A",))
    told(core, BarsUpdated, came(trade(10, 98), now=70), time(70.25))

    assert latest(core) == (98, Verdict.LATE)
    assert ask(core, GetGaps()) == ()


def test_a_late_trade_of_a_symbol_repairs_that_symbol_alone() -> None:
    core = trading(came(trade(1), trade(1, symbol="B")), time(65), symbols=("A", "B"))
    (repair,) = updates(core, ONE, came(trade(2, 99), now=66), time(66.25))

    assert repair.batch.names() == ["A"]


def test_a_minute_without_a_trade_is_a_gap_for_silence_proves_nothing() -> None:
    core = trading(connected(), came(trade(1)), symbols=("A", "B"))
    (gap,) = told(core, GapDetected, time(65))

    assert (gap.gap.symbols, gap.gap.start_ns) == (("B",), START)
    assert ask(core, GetQuality()).quality.verdicts.missing == 1


def test_trades_of_a_feed_that_sends_bars_make_none() -> None:
    core = trading(connected(has_bars=True), came(trade(1), is_folded=False), time(65))

    assert rows(core) == rows(core, include_partial=True) == []
    assert len(ask(core, GetTicks(symbol="A", count=9))) == 1


def test_the_bars_of_two_feeds_stand_in_the_order_of_preference() -> None:
    core = trading(
        came(trade(1, 50), source="second"), came(trade(1, 60), source="first"), time(65), sources=("first", "second")
    )

    assert [row[3] for row in rows(core)] == [60]


# --- what was not heard from end to end


def test_a_minute_that_was_not_heard_from_its_start_is_a_gap_and_the_next_is_not() -> None:
    core = trading(connected(20), came(trade(30)), came(trade(61, 102)), time(125))

    assert [row[3] for row in rows(core)] == [102]
    assert [gap.start_ns for gap in ask(core, GetGaps())] == [START]
    assert ask(core, GetLatestBar(symbol="A", include_partial=True)).start_ns == START + MINUTE_NS


def test_a_minute_in_which_the_connection_was_lost_is_a_gap() -> None:
    lost = FeedLost(feed=FEED, reason="reset", arrived_ns=after(30))
    core = trading(connected(), came(trade(1)), lost, connected(40), came(trade(50)), came(trade(61)), time(65))

    assert rows(core) == []
    assert rows(core, include_partial=True) == [(100, 100, 100, 100, 1)]
    assert [gap.start_ns for gap in ask(core, GetGaps())] == [START]


@pytest.mark.parametrize(("again_s", "volumes"), [(31, [2.0]), (36, [])])
def test_a_connection_made_anew_at_once_after_mere_silence_has_missed_nothing(
    again_s: int, volumes: list[float]
) -> None:
    silent = FeedLost(feed=FEED, reason="quiet", is_stale=True, arrived_ns=after(30))
    core = trading(connected(), came(trade(1)), silent, connected(again_s), came(trade(50)), came(trade(61)), time(65))

    assert [row[4] for row in rows(core)] == volumes


def test_a_connection_that_cannot_be_made_anew_after_silence_is_lost() -> None:
    silent = FeedLost(feed=FEED, reason="quiet", is_stale=True, arrived_ns=after(30))
    lost = FeedLost(feed=FEED, reason="refused", arrived_ns=after(31))
    core = trading(connected(), came(trade(1)), silent, lost, connected(32), came(trade(50)), came(trade(61)), time(65))

    assert rows(core) == []


def test_a_minute_that_was_heard_to_its_end_is_told_although_the_connection_is_lost_since() -> None:
    lost = FeedLost(feed=FEED, reason="reset", arrived_ns=after(61))
    core = trading(connected(), came(trade(1, 101)), came(trade(60.5)), lost, time(65), time(125))

    assert [row[3] for row in rows(core)] == [101]


def test_a_bar_that_was_told_is_not_doubted_because_the_connection_is_lost_since() -> None:
    lost = FeedLost(feed=FEED, reason="reset", arrived_ns=after(66))
    core = trading(connected(), came(trade(1, 101)), time(65), lost, came(trade(2, 90), now=67), time(67))

    assert [row[2] for row in rows(core)] == [90]


def test_a_feed_that_ends_has_told_all_of_the_minutes_before() -> None:
    ended = FeedEnded(feed=FEED, arrived_ns=after(60))
    core = trading(connected(), came(trade(1, 101)), ended, time(65))

    assert [row[3] for row in rows(core)] == [101]


def test_what_is_filled_instead_stays() -> None:
    fetched = BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of([bar("A", START, 77)]), source="upstream")
    core = trading(connected(20), came(trade(30)), time(65), fetched, came(trade(40), now=70), time(70))

    assert latest(core) == (77, Verdict.FILLED)


def test_of_a_symbol_that_joins_in_the_middle_of_a_minute_the_rest_of_it_is_no_bar() -> None:
    core = trading(came(trade(1), trade(2, symbol="B")), TimeAdvanced(now_ns=after(20)), symbols=("A",))
    core.handle(AddSymbols(symbols=("B",)))
    told(core, BarsUpdated, came(trade(30, symbol="B")), came(trade(61, 104, symbol="B"), trade(61)), time(125))

    assert rows(core, "B") == [(104, 104, 104, 104, 1)]
    assert len(rows(core)) == 2


# --- sessions


def test_a_trade_of_a_session_that_has_rolled_repairs_it() -> None:
    core = trading(came(trade(1, 101)), time(245), opened(WEDNESDAY, ["A"], now=after(250)))
    (repair,) = updates(core, ONE, came(trade(2, 90), now=251), time(251))

    assert (repair.start_ns, repair.is_repair) == (START, True)


def test_when_the_next_session_opens_the_last_minute_is_told_its_grace_over_or_not() -> None:
    core = trading(came(trade(181, 104)), time(240))
    said = updates(core, ONE, opened(WEDNESDAY, ["A"], now=after(241)))

    assert [update.start_ns for update in said] == [after(180)]


def test_when_a_session_is_settled_with_what_there_is_the_last_minute_is_told() -> None:
    core = trading(came(trade(181, 104)), time(240))

    assert len(updates(core, ONE, AbandonGaps(session_date=TUESDAY.date))) == 1


def test_before_any_session_trades_are_kept_and_no_bar_is_made() -> None:
    core = core_with(came(trade(1)), time(65))

    assert ask(core, GetLatestTick(symbol="A")) == trade(1)


def test_the_bars_of_a_removed_symbol_are_refused() -> None:
    core = trading(came(trade(1)), RemoveSymbols(symbols=("A",)), time(65), symbols=("A", "B"))

    assert ask(core, GetQuality()).reasons == (("symbol_removed", 1),)


def test_bars_are_as_long_as_the_base_bars_of_the_session() -> None:
    second = Interval.parse("1s")
    session = msgspec.structs.replace(TUESDAY, base_interval=second)
    core = core_with(opened(session, ["A"]), grace_ns=GRACE_NS, base_interval=second)
    told(core, BarsUpdated, came(trade(0.1, 101), trade(0.9, 102), trade(1.5, 99)), time(2), time(7))
    made = ask(core, GetBars(symbol="A", interval=second)).bars()

    assert [(one.start_ns, one.open, one.close) for one in made] == [(START, 101, 102), (after(1), 99, 99)]


# --- what is no longer kept


def test_what_is_older_than_half_an_hour_is_forgotten_and_a_trade_of_then_is_refused_and_shown() -> None:
    core = trading(came(trade(1)), time(65), came(trade(1801), now=1801), time(1861))
    (rejected,) = told(core, PrintsRejected, came(trade(2), trade(1802, 99), now=1862))

    assert (rejected.source, rejected.reasons, rejected.tick) == (FEED, (("too_late", 1),), trade(2))
    assert ask(core, GetQuality()).bad_prints == (("too_late", 1),)
    assert rows(core)[0] == (100, 100, 100, 100, 1)


def test_however_many_trades_come_no_more_than_so_many_are_kept() -> None:
    forming = Forming(FEED, most_room=1000)
    for minute in range(20):
        forming.add([trade(minute * 60 + 59 * place / 300) for place in range(300)])
        forming.due(after(minute * 60 + 65), GRACE_NS)

    assert forming.first_ns == after(17 * 60)
    assert forming._room == sum(span.room for span in forming._spans.values()) <= 1000


def test_a_minute_is_kept_until_its_grace_is_over_however_full_it_is() -> None:
    forming = Forming(FEED, most_room=10)
    forming.add([trade(second) for second in range(61)])
    forming.due(after(64), GRACE_NS)
    before = forming.first_ns
    forming.due(after(65), GRACE_NS)

    assert (before, forming.first_ns) == (0, after(60))


def test_a_trade_that_was_cancelled_takes_no_room() -> None:
    forming = Forming(FEED)
    forming.add([trade(1), trade(2)], ["x", "y"])
    forming.amend(cancelled("x"))

    assert forming._room == sum(span.room for span in forming._spans.values())


def test_when_nothing_is_left_that_was_kept_all_is_forgotten() -> None:
    forming = Forming(FEED)
    forming.add([trade(1)])
    forming.due(after(7200), GRACE_NS)

    assert forming._spans == {}
    assert not forming.amend(cancelled())
