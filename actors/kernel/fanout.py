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
from actors.kernel.subscription import Filter, Subscription
from messages.base import Event
from messages.errors import SystemFailed
from messages.events import MinuteSettled, RunFailed, RunFinished, SubscriberLate, SubscribersChanged
from messages.values import Policy


class Fanout:
    """The switch between SessionData and its subscribers. ``tell`` may come from any thread."""

    def __init__(self, credit: Address[Any], overseers: Iterable[Address[Any]] = ()) -> None:
        self._credit = credit
        self._overseers = tuple(overseers)
        self._lock = threading.Lock()
        self._subscriptions: list[Subscription] = []
        self._held: list[Event] = []
        self._holders: dict[int, set[Subscription]] = {}
        self._stuck: tuple[int, float] = (0, 0.0)
        self._end: BaseException | None = None
        self._has_ended = False

    def subscribe(self, name: str, wanted: Filter, policy: Policy, bound: int) -> Subscription:
        """Let somebody listen from the next ticket on."""
        subscription = Subscription(name, wanted, policy, bound, self._give_back)
        with self._lock:
            has_ended = self._has_ended
            if not has_ended:
                self._subscriptions.append(subscription)
            count = len(self._subscriptions)
        if has_ended:
            subscription.finish(self._end)
        else:
            self._credit.tell(SubscribersChanged(count=count))
        return subscription

    def tell(self, message: Any) -> None:
        """Hold an event back, let a ticket go by, or end."""
        if isinstance(message, MinuteSettled):
            self._release(message)
        elif isinstance(message, RunFinished):
            self.finish(None)
        elif isinstance(message, RunFailed):
            self.finish(SystemFailed(message.reason))
        elif self._subscriptions:
            self._held.append(message)

    def finish(self, error: BaseException | None) -> None:
        """End every subscription, those to come too: their iterators stop, or raise ``error``."""
        with self._lock:
            self._has_ended, self._end = True, error
            subscriptions, self._subscriptions = self._subscriptions, []
            self._holders.clear()
        for subscription in subscriptions:
            subscription.finish(error)

    def watch(self, elapsed: float, late_after: float) -> None:
        """Look whether the oldest ticket moved in the last ``elapsed`` seconds; name who has held it for too long."""
        with self._lock:
            oldest = min(self._holders, default=0)
            names = tuple(sorted(holder.name for holder in self._holders.get(oldest, ())))
            before, waited = self._stuck
            self._stuck = (oldest, waited + elapsed if oldest and oldest == before else 0.0)
            seconds = self._stuck[1]
            names = names if seconds >= late_after else ()
        for overseer in self._overseers:
            overseer.tell(SubscriberLate(names=names, seconds=seconds))

    def _release(self, settled: MinuteSettled) -> None:
        events, self._held = self._held, []
        with self._lock:
            given = [(to, picked) for to in self._subscriptions if (picked := to.pick(events))]
            holders = {to for to, _ in given if to.policy is Policy.BLOCK}
            if holders:
                self._holders[settled.ticket] = holders
        for to, picked in given:
            to.push(picked, settled.ticket)
        if not holders:
            self._credit.tell(settled)

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
            count, held = len(self._subscriptions), sorted(self._holders)
        if was_listening:
            self._credit.tell(SubscribersChanged(count=count))
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
