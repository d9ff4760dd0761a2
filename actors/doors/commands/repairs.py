"""What came of the minutes that a run lacked: read from its certificates, and counted on the way to the sources."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Lock

import msgspec
import numpy as np

from actors.kernel.ports import BarSource, BarStore, ComesLate, HoldsSessions, Interruptible, SourceAnswer
from actors.market.certificate import stored_digest
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store
from actors.system import System
from messages.certificates import GapOutcome, GapStory, SessionCertificate
from messages.tables.columns import BarKeys
from messages.values import SECOND_NS, Nanos, TradingSession


class SessionRepairs(msgspec.Struct, frozen=True, kw_only=True):
    """One session's missing minutes, as the JSON of a backtest has them: minutes are counted for each symbol."""

    missing_at_first: int
    """Closed without a bar, and not known to have none: the sum of the next five."""
    late: int
    """The feed brought it after all."""
    filled: int
    no_trade: int
    """A source that knows confirmed that there is no bar."""
    abandoned: int
    missing: int
    """Still, because nobody was asked."""
    requests: int
    """Asked of sources, those that failed included."""
    median_s: float | None
    """From the end of a minute to its verdict, session time; ``None`` where no minute got one."""
    completeness: float | None
    bar_quality: float | None
    digest: str
    certified: bool = False
    """Whether a certificate of it rests in the store."""


def repairs_of(certificate: SessionCertificate, requests: int) -> SessionRepairs:
    """Return what a certificate tells of minutes that were missing."""
    counts = (*certificate.symbols, *certificate.extended)
    late, filled, abandoned, missing = (
        sum(getattr(of_symbol, verdict) for of_symbol in counts)
        for verdict in ("late", "filled", "abandoned", "missing")
    )
    # What an earlier certificate knew of minutes without a bar was never missing, and has no story.
    step_ns = certificate.session.base_interval.span_ns
    no_trade = sum(_minutes(gap, step_ns) for gap in certificate.gaps if gap.outcome is GapOutcome.NO_TRADE)
    return SessionRepairs(
        missing_at_first=late + filled + no_trade + abandoned + missing,
        late=late,
        filled=filled,
        no_trade=no_trade,
        abandoned=abandoned,
        missing=missing,
        requests=requests,
        median_s=_median_s(certificate.gaps, step_ns),
        completeness=certificate.completeness,
        bar_quality=certificate.bar_quality,
        digest=certificate.digest,
    )


def _minutes(gap: GapStory, step_ns: Nanos) -> int:
    return len(gap.symbols) * (gap.end_ns - gap.start_ns) // step_ns


def _median_s(gaps: Sequence[GapStory], step_ns: Nanos) -> float | None:
    waits = [np.repeat(_waits_ns(gap, step_ns), len(gap.symbols)) for gap in gaps]
    return float(np.median(np.concatenate(waits))) / SECOND_NS if waits else None


def _waits_ns(gap: GapStory, step_ns: Nanos) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return for each minute of a gap how long after its end it got its verdict."""
    return gap.settled_ns - np.arange(gap.start_ns, gap.end_ns, step_ns, dtype=np.int64) - step_ns


class Repairing:
    """Follows what a run does about missing minutes, session by session.

    Args:
        sources: who is asked.
        kept_in: the store in which certificates are kept, if they are.
    """

    def __init__(self, sources: Sequence[BarSource] = (), kept_in: Place | None = None) -> None:
        self.sources = tuple(_counted(source) for source in sources)
        """The same, with an ear at each; the run is to be started with these."""
        self.sessions: dict[str, SessionRepairs] = {}
        """By session date."""
        self._kept_in = kept_in
        self._issued: dict[str, SessionCertificate] = {}
        self._due: list[str] = []

    def session_closed(self, system: System, date: str) -> None:
        """Take down what became of the sessions before one that closed: their certificates are not held for ever."""
        self._collect(system)
        self._due.append(date)

    def run_finished(self, system: System) -> None:
        """Take down what became of the rest."""
        self._collect(system)

    def _collect(self, system: System) -> None:
        for date in list(self._due):
            certificate = system.certificate(date).get(timeout=10.0)
            if certificate is not None:
                self.sessions[date] = repairs_of(certificate, sum(source.requests[date] for source in self.sources))
                if self._kept_in is not None:
                    self._issued[date] = msgspec.structs.replace(certificate, gaps=(), runs=())
                self._due.remove(date)

    def look_up(self) -> None:
        """See which of the certificates have been kept."""
        if self._kept_in is None:
            return
        with closing(open_store(self._kept_in, read_only=True)) as files:
            for date, issued in self._issued.items():
                self.sessions[date] = msgspec.structs.replace(self.sessions[date], certified=_is_kept(issued, files))

    def complaints(self) -> list[str]:
        """Return a sentence for each source of which a request failed."""
        return [source.complaint() for source in self.sources if source.failed]


def _is_kept(issued: SessionCertificate, files: BarStore) -> bool:
    """Return whether a day has this certificate, or one of more symbols or hours that holds for these too."""
    kept = files.certificate(issued.calendar, issued.date)
    if kept is None or kept.digest == issued.digest:
        return kept is not None
    narrow, wide = issued.session, kept.session
    if not set(issued.names) <= set(kept.names) or narrow.start_ns < wide.start_ns or wide.end_ns < narrow.end_ns:
        return False
    day = files.read(issued.calendar, issued.date, issued.names)
    return day is not None and stored_digest(issued, day.bars) == issued.digest


class _Counted:
    """A source, and how often it was asked."""

    def __init__(self, source: BarSource) -> None:
        self.name = source.name
        self.is_authoritative = source.is_authoritative
        self.delay_ns = source.delay_ns
        self.most_symbols = source.most_symbols
        self.requests: Counter[str] = Counter()
        """By session date."""
        self.failed = 0
        self._last = ""
        self._source = source
        self._lock = Lock()
        if isinstance(source, Interruptible):
            self.interrupt = source.interrupt
        if isinstance(source, ComesLate):
            self.keeps_back = source.keeps_back

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Ask it."""
        with self._count(session):
            return self._source.fetch(session, symbols, start_ns, end_ns)

    @contextmanager
    def _count(self, session: TradingSession) -> Iterator[None]:
        with self._lock:
            self.requests[session.date] += 1
        try:
            yield
        except Exception as error:
            with self._lock:
                self.failed += 1
                self._last = " ".join(str(error).split()) or type(error).__name__
            raise

    def complaint(self) -> str:
        """Return how often it failed, and why the last time."""
        return f"{self.failed} of {self.requests.total()} requests to {self.name} failed; the last: {self._last}"

    def close(self) -> None:
        """Close it."""
        self._source.close()


class _CountedSessions(_Counted):
    """One that reads sessions whole."""

    def __init__(self, source: BarSource, sessions: HoldsSessions) -> None:
        super().__init__(source)
        self._sessions = sessions
        self.read_ahead = sessions.read_ahead
        self.holds = sessions.holds

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Ask it."""
        with self._count(session):
            return self._sessions.pick(session, missing)


def _counted(source: BarSource) -> _Counted:
    return _CountedSessions(source, source) if isinstance(source, HoldsSessions) else _Counted(source)
