"""What can be seen of a live day from outside of its rooms: threads, mailboxes, the disk, the journal, the clock."""

import shutil
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from actors.kernel.address import RoomAddress
from messages.values import Room

BUSY_S = 5.0
"""A message that is handled, or a disk that does not answer, for so long is named."""
MANY = 20_000
"""So many messages in a mailbox are named if they have become more since the last look."""
LEAST_BYTES = 256 << 20
"""Less room than that on the disk of the store is named."""
STEP_S = 2.0
"""A computer's clock that is off by so much more than at the last look was set, or the computer slept."""
_NAMED_S = 300.0
"""So long a step of the clock is named."""
_DISK_EVERY_S = 5.0


class Check(Protocol):
    """Something that is looked at about once a second."""

    def look(self, at_s: float) -> list[str]:
        """Return what is wrong, a sentence each, at a time of a clock that nobody sets."""
        ...


class Rooms:
    """Threads that are gone, rooms that do not come back from a message, and mailboxes that grow.

    Args:
        rooms: their addresses.
        gone: hears once of each whose thread is gone.
    """

    def __init__(
        self, rooms: Iterable[tuple[Room, RoomAddress]], gone: Callable[[Room], None] = lambda _room: None
    ) -> None:
        self._rooms = tuple(rooms)
        self._gone = gone
        self._dead: set[Room] = set()
        self._first: dict[Room, tuple[int, float]] = {}
        """By room which message is next, and since when."""
        self._depths: dict[Room, int] = {}

    def look(self, at_s: float) -> list[str]:
        """Look at each room that is there."""
        there = [(room, address) for room, address in self._rooms if address.is_alive]
        return [said for room, address in there for said in self._of(room, address, at_s)]

    def _of(self, room: Room, address: RoomAddress, at_s: float) -> list[str]:
        depth, before = address.waiting, self._depths.get(room, 0)
        self._depths[room] = depth
        if not address.has_thread:
            if room not in self._dead:
                self._dead.add(room)
                self._gone(room)
            return [f"the thread of {room} is gone: nothing that it is told is done any more; start the run again"]
        said = [f"{depth} messages wait for {room}, and they become more"] if depth >= MANY and depth > before else []
        first = address.first
        if not first or self._first.get(room, (0, 0.0))[0] != first:
            self._first[room] = first, at_s
            return said
        waited_s = at_s - self._first[room][1]
        return [*said, f"{room} has been at one message for {waited_s:.0f} s"] if waited_s >= BUSY_S else said


class Disk:
    """A disk that is nearly full, or does not answer.

    Args:
        folder: of the store; it may not be there yet.
        free: returns how many bytes are left on the disk of a folder.
    """

    def __init__(self, folder: Path, free: Callable[[Path], int] | None = None) -> None:
        self._folder = folder
        self._free = free or _free
        self._left: int | None = None
        self._asked_s = float("-inf")
        self._thread: threading.Thread | None = None

    def look(self, at_s: float) -> list[str]:
        """Ask now and then, on a thread of its own: a disk that hangs holds up nobody else."""
        is_asking = self._thread is not None and self._thread.is_alive()
        if is_asking and at_s - self._asked_s >= BUSY_S:
            return [f"the disk of {self._folder} has not answered for {at_s - self._asked_s:.0f} s"]
        if not is_asking and at_s - self._asked_s >= _DISK_EVERY_S:
            self._asked_s = at_s
            self._thread = threading.Thread(target=self._ask, name="barkeeper-disk", daemon=True)
            self._thread.start()
        left = self._left
        if left is None or left >= LEAST_BYTES:
            return []
        return [f"only {left / 1e6:.0f} MB are left on the disk of {self._folder}"]

    def _ask(self) -> None:
        there = next((folder for folder in (self._folder, *self._folder.parents) if folder.is_dir()), None)
        try:
            self._left = None if there is None else self._free(there)
        except OSError:
            self._left = None  # who writes there says what is wrong


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class ClockSteps:
    """A computer's clock that was set, or stood still while the computer slept.

    Args:
        wall: seconds, as the computer shows them.
        counted: seconds, as they are counted.
    """

    def __init__(self, wall: Callable[[], float] = time.time, counted: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._counted = counted
        self._offset_s = wall() - counted()
        self._step: tuple[str, float] | None = None

    def look(self, at_s: float) -> list[str]:
        """Compare the two."""
        wall_s = self._wall()
        offset_s = wall_s - self._counted()
        step_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(step_s) >= STEP_S:
            when = datetime.fromtimestamp(wall_s, UTC)
            way, why = ("forward", "it was set, or the computer slept") if step_s > 0 else ("back", "it was set")
            self._step = f"the computer's clock went {way} by {abs(step_s):.0f} s at {when:%H:%M:%S} UTC: {why}", at_s
        if self._step is None or at_s - self._step[1] >= _NAMED_S:
            return []
        return [self._step[0]]


class Written(Protocol):
    """A journal, as it is seen from outside."""

    trouble: str
    saved: tuple[str, ...]

    @property
    def taken(self) -> int:
        """How many messages have been taken."""
        ...

    @property
    def waiting(self) -> int:
        """How many messages have been taken that are not safe yet."""
        ...

    @property
    def held_up_s(self) -> float:
        """For how long the disk has not come back from a write."""
        ...

    def has_thread(self) -> bool:
        """Whether somebody writes, if there is anything to write."""
        ...


class JournalCheck:
    """A journal that cannot be written, or waits for its disk."""

    def __init__(self, journal: Written) -> None:
        self._journal = journal

    def look(self, at_s: float) -> list[str]:
        """Look at it."""
        del at_s
        journal = self._journal
        if not journal.has_thread():
            return ["the thread of the journal is gone: nothing is written down message by message any more"]
        if journal.trouble:
            return [f"the journal cannot be written, and {journal.waiting} messages wait for it: {journal.trouble}"]
        held_s = journal.held_up_s
        return [f"the journal has waited {held_s:.0f} s for its disk"] if held_s >= BUSY_S else []
