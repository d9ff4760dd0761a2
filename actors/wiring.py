"""Who knows whom: settings in, a house of rooms out. The only module that knows everybody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.data_upkeep.actor import DataUpkeep
from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.loader import Loader
from actors.kernel.address import RoomAddress
from actors.kernel.clock import Clock, SystemClock
from actors.kernel.fanout import Fanout
from actors.kernel.milestones import Milestones
from actors.kernel.ports import BarStore
from actors.kernel.receipts import Receipts
from actors.kernel.shell import Core, Routes, Shell
from actors.kernel.telemetry import EventLog
from actors.kernel.timing import Stopwatch, Timer
from actors.kernel.worker import Worker
from actors.market.calendar import Calendar
from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from actors.settings import Settings
from actors.storage.parquet import ParquetStore
from actors.stream_coordinator.actor import StreamCoordinator
from actors.stream_coordinator.core import StreamCoordinatorCore
from actors.stream_coordinator.planning import Planner, calendar_name
from actors.system_manager.actor import SystemManager
from actors.system_manager.core import SystemManagerCore
from messages.commands import (
    AbortRun,
    ListenFrom,
    Pause,
    PlanSessions,
    Prefetch,
    PrepareRun,
    ReadSession,
    ReadStopwatch,
    ReportHealth,
    Resume,
    SetTimer,
    StartRoom,
    StartStopwatch,
    Step,
    StopRoom,
)
from messages.errors import BarkeeperError
from messages.events import (
    BarArrived,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    GapDetected,
    MinuteClosed,
    MinuteSettled,
    PrefetchFailed,
    QuoteArrived,
    ReadFailed,
    ReceiptSettled,
    RoomFailed,
    RoomStarted,
    RoomStopped,
    RunFailed,
    RunFinished,
    RunReady,
    SessionBoundary,
    SessionPrefetched,
    SessionReported,
    StateChanged,
    SymbolsChanged,
    TickArrived,
    TimeAdvanced,
)
from messages.values import Room


class House:
    """Everything that one System is made of."""

    def __init__(self, settings: Settings, store: BarStore | None = None, clock: Clock | None = None) -> None:
        self.settings = settings
        self.store = store or ParquetStore(Path(settings.store), read_only=True)
        self.clock = clock or SystemClock()
        self.calendar = Calendar(
            calendar_name(settings, self.store),
            extended=settings.extended,
            extended_hours=settings.extended_hours,
            closed=settings.closed,
        )
        self.rooms = {room: RoomAddress() for room in Room if room is not Room.STORES}
        self.session_data = self.rooms[Room.SESSION_DATA]
        self.stream_coordinator = self.rooms[Room.STREAM_COORDINATOR]
        self.data_upkeep = self.rooms[Room.DATA_UPKEEP]
        self.system_manager = self.rooms[Room.SYSTEM_MANAGER]
        self.receipts = Receipts()
        self.milestones = Milestones()
        self.fanout = Fanout(self.stream_coordinator, (self.stream_coordinator, self.system_manager))
        loader = Loader(self.store, self.calendar, self.data_upkeep, rules=settings.rules)
        self.loading = Worker("loader", loader.read, self._loader_broke)
        self._routes = self._all_routes()

    def _all_routes(self) -> dict[Room, Routes]:
        """For each room: who is told what it says. The whole conversation on one screen."""
        session, stream = self.session_data, self.stream_coordinator
        upkeep, manager = self.data_upkeep, self.system_manager
        planner = Planner(self.settings, self.store, self.calendar, stream)
        stopwatch = Stopwatch(stream)
        log = EventLog()
        return {
            Room.SESSION_DATA: {
                BarsUpdated: (self.fanout,),
                MinuteClosed: (self.fanout,),
                MinuteSettled: (self.fanout,),
                BarRejected: (self.fanout, log),
                GapDetected: (upkeep, self.fanout),
                ReceiptSettled: (self.receipts,),
                SessionBoundary: (self.fanout, upkeep, log),
                SessionReported: (stream,),
                SymbolsChanged: (upkeep, self.fanout, log),
            },
            Room.STREAM_COORDINATOR: {
                BarsArrived: (session,),
                TimeAdvanced: (session,),
                BarArrived: (session,),
                QuoteArrived: (session,),
                TickArrived: (session,),
                SessionBoundary: (session,),
                ListenFrom: (self.fanout,),
                Prefetch: (upkeep,),
                PlanSessions: (planner,),
                SetTimer: (Timer(self.clock, stream),),
                StartStopwatch: (stopwatch,),
                ReadStopwatch: (stopwatch,),
                RunReady: (manager, log),
                RunFinished: (manager, self.fanout, self.milestones, log),
                RunFailed: (manager, self.fanout, self.milestones, log),
            },
            Room.DATA_UPKEEP: {
                ReadSession: (self.loading,),
                SessionPrefetched: (stream,),
                PrefetchFailed: (stream, log),
            },
            Room.SYSTEM_MANAGER: {
                StartRoom: (self,),
                StopRoom: (self,),
                PrepareRun: (stream,),
                Pause: (stream,),
                Resume: (stream,),
                Step: (stream,),
                AbortRun: (stream, log),
                ReportHealth: tuple(self.rooms.values()),
                StateChanged: (self.milestones, self.fanout, log),
            },
        }

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
        if room is Room.STORES:
            self.store.calendars()
            self.system_manager.tell(RoomStarted(room=room))
            return
        shell, core = self._made(room)
        self.rooms[room].attach(shell.start(core, self._routes[room], self.system_manager))

    def _made(self, room: Room) -> tuple[type[Shell], Core]:
        settings = self.settings
        makers: dict[Room, tuple[type[Shell], Callable[[], Core]]] = {
            Room.SESSION_DATA: (SessionData, lambda: SessionDataCore(settings.rules)),
            Room.DATA_UPKEEP: (DataUpkeep, self._data_upkeep),
            Room.STREAM_COORDINATOR: (StreamCoordinator, lambda: StreamCoordinatorCore(settings)),
            Room.SYSTEM_MANAGER: (SystemManager, lambda: SystemManagerCore(settings.mode, settings.late_after_s)),
        }
        shell, make = makers[room]
        return shell, make()

    def _data_upkeep(self) -> DataUpkeepCore:
        dates = self.store.dates(self.calendar.name)
        return DataUpkeepCore(dates, self.settings.symbols or None, self.settings.rules.trailing_sessions)

    def _stop(self, room: Room) -> None:
        if room is Room.STORES:
            self.loading.close()
            self.store.close()
            self.system_manager.tell(RoomStopped(room=room))
        elif self.rooms[room].is_alive:
            self.rooms[room].stop()
        else:
            self.system_manager.tell(RoomStopped(room=room))

    def _loader_broke(self, job: Any, error: BaseException) -> None:
        self.data_upkeep.tell(ReadFailed(session=job.session, reason=f"a bug in the loader: {error!r}"))
