"""Minutes that wait at SessionData's door, so that who has dealt with one lets the next one in at once.

In lockstep the coordinator would have to be woken between any two minutes, and waking a thread is most of what
such a minute costs. It stages a few minutes here instead and hears of their tickets together.
"""

import threading
from collections import deque
from typing import Any

from actors.kernel.address import Address
from messages.commands import AllowMinutes
from messages.events import BarsArrived, MinuteSettled, MinuteStaged, TimeAdvanced

_FEW = 1
"""So few staged minutes are left when their sender is told, that it can stage more before the last has passed."""


class Turnstile:
    """Lets one staged minute in at a time. ``tell`` may come from any thread.

    Args:
        inside: who gets the minutes.
        credit: who gets their tickets: the last that came home, when few minutes are left; and all that is not ours.
    """

    def __init__(self, inside: Address[BarsArrived | TimeAdvanced], credit: Address[Any]) -> None:
        self._inside = inside
        self._credit = credit
        self._lock = threading.Lock()
        self._staged: deque[BarsArrived | TimeAdvanced] = deque()
        self._is_occupied = False
        self._allowed: int | None = None

    def tell(self, message: Any) -> None:
        """Stage a minute, let the next one in when a ticket comes home, or change how many may pass."""
        if isinstance(message, MinuteSettled):
            self._settled(message)
        elif isinstance(message, MinuteStaged):
            with self._lock:
                self._staged.append(message.minute)
                self._admit()
        elif isinstance(message, AllowMinutes):
            with self._lock:
                self._allowed = message.count and message.count + (self._allowed or 0)
                self._admit()
        else:
            self._credit.tell(message)

    def _settled(self, message: MinuteSettled) -> None:
        with self._lock:
            is_staged, self._is_occupied = self._is_occupied, False
            self._admit()
            is_worth_telling = not is_staged or len(self._staged) <= _FEW
        if is_worth_telling:
            self._credit.tell(message)

    def _admit(self) -> None:
        """Let the next minute in if it may; under the lock, so that none overtakes another."""
        if self._is_occupied or not self._staged or self._allowed == 0:
            return
        if self._allowed is not None:
            self._allowed -= 1
        self._is_occupied = True
        self._inside.tell(self._staged.popleft())
