"""Processes that work for another: what they answer, how they end, and what becomes of a dead one's work."""

import os
import signal
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from actors.kernel.dealing import dealt_out
from actors.kernel.processes import Heard, Process
from messages.errors import SystemFailed

SUM = "tests.kernel.test_processes:add_up"
PATIENCE_S = 60.0


def add_up(receive: Any, send: Any) -> None:
    """Add the equipment to every number; die of some words."""
    base = receive()
    while True:
        item = receive()
        if isinstance(item, Path) and not item.exists():
            item.write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "die":
            os._exit(3)
        print("on the way", flush=True)
        send(base + (0 if isinstance(item, Path) else item))


def test_every_item_is_answered_with_its_place() -> None:
    assert sorted(dealt_out(SUM, 100, [1, 2, 3, 4, 5], workers=2)) == [(n, 101 + n) for n in range(5)]


def test_nothing_to_do_starts_nobody() -> None:
    assert not list(dealt_out("no.such:work", None, [], workers=2))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_a_killed_process_had_is_given_to_another(tmp_path: Path) -> None:
    assert sorted(dealt_out(SUM, 1, [1, tmp_path / "mark", 2], workers=2)) == [(0, 2), (1, 1), (2, 3)]


@pytest.mark.slow
def test_what_kills_three_processes_is_named() -> None:
    with pytest.raises(SystemFailed, match="die: a process ended with exit code 3, 3 times one after the other"):
        list(dealt_out(SUM, 1, ["die"], workers=1))


@pytest.mark.slow
def test_who_stops_to_listen_ends_the_processes() -> None:
    answers = dealt_out(SUM, 1, [1, 2, 3], workers=1)
    next(answers)

    answers.close()


def test_a_process_ends_when_nobody_sends_any_more() -> None:
    heard: SimpleQueue[Heard] = SimpleQueue()
    process = Process(SUM, heard)
    process.give(1)
    process.give(2)

    assert heard.get(timeout=PATIENCE_S) == Heard(process.number, 3, has_ended=False)
    process.end()

    assert heard.get(timeout=PATIENCE_S).has_ended
    process.give("in vain")
    assert process.death() == "ended with exit code 0"
