"""Who looks at a live day from outside: it tells what it sees, reminds who forgot, and never stops."""

from types import SimpleNamespace
from typing import Any

import pytest

from actors.kernel.address import RoomAddress
from actors.kernel.clock import ManualClock
from actors.kernel.timing import Timer
from actors.kernel.watch.supervisor import Supervisor
from messages import Supervised, TimerFired
from messages.commands import SetTimer
from messages.supervision import JournalHealth
from tests.doubles import Mailbox, Outbox


class Scripted:
    """A check that finds what a test wants, or breaks."""

    def __init__(self) -> None:
        self.found: list[str] | None = []

    def look(self, at_s: float) -> list[str]:
        assert at_s > 0
        if self.found is None:
            raise ValueError("a bug in a check")
        return self.found


class Bench:
    """A supervisor whose thread was never started."""

    def __init__(self, besides: Any = lambda: None, journal: Any = None) -> None:
        self.heard = Outbox()
        boss = RoomAddress()
        boss.attach(Mailbox(lambda message, _future: self.heard.tell(message)))  # type: ignore[arg-type]  # as good as a reference
        self.clock, self.stream, self.check = ManualClock(), Outbox(), Scripted()
        self.timer = Timer(self.clock, self.stream, is_only=True)
        self.supervisor = Supervisor(boss, self.timer, [self.check], besides, journal=journal)

    def look(self) -> Supervised:
        self.supervisor.look()
        (said,) = self.heard.take()
        assert isinstance(said, Supervised)
        return said


def test_how_the_journal_is_is_told() -> None:
    bench = Bench(journal=SimpleNamespace(taken=40, waiting=2, held_up_s=0.1234, saved=("a day",)))

    assert bench.look().journal == JournalHealth(messages=40, waiting=2, held_up_s=0.123, saved=("a day",))
    assert Bench().look().journal is None


def test_what_is_found_is_told_and_that_it_is_over() -> None:
    bench = Bench()
    bench.check.found = ["the disk is full"]
    during = bench.look()
    bench.check.found = []

    assert (during.troubles, bench.look().troubles) == (("the disk is full",), ())


@pytest.mark.parametrize("breaks", ["check", "besides"])
def test_a_bug_while_looking_ends_no_looking(breaks: str) -> None:
    def besides() -> None:
        if breaks == "besides":
            raise ValueError("a bug besides")

    bench = Bench(besides)
    bench.check.found = None if breaks == "check" else []

    assert [bench.look().troubles for _ in range(3)] == [()] * 3


def test_a_timer_that_was_not_set_again_is_named_and_fires_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, now_s = Bench(), [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    bench.timer.tell(SetTimer(due_ns=5))
    before = bench.look().stall
    bench.clock.advance(5)
    now_s[0] += 2.5
    during = bench.look().stall
    bench.timer.tell(SetTimer(due_ns=9))

    assert (before, during, bench.look().stall) == ("", "nobody has asked for the time of the day for 2 s", "")
    assert bench.stream.messages == [TimerFired(clock_ns=5)] * 2


def test_the_one_timer_of_a_live_day_is_the_one_that_was_set_last() -> None:
    bench = Bench()
    for due_ns in (5, 7, 6):
        bench.timer.tell(SetTimer(due_ns=due_ns))
    bench.clock.advance(10)

    assert bench.stream.messages == [TimerFired(clock_ns=6)]


def test_it_looks_again_and_again_until_it_is_closed() -> None:
    bench = Bench()
    supervisor = Supervisor(bench.supervisor._boss, bench.timer, [], every_s=0.001)
    supervisor.start()
    supervisor.start()
    while len(bench.heard.messages) < 3:
        supervisor._thread.join(0.001)
    supervisor.close()
    supervisor.close()

    assert not supervisor._thread.is_alive()
