"""The next minutes of a session, as many as may be told now."""

from actors.stream_coordinator.agenda import Agenda
from actors.stream_coordinator.backtest.gate import STAGED, Gate
from actors.stream_coordinator.backtest.pacing import Pacer
from actors.stream_coordinator.backtest.playback import Playback
from actors.stream_coordinator.backtest.tickets import Tickets
from messages.base import Message
from messages.events import MinutesRecalled, TimeAdvanced
from messages.values import Nanos


class Pump:
    """Takes minutes from a tape and sends them on their way, each with its ticket, or many with one.

    Args:
        timeout_ns: nobody waits for the clock once the tape has ended for so long.
    """

    def __init__(self, gate: Gate, tickets: Tickets, pacer: Pacer, agenda: Agenda, timeout_ns: Nanos) -> None:
        self._gate = gate
        self._tickets = tickets
        self._pacer = pacer
        self._agenda = agenda
        self._timeout_ns = timeout_ns

    def draw(self, playback: Playback, now_ns: Nanos) -> tuple[list[Message], Nanos]:
        """Return what is to be told now, and what time it is afterwards."""
        out: list[Message] = []
        while not playback.is_over and self._gate.may_pass() and self._is_due(playback, now_ns, out):
            due_ns = self._agenda.next_due(now_ns)
            if due_ns is not None and due_ns < playback.due_ns:
                now_ns = due_ns
                out.append(TimeAdvanced(now_ns=due_ns, ticket=self._tickets.issue()))
                continue
            if self._gate.is_staging:
                count = min(STAGED - len(self._tickets), playback.slots_until(due_ns, STAGED))
                out.append(playback.stage(self._tickets.issue_staged(count)))
            else:
                self._gate.steps = max(self._gate.steps - playback.ends_minute, 0)
                out += playback.play(self._gate.slots_at_once(playback, due_ns), self._tickets.issue_minute())
            now_ns = playback.end_of(playback.position)
        return out, now_ns

    def recall(self, playback: Playback, message: MinutesRecalled) -> Nanos:
        """Take back the minutes that were staged and not let in; return what time it is without them."""
        playback.rewind(self._tickets.recall(message.let_in, is_home=message.is_home))
        return playback.end_of(playback.position)

    def _is_due(self, playback: Playback, now_ns: Nanos, out: list[Message]) -> bool:
        """Whether the clock has come to the next minute; else have it call back. Nobody waits for an ended tape."""
        if not self._pacer.is_timed or self._gate.is_by_hand or playback.has_expired(now_ns, self._timeout_ns):
            return True
        if self._pacer.is_due(playback.due_ns):
            return True
        timer = self._pacer.timer(playback.due_ns)
        out += [] if timer is None else [timer]
        return False
