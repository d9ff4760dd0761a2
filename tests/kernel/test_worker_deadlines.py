"""Jobs that never come back: they have failed, and others go on."""

import queue
import threading

import pytest

from actors.kernel.worker import MOST_GIVEN_UP, InTime, Worker, in_time, within
from messages import NotReady
from tests.doubles import Outbox
from tests.strangers import ENDS


class Stuck:
    """A worker whose jobs below zero wait until they are let go."""

    def __init__(self, threads: int = 1) -> None:
        self.released = threading.Event()
        self.done: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.late: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self.told = Outbox()
        self.threads: list[threading.Thread] = []
        self._in_time = InTime(self.told)
        self.worker = Worker(
            "stuck",
            self.do,
            lambda *_: None,
            threads,
            deadline_s=0.05,
            on_late=lambda job, reason: self.late.put((job, reason)),
        )

    def do(self, job: int) -> None:
        self.threads.append(threading.current_thread())
        if job < 0:
            self.released.wait()
        self._in_time.tell(job)
        self.done.put(job)

    def close(self) -> None:
        self.released.set()
        self.worker.close()
        for thread in self.threads:
            thread.join(10)


@pytest.fixture
def stuck() -> "Stuck":
    return Stuck()


def test_a_job_that_never_comes_back_has_failed_and_the_next_is_done_by_another_thread(stuck: Stuck) -> None:
    for job in (-1, 1, 2):
        stuck.worker.tell(job)

    assert stuck.late.get(timeout=10) == (-1, "gave no answer for 0.05 s")
    assert [stuck.done.get(timeout=10) for _ in range(2)] == [1, 2]
    assert stuck.threads[0] is not stuck.threads[1]
    stuck.close()


def test_what_comes_of_it_after_all_is_told_to_nobody(stuck: Stuck) -> None:
    stuck.worker.tell(-1)
    stuck.late.get(timeout=10)
    stuck.released.set()
    done = stuck.done.get(timeout=10)
    stuck.worker.tell(1)
    stuck.done.get(timeout=10)
    stuck.close()

    assert done == -1
    assert stuck.told.messages == [1]


def test_many_that_never_come_back_cost_a_few_threads_and_then_every_job_fails_at_once(stuck: Stuck) -> None:
    jobs = range(-MOST_GIVEN_UP - 3, 0)
    for job in jobs:
        stuck.worker.tell(job)
    late = [stuck.late.get(timeout=10) for _ in jobs]
    stuck.worker.tell(1)
    last = stuck.late.get(timeout=10)

    assert [job for job, _ in late] == list(jobs)
    assert {reason for _, reason in late[MOST_GIVEN_UP:]} == {last[1]} == {"8 calls are still without an answer"}
    assert len(stuck.threads) == MOST_GIVEN_UP
    stuck.close()


def test_when_they_come_back_work_goes_on(stuck: Stuck) -> None:
    for job in range(-MOST_GIVEN_UP, 0):
        stuck.worker.tell(job)
        stuck.late.get(timeout=10)
    stuck.released.set()
    for thread in stuck.threads:
        thread.join(10)
    while not stuck.done.empty():
        stuck.done.get()
    stuck.worker.tell(1)

    assert stuck.done.get(timeout=10) == 1
    stuck.close()


def test_what_does_not_come_back_is_waited_for_that_long_and_no_longer() -> None:
    never = threading.Event()

    def stick() -> None:
        never.wait()

    def fail() -> None:
        raise OSError("gone")

    assert not within(0.05, stick)
    assert within(10, fail)
    never.set()


def test_one_that_is_stuck_does_not_hold_up_the_others() -> None:
    stuck = Stuck(threads=2)
    for job in (-1, 1, 2, 3):
        stuck.worker.tell(job)

    assert [stuck.done.get(timeout=10) for _ in range(3)] == [1, 2, 3]
    stuck.close()


@pytest.mark.parametrize("kind", [ZeroDivisionError, *ENDS])
def test_a_job_that_ends_with_anything_at_all_is_told_and_the_next_is_done(kind: type[BaseException]) -> None:
    done: queue.SimpleQueue[int] = queue.SimpleQueue()
    bugs: queue.SimpleQueue[tuple[int, type[BaseException]]] = queue.SimpleQueue()

    def do(job: int) -> None:
        if job < 0:
            raise kind
        done.put(job)

    worker = Worker("struck", do, lambda job, error: bugs.put((job, type(error))))
    for job in (-1, 1):
        worker.tell(job)

    assert bugs.get(timeout=10) == (-1, kind)
    assert done.get(timeout=10) == 1
    worker.close()


@pytest.mark.parametrize("kind", ENDS)
def test_what_ends_with_anything_at_all_is_not_waited_for(kind: type[BaseException]) -> None:
    def close() -> None:
        raise kind

    assert within(60, close)


def test_an_answer_is_given_and_an_error_raised_where_somebody_asks_in_time() -> None:
    assert in_time(30.0, "it", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        in_time(30.0, "it", lambda: 1 // 0)


def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    released = threading.Event()
    with pytest.raises(NotReady, match=r"it gave no answer for 0\.05 s"):
        in_time(0.05, "it", released.wait)
    released.set()
