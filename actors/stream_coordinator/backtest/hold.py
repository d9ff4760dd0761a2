"""A tape that stands still, for the last one that was reading has left, until somebody has it go on."""

from messages.base import Message
from messages.events import MinuteSettled, PrefetchFailed, SessionPrefetched, TimerFired
from messages.repairs import CertificateIssued, SessionSettled

_WHAT_MOVES_IT = (MinuteSettled, SessionPrefetched, PrefetchFailed, SessionSettled, CertificateIssued, TimerFired)


class Hold:
    """Keeps what would move the tape until it goes on; a clock that fired is forgotten, for it starts anew.

    A step lets one minute pass that nobody hears; then the tape stands again.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.number = 0
        """Of the latest hold."""
        self._steps = 0
        self._passed = 0
        self._home = 0
        self._kept: list[Message] = []

    @property
    def is_shut(self) -> bool:
        """Whether nothing may move."""
        return self.is_on and self._steps == 0

    @property
    def is_stepping(self) -> bool:
        """Whether a step is under way."""
        return self.is_on and self._steps > 0

    @property
    def is_at_rest(self) -> bool:
        """Whether the steps are taken, and all is done that follows from their minutes."""
        return self.is_shut and self._home >= self._passed

    def begin(self, number: int, heard: int) -> None:
        """The last one that was reading has left, after the minute with this ticket; 0: before any."""
        self.is_on, self.number = True, number
        self._passed = max(self._passed, heard)

    def step(self, steps: int) -> None:
        """So many more minutes are to pass."""
        self._steps += steps

    def let_by(self, ticket: int) -> None:
        """Count the minute with this ticket, once; 0 is none."""
        if self.is_stepping and ticket > self._passed:
            self._passed = ticket
            self._steps -= 1

    def keeps(self, message: Message) -> bool:
        """Put a message aside while the tape stands; return whether it was."""
        if not self.is_on:
            return False
        if isinstance(message, MinuteSettled):
            self._home = max(self._home, message.ticket)
        if self._steps or not isinstance(message, _WHAT_MOVES_IT):
            return False
        if not isinstance(message, TimerFired):
            self._kept.append(message)
        return True

    def take(self) -> list[Message]:
        """Return what was put aside, in order."""
        kept, self._kept = self._kept, []
        return kept

    def end(self) -> int:
        """It goes on; return how many steps have not been taken."""
        steps, self._steps, self.is_on = self._steps, 0, False
        return steps
