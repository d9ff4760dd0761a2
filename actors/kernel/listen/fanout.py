"""From one room to any number of subscribers: bounded queues, policies, and the ticket that travels through them.

SessionData tells what happened; it is held back until the ticket of that minute comes by (``MinuteSettled``),
so that nobody sees a minute half done. A ticket goes home to the coordinator when every blocking subscriber
that was given something has asked for more. With one ticket a minute and one ticket out at a time that is
lockstep; with many it is flow control: the same mechanism.
"""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from actors.kernel.address import Address
from actors.kernel.future import Future
from actors.kernel.listen import deadlock
from actors.kernel.listen.given import Given
from actors.kernel.listen.seat import NEVER, Filter, Seat, is_bare
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.turnstile import Credit
from actors.kernel.listen.waiting import Wait, is_pooled, warn_of_late, whoami
from actors.kernel.outcome import Refusal
from messages.base import Event
from messages.commands import HoldEnded, HoldStepped, ListenFrom
from messages.errors import NotReady, SystemFailed
from messages.events import (
    BoundaryKind,
    MinuteSettled,
    RunFailed,
    RunFinished,
    SessionBoundary,
    StateChanged,
)
from messages.history import WarmUpReported
from messages.listeners import SubscriberLate, SubscribersChanged, SubscriptionDropped
from messages.values import Policy, SystemState

_FOR_NEWCOMERS: frozenset[type[Event]] = frozenset({SessionBoundary, WarmUpReported})
_FOR_US = frozenset(
    {MinuteSettled, RunFinished, RunFailed, StateChanged, ListenFrom, HoldEnded, HoldStepped, SubscriptionDropped}
)
_SPECIAL = _FOR_NEWCOMERS | _FOR_US


class Fanout:
    """The switch between SessionData and its subscribers. ``tell`` may come from any thread.

    Args:
        credit: who hears of tickets that are home, and of who listens.
        overseers: who hears which subscriber is late.
        is_lockstep: whether the tape stands still when the last one that was reading leaves, and moves only when
            everybody has dealt with what it was given.
        late_after_s: a subscriber that holds up the run for so long is warned of.
    """

    def __init__(
        self,
        credit: Credit,
        overseers: Iterable[Address[Any]] = (),
        *,
        is_lockstep: bool = False,
        late_after_s: float = 10.0,
    ) -> None:
        self._credit = credit
        self._overseers = tuple(overseers)
        self._is_lockstep = is_lockstep
        self._late_after_s = late_after_s
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._seats: list[Seat] = []
        self._runners: list[Wait] = []
        self._hears_bars = True
        self._held: list[Event] = []
        self._given = Given()
        self._opening: list[Event] = []
        self._opened: list[Event] = []
        self._stuck: tuple[tuple[int, int], float] = ((0, 0), 0.0)
        self._is_warned = False
        self._holds = 0
        self._is_standing = False
        """Whether the last one that was reading has left, and nobody has had the tape go on."""
        self._is_keeping = False
        """Whether a minute that is under way by then is kept: none that passes by a step is."""
        self._kept: tuple[int, list[Event]] | None = None
        """The minute that was under way then: whoever comes next begins with it."""
        self._again: tuple[int, list[Event]] | None = None
        """One that was kept, until its bars are told, which nobody heard."""
        self._left: list[int] = []
        """Tickets of who has left while somebody was coming: they go home when that one is in."""
        self._end: BaseException | None = None

    def subscribe(self, name: str, wanted: Filter, policy: Policy, bound: int) -> Subscription:
        """Let somebody listen from the next ticket on."""
        seat = Seat(next(self._numbers), name, wanted, policy, bound)
        self.sweep()
        with self._lock:
            if self._end is None:
                self._given.end_stretch()
                self._seats.append(seat)
                again = self._welcome_back(seat) if self._is_standing else 0
                self._credit.tell(self._changed(again=again))
        if self._end is not None:
            seat.finish(self._end)
        return Subscription(seat, self)

    def tell(self, message: Any) -> None:
        """Hold an event back, let a ticket go by, or end."""
        kind = type(message)
        if kind not in _SPECIAL:  # nearly all
            if self._seats or self._is_standing:
                self._hold(message)
        elif kind is MinuteSettled:
            self._release(message)
        elif kind in _FOR_NEWCOMERS:
            self._hold(message)
            self._opening += [message] if _is_opening(message) else []
        elif kind is RunFinished:
            count = f"{message.sessions} session{'s' * (message.sessions != 1)}"
            self.finish(None, NotReady(_over(f"it was played to its end, {count}")))
        elif kind is RunFailed:
            self._fail(message.reason)
        elif kind is StateChanged:
            self._state_changed(message)
        elif kind is HoldEnded or kind is HoldStepped:
            self._hold_moves(message)
        elif kind is SubscriptionDropped:
            self.sweep()
        else:
            self._listen_from(message)

    def _state_changed(self, message: StateChanged) -> None:
        if message.failure is not None:  # the coordinator may be what failed, and say nothing any more
            self._fail(message.failure)
        elif message.is_down:
            self.finish(NotReady("the system was stopped"))
        elif message.state is SystemState.RUNNING:  # a live run goes on whose error was cleared
            with self._lock:
                self._end = None

    def _fail(self, reason: str) -> None:
        self.finish(SystemFailed(reason), SystemFailed(_over(f"it failed: {reason}")))

    def finish(self, error: BaseException | None, over: BaseException | None = None) -> None:
        """End every subscription: their iterators stop, or raise ``error``; those to come raise ``over``."""
        with self._lock:
            self._end = over or error or NotReady("the run is over")
            seats, self._seats = self._seats, []
            self._given.clear()
        for seat in seats:
            seat.finish(error)

    def watch(self, elapsed: float) -> None:
        """Look whether the oldest ticket stands still for another ``elapsed`` seconds, and tell who holds it."""
        with self._lock:
            oldest = next(iter(self._given.tickets), 0)
            holders = self._given.holders(oldest) if oldest else set[Seat]()
            seen = (oldest, sum(holder.taken for holder in holders))
            before, waited = self._stuck
            waited = waited + elapsed if oldest and seen == before else 0.0
            self._stuck = (seen, waited)
            names = tuple(sorted(holder.name for holder in holders)) if waited else ()
            self._is_warned = self._is_warned and waited > 0
            is_news = waited >= self._late_after_s and not self._is_warned
            self._is_warned = self._is_warned or is_news
            deadlock.wake(self._seats, self._runners, self._given, is_patience_over=waited > 0)
        for overseer in self._overseers:
            overseer.tell(SubscriberLate(names=names, seconds=waited))
        if is_news:
            warn_of_late(names, waited)

    # --- who reads

    def asked(self, seat: Seat) -> None:
        """A reader asks for its first event."""
        with self._lock:
            seat.has_asked = True

    def waits(self, seat: Seat, wait: Wait) -> None:
        """A reader is about to wait; raises ``Deadlock`` where that would be for ever."""
        if len(self._seats) < 2 or is_pooled():
            return
        with self._lock:
            seat.wait = wait
            culprit = deadlock.looked_around(wait, seat, self._seats, self._given) if self._is_lockstep else None
            seat.wait = None if culprit is not None else wait
        if culprit is not None:
            raise wait.error(culprit)

    @contextmanager
    def running(self) -> Iterator[Future[None]]:
        """While this thread waits for the end of the run, it goes on whoever leaves.

        Returns:
            What to wait for, to be resolved with the run; it fails where that would be waiting for ever.
        """
        over: Future[None] = Future()
        wait = Wait("run()", whoami(is_thread=True), over)
        self.sweep()
        with self._lock:
            self._given.end_stretch()
            self._runners.append(wait)
            culprit = deadlock.looked_around(wait, None, self._seats, self._given) if self._is_lockstep else None
        try:
            if culprit is not None:
                raise wait.error(culprit)
            yield over
        finally:
            with self._lock:
                self._runners.remove(wait)

    def give_back(self, seat: Seat, ticket: int) -> Stretch | None:
        """A subscriber is done with a ticket; return the minutes that it is promised, who is alone with them."""
        with self._lock:
            self._given.end_stretch()
            if (stretch := self._promised(seat, ticket)) is not None:
                return stretch
            is_home = self._is_home(seat, ticket)
        if is_home:
            self._credit.tell(MinuteSettled(ticket=ticket))
        return None

    def leave(self, seat: Seat) -> None:
        """A subscriber wants no more: it is done with all that it holds, but for a minute of which it has seen nothing.

        If it was the last one that read, the tape stands still from here on.
        """
        with self._lock:
            self._given.end_stretch()
            is_news = seat in self._seats
            if is_news:
                self._seats.remove(seat)
            is_last = is_news and self._is_last(seat)
            self._holds += is_last
            self._is_standing = self._is_standing or is_last
            self._is_keeping = self._is_keeping or is_last
            home = [ticket for ticket in self._given.tickets if self._is_home(seat, ticket)]
            if is_news:
                self._credit.tell(self._changed(hold=self._holds if is_last else 0, heard=max(home, default=0)))
            seat.close()
            if self._is_lockstep and any(to.is_coming for to in self._seats):
                self._left += home  # or minutes would pass before they are in who have come to read on
                home = []
        for ticket in home:
            self._credit.tell(MinuteSettled(ticket=ticket))

    def let_go(self, seat: Seat) -> None:
        """Nobody has a subscription any more; wherever that happens, it leaves when the message has gone round."""
        self._credit.tell(SubscriptionDropped(number=seat.number))

    def sweep(self) -> None:
        """Let those leave at once who were let go, and whose message is under way: who comes begins where they left."""
        with self._lock:  # one who leaves just now has left by then
            left = [seat for seat in self._seats if seat.is_left]
        for seat in left:
            self.leave(seat)

    def _changed(self, *, hold: int = 0, heard: int = 0, again: int = 0) -> SubscribersChanged:
        waited_for = [to for to in self._seats if to.is_waited_for]
        if self._seats:  # who loops in pieces asks for the same again
            self._hears_bars = any(to.wants_bars for to in self._seats)
        return SubscribersChanged(
            count=len(waited_for),
            of_sessions=sum(to.wants_only(_FOR_NEWCOMERS) for to in waited_for),
            hears_minutes=not self._seats or not all(to.wants_only(_FOR_NEWCOMERS) for to in self._seats),
            hears_bars=self._hears_bars,
            hold=hold,
            heard=heard,
            again=again,
        )

    def _is_last(self, seat: Seat) -> bool:
        """Whether nobody is left who would have the tape go on."""
        if not self._is_lockstep or not seat.is_waited_for or self._runners:
            return False
        return not any(other.has_asked for other in self._seats)

    def _hold_moves(self, message: HoldEnded | HoldStepped) -> None:
        with self._lock:
            if message.hold != self._holds:
                return
            self._is_standing = isinstance(message, HoldStepped)
            self._is_keeping = False
            kept, self._kept = self._kept, None
        if kept is not None:
            self._credit.tell(MinuteSettled(ticket=kept[0]))

    # --- minutes

    def _hold(self, event: Event) -> None:
        """Hold an event back for the next minute; it was not promised, so who takes minutes by himself asks again."""
        self._held.append(event)
        if self._given.alone is not None:
            with self._lock:
                self._given.end_stretch()

    def _release(self, settled: MinuteSettled) -> None:
        events, self._held = self._held, []
        holders: set[Seat] = set()
        if self._opening:
            self._opened, self._opening = self._opening, []
        with self._lock:
            ticket = settled.ticket
            if self._again is not None and self._again[0] == ticket:
                events += self._again[1]
                self._again = None
            for to in self._seats:
                if to.listens_from <= ticket and (picked := to.pick(events)):
                    if to.is_waited_for:
                        holders.add(to)
                    to.push(picked, ticket)
            if holders:
                self._given.give(ticket, events, holders)
                is_shared = len(self._seats) > 1  # who is alone has just been given what it waits for
                may_be = self._runners or (is_shared and deadlock.may_be(holders, self._seats, self._given))
                if may_be and self._is_lockstep:
                    deadlock.wake(self._seats, self._runners, self._given)
                return
            if self._is_keeping and self._kept is None:
                self._kept = ticket, events
                return
        self._credit.tell(settled)

    def _promised(self, seat: Seat, ticket: int) -> Stretch | None:
        """Have minutes promised to who is done with this ticket, if nobody else listens, waits or is to hear of it.

        ``None``: look at the seat, where the ticket is not out any more, or is to be told.
        """
        is_alone = len(self._seats) == 1 and not self._runners and self._given.is_all_with(seat, ticket)
        is_busy = self._held or self._is_keeping or self._again is not None
        promised = self._credit.promise(seat) if is_alone and not is_busy and seat.is_fond else None
        if promised is None:
            return None
        self._given.drop(ticket)
        if isinstance(promised, Refusal):
            return None
        if self._held:  # it was told just before, and comes first
            promised.recall()
            events, self._held = self._held, []
            events += promised.told
            self._given.give(promised.ticket, events, {seat})
            seat.push(seat.pick(events), promised.ticket)
            return None
        self._given.promise(seat, promised)
        if self._held:  # by who had not heard of the promise
            self._given.end_stretch()
        return promised

    def _welcome_back(self, seat: Seat) -> int:
        """Let a newcomer begin where the tape stands, with the minute that was under way; the opening is old news.

        Return the ticket of that minute, where its bars are to be told first; 0: they need not be.
        """
        seat.listens_from = 0
        ticket, events = self._kept or (0, [])
        if seat.wants_bars and is_bare(events):
            self._again, self._kept = self._kept, None
            return ticket
        if picked := seat.pick(events):
            self._kept = None
            self._given.give(ticket, events, {seat})
            seat.push(picked, ticket)
        return 0

    def _listen_from(self, message: ListenFrom) -> None:
        """Let the newcomers in, and tell them which session is open, and how warm it is."""
        holders: set[Seat] = set()
        with self._lock:
            newcomers = [to for to in self._seats if to.listens_from == NEVER]
            for newcomer in newcomers:
                newcomer.listens_from = message.ticket
                if picked := newcomer.pick(self._opened):
                    is_waited_for = message.is_ticketed and newcomer.is_waited_for
                    holders |= {newcomer} if is_waited_for else set()
                    newcomer.push(picked, message.ticket if is_waited_for else 0)
            if holders:
                self._given.give(message.ticket, self._opened, holders)
            left, self._left = self._left, []
        home = [message.ticket] if message.is_ticketed and not holders else []
        for ticket in [*left, *home]:
            self._credit.tell(MinuteSettled(ticket=ticket))

    def _is_home(self, seat: Seat, ticket: int) -> bool:
        """Take a ticket back from one holder; whether it was the last, and nobody is to begin with that minute."""
        given = self._given.take_back(seat, ticket)
        if given is None:
            return False
        if self._is_keeping and self._kept is None and not given.is_seen:
            self._kept = ticket, given.events
            return False
        return True


def _over(how: str) -> str:
    return f"the run is over: {how}; to play again, make another System"


def _is_opening(event: SessionBoundary | WarmUpReported) -> bool:
    return not isinstance(event, SessionBoundary) or event.kind is BoundaryKind.OPENED
