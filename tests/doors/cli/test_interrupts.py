"""Ctrl-C, once and twice."""

import io
import signal
import subprocess
import sys
import threading

import pytest

from actors.doors.cli.interrupts import Interrupts, until_interrupted
from tests.patience import PATIENCE_S


def test_the_first_asks_and_the_second_leaves_with_the_last_words() -> None:
    left: list[str] = []
    seconds = iter((100.0, 100.5))

    with Interrupts(lambda: "that was it", left.append, lambda: next(seconds)) as interrupts:
        signal.raise_signal(signal.SIGINT)
        after_one = (interrupts.is_asked, list(left))
        signal.raise_signal(signal.SIGINT)

    assert after_one == (True, [])
    assert left == ["that was it"]


def test_two_that_come_together_are_one() -> None:
    left: list[str] = []

    with Interrupts(lambda: "that was it", left.append, lambda: 100.0) as interrupts:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    assert (interrupts.is_asked, left) == (True, [])


def test_being_told_to_terminate_asks_too() -> None:
    with Interrupts(str) as interrupts:
        signal.raise_signal(signal.SIGTERM)

    assert interrupts.is_asked


def test_whoever_listened_before_listens_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)

    with Interrupts(str):
        assert signal.getsignal(signal.SIGINT) is not before

    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_listened_to() -> None:
    seen = []

    def enter() -> None:
        before = signal.getsignal(signal.SIGINT)
        with Interrupts(str):
            seen.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [True]


def test_leaving_waits_for_no_thread() -> None:
    program = (
        "import threading; from actors.doors.cli.interrupts import leave_at_once; "
        "threading.Thread(target=threading.Event().wait).start(); leave_at_once('lost')"
    )

    left = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert (left.returncode, left.stderr) == (130, "lost\n")


class _Answering(io.StringIO):
    """A terminal whose reader presses Ctrl-C as soon as a word is there."""

    def write(self, text: str, /) -> int:
        signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_who_is_told_that_it_waits_may_answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Answering()
    monkeypatch.setattr(sys, "stderr", terminal)

    until_interrupted("It stays until Ctrl-C.")

    assert terminal.getvalue() == "It stays until Ctrl-C.\n"
