"""A tape that stands still, for the last one that was reading has left, until somebody has it go on."""

from messages.base import Message
from messages.events import MinuteSettled, PrefetchFailed, SessionPrefetched, TimerFired
from messages.repairs import CertificateIssued, SessionSettled

_WHAT_MOVES_IT = (MinuteSettled, SessionPrefetched, PrefetchFailed, SessionSettled, CertificateIssued, TimerFired)


class Hold:
    """Keeps what would move the tape until it goes on; a clock that fired is forgotten, for it starts anew."""

    def __init__(self) -> None:
        self.is_on = False
        self.number = 0
        """Of the latest hold."""
        self._kept: list[Message] = []

    def begin(self, number: int) -> None:
        """The last one that was reading has left."""
        self.is_on, self.number = True, number

    def keeps(self, message: Message) -> bool:
        """Put a message aside while the tape stands; return whether it was."""
        if not self.is_on or not isinstance(message, _WHAT_MOVES_IT):
            return False
        if not isinstance(message, TimerFired):
            self._kept.append(message)
        return True

    def end(self) -> list[Message]:
        """Return what was put aside, in order."""
        self.is_on = False
        kept, self._kept = self._kept, []
        return kept
