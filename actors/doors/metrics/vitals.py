"""One look at a run, live or a backtest: what its public readers say of how it is."""

import time
from typing import TypeAlias, TypeVar

import msgspec

from actors.flight.client import RemoteSession
from actors.kernel.future import Future
from actors.system import System
from messages.errors import BarkeeperError
from messages.lifecycle import LiveStatus
from messages.readiness import ReadinessReport
from messages.replies import Progress, QualityReport, SystemStatus

T = TypeVar("T")

Run: TypeAlias = System | RemoteSession
"""A session in this process, or one in another."""

PATIENCE_S = 5.0


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is; what of it could not be told is ``None``."""

    status: SystemStatus
    progress: Progress
    live: LiveStatus | None
    """``None`` in a backtest."""
    readiness: ReadinessReport | None
    quality: QualityReport | None
    """``None`` while no session is open."""
    symbols: int
    """Active in the session."""
    gaps: int
    """Runs of minutes of which nothing is known."""


def vitals_of(system: Run, patience_s: float = PATIENCE_S) -> Vitals:
    """Ask all rooms at once, and wait for their answers.

    Args:
        system: started.
        patience_s: how long all answers together may take.

    Raises:
        NotReady: the system is not started, or closed.
        Timeout: a room did not answer in time.
    """
    until = time.monotonic() + patience_s
    status, progress = system.status(), system.progress()
    live, readiness = system.live_status(), system.readiness()
    quality, symbols, gaps = system.quality(), system.active_symbols(), system.gaps()
    return Vitals(
        status=_got(status, until),
        progress=_got(progress, until),
        live=_if_any(live, until),
        readiness=_if_any(readiness, until),
        quality=_if_any(quality, until),
        symbols=0 if (names := _if_any(symbols, until)) is None else len(names),
        gaps=0 if (runs := _if_any(gaps, until)) is None else len(runs),
    )


def _got(answer: Future[T], until: float) -> T:
    return answer.get(timeout=until - time.monotonic())


def _if_any(answer: Future[T], until: float) -> T | None:
    try:
        return _got(answer, until)
    except BarkeeperError:  # no session yet, or no live day
        return None
