"""What comes between the start of a session and its opening: none of it is lost, and none of it is late for that."""

from itertools import pairwise
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from actors.market.calendar import Calendar
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.stream_coordinator.live_day import beforehand
from messages import (
    AbortRun,
    Bar,
    BarArrived,
    BarBatch,
    BarRejected,
    BarsArrived,
    BoundaryKind,
    FeedBars,
    FeedQuotes,
    FeedTicks,
    GetBars,
    Interval,
    Message,
    Prefetch,
    Quote,
    QuotesArrived,
    SessionBoundary,
    SessionPrefetched,
    Tape,
    Tick,
    TicksArrived,
    TradeAmended,
    TradingSession,
    Verdict,
)
from messages.commands import PublishBar, PublishBars
from messages.inboxes import SessionDataInbox
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.builders import bar, session_24_7
from tests.stream_coordinator.live_day.watch import FEED, GRACE_NS, Watch, of

DAYS = [session_24_7(f"2024-07-0{number}") for number in range(1, 5)]
MIDNIGHT = DAYS[1].start_ns
UNDERSTOOD = get_args(SessionDataInbox)


def at_midnight(*, is_loading: bool = False, **rules: Any) -> Watch:
    """The grace of the day before is not over, or the new one is being loaded: it has begun, and is not open."""
    watch = Watch(*DAYS, now=MIDNIGHT - 2 * SECOND_NS, **rules).up()
    watch.silent = (Prefetch,) if is_loading else ()
    watch.at(MIDNIGHT)
    return watch


def loaded(watch: Watch, session: TradingSession = DAYS[1]) -> list[Any]:
    """Let the new day be in memory, and time go on; return what is told."""
    return [*watch.tell(SessionPrefetched(tape=Tape(session=session, batch=BarBatch.of(())))), *opens(watch, session)]


def opens(watch: Watch, session: TradingSession = DAYS[1]) -> list[Any]:
    """Let the time go on by quarters of a second until the session opens; return what is told from there."""
    while True:
        watch.now_ns += SECOND_NS // 4
        said = watch.fire()
        openings = [one for one in said if isinstance(one, SessionBoundary) and one.kind is BoundaryKind.OPENED]
        if openings:
            assert openings[0].session == session
            return said[said.index(openings[0]) :]
        assert watch.now_ns < session.start_ns + 10 * MINUTE_NS, "it never opens"


def of_length(interval: Interval, *bars: Bar) -> BarBatch:
    return replace(BarBatch.of(bars), interval=interval)


def minutes(watch: Watch, *starts_ns: Nanos, feed: str = FEED) -> list[Any]:
    """Let bars of a feed come that say that their minutes are over."""
    batch = BarBatch.of([bar("A", start_ns) for start_ns in starts_ns])
    return watch.tell(FeedBars(feed=feed, batch=batch, arrived_ns=max(watch.now_ns, starts_ns[-1] + MINUTE_NS)))


# --- whole days


def told_to_session_data(
    sessions: list[TradingSession], interval: Interval, prompt_ns: Nanos
) -> tuple[SessionDataCore, list[Message]]:
    """Two sessions of which a feed sends every bar when it is over; return SessionData, and what it said."""
    days = [replace(session, base_interval=interval) for session in sessions]
    watch = Watch(*days, now=days[0].end_ns - 20 * SECOND_NS).up()
    core = SessionDataCore(SessionRules(base_interval=interval, intervals=(), grace_ns=GRACE_NS, trailing_sessions=2))
    out: list[Message] = []

    def deliver() -> None:
        said: list[Any] = watch.said
        for message in said:
            out.extend(core.handle(message).out if isinstance(message, UNDERSTOOD) else ())
        watch.said.clear()

    step_ns = interval.span_ns
    first_ns = days[0].end_ns - max(step_ns, 10 * SECOND_NS)
    last_ns = days[1].start_ns + max(3 * step_ns, 30 * SECOND_NS)
    ends_ns = range(first_ns + step_ns, last_ns + 1, step_ns)
    moments = sorted({*ends_ns, *range(days[0].end_ns, days[0].end_ns + 30 * SECOND_NS, SECOND_NS // 4)})
    for now_ns in moments:
        watch.now_ns = now_ns + prompt_ns
        watch.fire()
        is_within = any(part.start_ns < now_ns <= part.end_ns for day in days for part in day.segments)
        if now_ns in ends_ns and is_within:
            batch = of_length(interval, bar("A", now_ns - step_ns), bar("B", now_ns - step_ns))
            watch.tell(FeedBars(feed=FEED, batch=batch, arrived_ns=watch.now_ns))
        deliver()
    return core, out


ROUND_THE_CLOCK = Calendar("24/7").sessions("2024-07-02", "2024-07-03")


def evening_that_ends_at_midnight() -> list[TradingSession]:
    """A market that trades until midnight, and from midnight on: sessions back to back, not in UTC."""
    days = Calendar("24/7").sessions("2024-11-04", "2024-11-05")
    shift = 5 * 60 * MINUTE_NS
    return [
        replace(
            day,
            tz="America/New_York",
            segments=tuple(
                replace(one, start_ns=one.start_ns + shift, end_ns=one.end_ns + shift) for one in day.segments
            ),
        )
        for day in days
    ]


@pytest.mark.parametrize("length", [1, 2, 5, 15, 30, 60])
@pytest.mark.parametrize("prompt_ms", [0, 300, 900])
@pytest.mark.parametrize("sessions", [list(ROUND_THE_CLOCK), evening_that_ends_at_midnight()], ids=["24/7", "New York"])
def test_every_bar_of_the_first_seconds_of_a_session_is_taken_in_time(
    sessions: list[TradingSession], length: int, prompt_ms: int
) -> None:
    interval = Interval(seconds=length)
    core, out = told_to_session_data(sessions, interval, prompt_ms * 1_000_000)
    window = core.handle(GetBars(symbol="A", interval=interval)).answer
    starts = window.start_ns.tolist()  # type: ignore[union-attr]

    assert of(out, BarRejected) == []
    assert starts[0] == sessions[1].start_ns
    assert {after - before for before, after in pairwise(starts)} == {interval.span_ns}
    assert set(window.verdicts.tolist()) == {Verdict.STREAMED}  # type: ignore[union-attr]
    assert core.history.owner(sessions[0].end_ns - interval.span_ns) is not None


# --- message by message


def test_a_session_that_is_slow_to_load_has_its_first_minutes_all_the_same_and_as_one_arrival() -> None:
    watch = at_midnight(is_loading=True)
    for minute in range(3):
        watch.now_ns = MIDNIGHT + (minute + 1) * MINUTE_NS
        said = minutes(watch, watch.now_ns - MINUTE_NS)
        assert not of(said, BarsArrived)
    told = loaded(watch)

    (arrived,) = of(told, BarsArrived)
    assert told.index(arrived) > told.index(of(told, SessionBoundary)[-1])
    assert arrived.batch.start_ns.tolist() == [MIDNIGHT + minute * MINUTE_NS for minute in range(3)]
    assert arrived.now_ns == watch.now_ns


def test_bars_of_two_feeds_and_corrections_wait_and_stay_apart() -> None:
    watch = at_midnight(is_loading=True)
    watch.now_ns = MIDNIGHT + 2 * MINUTE_NS
    minutes(watch, MIDNIGHT)
    minutes(watch, MIDNIGHT, feed="other")
    corrected = BarBatch.of([bar("A", MIDNIGHT, 7.0)])
    watch.tell(FeedBars(feed=FEED, batch=corrected, is_correction=True, arrived_ns=watch.now_ns))
    minutes(watch, MIDNIGHT + MINUTE_NS)
    arrived = of(loaded(watch), BarsArrived)

    assert [(one.source, one.is_correction, one.batch.start_ns.tolist()) for one in arrived] == [
        (FEED, False, [MIDNIGHT]),
        ("other", False, [MIDNIGHT]),
        (FEED, True, [MIDNIGHT]),
        (FEED, False, [MIDNIGHT + MINUTE_NS]),
    ]


def test_the_last_bars_of_the_day_before_are_not_held_up() -> None:
    watch = at_midnight()
    watch.now_ns = MIDNIGHT + SECOND_NS
    said = minutes(watch, MIDNIGHT - MINUTE_NS)

    assert of(said, BarsArrived)[0].batch.start_ns.tolist() == [MIDNIGHT - MINUTE_NS]


def test_bars_on_both_sides_of_midnight_are_parted() -> None:
    watch = at_midnight(is_loading=True)
    watch.now_ns = MIDNIGHT + MINUTE_NS
    now = minutes(watch, MIDNIGHT - MINUTE_NS, MIDNIGHT)
    later = loaded(watch)

    starts = [[one.batch.start_ns.tolist() for one in of(said, BarsArrived)] for said in (now, later)]
    assert starts == [[[MIDNIGHT - MINUTE_NS]], [[MIDNIGHT]]]


def test_trades_on_both_sides_of_midnight_are_parted_with_their_ids_and_amendments_come_after_them() -> None:
    watch = at_midnight()
    watch.now_ns = MIDNIGHT + SECOND_NS
    before, after = (Tick(symbol="A", at_ns=MIDNIGHT + ns, price=5.0, size=1.0) for ns in (-SECOND_NS, SECOND_NS // 2))
    now = watch.tell(FeedTicks(feed=FEED, ticks=(before, after), ids=("1", "2"), arrived_ns=watch.now_ns))
    cancelled = TradeAmended(feed=FEED, symbol="A", trade_id="2", at_ns=watch.now_ns, price=5.0, size=1.0)
    now += watch.tell(replace(cancelled, arrived_ns=watch.now_ns))
    later = opens(watch)

    assert [(one.ticks, one.ids) for one in of(now, TicksArrived)] == [((before,), ("1",))]
    assert of(now, TradeAmended) == []
    assert [(one.ticks, one.ids) for one in of(later, TicksArrived)] == [((after,), ("2",))]
    assert later.index(of(later, TradeAmended)[0]) > later.index(of(later, TicksArrived)[0])


def test_quotes_of_the_new_day_are_told_when_it_is_open() -> None:
    watch = at_midnight()
    watch.now_ns = MIDNIGHT + SECOND_NS
    quote = Quote(symbol="A", at_ns=MIDNIGHT + 1, bid=1.0, ask=2.0)
    now = watch.tell(FeedQuotes(feed=FEED, quotes=(quote,), arrived_ns=watch.now_ns))

    assert of(now, QuotesArrived) == []
    assert [one.quotes for one in of(opens(watch), QuotesArrived)] == [(quote,)]


def test_what_an_application_publishes_of_the_new_day_is_told_when_it_is_open_with_its_receipt() -> None:
    watch = at_midnight(is_loading=True)
    watch.at(MIDNIGHT + MINUTE_NS)
    one = bar("A", MIDNIGHT)
    now = watch.tell(PublishBar(bar=one, source="me", receipt=3))
    now += watch.tell(PublishBars(batch=BarBatch.of([one]), source="me", receipt=4))
    later = loaded(watch)

    assert of(now, BarArrived, BarsArrived) == []
    assert [told.receipt for told in of(later, BarArrived, BarsArrived)] == [3, 4]


def test_before_the_first_session_is_open_its_bars_wait_for_it() -> None:
    watch = Watch(*DAYS, now=MIDNIGHT - 60 * MINUTE_NS, silent=(Prefetch,)).up()
    early = minutes(watch, MIDNIGHT - 61 * MINUTE_NS)
    watch.tell(SessionPrefetched(tape=Tape(session=DAYS[0], batch=BarBatch.of(()))))
    told = of(watch.said, SessionBoundary, BarsArrived)

    assert of(early, BarsArrived) == []
    assert [type(one) for one in told] == [SessionBoundary, BarsArrived]


def test_when_nothing_opens_any_more_what_waits_goes_on_to_be_refused() -> None:
    watch = at_midnight(is_loading=True)
    watch.now_ns = MIDNIGHT + MINUTE_NS
    minutes(watch, MIDNIGHT)
    said = watch.tell(AbortRun(reason="a bug somewhere"))
    more = minutes(watch, MIDNIGHT + MINUTE_NS)

    assert [one.batch.start_ns.tolist() for one in of(said, BarsArrived)] == [[MIDNIGHT]]
    assert [one.batch.start_ns.tolist() for one in of(more, BarsArrived)] == [[MIDNIGHT + MINUTE_NS]]


def test_what_is_stamped_tomorrow_does_not_wait_for_tomorrow() -> None:
    watch = Watch(*DAYS, now=MIDNIGHT - 60 * MINUTE_NS).up()
    wrong = bar("A", MIDNIGHT + 60 * MINUTE_NS)
    said = watch.tell(PublishBar(bar=wrong, source="me", receipt=1))
    said += watch.tell(PublishBars(batch=BarBatch.of([wrong]), source="me", receipt=2))
    tick = Tick(symbol="A", at_ns=DAYS[2].start_ns, price=5.0, size=1.0)
    said += watch.tell(FeedTicks(feed=FEED, ticks=(tick,), arrived_ns=watch.now_ns))

    assert [type(one) for one in of(said, BarArrived, BarsArrived, TicksArrived)] == [
        BarArrived,
        BarsArrived,
        TicksArrived,
    ]


def test_no_more_waits_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beforehand, "MOST_KEPT", 2)
    watch = at_midnight(is_loading=True)
    watch.now_ns = MIDNIGHT + MINUTE_NS
    ticks = [Tick(symbol="A", at_ns=MIDNIGHT + number, price=5.0, size=1.0) for number in range(3)]
    went_on = [watch.tell(FeedTicks(feed=FEED, ticks=(tick,), arrived_ns=watch.now_ns)) for tick in ticks]

    assert [len(of(said, TicksArrived)) for said in went_on] == [0, 0, 1]
    assert [one.ticks for one in of(loaded(watch), TicksArrived)] == [(ticks[0],), (ticks[1],)]


def test_where_no_session_follows_nothing_waits() -> None:
    watch = at_midnight(auto_roll=False)
    watch.now_ns = MIDNIGHT + MINUTE_NS

    assert len(of(minutes(watch, MIDNIGHT), BarsArrived)) == 1
