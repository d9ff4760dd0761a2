"""From one room to any number of subscribers: bounded queues, policies, and the ticket that travels through them.

SessionData tells what happened; it is held back until the ticket of that minute comes by (``MinuteSettled``),
so that nobody sees a minute half done. A ticket goes home to the coordinator when every blocking subscriber
that was given something has asked for more. With one ticket a minute and one ticket out at a time that is
lockstep; with many it is flow control: the same mechanism.
"""

import threading
from collections.abc import Iterable
from typing import Any

from actors.kernel.address import Address
from actors.kernel.listen.subscription import NEVER, Filter, Subscription
from messages.base import Event
from messages.commands import ListenFrom
from messages.errors import SystemFailed
from messages.events import (
    BoundaryKind,
    MinuteSettled,
    RunFailed,
    RunFinished,
    SessionBoundary,
    StateChanged,
    SubscriberLate,
    SubscribersChanged,
)
from messages.history import WarmUpReported
from messages.values import Policy, SystemState

_FOR_NEWCOMERS = frozenset({SessionBoundary, WarmUpReported})
_FOR_US = frozenset({MinuteSettled, RunFinished, RunFailed, StateChanged, ListenFrom})


class Fanout:
    """The switch between SessionData and its subscribers. ``tell`` may come from any thread."""

    def __init__(self, credit: Address[Any], overseers: Iterable[Address[Any]] = ()) -> None:
        self._credit = credit
        self._overseers = tuple(overseers)
        self._lock = threading.Lock()
        self._subscriptions: list[Subscription] = []
        self._held: list[Event] = []
        self._holders: dict[int, set[Subscription]] = {}
        self._opening: list[Event] = []
        self._opened: list[Event] = []
        self._stuck: tuple[tuple[int, int], float] = ((0, 0), 0.0)
        self._end: BaseException | None = None
        self._has_ended = False

    def subscribe(self, name: str, wanted: Filter, policy: Policy, bound: int) -> Subscription:
        """Let somebody listen from the next ticket on."""
        subscription = Subscription(name, wanted, policy, bound, self._give_back)
        with self._lock:
            if not self._has_ended:
                self._subscriptions.append(subscription)
                self._credit.tell(SubscribersChanged(count=len(self._subscriptions)))
                return subscription
        subscription.finish(self._end)
        return subscription

    def tell(self, message: Any) -> None:
        """Hold an event back, let a ticket go by, or end."""
        kind = type(message)
        if kind in _FOR_NEWCOMERS:
            self._held.append(message)
            self._opening += [message] if _is_opening(message) else []
        elif kind not in _FOR_US:  # nearly all
            if self._subscriptions:
                self._held.append(message)
        elif kind is MinuteSettled:
            self._release(message)
        elif kind is RunFinished:
            self.finish(None)
        elif kind is RunFailed:
            self.finish(SystemFailed(message.reason))
        elif kind is StateChanged:
            self._state_changed(message)
        else:
            self._listen_from(message.ticket)

    def _state_changed(self, message: StateChanged) -> None:
        if message.failure is not None:  # the coordinator may be what failed, and say nothing any more
            self.finish(SystemFailed(message.failure))
        elif message.state is SystemState.RUNNING:  # a live run goes on whose error was cleared
            with self._lock:
                self._has_ended, self._end = False, None

    def finish(self, error: BaseException | None) -> None:
        """End every subscription, those to come too: their iterators stop, or raise ``error``."""
        with self._lock:
            self._has_ended, self._end = True, error
            subscriptions, self._subscriptions = self._subscriptions, []
            self._holders.clear()
        for subscription in subscriptions:
            subscription.finish(error)

    def watch(self, elapsed: float) -> None:
        """Look whether the oldest ticket stands still for another ``elapsed`` seconds, and tell who holds it."""
        with self._lock:
            oldest = min(self._holders, default=0)
            holders = self._holders.get(oldest, set())
            seen = (oldest, sum(holder.taken for holder in holders))
            before, waited = self._stuck
            waited = waited + elapsed if oldest and seen == before else 0.0
            self._stuck = (seen, waited)
            names = tuple(sorted(holder.name for holder in holders)) if waited else ()
        for overseer in self._overseers:
            overseer.tell(SubscriberLate(names=names, seconds=waited))

    def _release(self, settled: MinuteSettled) -> None:
        events, self._held = self._held, []
        if self._opening:
            self._opened, self._opening = self._opening, []
        with self._lock:
            listening = [to for to in self._subscriptions if to.listens_from <= settled.ticket]
            given = [(to, picked) for to in listening if (picked := to.pick(events))]
            holders = {to for to, _ in given if to.policy is Policy.BLOCK}
            if holders:
                self._holders[settled.ticket] = holders
        for to, picked in given:
            to.push(picked, settled.ticket)
        if not holders:
            self._credit.tell(settled)

    def _listen_from(self, ticket: int) -> None:
        """Let the newcomers in, and tell them which session is open, and how warm it is."""
        with self._lock:
            newcomers = [to for to in self._subscriptions if to.listens_from == NEVER]
            for newcomer in newcomers:
                newcomer.listens_from = ticket
        for newcomer in newcomers:
            if picked := newcomer.pick(self._opened):
                newcomer.push(picked, 0)

    def _give_back(self, subscription: Subscription, ticket: int, *, is_leaving: bool) -> None:
        """A subscriber is done with a ticket, or, leaving, with all that it holds."""
        if is_leaving:
            self._leave(subscription)
        elif self._is_home(subscription, ticket):
            self._credit.tell(MinuteSettled(ticket=ticket))

    def _leave(self, subscription: Subscription) -> None:
        with self._lock:
            was_listening = subscription in self._subscriptions
            if was_listening:
                self._subscriptions.remove(subscription)
                self._credit.tell(SubscribersChanged(count=len(self._subscriptions)))
            held = sorted(self._holders)
        for ticket in held:
            self._give_back(subscription, ticket, is_leaving=False)

    def _is_home(self, subscription: Subscription, ticket: int) -> bool:
        """Take a ticket back from one holder; whether it was the last."""
        with self._lock:
            holders = self._holders.get(ticket)
            if holders is None or subscription not in holders:
                return False
            holders.discard(subscription)
            if not holders:
                del self._holders[ticket]
            return not holders


def _is_opening(event: Event) -> bool:
    return isinstance(event, WarmUpReported) or (
        isinstance(event, SessionBoundary) and event.kind is BoundaryKind.OPENED
    )
