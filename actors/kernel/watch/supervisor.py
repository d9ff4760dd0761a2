"""A thread that looks at a live day from outside, about once a second of real time, and tells SystemManager."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from actors.kernel.address import RoomAddress
from actors.kernel.telemetry import alarm, note
from actors.kernel.timing import Timer
from actors.kernel.watch.checks import Check, ClockSteps, Disk, JournalCheck, Rooms, Written
from messages.events import RoomStopped
from messages.supervision import JournalHealth, Supervised
from messages.values import Room

EVERY_S = 1.0
OWED_S = 2.0
"""So long the timer of a live day may not have been set: then it fires once more."""
_MOST_UNHEARD = 60


class Supervisor:
    """Looks, says in the log what is new, and reminds who has forgotten the timer.

    Args:
        boss: SystemManager.
        timer: the one of the live day.
        checks: what is looked at.
        besides: what else is done once a second.
        journal: of which is told how it is.
        every_s: real time between two looks.
    """

    def __init__(
        self,
        boss: RoomAddress,
        timer: Timer,
        checks: Sequence[Check],
        besides: Callable[[], None] = lambda: None,
        *,
        journal: Written | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self._boss = boss
        self._timer = timer
        self._checks = tuple(checks)
        self.besides = besides
        """What else is done once a second."""
        self._journal = journal
        self._every_s = every_s
        self._stopping = threading.Event()
        self._said: dict[Check, list[str]] = {}
        self._thread = threading.Thread(target=self._run, name="barkeeper-supervisor", daemon=True)

    @classmethod
    def of(
        cls,
        rooms: Mapping[Any, RoomAddress],
        timer: Timer,
        root: Path | None,
        journal: Written | None,
        *,
        has_own_clock: bool,
    ) -> Self:
        """Return who looks at these rooms, and at the disk, the journal and the clock, as far as there are any.

        Args:
            rooms: their addresses.
            timer: the one of the live day.
            root: the folder of the store.
            journal: of the day.
            has_own_clock: whether the day goes by another clock than the computer's.
        """
        boss = rooms[Room.SYSTEM_MANAGER]
        checks: list[Check] = [Rooms(rooms.items(), lambda room: boss.tell(RoomStopped(room=room)))]
        checks += [] if has_own_clock else [ClockSteps()]
        checks += [Disk(root)] if root is not None else []
        checks += [JournalCheck(journal)] if journal is not None else []
        return cls(boss, timer, checks, journal=journal)

    def start(self) -> None:
        """Start the thread; the first time only."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """End it; may be called twice, and before ``start``."""
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self.look()

    def look(self) -> None:
        """Look once."""
        at_s = time.monotonic()
        found = [said for check in self._checks for said in self._of(check, at_s)]
        owed_s = self._timer.owed_s
        stall = ""
        if owed_s >= OWED_S:
            stall = f"nobody has asked for the time of the day for {owed_s:.0f} s"
            self._timer.remind()
        if self._boss.waiting < _MOST_UNHEARD:
            self._boss.tell(Supervised(at_s=at_s, troubles=tuple(found), journal=_health(self._journal), stall=stall))
        try:
            self.besides()
        except BaseException as error:  # noqa: BLE001  # whatever it is, somebody must go on looking
            alarm("supervisor_bug", error=repr(error))

    def _of(self, check: Check, at_s: float) -> list[str]:
        """Return what a check finds; say in the log how it begins and that it is over."""
        try:
            found = check.look(at_s)
        except BaseException as error:  # noqa: BLE001  # as above
            alarm("supervisor_bug", error=repr(error))
            return []
        before = self._said.get(check, [])
        if len(found) > len(before):
            alarm("trouble", what="; ".join(found))
        elif before and not found:
            note("trouble_over", what="; ".join(before))
        self._said[check] = found
        return found


def _health(journal: Written | None) -> JournalHealth | None:
    if journal is None:
        return None
    return JournalHealth(
        messages=journal.taken, waiting=journal.waiting, held_up_s=round(journal.held_up_s, 3), saved=journal.saved
    )
