"""A subscription to a session in another process: the same iterator, filled over an exchange of its own.

How many events may wait is counted over there, where what is too much is dropped; here are those of two messages more.
"""

import functools
import operator
import threading
from typing import Any

import msgspec

from actors.flight.replies import ENDED, failed, loss, unpacked_as
from actors.flight.tickets import Subscribe
from actors.flight.wire import Exchange, Wire
from actors.kernel.future import Future
from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.topics import EVENTS
from actors.kernel.listen.waiting import Wait
from messages.base import Event
from messages.codec import decoder, encode
from messages.errors import BarkeeperError, Unreachable
from messages.values import Policy

TOLD: tuple[type[Event], ...] = tuple(dict.fromkeys(kind for kinds in EVENTS.values() for kind in kinds))
"""Whatever a subscriber may hear."""

_MORE = b"more"
_AHEAD = 2
"""Messages of events that are asked for before one of them is dealt with; of who is waited for only one."""
_ANY = 1 << 62


def listen(wire: Wire, wish: Subscribe, timeout_s: float) -> Subscription:
    """Subscribe.

    Raises:
        Unreachable: nobody answers there, or not within so many seconds.
        BarkeeperError: why it is refused over there.
    """
    far = _Far(wire, wish)
    return Subscription(far.admitted(timeout_s), far)


class _FarSeat(Seat):
    """A seat whose queue is filled from afar: when a message of events has been taken the next one is asked for."""

    def __init__(self, name: str, policy: Policy, far: "_Far") -> None:
        super().__init__(0, name, Filter(), policy, _ANY)
        self._far = far

    def take(self) -> tuple[Event, int] | Future[None] | None:
        """Return the next event, or something to wait for, or ``None`` at the end."""
        taken = super().take()
        if isinstance(taken, tuple) and taken[1] and self.policy is not Policy.BLOCK:
            self._far.more()
        return taken


class _Far:
    """The other end of a subscription, in the place of a session's fanout."""

    def __init__(self, wire: Wire, wish: Subscribe) -> None:
        self._place = wire.place
        self._policy = wish.policy
        self._seat: _FarSeat | None = None
        self._is_over = False
        self._admitted: Future[str] = Future()
        self._sending = threading.Lock()
        self._exchange: Exchange = wire.exchange(encode(wish), self._heard, self._lost)

    def admitted(self, timeout_s: float) -> Seat:
        """Wait until it is known who we are over there."""
        try:
            name = self._admitted.get(timeout=timeout_s)
        except BaseException:
            self._exchange.cancel()
            raise
        assert self._seat is not None, f"{name} has a seat"
        if self._policy is not Policy.BLOCK:
            for _ in range(_AHEAD):
                self.more()
        return self._seat

    def more(self) -> None:
        """Ask for a message of events."""
        try:
            with self._sending:
                self._exchange.send(_MORE)
        except BarkeeperError:
            return  # whoever reads the other direction says so, after what has come

    # --- the host of a subscription

    def asked(self, seat: Seat) -> None:
        """The first event is asked for."""
        seat.has_asked = True
        if self._policy is Policy.BLOCK:
            self.more()

    def give_back(self, seat: Seat, ticket: int) -> None:
        """What came last has been dealt with."""
        del seat, ticket
        self.more()

    def waits(self, seat: Seat, wait: Wait) -> None:
        """Nobody here knows who waits for whom over there."""

    def leave(self, seat: Seat) -> None:
        """No more is wanted."""
        self._exchange.cancel()
        seat.close()

    def let_go(self, seat: Seat) -> None:
        """Nobody has the subscription any more."""
        del seat
        self._exchange.cancel()

    # --- what comes

    def _heard(self, message: memoryview) -> None:
        if self._seat is None:
            try:
                name = unpacked_as(_names(), message)
            except BarkeeperError as error:
                self._admitted.set_exception(error)
                return
            self._seat = _FarSeat(name, self._policy, self)
            self._admitted.set(name)
            return
        failure = failed(message)
        dropped = loss(message)
        if failure is not None or message == ENDED:
            self._is_over = True
            self._seat.finish(failure)
            self._exchange.cancel()
        elif dropped is not None:
            self._seat.dropped = dropped
        else:
            self._seat.push(unpacked_as(_messages(), message), 1)

    def _lost(self, why: BarkeeperError | None) -> None:
        self._admitted.set_exception(why or Unreachable("this session is served no more"))
        if self._seat is not None and not self._is_over:
            self._seat.finish(why or Unreachable("this session is served no more"))


@functools.cache
def _names() -> "msgspec.msgpack.Decoder[str]":
    return decoder(str)


@functools.cache
def _messages() -> "msgspec.msgpack.Decoder[Any]":
    union: Any = functools.reduce(operator.or_, TOLD)
    return decoder(list[union])
