"""The thread of a feed: losing and finding its connection, silence, pressure, and the end."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from actors.feeds.runner import FeedRunner
from actors.kernel.clock import ManualClock
from actors.settings import FeedRules
from messages import (
    FeedBars,
    FeedConnected,
    FeedEnded,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedReported,
    FeedSettled,
    FeedTicks,
    MessagesRejected,
    SubscribeSymbols,
    SymbolsRefused,
    Taken,
    UnsubscribeSymbols,
)
from messages.errors import ConnectionLost, DataError, FeedRefused, SettingsError
from messages.feeds import FeedItem
from messages.values import SECOND_NS
from tests.doubles import Outbox
from tests.feeds.listening import Listener
from tests.feeds.scripted import END, ScriptedFeed, some_bars, some_quotes, some_ticks
from tests.patience import SOON_S
from tests.strangers import ENDS, IN_MAIN_THREAD

CALM = FeedRules(backoff_s=1.0, longest_backoff_s=8.0, jitter=0.0, stale_after_s=90.0, report_every_s=0.02)
BEAT = FeedHeartbeat(feed="scripted")
Run = Callable[..., "tuple[FeedRunner, Listener, ManualClock]"]


@pytest.fixture
def run() -> Iterator[Run]:
    """Start a runner on a clock that stands still."""
    runners: list[FeedRunner] = []

    def start(feed: ScriptedFeed, rules: FeedRules = CALM, **more: Any) -> tuple[FeedRunner, Listener, ManualClock]:
        clock, listener = ManualClock(1000 * SECOND_NS), Listener()
        runners.append(FeedRunner(feed, listener, clock, rules, **more))
        runners[-1].start()
        return runners[-1], listener, clock

    yield start
    for runner in runners:
        runner.close()
        assert not runner._thread.is_alive()


def test_a_connection_that_fails_is_tried_again_after_waits_that_double(run: Run) -> None:
    feed = ScriptedFeed(*[ConnectionLost("nobody there") for _ in range(6)])
    _, listener, clock = run(feed)

    waits = []
    for count in range(1, 7):
        lost = listener.wait_for(FeedLost, count)[-1]
        assert lost.retry_ns is not None
        waits.append((lost.retry_ns - clock.now_ns()) // SECOND_NS)
        clock.advance(lost.retry_ns - clock.now_ns())

    assert waits == [1, 2, 4, 8, 8, 8]
    assert listener.wait_for(FeedConnected)[0].attempt == 7
    assert {lost.reason for lost in listener.of(FeedLost)} == {"nobody there"}


def test_the_next_try_does_not_come_before_its_time(run: Run) -> None:
    feed = ScriptedFeed(ConnectionLost("nobody there"))
    _, listener, clock = run(feed)
    listener.wait_for(FeedLost)

    clock.advance(SECOND_NS - 1)
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 3)
    assert listener.of(FeedConnected) == []
    clock.advance(1)

    assert listener.wait_for(FeedConnected)


def test_after_something_came_in_the_waits_begin_anew(run: Run) -> None:
    feed = ScriptedFeed(ConnectionLost("1"), ConnectionLost("2"))
    _, listener, clock = run(feed)
    for count in (1, 2):
        listener.wait_for(FeedLost, count)
        clock.advance(2 * SECOND_NS)
    listener.wait_for(FeedConnected)
    feed.play(some_bars(1), ConnectionLost("3"))

    lost = listener.wait_for(FeedLost, 3)[-1]

    assert lost.reason == "3"
    assert lost.retry_ns == clock.now_ns() + SECOND_NS


def test_a_connection_that_gives_nothing_does_not_shorten_the_wait(run: Run) -> None:
    feed = ScriptedFeed(ConnectionLost("1"))
    _, listener, clock = run(feed)
    listener.wait_for(FeedLost)
    clock.advance(SECOND_NS)
    listener.wait_for(FeedConnected)
    feed.play(SymbolsRefused(feed="scripted", symbols=("A",), reason="no"), ConnectionLost("2"))

    lost = listener.wait_for(FeedLost, 2)[-1]

    assert lost.retry_ns == clock.now_ns() + 2 * SECOND_NS


def test_jitter_lengthens_the_wait_and_is_the_same_for_the_same_seed(run: Run) -> None:
    rules = FeedRules(backoff_s=1.0, jitter=0.5, seed=3)
    waits = []
    for _ in range(2):
        _, listener, clock = run(ScriptedFeed(ConnectionLost("nobody there")), rules)
        retry_ns = listener.wait_for(FeedLost)[0].retry_ns
        assert retry_ns is not None
        waits.append((retry_ns - clock.now_ns()) / SECOND_NS)

    assert waits[0] == waits[1]
    assert 1.0 < waits[0] < 1.5


@pytest.mark.parametrize(
    ("error", "reason"), [(FeedRefused("wrong keys"), "wrong keys"), (DataError("a torn day"), "a torn day")]
)
def test_a_refusal_is_final(run: Run, error: Exception, reason: str) -> None:
    runner, listener, _ = run(ScriptedFeed(error))

    (lost,) = listener.wait_for(FeedLost)
    runner._thread.join(5)

    assert (lost.reason, lost.retry_ns) == (reason, None)
    assert runner.health().is_over
    assert runner.health().last_error == reason


def test_a_bug_in_a_feed_costs_its_connection_and_no_more(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    feed.play(ZeroDivisionError("oops"))
    assert listener.wait_for(FeedLost)[0].reason == "ZeroDivisionError('oops')"

    clock.advance(SECOND_NS)
    feed.play(some_bars(1))

    listener.wait_until(lambda: len(listener.bars()) == 1)
    assert len(listener.of(FeedConnected)) == 2


@pytest.mark.parametrize("where", ["connect", "read", "close"])
@pytest.mark.parametrize("kind", ENDS)
def test_a_feed_whose_library_exits_or_is_cancelled_is_connected_again(
    run: Run, where: str, kind: type[BaseException]
) -> None:
    feed = ScriptedFeed(*([kind()] if where == "connect" else []))
    feed.close_error = kind() if where == "close" else None
    _, listener, clock = run(feed)
    if where != "connect":
        feed.play(kind() if where == "read" else ConnectionLost("gone"))
    assert kind.__name__ in listener.wait_for(FeedLost)[0].reason or where == "close"

    clock.advance(SECOND_NS)
    feed.play(some_bars(1))

    listener.wait_until(lambda: len(listener.bars()) == 1)


def test_what_a_far_side_says_is_a_part_of_one_line(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, _ = run(feed)
    text = "no\nsuch symbol\r\n" * 100
    feed.play(SymbolsRefused(feed="scripted", symbols=("A",), reason=text), FeedRefused(text))

    said = [listener.wait_for(kind)[0].reason for kind in (SymbolsRefused, FeedLost)]

    assert said == [("no such symbol " * 100)[:500] + "..."] * 2


class Unsaid(ScriptedFeed):
    """A feed of which one thing cannot be read once."""

    def __init__(self, name: str, kind: type[BaseException]) -> None:
        super().__init__()
        self.unsaid, self.kind = name, kind

    def __getattribute__(self, name: str) -> Any:
        given = super().__getattribute__("__dict__")
        if given.get("unsaid") == name:
            given["unsaid"] = ""
            raise given["kind"]
        return super().__getattribute__(name)


@pytest.mark.parametrize("name", ["has_bars", "is_remote", "is_probed"])
@pytest.mark.parametrize("kind", ENDS)
def test_a_feed_that_cannot_say_what_it_is_is_connected_again(run: Run, name: str, kind: type[BaseException]) -> None:
    feed = Unsaid(name, kind)
    _, listener, clock = run(feed)
    assert kind.__name__ in listener.wait_for(FeedLost)[0].reason

    clock.advance(SECOND_NS)
    feed.play(some_bars(1))

    listener.wait_until(lambda: len(listener.bars()) == 1)


@pytest.mark.parametrize("kind", IN_MAIN_THREAD)
def test_a_feed_that_panics_where_its_first_symbols_are_asked_for_is_refused_with_a_sentence(
    kind: type[BaseException],
) -> None:
    class Panics(ScriptedFeed):
        def subscribe(self, symbols: Iterable[str]) -> None:
            raise kind

    with pytest.raises(FeedRefused, match=f"scripted: its subscribe raised {kind.__name__}"):
        FeedRunner(Panics(), Outbox(), ManualClock())


@pytest.mark.parametrize("wrong", [(None,), ({},), (7,)])
def test_a_read_of_the_wrong_type_is_a_loss_and_not_the_end(run: Run, wrong: tuple[Any]) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    feed.script.put(*wrong)
    said = f"its reads gave {type(wrong[0]).__name__}; a tuple of what came is expected"
    assert listener.wait_for(FeedLost)[0].reason == said

    clock.advance(SECOND_NS)
    feed.play(some_bars(1))

    listener.wait_until(lambda: len(listener.bars()) == 1)
    assert listener.of(FeedEnded) == []


def test_a_feed_that_cannot_even_be_closed_is_connected_again(run: Run) -> None:
    feed = ScriptedFeed()
    feed.close_error = ZeroDivisionError("oops")
    _, listener, clock = run(feed)
    feed.play(ConnectionLost("gone"))
    listener.wait_for(FeedLost)

    clock.advance(SECOND_NS)

    assert len(listener.wait_for(FeedConnected, 2)) == 2


def test_a_remote_feed_that_is_silent_for_too_long_is_connected_anew(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    listener.wait_for(FeedConnected)

    clock.advance(90 * SECOND_NS)
    (lost,) = listener.wait_for(FeedLost)
    clock.advance(SECOND_NS)

    assert (lost.is_stale, lost.is_unusual, lost.reason) == (True, False, "nothing came for 90 s")
    assert lost.heard_until_ns == lost.arrived_ns - 90 * SECOND_NS
    assert len(listener.wait_for(FeedConnected, 2)) == 2


def test_a_connection_made_anew_because_of_silence_is_not_waited_for_however_often(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    waits = []
    for count, silence_s in enumerate((90, 180, 360, 720, 1440, 2880), 1):
        listener.wait_for(FeedConnected, count)
        clock.advance(silence_s * SECOND_NS)
        lost = listener.wait_for(FeedLost, count)[-1]
        assert lost.retry_ns is not None
        waits.append((lost.reason, lost.retry_ns - lost.arrived_ns))

    assert waits == [(f"nothing came for {s} s", 0) for s in (90, 180, 360, 720, 1440, 2880)]


def test_a_feed_that_is_probed_is_alive_while_it_is_quiet(run: Run) -> None:
    feed = ScriptedFeed(is_probed=True)
    _, listener, clock = run(feed)
    listener.wait_for(FeedConnected)

    for count in range(1, 5):
        clock.advance(300 * SECOND_NS)
        listener.wait_for(FeedHeartbeat, count)

    assert listener.of(FeedLost) == []


class Stuck(ScriptedFeed):
    """A feed whose next calls of one kind do not come back before they are let go."""

    def __init__(self, what: str, times: int = 1) -> None:
        super().__init__()
        self.what, self.times = what, times
        self.released = threading.Event()

    def _stick(self, what: str) -> None:
        if what == self.what and self.times:
            self.times -= 1
            self.released.wait()

    def connect(self, stopping: threading.Event) -> None:
        super().connect(stopping)
        self._stick("connect")

    def subscribe(self, symbols: Iterable[str]) -> None:
        super().subscribe(symbols)
        if "B" in symbols:
            self._stick("subscribe")

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        self._stick("read")
        yield from super().reads()

    def close(self) -> None:
        self._stick("close")
        super().close()


SOON = msgspec.structs.replace(CALM, answer_within_s=0.05)


@pytest.mark.parametrize("what", ["connect", "read", "subscribe", "close"])
def test_a_call_that_never_comes_back_is_a_loss_and_another_thread_goes_on(run: Run, what: str) -> None:
    feed = Stuck(what)
    runner, listener, clock = run(feed, SOON)
    first = runner._thread
    if what in ("subscribe", "close"):
        listener.wait_for(FeedConnected)
        runner.tell(SubscribeSymbols(feed="scripted", symbols=("B",)))
        feed.play(*[ConnectionLost("gone")] * (what == "close"))

    lost = listener.wait_for(FeedLost)[-1]
    clock.advance(8 * SECOND_NS)
    feed.play(some_bars(1))
    listener.wait_until(lambda: len(listener.bars()) == 1)
    feed.released.set()
    first.join(5)

    assert lost.reason == f"{what} gave no answer for 0.05 s"
    assert runner.health().last_error == lost.reason
    assert not first.is_alive()
    assert runner.health().is_connected


def test_a_feed_that_never_answers_costs_a_few_threads_and_no_more(run: Run) -> None:
    feed = Stuck("connect", times=100)
    _, listener, clock = run(feed, SOON)
    for count in (1, 2, 3):
        listener.wait_for(FeedLost, count)
        clock.advance(8 * SECOND_NS)
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 5)
    asked = 100 - feed.times
    feed.times = 0
    feed.released.set()

    assert asked == 3
    assert listener.wait_for(FeedConnected)


def test_heartbeats_count_as_life(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, clock = run(feed)
    listener.wait_for(FeedConnected)

    for count in range(1, 5):
        clock.advance(60 * SECOND_NS)
        feed.play(BEAT)
        listener.wait_for(FeedHeartbeat, count)

    assert listener.of(FeedLost) == []
    assert runner.health().last_life_ns == clock.now_ns()


def test_what_a_feed_passes_on_of_another_is_its_own(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed)
    listener.wait_for(FeedConnected)
    feed.play(FeedHeartbeat(feed="another"))

    assert [beat.feed for beat in listener.wait_for(FeedHeartbeat)] == [runner.name]


def test_noise_and_refusals_are_no_life(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    listener.wait_for(FeedConnected)

    clock.advance(60 * SECOND_NS)
    feed.play(MessagesRejected(feed="scripted", count=1, first=()))
    listener.wait_for(MessagesRejected)
    clock.advance(30 * SECOND_NS)

    assert listener.wait_for(FeedLost)[0].is_stale


def test_silence_means_nothing_while_no_data_is_expected_and_counts_from_when_it_is(run: Run) -> None:
    feed = ScriptedFeed()
    opens_ns = 10_000 * SECOND_NS
    _, listener, clock = run(feed, expects_data=lambda now_ns: now_ns >= opens_ns)
    listener.wait_for(FeedConnected)

    clock.advance(opens_ns - 1 - clock.now_ns())
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 3)
    clock.advance(89 * SECOND_NS)
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 3)
    assert listener.of(FeedLost) == []
    clock.advance(2 * SECOND_NS)

    assert listener.wait_for(FeedLost)[0].is_stale


def test_a_local_feed_may_be_silent_for_ever(run: Run) -> None:
    _, listener, clock = run(ScriptedFeed(is_remote=False))
    listener.wait_for(FeedConnected)

    clock.advance(86_400 * SECOND_NS)
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 3)

    assert listener.of(FeedLost) == []


def test_a_feed_that_has_no_more_ends(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, clock = run(feed)
    feed.play(some_bars(1), END)

    assert listener.wait_for(FeedEnded) == [FeedEnded(feed="scripted", arrived_ns=clock.now_ns())]
    runner._thread.join(5)
    assert listener.of(FeedReported)[-1].health.is_over
    assert feed.closed == 1


def test_everything_happens_in_the_feeds_own_thread(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed, symbols=["A"])
    listener.wait_for(FeedConnected)

    runner.tell(SubscribeSymbols(feed="scripted", symbols=("B", "C")))
    runner.tell(UnsubscribeSymbols(feed="scripted", symbols=("A", "C")))
    listener.wait_until(lambda: feed.wanted == {"B"})

    assert feed.threads == {"barkeeper-feed-scripted"}


def test_symbols_may_be_changed_while_there_is_no_connection(run: Run) -> None:
    feed = ScriptedFeed(ConnectionLost("nobody there"))
    runner, listener, clock = run(feed, symbols=["A"])
    listener.wait_for(FeedLost)

    runner.tell(SubscribeSymbols(feed="scripted", symbols=("B",)))
    clock.advance(SECOND_NS)
    listener.wait_for(FeedConnected)

    assert feed.wanted == {"A", "B"}


def test_a_subscription_that_breaks_the_connection_is_a_loss(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, clock = run(feed)
    listener.wait_for(FeedConnected)

    runner.tell(SubscribeSymbols(feed="scripted", symbols=("BREAK",)))

    assert listener.wait_for(FeedLost)[0].reason == "broke while subscribing"
    clock.advance(SECOND_NS)
    assert listener.wait_for(FeedConnected, 2)


def test_data_waits_for_credit_and_comes_as_soon_as_it_is_given(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed, FeedRules(credit=1, report_every_s=0.0))
    feed.play(some_bars(1), some_ticks(1), some_ticks(2), some_quotes(1), some_quotes(2))
    listener.wait_until(lambda: runner.health().waiting == 3 and runner.health().quotes == 2)
    assert len(listener.of(FeedTicks)) == 0

    runner.tell(FeedSettled(feed="scripted", ticket=1))
    runner.tell(FeedSettled(feed="scripted", ticket=2))

    assert [tick.price for tick in listener.wait_for(FeedTicks)[0].ticks] == [1.0, 2.0]
    assert [quote.bid for quote in listener.wait_for(FeedQuotes)[0].quotes] == [2.0]
    assert runner.health().conflated == 1


def test_a_feed_is_left_unread_while_too_much_waits_and_that_is_no_silence(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, clock = run(feed, FeedRules(credit=1, most_waiting=2, report_every_s=0.02))
    feed.play(*[some_bars(close) for close in range(1, 6)])
    listener.wait_until(lambda: runner.health().waiting == 2)

    clock.advance(1000 * SECOND_NS)
    listener.wait_for(FeedReported, len(listener.of(FeedReported)) + 3)
    assert feed.script.qsize() == 2
    for ticket in range(1, 6):
        listener.wait_for(FeedBars, ticket)
        runner.tell(FeedSettled(feed="scripted", ticket=ticket))

    assert [bar.close for bar in listener.bars()] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert listener.of(FeedLost) == []


def test_it_stops_while_too_much_waits(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed, FeedRules(credit=1, most_waiting=1, report_every_s=0.02))
    feed.play(some_bars(1), some_bars(2))
    listener.wait_until(lambda: runner.health().waiting == 1)

    runner.close()

    assert runner.health().is_over


@pytest.mark.parametrize("refusals", [[], [ConnectionLost("nobody there")]])
def test_it_stops_within_a_second_connected_or_not_and_twice(run: Run, refusals: list[Exception]) -> None:
    feed = ScriptedFeed(*refusals)
    runner, listener, _ = run(feed)
    listener.wait_for(FeedLost if refusals else FeedConnected)

    began = time.monotonic()
    runner.close()
    runner.close()

    assert time.monotonic() - began < SOON_S
    assert not runner.health().is_connected


def test_a_connection_that_breaks_because_it_was_closed_is_no_loss(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed)
    listener.wait_for(FeedConnected)

    runner._stopping.set()
    feed.play(ConnectionLost("interrupted"))
    runner.close()

    assert listener.of(FeedLost) == []


def test_it_starts_once(run: Run) -> None:
    runner, listener, _ = run(ScriptedFeed())

    runner.start()

    assert len(listener.wait_for(FeedConnected)) == 1


def test_it_may_be_closed_before_it_is_started() -> None:
    runner = FeedRunner(ScriptedFeed(), Listener(), ManualClock())

    runner.close()

    assert not runner.health().is_connected


def test_a_feed_that_cannot_take_its_first_symbols_is_named() -> None:
    class Choosy(ScriptedFeed):
        def subscribe(self, symbols: Sequence[str]) -> None:
            raise KeyError(symbols[0])

    with pytest.raises(FeedRefused, match=r"^scripted: its subscribe raised KeyError\('A'\)$"):
        FeedRunner(Choosy(), Listener(), ManualClock(), symbols=("A", "B"))


def test_its_health_counts_what_came(run: Run) -> None:
    feed = ScriptedFeed(ConnectionLost("nobody there"))
    runner, listener, clock = run(feed)
    listener.wait_for(FeedLost)
    clock.advance(SECOND_NS)
    correction = FeedBars(feed="scripted", batch=some_bars(3).batch, is_correction=True)
    rejected = MessagesRejected(feed="scripted", count=4, first=())
    feed.play((some_bars(1, 2), correction, some_quotes(1), some_ticks(1, 2), rejected, BEAT))
    listener.wait_for(MessagesRejected)

    health = runner.health()

    assert (health.bars, health.corrections, health.quotes, health.ticks, health.rejected) == (3, 1, 1, 2, 4)
    assert (health.connections, health.losses, health.is_connected, health.is_over) == (1, 1, True, False)
    assert health.last_error == "nobody there"
    assert listener.of(FeedConnected)[0].has_bars


def test_what_could_not_be_taken_counts_as_rejected_too(run: Run) -> None:
    feed = ScriptedFeed()
    runner, listener, _ = run(feed)
    feed.play((some_bars(1, 2), MessagesRejected(feed="scripted", count=4, first=())))
    listener.wait_for(MessagesRejected)
    settled = FeedSettled(feed="scripted", ticket=1, taken=Taken(received=2, rejected=2))
    runner.tell(settled)
    runner.tell(settled)
    health = runner.health()

    assert (health.received, health.accepted, health.rejected, health.duplicates) == (6, 0, 6, 0)
    assert health.adds_up
    assert not msgspec.structs.replace(health, accepted=1).adds_up
    assert not msgspec.structs.replace(health, bars=1).adds_up


def test_what_is_told_carries_the_time_at_which_it_arrived(run: Run) -> None:
    feed = ScriptedFeed()
    _, listener, clock = run(feed)
    feed.play((some_bars(1), BEAT))
    (beat,) = listener.wait_for(FeedHeartbeat)

    assert beat.arrived_ns == listener.of(FeedBars)[0].arrived_ns == clock.now_ns()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"credit": 0}, "credit is more than 0, not 0"),
        ({"backoff_s": float("inf")}, "backoff_s is more than 0, not inf"),
        ({"jitter": -0.1}, "jitter is 0 or more, not -0.1"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        FeedRules(**rule)
