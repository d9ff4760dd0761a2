"""Who knows whom: settings in, a house of rooms out. The only module that knows everybody."""

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from actors.conversation import Addresses, conversation
from actors.data_upkeep.actor import DataUpkeep
from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.prefetch import Prefetching
from actors.data_upkeep.repairs import Repairs
from actors.data_upkeep.workers import Workers
from actors.feeds.desk import FeedDesk
from actors.feeds.port import Feed
from actors.kernel.address import ByHand, RoomAddress
from actors.kernel.ask.milestones import Milestones
from actors.kernel.ask.receipts import Receipts
from actors.kernel.clock import Clock, SystemClock
from actors.kernel.future import Future, Timeout
from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.turnstile import Turnstile
from actors.kernel.ports import BarSource, BarStore, Interruptible
from actors.kernel.readings import dates_left
from actors.kernel.shell import Core, Routes, Shell
from actors.kernel.telemetry import EventLog, note
from actors.kernel.timing import ClockKeeper, Stopwatch, Timer
from actors.kernel.watch.supervisor import Supervisor
from actors.kernel.worker import in_time, left, within
from actors.recording import salvage
from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from actors.settings import Settings
from actors.storage.elsewhere.opening import open_store
from actors.storage.journal.acknowledged import Acknowledged
from actors.storage.journal.lived import LivedStore
from actors.storage.journal.quarantine import Quarantine
from actors.storage.journal.redelivery import Redelivery
from actors.storage.journal.writer import Journal
from actors.stream_coordinator.actor import StreamCoordinator
from actors.stream_coordinator.backtest.lived import LivedTape
from actors.stream_coordinator.backtest.planning import Planner
from actors.stream_coordinator.backtest.store_asked import decided, strangers
from actors.stream_coordinator.core import StreamCoordinatorCore
from actors.stream_coordinator.live import LiveCore
from actors.system_manager.actor import SystemManager
from actors.system_manager.core import SystemManagerCore
from messages.commands import AbortRun, RecordSession, StartRoom, StopRoom, StopSystem
from messages.errors import BarkeeperError, NotReady
from messages.events import RoomFailed, RoomStarted, RoomStopped
from messages.history import RequireHistory, Requirement
from messages.queries import GetProgress, GetSession
from messages.repairs import GetCertificate
from messages.tables.columns import DayGrid
from messages.values import SECOND_NS, Mode, Pace, Room, TradingSession


class Lobby:
    """What a door holds of a house before that is built: where its rooms will be, and who waits for a receipt."""

    def __init__(self) -> None:
        self.rooms = {room: RoomAddress() for room in Room if room is not Room.STORES}
        self.receipts = Receipts()
        self.milestones = Milestones()
        self.build: Callable[[], House] | None = None
        self._lock = threading.Lock()
        self._house: House | None = None

    def house(self) -> "House":
        """Return the house, which is built when it is needed first; any thread."""
        with self._lock:
            if self._house is None:
                assert self.build is not None, "who made the lobby says how"
                self._house = self.build()
            return self._house

    def strangers(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of some symbols that can never have a bar."""
        return self.house().strangers(symbols)

    def is_replay(self) -> bool:
        """Return whether its time can be held, and paced."""
        return not self.house().is_live or self.house().feeds.own_clock is not None

    def next_step(self) -> tuple[int, Future[None]]:
        """Return a number for a step, and what resolves when it is taken; whoever was let go before has left."""
        if self._house is not None:
            self._house.fanout.sweep()
        return self.milestones.next_step()

    def shut(self, timeout: float) -> None:
        """Stop the house, if it was ever built."""
        with self._lock:
            house = self._house
        if house is not None:
            house.shut(timeout)


class House:
    """Everything that one System is made of."""

    def __init__(
        self,
        settings: Settings,
        store: BarStore | None = None,
        clock: Clock | None = None,
        sources: Sequence[BarSource] = (),
        feeds: Sequence[Feed] = (),
        lobby: Lobby | None = None,
    ) -> None:
        lobby = lobby or Lobby()
        self.process = os.getpid()
        self.is_live = settings.mode is Mode.LIVE
        self.lived = store if isinstance(store, LivedStore) else None
        settings = settings if self.lived is None else msgspec.structs.replace(settings, rules=self.lived.rules)
        self.store = store or open_store(settings.store, read_only=not settings.certify, own=settings.own_hours)
        self.sources = tuple(sources)
        self.has_upkeep = bool(sources) or settings.certify or not settings.faults.is_none or self.is_live
        self.clock = clock or SystemClock()
        ask = partial(decided, settings, self.store, has_sources=bool(sources))
        settings, self.calendar = in_time(settings.start_timeout_s, "the store", ask)
        self.settings = settings
        self.rooms = lobby.rooms
        self.session_data = self.rooms[Room.SESSION_DATA]
        self.stream_coordinator = self.rooms[Room.STREAM_COORDINATOR]
        self.data_upkeep = self.rooms[Room.DATA_UPKEEP]
        self.system_manager = self.rooms[Room.SYSTEM_MANAGER]
        self.receipts = lobby.receipts
        self.milestones = lobby.milestones
        self.turnstile = Turnstile(self.session_data, self.stream_coordinator)
        self.fanout = Fanout(
            self.turnstile,
            (self.stream_coordinator, self.system_manager),
            is_lockstep=not self.is_live and settings.pace is Pace.LOCKSTEP,
            late_after_s=settings.late_after_s,
        )
        self._root = getattr(self.store, "folder", None)
        named = settings, self.store, self._root, self.calendar, self.sources
        self.workers = Workers(*named, self.data_upkeep, self._symbols_of, self._keeper_broke)
        self.timer = Timer(self.clock, self.stream_coordinator, is_only=self.is_live, ends_clock=clock is None)
        self.journal = Journal.of(settings, self.store, self.stream_coordinator)
        self.quarantine = None if self.journal is None else Quarantine(self.journal.folder)
        self.feeds = FeedDesk.of(feeds, self.stream_coordinator, self.clock, settings, self.calendar)
        self.supervisor = Supervisor.of(self.rooms, self.timer, self._root, self.journal, has_own_clock=bool(clock))
        if self.quarantine is not None:
            self.supervisor.besides = Redelivery(self.quarantine, self.rooms).look
        self.required: list[Requirement] = []
        self.cut_off: list[DayGrid] = []  # days of earlier runs that were saved at the start, and lack minutes
        self.ending: list[Callable[[], None]] = []  # what uses the stores besides, to be ended before them
        self._routes = self._conversation()

    def _conversation(self) -> dict[Room, Routes]:
        stream, workers = self.stream_coordinator, self.workers
        # A live day's upstream does not have tomorrow yet.
        reads_ahead = bool(self.sources) and not self.is_live
        minutes = self.settings.rules.base_interval.span_ns, self.settings.rules.grace_ns
        addresses = Addresses(
            session=self.session_data,
            stream=stream,
            upkeep=self.data_upkeep,
            manager=self.system_manager,
            fanout=self.fanout,
            turnstile=self.turnstile,
            receipts=self.receipts if self.journal is None else Acknowledged(self.journal, self.receipts),
            journal=() if self.journal is None else (self.journal,),
            milestones=self.milestones,
            feeds=self.feeds,
            life=self,
            reading=(workers.loading, workers.readying) if reads_ahead else (workers.loading,),
            asking=ByHand(self.data_upkeep) if not self.is_live else self.data_upkeep,
            fetching=workers.desk,
            keeping=workers.keeping,
            probing=workers.probing,
            planner=Planner(
                self.settings,
                self.store,
                self.calendar,
                stream,
                has_upstream=bool(self.sources),
                only=None if self.lived is None else self.lived.session,
            ),
            timer=self.timer,
            stopwatch=Stopwatch(stream),
            clock_keeper=ClockKeeper(self.feeds.own_clock, self.timer, self.milestones, minutes),
            log=EventLog(),
        )
        return conversation(addresses, is_live=self.is_live, is_lived=self.lived is not None)

    # --- starting and stopping, for SystemManager and in its thread

    def tell(self, message: StartRoom | StopRoom) -> None:
        """Start or stop one room; comes back as ``RoomStarted``, ``RoomFailed`` or ``RoomStopped``."""
        room = message.room
        if isinstance(message, StopRoom):
            self._stop(room)
            return
        try:
            self.start_room(room)
        except (BarkeeperError, OSError) as error:
            self.system_manager.tell(RoomFailed(room=room, reason=str(error)))

    def start_room(self, room: Room) -> None:
        """Start one room, or open the stores."""
        if room is Room.STREAM_COORDINATOR and self.is_live:
            self.supervisor.start()
        if room is Room.STORES:
            self.store.calendars()
            claim = getattr(self.store, "claim", None)
            if self.settings.certify and claim is not None:
                claim()
            if self.journal is not None:
                self.journal.claim()
                named = self.journal.folder, self.store, self.clock.now_ns(), self.journal.tell_saved
                self.cut_off = salvage(*named, asks=bool(self.sources))
            self.system_manager.tell(RoomStarted(room=room))
            return
        shell, core = self._made(room)
        more = {"journal": self.journal, "make": self._session_data} if room is Room.SESSION_DATA else {}
        started = shell.start(core, self._routes[room], self.system_manager, quarantine=self.quarantine, **more)
        self.rooms[room].attach(started)

    def _made(self, room: Room) -> tuple[type[Shell], Core]:
        makers: dict[Room, tuple[type[Shell], Callable[[], Core]]] = {
            Room.SESSION_DATA: (SessionData, self._session_data),
            Room.DATA_UPKEEP: (DataUpkeep, self._data_upkeep),
            Room.STREAM_COORDINATOR: (StreamCoordinator, self._stream_coordinator),
            Room.SYSTEM_MANAGER: (SystemManager, self._system_manager),
        }
        shell, make = makers[room]
        return shell, make()

    def _system_manager(self) -> SystemManagerCore:
        settings = self.settings
        return SystemManagerCore(
            settings.mode,
            settings.late_after_s,
            is_clock_ours=self.feeds.own_clock is not None,
            max_restarts=settings.live.max_restarts,
        )

    def _stream_coordinator(self) -> StreamCoordinatorCore | LiveCore:
        if self.is_live:
            return LiveCore(self.settings, has_feed=bool(self.feeds))
        lived = None if self.lived is None else LivedTape(self.lived.told)
        return StreamCoordinatorCore(self.settings, has_upkeep=self.has_upkeep, lived=lived)

    def _data_upkeep(self) -> DataUpkeepCore:
        rules, upkeep, is_backtest = self.settings.rules, self.settings.upkeep, self.settings.mode is Mode.BACKTEST
        return DataUpkeepCore(
            self._prefetching(),
            Repairs(
                upkeep, self.workers.source_facts, is_ordered=is_backtest, allow_negative=bool(rules.allow_negative)
            ),
            grace_ns=rules.grace_ns,
            holds_tickets=is_backtest,
        )

    def _prefetching(self) -> Prefetching:
        rules = self.settings.rules
        prefetching = Prefetching(
            dates_left(self.store, self.calendar.name)[0],
            self.settings.symbols or None,
            rules.trailing_sessions,
            rules.daily_sessions,
            self.calendar.session,
        )
        for requirement in self.required:
            prefetching.require(requirement)
        return prefetching

    def _session_data(self) -> SessionDataCore:
        is_played = not self.is_live and self.lived is None
        core = SessionDataCore(
            self.settings.rules,
            has_upkeep=self.has_upkeep,
            fills=self.is_live or bool(self.sources),
            needed=self.settings.symbols,
            holds_arrivals=is_played,
            plays_all=is_played and not self.settings.symbols,
            keeps_prints=self.is_live,
        )
        for requirement in self.required:
            core.handle(RequireHistory(requirement=requirement))
        return core

    def require(self, requirement: Requirement) -> None:
        """Have history in memory from the next session on that has not been read yet; kept for rooms yet to start."""
        self.required.append(requirement)
        for room in (self.data_upkeep, self.session_data):
            if room.is_alive:
                room.tell(RequireHistory(requirement=requirement))

    def strangers(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of some symbols that the store of a backtest never had; a live day may have any."""
        if self.is_live:
            return ()
        ask = partial(strangers, set(symbols).difference(self.settings.symbols), self.store, self.calendar.name)
        return in_time(self.settings.start_timeout_s, "the store", ask)

    def _symbols_of(self, session: TradingSession) -> tuple[str, ...]:
        """Return the symbols that a session will have where all of the store are played."""
        certificate = self.store.certificate(session.calendar, session.date)
        named = () if certificate is None else certificate.names
        return tuple(sorted({*self.store.symbols(session.calendar, session.date), *named}))

    def _stop(self, room: Room) -> None:
        if room is Room.STORES:
            self.close_stores()
            self.system_manager.tell(RoomStopped(room=room))
        elif self.rooms[room].is_alive:
            self.rooms[room].stop()
        else:
            self.system_manager.tell(RoomStopped(room=room))

    def shut(self, timeout: float) -> None:
        """Stop every room, for a door that leaves: who still waits is told so. May be called twice."""
        if self.process != os.getpid():
            return  # a fork: the house is the parent's
        manager, closed = self.system_manager, NotReady("the system is closed")
        self.supervisor.close()
        if not self.is_live:
            self.milestones.fail(str(closed))
            self.fanout.finish(closed)
        until_s = time.monotonic() + timeout
        if manager.is_alive:
            if self.is_live:
                self._record(until_s)
            with contextlib.suppress(BarkeeperError, Timeout):
                manager.ask(StopSystem()).get(timeout=left(until_s))
                self.milestones.stopped.get(timeout=left(until_s))
            for room in (self.stream_coordinator, self.data_upkeep, self.session_data, manager):
                room.stop()  # those that are still there: who should have stopped them did not
        if self.journal is not None:
            self.journal.flush(left(until_s))  # who waits for that is told that it was taken
        self.milestones.fail(str(closed))
        self.fanout.finish(closed)
        self.receipts.close()
        self.timer.close()
        self.close_stores(left(until_s))

    def _record(self, until_s: float) -> None:
        """Have what came of the open session written down, while those who do it are still there."""
        self.feeds.close()
        with contextlib.suppress(BarkeeperError, Timeout):
            # Each answer says that what was told before has been handed on.
            self.stream_coordinator.ask(GetProgress()).get(timeout=left(until_s))
            self.session_data.tell(RecordSession())
            self.session_data.ask(GetSession()).get(timeout=left(until_s))
            self.data_upkeep.ask(GetCertificate()).get(timeout=left(until_s))
        self.workers.keeping.finish(left(until_s))

    def close_stores(self, timeout: float = 5.0) -> None:
        """End what reads and writes, and close what it read and wrote; may be called twice."""
        until_s = time.monotonic() + timeout
        self.feeds.close()
        for source in self.sources:
            if isinstance(source, Interruptible):
                source.interrupt()
        self.workers.close(until_s)
        if self.journal is not None:
            self.journal.close(left(until_s))
        for close in (*self.ending, *(source.close for source in self.sources), self.store.close):
            within(left(until_s), close)

    def _keeper_broke(self, job: Any, error: BaseException) -> None:
        date = job.sealed.day.session.date
        self.stream_coordinator.tell(AbortRun(reason=f"a bug in the keeper, on the certificate of {date}: {error!r}"))


def watch(house: "weakref.ref[House]", since: float | None = None) -> None:
    """Look about once a second who holds up the run; ends with the house."""
    alive, now = house(), time.monotonic()
    if alive is None or not alive.system_manager.is_alive:
        return
    if since is not None:
        alive.fanout.watch(now - since)
    alive.clock.call_at(alive.clock.now_ns() + SECOND_NS, lambda _: watch(house, now))


def close_forgotten(house: House) -> None:
    """Close a system whose owner forgot to; at exit the threads must not outlive the interpreter's end."""
    if house.process != os.getpid():
        return  # a fork that ends: the house is the parent's
    note("closed_late", reason="a System was not closed; use `with`, or call close()")
    house.shut(timeout=3.0)
