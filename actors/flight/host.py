"""What of a system is served to other processes: its answers, and what it tells."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from actors.flight.ear import Ear, Form
from actors.flight.relay import Relay
from actors.flight.tickets import OF_UPKEEP, VERSION, Hello, Subscribe, Welcome
from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.future import Answered, Future
from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.seat import Filter
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.topics import classes_of
from messages.base import Message, Query
from messages.errors import NotReady, SettingsError
from messages.lifecycle import GetLiveStatus
from messages.queries import GetProgress, GetRunSummary, GetStatus
from messages.readiness import GetReadiness
from messages.values import Interval, Policy


class Door(Protocol):
    """What is asked of a ``System`` as anybody else may ask it."""

    def status(self) -> Future[Any]:
        """How it is."""
        ...

    def progress(self) -> Future[Any]:
        """How far it is."""
        ...

    def summary(self) -> Future[Any]:
        """What it has come to."""
        ...

    def live_status(self) -> Future[Any]:
        """Where the live day is."""
        ...

    def readiness(self) -> Future[Any]:
        """How ready it is."""
        ...

    def subscribe(
        self,
        events: Sequence[str],
        symbols: Sequence[str],
        *,
        intervals: Sequence[Interval],
        policy: str,
        bound: int,
        name: str | None,
    ) -> Subscription:
        """Listen."""
        ...


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One system, and all who ask and listen from elsewhere."""

    door: Door
    session: RoomAddress
    upkeep: RoomAddress
    fanout: Fanout
    relay: Relay
    base_interval: Interval
    told: tuple[Interval, ...]
    """The lengths of bars that events tell of."""
    is_live: bool
    life: str
    """Which system this is, of all that ever were."""
    check_known: Callable[[frozenset[str]], None]
    """Raises ``UnknownSymbol`` of what nobody will ever tell, and ``NotReady`` before the start."""

    def ask(self, query: Message) -> Future[Any]:
        """Ask whoever can answer."""
        match query:
            case GetStatus():
                return self.door.status()
            case GetProgress():
                return self.door.progress()
            case GetRunSummary():
                return self.door.summary()
            case GetLiveStatus():
                return self.door.live_status()
            case GetReadiness():
                return self.door.readiness()
            case Hello():
                return self._welcome(query)
            case Query():
                room = self.upkeep if isinstance(query, OF_UPKEEP) else self.session
                return room.ask(query)
            case _:
                return Answered(None, SettingsError(f"{type(query).__name__} is no question"))

    def listen(self, wish: Subscribe, form: Form, usual: tuple[str, ...] = ()) -> Ear:
        """Let somebody listen who is not waited for.

        Args:
            wish: what for.
            form: what is sent of events.
            usual: the events, if none are named.

        Raises:
            SettingsError: there is no such event or interval.
            UnknownSymbol: nobody will ever tell of it.
            NotReady: the system is not started.
        """
        wanted = Filter(
            events=classes_of(wish.events or usual),
            symbols=frozenset(wish.symbols),
            intervals=frozenset(take.told_intervals(wish.intervals, self.told)),
        )
        self.check_known(wanted.symbols)
        ear = Ear(wish.name or "somebody", wish.policy, wish.bound)
        self.relay.join(ear, wanted, form)
        return ear

    def hold(self, wish: Subscribe) -> Subscription:
        """Let somebody listen who is waited for, as a subscriber in this process is: of a backtest.

        Raises:
            SettingsError: nobody holds up a live day; or as ``listen``.
        """
        return self.door.subscribe(
            wish.events,
            wish.symbols,
            intervals=wish.intervals,
            policy=Policy.BLOCK,
            bound=wish.bound,
            name=wish.name or None,
        )

    def _welcome(self, hello: Hello) -> Future[Welcome]:
        if hello.version != VERSION:
            return Answered(None, NotReady(f"this session speaks version {VERSION}, and its client {hello.version}"))
        own = Welcome(version=VERSION, base_interval=self.base_interval, is_live=self.is_live, life=self.life)
        return Answered(own)
