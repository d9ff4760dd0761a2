"""A live day at its coordinator: how it is opened, how time passes, and what is done with what feeds send."""

from typing import Any

import pytest

from actors.stream_coordinator.live import LiveCore
from messages import (
    BarBatch,
    BarsArrived,
    BoundaryKind,
    FeedBars,
    FeedConnected,
    FeedEnded,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedSettled,
    FeedTicks,
    LagChanged,
    ListenFrom,
    MessagesRejected,
    MinuteSettled,
    Mode,
    PlanLiveSessions,
    Prefetch,
    PrefetchFailed,
    PrepareRun,
    Quote,
    QuotesArrived,
    RecordSession,
    RunFailed,
    RunReady,
    SessionBoundary,
    SetSpeed,
    SetTimer,
    SubscribersChanged,
    SymbolsRefused,
    Tick,
    TicksArrived,
    TimeAdvanced,
    TradeAmended,
    TradingStatusChanged,
    WakeAt,
)
from messages.events import SessionsPlanned
from messages.feeds import DayVolumeReported
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at, bar, bars, session_xnys
from tests.stream_coordinator.live_day.watch import FEED, Watch, live_settings, of

QUARTER_S = SECOND_NS // 4
NEXT_DAY = session_xnys("2024-07-03")
NINE_FORTY = at("09:40")


def trading(**more: Any) -> Watch:
    """Tuesday at 9:40, the feed heard of just now."""
    watch = Watch(DAY, NEXT_DAY, **more).up()
    watch.now_ns = NINE_FORTY
    watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=NINE_FORTY))
    watch.at("09:40")
    return watch


# --- opening


def test_a_run_is_planned_read_and_opened_and_then_it_is_ready() -> None:
    watch = Watch(DAY, NEXT_DAY)
    prepared = watch.tell(PrepareRun(mode=Mode.LIVE))
    said = watch.fire()

    assert prepared == [SetTimer(due_ns=0)]
    assert [type(one) for one in of(said, PlanLiveSessions, Prefetch, SessionBoundary, RunReady)] == [
        PlanLiveSessions,
        Prefetch,
        SessionBoundary,
        RunReady,
    ]
    assert of(said, Prefetch) == [Prefetch(session=DAY)]
    assert of(said, RunReady) == [RunReady(session=DAY)]


def test_a_session_is_open_when_the_house_says_so_and_not_before() -> None:
    watch = Watch(DAY, silent=(SessionBoundary,)).up()
    before = [*watch.said, *watch.at("09:29")]
    said = watch.tell(MinuteSettled(ticket=1))

    assert not of(before, RunReady, TimeAdvanced)
    assert of(said, RunReady)


def test_a_run_is_ready_once() -> None:
    watch = Watch(DAY, NEXT_DAY, now=at("15:59")).up()
    for when in ("16:00", "16:01", "16:31", NEXT_DAY.open_ns - 60 * MINUTE_NS, NEXT_DAY.open_ns - 59 * MINUTE_NS):
        watch.at(when)

    assert [b.session.date for b in of(watch.said, SessionBoundary) if b.kind is BoundaryKind.OPENED] == [
        DAY.date,
        NEXT_DAY.date,
    ]
    assert len(of(watch.said, RunReady)) == 1


def test_an_answer_that_nobody_waits_for_opens_nothing() -> None:
    core = LiveCore(live_settings())

    assert core.handle(MinuteSettled(ticket=1)).out == ()


def test_without_a_feed_no_live_day_is_started() -> None:
    core = LiveCore(live_settings(), has_feed=False)

    assert core.handle(PrepareRun(mode=Mode.LIVE)).out == (RunFailed(reason="live mode needs a feed"),)


def test_nothing_to_play_is_a_failure_in_a_sentence() -> None:
    watch = Watch(DAY)
    said = watch.tell(SessionsPlanned(sessions=()))

    assert said == [RunFailed(reason="the calendar knows no session from now on")]


def test_a_day_that_cannot_be_read_is_a_failure_that_names_it() -> None:
    watch = Watch(DAY)
    (failed,) = watch.tell(PrefetchFailed(session=DAY, reason="the disk is gone"))

    assert failed.reason == "session 2024-07-02 could not be loaded: the disk is gone"


def test_what_the_store_has_of_today_comes_first_and_what_lies_ahead_does_not() -> None:
    known = bars("A", "09:30", 1, 2, None, 4, 5, 6)
    watch = Watch(DAY, now=at("09:34"), known=known).up()
    boundary, recorded = of(watch.said, SessionBoundary, BarsArrived)

    assert boundary.kind is BoundaryKind.OPENED
    assert list(recorded.batch.bars()) == known[:3]  # 9:30, 9:31, 9:33; that of 9:34 is not over
    assert (recorded.source, recorded.now_ns) == ("recording", at("09:34"))


def test_a_session_that_has_not_begun_has_nothing_to_catch_up_with() -> None:
    watch = Watch(DAY, known=bars("A", "09:30", 1, 2)).up()

    assert not of(watch.said, BarsArrived)


# --- time


def test_time_is_told_at_every_timer_and_the_next_is_a_quarter_of_a_second_later() -> None:
    watch = trading()
    said = watch.at(NINE_FORTY + SECOND_NS)

    assert [message.now_ns for message in of(said, TimeAdvanced)] == [NINE_FORTY + SECOND_NS]
    assert said[-1] == SetTimer(due_ns=NINE_FORTY + SECOND_NS + QUARTER_S)


def test_who_wants_to_be_woken_earlier_is_and_only_once() -> None:
    watch = trading()
    due_ns = NINE_FORTY + SECOND_NS + 1
    silent = watch.tell(WakeAt(due_ns=due_ns, key="upkeep"))

    assert silent == []
    assert watch.at(NINE_FORTY + SECOND_NS)[-1] == SetTimer(due_ns=due_ns)
    assert watch.at(due_ns)[-1] == SetTimer(due_ns=due_ns + QUARTER_S)


def test_time_never_goes_back() -> None:
    watch = trading()
    watch.at("09:41")
    said = watch.at("09:40")

    assert [message.now_ns for message in of(said, TimeAdvanced)] == [at("09:41")]


def test_every_ticket_is_a_new_one() -> None:
    watch = trading()
    watch.bars(bar("A", "09:40"))
    watch.at("09:42")
    tickets = [message.ticket for message in of(watch.said, TimeAdvanced, SessionBoundary)]

    assert tickets == sorted(set(tickets))


def test_newcomers_listen_from_the_next_ticket_on() -> None:
    watch = trading()
    (listen,) = watch.tell(SubscribersChanged(count=1))
    (after,) = of(watch.at("09:41"), TimeAdvanced)

    assert listen == ListenFrom(ticket=after.ticket)


def test_a_day_is_recorded_every_few_minutes_from_its_start_to_its_close() -> None:
    watch = Watch(DAY, record_every_min=30.0).up()
    recorded = []
    for minute in range(392):
        recorded += [watch.now_ns for _ in of(watch.at(DAY.open_ns + minute * MINUTE_NS), RecordSession)]

    assert recorded == [*(at("10:00") + half_hour * 30 * MINUTE_NS for half_hour in range(12)), at("16:01")]


# --- bars


def test_bars_go_on_to_session_data_in_the_name_of_their_feed_and_time_with_them() -> None:
    given = [bar("A", "09:40"), bar("B", "09:40")]
    arrived, time = trading().bars(*given, is_correction=True)

    assert arrived == BarsArrived(batch=BarBatch.of(given), now_ns=at("09:41"), source=FEED, is_correction=True)
    assert (type(time), time.now_ns) == (TimeAdvanced, at("09:41"))


def test_a_ticket_goes_home_to_its_feed_behind_what_came_with_it() -> None:
    watch = trading()
    tick = Tick(symbol="A", at_ns=NINE_FORTY, price=1.0, size=1.0)
    quote = Quote(symbol="A", at_ns=NINE_FORTY, bid=1.0, ask=2.0)

    assert of(watch.bars(bar("A", "09:40"), ticket=7), BarsArrived, FeedSettled)[1:] == [
        FeedSettled(feed=FEED, ticket=7)
    ]
    assert watch.tell(FeedTicks(feed=FEED, ticks=(tick,), arrived_ns=watch.now_ns, ticket=8))[-1].ticket == 8
    assert watch.tell(FeedQuotes(feed=FEED, quotes=(quote,), arrived_ns=watch.now_ns, ticket=9))[-1].ticket == 9
    assert not of(watch.bars(bar("A", "09:41")), FeedSettled)


def test_a_read_without_a_bar_is_a_sign_of_life_and_nothing_more() -> None:
    empty = FeedBars(feed=FEED, batch=BarBatch.of(()), arrived_ns=NINE_FORTY, ticket=3)

    assert trading().tell(empty) == [FeedSettled(feed=FEED, ticket=3)]


def test_a_bar_that_comes_early_is_held_until_it_is_due() -> None:
    watch = trading()
    early_ns = at("09:41") - 2 * SECOND_NS
    held = watch.bars(bar("A", "09:40"), at=early_ns)

    assert not of(held, BarsArrived)
    assert watch.status.early == 1
    assert not of(watch.at(at("09:41") - 1), BarsArrived)
    assert [message.now_ns for message in of(watch.at("09:41"), BarsArrived)] == [at("09:41")]
    assert (watch.status.early, watch.status.skewed) == (0, 0)


def test_bars_that_are_held_come_in_the_order_in_which_they_are_due() -> None:
    watch = trading(max_clock_skew_s=90.0)
    second, first = bar("A", "09:41"), bar("A", "09:40")
    watch.bars(second, at=at("09:40") + 31 * SECOND_NS)
    watch.bars(first, at=at("09:40") + 31 * SECOND_NS)
    said = watch.at("09:42")

    assert [list(message.batch.bars()) for message in of(said, BarsArrived)] == [[first], [second]]


def test_a_bar_that_comes_earlier_still_is_counted_and_left_to_session_data_to_refuse() -> None:
    watch = trading(max_clock_skew_s=2.0)
    said = watch.bars(bar("A", "09:40"), at=at("09:41") - 2 * SECOND_NS - 1)

    assert len(of(said, BarsArrived)) == 1
    assert (watch.status.early, watch.status.skewed) == (0, 1)


def test_a_final_bar_waits_for_a_clock_that_is_far_behind() -> None:
    watch = trading()
    held = watch.bars(bar("A", "09:40"), at=at("09:40") + SECOND_NS, is_final=True)

    assert (of(held, BarsArrived), watch.status.early) == ([], 1)
    assert [message.now_ns for message in of(watch.at("09:41"), BarsArrived)] == [at("09:41")]
    assert watch.status.troubles == ("this computer's clock is about 59.0 s behind feed feed",)
    assert watch.status.feeds[0].clock_offset_ms == 59_000.0


def test_a_bar_that_waits_is_refused_when_its_sender_turns_out_to_send_parts() -> None:
    watch = trading()
    first, second = bar("A", "09:40", volume=1.0), bar("A", "09:40", volume=2.0)
    held = watch.bars(first, at=at("09:41") - 8 * SECOND_NS)
    told = watch.bars(second, at=at("09:41") - 2 * SECOND_NS)

    assert not of(held, BarsArrived)
    assert [list(one.batch.bars()) for one in of(told, BarsArrived)] == [[first], [second]]
    assert all(one.now_ns < at("09:41") for one in of(told, BarsArrived))
    assert (watch.status.early, watch.status.skewed) == (0, 2)
    assert not of(watch.at("09:41"), BarsArrived)


# --- trades, quotes, and what else feeds say


def test_the_trades_and_quotes_of_one_read_go_on_together() -> None:
    watch = trading()
    ticks = tuple(Tick(symbol="A", at_ns=NINE_FORTY + i, price=1.0, size=1.0) for i in range(3))
    quotes = tuple(Quote(symbol="A", at_ns=NINE_FORTY + i, bid=1.0, ask=2.0) for i in range(2))
    now_ns = NINE_FORTY + 9

    assert watch.tell(FeedTicks(feed=FEED, ticks=ticks, ids=("x", "y", "z"), arrived_ns=now_ns)) == [
        TicksArrived(ticks=ticks, ids=("x", "y", "z"), now_ns=now_ns, source=FEED)
    ]
    assert watch.tell(FeedQuotes(feed=FEED, quotes=quotes, arrived_ns=now_ns)) == [
        QuotesArrived(quotes=quotes, now_ns=now_ns, source=FEED)
    ]
    assert watch.tell(FeedTicks(feed=FEED, ticks=(), arrived_ns=now_ns)) == []


def test_a_feed_that_falls_behind_and_catches_up_is_news_each_time() -> None:
    watch = trading(max_lag_s=1.0)
    late = watch.bars(bar("A", "09:40"), at=at("09:41") + 2 * SECOND_NS)
    tick = Tick(symbol="A", at_ns=at("09:41") + 2 * SECOND_NS, price=1.0, size=1.0)
    prompt = watch.tell(FeedTicks(feed=FEED, ticks=(tick,), arrived_ns=tick.at_ns))

    assert [(news.feed, news.lag_ns, news.is_late) for news in of(late, LagChanged)] == [(FEED, 2 * SECOND_NS, True)]
    assert [news.is_late for news in of(prompt, LagChanged)] == [False]


@pytest.mark.parametrize(("speed", "is_news"), [(1.9, True), (2.0, False)])
def test_what_a_feed_may_be_behind_grows_with_the_speed_of_its_clock(speed: float, is_news: bool) -> None:
    watch = trading(max_lag_s=1.0)
    watch.bars(bar("A", "09:39"), at=at("09:40"))
    watch.tell(SetSpeed(speed=speed))
    late = watch.bars(bar("A", "09:40"), at=at("09:41") + 2 * SECOND_NS)

    assert bool(of(late, LagChanged)) is is_news


@pytest.mark.parametrize(
    "news",
    [
        FeedConnected(feed=FEED, attempt=1, arrived_ns=NINE_FORTY),
        FeedLost(feed=FEED, reason="gone", arrived_ns=NINE_FORTY),
        FeedEnded(feed=FEED, arrived_ns=NINE_FORTY),
        SymbolsRefused(feed=FEED, symbols=("X",), reason="unknown", arrived_ns=NINE_FORTY),
        MessagesRejected(feed=FEED, count=1, first=(), arrived_ns=NINE_FORTY),
        DayVolumeReported(feed=FEED, symbol="A", start_ns=DAY.open_ns, volume=1.0, arrived_ns=NINE_FORTY),
        TradingStatusChanged(feed=FEED, symbol="A", at_ns=1, code="H", message="halted", arrived_ns=NINE_FORTY),
        TradeAmended(feed=FEED, symbol="A", trade_id="1", at_ns=1, price=1.0, size=1.0, arrived_ns=NINE_FORTY),
    ],
    ids=lambda news: type(news).__name__,
)
def test_what_else_a_feed_says_is_passed_on_as_it_is(news: Any) -> None:
    assert trading().tell(news) == [news]
