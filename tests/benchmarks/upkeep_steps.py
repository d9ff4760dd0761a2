"""The steps of the upkeep benchmark; each runs in a process of its own, so that none counts towards another.

``python -m tests.benchmarks.upkeep_steps STEP ARGUMENTS``, arguments and result being one JSON object each.
"""

import ctypes
import gc
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import msgspec
import numpy as np

from actors.kernel.future import Future
from actors.kernel.ports import SourceAnswer
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.session_data.core import SessionDataCore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.stream_coordinator.backtest.playback import Playback
from actors.system import System
from messages.certificates import GapOutcome, SessionCertificate
from messages.events import BarsUpdated, BoundaryKind, GapDetected, SessionBoundary
from messages.repairs import GetCertificate
from messages.tables.columns import Tape
from messages.values import ONE_MINUTE, Nanos, Room, TradingSession
from tests.benchmarks.measuring import run_asked_step
from tests.benchmarks.steps import CALENDAR

SECONDS_TO_ANSWER = 60


class Unreliable:
    """A store as an upstream that fails some of its calls: the same ones in every run, whoever is faster."""

    most_symbols: int | None = None
    delay_ns: Nanos = 0
    is_authoritative = False
    name = "upstream"

    def __init__(self, store: str, failing: float, seed: int) -> None:
        self.calls = 0
        self.failed = 0
        self._whole = StoreSource(ParquetStore(Path(store), read_only=True), self.name)
        self._failing = failing
        self._seed = seed
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Answer, or fail."""
        request = f"{self._seed} {session.date} {start_ns} {end_ns} {symbols[0]}"
        with self._lock:
            self._asked[request] += 1
            self.calls += 1
            fails = random.Random(f"{request} {self._asked[request]}").random() < self._failing
            self.failed += fails
        if fails:
            raise ConnectionError("the upstream does not answer")
        return self._whole.fetch(session, symbols, start_ns, end_ns)

    def close(self) -> None:
        """Close the store."""
        self._whole.close()


class Waits:
    """Stands where SessionData's events leave: from a gap to the last of its bars, in milliseconds of real time."""

    def __init__(self, system: System) -> None:
        self.missing = 0
        """Minutes x symbols that were missing."""
        self.milliseconds: list[float] = []
        """One for each minute with gaps, once all of them are filled."""
        self._open: dict[Nanos, tuple[int, int]] = {}
        routes = system._house._routes  # read when the room starts
        routes[Room.SESSION_DATA] = {
            sent: (self, *told) if sent in (GapDetected, BarsUpdated) else told
            for sent, told in routes[Room.SESSION_DATA].items()
        }

    def tell(self, event: GapDetected | BarsUpdated) -> None:
        """Hear of a gap, or of bars; in SessionData's thread."""
        if isinstance(event, GapDetected):
            symbols = len(event.gap.symbols)
            self.missing += symbols
            self._open[event.gap.start_ns] = (perf_counter_ns(), symbols)
        elif event.interval == ONE_MINUTE and event.start_ns in self._open:
            since_ns, lacking = self._open.pop(event.start_ns)
            if lacking > len(event.batch):
                self._open[event.start_ns] = (since_ns, lacking - len(event.batch))
            else:
                self.milliseconds.append((perf_counter_ns() - since_ns) / 1e6)


def undisturbed(store: str, last: int, closed: Sequence[str]) -> dict[str, Any]:
    """Replay without faults and without an upstream; return each session's digest and when it closed."""
    digests: dict[str, str] = {}
    closes: dict[str, Nanos] = {}
    with System.backtest(store, calendar=CALENDAR, last=last, closed=tuple(closed)) as system:
        for event in system.subscribe(("bars", "sessions")):
            if isinstance(event, SessionBoundary) and event.kind is BoundaryKind.CLOSED:
                digests[event.session.date] = system.digest().get(timeout=SECONDS_TO_ANSWER)
                closes[event.session.date] = event.now_ns
    return {"digests": digests, "closes": closes}


def disturbed(
    store: str, last: int, closed: Sequence[str], drop: float, outage: str, seed: int, failing: float = 0.0
) -> dict[str, Any]:
    """Replay with losses, an outage and an upstream that fails some of its calls; return how each session ended."""
    upstream = Unreliable(store, failing, seed)
    closes: dict[str, Nanos] = {}
    system = System.backtest(
        store,
        calendar=CALENDAR,
        last=last,
        closed=tuple(closed),
        faults=Faults(drop=drop, outages=(outage,), seed=seed),
        sources=(upstream,),
    )
    waits = Waits(system)
    with system:
        for event in system.subscribe(("bars", "sessions")):
            if isinstance(event, SessionBoundary) and event.kind is BoundaryKind.CLOSED:
                closes[event.session.date] = event.now_ns
        certificates = [_certificate(system, date) for date in closes]
    settled = [certificate for certificate in certificates if certificate is not None]
    return {
        "closes": closes,
        "missing": waits.missing,
        "waits_ms": waits.milliseconds,
        "calls": upstream.calls,
        "failed": upstream.failed,
        "digests": {certificate.date: certificate.digest for certificate in settled},
        "bar_quality": min((certificate.bar_quality or 0.0 for certificate in settled), default=0.0),
        **_endings(settled),
    }


def _certificate(system: System, date: str) -> SessionCertificate | None:
    return system._house.data_upkeep.ask(GetCertificate(date=date)).get(timeout=SECONDS_TO_ANSWER)


def _endings(certificates: Sequence[SessionCertificate]) -> dict[str, int]:
    """Return how many missing minutes x symbols ended how, and how often the most stubborn gap was asked for."""
    stories = [story for certificate in certificates for story in certificate.gaps]
    cells: Counter[GapOutcome] = Counter()
    for story in stories:
        minutes = (story.end_ns - story.start_ns) // ONE_MINUTE.span_ns
        cells[story.outcome] += minutes * len(story.symbols)
    return {
        "filled": cells[GapOutcome.CLOSED],
        "abandoned": cells[GapOutcome.ABANDONED],
        "most_attempts": max((story.attempts for story in stories), default=0),
    }


def leaks(runs: int, **how: Any) -> dict[str, Any]:
    """Disturb several runs in this process; return what they left behind, the first being warm-up."""
    threads = threading.active_count()
    resident, objects = [], []
    for _ in range(runs):
        result = disturbed(**how)
        gc.collect()
        resident.append(_resident_mb())
        objects.append(len(gc.get_objects()))
    pending = sum(isinstance(one, Future) and not one.is_done() for one in gc.get_objects())
    return {
        **result,
        "threads_before": threads,
        "threads_after": threading.active_count(),
        "pending_futures": pending,
        "objects_growth": objects[-1] - objects[1],
        "rss_growth_mb": round(resident[-1] - resident[1], 1),
    }


def _resident_mb() -> float:
    """Return the memory that this process holds now; only Linux says so, elsewhere 0."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)  # what is free but not given back would count, and is different in every run
    line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def detection(store: str, closed: Sequence[str], drop: float, seed: int, repeat: int) -> dict[str, Any]:
    """Tell SessionData's core a session with holes and one without, in turn; return what each minute took longer."""
    tape = _tape(store, tuple(closed))
    whole, torn = Faults(), Faults(drop=drop, seed=seed)
    _minutes_ms(tape, whole), _minutes_ms(tape, torn)
    extra = [_minutes_ms(tape, torn) - _minutes_ms(tape, whole) for _ in range(repeat)]
    has_holes = np.array([count < len(tape.batch.symbols) for count in _bars_a_minute(tape, torn)])
    return {"extra_ms": np.concatenate([run[has_holes] for run in extra]).tolist()}


def _tape(store: str, closed: tuple[str, ...]) -> Tape:
    with closing(ParquetStore(Path(store), read_only=True)) as files:
        date = files.dates(CALENDAR)[-1]
        day, session = files.read(CALENDAR, date), Calendar(CALENDAR, closed=closed).session(date)
    assert day is not None, "the store has just been made"
    assert session is not None, "the day has just been made"
    return Tape(session=session, batch=msgspec.structs.replace(day.bars, is_sane=True))


def _minutes_ms(tape: Tape, faults: Faults) -> np.ndarray:
    """Return what each minute of a session takes the core, in milliseconds."""
    core, playback = SessionDataCore(has_upkeep=True), Playback(tape, faults)
    core.handle(_opening(tape))
    took: list[int] = []
    while not playback.is_over:
        messages = playback.play(1, 1)
        began = perf_counter_ns()
        for message in messages:
            core.handle(message)
        took.append(perf_counter_ns() - began)
    return np.array(took) / 1e6


def _bars_a_minute(tape: Tape, faults: Faults) -> list[int]:
    playback = Playback(tape, faults)
    told = []
    while not playback.is_over:
        playback.play(1, 1)
        told.append(playback.bars_before(playback.position))
    return np.diff([0, *told]).tolist()


def _opening(tape: Tape) -> SessionBoundary:
    return SessionBoundary(
        kind=BoundaryKind.OPENED, session=tape.session, now_ns=tape.session.start_ns, symbols=tape.batch.symbols
    )


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "undisturbed": undisturbed,
    "disturbed": disturbed,
    "leaks": leaks,
    "detection": detection,
}

if __name__ == "__main__":
    run_asked_step(STEPS)
