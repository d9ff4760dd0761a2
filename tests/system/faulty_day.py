"""A live day in one thread whose every port may fail: the store, the feed, the upstream, the journal, the clock, and
any room at any message; whose process may be killed, and begun again with what it has left on its disk."""

import errno
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from actors.kernel.future import Future
from actors.kernel.outcome import Outcome
from actors.kernel.ports import BarSource, MergeCounts, StoredDay, StoredDays
from actors.settings import LiveRules
from actors.storage.journal.file import JournalFile, path_of
from actors.storage.journal.packing import latest, rows_of
from actors.storage.journal.told import Told
from actors.storage.journal.writer import Journal
from actors.storage.memory import MemoryStore
from messages import (
    Bar,
    BarArrived,
    BarsArrived,
    BarsFilled,
    FeedBars,
    GapAbandoned,
    Message,
    MinuteApplied,
    MinuteSettled,
    NoTradeConfirmed,
    PublishBar,
    Query,
    ReceiptSettled,
    RecordSession,
    Room,
    SessionCertificate,
    StopSystem,
    SymbolsLoaded,
    TimeAdvanced,
    TimerFired,
    WakeAt,
)
from messages.inboxes import Journaled
from messages.supervision import Supervised
from messages.values import SECOND_NS, Nanos
from tests.doubles import Outbox
from tests.system.test_live_members import SESSION, LiveDay

ROOMS = (Room.SESSION_DATA, Room.STREAM_COORDINATOR, Room.DATA_UPKEEP, Room.SYSTEM_MANAGER)


PASSED = (Query, Supervised)
COUNTED = (TimeAdvanced, BarsArrived, BarArrived, BarsFilled, NoTradeConfirmed, GapAbandoned)
USUAL = (*PASSED, TimeAdvanced, TimerFired, MinuteApplied, MinuteSettled, BarsArrived, FeedBars, WakeAt)


class Bug(NamedTuple):
    """So many messages later, questions aside, one raises before or after its handling."""

    room: Room
    nth: int
    is_handled: bool
    is_rare: bool = False
    """Whether what comes with every minute is passed over too."""
    kind: type[Message] | None = None
    """Of which alone it is the so-manieth."""

    def counts(self, message: Any) -> bool:
        """Whether it is one of those that are counted."""
        if self.kind is not None:
            return isinstance(message, self.kind)
        return not isinstance(message, USUAL if self.is_rare else PASSED)


class Pending:
    """A bug that is still to strike."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug
        self.left = bug.nth

    def meets(self, message: Any) -> bool:
        """Count a message; return whether it is the one."""
        self.left -= self.bug.counts(message)
        return self.left == 0


class Disk(MemoryStore):
    """A store whose disk is full for a while, or cannot be read."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self.is_full = self.is_unreadable = False
        self.refused = Counter[str]()
        """How often what failed: the disk itself, and the journal on it."""
        if folder is not None:
            self.folder = folder  # where there is one, a live day keeps its journal beside it

    def merge(self, calendar: str, date: str, day: StoredDay) -> MergeCounts:
        self._write()
        return super().merge(calendar, date, day)

    def merge_stretches(
        self, calendar: str, date: str, symbols: Sequence[str], stretches: Iterable[StoredDay]
    ) -> MergeCounts:
        self._write()
        return super().merge_stretches(calendar, date, symbols, stretches)

    def merge_days(self, calendar: str, days: StoredDays) -> MergeCounts:
        self._write()
        return super().merge_days(calendar, days)

    def certify(self, calendar: str, date: str, certificate: SessionCertificate) -> None:
        self._write()
        super().certify(calendar, date, certificate)

    def read(
        self, calendar: str, date: str, symbols: Sequence[str] | None = None, span: tuple[Nanos, Nanos] | None = None
    ) -> StoredDay | None:
        if self.is_unreadable:
            self.refused["read"] += 1
            raise OSError(errno.EIO, "Input/output error")
        return super().read(calendar, date, symbols, span)

    def _write(self) -> None:
        if self.is_full:
            self.refused["write"] += 1
            raise OSError(errno.ENOSPC, "No space left on device")


class JournalByHand(Journal):
    """The journal without its thread: it commits when it is told to, unless its disk is full."""

    is_full = False
    refused: Counter[str]

    @property
    def is_written(self) -> bool:
        """Whether all that was taken is on the disk."""
        return self._open is not None and not self.waiting and not self.is_full

    def claim(self) -> None:
        """Take nobody's right: here who was killed is in the same process, and never gives it back."""

    def open(self, session: Any) -> Told | None:
        if self.is_full:
            self.refused["journal's opening"] += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().open(session)

    def commit(self) -> bool:
        """Write what waits, and do what was waited for with it; return whether there was anything."""
        if self.is_full:
            self.refused["journal"] += bool(self._waiting)
            return False
        had = bool(self._waiting or [act for at, act in self._acts if at <= self._safe])
        while self._waiting:
            group = self._group()
            assert group.into is not None
            group.into.file.append(list(rows_of(group.seq, group.into.now_ns, group.messages)))
            group.into.now_ns = latest(group.into.now_ns, group.messages)
            self._committed(len(group.messages))
        self._committed(0)
        return had

    def flush(self, timeout: float = 5.0) -> bool:
        self.commit()
        return self._safe >= self._taken

    def drop(self) -> None:
        """Lose what is not written, as a process that is killed does."""
        for begun in (self._open, *(left for _, left in self._left)):
            if begun is not None:
                begun.file.close()
        self._open, self._waiting, self._acts, self._left = None, [], [], []

    def _start(self) -> None:
        """There is no thread."""


class FaultyDay(LiveDay):
    """One process of such a day.

    Args:
        store: what is on the disk.
        now_ns: when it begins.
        dice: which of the jobs that wait is done first.
        bug: one that is there from the start.
        rolls: whether another day follows.
        hours: session, and clock times to close, where they are others.
    """

    journal: JournalByHand

    def __init__(
        self,
        store: Disk,
        symbols: Sequence[str],
        sources: Sequence[BarSource],
        now_ns: Nanos,
        dice: random.Random,
        bug: Bug | None = None,
        *,
        rolls: bool = False,
        **hours: Any,
    ) -> None:
        self.quarantined = Outbox()
        self._bug = bug
        self._bugs: dict[Room, list[Pending]] = {}
        self.hits = 0
        """How many bugs have struck."""
        self.unseen = 0
        """Of them: those that may have struck while a journal was read, of which nothing is kept."""
        with patch("actors.wiring.Journal", JournalByHand):
            rules = LiveRules(auto_roll=rolls, max_restarts=10**6, record_every_min=1.0)
            super().__init__("09:29", symbols, sources, store=store, dice=dice, live=rules, **hours)
        self.journal.refused = store.refused
        self.time.advance(now_ns - self.time.now_ns())

    def put(self, room: Room, message: Any, trace: str, story: Sequence[str]) -> None:
        """Keep a message that has met a bug."""
        del story
        self.quarantined.tell((room, message, trace))

    def start_room(self, room: Room) -> None:
        super().start_room(room)
        if room is not Room.STORES:
            shell: Any = self.shells[room]
            shell._quarantines = self
            self._watch(room, shell._core)
            if room is Room.SESSION_DATA:
                shell._journal, shell._make = self.journal, lambda: self._watch(room, self._session_data())
            if self._bug is not None and self._bug.room is room:
                self.strike(self._bug)

    def settle(self) -> None:
        """Deliver, work and commit until nothing is left; once a second somebody looks from outside."""
        super().settle()
        while self.journal.commit():
            super().settle()

    def look(self) -> None:
        """See what stands still, as who looks from outside does once a second."""
        if self.timer._fired_s is not None:
            self.timer.remind()
        self.system_manager.tell(Supervised(at_s=self.time.now_ns() / SECOND_NS))
        self.settle()

    @property
    def is_open(self) -> bool:
        """Whether the session is."""
        core: Any = self.shells[Room.SESSION_DATA]._core
        return core._book is not None

    @property
    def is_sound(self) -> bool:
        """Whether no room has a bug that is still to strike."""
        return not any(self._bugs.values())

    def publish(self, bar: Bar) -> Future[ReceiptSettled]:
        """Feed a bar as an application does; return what resolves when it is applied, and safe."""
        receipt, future = self.receipts.issue()
        self.stream_coordinator.tell(PublishBar(bar=bar, source="application", receipt=receipt))
        self.settle()
        return future

    def session_data_told(self) -> Counter[str]:
        """Return what SessionData was told since this process has begun, but for what met a bug there."""
        struck = [message for room, message, _ in self.quarantined.messages if room is Room.SESSION_DATA]
        return said_often(message for room, message in self.story if room is Room.SESSION_DATA) - said_often(struck)

    def forget_bugs(self) -> None:
        """Let none strike any more."""
        self._bugs.clear()

    def journaled(self) -> list[Journaled]:
        """Return the messages of the session's journal, if it has any."""
        path = path_of(self.journal.folder, "XNYS", SESSION.date)
        if not path.exists():
            return []
        with closing(JournalFile(path, read_only=True)) as file:
            return [message for _, message in file.messages()]

    def record(self) -> None:
        """Have what came written down, as who closes a system does first."""
        self.session_data.tell(RecordSession())
        self.settle()

    def stop(self) -> None:
        """Stop every room, as who closes a system does."""
        self.record()
        self.system_manager.ask(StopSystem())
        self.settle()
        self.system_manager.stop()  # or it would be waited for, and there is nobody else to wait
        self.settle()
        self.shut(timeout=1.0)

    def strike(self, *bugs: Bug) -> None:
        """Put bugs into rooms; those there that have not struck go."""
        for room in {bug.room for bug in bugs}:
            self._bugs[room] = [Pending(bug) for bug in bugs if bug.room is room]

    def _watch(self, room: Room, core: Any) -> Any:
        """Have a core meet the bugs of its room, once it is the one that the room has."""
        handle: Callable[[Any], Outcome] = core.handle

        def met(message: Any) -> Outcome:
            pending = self._bugs.get(room, []) if core is vars(self.shells[room])["_core"] else []
            struck = [one for one in pending if one.meets(message)]
            if not struck:
                return handle(message)
            self._bugs[room] = [one for one in pending if one not in struck]
            self.hits += 1
            self.unseen += room is Room.SESSION_DATA and struck[0].bug is self._bug
            if struck[0].bug.is_handled:
                handle(message)
            raise RuntimeError("a bug put in by a test")

        core.handle = met
        return core


def said_often(messages: Iterable[Any]) -> Counter[str]:
    """Count what fills a journal, by its kind; what the store had of the day is there once only."""
    return Counter(
        type(message).__name__
        for message in messages
        if isinstance(message, COUNTED) and getattr(message, "source", "") != "recording"
    )


def bars_in(message: Journaled) -> int:
    """Return how many bars a message brings."""
    match message:
        case BarsArrived() | BarsFilled():
            return len(message.batch)
        case BarArrived():
            return 1
        case SymbolsLoaded():
            return 0 if message.tape is None else len(message.tape.batch)
        case _:
            return 0
