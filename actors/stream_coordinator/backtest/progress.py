"""How far a backtest is, as of an instant: nothing of what lies after it, however far this room is ahead."""

from collections.abc import Sequence

from actors.stream_coordinator.backtest.playback import Playback
from actors.stream_coordinator.backtest.tickets import Tickets
from messages.replies import Progress
from messages.values import Nanos, TradingSession


def progress(
    plan: Sequence[TradingSession],
    played: int,
    playback: Playback | None,
    *,
    now_ns: Nanos,
    bars_before: int,
    timeout_ns: Nanos,
    is_finished: bool,
) -> Progress:
    """Return how far it is.

    Args:
        plan: the sessions.
        played: how many of them are over.
        playback: the one at hand.
        now_ns: as of when.
        bars_before: bars of the sessions that are over.
        timeout_ns: without data for so long the patience is over.
        is_finished: whether the run is.
    """
    done = 0 if playback is None else playback.slots_ended(now_ns)
    return Progress(
        session_date=plan[min(played, len(plan) - 1)].date if plan else "",
        sessions_done=played,
        sessions_total=len(plan),
        minutes_done=0 if playback is None else playback.minutes_ended(now_ns),
        minutes_total=0 if playback is None else playback.minutes,
        bars=bars_before + (0 if playback is None else playback.bars_before(done)),
        now_ns=now_ns,
        timer_expired=playback is not None and playback.is_silent(now_ns, timeout_ns),
        is_finished=is_finished,
    )


def let_in(playback: Playback | None, tickets: Tickets, now_ns: Nanos) -> Nanos:
    """Return until when minutes were let in, as far as is known here; this room itself has come to ``now_ns``."""
    # Of the staged minutes, the first may be with its readers; the others wait.
    waiting = max(tickets.staged_out - 1, 0)
    return playback.end_of(playback.position - waiting) if playback and waiting else now_ns
