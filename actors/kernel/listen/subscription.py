"""A subscription as its reader has it, who goes through it by ``for`` in a thread or ``async for`` in an event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from threading import get_ident
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from actors.kernel.address import Here, elsewhere
from actors.kernel.future import Future
from actors.kernel.listen.seat import Seat
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Told
from actors.kernel.listen.waiting import Owner, Wait, whoami
from actors.kernel.shelter import Shelter
from messages.base import Event
from messages.errors import Deadlock, NotReady
from messages.values import Policy

_TURN_S = 0.001
"""So long a task may take events one after the other before it lets others of its event loop run."""

_TURNS = 3
"""In the first the event loop makes a task that closes what was left, which does so in the second."""

_NOTHING: deque[Told] = deque()


class Host(Protocol):
    """Where a reader has its seat."""

    def asked(self, seat: Seat) -> None:
        """Its first event is asked for."""
        ...

    def give_back(self, seat: Seat, ticket: int) -> Stretch | None:
        """It has dealt with all that came with a ticket.

        Returns:
            What it is promised next; ``None``: it takes what comes to its seat.
        """
        ...

    def waits(self, seat: Seat, wait: Wait) -> None:
        """It is about to wait.

        Raises:
            Deadlock: that would be for ever.
        """
        ...

    def leave(self, seat: Seat) -> None:
        """It wants no more."""
        ...

    def let_go(self, seat: Seat) -> None:
        """Nobody has the subscription any more. Takes no lock: an object may be let go in the middle of anything."""
        ...


class Subscription:
    """An iterator of events. Asking for the next one says that the one before has been dealt with.

    Close it, or use it as a context manager: a backtest in lockstep waits for every subscriber, and stands still when
    the last one that was reading leaves. One that is let go is closed. One reader at a time.
    """

    def __init__(self, seat: Seat, host: Host) -> None:
        self.seat = seat
        self._host = host
        self._ticket = 0
        self._last: Event | Future[None] | None = None
        self._stretch: Stretch | None = None
        self._left = _NOTHING
        """Of that, what is not taken."""
        self._rest: deque[Event] = deque()
        """Of what was taken of it, what is not given yet."""
        self._begun = 0
        """How many events had been given before it."""
        self.given = 0
        """How many have been."""
        self._shelter = Shelter()
        self._home = Here.process
        self._next_turn_s = 0.0
        self.on_first: Callable[[], None] | None = None
        """Called once, before the first event is waited for."""

    @property
    def name(self) -> str:
        """What the status calls it."""
        return self.seat.name

    @property
    def policy(self) -> Policy:
        """What happens when it falls behind."""
        return self.seat.policy

    @property
    def dropped(self) -> int:
        """Events dropped so far (policy ``drop_oldest``)."""
        return self.seat.dropped

    @property
    def taken(self) -> int:
        """Events taken out so far."""
        return self.seat.taken - len(self._rest)

    def promised(self) -> Event | None:
        """Return the next event that was promised to this thread; ``None``: there is none, ask for one.

        For who counts what it is given: an interrupt may strike when an event is taken and not given yet.
        """
        if not (self._left or self._rest) or self.seat.owner.thread != get_ident() or self._home != Here.process:
            return None
        event = self._promised()
        if event is not None:
            self.given += 1
        return event

    def _promised(self) -> Event | None:
        try:
            told = (self._rest or self._left).popleft()
        except IndexError:  # there is none, or it was called back or let go just now
            return None
        return self._first_of(told) if isinstance(told, list) else told

    def _first_of(self, told: list[Event]) -> Event:
        self._rest = rest = deque(told)
        return rest.popleft()

    def put_back(self, given: int) -> None:
        """Put back what was taken beyond the first so many events, which nobody has seen."""
        with Shelter():
            self._put_back(given)

    def _put_back(self, given: int) -> None:
        last, self._last = self._last, None
        unseen = [last] if isinstance(last, Event) and self.seat.taken > given else []
        if (stretch := self._stretch) is not None:
            stretch.recall()
            unseen = stretch.beyond(given - self._begun)
            self._ticket = self._leave_stretch()
        if unseen:
            self.seat.put_back(unseen, self._ticket)
            self._ticket = 0
        self.given = given

    def _leave_stretch(self) -> int:
        """Take no more of what was promised; return the ticket of the last that was taken, 0 where nothing was."""
        stretch, self._stretch, self._left = self._stretch, None, _NOTHING
        self._rest.clear()
        return 0 if stretch is None else stretch.ticket

    def close(self) -> None:
        """Leave; what is still queued is let go. May be called twice."""
        with Shelter():
            self.seat.is_left = True
            self._host.leave(self.seat)
            self._rest.clear()

    def __repr__(self) -> str:
        ended = ", left" if self.seat.is_left else ""
        dropped = f", {self.dropped:,} dropped" if self.dropped else ""
        return f"<{type(self).__name__} {self.name}: {self.policy.value}, {self.taken:,} taken{dropped}{ended}>"

    def __del__(self) -> None:
        if not self.seat.is_left:
            self.seat.is_left = True
            self._host.let_go(self.seat)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            event = self.promised()
            if event is None:
                event = self._awaited()
                self.given += 1
        except BaseException:
            self.put_back(self.given)
            raise
        return event

    def _awaited(self) -> Event:
        me = self.seat.owner
        if me.task is not None or me.thread != get_ident():
            me = whoami(is_thread=True)
        while True:
            taken = self._next(me)
            if isinstance(taken, Future):
                self._host.waits(self.seat, Wait(self._called, me, taken))
                taken.get()
            elif taken is None:
                raise StopIteration
            else:
                return taken

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if monotonic() >= self._next_turn_s:  # events that are there already would never let other tasks run
            await asyncio.sleep(0)
            self._next_turn_s = monotonic() + _TURN_S
        while True:
            taken = self._next(me := whoami())
            if isinstance(taken, Future):
                await self._about_to_wait(me, taken)
                await taken
                self._next_turn_s = monotonic() + _TURN_S
            elif taken is None:
                raise StopAsyncIteration
            else:
                self.given += 1
                return taken

    async def _about_to_wait(self, me: Owner, woken: Future[None]) -> None:
        """Be told of a deadlock; but an async generator that was left is closed by the event loop in its next turns."""
        for turn in range(_TURNS + 1):
            try:
                self._host.waits(self.seat, Wait(self._called, me, woken))
            except Deadlock:
                if turn == _TURNS:
                    raise
            else:
                return
            await asyncio.sleep(0)

    @property
    def _called(self) -> str:
        return f"subscription {self.name!r}"

    def _next(self, me: Owner) -> "Event | Future[None] | None":
        """Take, undisturbed: rooms may work here meanwhile. Who is interrupted has been given nothing."""
        while True:
            with self._shelter as shelter:
                self._last = taken = self._take(me)
                if not shelter.came:
                    return taken
                self._put_back(self.given)

    def _take(self, me: Owner | None = None) -> "Event | Future[None] | None":
        """Return the next event, or something to wait for, or ``None`` at the end."""
        if self._home != Here.process:
            raise NotReady(elsewhere(self._home))
        seat = self.seat
        seat.owner = me or whoami()
        if not seat.has_asked:
            self._host.asked(seat)
            first, self.on_first = self.on_first, None
            if first is not None:
                first()
        if (promised := self._promised()) is not None:
            return promised
        if ticket := self._leave_stretch() or self._ticket:
            self._ticket = 0
            if seat.is_waited_for and (stretch := self._host.give_back(seat, ticket)) is not None:
                self._stretch, self._left, self._begun = stretch, stretch.left, self.given
                return self._first_of(stretch.first) if isinstance(stretch.first, list) else stretch.first
        taken = seat.take()
        if isinstance(taken, tuple):
            event, self._ticket = taken
            return event
        return taken
