"""What is seen of a live day from outside: each thing that is wrong is named, and only while it is."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.kernel.watch.checks import BUSY_S, LEAST_BYTES, MANY, ClockSteps, Disk, JournalCheck, Rooms
from messages import Room


def room(*, waiting: int = 0, first: int = 0, has_thread: bool = True, is_alive: bool = True) -> Any:
    return SimpleNamespace(waiting=waiting, first=first, has_thread=has_thread, is_alive=is_alive)


def test_a_room_that_handles_what_it_is_told_is_well() -> None:
    address = room()
    rooms = Rooms([(Room.SESSION_DATA, address)])
    found = []
    for second in range(20):
        address.first, address.waiting = second % 3, 5
        found += rooms.look(float(second))

    assert found == []


def test_a_room_that_does_not_come_back_from_a_message_is_named_with_how_long() -> None:
    rooms = Rooms([(Room.DATA_UPKEEP, room(waiting=3, first=77))])
    found = [rooms.look(at_s) for at_s in (0.0, BUSY_S - 1, BUSY_S, BUSY_S + 1)]

    assert found == [
        [],
        [],
        ["data_upkeep has been at one message for 5 s"],
        ["data_upkeep has been at one message for 6 s"],
    ]


def test_a_mailbox_that_grows_is_named_until_it_grows_no_more() -> None:
    address = room()
    rooms = Rooms([(Room.SESSION_DATA, address)])
    found = []
    for second, depth in enumerate((10, MANY + 1, MANY + 2, MANY + 2, 10)):
        address.waiting, address.first = depth, second + 1
        found.append(rooms.look(float(second)))

    assert found == [
        [],
        [f"{MANY + 1} messages wait for session_data, and they become more"],
        [f"{MANY + 2} messages wait for session_data, and they become more"],
        [],
        [],
    ]


def test_a_thread_that_is_gone_is_named_and_told_of_once() -> None:
    gone: list[Room] = []
    rooms = Rooms([(Room.SESSION_DATA, room(has_thread=False)), (Room.DATA_UPKEEP, room(is_alive=False))], gone.append)
    found = [rooms.look(1.0), rooms.look(2.0)]

    assert gone == [Room.SESSION_DATA]
    assert [len(said) for said in found] == [1, 1]
    assert "the thread of session_data is gone" in found[0][0]


@pytest.mark.parametrize(("left", "is_named"), [(LEAST_BYTES, False), (LEAST_BYTES - 1, True)])
def test_a_disk_that_is_nearly_full_is_named(tmp_path: Path, left: int, is_named: bool) -> None:
    disk = Disk(tmp_path / "not" / "there yet", lambda folder: left if folder == tmp_path else 0)
    disk.look(0.0)
    assert disk._thread is not None
    disk._thread.join(30)

    found = disk.look(1.0)
    assert bool(found) == is_named
    assert not is_named or found[0].startswith("only 268 MB are left on the disk of")


def test_a_disk_that_does_not_answer_is_named_and_holds_up_nobody(tmp_path: Path) -> None:
    gate = threading.Event()
    disk = Disk(tmp_path, lambda _folder: LEAST_BYTES if gate.wait(60) else 0)
    found = [disk.look(at_s) for at_s in (0.0, 4.0, 6.0)]
    gate.set()
    assert disk._thread is not None
    disk._thread.join(30)

    assert found == [[], [], [f"the disk of {tmp_path} has not answered for 6 s"]]
    assert disk.look(6.5) == []


def test_a_computers_clock_that_is_set_or_slept_is_named_for_a_while() -> None:
    times = SimpleNamespace(wall=1_700_000_000.0, counted=0.0)
    steps = ClockSteps(lambda: times.wall, lambda: times.counted)
    found = []
    for wall_s, counted_s in ((1, 1), (1.5, 1), (3600, 1), (1, 1), (1, 298), (1, 2), (-10, 1)):
        times.wall, times.counted = times.wall + wall_s, times.counted + counted_s
        found.append(steps.look(times.counted))

    slept = "the computer's clock went forward by 3599 s at 23:13:22 UTC: it was set, or the computer slept"
    assert found[:4] == [[], [], [slept], [slept]]
    assert found[4][0].startswith("the computer's clock went back by 297 s")
    assert found[6][0].startswith("the computer's clock went back by 11 s")


def test_a_step_of_the_clock_is_forgotten_after_five_minutes() -> None:
    times = SimpleNamespace(wall=0.0)
    steps = ClockSteps(lambda: times.wall, lambda: 0.0)
    times.wall = 50.0

    assert [len(steps.look(at_s)) for at_s in (0.0, 299.0, 300.0)] == [1, 1, 0]


def journal(trouble: str = "", held_s: float = 0.0, *, has_thread: bool = True) -> Any:
    return SimpleNamespace(trouble=trouble, waiting=7, held_up_s=held_s, has_thread=lambda: has_thread)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (journal(), []),
        (journal("disk full"), ["the journal cannot be written, and 7 messages wait for it: disk full"]),
        (journal(held_s=BUSY_S - 1), []),
        (journal(held_s=BUSY_S + 1), ["the journal has waited 6 s for its disk"]),
        (
            journal(has_thread=False),
            ["the thread of the journal is gone: nothing is written down message by message any more"],
        ),
    ],
)
def test_a_journal_says_what_is_wrong_with_it(written: Any, found: list[str]) -> None:
    assert JournalCheck(written).look(0.0) == found
