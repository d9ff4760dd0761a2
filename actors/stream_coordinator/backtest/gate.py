"""Whether the next minutes of a backtest may be told: what subscribers, pauses and credit allow."""

from actors.settings import Settings
from actors.stream_coordinator.backtest.hold import Hold
from actors.stream_coordinator.backtest.pacing import Pacer
from actors.stream_coordinator.backtest.playback import Playback
from actors.stream_coordinator.backtest.tickets import Tickets
from messages.listeners import SubscriberLate, SubscribersChanged
from messages.values import Nanos, Pace

STAGED = 512
"""Minutes at SessionData's door, in lockstep: waking this room between any two would be half of their cost."""


class Gate:
    """Looks at the tickets that are out; with subscribers in lockstep one minute passes at a time."""

    def __init__(self, settings: Settings, tickets: Tickets, pacer: Pacer, hold: Hold, *, is_plain: bool) -> None:
        self.is_started = False
        self.is_paused = False
        self.is_heard = False
        """Whether anybody listens who is waited for, be it at the boundaries only."""
        self._waited_for = 0
        self.steps = 0
        """Minutes that may pass although paused."""
        self._settings = settings
        self._tickets = tickets
        self._pacer = pacer
        self._hold = hold
        self._is_plain = is_plain and settings.faults.is_none
        """Whether a minute is its bars, all of them in time, and nothing is asked for."""

    def listen(self, message: SubscribersChanged) -> None:
        """Count who is waited for: who wants only how sessions begin and end waits for no minute.

        With gaps to be filled all are: what is missing is asked for a minute after it, as on a live day.
        """
        self.is_heard = message.count > 0
        self._waited_for = message.count - (message.of_sessions if self._is_plain else 0)

    def is_held_up(self, message: SubscriberLate) -> str:
        """Return why nobody waits any longer for who holds up the run; empty: it has time left."""
        limit = self._settings.lockstep_timeout_s
        if not message.names or limit is None or message.seconds < limit:
            return ""
        return (
            f"subscriber {', '.join(message.names)} held up the run for {message.seconds:.0f} s: "
            'read it on or close it, give it longer (lockstep_timeout_s), or play with pace="free"'
        )

    @property
    def is_in_turn(self) -> bool:
        """Whether nothing moves before everybody has dealt with what it was given."""
        return self._settings.pace is Pace.LOCKSTEP

    @property
    def is_lockstep(self) -> bool:
        """Whether somebody listens who is waited for at every minute."""
        return self.is_in_turn and self._waited_for > 0

    @property
    def is_staging(self) -> bool:
        """Whether minutes are sent ahead to SessionData's door, where each waits for the one before."""
        is_going = self.is_started and not self._hold.is_on
        return is_going and self._is_plain and self.is_lockstep and not self._pacer.is_timed

    @property
    def is_by_hand(self) -> bool:
        """Whether minutes pass by steps only, one by one, whatever the clock says."""
        return self.is_paused or self._hold.is_on

    @property
    def is_ahead(self) -> bool:
        """Whether this room is ahead of SessionData, for minutes wait at its door, or will."""
        return self.is_staging or bool(self._tickets.staged_out)

    def may_pass(self) -> bool:
        """Return whether one more ticket may go out."""
        if self._tickets.openings or self._tickets.is_recalling:
            return False
        if self._hold.is_on:
            return self._hold.is_stepping and not self._tickets
        if not (self.is_started or self.steps):
            return False
        if self.is_staging:
            # The turnstile takes every ticket for one of its minutes, so there may be no others.
            return self._tickets.staged_out == len(self._tickets) < STAGED
        if self._tickets.staged_out:
            return False  # or it would overtake the minutes that wait at the door
        if self.is_paused and self.steps == 0:
            return False
        return len(self._tickets) < (1 if self.is_lockstep else self._settings.credit)

    def slots_at_once(self, playback: Playback, due_ns: Nanos | None) -> int:
        """Return for how many slots one ticket is enough: nobody waits for a minute of them, and nothing is due."""
        if self.is_lockstep or self._pacer.is_timed or self.is_by_hand:
            return 1
        return playback.slots_until(due_ns, self._settings.minutes_per_ticket)
