"""Many sessions, each asked for what it lacks: several at once, in the vendor's pace, each written when it is done."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

import msgspec
import numpy as np

from actors.data_upkeep.health import SourceHealth
from actors.fetching.asking import Asking
from actors.fetching.desk import Desk, Look, OwnDesk
from actors.fetching.lacking import Day, is_whole, is_whole_market
from actors.fetching.report import DayCounts, FetchProgress, FetchReport
from actors.kernel.ports import BarSource, BarStore, Interruptible
from actors.market.validate import may_be_negative
from actors.vendors.history.pages import HistoryRefused
from actors.vendors.history.source import VendorSource
from messages.certificates import SessionCertificate
from messages.errors import BarkeeperError, DataError, NotReady
from messages.values import SECOND_NS, Nanos, TradingSession

_LOOK_S = 0.2
_FAILURES = 3
"""Sessions in a row that a source gives no answer of, before nobody asks it any more."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is to be without a missing minute."""

    session: TradingSession
    """With the hours that are wanted."""
    symbols: tuple[str, ...]
    """Empty: all of which the first source that says so has bars."""


class FetchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How it is done."""

    is_abandoned_too: bool = False
    """Whether minutes are asked for that were abandoned before."""
    is_exact: bool = False
    """Whether of a session that is over no other minutes are asked for than those that it lacks, whatever it costs."""
    is_complete: bool = False
    """Whether a minute without a row is taken to be untraded whatever lies around it."""
    allow_negative: bool | None = None
    """Whether prices may be zero or below; ``None``: on calendars of futures, not on others."""


def fetch(
    store: BarStore,
    sources: Sequence[BarSource],
    wanted: Sequence[Wanted],
    options: FetchOptions | None = None,
    *,
    on_progress: Callable[[FetchProgress], None] = lambda _: None,
    is_wanted: Callable[[], bool] = lambda: True,
    now_ns: Callable[[], Nanos] = time.time_ns,
    desk: Desk | None = None,
) -> FetchReport:
    """Ask for what a store lacks of sessions, write it down session by session, and certify those that are over.

    What was written is never asked for again. So it may be cut short in any way, and called again.

    Args:
        store: where bars go.
        sources: who is asked, each for what the one before did not have.
        wanted: the sessions, in the order in which they are asked for.
        options: how.
        on_progress: called in this thread a few times a second.
        is_wanted: asked as often; if it says no, what is being done is left, and what has been done is kept.
        now_ns: the time.
        desk: where days are read and written; by default in this process.
    """
    made = _Fetch(store, sources, options or FetchOptions(), now_ns, desk or OwnDesk(store))
    return made.run(wanted, on_progress, is_wanted)


class _Unreadable(Exception):
    """What the store has of a day cannot be read: it is left as it is, and the others go on."""


@contextmanager
def _told_as_unreadable() -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise _Unreadable(str(error)) from error


class _Fetch:
    def __init__(
        self,
        store: BarStore,
        sources: Sequence[BarSource],
        options: FetchOptions,
        now_ns: Callable[[], Nanos],
        desk: Desk,
    ) -> None:
        self._store = store
        self._sources = tuple(sources)
        self._options = options
        self._now_ns = now_ns
        self._desk = desk
        self._counting = Lock()
        self._shown: dict[str, set[str]] = {}
        self._health = {source.name: SourceHealth(_FAILURES, SECOND_NS << 40) for source in sources}
        self._asked: set[str] = set()
        """Symbols of which a minute was asked for and did not come."""
        self._days: list[DayCounts] = []
        self._whole = 0
        self._failure: str | None = None
        self._is_over = False
        self._vendors = [source for source in sources if isinstance(source, VendorSource)]

    def run(
        self,
        wanted: Sequence[Wanted],
        on_progress: Callable[[FetchProgress], None],
        is_wanted: Callable[[], bool],
    ) -> FetchReport:
        began_s, is_interrupted = time.monotonic(), False
        at_once = max((source.entry.at_once for source in self._vendors), default=1)
        if not all(one.symbols for one in wanted):
            at_once = 1  # a day of a whole market is some hundred megabytes
        asking = BoundedSemaphore(at_once)
        with ThreadPoolExecutor(at_once + self._desk.hands - 1, thread_name_prefix="barkeeper-fetch") as pool:
            left: set[Future[None]] = {pool.submit(self._day, one, asking) for one in wanted}
            while left:
                done, left = wait(left, _LOOK_S, FIRST_COMPLETED)
                for future in done:
                    if future.exception() is not None:
                        self._is_over = True  # the others need not be waited for
                        self._interrupt()
                    future.result()
                on_progress(self._progress(len(wanted)))
                if not is_interrupted and not is_wanted():
                    is_interrupted = self._is_over = True
                    self._interrupt()
        days = sorted(self._days, key=lambda day: (day.calendar, day.date))
        shown = set().union(*self._shown.values()) if self._shown else set()
        refused = {symbol: why for source in self._vendors for symbol, why in source.refused.items()}
        return FetchReport(
            sources=tuple(source.name for source in self._sources),
            days=tuple(days),
            whole=self._whole,
            left=len(wanted) - self._whole - len(days),
            requests=sum(source.requests for source in self._vendors),
            waited_s=sum(source.waited_s for source in self._vendors),
            seconds=time.monotonic() - began_s,
            refused_symbols=refused,
            silent_symbols=tuple(sorted(self._asked - shown - set(refused))),
            clocks=tuple(source.clock_trouble for source in self._vendors if source.clock_trouble),
            error=self._failure,
            is_interrupted=is_interrupted,
        )

    def _interrupt(self) -> None:
        for source in self._sources:
            if isinstance(source, Interruptible):
                source.interrupt()

    def _progress(self, total: int) -> FetchProgress:
        with self._counting:
            return FetchProgress(
                done=self._whole + len(self._days),
                total=total,
                at=self._days[-1].date if self._days else "",
                filled=sum(day.filled for day in self._days),
                requests=sum(source.requests for source in self._vendors),
                trouble=next((source.trouble for source in self._vendors if source.trouble), ""),
            )

    def _day(self, wanted: Wanted, turn: BoundedSemaphore) -> None:
        """Ask for one session, and write it down; in a thread of the pool."""
        if self._is_over:
            return
        try:
            self._asked_for(wanted, turn)
        except _Unreadable as error:
            session = wanted.session
            self._count(DayCounts(calendar=session.calendar, date=session.date, error=str(error)))

    def _asked_for(self, wanted: Wanted, turn: BoundedSemaphore) -> None:
        session, options = wanted.session, self._options
        with _told_as_unreadable():
            old = self._certificate(wanted)
        if not options.is_abandoned_too and _is_there(old, wanted):
            self._count(None)
            return
        symbols = wanted.symbols or self._market(session, old)
        if not symbols:
            return
        look = Look(
            session=session,
            symbols=symbols,
            is_abandoned_too=options.is_abandoned_too,
            is_market=not wanted.symbols,
            now_ns=self._now_ns(),
        )
        with _told_as_unreadable():
            day = self._desk.look(look)
        if day is None:
            self._count(None)
            return
        asking = self._asking(day, look)
        counts = DayCounts(calendar=session.calendar, date=session.date, asked=int(asking.wanted.sum()))
        try:
            with turn:
                self._ask(asking)
        except NotReady:  # interrupted: what came of it so far is asked for again
            return
        self._write(asking, counts)
        left = np.flatnonzero(asking.abandoned.any(axis=0)).tolist()
        self._asked.update(day.names[column] for column in left)
        self._count(counts if counts.asked or counts.certified or counts.error else None)

    def _certificate(self, wanted: Wanted) -> SessionCertificate | None:
        """Return a session's certificate, where one need not look at its bars if that says that all is there."""
        if self._options.is_abandoned_too and wanted.symbols:
            return None
        return self._store.certificate(wanted.session.calendar, wanted.session.date)

    def _asking(self, day: Day, look: Look) -> Asking:
        options, negative = self._options, self._options.allow_negative
        return Asking(
            day,
            day.lacking(is_abandoned_too=options.is_abandoned_too),
            self._now_ns,
            self._shown,
            is_exact=options.is_exact,
            is_complete=options.is_complete,
            allow_negative=may_be_negative(day.session.calendar) if negative is None else negative,
            is_market=look.is_market,
        )

    def _market(self, session: TradingSession, old: SessionCertificate | None) -> tuple[str, ...]:
        """Return the symbols that have bars of a session, and those that it is certified of; empty: nobody says."""
        why = "nobody who is asked says whose bars there are"
        for source in self._vendors:
            health = self._health[source.name]
            if not health.may_ask(0):
                continue
            try:
                names = source.symbols(session)
            except NotReady:  # interrupted
                return ()
            except DataError as error:
                why = str(error)
                health.failed(0, why, is_out=isinstance(error, HistoryRefused))
                if not health.may_ask(0):
                    self._lost(why)
            else:
                health.answered()
                return tuple({*names, *(old.names if old else ())})
        self._count(DayCounts(calendar=session.calendar, date=session.date, error=why))
        return ()

    def _ask(self, asking: Asking) -> None:
        for source in self._sources:
            if self._is_over and self._failure is None:
                raise NotReady("interrupted")
            health = self._health[source.name]
            if not health.may_ask(0):
                continue
            before = len(asking.errors)
            try:
                asking.ask(source)
            except HistoryRefused as error:
                asking.errors.append(str(error))
                health.failed(0, str(error), is_out=True)
            else:
                if len(asking.errors) > before:
                    health.failed(0, asking.errors[-1])
                else:
                    health.answered()
            if not health.may_ask(0):
                self._lost(asking.errors[-1])

    def _lost(self, why: str) -> None:
        """A source is asked no more; if it was the last one, nothing is."""
        with self._counting:
            if not any(self._health[other.name].may_ask(0) for other in self._sources):
                self._is_over = True
                self._failure = self._failure or why

    def _write(self, asking: Asking, counts: DayCounts) -> None:
        counts.filled = asking.count
        counts.no_trade = sum(int(np.count_nonzero(cells)) for _, cells in asking.no_trade)
        counts.abandoned = int(asking.abandoned.sum())
        counts.unanswered = counts.asked - counts.filled - counts.no_trade - counts.abandoned
        counts.refused = asking.refused
        counts.error = asking.errors[-1] if asking.errors else ""
        try:
            stands = self._desk.write(asking.came(), self._now_ns())
        except (BarkeeperError, OSError) as error:
            counts.error = str(error)
            with self._counting:
                self._is_over, self._failure = True, self._failure or str(error)
            return
        if stands is not None:
            counts.certified, counts.bar_quality = True, stands.bar_quality

    def _count(self, counts: DayCounts | None) -> None:
        with self._counting:
            if counts is None:
                self._whole += 1
            else:
                self._days.append(counts)


def _is_there(certificate: SessionCertificate | None, wanted: Wanted) -> bool:
    """Return whether a certificate says that nothing is missing of what is wanted."""
    if wanted.symbols:
        return is_whole(certificate, wanted.session, wanted.symbols)
    return is_whole_market(certificate, wanted.session)
