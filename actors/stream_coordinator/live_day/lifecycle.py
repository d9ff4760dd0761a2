"""The life of one live session: seven phases, which may follow which, and what moves it on."""

from actors.settings import LiveRules
from messages.errors import IllegalTransition
from messages.lifecycle import PhaseChanged, SessionPhase
from messages.values import MINUTE_NS, SECOND_NS, Nanos, Segment, TradingSession

_NOT_STARTED, _PRE_MARKET, _ACTIVE = SessionPhase.NOT_STARTED, SessionPhase.PRE_MARKET, SessionPhase.ACTIVE
_POST_MARKET, _ENDED = SessionPhase.POST_MARKET, SessionPhase.ENDED
_TIMEOUT, _ERROR = SessionPhase.TIMEOUT, SessionPhase.ERROR

MOVES: dict[SessionPhase, tuple[SessionPhase, ...]] = {
    _NOT_STARTED: (_PRE_MARKET, _ACTIVE, _ERROR),
    _PRE_MARKET: (_ACTIVE, _TIMEOUT, _ERROR, _ENDED),
    _ACTIVE: (_POST_MARKET, _TIMEOUT, _ERROR, _ENDED),
    _POST_MARKET: (_ENDED, _TIMEOUT, _ERROR),
    _ENDED: (_NOT_STARTED, _PRE_MARKET),
    _TIMEOUT: (_ACTIVE, _ERROR, _ENDED),
    _ERROR: (_NOT_STARTED, _ACTIVE, _ENDED),
}
"""For each phase: those that may follow it. Every other move is an error."""


def check_move(before: SessionPhase, after: SessionPhase) -> None:
    """Refuse a move that the table does not list.

    Raises:
        IllegalTransition: names both phases.
    """
    if after not in MOVES[before]:
        raise IllegalTransition(f"a session cannot go from {before} to {after}")


def diagram() -> str:
    """Return the table as the lines of a Mermaid state diagram, as the guide shows it."""
    arrows = [f"    {before.name} --> {after.name}" for before, afters in MOVES.items() for after in afters]
    return "\n".join(["stateDiagram-v2", "    [*] --> NOT_STARTED", *arrows])


class Lifecycle:
    """Moves a session through its phases as the calendar, the clock and the feed demand.

    Args:
        session: with its hours; half-days and breaks need no special case.
        timeout_ns: expected time without anything from the feed after which an active session times out.
        grace_ns: how long after its end the last bars may come.
        window_ns: how long before its open a session is prepared for.
    """

    def __init__(
        self,
        session: TradingSession,
        *,
        timeout_ns: Nanos,
        grace_ns: Nanos = 0,
        window_ns: Nanos = 0,
    ) -> None:
        self.session = session
        self.phase = _NOT_STARTED
        self.is_timed_out = False
        """Whether silence ended it."""
        self.is_followed = False
        """Whether another session begins where this one ends: then it ends when that one opens."""
        self._timeout_ns = timeout_ns
        self._grace_ns = grace_ns
        self._prepare_ns = min(session.start_ns, session.open_ns - window_ns)
        self._heard_ns: Nanos = session.open_ns

    @classmethod
    def of(cls, session: TradingSession, rules: LiveRules, grace_ns: Nanos) -> "Lifecycle":
        """Return the life of a session that is lived by these rules."""
        return cls(
            session,
            timeout_ns=round(rules.session_timeout_s * SECOND_NS),
            grace_ns=grace_ns,
            window_ns=round(rules.prefetch_window_min * MINUTE_NS),
        )

    @property
    def is_active(self) -> bool:
        """Whether it is within hours and not ended."""
        return self.phase is _ACTIVE

    @property
    def is_silent(self) -> bool:
        """Whether the feed was silent for too long, and nothing has come since."""
        return self.is_timed_out or self.phase is _TIMEOUT

    def heard(self, now_ns: Nanos) -> list[PhaseChanged]:
        """The feed lives: data or a heartbeat came."""
        self._heard_ns = max(self._heard_ns, now_ns)
        back = self.phase is _TIMEOUT and self.session.open_ns <= now_ns < self.session.close_ns
        return [self._move(_ACTIVE, now_ns)] if back else []

    def advance(self, now_ns: Nanos) -> list[PhaseChanged]:
        """Let the time be ``now_ns``; return the moves, several if time has jumped."""
        moves: list[PhaseChanged] = []
        while (after := self._next(now_ns)) is not None:
            moves.append(self._move(after, now_ns))
        return moves

    def follow(self, now_ns: Nanos) -> list[PhaseChanged]:
        """Begin where another session has ended."""
        self.phase = _ENDED
        first = _PRE_MARKET if now_ns >= self._prepare_ns else _NOT_STARTED
        return [self._move(first, now_ns), *self.advance(now_ns)]

    def end(self, now_ns: Nanos) -> list[PhaseChanged]:
        """The next session opens: this one ends, its grace over or not."""
        moves = self.advance(now_ns)
        return (
            moves if self.phase is _ENDED or _ENDED not in MOVES[self.phase] else [*moves, self._move(_ENDED, now_ns)]
        )

    def fail(self, now_ns: Nanos) -> list[PhaseChanged]:
        """Something failed; an ended session cannot fail any more."""
        return [] if self.phase in (_ERROR, _ENDED) else [self._move(_ERROR, now_ns)]

    def clear_error(self, now_ns: Nanos) -> list[PhaseChanged]:
        """Leave the error for the phase that the time of day calls for.

        Raises:
            IllegalTransition: there is no error.
        """
        if self.phase is not _ERROR:
            raise IllegalTransition(f"clear the error: the session is {self.phase}, not {_ERROR}")
        self._heard_ns = max(self._heard_ns, now_ns)
        if now_ns >= self.session.end_ns + self._grace_ns:
            after = _ENDED
        elif now_ns >= self.session.open_ns:
            after = _ACTIVE
        else:
            after = _NOT_STARTED
        return [self._move(after, now_ns), *self.advance(now_ns)]

    def _next(self, now_ns: Nanos) -> SessionPhase | None:
        """Return the phase that is due."""
        session, phase = self.session, self.phase
        if phase is _NOT_STARTED and now_ns >= session.open_ns:
            return _ACTIVE
        if phase is _NOT_STARTED and now_ns >= self._prepare_ns:
            return _PRE_MARKET
        if phase is _PRE_MARKET and now_ns >= session.open_ns:
            return _ACTIVE
        if phase is _ACTIVE and now_ns >= session.close_ns:
            return _POST_MARKET
        if phase is _ACTIVE and self._silence_ns(now_ns) >= self._timeout_ns:
            return _TIMEOUT
        if phase is _TIMEOUT and now_ns >= session.close_ns + self._grace_ns and not self.is_followed:
            return _ENDED
        if phase is _POST_MARKET and now_ns >= session.end_ns + self._grace_ns and not self.is_followed:
            return _ENDED
        return None

    def _silence_ns(self, now_ns: Nanos) -> Nanos:
        """Return how much expected time has gone by since the feed was last heard of: a lunch break does not count."""
        return sum(_overlap(segment, self._heard_ns, now_ns) for segment in self.session.regular)

    def _move(self, after: SessionPhase, now_ns: Nanos) -> PhaseChanged:
        before = self.phase
        check_move(before, after)
        self.phase = after
        self.is_timed_out = before is _TIMEOUT and after is _ENDED
        return PhaseChanged(
            session_date=self.session.date,
            before=before,
            after=after,
            now_ns=now_ns,
            timer_expired=after is _TIMEOUT or self.is_timed_out,
        )


def _overlap(segment: Segment, first_ns: Nanos, end_ns: Nanos) -> Nanos:
    return max(min(segment.end_ns, end_ns) - max(segment.start_ns, first_ns), 0)
