"""Minutes that pass one by one: while the tape is paused, and where it stands for nobody listens."""

from actors.stream_coordinator.backtest.gate import Gate
from actors.stream_coordinator.backtest.hold import Hold
from actors.stream_coordinator.backtest.tickets import Tickets
from messages.base import Message
from messages.commands import AllowMinutes, HoldStepped, RecallMinutes
from messages.events import StepSettled
from messages.listeners import SubscribersChanged


class Steps:
    """Lets minutes pass, and says when that is done."""

    def __init__(self, gate: Gate, hold: Hold, tickets: Tickets) -> None:
        self._gate = gate
        self._hold = hold
        self._tickets = tickets
        self._asked = 0

    @property
    def are_awaited(self) -> bool:
        """Whether anybody waits for the last step that was asked for."""
        return self._asked > 0

    def add(self, number: int) -> list[Message]:
        """Return what lets one minute pass; the step has this number, or none, 0."""
        self._asked = max(self._asked, number)
        return self.let_by(1)

    def let_by(self, steps: int) -> list[Message]:
        """Return what lets so many minutes pass; where the tape stands nobody hears them, and it stands again."""
        if steps == 0:
            return []
        if self._hold.is_on:
            self._hold.step(steps)
            return [*self.recall(), HoldStepped(hold=self._hold.number)]
        if self._gate.is_ahead:
            return [AllowMinutes(count=steps)]
        self._gate.steps += steps
        return []

    def listen(self, message: SubscribersChanged) -> list[Message]:
        """Hear who listens. Where a hold begins, return what takes the steps that have not been taken."""
        self._gate.listen(message)
        if not message.hold:
            return []
        self._hold.begin(message.hold, message.heard)
        steps, self._gate.steps = self._gate.steps, 0
        return self.let_by(steps)

    def end_hold(self) -> list[Message]:
        """Return what still takes the steps that have not been taken."""
        return self.let_by(self._hold.end())

    def recall(self) -> list[Message]:
        """Return what takes back the minutes that wait at SessionData's door, if there are any."""
        if not self._tickets.staged_out or self._tickets.is_recalling:
            return []
        self._tickets.is_recalling = True
        return [RecallMinutes()]

    def settled(self, *, is_over: bool, is_between: bool) -> tuple[Message, ...]:
        """Say that the steps are taken, when they are; they may have to wait for who listens, and then nobody does.

        Args:
            is_over: the run is.
            is_between: the tape is on its way from session to session.
        """
        is_moot = is_over or self._gate.is_heard or not self._gate.is_paused
        if not is_moot and not self._is_at_rest(is_between=is_between):
            return ()
        step, self._asked = self._asked, 0
        return (StepSettled(step=step),)

    def _is_at_rest(self, *, is_between: bool) -> bool:
        if self._hold.is_on:
            return self._hold.is_at_rest
        return self._gate.is_ahead or not (is_between or self._tickets or self._gate.steps)
