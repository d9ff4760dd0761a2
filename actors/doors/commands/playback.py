"""Plays a system to its end with an eye on the clock; what programs are told of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from actors.doors.commands.repairs import Repairing, SessionRepairs
from actors.doors.show.figures import iso
from actors.kernel.listen.subscription import Subscription
from actors.system import System
from messages.errors import BarkeeperError
from messages.events import BoundaryKind, SessionBoundary
from messages.replies import Progress, RunSummary, SessionReport, SymbolReport
from messages.values import Seen

_SECONDS_BETWEEN_LOOKS = 0.1


class SessionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One session of a backtest, as its JSON has it."""

    date: str
    open: str
    """The regular open, ISO, in exchange time with its offset."""
    close: str
    transition_ms: float | None
    """From the last settled minute of the session before to the acknowledged opening; ``None`` for the first."""
    prefetched: bool
    symbols: list[SymbolReport]
    left_out: dict[str, int]
    """Bars of the store that cannot be true by the rules, by reason: they were not played."""
    repairs: SessionRepairs | None = None
    """What became of missing minutes, where the feed was faulty or somebody could be asked for them."""
    seen: Seen = Seen.AS_KNOWN
    """What was shown of it; as it is known today, too, where nobody wrote down how it was lived."""
    shown_early: int = 0
    """Of its bars, those that were shown at the end of their minute although nobody had them by then as they are."""


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """A finished backtest, as its JSON has it."""

    bars: int
    """Base bars played."""
    seconds: float
    """From the first minute to the end; what loading the first session took comes before."""
    bars_per_s: float
    sessions: list[SessionResult]
    shown_early: int = 0
    """Bars that were shown earlier than anybody had them, as far as the store knows, of all sessions."""
    without_session: list[str] = []
    """Dates of which the store has bars and the calendar no session: they were not played."""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A run that came to its end."""

    sessions: tuple[SessionReport, ...]
    bars: int
    """Base bars played, those of extended hours included."""
    seconds: float
    session_seconds: dict[str, float]
    """By session date, from its open to its close."""
    repairs: dict[str, SessionRepairs] = {}
    """By session date; empty where nothing was to be repaired."""
    without_session: tuple[str, ...] = ()
    """Dates of which the store has bars and the calendar no session."""

    @property
    def left_out(self) -> dict[str, int]:
        """Bars of the store that were not played, by reason, of all sessions."""
        return dict(sum((Counter(dict(report.left_out)) for report in self.sessions), Counter[str]()))

    @property
    def shown_early(self) -> int:
        """Bars that were shown earlier than anybody had them, as far as the store knows, of all sessions."""
        return sum(report.shown_early for report in self.sessions)

    def result(self) -> BacktestResult:
        """Return what is told to programs."""
        return BacktestResult(
            bars=self.bars,
            seconds=round(self.seconds, 4),
            bars_per_s=round(self.bars / self.seconds, 1),
            sessions=[_session_result(report, self.repairs.get(report.session.date)) for report in self.sessions],
            shown_early=self.shown_early,
            without_session=list(self.without_session),
        )


def _session_result(report: SessionReport, repairs: SessionRepairs | None) -> SessionResult:
    session = report.session
    return SessionResult(
        date=session.date,
        open=iso(session.open_ns, session.tz),
        close=iso(session.close_ns, session.tz),
        transition_ms=report.transition_ms,
        prefetched=report.is_prefetched,
        symbols=report.symbol_reports(),
        left_out=dict(report.left_out),
        repairs=repairs,
        seen=report.seen,
        shown_early=report.shown_early,
    )


def play(system: System, on_progress: Callable[[Progress], None], repairing: Repairing | None = None) -> Replay:
    """Play a started system to its end.

    Args:
        system: started, and not played yet.
        on_progress: called about ten times a second, in this thread.
        repairing: takes down what becomes of missing minutes, where the system was put together for it.

    Raises:
        SystemFailed: the run ended in an error; nothing that came before it is reported.
    """
    on_closed = (lambda date: repairing.session_closed(system, date)) if repairing else None
    watch = _Watch(system.subscribe(("sessions",), name="command line"), on_closed)
    progress = system.progress()
    while not watch.is_over(within=_SECONDS_BETWEEN_LOOKS):
        if progress.is_done():
            on_progress(progress.get())
            progress = system.progress()
    if watch.error is not None:
        raise watch.error
    last: Progress = system.progress().get(timeout=10.0)
    on_progress(last)
    summary: RunSummary = system.summary().get(timeout=10.0)
    if repairing is not None:
        repairing.run_finished(system)
    return Replay(
        sessions=summary.sessions,
        bars=last.bars - sum(number for report in summary.sessions for _, number in report.left_out),
        seconds=watch.seconds,
        session_seconds=watch.session_seconds,
        repairs={} if repairing is None else repairing.sessions,
        without_session=summary.without_session,
    )


class _Watch:
    """Plays the tape and times it by listening, in a thread of its own: the caller's stays free for Ctrl-C.

    On Windows nothing interrupts a thread that waits for ever.
    """

    def __init__(self, events: Subscription, on_closed: Callable[[str], None] | None) -> None:
        self.seconds = 0.0
        self.session_seconds: dict[str, float] = {}
        self.error: BarkeeperError | None = None
        """Why the run ended, if not because it was played to its end."""
        self._over = threading.Event()
        self._on_closed = on_closed
        threading.Thread(target=self._listen, args=(events,), name="barkeeper-watch", daemon=True).start()

    def is_over(self, *, within: float) -> bool:
        """Wait at most so many seconds for the end of the run."""
        return self._over.wait(within)

    def _listen(self, events: Subscription) -> None:
        began = opened = time.perf_counter()
        try:
            for event in events:
                assert isinstance(event, SessionBoundary), "nothing else was asked for"
                if event.kind is BoundaryKind.OPENED:
                    opened = time.perf_counter()
                else:
                    self.session_seconds[event.session.date] = time.perf_counter() - opened
                    if self._on_closed is not None:
                        self._on_closed(event.session.date)
        except BarkeeperError as error:
            self.error = error
        finally:
            self.seconds = time.perf_counter() - began
            self._over.set()
