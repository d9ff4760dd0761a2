"""Minutes that wait at SessionData's door, so that who has dealt with one lets the next one in at once.

In lockstep the coordinator would have to be woken between any two minutes, and waking a thread is most of what
such a minute costs. It stages some minutes here instead and hears of their tickets together.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from actors.kernel.address import Address
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.tape_minutes import TapeMinutes
from actors.kernel.listen.told import Wanted
from actors.kernel.outcome import Refusal
from messages.commands import AllowMinutes, HoldEnded, RecallMinutes, Step
from messages.events import BarsArrived, MinuteSettled, MinutesRecalled, MinutesStaged, TimeAdvanced
from messages.listeners import HearingChanged, SubscribersChanged

_FEW = 0
"""So few staged minutes are left when their sender is told, that it can stage more before the last has passed."""

_BY_HAND = 16
"""So many minutes in a row are given by hand: who waits for a rare event is to wait, where it can be interrupted."""


class Door(Protocol):
    """Where minutes are let in."""

    def tell(self, message: BarsArrived | TimeAdvanced | HearingChanged) -> None:
        """Put a message into the mailbox."""
        ...

    def hand(self, message: BarsArrived | TimeAdvanced) -> None:
        """Tell; it may be handled before this returns."""
        ...

    def promise(self, minutes: Sequence[BarsArrived | TimeAdvanced], to: Wanted) -> Stretch | Refusal | None:
        """Have what follows from the next minutes promised; ``None``: of none of them."""
        ...


class Credit(Protocol):
    """Where tickets are home, and who lets minutes in for it."""

    def tell(self, message: Any) -> None:
        """Hear of a ticket, or of who listens."""
        ...

    def promise(self, to: Wanted) -> Stretch | Refusal | None:
        """Let the next minutes in as they are taken, where it is known what they tell; ``None``: none."""
        ...


class Turnstile:
    """Lets one staged minute in at a time. ``tell`` may come from any thread.

    Args:
        inside: who gets the minutes.
        credit: who gets their tickets: the last that came home, when few minutes are left; and all that is not ours.
    """

    def __init__(self, inside: Door, credit: Address[Any]) -> None:
        self._inside = inside
        self._credit = credit
        self._lock = threading.Lock()
        self._staged: deque[TapeMinutes] = deque()
        self._taken = 0
        """How many of the first of these have been let in."""
        self._left = 0
        """How many have not, of all."""
        self._is_occupied = False
        self._is_admitting = False
        self._hearing = HearingChanged(hears_minutes=True)
        self._allowed: int | None = None
        self._is_held = False
        self._hold = 0
        self._let_in = 0
        self._stretch: Stretch | None = None

    def tell(self, message: Any) -> None:
        """Stage minutes, let the next one in when a ticket comes home, or change how many may pass."""
        if self._stretch is not None:
            with self._lock:
                self._end_stretch()
        if isinstance(message, MinuteSettled):
            self._settled(message)
        elif isinstance(message, MinutesStaged):
            with self._lock:
                self._staged.append(TapeMinutes.of(message))
                self._left += len(message.ends_ns)
            self._admit(self._inside.tell)
        elif isinstance(message, AllowMinutes):
            with self._lock:
                self._allowed = message.count and message.count + (self._allowed or 0)
                returned = self._not_by_the_door()
            self._give_back(returned)
            self._admit(self._inside.tell)
        elif isinstance(message, RecallMinutes):
            with self._lock:
                self._staged.clear()
                self._taken = self._left = 0
                recalled = MinutesRecalled(let_in=self._let_in, is_home=not self._is_occupied)
            self._credit.tell(recalled)
        elif isinstance(message, SubscribersChanged):
            self._subscribers_changed(message)
        elif isinstance(message, HoldEnded):
            with self._lock:
                self._is_held = self._is_held and message.hold != self._hold
            self._admit(self._inside.tell)
        else:
            self._credit.tell(message)

    def promise(self, to: Wanted) -> Stretch | Refusal | None:
        """Let the next minutes in as they are taken, in place of the one inside, whose ticket is home with this.

        All but the last few, for nobody but their reader hears of their tickets.

        Args:
            to: who takes them.

        Returns:
            What is promised; a refusal, where the room failed on the first; ``None``: nothing was done.
        """
        with self._lock:
            self._end_stretch()
            is_open = not (self._is_admitting or self._is_held) and self._allowed is None
            if not is_open or self._left <= _FEW + 1 or not self._is_occupied:
                return None
            minutes = self._staged[0][self._taken : self._taken + self._left - _FEW - 1]
            found = self._inside.promise(minutes, to)
            if isinstance(found, Stretch):
                self._stretch = found
            elif found is not None:
                self._let(1)
            return found

    def _end_stretch(self) -> None:
        """No more minutes are taken but by the door; those that were have been let in."""
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            self._let(stretch.recall())

    def _let(self, count: int) -> BarsArrived | TimeAdvanced:
        """Let in so many more of the minutes that were staged together; return the last of them."""
        minutes = self._staged[0]
        self._taken += count
        self._left -= count
        last = minutes[self._taken - 1]
        self._let_in = last.ticket
        if self._taken == len(minutes):
            self._staged.popleft()
            self._taken = 0
        return last

    def _subscribers_changed(self, message: SubscribersChanged) -> None:
        """Shut the door at once where a hold begins: its sender hears of it only when a minute could have passed."""
        with self._lock:
            if message.hold:
                self._is_held, self._hold = True, message.hold
            hearing = HearingChanged(hears_minutes=message.hears_minutes, hears_bars=message.hears_bars)
            if hearing != self._hearing or message.again:  # before any minute that is let in from now on
                self._hearing = hearing
                self._inside.tell(msgspec.structs.replace(hearing, again=message.again))
            let_in = self._let_in
            returned = self._not_by_the_door()
        self._credit.tell(msgspec.structs.replace(message, let_in=let_in))
        self._give_back(returned)

    def _not_by_the_door(self) -> int:
        """Return how many minutes were to pass while the door is shut; no more are."""
        if not self._is_held or not self._allowed:
            return 0
        steps, self._allowed = self._allowed, 0
        return steps

    def _give_back(self, steps: int) -> None:
        """Give steps back to their sender, who takes them where nobody listens."""
        for _ in range(steps):
            self._credit.tell(Step())

    def _settled(self, message: MinuteSettled) -> None:
        with self._lock:
            is_staged, self._is_occupied = self._is_occupied, False
            is_worth_telling = not is_staged or self._left <= _FEW + 1
            minute = None if is_worth_telling else self._next()
        if is_worth_telling:
            self._credit.tell(message)
            self._admit(self._inside.hand)
        elif minute is not None:
            self._admit(self._inside.hand, minute)

    def _admit(
        self, give: Callable[[BarsArrived | TimeAdvanced], None], minute: BarsArrived | TimeAdvanced | None = None
    ) -> None:
        """Let minutes in, one after the other, as long as they may; first ``minute``, which was taken already.

        Who has dealt with the last one gives the next by hand, and waits for what comes of it in any case; a
        room, which never waits for another, only tells.
        """
        given = 0
        while True:
            if minute is None:
                with self._lock:
                    minute = self._next()
                if minute is None:
                    return
            # By hand it may be handled here and now, and its ticket be home before this returns: then there is more.
            (give if given < _BY_HAND else self._inside.tell)(minute)
            given += 1
            minute = None
            self._is_admitting = False
            if self._is_occupied:  # whoever brings its ticket home from now on lets the next one in
                return

    def _next(self) -> BarsArrived | TimeAdvanced | None:
        """Return the minute that may pass now; ``None`` too while somebody else is letting one in."""
        if self._is_admitting or self._is_occupied or self._is_held or not self._left:
            return None
        if (allowed := self._allowed) is not None:
            if not allowed:
                return None
            self._allowed = allowed - 1
        self._is_occupied = self._is_admitting = True
        return self._let(1)
