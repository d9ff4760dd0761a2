"""The thin shell: messages in, routed messages out, and what becomes of a bug."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from actors.kernel.address import RoomAddress
from actors.kernel.future import Future
from actors.kernel.inbox import Inbox
from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.stretch import Stretch
from actors.kernel.outcome import Outcome, Refusal
from messages import (
    BugFound,
    GetBarCount,
    GetMetrics,
    HealthReported,
    MinuteSettled,
    PauseSystem,
    Policy,
    QueryFailed,
    ReportHealth,
    Room,
    RoomHealth,
    RoomStarted,
    RoomStopped,
    RunFinished,
    SystemFailed,
    TimeAdvanced,
    UnknownSymbol,
)
from messages.queries import GetLatestBar
from tests.doubles import Outbox
from tests.kernel.parts import GAP, SmallCore, SmallRoom, kinds

MINUTE = TimeAdvanced(now_ns=60, ticket=1)
READER = Seat(1, "reader", Filter(), Policy.BLOCK, 2)


class Bench:
    """A shell that was never started: its messages are handled in the test's own thread."""

    def __init__(self, *, is_sound: bool = True) -> None:
        self.boss, self.near, self.far = Outbox(), Outbox(), Outbox()
        self.core = SmallCore(is_sound=is_sound)
        self.shell = SmallRoom(self.core, {MinuteSettled: (self.near, self.far)}, self.boss)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_a_core_says_goes_to_everyone_on_its_route(bench: Bench) -> None:
    bench.shell.on_receive(MINUTE)

    assert bench.near.messages == bench.far.messages == [MinuteSettled(ticket=1)]


def test_an_answer_is_returned_and_an_error_is_a_refusal(bench: Bench) -> None:
    unknown = bench.shell.on_receive(GetLatestBar(symbol="APL"))

    assert bench.shell.on_receive(GetBarCount(symbol="AAPL")) == 0
    assert isinstance(unknown, Refusal)
    assert isinstance(unknown.error, UnknownSymbol)


def test_a_bug_is_kept_away_and_the_boss_is_told(bench: Bench) -> None:
    refusal = bench.shell.on_receive(GAP)
    sentence = "RuntimeError: cannot divide by {zero}"

    (bug,) = bench.boss.of(BugFound)
    assert replace(bug, at_s=0.0) == BugFound(
        room=Room.SESSION_DATA, message="GapDetected", error=sentence, is_sound=True
    )
    assert bug.at_s > 0
    assert isinstance(refusal, Refusal)
    assert str(refusal.error) == f"a bug in session_data on GapDetected: {sentence}"


def test_a_bug_on_a_question_is_told_as_one_and_a_command_that_is_answered_is_no_question() -> None:
    def raises(_message: object) -> Outcome:
        raise ValueError("no")

    bench = Bench()
    bench.core.handle = raises  # type: ignore[method-assign]  # a core that has a bug on everything
    failed = [bench.shell.on_receive(message) for message in (GetMetrics(symbol="A"), PauseSystem())]

    assert [(bug.message, bug.is_query) for bug in bench.boss.of(BugFound)] == [
        ("GetMetrics", True),
        ("PauseSystem", False),
    ]
    assert [type(refusal.error) for refusal in failed] == [QueryFailed, SystemFailed]


def test_a_core_that_fails_its_check_is_reported_as_not_sound() -> None:
    bench = Bench(is_sound=False)
    bench.shell.on_receive(GAP)

    assert [bug.is_sound for bug in bench.boss.of(BugFound)] == [False]


def test_a_room_promises_nothing_unless_it_says_how(bench: Bench) -> None:
    assert bench.shell.on_promise([MINUTE], READER) is None
    assert (bench.core.minutes, bench.shell.health().messages) == (0, 0)


def test_what_is_promised_counts_as_it_is_taken_and_a_bug_on_it_as_any_other(bench: Bench) -> None:
    class Promising(SmallRoom):
        def promise(self, minutes: Any, _: Any) -> Stretch | None:
            return Stretch([MinuteSettled(ticket=minute.ticket) for minute in minutes], range(len(minutes)))

    room = Promising(bench.core, {}, bench.boss)
    first = room.on_promise([MINUTE, MINUTE, MINUTE], READER)
    assert isinstance(first, Stretch)
    first.left.popleft()
    counted = room.health().messages
    first.recall()
    room.on_promise([MINUTE], READER)
    failed = room.on_promise([None], READER)

    assert isinstance(failed, Refusal)
    assert (counted, room.health().messages, room.health().quarantined) == (2, 3, 1)
    assert [bug.message for bug in bench.boss.of(BugFound)] == ["NoneType"]


def test_a_message_without_a_route_is_a_bug(bench: Bench) -> None:
    bench.shell.on_receive(RunFinished(sessions=1))

    assert [(bug.message, bug.error) for bug in bench.boss.of(BugFound)] == [
        ("RunFinished", "KeyError: <class 'messages.events.GapDetected'>")
    ]


def test_a_message_that_no_core_understands_is_a_bug(bench: Bench) -> None:
    bench.shell.on_receive("junk")

    assert [bug.message for bug in bench.boss.of(BugFound)] == ["str"]


def test_health_counts_messages_and_quarantine_and_times_the_handling(bench: Bench) -> None:
    for message in (MINUTE, MINUTE, GAP, GetBarCount(symbol="AAPL")):
        bench.shell.on_receive(message)
    health = bench.shell.health()

    assert (health.messages, health.quarantined, health.mailbox_depth) == (3, 1, 0)
    assert 0 < health.handling_p50_us <= health.handling_p99_us


def test_the_mailbox_high_water_mark_stays_when_the_mailbox_is_empty_again(bench: Bench) -> None:
    for _ in range(3):
        bench.shell._mailbox.put(MINUTE)
    bench.shell.on_receive(bench.shell._mailbox.get())
    while not bench.shell._mailbox.empty():
        bench.shell._mailbox.get()

    assert (bench.shell.health().mailbox_high_water, bench.shell.health().mailbox_depth) == (2, 0)


def test_health_is_told_with_the_first_message_then_once_a_second_and_on_request(bench: Bench) -> None:
    bench.shell.on_receive(MINUTE)
    bench.shell.on_receive(MINUTE)
    assert [report.health.messages for report in bench.boss.of(HealthReported)] == [1]

    bench.shell.on_receive(ReportHealth())

    assert [report.health.messages for report in bench.boss.of(HealthReported)] == [1, 2]


def test_a_request_for_health_is_no_message_to_the_core(bench: Bench) -> None:
    bench.shell.on_receive(ReportHealth())

    assert bench.boss.messages == [HealthReported(health=RoomHealth(room=Room.SESSION_DATA))]


def test_the_boss_hears_of_the_start_and_of_the_stop_with_the_last_counters(bench: Bench) -> None:
    bench.shell.on_start()
    bench.shell.on_stop()

    assert kinds(bench.boss.messages) == ["RoomStarted", "HealthReported", "RoomStopped"]
    assert (bench.boss.of(RoomStarted)[0].room, bench.boss.of(RoomStopped)[0].room) == (Room.SESSION_DATA,) * 2


def test_mailbox_and_futures_are_the_fast_ones_and_the_thread_ends_with_the_program(bench: Bench) -> None:
    assert isinstance(bench.shell.actor_inbox, Inbox)
    assert isinstance(bench.shell._create_future(), Future)
    assert SmallRoom.use_daemon_thread


# --- started: a thread of its own


@pytest.fixture
def started(bench: Bench) -> Iterator[RoomAddress]:
    address = RoomAddress()
    ref = SmallRoom.start(bench.core, {MinuteSettled: (bench.near,)}, bench.boss)
    address.attach(ref)
    yield address
    ref.stop()


def test_a_bug_on_a_tell_does_not_kill_the_room(bench: Bench, started: RoomAddress) -> None:
    started.tell(GAP)
    started.tell(MINUTE)

    assert started.ask(GetBarCount(symbol="AAPL")).get(timeout=10) == 1
    assert kinds(bench.boss.of(BugFound)) == ["BugFound"]


def test_a_bug_on_an_ask_fails_the_future_and_does_not_kill_the_room(started: RoomAddress) -> None:
    failed = started.ask(GAP)  # type: ignore[arg-type, var-annotated]  # the bug is on an event: ask it all the same

    with pytest.raises(SystemFailed, match="a bug in session_data on GapDetected"):
        failed.get(timeout=10)
    assert started.ask(GetBarCount(symbol="AAPL")).get(timeout=10) == 0
