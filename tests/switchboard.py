"""The whole house in one thread: the real cores, shells and routes, every message delivered in order.

Nothing runs by itself. ``settle`` delivers until nothing is left to deliver, ``advance`` moves the clock, and
reads of the store wait in the same queue, so a run is the same every time and can be looked at between any
two messages.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, get_args

import msgspec

from actors.kernel.clock import ManualClock
from actors.kernel.future import Future
from actors.kernel.listen.seat import Filter
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.topics import classes_of
from actors.kernel.outcome import Refusal
from actors.kernel.ports import BarSource, BarStore
from actors.kernel.shell import Shell
from actors.settings import Settings
from actors.wiring import House
from messages import (
    Event,
    Interval,
    Message,
    Policy,
    Query,
    ReadSession,
    Room,
    StartRun,
    StartSystem,
    SystemState,
    SystemStatus,
)
from messages.errors import NotReady
from messages.inboxes import SessionDataInbox, StreamCoordinatorInbox, SystemManagerInbox
from messages.queries import GetStatus
from tests.doubles import Mailbox

R = TypeVar("R")

UNDERSTANDS: dict[Room, tuple[type[Message], ...]] = {
    Room.SESSION_DATA: get_args(SessionDataInbox),
    Room.STREAM_COORDINATOR: get_args(StreamCoordinatorInbox),
    Room.SYSTEM_MANAGER: get_args(SystemManagerInbox),
}
"""The rooms that are asked something."""


class Switchboard(House):
    """A house whose rooms are shells that were never started, and whose only thread is the test's."""

    def __init__(
        self, store: BarStore, settings: Settings | None = None, sources: Sequence[BarSource] = (), **more: Any
    ) -> None:
        given = settings or Settings(store="memory")
        super().__init__(msgspec.structs.replace(given, **more), store, ManualClock(), sources)
        self.time: ManualClock = self.clock  # type: ignore[assignment]  # the one given a line above
        self.shells: dict[Room, Shell] = {}
        self.story: list[tuple[Room, Message]] = []
        """Everything that was delivered, in order."""
        self.is_loader_held = False
        self.held: list[ReadSession] = []
        """What the loader was asked for while it was held."""
        self._queue: deque[tuple[Room, Any, Future[Any] | None]] = deque()
        self._routes[Room.DATA_UPKEEP] = {**self._routes[Room.DATA_UPKEEP], ReadSession: (_LoaderDesk(self),)}

    def start_room(self, room: Room) -> None:
        """Put up a room, or the stores, without a thread."""
        if room is Room.STORES:
            super().start_room(room)
            return
        shell, core = self._made(room)
        self.shells[room] = shell(core, self._routes[room], self.system_manager)
        self.rooms[room].attach(Mailbox(lambda message, future: self._queue.append((room, message, future))))  # type: ignore[arg-type]  # as good as a reference
        self.shells[room].on_start()

    def read(self, job: ReadSession) -> None:
        """Read for the loader, now or when it is released."""
        if self.is_loader_held:
            self.held.append(job)
        else:
            self.workers.loading._do(job)

    def release(self) -> None:
        """Read what was held back, and settle."""
        self.is_loader_held = False
        jobs, self.held = self.held, []
        for job in jobs:
            self.workers.loading._do(job)
        self.settle()

    def settle(self) -> None:
        """Deliver until nothing is left."""
        while self._queue:
            self.deliver()

    def deliver(self) -> None:
        """Deliver one message."""
        room, message, future = self._queue.popleft()
        if room not in self.shells:
            answer: Any = Refusal(NotReady("the room is gone"))
        elif message is None:
            answer = self.shells.pop(room).on_stop()
        else:
            self.story.append((room, message))
            answer = self.shells[room].on_receive(message)
        if future is not None:
            future.set(answer)

    def ask(self, query: Query[R]) -> R:
        """Ask the room that knows, settling first and after."""
        self.settle()
        future = self._address_for(query).ask(query)
        self.settle()
        value: R = future.get(timeout=0)
        return value

    def up(self) -> "Switchboard":
        """Start the system and load the first session."""
        self.start_room(Room.SYSTEM_MANAGER)
        self.ask(StartSystem())
        return self

    def play(self) -> "Switchboard":
        """Start the system and let the tape run."""
        self.up()
        self.stream_coordinator.tell(StartRun())
        self.settle()
        return self

    def advance(self, by_ns: int) -> None:
        """Move the clock, visiting every due time on the way, and settle at each."""
        until = self.time.now_ns() + by_ns
        while (due := min((due for due, _, _ in self.time._due), default=until + 1)) <= until:
            self.time.advance(max(due - self.time.now_ns(), 0))
            self.settle()
        self.time.advance(until - self.time.now_ns())
        self.settle()

    def listen(
        self,
        *names: str,
        symbols: Iterable[str] = (),
        intervals: Iterable[str] = (),
        policy: Policy = Policy.BLOCK,
        bound: int = 10_000,
    ) -> "Listener":
        """Listen from now on."""
        wanted = Filter(
            events=classes_of(names),
            symbols=frozenset(symbols),
            intervals=frozenset(Interval.parse(interval) for interval in intervals),
        )
        subscription = self.fanout.subscribe("listener", wanted, policy, bound)
        subscription.on_first = lambda: self.stream_coordinator.tell(StartRun())
        return Listener(self, subscription)

    def told(self, room: Room, *kinds: type[Message]) -> list[Message]:
        """What a room was told so far, of these classes."""
        return [message for to, message in self.story if to is room and isinstance(message, kinds)]

    @property
    def status(self) -> SystemStatus:
        return self.ask(GetStatus())

    @property
    def state(self) -> SystemState:
        return self.status.state

    def _address_for(self, query: Query[Any]) -> Any:
        return next(self.rooms[room] for room, kinds in UNDERSTANDS.items() if type(query) in kinds)


class Listener:
    """A subscription that is read in the house's only thread: asking for an event settles the house."""

    def __init__(self, board: Switchboard, subscription: Subscription) -> None:
        self._board = board
        self.subscription = subscription

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self.poll()
        assert event is not None, "the house stands still and nothing more will come"
        return event

    def poll(self) -> Event | None:
        """Ask for the next event; ``None`` if it will not come unless somebody else does something."""
        taken = self.subscription._take()
        if isinstance(taken, Future):
            self._board.settle()
            if not taken.is_done():
                return None
            taken = self.subscription._take()
        if taken is None:
            raise StopIteration
        assert not isinstance(taken, Future), "woken for nothing"
        return taken

    def close(self) -> None:
        self.subscription.close()
        self._board.settle()


class _LoaderDesk:
    def __init__(self, board: Switchboard) -> None:
        self._board = board

    def tell(self, message: ReadSession) -> None:
        self._board.read(message)
