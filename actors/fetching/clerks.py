"""Days that several processes read and write, while this one asks for what they lack: in one pace, as one account.

What takes time in a store is left to them: reading a day, merging, folding, digests. Whoever they write for is the
only one that asks a vendor anything, so its limits, its connections and what it refuses are what they are without them.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

import msgspec

from actors.fetching.came import Came
from actors.fetching.desk import Desk, Look, OwnDesk, Stands
from actors.fetching.lacking import Day
from actors.kernel.ports import BarStore
from actors.kernel.processes import Heard, Process
from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.storage.segments import CalendarSegments
from messages.errors import BarkeeperError, DataError, SystemFailed
from messages.values import Nanos

_WORK = "actors.fetching.clerks:work"
_MOST_DEATHS = 3


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """What each process needs."""

    root: Path
    locks: Path
    calendars: Calendars


@contextmanager
def desk_of(store: BarStore, calendars: Calendars, workers: int) -> Iterator[Desk]:
    """Yield a desk with so many processes; in a store elsewhere, or one whose days lie together, that of this one.

    Args:
        store: where days lie, claimed by this process.
        calendars: of the store.
        workers: how many processes there are.
    """
    is_apart = isinstance(store, ParquetStore) and not isinstance(store.root, ObjectPath)
    if workers < 2 or not isinstance(store, ParquetStore) or not is_apart or store.expect({}) != "days":
        yield OwnDesk(store)
        return
    with tempfile.TemporaryDirectory(prefix="barkeeper-") as locks:
        clerks = Clerks(Equipment(root=store.root, locks=Path(locks), calendars=calendars), workers)
        try:
            with closing(clerks):
                yield clerks
        finally:
            if clerks.have_written:
                with suppress(DataError):  # who certifies next will remember
                    store.remember_certified()  # they are gone before they close it


class Clerks:
    """Processes with a desk each; a day is with one of them from the look to the writing.

    Args:
        equipment: what each gets first.
        count: how many there are; each is started when it is needed.
    """

    def __init__(self, equipment: Equipment, count: int) -> None:
        self.hands = count + 1
        """One more than there are, so that none waits while a vendor is asked."""
        self.have_written = False
        """Whether a day was given to one of them to be written."""
        self._clerks = [_Clerk(equipment) for _ in range(count)]
        self._days: dict[tuple[str, str], _Clerk] = {}
        self._choosing = Lock()

    def look(self, look: Look) -> Day | None:
        """As ``Desk`` says.

        Raises:
            SystemFailed: three processes have died of it.
        """
        key = look.session.calendar, look.session.date
        with self._choosing:
            clerk = min(self._clerks, key=lambda one: one.days)
            clerk.days += 1
            self._days[key] = clerk
        day: Day | None = None
        try:
            day = clerk.ask(look)
        finally:
            if day is None:
                self._left(key)
        return day

    def write(self, came: Came, now_ns: Nanos) -> Stands | None:
        """As ``Desk`` says.

        Raises:
            SystemFailed: three processes have died of it.
        """
        key = came.session.calendar, came.session.date
        self.have_written = True
        try:
            stands: Stands | None = self._days[key].ask((came, now_ns))
        finally:
            self._left(key)
        return stands

    def _left(self, key: tuple[str, str]) -> None:
        with self._choosing:
            self._days.pop(key).days -= 1

    def close(self) -> None:
        """End the processes."""
        for clerk in self._clerks:
            clerk.dismiss()
        for clerk in self._clerks:
            clerk.end()


class _Clerk:
    """One of them, and its successors if it dies."""

    def __init__(self, equipment: Equipment) -> None:
        self.days = 0
        """How many are with it."""
        self._equipment = equipment
        self._heard: SimpleQueue[Heard] = SimpleQueue()
        self._process: Process | None = None
        self._turn = Lock()

    def ask(self, message: object) -> Any:
        with self._turn:
            how = ""
            for _ in range(_MOST_DEATHS):
                process = self._process or self._started()
                process.give(message)
                told = self._heard.get()
                if not told.has_ended:
                    break
                self._process, how = None, process.death()
            else:
                raise SystemFailed(f"a process that writes days {how}, {_MOST_DEATHS} times one after the other")
        if isinstance(told.message, Exception):
            raise told.message
        return told.message

    def _started(self) -> Process:
        self._process = Process(_WORK, self._heard)
        self._process.give(self._equipment)
        return self._process

    def dismiss(self) -> None:
        if self._process is not None:
            self._process.dismiss()

    def end(self) -> None:
        if self._process is not None:
            self._process.end()


def work(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Look days up and write them, one after the other; answers with what the desk says, or with its error."""
    equipment: Equipment = receive()
    segments = CalendarSegments(equipment.calendars)
    with closing(ParquetStore(equipment.root, segment_of=segments, shared=equipment.locks)) as store:
        desk = OwnDesk(store)
        while True:
            message = receive()
            try:
                answer = desk.look(message) if isinstance(message, Look) else desk.write(*message)
            except (BarkeeperError, OSError) as error:
                send(error)
            else:
                send(answer)
