"""One look at a live run: how the system, the session and its feeds are."""

from collections.abc import Iterable
from heapq import nlargest
from typing import TYPE_CHECKING, TypeVar

import msgspec

from actors.kernel.future import Future
from messages.errors import BarkeeperError
from messages.lifecycle import LiveStatus
from messages.readiness import ReadinessReport
from messages.replies import Progress, Quality, QualityReport, SystemStatus
from messages.values import Bar

if TYPE_CHECKING:  # all of a session, for which who only asks how one is shall not wait
    from actors.system import System

T = TypeVar("T")

_PATIENCE_S = 5.0
_MOST_PRICES = 6


class LiveLook(msgspec.Struct, frozen=True, kw_only=True):
    """What ``status`` tells, and its JSON."""

    pid: int
    system: SystemStatus
    live: LiveStatus
    progress: Progress
    quality: QualityReport | None
    """``None`` while no session is open."""
    symbols: int
    """Active in the session."""
    readiness: ReadinessReport | None = None
    """For the session at hand or, after its close, for the next."""
    prices: tuple[tuple[str, float], ...] = ()
    """The latest closes of the few symbols with the largest latest volumes."""

    @property
    def bars(self) -> int:
        """Minutes of the session at hand that have a bar, extended hours included."""
        report = self.quality
        return 0 if report is None else _bars(report.quality) + _bars(report.extended_quality)


def look_at(system: "System", pid: int) -> LiveLook:
    """Ask all rooms at once, and wait for their answers.

    Raises:
        NotReady: the system is closed.
    """
    status, live, progress = system.status(), system.live_status(), system.progress()
    quality, symbols, readiness = system.quality(), system.active_symbols(), system.readiness()
    latest = system.latest_bars()
    report, names, bars = _if_open(quality), _if_open(symbols), _if_open(latest)
    return LiveLook(
        pid=pid,
        system=status.get(timeout=_PATIENCE_S),
        live=live.get(timeout=_PATIENCE_S),
        progress=progress.get(timeout=_PATIENCE_S),
        quality=report,
        symbols=len(names or ()),
        readiness=readiness.get(timeout=_PATIENCE_S),
        prices=() if bars is None else _prices(bars),
    )


def _prices(latest: Iterable[Bar | None]) -> tuple[tuple[str, float], ...]:
    bars = nlargest(_MOST_PRICES, (bar for bar in latest if bar is not None), key=lambda bar: bar.volume)
    return tuple((bar.symbol, bar.close) for bar in bars)


def _if_open(answer: Future[T]) -> T | None:
    try:
        return answer.get(timeout=_PATIENCE_S)
    except BarkeeperError:
        return None


def _bars(quality: Quality) -> int:
    verdicts = quality.verdicts
    return verdicts.streamed + verdicts.late + verdicts.filled + verdicts.corrected + verdicts.in_part
