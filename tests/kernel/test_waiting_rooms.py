"""Where people and workers wait: receipts, milestones, the worker's queue, the timer and the stopwatch."""

import queue
import threading

import pytest

from actors.kernel.ask.milestones import Milestones
from actors.kernel.ask.receipts import Receipts
from actors.kernel.clock import ManualClock
from actors.kernel.future import Future
from actors.kernel.timing import Stopwatch, Timer
from actors.kernel.worker import Worker
from messages import (
    NotReady,
    ReadStopwatch,
    ReceiptSettled,
    RunFailed,
    RunFinished,
    SetTimer,
    StartStopwatch,
    StateChanged,
    StepSettled,
    SystemFailed,
    SystemState,
    TimerFired,
)
from tests.doubles import Outbox


def settled(receipt: int) -> ReceiptSettled:
    return ReceiptSettled(receipt=receipt, accepted=1, rejected=0, duplicates=0)


def test_a_receipt_reaches_who_published_and_nobody_else() -> None:
    receipts = Receipts()
    (first, one), (second, two) = receipts.issue(), receipts.issue()
    receipts.tell(settled(second))

    assert first != second
    assert two.get(timeout=0) == settled(second)
    assert not one.is_done()


def test_a_receipt_that_nobody_waits_for_is_let_go() -> None:
    receipts = Receipts()
    number, future = receipts.issue()
    receipts.tell(settled(number + 1))
    receipts.tell(settled(number))
    receipts.tell(settled(number))

    assert future.get(timeout=0) == settled(number)


def test_closing_fails_whoever_waits_and_whoever_comes_later() -> None:
    receipts = Receipts()
    _, waiting = receipts.issue()
    receipts.close()
    receipts.close()
    _, late = receipts.issue()

    with pytest.raises(NotReady, match="closed before this was applied"):
        waiting.get(timeout=0)
    with pytest.raises(NotReady, match="the system is closed"):
        late.get(timeout=0)


# --- milestones


def reached(milestones: Milestones) -> tuple[bool, bool, bool]:
    return milestones.running.is_done(), milestones.stopped.is_done(), milestones.finished.is_done()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (StateChanged(state=SystemState.RUNNING), (True, False, False)),
        (StateChanged(state=SystemState.PAUSED), (False, False, False)),
        (StateChanged(state=SystemState.STOPPED, is_down=True), (False, True, True)),  # there will be no end
        (RunFinished(sessions=1), (False, False, True)),
    ],
)
def test_each_milestone_is_reached_by_its_own_message(
    message: StateChanged | RunFinished, expected: tuple[bool, bool, bool]
) -> None:
    milestones = Milestones()
    milestones.tell(message)

    assert reached(milestones) == expected


@pytest.mark.parametrize(
    "message",
    [RunFailed(reason="the disk is full"), StateChanged(state=SystemState.ERROR, failure="the disk is full")],
)
def test_a_failure_is_told_to_whoever_waits_for_the_run(message: RunFailed | StateChanged) -> None:
    milestones = Milestones()
    milestones.tell(message)

    for future in (milestones.running, milestones.finished):
        with pytest.raises(SystemFailed, match="the disk is full"):
            future.get(timeout=0)
    assert not milestones.stopped.is_done()


def test_steps_are_taken_in_their_order_and_all_when_nothing_more_can_be() -> None:
    milestones = Milestones()
    (_, first), (second, two), (_, third) = (milestones.next_step() for _ in range(3))
    milestones.tell(StepSettled(step=second))
    taken = first.is_done(), two.is_done(), third.is_done()
    milestones.tell(RunFinished(sessions=1))

    assert (taken, third.is_done()) == ((True, True, False), True)


@pytest.mark.parametrize(
    ("message", "error", "why"),
    [
        (RunFailed(reason="the disk is full"), SystemFailed, "the disk is full"),
        (StateChanged(state=SystemState.STOPPED, is_down=True), NotReady, "stopped"),
    ],
)
def test_who_waits_for_a_step_is_told_that_it_will_not_be_taken(
    message: RunFailed | StateChanged, error: type[Exception], why: str
) -> None:
    milestones = Milestones()
    _, step = milestones.next_step()
    milestones.tell(message)

    with pytest.raises(error, match=why):
        step.get(timeout=0)


# --- the worker


class Jobs:
    """A worker that writes down what it did, in which thread, and what was a bug."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.thread: Future[threading.Thread] = Future()
        self.bug: Future[tuple[object, str]] = Future()
        self.gate = threading.Event()
        self.worker = Worker("test", self.do, lambda job, error: self.bug.set((job, repr(error))))

    def do(self, job: object) -> None:
        self.thread.set(threading.current_thread())
        self.gate.wait(10)
        if job == "bug":
            raise RuntimeError("oops")
        self.done.append(job)


def test_a_worker_does_one_job_after_the_other_in_its_own_thread() -> None:
    jobs, finished = Jobs(), Future[None]()
    jobs.gate.set()
    worker = Worker("test", lambda job: finished.set() if job == "last" else jobs.do(job), lambda *_: None)
    for job in (1, 2, 3, "last"):
        worker.tell(job)
    finished.get(timeout=10)
    worker.close()

    assert jobs.done == [1, 2, 3]
    assert jobs.thread.get().name == "barkeeper-test"
    assert jobs.thread.get().daemon


def test_of_jobs_that_replace_each_other_only_the_newest_is_done_where_nothing_came_between() -> None:
    gate, begun, done = threading.Event(), threading.Event(), queue.SimpleQueue[str]()

    def do(job: str) -> None:
        begun.set()
        gate.wait(10)
        done.put(job)

    worker = Worker("test", do, lambda *_: None, same=lambda job: job[0] if job[0] != "C" else None)
    worker.tell("A1")
    begun.wait(10)
    for job in ("A2", "A3", "B1", "B2", "C1", "C2", "B3", "B4"):
        worker.tell(job)
    gate.set()
    worker.finish(timeout=10)

    assert [done.get(timeout=10) for _ in range(done.qsize())] == ["A1", "A3", "B2", "C1", "C2", "B4"]


def test_what_a_job_raises_is_told_and_the_worker_lives() -> None:
    jobs = Jobs()
    jobs.gate.set()
    jobs.worker.tell("bug")
    assert jobs.bug.get(timeout=10) == ("bug", "RuntimeError('oops')")

    jobs.worker.tell("bug")
    thread = jobs.thread.get(timeout=10)
    assert thread.is_alive()
    jobs.worker.close()

    assert not thread.is_alive()


def test_a_closing_worker_finishes_the_job_at_hand_and_drops_the_rest() -> None:
    jobs = Jobs()
    jobs.worker.tell(1)
    jobs.worker.tell(2)
    thread = jobs.thread.get(timeout=10)
    jobs.worker.close(timeout=0)
    jobs.gate.set()
    thread.join(10)

    assert jobs.done == [1]


def test_a_job_told_while_a_worker_finishes_takes_no_other_threads_leave() -> None:
    gate, threads, done = threading.Event(), queue.SimpleQueue[threading.Thread](), queue.SimpleQueue[int]()

    def do(job: int) -> None:
        threads.put(threading.current_thread())
        if job == 1:
            gate.wait(10)
        done.put(job)

    worker = Worker("test", do, lambda *_: None)
    worker.tell(1)
    busy = threads.get(timeout=10)
    worker.tell(2)
    worker.finish(timeout=0)
    worker.tell(3)  # starts a thread anew, beside the one that is busy
    late = threads.get(timeout=10)
    gate.set()
    busy.join(10)
    worker.close()

    assert late is not busy
    assert not busy.is_alive()
    assert sorted(done.get(timeout=10) for _ in range(3)) == [1, 2, 3]


def test_a_worker_of_many_threads_starts_as_many_as_have_work() -> None:
    seen: set[int] = set()
    answered, meeting = queue.SimpleQueue[int](), threading.Barrier(2)

    def do(job: int) -> None:
        seen.add(threading.get_ident())
        if job < 0:
            meeting.wait(10)
        answered.put(job)

    worker = Worker("test", do, lambda *_: None, threads=4)
    for job in range(20):  # each when the one before is done
        worker.tell(job)
        answered.get(timeout=10)
        assert worker._idle.acquire(timeout=10)
        worker._idle.release()
    alone = len(seen)
    for job in (-1, -2):  # each needs the other
        worker.tell(job)
    for _ in range(2):
        answered.get(timeout=10)
    worker.close()

    assert (alone, len(seen)) == (1, 2)


def test_closing_a_worker_that_never_worked_is_nothing() -> None:
    jobs = Jobs()
    jobs.worker.close()
    jobs.worker.close()

    assert not jobs.thread.is_done()


# --- timer and stopwatch


def test_a_timer_fires_once_when_the_clock_shows_its_time() -> None:
    clock, outbox = ManualClock(), Outbox()
    Timer(clock, outbox).tell(SetTimer(due_ns=10))
    clock.advance(9)
    assert outbox.messages == []

    clock.advance(9)

    assert outbox.messages == [TimerFired(clock_ns=10)]


def test_a_stopwatch_measures_from_start_to_reading() -> None:
    outbox = Outbox()
    stopwatch = Stopwatch(outbox)
    for message in (StartStopwatch(), ReadStopwatch(), ReadStopwatch(), StartStopwatch(), ReadStopwatch()):
        stopwatch.tell(message)
    first, second, again = [read.elapsed_ns for read in outbox.messages]

    assert 0 < first < second
    assert again > 0


def test_a_worker_that_is_closed_when_its_watch_is_about_to_wait_ends_it_too() -> None:
    worker = Worker("test", lambda _: None, lambda *_: None, deadline_s=30.0)

    class Late(threading.Condition):
        """The worker is closed between the watch's last look and its wait."""

        def __enter__(self) -> bool:
            if threading.current_thread().name == "barkeeper-watch-test" and worker._is_open:
                worker._is_open = False
                with self:
                    self.notify()
            return super().__enter__()

    worker._changed = Late()
    worker.tell("job")
    while (watch := worker._watch) is None or watch.ident is None:  # it is known a moment before it is started
        threading.Event().wait(0.005)
    watch.join(5)
    is_over = not watch.is_alive()
    worker.close()

    assert is_over
